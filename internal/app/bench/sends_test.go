package bench

import (
	"strings"
	"testing"
)

func TestEchoed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		frame  string
		number int
		ok     bool
	}{
		{`{"status":"ok","retcode":0,"data":{},"echo":"17"}`, 17, true},
		{`{"message":"\"echo\":\"3\"","echo":"4"}`, 4, true},
		{`{"echo":"x"}`, 0, false},
		{`{"post_type":"notice"}`, 0, false},
		{``, 0, false},
	} {
		if number, ok := echoed([]byte(tt.frame)); ok != tt.ok || ok && number != tt.number {
			t.Errorf("%s: got %d, %v, want %d, %v", tt.frame, number, ok, tt.number, tt.ok)
		}
	}
}

func TestAskAll(t *testing.T) {
	t.Parallel()
	i := fakeService(t, nil)
	for _, rate := range []int{0, 1000} {
		for _, a := range measured {
			conns, err := i.dial(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			r, err := askAll(t.Context(), conns[0], a.name, 50, rate)
			drop(conns)
			if a.name == "send_group_msg" { // which the fake service cannot
				if err == nil || !strings.Contains(err.Error(), "no way") {
					t.Errorf("rate %d: an action that fails: got %v", rate, err)
				}
				continue
			}
			if err != nil || r.received != 50 || len(r.latencies) != 50 || r.quantile(0) <= 0 {
				t.Errorf("rate %d: got %+v, %v", rate, r, err)
			}
		}
	}
}

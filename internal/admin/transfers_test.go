package admin

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"libration/internal/network"
	"libration/internal/webguard/webguardtest"
)

// TestTransfers: who watches gets what there is, and then what changes.
func TestTransfers(t *testing.T) {
	t.Parallel()
	var version atomic.Uint64
	version.Store(1)
	cancelled := make(chan uint64, 1)
	accounts := []Owned{
		{
			Name: "one", Default: true,
			Transfers: func(after uint64) ([]Transfer, uint64) {
				now := version.Load()
				if after >= now {
					return nil, now
				}
				return []Transfer{{ID: 7, State: TransferRunning, Done: now}}, now
			},
			CancelTransfer: func(id uint64) bool {
				cancelled <- id
				return id == 7
			},
		},
		{Name: "two"},
	}
	address := serve(t, Options{Accounts: func() []Owned { return accounts }})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/transfers", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := network.Network{}.Client()
	t.Cleanup(client.CloseIdleConnections)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || kind != "text/event-stream" {
		t.Fatalf("got %s, %s", resp.Status, kind)
	}
	lines := bufio.NewScanner(resp.Body)
	next := func() (got Transfer) {
		t.Helper()
		for lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := json.Unmarshal([]byte(text), &got); err != nil {
					t.Fatal(err)
				}
				return got
			}
		}
		t.Fatal(lines.Err())
		return got
	}
	if got := next(); got.Account != "one" || got.ID != 7 || got.State != TransferRunning || got.Done != 1 {
		t.Errorf("got %+v first", got)
	}
	version.Store(2)
	if got := next(); got.Done != 2 {
		t.Errorf("got %+v after a change", got)
	}
	version.Store(1) // the account was made anew
	if got := next(); got.Done != 1 {
		t.Errorf("got %+v from a new account", got)
	}
	for path, want := range map[string]int{
		"/transfers/7": 202, "/transfers/8": 404, "/transfers/x": 404, "/transfers/7?account=two": 404, "/transfers/7?account=three": 404,
	} {
		h := webguardtest.Head{Host: address}
		if status, text := webguardtest.Send(t, address, "DELETE", path, h, "", ""); status != want {
			t.Errorf("%s: got %d %s, want %d", path, status, text, want)
		}
		if path == "/transfers/7" || path == "/transfers/8" {
			<-cancelled
		}
	}
}

// TestManyTransferWatchers: they are bounded, and leave their places.
func TestManyTransferWatchers(t *testing.T) {
	t.Parallel()
	s := New(Options{Accounts: only(Owned{})})
	for range maxTransferWatchers {
		s.watchers <- struct{}{}
	}
	w := httptest.NewRecorder()
	s.transfers(w, httptest.NewRequest(http.MethodGet, "/transfers", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d", w.Code)
	}
}

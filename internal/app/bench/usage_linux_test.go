package bench

import (
	"testing"
	"time"
)

func TestParseUsage(t *testing.T) {
	t.Parallel()
	const stat = "42 (a (strange) name) S 1 42 42 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 5 0 12345 1000000 500"
	const status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n"
	for _, tt := range []struct {
		name, stat, status string
		want               usage
		ok                 bool
	}{
		{"usual", stat, status, usage{cpu: 2 * time.Second, resident: 1 << 20, peak: 2 << 20}, true},
		{"no memory told", stat, "Name:\tx\n", usage{cpu: 2 * time.Second}, true},
		{"too short", "42 (x) S 1 2 3", status, usage{}, false},
		{"empty", "", "", usage{}, false},
		{"not numbers", "42 (x) S a b c d e f g h i j k l m n", status, usage{}, false},
	} {
		got, ok := parseUsage([]byte(tt.stat), []byte(tt.status))
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s: got %+v, %v, want %+v, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

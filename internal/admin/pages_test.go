package admin

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"libration/internal/webguard"
	"libration/internal/webguard/webguardtest"
)

// only makes one account all that there are.
func only(a Owned) func() []Owned { return func() []Owned { return []Owned{a} } }

// serve runs a service and returns its address.
func serve(t *testing.T, o Options) string {
	t.Helper()
	o.Address = "127.0.0.1:0"
	s := New(o)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, func() {}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	<-s.Ready()
	return s.Addr().String()
}

// TestPages: what a web page can make a browser send neither logs in nor shows
// anything.
func TestPages(t *testing.T) {
	t.Parallel()
	var logins, captchas, cancels atomic.Int32
	address := serve(t, Options{
		Accounts: only(Owned{
			Status: func() Status {
				return Status{Account: Account{Online: true}, Store: Store{OK: true}, Folder: Folder{OK: true}}
			},
			Login: func() { logins.Add(1) },
			Captcha: func(string, string) error {
				captchas.Add(1)
				return nil
			},
			CancelTransfer: func(uint64) bool { return cancels.Add(1) > 0 },
		}),
		Metrics: prometheus.NewRegistry(),
	})
	check := func(what string, may bool, status int, text string, acted int32) {
		t.Helper()
		if may && (status/100 != 2 || acted != 1) || !may && (status/100 != 4 || acted != 0 || !strings.Contains(text, "admin.access_token")) {
			t.Errorf("%s: may act %v; got %d, acted %d times: %s", what, may, status, acted, text)
		}
	}
	const solved = `{"ticket":"t","randstr":"r"}`
	for _, h := range webguardtest.Heads(address) {
		status, text := webguardtest.Send(t, address, "POST", "/login", h, "application/json", "{}")
		check(h.Name+", login", h.May, status, text, logins.Swap(0))
		status, text = webguardtest.Send(t, address, "POST", "/login/captcha", h, "application/json", solved)
		check(h.Name+", captcha", h.May, status, text, captchas.Swap(0))
		status, text = webguardtest.Send(t, address, "DELETE", "/transfers/1", h, "", "")
		check(h.Name+", cancelled transfer", h.May, status, text, cancels.Swap(0))
		for _, path := range []string{"/readyz", "/metrics"} {
			if status, _ := webguardtest.Send(t, address, "GET", path, h, "", ""); (status == http.StatusOK) != h.May {
				t.Errorf("%s, %s: got %d", h.Name, path, status)
			}
		}
	}
	program := webguardtest.Head{Host: address}
	for kind, may := range webguardtest.Types() {
		status, text := webguardtest.Send(t, address, "POST", "/login", program, kind, "{}")
		check("type "+kind, may, status, text, logins.Swap(0))
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE"} {
		status, _ := webguardtest.Send(t, address, method, "/login", program, "application/json", "")
		if status != http.StatusMethodNotAllowed || logins.Load() != 0 {
			t.Errorf("%s: got %d", method, status)
		}
	}
}

// TestRefusalsAreSeen: somebody who tries tokens shows in the log and is counted.
func TestRefusalsAreSeen(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var mu sync.Mutex
	counted := map[webguard.Reason]int{}
	address := serve(t, Options{
		Accounts: only(Owned{Status: func() Status { return Status{} }}), AccessToken: "s3cr3t", Log: slog.New(slog.NewTextHandler(&log, nil)),
		OnRefused: func(r webguard.Reason) {
			mu.Lock()
			defer mu.Unlock()
			counted[r]++
		},
	})
	for _, tt := range []struct {
		token  string
		status int
	}{{"", 401}, {"gu3ss", 403}, {"gu3ss2", 403}, {"s3cr3t", 503}} {
		h := webguardtest.Head{Host: address, Header: map[string]string{"Authorization": "Bearer " + tt.token}}
		if status, text := webguardtest.Send(t, address, "GET", "/readyz", h, "", ""); status != tt.status {
			t.Errorf("token %q: got %d %s, want %d", tt.token, status, text, tt.status)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if counted[webguard.NoToken] != 1 || counted[webguard.WrongToken] != 2 || len(counted) != 2 {
		t.Errorf("got %v", counted)
	}
	text := log.String()
	if strings.Count(text, "request refused") != 1 || strings.Contains(text, "gu3ss") || strings.Contains(text, "s3cr3t") || !strings.Contains(text, "service=admin") {
		t.Errorf("got\n%s", text)
	}
}

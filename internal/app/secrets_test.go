package app_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"libration/internal/admin"
	"libration/internal/app"
	"libration/internal/app/account"
	"libration/internal/config"
	"libration/sandbox"
)

// shared is a text that several goroutines write.
type shared struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestNoSecretOfURLsIsShown runs an installation whose URLs are full of secrets, and
// none of them work: nothing that it writes, serves or sends has one.
func TestNoSecretOfURLsIsShown(t *testing.T) {
	const secret = "s3cr3t"
	var log, notices shared
	told := make(chan struct{}, 64)
	owner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/notices-"+secret) {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.Copy(&notices, r.Body)
		select {
		case told <- struct{}{}:
		default:
		}
	}))
	defer owner.Close()
	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	c := configuration(t.TempDir(), sim.ControlURL())
	down, host := "127.0.0.1:1", strings.TrimPrefix(owner.URL, "http://")
	c.Signer.URLs = []string{
		"http://" + down + "/" + secret + "/sign", owner.URL + "/" + secret + "/sign?" + secret,
		"http://" + secret + ":" + secret + "@" + down + "/sign#" + secret, sim.ControlURL() + "/sign?" + secret + "=" + secret,
	}
	c.OneBot.Connections = append(c.OneBot.Connections,
		config.Connection{Type: config.Webhook, URL: owner.URL + "/" + secret, Reconnect: config.Duration(100 * time.Millisecond)},
		config.Connection{Type: config.Webhook, URL: "http://" + secret + "@" + down + "/" + secret + "?" + secret},
		config.Connection{Type: config.ReverseWebSocket, URL: "ws://" + host + "/" + secret + "/a"},
		config.Connection{Type: config.ReverseWebSocket, URL: "ws://" + host + "/" + secret + "/b"},
		config.Connection{Type: config.ReverseWebSocket, APIURL: "ws://" + down + "/" + secret + "/api", EventURL: "ws://" + down + "/" + secret + "/event"},
	)
	c.Notices.After = config.Duration(50 * time.Millisecond)
	c.Notices.Targets = []config.NoticeTarget{{URL: owner.URL + "/notices-" + secret}, {URL: owner.URL + "/none-" + secret}}
	a, err := app.New(c, app.Options{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), QRStyle: account.QRASCII, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	stop := background(t, a.Run)
	o := newOwner(t, a)
	o.await("the failures", func(_ int, s admin.Status) bool {
		failed := 0
		for _, v := range s.Services {
			if v.Reason != "" {
				failed++
			}
		}
		return s.Account.Online && failed >= 5
	})
	for range 5 {
		select {
		case <-told:
		case <-time.After(limit):
			t.Fatalf("no notice came: %s", notices.String())
		}
	}
	shown := map[string]string{}
	for _, path := range []string{"/readyz", "/healthz", "/metrics"} {
		_, body := o.get(path)
		shown[path] = string(body)
	}
	stop()
	shown["log"], shown["notices"] = log.String(), notices.String()
	for where, text := range shown {
		for line := range strings.Lines(text) {
			if strings.Contains(line, secret) {
				t.Errorf("%s shows a secret: %s", where, line)
			}
		}
		if where != "/healthz" && !strings.Contains(text, host+"/#") {
			t.Errorf("%s does not tell which: %s", where, text)
		}
	}
}

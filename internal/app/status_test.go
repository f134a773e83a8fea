package app_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/internal/app"
	"libration/internal/config"
	"libration/internal/supervise"
	"libration/ntqq"
	"libration/sandbox"
)

// flakyBot is the listening side of a reverse WebSocket. While away it refuses.
type flakyBot struct {
	away  atomic.Bool
	conns chan *websocket.Conn
}

func (b *flakyBot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if b.away.Load() {
		http.Error(w, "away", http.StatusServiceUnavailable)
		return
	}
	if ws, err := websocket.Accept(w, r, nil); err == nil {
		b.conns <- ws
	}
}

// await waits for a status.
func await(t *testing.T, a *app.App, what string, ok func(app.Status) bool) app.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	s, err := a.Wait(ctx, ok)
	if err != nil {
		t.Fatalf("waiting for %s: %v; status %+v", what, err, s)
	}
	return s
}

// TestServicesRecover: a port that is taken, then free; a bot that is away, there,
// away and there again. The other services do not notice.
func TestServicesRecover(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	thief, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer thief.Close()
	bot := &flakyBot{conns: make(chan *websocket.Conn, 16)}
	bot.away.Store(true)
	server := httptest.NewServer(bot)
	defer server.Close()

	c := configuration(t.TempDir(), sim.ControlURL())
	c.OneBot.Connections = []config.Connection{
		{Type: config.HTTP, Address: thief.Addr().String()},
		{Type: config.WebSocket, Address: "127.0.0.1:0"},
		{Type: config.ReverseWebSocket, URL: "ws" + strings.TrimPrefix(server.URL, "http"), Reconnect: config.Duration(10 * time.Millisecond)},
	}
	a, err := app.New(c, app.Options{
		Log: slog.New(slog.DiscardHandler), Version: "test", ServiceRetry: 10 * time.Millisecond,
		Timing: ntqq.Timing{QRPoll: 10 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	if s := a.Status(); s.Account.Online() || s.Ready() || len(s.Services) != 0 {
		t.Errorf("before Run: %+v", s)
	}
	stop := background(t, a.Run)

	states := func(want ...supervise.State) func(app.Status) bool {
		return func(s app.Status) bool {
			if len(s.Services) != len(want) {
				return false
			}
			for i, v := range s.Services {
				if v.State != want[i] {
					return false
				}
			}
			return true
		}
	}
	s := await(t, a, "two failures", states(supervise.Failed, supervise.Running, supervise.Failed))
	if s.Self.UIN != 10001 || !s.Account.Online() || s.Ready() {
		t.Errorf("got %+v, want the account online and not ready", s)
	}
	for i, want := range map[int]string{0: "in use by another program", 2: "HTTP status 503"} {
		if v := s.Services[i]; v.Err == nil || !strings.Contains(v.Err.Error(), want) || v.Retry.IsZero() {
			t.Errorf("service %d: %v, retry at %v, want %q and a retry", i, v, v.Retry, want)
		}
	}
	since := s.Services[1].Since

	thief.Close()
	s = await(t, a, "the port to be taken over", states(supervise.Running, supervise.Running, supervise.Failed))
	bot.away.Store(false)
	await(t, a, "the bot", app.Status.Ready)
	bot.away.Store(true)
	(<-bot.conns).CloseNow()
	await(t, a, "the bot to be missed", states(supervise.Running, supervise.Running, supervise.Failed))
	bot.away.Store(false)
	s = await(t, a, "the bot again", app.Status.Ready)
	if !s.Services[1].Since.Equal(since) {
		t.Error("the WebSocket service was touched by the others' failures")
	}
	(<-bot.conns).CloseNow()
	stop()
	if s := a.Status(); s.Account.Stage != ntqq.Stopped || !states(supervise.Stopped, supervise.Stopped, supervise.Stopped)(s) {
		t.Errorf("after the end: %+v", s)
	}
}

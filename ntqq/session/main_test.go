package session

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"libration/internal/sessiontest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// proofKey is the key of the sessions in these tests.
var proofKey = sessiontest.Key

// newTestSession is one that does not run.
func newTestSession(t *testing.T) *Session {
	t.Helper()
	s, err := New(Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs a session with a service until the test ends, and refreshes its tickets every
// hour. It must be called inside a bubble.
func run(t *testing.T, service *sessiontest.Server, o Options) *Session {
	t.Helper()
	o.Log, o.RefreshAfter, o.Dial = quiet, time.Hour, service.Dial
	o.Servers = Servers{
		Addresses: []string{sessiontest.Address}, ExchangeKey: service.ExchangeKey, VerifyKey: service.VerifyKey,
		NewDeviceURL: sessiontest.NewDeviceURL,
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return s
}

package ntqq

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
)

// TestPanicOfTheDispatcher: it is Run's, so that whoever runs several accounts can go on
// with the others.
func TestPanicOfTheDispatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Options{
			Log: slog.New(slog.DiscardHandler), Servers: Servers{Addresses: []string{"127.0.0.1:1"}},
			Dial:      func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") },
			OnUnknown: func(UnknownPacket) { panic("bug") },
		})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan any, 1)
		go func() {
			defer func() { ended <- recover() }()
			_ = c.Run(t.Context())
		}()
		synctest.Wait()
		c.receive(t.Context(), "trpc.test.Push", []byte{1})
		synctest.Wait()
		if got := <-ended; got != "bug" {
			t.Errorf("got %v, want the panic", got)
		}
	})
}

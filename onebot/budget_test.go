package onebot

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What docs/onebot.md says of the suffixes.
const (
	asyncWorkers = 64
	asyncQueue   = 256
	pacedPause   = 500 * time.Millisecond
)

// TestBudgetOfCalls: a call holds its bytes until it has run, also in a queue.
func TestBudgetOfCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := newTestDialect(t)
		call := func(action string) *Response {
			frame := []byte(`{"action":"` + action + `","params":{"group_id":5,"message":"x","other":"` + strings.Repeat("x", 1<<20) + `"},"echo":"mine"}`)
			r, err := ParseRequest(frame)
			if err != nil {
				t.Fatal(err)
			}
			if r.Hold, err = s.Budget().Take(t.Context(), int64(len(frame)), false); err != nil {
				t.Fatal(err)
			}
			return s.Call(t.Context(), r)
		}
		for _, action := range []string{"send_group_msg", "nothing", "get_status"} {
			call(action)
			if n := s.Stats().RequestBytes; n != 0 {
				t.Errorf("%s: %d bytes held after its answer", action, n)
			}
		}
		if r := call("send_group_msg_async"); r.RetCode != RetAsync || string(r.Echo) != `"mine"` {
			t.Errorf("got %+v", r)
		}
		call("send_group_msg_rate_limited")
		call("send_group_msg_rate_limited")
		if n := s.Stats().RequestBytes; n < 3<<20 {
			t.Errorf("three calls wait: %d bytes held", n)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		sent := len(c.Sent())
		if n := s.Stats().RequestBytes; n < 1<<20 || n > 2<<20 || sent != 3 {
			t.Errorf("one call waits for its turn: %d bytes held, %d sent", n, sent)
		}
		time.Sleep(pacedPause) // virtual
		synctest.Wait()
		if n := s.Stats().RequestBytes; n != 0 {
			t.Errorf("all have run: %d bytes held", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

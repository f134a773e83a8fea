package transport

import (
	"bytes"
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"

	"libration/gateway"
	"libration/gateway/table"
)

// hoarder is a parrot with large answers.
type hoarder struct {
	*parrot
	made, read atomic.Int32
	most       atomic.Int32 // that were in memory at once
}

func (h *hoarder) Greeting() *gateway.Greeting { return nil }

func (h *hoarder) Frame(gateway.Line, []byte) gateway.Call {
	return gateway.Call{Lane: table.Lookups, Large: true, Run: func(_ context.Context, hold gateway.Hold) gateway.Answer {
		defer hold.Release()
		alive := h.made.Add(1) - h.read.Load()
		for old := h.most.Load(); alive > old && !h.most.CompareAndSwap(old, alive); old = h.most.Load() {
		}
		return gateway.Answer{Status: http.StatusOK, Body: bytes.Repeat([]byte("x"), 8<<20)}
	}}
}

// TestLargeAnswers: a client that asks for many of them and reads slowly has few of them
// made, and gets them all.
func TestLargeAnswers(t *testing.T) {
	h := &hoarder{parrot: newParrot(t, known10001(), gateway.Options{})}
	s, err := NewWebSocket(h, WebSocketOptions{Address: "127.0.0.1:0"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	start(t, s)
	ws := mustConnect(t, "ws://"+s.Addr().String())
	const asked = 20
	for range asked {
		if err := ws.Write(t.Context(), websocket.MessageText, []byte("all")); err != nil {
			t.Fatal(err)
		}
	}
	for got := 0; got < asked; {
		_, frame, err := ws.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(frame) == 8<<20 {
			got++
			h.read.Add(1)
		}
	}
	// Besides those with places some are on their way: one is written, one lies in the
	// sockets, and the test counts late.
	if most := h.most.Load(); most > asked/2 {
		t.Errorf("%d answers were in memory", most)
	}
}

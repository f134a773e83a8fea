package ntqq

import (
	"errors"
	"net"
	"testing"

	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/event"
)

// pipeConn is a connection to nobody, closed with the test.
func pipeConn(t *testing.T, c *Client) *conn {
	t.Helper()
	near, far := net.Pipe()
	k := c.startConn(t.Context(), near)
	t.Cleanup(func() {
		k.close(errConnClosed)
		far.Close()
	})
	return k
}

func TestKicksEndTheConnection(t *testing.T) {
	for _, command := range []string{rpc.PushKick, rpc.PushForceOffline, rpc.PushMSFOffline} {
		t.Run(command, func(t *testing.T) {
			c := newTestClient(t)
			k := pipeConn(t, c)
			if k.receive(&wire.Response{Sequence: -1, Command: command, Body: []byte{0xff}}, sessionKey, nil) {
				t.Error("the connection goes on")
			}
			if err := k.cause(); !errors.Is(err, ErrKicked) || classify(err) != kickedOff {
				t.Errorf("the connection ended with %v, want ErrKicked", err)
			}
			p := c.pushes.take(<-c.pushes.items)
			if events := c.decoder.Decode(p.command, p.payload); len(events) != 1 || events[0].Name() != (&event.Kicked{}).Name() {
				t.Errorf("events %v, want one kick", events)
			}
		})
	}
}

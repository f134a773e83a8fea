package ntqq

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"

	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/event"
	"libration/ntqq/message"
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
			p := c.pushes.Take(<-c.pushes.Items())
			if events := c.decoder.Decode(p.command, p.payload); len(events) != 1 || events[0].Name() != (&event.Kicked{}).Name() {
				t.Errorf("events %v, want one kick", events)
			}
		})
	}
}

// onlineTo is an online client whose connection ends in the far end returned, which
// reads nothing by itself.
func onlineTo(t *testing.T) (*Client, *conn, net.Conn) {
	t.Helper()
	c := newTestClient(t)
	c.log = quiet
	near, far := net.Pipe()
	k := c.startConn(t.Context(), near)
	t.Cleanup(func() {
		k.close(errConnClosed)
		far.Close()
	})
	c.setState(State{Stage: Online}, k)
	return c, k, far
}

// sendHello sends a message in the background.
func sendHello(ctx context.Context, c *Client) chan error {
	done := make(chan error, 1)
	go func() {
		_, err := c.SendGroup(ctx, testGroup, message.Content{&message.Text{Text: "hello"}})
		done <- err
	}()
	return done
}

// frames counts the frames that arrive at the far end.
func frames(far net.Conn) *int {
	n := new(int)
	go func() {
		for r := wire.NewFrameReader(far); ; *n++ {
			if _, err := r.Next(); err != nil {
				return
			}
		}
	}()
	return n
}

func TestEndedContextSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, far := onlineTo(t)
		arrived := frames(far)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for range 40 {
			if err := <-sendHello(ended, c); !errors.Is(err, context.Canceled) || !errors.Is(err, ErrNotSent) {
				t.Fatalf("got %v, want the context's error and ErrNotSent", err)
			}
			if _, err := c.Call(ended, "a.command", nil); !errors.Is(err, context.Canceled) {
				t.Fatalf("a call ends with %v, want the context's error", err)
			}
		}
		synctest.Wait()
		if *arrived != 0 {
			t.Errorf("%d requests were sent", *arrived)
		}
	})
}

// A message that still waits to be written never leaves when its caller gives up or
// the connection ends; one that was being written may have.
func TestWhatNeverLeftWasNotSent(t *testing.T) {
	for name, c := range map[string]struct {
		end              func(k *conn, cancel context.CancelFunc)
		waiting, leaving error
	}{
		"connection": {func(k *conn, _ context.CancelFunc) { k.fail(ErrConnectionLost) }, ErrOffline, ErrUnknownOutcome},
		"context":    {func(_ *conn, cancel context.CancelFunc) { cancel() }, ErrNotSent, ErrUnknownOutcome},
		"time":       {func(k *conn, _ context.CancelFunc) {}, ErrNotSent, ErrUnknownOutcome},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, k, far := onlineTo(t)
				client.opts.OutcomeWait, client.opts.Timing.Answer = -1, writeTimeout/2
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				leaving := sendHello(ctx, client) // nobody reads it
				synctest.Wait()
				waiting := sendHello(ctx, client)
				synctest.Wait()
				c.end(k, cancel)
				if err := <-leaving; !errors.Is(err, c.leaving) {
					t.Errorf("the one being written: got %v, want %v", err, c.leaving)
				}
				if err := <-waiting; !errors.Is(err, c.waiting) || errors.Is(err, ErrUnknownOutcome) {
					t.Errorf("the one that waits: got %v, want %v", err, c.waiting)
				}
				arrived := frames(far)
				synctest.Wait()
				if *arrived > 1 {
					t.Errorf("%d messages arrived, want at most the one being written", *arrived)
				}
			})
		})
	}
}

// What a dead connection is given never leaves, also before the state says so.
func TestDeadConnectionSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, k, _ := onlineTo(t)
		k.fail(ErrConnectionLost)
		for range 40 {
			if err := <-sendHello(t.Context(), c); !errors.Is(err, ErrOffline) || errors.Is(err, ErrConnectionLost) {
				t.Fatalf("got %v, want ErrOffline alone", err)
			}
		}
	})
}

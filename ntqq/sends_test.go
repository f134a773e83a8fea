package ntqq

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/rpc"
	"libration/internal/sessiontest"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// A message that turns up after its sender was answered is logged; few are
// remembered.
func TestMessageAfterTheVerdict(t *testing.T) {
	var log bytes.Buffer
	s := newSendings(slog.New(slog.NewTextHandler(&log, nil)))
	key := func(random uint32) sendKey { return sendKey{groupChat(testGroup), random} }
	echo := func(random uint32) event.Event {
		return &event.Message{Message: &message.Message{
			Chat: message.Chat{Kind: message.Group, Group: testGroup}, Self: true, Random: random, Sequence: 5,
		}}
	}
	for i := range uint32(lostMost + 1) {
		out := &outgoing{sendKey: key(i)}
		s.begin(out)
		if m := s.end(out, ErrNotSent); m != nil {
			t.Fatalf("message %d was seen: %+v", i, m)
		}
	}
	if len(s.out) != lostMost || len(s.lost) != lostMost {
		t.Errorf("%d and %d messages are remembered, want %d", len(s.out), len(s.lost), lostMost)
	}
	for _, random := range []uint32{0, 1, 1, 7} { // 0 is forgotten
		s.saw(echo(random))
	}
	if n := strings.Count(log.String(), "answered otherwise"); n != 2 {
		t.Errorf("%d lines in the log, want one for each of two messages:\n%s", n, log.String())
	}
	if len(s.out) != lostMost-2 || len(s.lost) != lostMost-2 {
		t.Errorf("%d and %d messages are remembered after two came, want %d", len(s.out), len(s.lost), lostMost-2)
	}

	out := &outgoing{sendKey: key(1000)}
	s.begin(out)
	s.saw(&event.Message{Message: &message.Message{Chat: message.Chat{Kind: message.Group, Group: testGroup}, Random: 1000}}) // somebody else's
	if out.proven.Err() != nil {
		t.Error("the message of somebody else proves the sending")
	}
	s.saw(echo(1000))
	if m := s.end(out, ErrUnknownOutcome); out.proven.Err() == nil || m == nil || m.Sequence != 5 {
		t.Errorf("got %+v, want the echo", m)
	}
}

// Neither what nobody can read nor a success without a number says that a message was
// not sent.
func TestAnswerThatLeavesTheOutcomeOpen(t *testing.T) {
	for name, answer := range map[string][]byte{"unreadable": {0xff}, "no sequence": {0x08, 0}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := online(t, Options{OutcomeWait: -1}, map[string][]byte{rpc.SendMessage.Name: answer})
				if err := <-sendHello(t.Context(), c); !errors.Is(err, ErrUnknownOutcome) {
					t.Errorf("got %v, want ErrUnknownOutcome", err)
				}
			})
		})
	}
}

// sendHello sends a message in the background.
func sendHello(ctx context.Context, c *Client) chan error {
	done := make(chan error, 1)
	go func() {
		_, err := c.Messages().SendGroup(ctx, testGroup, message.Content{message.Text("hello")})
		done <- err
	}()
	return done
}

func TestEndedContextSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int32
		service := sessiontest.New(t)
		service.Answer = func(command string, _ []byte) ([]byte, error) {
			if command == rpc.SendMessage.Name {
				sent.Add(1)
			}
			return nil, rpc.ErrUnknownCommand
		}
		c := start(t, service, Options{})
		synctest.Wait()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for range 40 {
			if err := <-sendHello(ended, c); !errors.Is(err, context.Canceled) || !errors.Is(err, ErrNotSent) {
				t.Fatalf("got %v, want the context's error and ErrNotSent", err)
			}
		}
		synctest.Wait()
		if n := sent.Load(); n != 0 || !c.State().Online() {
			t.Errorf("%d messages were sent, the account is %s", n, c.State().Stage)
		}
	})
}

// stallingConn writes nothing any more when it is stalled.
type stallingConn struct {
	net.Conn
	stalled atomic.Bool
	closed  chan struct{}
	once    sync.Once
}

func (c *stallingConn) Write(b []byte) (int, error) {
	if c.stalled.Load() {
		<-c.closed
		return 0, net.ErrClosed
	}
	return c.Conn.Write(b)
}

func (c *stallingConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// A message that still waits to be written never leaves when its caller gives up or
// the connection ends; one that was being written may have.
func TestWhatNeverLeftWasNotSent(t *testing.T) {
	for name, tt := range map[string]struct {
		end     func(nc net.Conn, cancel context.CancelFunc)
		waiting error
	}{
		"connection": {func(nc net.Conn, _ context.CancelFunc) { nc.Close() }, ErrOffline},
		"context":    {func(_ net.Conn, cancel context.CancelFunc) { cancel() }, ErrNotSent},
		"time":       {func(net.Conn, context.CancelFunc) {}, ErrNotSent},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service := sessiontest.New(t)
				var nc *stallingConn
				c := start(t, service, Options{
					OutcomeWait: -1, Timing: Timing{Answer: 5 * time.Second, Alive: time.Hour},
					Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
						inner, err := service.Dial(ctx, network, address)
						nc = &stallingConn{Conn: inner, closed: make(chan struct{})}
						return nc, err
					},
				})
				time.Sleep(time.Second) // virtual: the questions of the registration have ended
				synctest.Wait()
				nc.stalled.Store(true)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				leaving := sendHello(ctx, c)
				synctest.Wait()
				waiting := sendHello(ctx, c)
				synctest.Wait()
				tt.end(nc, cancel)
				if err := <-leaving; !errors.Is(err, ErrUnknownOutcome) {
					t.Errorf("the one being written: got %v, want ErrUnknownOutcome", err)
				}
				if err := <-waiting; !errors.Is(err, tt.waiting) || errors.Is(err, ErrUnknownOutcome) {
					t.Errorf("the one that waits: got %v, want %v", err, tt.waiting)
				}
			})
		})
	}
}

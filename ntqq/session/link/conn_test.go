package link

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"libration/internal/rpc"
	"libration/internal/wire"
)

func TestKicksEndTheConnection(t *testing.T) {
	for _, command := range []string{rpc.PushKick, rpc.PushForceOffline, rpc.PushMSFOffline} {
		t.Run(command, func(t *testing.T) {
			l, heard := newLink(t)
			k, _ := pipeTo(t, l)
			if k.receive(&wire.Response{Sequence: -1, Command: command, Body: []byte{0xff}}, sessionKey, nil) {
				t.Error("the connection goes on")
			}
			if err := k.Err(); !errors.Is(err, ErrKicked) {
				t.Errorf("the connection ended with %v, want ErrKicked", err)
			}
			if !slices.Equal(heard.pushed, []string{command}) {
				t.Errorf("pushed %v, want the kick", heard.pushed)
			}
		})
	}
}

// calling makes a call in the background.
func calling(ctx context.Context, k *Conn) chan error {
	done := make(chan error, 1)
	go func() {
		_, err := k.Call(ctx, "a.command", nil)
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
		l, _ := newLink(t)
		k, far := pipeTo(t, l)
		arrived := frames(far)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for range 40 {
			if err := <-calling(ended, k); !errors.Is(err, context.Canceled) {
				t.Fatalf("a call ends with %v, want the context's error", err)
			}
		}
		synctest.Wait()
		if *arrived != 0 {
			t.Errorf("%d requests were sent", *arrived)
		}
	})
}

// A request that still waits to be written never leaves when its caller gives up or
// the connection ends; one that was being written may have.
func TestWhatNeverLeftWasNotSent(t *testing.T) {
	for name, c := range map[string]struct {
		end              func(k *Conn, cancel context.CancelFunc)
		leaving, waiting error
	}{
		"connection": {func(k *Conn, _ context.CancelFunc) { k.end(ErrConnectionLost) }, ErrConnectionLost, ErrOffline},
		"context":    {func(_ *Conn, cancel context.CancelFunc) { cancel() }, context.Canceled, context.Canceled},
		"time":       {func(k *Conn, _ context.CancelFunc) {}, ErrTimeout, ErrTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, _ := newLink(t)
				l.opts.Answer = writeTimeout / 2
				k, far := pipeTo(t, l)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				leaving := calling(ctx, k) // nobody reads it
				synctest.Wait()
				waiting := calling(ctx, k)
				synctest.Wait()
				c.end(k, cancel)
				for what, w := range map[string]struct {
					got      chan error
					want     error
					inFlight bool
				}{"the one being written": {leaving, c.leaving, true}, "the one that waits": {waiting, c.waiting, false}} {
					err := <-w.got
					if _, inFlight := errors.AsType[*InFlightError](err); !errors.Is(err, w.want) || inFlight != w.inFlight {
						t.Errorf("%s: got %v, in flight %t; want %v, %t", what, err, inFlight, w.want, w.inFlight)
					}
				}
				arrived := frames(far)
				synctest.Wait()
				if *arrived > 1 {
					t.Errorf("%d requests arrived, want at most the one being written", *arrived)
				}
			})
		})
	}
}

// What a dead connection is given never leaves, also before the state says so.
func TestDeadConnectionSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := newLink(t)
		k, _ := pipeTo(t, l)
		k.end(ErrConnectionLost)
		for range 40 {
			if err := <-calling(t.Context(), k); !errors.Is(err, ErrOffline) || errors.Is(err, ErrConnectionLost) {
				t.Fatalf("got %v, want ErrOffline alone", err)
			}
		}
	})
}

// While OnPush waits nothing else is read, and no answer counts as missing.
func TestPushesMakeTheServerWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := newLink(t)
		room := make(chan struct{})
		l.opts.OnPush = func(ctx context.Context, _ string, body []byte) (waited bool) {
			if body == nil {
				return false
			}
			select {
			case <-room:
			case <-ctx.Done():
			}
			return true
		}
		k, _ := pipeTo(t, l)
		before := k.holds.Load()
		if !k.push("", nil) || k.heldSince(before) {
			t.Error("a push that did not wait holds up answers")
		}
		taken := 0
		go func() {
			for k.push("", []byte{1}) {
				taken++
			}
		}()
		synctest.Wait()
		if taken != 0 || !k.heldSince(before) {
			t.Errorf("%d pushes were taken without room, the reader waits: %t", taken, k.heldSince(before))
		}
		room <- struct{}{}
		synctest.Wait()
		if taken != 1 || !k.heldSince(before) || !k.heldSince(before+1) {
			t.Errorf("%d pushes were taken, want one and the next one waiting", taken)
		}
		k.end(ErrConnectionLost)
		synctest.Wait()
		if k.held.Load() || !k.heldSince(before) || k.heldSince(k.holds.Load()) {
			t.Error("the end of the connection does not end the waiting")
		}
	})
}

// Of a frame that cannot be read, the length and the beginning as it came.
func TestUnreadableFrame(t *testing.T) {
	frames := make(chan Frame, 1)
	l, _ := newLink(t)
	l.opts.OnFrame = func(f Frame) { frames <- f }
	_, far := pipeTo(t, l)
	frame := binary.BigEndian.AppendUint32(nil, 104)
	for i := range 100 {
		frame = append(frame, byte(i))
	}
	want := bytes.Clone(frame[:4+frameBeginning])
	if _, err := far.Write(frame); err != nil {
		t.Fatal(err)
	}
	f := <-frames
	if f.Name != "" || f.Err == nil || f.Size < 100 || len(f.Data) != frameBeginning || !bytes.Contains(want, f.Data) {
		t.Errorf("got %+v, want the first %d bytes of %x", f, frameBeginning, want)
	}
	if got := l.Stats().PacketsDropped; got != 1 {
		t.Errorf("%d packets counted as dropped, want 1", got)
	}
}

// TestPanicEndsTheConnection: and nothing else.
func TestPanicEndsTheConnection(t *testing.T) {
	l, _ := newLink(t)
	l.opts.OnFrame = func(Frame) { panic("bug") }
	k, far := pipeTo(t, l)
	if _, err := far.Write(append(binary.BigEndian.AppendUint32(nil, 104), make([]byte, 100)...)); err != nil {
		t.Fatal(err)
	}
	<-k.Context().Done()
	if err := k.Err(); !errors.Is(err, ErrConnectionLost) || !strings.Contains(err.Error(), "bug") {
		t.Errorf("got %v", err)
	}
}

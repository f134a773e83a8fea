package e2e

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox"
)

// An answer that is lost does not send the message twice, nor hide that it was
// sent.
func TestLostAnswerIsResolved(t *testing.T) {
	send := rpc.SendMessage.Name
	for name, lose := range map[string]func(*sandbox.Faults){
		"muted":             func(f *sandbox.Faults) { f.Mute(send, true) },
		"closed, done":      func(f *sandbox.Faults) { f.Mute(send, true); f.CloseOn(send, true, 1) },
		"closed, not done":  func(f *sandbox.Faults) { f.CloseOn(send, false, 1) },
		"silent connection": func(f *sandbox.Faults) { f.Mute(send, true); f.Mute(rpc.HeartbeatAlive, true) },
	} {
		for _, private := range []bool{false, true} {
			t.Run(name+map[bool]string{false: "/group", true: "/private"}[private], func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					s := startService(t, sandbox.Options{AutoApprove: bot})
					a := s.account(t, nil)
					a.until(ntqq.Online)
					synctest.Wait()
					s.says(t, alice, private, "before")
					synctest.Wait()
					lose(s.Faults())
					start := time.Now()
					var m *message.Message
					var err error
					if private {
						m, err = a.SendFriend(t.Context(), alice, say("hello"))
					} else {
						m, err = a.SendGroup(t.Context(), group, say("hello"))
					}
					took := time.Since(start)
					if name == "closed, not done" {
						if !errors.Is(err, ntqq.ErrNotSent) || !errors.Is(err, ntqq.ErrConnectionLost) {
							t.Errorf("got %v, want ErrNotSent with its cause", err)
						}
					} else if err != nil || text(m) != "hello" || !m.Self || m.Sequence == 0 {
						t.Errorf("got %+v, %v; want the message", m, err)
					}
					if took > time.Minute {
						t.Errorf("resolved after %v", took)
					}
					settle()
					there := s.World().GroupHistory(group, 1, 100)
					if private {
						last, _ := s.World().PeerSequence(alice, bot)
						there = s.World().FriendHistory(alice, bot, last-10, last)
					}
					own := 0
					for _, e := range eventsOf[*event.Message](a) {
						if e.Self {
							own++
						}
					}
					want := 1
					if err != nil {
						want = 0
					}
					if len(there) != want+1 || own != want {
						t.Errorf("%d messages in the chat and %d own events, want %d and %d", len(there), own, want+1, want)
					}
				})
			})
		}
	}
}

// What a message is addressed by cannot be had: the message was not sent, whatever
// became of the question.
func TestReceiverNotKnown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		s.Faults().Mute(rpc.FriendList.Name, true)
		a := s.account(t, nil)
		a.until(ntqq.Online)
		_, err := a.SendFriend(t.Context(), alice, say("hello"))
		if !errors.Is(err, ntqq.ErrNotSent) || !errors.Is(err, ntqq.ErrTimeout) {
			t.Errorf("got %v, want ErrNotSent with its cause", err)
		}
	})
}

// Nobody waits for a look-up that only a person can make possible.
func TestOutcomeWhenKicked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a := s.account(t, nil)
		a.until(ntqq.Online)
		if _, err := s.Faults().Add(sandbox.Fault{Name: sandbox.FaultKick, On: "send", Count: 1}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err := a.SendGroup(t.Context(), group, say("hello"))
		if !errors.Is(err, ntqq.ErrUnknownOutcome) || !errors.Is(err, ntqq.ErrKicked) {
			t.Errorf("got %v, want ErrUnknownOutcome because of the kick", err)
		}
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("told after %v, want after one pause between look-ups, 3 s, at most", took)
		}
	})
}

func TestOutcomeStaysUnknown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a := s.account(t, nil)
		a.until(ntqq.Online)
		synctest.Wait()
		for _, command := range []string{rpc.SendMessage.Name, rpc.GroupInfo.Name} {
			s.Faults().Mute(command, true)
		}
		start := time.Now()
		_, err := a.SendGroup(t.Context(), group, say("hello"))
		if !errors.Is(err, ntqq.ErrUnknownOutcome) || !errors.Is(err, ntqq.ErrTimeout) {
			t.Errorf("got %v, want ErrUnknownOutcome with its cause", err)
		}
		if took := time.Since(start); took > 50*time.Second {
			t.Errorf("given up after %v, want at most 45 s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		start = time.Now()
		_, err = a.SendGroup(ctx, group, say("hello"))
		if !errors.Is(err, ntqq.ErrUnknownOutcome) || time.Since(start) > 20*time.Second {
			t.Errorf("got %v after %v, want ErrUnknownOutcome at the context's end", err, time.Since(start))
		}
	})
}

package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/fault"
)

// An answer that is lost does not send the message twice, nor hide that it was
// sent.
func TestLostAnswerIsResolved(t *testing.T) {
	send := rpc.SendMessage.Name
	for name, lose := range map[string]func(*fault.Set){
		"muted":             func(f *fault.Set) { f.Mute(send, true) },
		"closed, done":      func(f *fault.Set) { f.Mute(send, true); f.CloseOn(send, true, 1) },
		"closed, not done":  func(f *fault.Set) { f.CloseOn(send, false, 1) },
		"silent connection": func(f *fault.Set) { f.Mute(send, true); f.Mute(rpc.HeartbeatAlive, true) },
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
						m, err = a.Messages().SendFriend(t.Context(), alice, say("hello"))
					} else {
						m, err = a.Messages().SendGroup(t.Context(), group, say("hello"))
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
					there := s.World().History().OfGroup(group, 1, 100)
					if private {
						last, _ := s.World().History().LastOfPrivate(alice, bot)
						there = s.World().History().OfPrivate(alice, bot, last-10, last)
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
		_, err := a.Messages().SendFriend(t.Context(), alice, say("hello"))
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
		if _, err := s.Faults().Add(fault.Fault{Name: fault.Kick, On: "send", Count: 1}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err := a.Messages().SendGroup(t.Context(), group, say("hello"))
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
		if _, err := s.Faults().Add(fault.Fault{Name: fault.DropPush}); err != nil { // the echo
			t.Fatal(err)
		}
		start := time.Now()
		_, err := a.Messages().SendGroup(t.Context(), group, say("hello"))
		if !errors.Is(err, ntqq.ErrUnknownOutcome) || !errors.Is(err, ntqq.ErrTimeout) {
			t.Errorf("got %v, want ErrUnknownOutcome with its cause", err)
		}
		if took := time.Since(start); took > 50*time.Second {
			t.Errorf("given up after %v, want at most 45 s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		start = time.Now()
		_, err = a.Messages().SendGroup(ctx, group, say("hello"))
		if !errors.Is(err, ntqq.ErrUnknownOutcome) || time.Since(start) > 20*time.Second {
			t.Errorf("got %v after %v, want ErrUnknownOutcome at the context's end", err, time.Since(start))
		}
	})
}

// loseAnswers stops the answers to messages from here; all else goes on.
func (s *service) loseAnswers() { s.Faults().Mute(rpc.SendMessage.Name, true) }

// sentWhile sends a message whose answer is lost, and has something happen after it
// has arrived.
func (a *account) sentWhile(f func()) (*message.Message, error) {
	type result struct {
		m   *message.Message
		err error
	}
	done := make(chan result, 1)
	go func() {
		m, err := a.Messages().SendGroup(a.t.Context(), group, say("hello"))
		done <- result{m, err}
	}()
	synctest.Wait()
	f()
	r := <-done
	return r.m, r.err
}

// The echo of a message proves that it was sent, whatever becomes of the message and
// of its echo then.
func TestEchoProvesTheSending(t *testing.T) {
	for name, c := range map[string]struct {
		held  bool // behind a gap, whose history cannot be had
		after func(s *service, sequence uint64)
	}{
		"recalled": {after: func(s *service, sequence uint64) {
			s.World().Messages().RecallGroup(alice, group, sequence, nil)
		}},
		"held and recalled": {held: true, after: func(s *service, sequence uint64) {
			s.World().Messages().RecallGroup(alice, group, sequence, nil)
		}},
		"history refused": {after: func(s *service, _ uint64) {
			s.Faults().Mute(rpc.GroupHistory.Name, true)
			s.Faults().Mute(rpc.GroupInfo.Name, true)
		}},
		"disconnected and recalled": {after: func(s *service, sequence uint64) {
			s.DropConnections()
			s.World().Messages().RecallGroup(alice, group, sequence, nil)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := startService(t, sandbox.Options{AutoApprove: bot})
				a, m := s.mixed(t)
				s.says(t, alice, false, "before")
				settle()
				s.loseAnswers()
				if c.held {
					s.Faults().Mute(rpc.GroupHistory.Name, true)
					m.mix(1) // one is lost
					s.says(t, bob, false, "lost")
				}
				sent, err := a.sentWhile(func() { c.after(s, s.World().History().LastOfGroup(group)) })
				if err != nil || text(sent) != "hello" || sent.Sequence != s.World().History().LastOfGroup(group) {
					t.Errorf("got %+v, %v; want the message", sent, err)
				}
			})
		})
	}
}

// A message is looked for below a page of which everything was taken back.
func TestPageOfRecalledMessagesEndsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a := s.account(t, nil)
		a.until(ntqq.Online)
		s.says(t, alice, false, "before")
		settle()
		s.loseAnswers()
		if _, err := s.Faults().Add(fault.Fault{Name: fault.DropPush}); err != nil {
			t.Fatal(err)
		}
		m, err := a.sentWhile(func() {
			for range 31 {
				r := s.says(t, bob, false, "oops")
				s.World().Messages().RecallGroup(bob, group, r.Sequence, nil)
			}
		})
		if err != nil || text(m) != "hello" {
			t.Errorf("got %+v, %v; want the message", m, err)
		}
	})
}

// Nobody saw the message, and one that may be it was taken back.
func TestRecalledMessageMayBeTheLostOne(t *testing.T) {
	for name, first := range map[string]bool{"chat known": false, "chat not known": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := startService(t, sandbox.Options{AutoApprove: bot})
				a := s.account(t, nil)
				a.until(ntqq.Online)
				if !first {
					s.says(t, alice, false, "before")
				}
				settle()
				s.loseAnswers()
				if _, err := s.Faults().Add(fault.Fault{Name: fault.DropPush}); err != nil {
					t.Fatal(err)
				}
				_, err := a.sentWhile(func() {
					s.World().Messages().RecallGroup(alice, group, s.World().History().LastOfGroup(group), nil)
					s.says(t, bob, false, "after")
				})
				if !errors.Is(err, ntqq.ErrUnknownOutcome) {
					t.Errorf("got %v, want ErrUnknownOutcome: the message was sent", err)
				}
			})
		})
	}
}

// In a chat that was not known, what is older than the sending is not looked at.
func TestNotSentInAnOldChat(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		for i := range 1000 {
			r := s.says(t, alice, true, "long ago")
			if i%2 == 0 {
				s.World().Messages().RecallFriend(alice, bot, r.ClientSequence, r.Random, r.Sequence, nil)
			}
		}
		time.Sleep(time.Hour) // virtual
		s.Faults().Mute(rpc.PeerSequence.Name, true)
		a := s.account(t, nil)
		a.until(ntqq.Online)
		if _, err := s.Faults().Add(fault.Fault{Name: fault.Ignore, On: "send", Count: 1}); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() { s.Faults().Mute(rpc.PeerSequence.Name, false) })
		if _, err := a.Messages().SendFriend(t.Context(), alice, say("hello")); !errors.Is(err, ntqq.ErrNotSent) {
			t.Errorf("got %v, want ErrNotSent", err)
		}
	})
}

// Messages that are sent at once are not taken for each other.
func TestLostAnswersOfManyMessages(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a := s.account(t, nil)
		a.until(ntqq.Online)
		s.says(t, alice, false, "before")
		settle()
		s.loseAnswers()
		if _, err := s.Faults().Add(fault.Fault{Name: fault.Ignore, On: "send", Probability: 0.5, Seed: 1}); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		sent := map[string]bool{}
		for i := range 40 {
			wg.Go(func() {
				words := fmt.Sprint("message ", i)
				m, err := a.Messages().SendGroup(t.Context(), group, say(words))
				if err == nil && text(m) != words {
					t.Errorf("got %q for %q", text(m), words)
				}
				if err != nil && !errors.Is(err, ntqq.ErrNotSent) {
					t.Errorf("%q: got %v, want ErrNotSent", words, err)
				}
				mu.Lock()
				defer mu.Unlock()
				sent[words] = err == nil
			})
		}
		wg.Wait()
		settle()
		there := 0
		for _, e := range eventsOf[*event.Message](a) {
			if !e.Self {
				continue
			}
			if there++; !sent[text(e.Message)] {
				t.Errorf("%q was delivered, and its sender was told that it was not sent", text(e.Message))
			}
		}
		if told := slices.Collect(maps.Values(sent)); there == 0 || there == 40 || there != len(slices.DeleteFunc(told, func(ok bool) bool { return !ok })) {
			t.Errorf("%d of 40 were delivered, and the senders were told %v", there, sent)
		}
	})
}

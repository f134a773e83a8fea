package e2e

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// A client goes on after a reset: it reads its lists anew, hears what is said, and
// misses nothing of it.
func TestReset(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := two(t)
		s.says(t, alice, false, "before")
		s.says(t, alice, true, "before")
		if err := s.World().Members().Kick(group, bot, alice); err != nil {
			t.Fatal(err)
		}
		if err := s.World().Friends().Remove(bot, alice); err != nil {
			t.Fatal(err)
		}
		eventsOf[*event.GroupLeft](b)
		if err := s.Reset(); err != nil {
			t.Fatal(err)
		}
		b.onlineAgain(2)
		a.onlineAgain(2)
		if _, err := b.Messages().SendGroup(t.Context(), group, say("here I am")); err != nil {
			t.Error(err)
		}
		if _, err := b.Messages().SendFriend(t.Context(), alice, say("here I am")); err != nil {
			t.Error(err)
		}
		s.says(t, alice, false, "after")
		s.says(t, alice, true, "after")
		synctest.Wait()
		b.hears(message.Group, "before", "after")
		b.hears(message.Friend, "before", "after")
		a.hears(message.Group, "here I am")
		friends, err := b.Friends().List(t.Context(), false)
		if err != nil || len(friends) != 3 {
			t.Errorf("friends %+v (%v)", friends, err)
		}
		members, err := b.Members().List(t.Context(), group, false)
		if want := s.World().Members().List(group); err != nil || len(members) != len(want) {
			t.Errorf("members %+v (%v), want %d", members, err, len(want))
		}
	})
}

// A message that was not delivered before a reset is not waited for.
func TestResetWhileAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		b := s.account(t, nil)
		b.until(ntqq.Online)
		s.says(t, alice, false, "1")
		synctest.Wait()
		s.Faults().RefuseRegister(1)
		s.DropConnections()
		s.says(t, alice, false, "lost")
		if err := s.Reset(); err != nil {
			t.Fatal(err)
		}
		s.says(t, alice, false, "2")
		b.wait("online", func(st ntqq.State) bool { return st.Online() && st.OnlineCount > 1 })
		time.Sleep(time.Minute) // virtual
		synctest.Wait()
		b.hears(message.Group, "1", "2*") // fetched
	})
}

// A group that is founded again soon after a reset is known, though the push of its founding
// may be the one of before.
func TestFoundedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		b := s.account(t, nil)
		b.until(ntqq.Online)
		for n := range 2 {
			g, err := s.World().Groups().Add(world.Group{Name: "third", Owner: alice}, bot)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if _, err := b.Groups().Info(t.Context(), g.Code, false); err != nil {
				t.Errorf("founded %d times: %v", n+1, err)
			}
			if err := s.Reset(); err != nil {
				t.Fatal(err)
			}
			b.onlineAgain(n + 2)
			synctest.Wait()
			if _, err := b.Groups().List(t.Context(), false); err != nil {
				t.Error(err)
			}
		}
	})
}

// Who and what is removed is gone from the caches of the others, and its own clients end.
func TestRemoved(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := two(t)
		before, err := b.Members().List(t.Context(), group, false)
		if err != nil {
			t.Fatal(err)
		}
		dave, err := s.World().Users().Add(world.User{Nickname: "Dave"})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{
			s.World().Friends().Add(bot, dave.UIN), s.World().Members().Join(group, dave.UIN, 0, false), s.World().Users().Remove(dave.UIN),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		left := eventsOf[*event.GroupMemberDecrease](b)
		if len(left) != 1 || left[0].Member.UIN != dave.UIN || left[0].Reason != event.LeaveLeft {
			t.Errorf("got %+v", left)
		}
		if gone := eventsOf[*event.FriendRemoved](b); len(gone) != 1 || gone[0].Friend.UIN != dave.UIN {
			t.Errorf("got %+v", gone)
		}
		if after, err := b.Members().List(t.Context(), group, false); err != nil || len(after) != len(before) {
			t.Errorf("members %+v (%v)", after, err)
		}
		if friends, err := b.Friends().List(t.Context(), false); err != nil || len(friends) != 3 {
			t.Errorf("friends %+v (%v)", friends, err)
		}

		if err := s.World().Groups().Remove(group); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, err := b.Groups().Info(t.Context(), group, false); !errors.Is(err, ntqq.ErrNoGroup) {
			t.Errorf("group after it was removed: %v", err)
		}
		if err := s.World().Users().Remove(alice); err != nil {
			t.Fatal(err)
		}
		a.wait("the end of the session", func(st ntqq.State) bool { return !st.Online() })
		synctest.Wait()
		if friends, err := b.Friends().List(t.Context(), false); err != nil || len(friends) != 2 {
			t.Errorf("friends %+v (%v)", friends, err)
		}
	})
}

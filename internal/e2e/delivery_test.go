package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// says sends as somebody else, to the group or in private.
func (s *service) says(t *testing.T, from message.UIN, private bool, text string) *world.Message {
	t.Helper()
	send := world.Send{From: from, Group: group, Parts: world.Text(text)}
	if private {
		send = world.Send{From: from, To: bot, Parts: world.Text(text)}
	}
	m, err := s.World().Messages().Send(send, nil)
	if err != nil {
		t.Fatalf("not sent: %v", err)
	}
	return m
}

// settle gives what is under way the time to arrive.
func settle() {
	time.Sleep(5 * time.Second) // virtual
	synctest.Wait()
}

// heard are the texts of one chat kind in order, with a mark for those caught up.
func (a *account) heard(kind message.ChatKind) []string {
	var out []string
	for _, m := range eventsOf[*event.Message](a) {
		if m.Chat.Kind != kind || m.Self {
			continue
		}
		s := text(m.Message)
		if m.CaughtUp {
			s += "*"
		}
		out = append(out, s)
	}
	return out
}

func (a *account) hears(kind message.ChatKind, want ...string) {
	a.t.Helper()
	if got := a.heard(kind); !slices.Equal(got, want) {
		a.t.Errorf("%s messages: got %q, want %q", kind, got, want)
	}
}

// What is written while the connection is down comes after it, in order, marked,
// and before what is written then.
func TestMissedWhileDisconnected(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a := s.account(t, nil)
		a.until(ntqq.Online)
		synctest.Wait()
		s.says(t, alice, false, "g1")
		s.says(t, alice, true, "p1")
		synctest.Wait()

		s.Faults().CloseOn(rpc.HeartbeatAlive, false, 1)
		a.wait("the end", func(st ntqq.State) bool { return !st.Online() })
		want, private := []string{"g1"}, []string{"p1"}
		for i := range 100 { // more than three pages
			s.says(t, bob, false, fmt.Sprint("g", i))
			want = append(want, fmt.Sprint("g", i, "*"))
		}
		for i := range 40 {
			s.says(t, alice, true, fmt.Sprint("p", i))
			private = append(private, fmt.Sprint("p", i, "*"))
		}
		s.says(t, bob, true, "first of all") // a chat without an earlier message
		a.onlineAgain(2)
		s.says(t, alice, false, "live")
		s.says(t, alice, true, "live")
		settle()
		a.hears(message.Group, append(want, "live")...)
		got := a.heard(message.Friend)
		if i := slices.Index(got, "first of all*"); i < 0 {
			t.Errorf("a friend's first message is missing: %q", got)
		} else {
			got = slices.Delete(got, i, i+1)
		}
		// The live message may have been fetched with the missed ones.
		if n := len(got) - 1; n != len(private) || !slices.Equal(got[:n], private) || got[n] != "live" && got[n] != "live*" {
			t.Errorf("private messages: got %q, want %q and live", got, private)
		}
	})
}

// The same across a restart, with the record in a file.
func TestMissedWhileStopped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		ks, file := &ntqq.MemoryKeystore{}, ntqq.FileProgress(filepath.Join(t.TempDir(), "progress.json"))
		keep := func(o *ntqq.Options) { o.Progress = file }
		s.says(t, alice, false, "old news")
		first := s.account(t, ks, keep)
		first.until(ntqq.Online)
		synctest.Wait()
		s.says(t, alice, false, "g1")
		s.says(t, alice, true, "p1")
		settle()
		first.hears(message.Group, "g1")
		first.stop()

		s.says(t, alice, false, "g2")
		recalled := s.says(t, alice, false, "oops")
		s.says(t, bob, false, "g3")
		s.says(t, alice, true, "p2")
		s.says(t, bob, true, "p3")
		s.World().Messages().RecallGroup(alice, group, recalled.Sequence, nil)
		second := s.account(t, ks, keep)
		second.until(ntqq.Online)
		settle()
		second.hears(message.Group, "g2*", "g3*")
		got := second.heard(message.Friend)
		slices.Sort(got)
		if want := []string{"p2*", "p3*"}; !slices.Equal(got, want) {
			t.Errorf("private messages: got %q, want %q", got, want)
		}
		second.stop()

		third := s.account(t, ks, keep)
		third.until(ntqq.Online)
		settle()
		third.hears(message.Group)
		third.hears(message.Friend)
	})
}

func TestCatchUpIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		ks, file := &ntqq.MemoryKeystore{}, ntqq.FileProgress(filepath.Join(t.TempDir(), "progress.json"))
		change := func(o *ntqq.Options) {
			o.Progress = file
			o.CatchUp = ntqq.CatchUp{Messages: 50, Age: time.Hour}
		}
		first := s.account(t, ks, change)
		first.until(ntqq.Online)
		settle()
		first.stop()
		for i := range 40 {
			s.says(t, alice, false, fmt.Sprint("old ", i))
		}
		time.Sleep(2 * time.Hour) // virtual
		var want []string
		for i := range 40 {
			s.says(t, alice, false, fmt.Sprint("new ", i))
			want = append(want, fmt.Sprint("new ", i, "*"))
		}
		second := s.account(t, ks, change)
		second.until(ntqq.Online)
		settle()
		second.hears(message.Group, want...)
		s.says(t, alice, false, "live")
		synctest.Wait()
		second.hears(message.Group, append(want, "live")...)
	})
}

func TestPushesOutOfOrder(t *testing.T) {
	for name, c := range map[string]struct {
		order []int
		want  []string
	}{
		"reversed":   {[]int{3, 2, 1, 0}, []string{"0", "1", "2", "3", "4"}},
		"duplicated": {[]int{0, 0, 1, 2, 1, 3, 3}, []string{"0", "1", "2", "3", "4"}},
		"both":       {[]int{2, 0, 2, 1, 0, 3}, []string{"0", "1", "2", "3", "4"}},
		"one lost":   {[]int{0, 1, 3}, []string{"0", "1", "2*", "3", "4"}},
	} {
		for _, private := range []bool{false, true} {
			t.Run(fmt.Sprint(name, "/private=", private), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					s := startService(t, sandbox.Options{AutoApprove: bot})
					a, m := s.mixed(t)
					synctest.Wait()
					kind := message.Group
					if private {
						kind = message.Friend
					}
					s.says(t, alice, private, "before")
					synctest.Wait()
					m.mix(c.order...)
					for i := range 4 {
						s.says(t, alice, private, fmt.Sprint(i))
					}
					synctest.Wait()
					s.says(t, alice, private, "4")
					settle()
					a.hears(kind, append([]string{"before"}, c.want...)...)
				})
			})
		}
	}
}

// The lists and the history cannot be had: live messages come all the same.
func TestHistoryUnavailable(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a, m := s.mixed(t)
		synctest.Wait()
		s.Faults().Mute(rpc.GroupHistory.Name, true)
		m.mix(0, 2, 3) // one is lost
		for i := range 4 {
			s.says(t, alice, false, fmt.Sprint(i))
		}
		time.Sleep(5 * time.Minute) // virtual
		a.hears(message.Group, "0", "2", "3")
		s.Faults().Mute(rpc.GroupHistory.Name, false)
		time.Sleep(5*time.Minute + 3*time.Second) // virtual; between two heartbeats
		synctest.Wait()
		m.mix(1)
		s.says(t, alice, false, "lost")
		s.says(t, alice, false, "last")
		settle()
		a.hears(message.Group, "0", "2", "3", "1*", "lost*", "last")
	})
}

// away breaks the connection, has something happen meanwhile, and waits until the
// account is online again.
func (s *service) away(a *account, f func()) {
	n := a.State().OnlineCount
	s.DropConnections()
	synctest.Wait()
	f()
	a.onlineAgain(n + 1)
}

// The history cannot be had when the account is online again, for longer than it is
// tried, nor does anybody write: what was missed comes when it can be had.
func TestHistoryBackLate(t *testing.T) {
	for _, restart := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			s := startService(t, sandbox.Options{AutoApprove: bot})
			ks, file := &ntqq.MemoryKeystore{}, ntqq.FileProgress(filepath.Join(t.TempDir(), "progress.json"))
			keep := func(o *ntqq.Options) { o.Progress = file }
			a := s.account(t, ks, keep)
			a.until(ntqq.Online)
			settle()
			for _, command := range []string{rpc.GroupHistory.Name, rpc.FriendHistory.Name} {
				s.Faults().Mute(command, true)
			}
			s.away(a, func() {
				for i := range 40 {
					s.says(t, alice, false, fmt.Sprint("g", i))
					s.says(t, alice, true, fmt.Sprint("p", i))
				}
			})
			time.Sleep(20 * time.Minute) // virtual
			if restart {
				a.stop()
				a = s.account(t, ks, keep)
				a.until(ntqq.Online)
				time.Sleep(20 * time.Minute) // virtual
			}
			a.hears(message.Group)
			a.hears(message.Friend)
			for _, command := range []string{rpc.GroupHistory.Name, rpc.FriendHistory.Name} {
				s.Faults().Mute(command, false)
			}
			time.Sleep(10 * time.Minute) // virtual
			var group, private []string
			for i := range 40 {
				group, private = append(group, fmt.Sprint("g", i, "*")), append(private, fmt.Sprint("p", i, "*"))
			}
			a.hears(message.Group, group...)
			a.hears(message.Friend, private...)
		})
	}
}

// What is newest in a chat is asked for until there is an answer: nobody may write
// there again.
func TestNewestAskedAgain(t *testing.T) {
	for _, command := range []string{rpc.PeerSequence.Name, rpc.FriendList.Name} {
		bubble(t, func(t *testing.T) {
			s := startService(t, sandbox.Options{AutoApprove: bot})
			a := s.account(t, nil)
			a.until(ntqq.Online)
			settle()
			s.Faults().Mute(command, true)
			s.away(a, func() {
				s.says(t, alice, true, "a")
				s.says(t, bob, true, "b")
			})
			time.Sleep(5 * time.Minute) // virtual
			a.hears(message.Friend)
			s.Faults().Mute(command, false)
			time.Sleep(10 * time.Minute) // virtual
			got := a.heard(message.Friend)
			slices.Sort(got)
			if want := []string{"a*", "b*"}; !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", command, got, want)
			}
		})
	}
}

// The first message of a new friend is missed.
func TestMissedFromANewFriend(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a := s.account(t, nil)
		a.until(ntqq.Online)
		settle()
		const dave = message.UIN(20099)
		if _, err := s.World().Users().Add(world.User{UIN: dave}); err != nil {
			t.Fatal(err)
		}
		if err := s.World().Friends().Add(bot, dave); err != nil {
			t.Fatal(err)
		}
		settle()
		s.away(a, func() { s.says(t, dave, true, "hello") })
		settle()
		s.says(t, dave, true, "again")
		settle()
		a.hears(message.Friend, "hello*", "again")
	})
}

// Private messages that were taken back before anybody saw them leave gaps that say
// nothing about others.
func TestRecalledGapsAreNoSign(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a, m := s.mixed(t)
		settle()
		s.says(t, alice, true, "first")
		settle()
		for range 10 {
			s.away(a, func() {
				r := s.says(t, alice, true, "oops")
				s.World().Messages().RecallFriend(alice, bot, r.ClientSequence, r.Random, r.Sequence, nil)
			})
			settle()
		}
		m.mix(1, 0)
		s.says(t, alice, true, "one")
		s.says(t, alice, true, "two")
		settle()
		a.hears(message.Friend, "first", "one", "two")
	})
}

// A sandbox that starts anew counts from one; its messages are not old ones.
func TestServerCountsAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file := ntqq.FileProgress(filepath.Join(t.TempDir(), "progress.json"))
		now := time.Now().Unix()
		if err := file.Save(&ntqq.Delivered{UIN: bot, Chats: []ntqq.ChatDelivered{
			{Group: group, Sequence: 5000, Time: now},
		}}); err != nil {
			t.Fatal(err)
		}
		s, ks := loggedIn(t, sandbox.Options{})
		a := s.account(t, ks, func(o *ntqq.Options) { o.Progress = file })
		a.until(ntqq.Online)
		time.Sleep(time.Minute) // virtual
		s.says(t, alice, false, "one")
		s.says(t, alice, false, "two")
		synctest.Wait()
		a.hears(message.Group, "one", "two")
	})
}

// The connection breaks again and again while missed messages are fetched, and
// others keep writing.
func TestCatchUpInterrupted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a := s.account(t, nil)
		a.until(ntqq.Online)
		synctest.Wait()
		n := 0
		write := func(count int) {
			for range count {
				s.says(t, alice, false, fmt.Sprint(n))
				n++
			}
		}
		write(1)
		synctest.Wait()
		for round := range 4 {
			s.Faults().CloseOn(rpc.HeartbeatAlive, false, 1)
			a.wait("the end", func(st ntqq.State) bool { return !st.Online() })
			write(70)
			s.Faults().CloseOn(rpc.GroupHistory.Name, round%2 == 1, 1+round%3)
			a.wait("online again", ntqq.State.Online)
			write(5)
			time.Sleep(2 * time.Second) // virtual
			write(5)
		}
		time.Sleep(time.Minute) // virtual
		a.until(ntqq.Online)
		settle()
		for i, got := range a.heard(message.Group) {
			if strings.TrimSuffix(got, "*") != fmt.Sprint(i) {
				t.Fatalf("message %d is %q", i, got)
			}
		}
		if got := len(a.heard(message.Group)); got != n {
			t.Errorf("%d messages, want %d", got, n)
		}
	})
}

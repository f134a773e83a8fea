package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// requestsAndNotices are the events of an account that stand in lists of the service, too.
func requestsAndNotices(a *account) []string {
	var out []string
	for _, e := range eventsOf[event.Event](a) {
		switch e := e.(type) {
		case *event.FriendRequest:
			out = append(out, fmt.Sprint("friend ", e.Requester.UIN, " ", e.Message))
		case *event.GroupJoinRequest:
			out = append(out, fmt.Sprint("join ", e.Applicant.UIN, " ", e.Comment, " ", e.Request != 0, " ", e.Filtered))
		case *event.GroupInvitation:
			out = append(out, fmt.Sprint("invitation ", e.Inviter.UIN, " ", e.Request != 0))
		case *event.GroupAdminChanged:
			out = append(out, fmt.Sprint("admin ", e.Member.UIN, " ", e.Admin))
		case *event.GroupMemberDecrease:
			out = append(out, fmt.Sprint(e.Reason, " ", e.Member.UIN, " ", e.Operator.UIN))
		case *event.GroupLeft:
			out = append(out, fmt.Sprint("left ", e.Group))
		}
	}
	return out
}

// TestRequestsWhileAway: what came while nobody was there, or the connection was lost,
// comes afterwards, once each, and what is settled does not.
func TestRequestsWhileAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		w := s.World()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		people := map[string]message.UIN{}
		for _, name := range []string{"Dave", "Eve", "Frank", "Grace", "Heidi"} {
			u, err := w.Users().Add(newUser(name))
			must(err)
			people[name] = u.UIN
		}
		third, err := w.Groups().Add(world.Group{Name: "third group", Owner: bob}, alice)
		must(err)
		const own = message.GroupCode(730000002) // the bot owns it
		must(w.Groups().SetJoin(group, 0, world.JoinAsk, "", ""))
		must(w.Groups().SetJoin(own, 0, world.JoinAsk, "", ""))
		ask := func(name, text string, filtered bool) {
			must(w.Friends().Ask(world.FriendWish{From: people[name], To: bot, Text: text, Filtered: filtered}))
		}
		join := func(name, text string, filtered bool) {
			_, err := w.Requests().Ask(world.Join{Group: own, User: people[name], Text: text, Filtered: filtered})
			must(err)
		}
		ask("Heidi", "before everything", false)

		keys, progress := &ntqq.MemoryKeystore{}, &memoryProgress{}
		begin := func() *account {
			a := s.account(t, keys, func(o *ntqq.Options) { o.Progress = progress })
			a.until(ntqq.Online)
			time.Sleep(5 * time.Minute)
			return a
		}
		check := func(what string, a *account, want ...string) {
			t.Helper()
			got := requestsAndNotices(a)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", what, got, want)
			}
		}
		a := begin()
		check("before the account came first", a)
		ask("Dave", "pushed", false)
		join("Dave", "pushed", false)
		time.Sleep(5 * time.Minute)
		pushed := []string{fmt.Sprint("friend ", people["Dave"], " pushed"), fmt.Sprint("join ", people["Dave"], " pushed true false")}
		check("while it was there", a, pushed...)
		a.stop()

		// A restart.
		ask("Eve", "one", false)
		ask("Frank", "two", true)
		ask("Grace", "refused elsewhere", false)
		must(w.Friends().Answer(bot, people["Grace"], false))
		join("Eve", "me", false)
		join("Frank", "me too", true)
		_, err = w.Requests().Invite(third.Code, bob, bot)
		must(err)
		must(w.Members().SetAdmin(group, bot, alice, true))
		must(w.Members().Kick(own, alice, bot))
		must(w.Members().Leave(own, bob))
		time.Sleep(time.Hour)
		away := []string{
			fmt.Sprint("friend ", people["Eve"], " one"), fmt.Sprint("friend ", people["Frank"], " two"),
			fmt.Sprint("join ", people["Eve"], " me true false"), fmt.Sprint("join ", people["Frank"], " me too true true"),
			fmt.Sprint("invitation ", bob, " true"), fmt.Sprint("admin ", bot, " true"),
			fmt.Sprint("kick ", alice, " ", bot), fmt.Sprint("leave ", bob, " 0"),
		}
		a = begin()
		check("while the program was away", a, away...)

		// The connection is lost, and what is pushed meanwhile, too.
		s.DropConnections()
		ask("Grace", "three", false)
		a.wait("online again", func(st ntqq.State) bool { return st.Online() && st.OnlineCount == 2 })
		time.Sleep(5 * time.Minute)
		check("while the connection was lost", a, append(away, fmt.Sprint("friend ", people["Grace"], " three"))...)
		ask("Heidi", "again", false)
		must(w.Members().Kick(group, bot, alice))
		time.Sleep(5 * time.Minute)
		a.stop()
		check("when nothing was missed", begin())
	})
}

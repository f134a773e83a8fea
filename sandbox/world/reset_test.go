package world_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"libration/sandbox/world"
)

// snapshot is what people can see of a world.
func snapshot(w *world.World) string {
	s := fmt.Sprintf("%+v\n", w.Users().List())
	for _, u := range w.Users().List() {
		s += fmt.Sprintf("%d %q: %+v\n", u.UIN, w.Users().Password(u.UIN), w.Friends().List(u.UIN))
	}
	for _, g := range w.Groups().List() {
		g.LastSequence = 0
		s += fmt.Sprintf("%+v: %+v\n", g, w.Members().List(g.Code))
	}
	return s
}

func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := defaultWorld(t)
		before := snapshot(w)
		time.Sleep(time.Hour)
		first := send(t, w, world.Send{From: alice, To: bot, Parts: world.Text("1")})
		send(t, w, world.Send{From: alice, Group: mall, Parts: world.Text("1")})
		send(t, w, world.Send{From: alice, Group: small, Parts: world.Text("1")})
		changes := w.Members().ChangeSeq(small)
		must(t, w.Members().Leave(small, bot))
		must(t, w.Users().Remove(carol))
		_, err := w.Users().Add(world.User{Nickname: "new"})
		must(t, err)
		_, err = w.Groups().Add(world.Group{Name: "new"}, bot, alice)
		must(t, err)
		must(t, w.Groups().Rename(mall, 0, "renamed"))
		must(t, w.Users().SetPassword(bot, "x"))
		must(t, w.Friends().SetRemark(bot, alice, "A"))
		r := record(w)

		must(t, w.Reset())
		if got := snapshot(w); got != before {
			t.Errorf("got %s\nwant %s", got, before)
		}
		if len(r.happenings) != 1 || r.happenings[0].Activity().Kind != world.ActivityReset {
			t.Errorf("got %v, want a reset alone", r.happenings)
		}
		if list := w.History().Newest(mall, 0, 0, 9); len(list) != 0 {
			t.Errorf("the group still has %d messages", len(list))
		}
		if got := w.Members().ChangeSeq(small); got <= changes {
			t.Errorf("changes of members: got %d, want more than %d", got, changes)
		}
		for _, s := range []struct {
			send world.Send
			want uint64
		}{
			{world.Send{From: alice, Group: mall}, 2},
			{world.Send{From: alice, Group: small}, 2},
			{world.Send{From: bot, To: alice}, first.Sequence + 1},
		} {
			s.send.Parts = world.Text("2")
			if m := send(t, w, s.send); m.Sequence != s.want {
				t.Errorf("%+v: got sequence %d, want %d", s.send, m.Sequence, s.want)
			}
		}
		if err := world.New(1).Reset(); codeOf(err) != uint32(world.BadRequest) {
			t.Errorf("a world made by hand: got %v", err)
		}
	})
}

func TestRemove(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	send(t, w, world.Send{From: alice, Group: mall, Parts: world.Text("1")})
	first := send(t, w, world.Send{From: bob, To: alice, Parts: world.Text("1")})
	gone, _ := w.Users().Find(alice)
	r := record(w)
	must(t, w.Users().Remove(alice))
	got := ""
	for _, h := range r.happenings {
		a := h.Activity()
		got += fmt.Sprintln(a.Kind, a.Group, a.User, a.Peer)
	}
	if want := `dissolve 730000001 20001 0
leave 730000002 20001 0
friend_removed 0 10001 20001
friend_removed 0 20002 20001
friend_removed 0 20003 20001
user_removed 0 20001 0
`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if u, ok := w.Users().FindByUID(gone.UID); !ok || u != gone {
		t.Errorf("the uid of who has gone: got %+v, %v", u, ok)
	}
	if _, ok := w.Users().Find(alice); ok || w.Friends().Are(bot, alice) {
		t.Error("still there")
	}
	if _, err := w.Messages().Send(world.Send{From: bob, To: alice, Parts: world.Text("2")}, nil); err == nil {
		t.Error("a message to nobody was sent")
	}

	// Somebody else gets the number; the numbers of the chats go on.
	back, err := w.Users().Add(world.User{})
	must(t, err)
	if back.UIN != alice || back.UID != gone.UID {
		t.Errorf("got %+v, want the free number", back)
	}
	must(t, w.Friends().Add(alice, bob))
	if m := send(t, w, world.Send{From: alice, To: bob, Parts: world.Text("2")}); m.Sequence != first.Sequence+1 {
		t.Errorf("got sequence %d, want %d", m.Sequence, first.Sequence+1)
	}
	if g, err := w.Groups().Add(world.Group{Code: mall, Name: "again"}, alice, bob); err != nil || g.LastSequence != 1 {
		t.Errorf("got %+v, %v, want sequences to go on", g, err)
	}
	must(t, w.Groups().Remove(small))
	for _, refused := range []error{w.Groups().Remove(small), w.Users().Remove(1)} {
		if codeOf(refused) != uint32(world.NotFound) {
			t.Errorf("got %v, want NotFound", refused)
		}
	}
	if groups := w.Groups().Of(bot); len(groups) != 0 {
		t.Errorf("got groups %v of the bot", groups)
	}
}

func BenchmarkReset(b *testing.B) {
	w := defaultWorld(b)
	for b.Loop() {
		must(b, w.Reset())
	}
}

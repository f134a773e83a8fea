package world_test

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

func TestAddUser(t *testing.T) {
	t.Parallel()
	w := world.New(1)
	u, err := w.Users().Add(world.User{})
	must(t, err)
	if u.UIN != 20001 || u.Nickname == "" || u.Level == 0 || u.RegisterTime == 0 {
		t.Errorf("got %+v, want 20001 with defaults", u)
	}
	if !regexp.MustCompile(`^u_[A-Za-z0-9_-]{22}$`).MatchString(string(u.UID)) {
		t.Errorf("got uid %q", u.UID)
	}
	same, _ := world.New(1).Users().Add(world.User{UIN: 20001})
	other, _ := world.New(2).Users().Add(world.User{UIN: 20001})
	if same.UID != u.UID || other.UID == u.UID {
		t.Errorf("uids %s, %s, %s: the seed must decide", u.UID, same.UID, other.UID)
	}
	if next, _ := w.Users().Add(world.User{}); next.UIN != 20002 {
		t.Errorf("got uin %d, want the next free one", next.UIN)
	}
	if found, ok := w.Users().FindByUID(u.UID); !ok || found != u {
		t.Errorf("by uid: got %+v, %t", found, ok)
	}
	if _, ok := w.Users().FindByUID(""); ok {
		t.Error("found a user without uid")
	}
	for name, bad := range map[string]world.User{
		"taken uin":     {UIN: 20001},
		"taken uid":     {UID: u.UID},
		"huge uin":      {UIN: 1 << 32},
		"long name":     {Nickname: strings.Repeat("x", 128)},
		"invalid UTF-8": {Sign: "\xff"},
		"zero byte":     {QID: "\x00"},
	} {
		if _, err := w.Users().Add(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if got := len(w.Users().List()); got != 2 {
		t.Errorf("got %d users after failures, want 2", got)
	}
}

func TestFriends(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	must(t, w.Friends().SetRemark(alice, bob, "Bobby"))
	must(t, w.Friends().SetCategory(alice, bob, 3))
	got := w.Friends().List(alice)
	if len(got) != 3 || got[1].User.UIN != bob || got[1].Remark != "Bobby" || got[1].Category != 3 {
		t.Errorf("got friends %+v", got)
	}
	if f := w.Friends().List(bob); f[1].Remark != "" {
		t.Errorf("a remark is one's own: got %+v", f[1])
	}
	must(t, w.Friends().Remove(bob, alice))
	if w.Friends().Are(alice, bob) || w.Friends().Are(bob, alice) || w.Friends().Are(5, 6) {
		t.Error("still friends")
	}
	for name, err := range map[string]error{
		"with oneself":   w.Friends().Add(alice, alice),
		"with nobody":    w.Friends().Add(alice, 99),
		"of nobody":      w.Friends().Add(99, alice),
		"no longer":      w.Friends().Remove(alice, bob),
		"no remark":      w.Friends().SetRemark(alice, bob, ""),
		"remark too big": w.Friends().SetRemark(alice, carol, strings.Repeat("x", 128)),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if w.Friends().List(99) != nil {
		t.Error("nobody has friends")
	}
}

func TestDefaultScenario(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	g, ok := w.Groups().Find(mall)
	if !ok || g.Name != "Libration 沙盒" || g.Owner != alice || g.MemberCount != 4 || g.MemberMax != 200 {
		t.Errorf("got group %+v", g)
	}
	roles := map[message.UIN]message.Role{}
	for _, m := range w.Members().List(mall) {
		roles[m.User.UIN] = m.Role
	}
	want := map[message.UIN]message.Role{
		bot: message.RoleMember, alice: message.RoleOwner, bob: message.RoleAdmin, carol: message.RoleMember,
	}
	if diff := cmp.Diff(want, roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if g, _ := w.Groups().Find(small); g.Owner != bot || g.MemberCount != 3 {
		t.Errorf("got group %+v", g)
	}
	if got := len(w.Groups().Of(carol)); got != 1 {
		t.Errorf("Carol is in %d groups, want 1", got)
	}
	u, _ := w.Users().Find(bot)
	if u.Nickname != "小振 Libration" || len(w.Friends().List(bot)) != 3 {
		t.Errorf("got bot %+v with %d friends", u, len(w.Friends().List(bot)))
	}
	again := defaultWorld(t)
	if diff := cmp.Diff(w.Users().List(), again.Users().List()); diff != "" {
		t.Errorf("the same seed makes another world:\n%s", diff)
	}
}

func TestAddGroup(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	g, err := w.Groups().Add(world.Group{Name: "third"}, carol, carol, bob)
	must(t, err)
	if g.Code != 730000003 || g.Owner != carol || g.MemberCount != 2 || g.CreateTime == 0 {
		t.Errorf("got %+v", g)
	}
	for name, bad := range map[string]struct {
		g       world.Group
		members []message.UIN
	}{
		"taken":          {world.Group{Code: mall, Name: "x", Owner: bob}, nil},
		"nameless":       {world.Group{Owner: bob}, nil},
		"ownerless":      {world.Group{Name: "x"}, nil},
		"unknown owner":  {world.Group{Name: "x", Owner: 9}, nil},
		"unknown member": {world.Group{Name: "x", Owner: bob}, []message.UIN{9}},
		"too small":      {world.Group{Name: "x", Owner: bob, MemberMax: 1}, []message.UIN{alice}},
		"too large":      {world.Group{Name: "x", Owner: bob, MemberMax: 5001}, nil},
		"huge code":      {world.Group{Name: "x", Owner: bob, Code: 1 << 32}, nil},
		"long name":      {world.Group{Name: strings.Repeat("x", 128), Owner: bob}, nil},
	} {
		if _, err := w.Groups().Add(bad.g, bad.members...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if got := len(w.Groups().List()); got != 3 {
		t.Errorf("got %d groups after failures, want 3", got)
	}
}

// TestPermissions checks who may do what; refusals must change nothing and push
// nothing.
func TestPermissions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(w *world.World) error
		code world.Reason // 0: allowed
	}{
		{"admin kicks member", func(w *world.World) error { return w.Members().Kick(mall, carol, bob) }, 0},
		{"admin kicks owner", func(w *world.World) error { return w.Members().Kick(mall, alice, bob) }, world.NoPermission},
		{"member kicks", func(w *world.World) error { return w.Members().Kick(mall, bot, carol) }, world.NoPermission},
		{"owner kicks himself", func(w *world.World) error { return w.Members().Kick(mall, alice, alice) }, world.NoPermission},
		{"kick of a stranger", func(w *world.World) error { return w.Members().Kick(small, carol, 0) }, world.NotMember},
		{"kick by a stranger", func(w *world.World) error { return w.Members().Kick(small, bob, carol) }, world.NotMember},
		{"leave", func(w *world.World) error { return w.Members().Leave(mall, bob) }, 0},
		{"leave as a stranger", func(w *world.World) error { return w.Members().Leave(small, carol) }, world.NotMember},
		{"leave nowhere", func(w *world.World) error { return w.Members().Leave(1, carol) }, world.NotFound},
		{"join", func(w *world.World) error { return w.Members().Join(small, carol, bot, true) }, 0},
		{"join again", func(w *world.World) error { return w.Members().Join(mall, carol, 0, false) }, world.BadRequest},
		{"join nowhere", func(w *world.World) error { return w.Members().Join(1, carol, 0, false) }, world.NotFound},
		{"nobody joins", func(w *world.World) error { return w.Members().Join(mall, 99, 0, false) }, world.NotFound},
		{"join by a stranger", func(w *world.World) error { return w.Members().Join(small, carol, 99, true) }, world.NotMember},
		{"owner makes admin", func(w *world.World) error { return w.Members().SetAdmin(mall, carol, alice, true) }, 0},
		{"admin makes admin", func(w *world.World) error { return w.Members().SetAdmin(mall, carol, bob, true) }, world.NoPermission},
		{"owner as admin", func(w *world.World) error { return w.Members().SetAdmin(mall, alice, 0, true) }, world.NoPermission},
		{"own card", func(w *world.World) error { return w.Members().SetCard(mall, carol, carol, "x") }, 0},
		{"admin sets card", func(w *world.World) error { return w.Members().SetCard(mall, alice, bob, "x") }, 0},
		{"member sets card", func(w *world.World) error { return w.Members().SetCard(mall, bot, carol, "x") }, world.NoPermission},
		{"bad card", func(w *world.World) error { return w.Members().SetCard(mall, carol, carol, "\xff") }, world.BadRequest},
		{"owner gives title", func(w *world.World) error { return w.Members().SetTitle(mall, carol, alice, "x") }, 0},
		{"admin gives title", func(w *world.World) error { return w.Members().SetTitle(mall, carol, bob, "x") }, world.NoPermission},
		{"bad title", func(w *world.World) error { return w.Members().SetTitle(mall, carol, 0, "\xff") }, world.BadRequest},
		{"admin renames", func(w *world.World) error { return w.Groups().Rename(mall, bob, "x") }, 0},
		{"member renames", func(w *world.World) error { return w.Groups().Rename(mall, carol, "x") }, world.NoPermission},
		{"no name", func(w *world.World) error { return w.Groups().Rename(mall, bob, "") }, world.BadRequest},
		{"long name", func(w *world.World) error { return w.Groups().Rename(mall, bob, strings.Repeat("x", 128)) }, world.BadRequest},
		{"admin mutes member", func(w *world.World) error { return w.Members().Mute(mall, carol, bob, 1) }, 0},
		{"admin mutes owner", func(w *world.World) error { return w.Members().Mute(mall, alice, bob, 1) }, world.NoPermission},
		{"admin mutes all", func(w *world.World) error { return w.Groups().MuteAll(mall, bob, true) }, 0},
		{"member mutes all", func(w *world.World) error { return w.Groups().MuteAll(mall, carol, true) }, world.NoPermission},
		{"admin kicks two", func(w *world.World) error { return w.Members().KickAll(mall, bob, true, carol, bot, carol) }, 0},
		{"admin kicks member and owner", func(w *world.World) error { return w.Members().KickAll(mall, bob, true, carol, alice) }, world.NoPermission},
		{"admin kicks member and stranger", func(w *world.World) error { return w.Members().KickAll(mall, bob, true, carol, 99) }, world.NotMember},
		{"owner gives the group away", func(w *world.World) error { return w.Groups().Transfer(mall, 0, carol) }, 0},
		{"admin gives the group away", func(w *world.World) error { return w.Groups().Transfer(mall, bob, carol) }, world.NoPermission},
		{"group to its owner", func(w *world.World) error { return w.Groups().Transfer(mall, alice, alice) }, world.BadRequest},
		{"group to a stranger", func(w *world.World) error { return w.Groups().Transfer(small, bot, carol) }, world.NotMember},
		{"picture of nobody", func(w *world.World) error { return w.Groups().SetAvatar(mall, 0, world.Blob{}) }, world.NotFound},
		{"picture that is not kept", func(w *world.World) error { return w.Users().SetAvatar(bot, world.Blob{}) }, world.NotFound},
		{"remark of a member", func(w *world.World) error { return w.Groups().SetRemark(mall, carol, "x") }, 0},
		{"remark of a stranger", func(w *world.World) error { return w.Groups().SetRemark(small, carol, "x") }, world.NotMember},
		{"long remark", func(w *world.World) error { return w.Groups().SetRemark(mall, carol, strings.Repeat("x", 128)) }, world.BadRequest},
		{"mask of a stranger", func(w *world.World) error { return w.Groups().SetMask(small, carol, 1) }, world.NotMember},
		{"no such mask", func(w *world.World) error { return w.Groups().SetMask(mall, carol, 5) }, world.BadRequest},
		{"level of a stranger", func(w *world.World) error { return w.Members().SetLevel(small, carol, 1) }, world.NotMember},
		{"rate of no group", func(w *world.World) error { return w.Groups().LimitRate(1, 1) }, world.NotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := defaultWorld(t)
			rec := record(w)
			seq, members := w.Members().ChangeSeq(mall), w.Members().List(mall)
			err := tt.do(w)
			var refused *world.Refusal
			errors.As(err, &refused)
			if (err == nil) != (tt.code == 0) || refused != nil && refused.Reason != tt.code {
				t.Fatalf("got %v, want code %d", err, tt.code)
			}
			if tt.code == 0 {
				return
			}
			if len(rec.happenings) != 0 || w.Members().ChangeSeq(mall) != seq || !cmp.Equal(w.Members().List(mall), members) {
				t.Errorf("a refusal left %d happenings, change %d to %d", len(rec.happenings), seq, w.Members().ChangeSeq(mall))
			}
		})
	}
}

func TestMemberChanges(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	last := w.Members().ChangeSeq(mall)
	for name, do := range map[string]func() error{
		"card":  func() error { return w.Members().SetCard(mall, bot, 0, "x") },
		"admin": func() error { return w.Members().SetAdmin(mall, bot, 0, true) },
		"kick":  func() error { return w.Members().Kick(mall, carol, 0) },
		"owner": func() error { return w.Groups().Transfer(mall, 0, bob) },
	} {
		must(t, do())
		if seq := w.Members().ChangeSeq(mall); seq != last+1 {
			t.Errorf("%s: got change %d after %d", name, seq, last)
		}
		last++
	}
	if w.Members().ChangeSeq(1) != 0 || w.Members().List(1) != nil {
		t.Error("an unknown group has members")
	}
	if m, _ := w.Members().Find(mall, alice); m.Role != message.RoleMember {
		t.Errorf("who owned the group is %v", m.Role)
	}
	must(t, w.Members().Leave(mall, bob))
	if _, ok := w.Groups().Find(mall); ok {
		t.Error("the group outlived its owner's leaving")
	}
	if _, err := w.Messages().Send(world.Send{From: alice, Group: mall, Parts: world.Text("x")}, nil); codeOf(err) != 110 {
		t.Errorf("sending to a dissolved group: got %v, want code 110", err)
	}
}

// TestNotices: what happens around groups stands in the lists of those whom it concerns.
func TestNotices(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	must(t, w.Members().SetAdmin(mall, carol, alice, true))
	must(t, w.Members().SetAdmin(mall, carol, alice, false))
	must(t, w.Members().Kick(mall, carol, bob))
	must(t, w.Members().Leave(mall, bot))
	for uin, want := range map[message.UIN][]world.NoticeKind{
		alice: {world.NoticeLeft, world.NoticeKicked, world.NoticeAdminUnset, world.NoticeAdminSet},
		bob:   {world.NoticeLeft, world.NoticeKicked, world.NoticeAdminUnset, world.NoticeAdminSet},
		carol: {world.NoticeKickedMe, world.NoticeAdminUnsetMe, world.NoticeAdminSet},
		bot:   nil,
	} {
		var got []world.NoticeKind
		for _, n := range w.Notices().Of(uin, false) {
			got = append(got, n.Kind)
			if operator := n.Operator.UIN; (operator == 0) != (n.Kind == world.NoticeLeft) || n.Target.UIN == 0 {
				t.Errorf("%d has %+v", uin, n)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d (-want +got):\n%s", uin, diff)
		}
	}
}

func TestGroupFull(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	g, err := w.Groups().Add(world.Group{Name: "two", Owner: bot, MemberMax: 2}, alice)
	must(t, err)
	if err := w.Members().Join(g.Code, bob, 0, false); err == nil {
		t.Error("a third joined a group of two")
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	quick, end := w.Watch(10)
	slow, endSlow := w.Watch(1)
	must(t, w.Groups().Rename(mall, bob, "new"))
	w.Messages().Send(world.Send{From: carol, Group: mall, Parts: world.Text("hi")}, nil)
	w.Note(world.Activity{Kind: world.ActivityOnline, User: bot, Time: 5})
	want := []world.Activity{
		{Kind: "rename", Group: mall, By: bob, Text: "new"},
		{Kind: "message", Group: mall, User: carol, Sequence: 1},
		{Kind: "client_online", User: bot, Time: 5},
	}
	for i := range want {
		got := <-quick
		if got.Time == 0 || (got.Kind == "message") != (got.Message != nil) {
			t.Errorf("activity %d: %+v", i, got)
		}
		if want[i].Time == 0 {
			got.Time = 0
		}
		got.Message = nil
		if got != want[i] {
			t.Errorf("activity %d: got %+v, want %+v", i, got, want[i])
		}
	}
	if _, open := <-slow; !open {
		t.Error("what was in the buffer is lost")
	}
	if _, open := <-slow; open {
		t.Error("a slow watcher was not cut off")
	}
	end()
	end()
	endSlow()
	if _, open := <-quick; open {
		t.Error("the channel was not closed at the end")
	}
}

// TestConcurrent gives the race detector something to see: order must hold.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	pushed := 0
	w.Listen(func(h world.Happening) {
		pushed++
		if m := h.(*world.MessageSent).Message; m.Sequence != uint64(pushed) {
			t.Errorf("happening %d is message %d", pushed, m.Sequence)
		}
	})
	activities, end := w.Watch(10000)
	defer end()
	var wg sync.WaitGroup
	for _, from := range []message.UIN{alice, bob, carol} {
		wg.Go(func() {
			for range 200 {
				w.Messages().Send(world.Send{From: from, Group: mall, Parts: world.Text("x")}, nil)
				w.Members().List(mall)
				w.History().OfGroup(mall, 1, 30)
			}
		})
	}
	wg.Wait()
	if pushed != 600 {
		t.Errorf("got %d happenings, want 600", pushed)
	}
	for i := range 600 {
		if a := <-activities; a.Sequence != uint64(i+1) {
			t.Fatalf("activity %d has sequence %d", i, a.Sequence)
		}
	}
}

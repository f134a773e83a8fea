package world_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// TestWorldStaysWhole lets people come and go at random, and finds a group or a friendship
// with somebody who is not there, and a sequence that comes twice.
func TestWorldStaysWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, err := world.Make(7, func(w *world.World) error {
			for range 4 {
				if _, err := w.Users().Add(world.User{}); err != nil {
					return err
				}
			}
			_, err := w.Groups().Add(world.Group{Name: "G"}, 20001, 20002)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w.Listen(func(h world.Happening) { h.Activity() })
		beginning := snapshot(w)
		user := func() message.UIN { return message.UIN(rapid.IntRange(20001, 20006).Draw(t, "user")) }
		group := func() message.GroupCode {
			return message.GroupCode(rapid.IntRange(730000001, 730000003).Draw(t, "group"))
		}
		inGroup, inPrivate := map[message.GroupCode]uint64{}, map[[2]message.UIN]uint64{}
		// What is refused does not matter here.
		t.Repeat(map[string]func(*rapid.T){
			"add user":     func(*rapid.T) { _, _ = w.Users().Add(world.User{}) },
			"remove user":  func(*rapid.T) { _ = w.Users().Remove(user()) },
			"befriend":     func(*rapid.T) { _ = w.Friends().Add(user(), user()) },
			"unfriend":     func(*rapid.T) { _ = w.Friends().Remove(user(), user()) },
			"found group":  func(*rapid.T) { _, _ = w.Groups().Add(world.Group{Name: "G"}, user(), user()) },
			"remove group": func(*rapid.T) { _ = w.Groups().Remove(group()) },
			"join":         func(*rapid.T) { _ = w.Members().Join(group(), user(), 0, false) },
			"leave":        func(*rapid.T) { _ = w.Members().Leave(group(), user()) },
			"react": func(t *rapid.T) {
				_ = w.Messages().React(group(), uint64(rapid.IntRange(1, 3).Draw(t, "sequence")), user(), "76", rapid.Bool().Draw(t, "on"))
			},
			"essence": func(t *rapid.T) {
				_ = w.Messages().SetEssence(group(), uint64(rapid.IntRange(1, 3).Draw(t, "sequence")), 0, user(), rapid.Bool().Draw(t, "on"))
			},
			"to-do": func(t *rapid.T) {
				step := rapid.SampledFrom([]world.TodoStep{world.TodoSet, world.TodoFinish, world.TodoCancel}).Draw(t, "step")
				_ = w.Groups().Todo(group(), uint64(rapid.IntRange(0, 3).Draw(t, "sequence")), user(), step)
			},
			"honor":     func(*rapid.T) { _ = w.Members().Honor(group(), user(), world.HonorTalkative) },
			"sign in":   func(*rapid.T) { _, _ = w.Members().SignIn(group(), user()) },
			"pin":       func(t *rapid.T) { _ = w.Chats().PinFriend(user(), user(), rapid.Bool().Draw(t, "on")) },
			"pin group": func(t *rapid.T) { _ = w.Chats().PinGroup(user(), group(), rapid.Bool().Draw(t, "on")) },
			"admin":     func(*rapid.T) { _ = w.Members().SetAdmin(group(), user(), 0, true) },
			"give away": func(*rapid.T) { _ = w.Groups().Transfer(group(), 0, user()) },
			"upload": func(t *rapid.T) {
				_, _ = w.Files().Add(group(), user(), world.NewFile{
					Name: "f", Blob: blobOf("x"), ID: rapid.SampledFrom([]string{"/1", "/2", ""}).Draw(t, "id"), Temporary: rapid.Bool().Draw(t, "temporary"),
				})
			},
			"delete file": func(t *rapid.T) {
				_ = w.Files().Delete(group(), user(), rapid.SampledFrom([]string{"/1", "/2"}).Draw(t, "id"))
			},
			"keep file": func(*rapid.T) { _, _ = w.Files().Keep(group(), user(), "/1") },
			"kick":      func(*rapid.T) { _ = w.Members().KickAll(group(), 0, true, user(), user()) },
			"speak": func(t *rapid.T) {
				code := group()
				if m, err := w.Messages().Send(world.Send{From: user(), Group: code, Parts: world.Text("x")}, nil); err == nil {
					if m.Sequence <= inGroup[code] {
						t.Errorf("group %d: sequence %d after %d", code, m.Sequence, inGroup[code])
					}
					inGroup[code] = m.Sequence
				}
			},
			"write": func(t *rapid.T) {
				a, b := user(), user()
				if m, err := w.Messages().Send(world.Send{From: a, To: b, Parts: world.Text("x")}, nil); err == nil {
					pair := [2]message.UIN{min(a, b), max(a, b)}
					if m.Sequence <= inPrivate[pair] {
						t.Errorf("%v: sequence %d after %d", pair, m.Sequence, inPrivate[pair])
					}
					inPrivate[pair] = m.Sequence
				}
			},
			"reset": func(t *rapid.T) {
				if err := w.Reset(); err != nil {
					t.Fatal(err)
				}
				if got := snapshot(w); got != beginning {
					t.Errorf("got %s\nwant %s", got, beginning)
				}
			},
			"": func(t *rapid.T) { whole(t, w) },
		})
	})
}

// whole checks who is where.
func whole(t *rapid.T, w *world.World) {
	for _, u := range w.Users().List() {
		for _, f := range w.Friends().List(u.UIN) {
			if known, ok := w.Users().Find(f.User.UIN); !ok || known != f.User {
				t.Errorf("%d has the friend %+v", u.UIN, f.User)
			}
		}
	}
	for _, g := range w.Groups().List() {
		for _, m := range w.History().Newest(g.Code, 0, 0, 10) {
			for _, r := range m.Reactions {
				if who := slices.Compact(slices.Sorted(slices.Values(r.Users))); len(who) == 0 || len(who) != len(r.Users) {
					t.Errorf("message %d of %d has the reaction %+v", m.Sequence, g.Code, r)
				}
			}
		}
		space, _ := w.Files().Space(g.Code, 0)
		page, _ := w.Files().List(g.Code, 0, world.RootFolder, 0, 10000)
		var temporary, used uint64
		for _, f := range page.Files {
			if f.Temporary() {
				temporary++
			} else {
				used += f.Size
			}
		}
		if int(space.Count) != len(page.Files) || uint64(space.Temporary) != temporary || space.Used != used {
			t.Errorf("group %d has the files %+v, and counts %+v", g.Code, page.Files, space)
		}
		members := w.Members().List(g.Code)
		owners := 0
		for _, m := range members {
			if known, ok := w.Users().Find(m.User.UIN); !ok || known != m.User {
				t.Errorf("group %d has the member %+v", g.Code, m)
			}
			if m.Role == message.RoleOwner && m.User.UIN == g.Owner {
				owners++
			}
		}
		if owners != 1 || int(g.MemberCount) != len(members) {
			t.Errorf("got %+v with members %+v", g, members)
		}
	}
}

package ntqq

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// cacheWorld is what is true of some groups, and the pushes of its changes that the client
// has not got yet.
type cacheWorld struct {
	*memberServer
	c      *Client
	groups []GroupCode
	pushes []event.Event
	now    int64
	came   int // people that have come in
}

// worldChange is something that people do in a group: what, who and whether the push comes at
// once.
type worldChange struct {
	what, group, who int
	pushed           bool
}

func drawChange(t *rapid.T) worldChange {
	return worldChange{rapid.IntRange(0, 6).Draw(t, "what"), rapid.IntRange(0, 3).Draw(t, "group"), rapid.IntRange(0, 9).Draw(t, "who"), rapid.Bool().Draw(t, "pushed")}
}

func (w *cacheWorld) do(ch worldChange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	code := w.groups[ch.group%len(w.groups)]
	list := slices.Clone(w.lists[code]) // an answer may hold it
	defer func() { w.lists[code] = list }()
	w.now++
	text := fmt.Sprint("text ", w.now)
	m := &list[ch.who%len(list)]
	who := event.Person{UIN: m.UIN, UID: m.UID}
	switch ch.what {
	case 0, 1:
		m.Card, m.LastSpeak = text, w.now
		w.push(&event.Message{Message: &message.Message{
			Chat: message.Chat{Kind: message.Group, Group: code}, Raw: []byte{1}, Time: w.now,
			Sender: message.Sender{UIN: m.UIN, UID: m.UID, Nickname: m.Nickname, Card: m.Card, Role: m.Role},
		}})
	case 2:
		m.Title = text
		w.push(&event.GroupTitleChanged{Group: code, Member: event.Person{UID: m.UID}, Title: text})
	case 3:
		m.Role = message.RoleAdmin - m.Role
		w.push(&event.GroupAdminChanged{Group: code, Member: who})
	case 4:
		w.came++
		in := crowdOf(GroupCode(w.groups[0]), 100+w.came)[99+w.came]
		in.Group = code
		list = append(list, in)
		w.push(&event.GroupMemberIncrease{Group: code, Member: event.Person{UID: in.UID}})
	case 5:
		if len(list) > 1 {
			list = slices.Delete(list, ch.who%len(list), ch.who%len(list)+1)
			w.push(&event.GroupMemberDecrease{Group: code, Member: who})
		}
	case 6:
		for other, members := range w.lists { // somebody in several groups
			members = slices.Clone(members)
			for i := range members {
				if members[i].UIN == who.UIN {
					members[i].Nickname = text
				}
			}
			w.lists[other] = members
		}
		list = w.lists[code]
		w.push(&event.FriendRenamed{Friend: who, Nickname: text})
	}
	if ch.pushed {
		w.deliver()
	}
}

func (w *cacheWorld) push(e event.Event) { w.pushes = append(w.pushes, e) }

// deliver gives the client what was pushed, in order.
func (w *cacheWorld) deliver() {
	for _, e := range w.pushes {
		w.c.cache.apply(e)
	}
	w.pushes = nil
}

// Whatever is pushed before, while and after lists are fetched, in several pages and with
// room for some of them: when all pushes have come, each answer is the truth.
func TestCacheModel(t *testing.T) {
	s := &memberServer{page: 3, lists: map[GroupCode][]Member{}}
	w := &cacheWorld{memberServer: s}
	w.c = s.online(t, 3*newMemberList(1, crowdOf(1, 8)).size())
	world := GroupCode(1)
	forgotten := false
	rapid.Check(t, func(t *rapid.T) {
		clear(w.lists)
		w.groups, w.pushes, w.now = nil, nil, 1_770_000_000
		for i := range GroupCode(rapid.IntRange(1, 4).Draw(t, "groups")) {
			world++
			w.groups = append(w.groups, world)
			w.lists[world] = crowdOf(world, rapid.IntRange(1, 8).Draw(t, "members"))
			shared := crowdOf(w.groups[0], 9)[8] // is in all of them
			shared.Group = w.groups[0] + i
			w.lists[world] = append(w.lists[world], shared)
		}
		var script []worldChange // what happens between the pages of the next list
		s.between = func(GroupCode, int) {
			if len(script) > 0 {
				w.do(script[0])
				script = script[1:]
			}
		}
		ctx := t.Context()
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			for range rapid.IntRange(0, 3).Draw(t, "changes") {
				w.do(drawChange(t))
			}
			if rapid.Bool().Draw(t, "while it is fetched") {
				for range rapid.IntRange(1, 4).Draw(t, "changes") {
					script = append(script, drawChange(t))
				}
				_, err := w.c.Members().List(ctx, rapid.SampledFrom(w.groups).Draw(t, "list"), rapid.Bool().Draw(t, "refresh"))
				if err != nil {
					t.Fatal(err)
				}
				script = nil
			}
			w.deliver()
			w.check(ctx, t)
		}
		_, _, n := w.c.cache.memberStats()
		forgotten = forgotten || n > 0
		if _, bytes, _ := w.c.cache.memberStats(); bytes > w.c.cache.members.most {
			t.Fatalf("%d bytes are kept", bytes)
		}
	})
	if !forgotten {
		t.Error("no list was forgotten")
	}
}

// check asks for something that must be true.
func (w *cacheWorld) check(ctx context.Context, t *rapid.T) {
	code := rapid.SampledFrom(w.groups).Draw(t, "group")
	want := slices.SortedFunc(slices.Values(w.lists[code]), func(x, y Member) int { return int(x.UIN) - int(y.UIN) })
	m := rapid.SampledFrom(want).Draw(t, "member")
	switch rapid.IntRange(0, 3).Draw(t, "question") {
	case 0:
		got, err := w.c.Members().List(ctx, code, false)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("group %d: %v (-want +got):\n%s", code, err, diff)
		}
	case 1:
		if got, err := w.c.Members().Info(ctx, code, m.UIN, false); err != nil || got != m {
			t.Fatalf("got %+v, %v; want %+v", got, err, m)
		}
	case 2:
		p := &event.Person{UID: m.UID}
		w.c.resolvePerson(ctx, &questions{allowed: true}, p, code)
		if p.UIN != m.UIN && p.UIN != 0 {
			t.Fatalf("%s has the number %d, want %d", m.UID, p.UIN, m.UIN)
		}
		if uid, ok := w.c.cache.memberUID(m.UIN); ok && uid != m.UID {
			t.Fatalf("%d has the uid %s, want %s", m.UIN, uid, m.UID)
		}
	case 3:
		card, known := w.c.cache.card(&event.Message{Message: &message.Message{
			Chat: message.Chat{Kind: message.Group, Group: code}, Sender: message.Sender{UIN: m.UIN},
		}})
		if _, _, fresh := w.c.cache.member(code, m.UIN); known && fresh && card != m.Card {
			t.Fatalf("%d has the card %q, want %q", m.UIN, card, m.Card)
		}
	}
}

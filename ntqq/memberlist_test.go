package ntqq

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"libration/ntqq/message"
)

// crowdOf are so many members, as real as their lengths.
func crowdOf(group GroupCode, n int) []Member {
	list := make([]Member, n)
	for i := range list {
		list[i] = Member{
			Group: group, UIN: UIN(10_000_000*int(group) + i), UID: UID(fmt.Sprintf("u_%022d", int(group)*1_000_000+i)), Nickname: fmt.Sprint("Member ", i),
			Card: strings.Repeat("名", i%8), Level: uint32(i % 100), JoinTime: 1_700_000_000, LastSpeak: 1_760_000_000 + int64(i),
		}
	}
	return list
}

// What a list is given it has, whatever is changed, and nothing else.
func TestMemberListKeepsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 10, 40)
		member := rapid.Custom(func(t *rapid.T) Member {
			uin := UIN(rapid.IntRange(0, 20).Draw(t, "uin"))
			return Member{
				Group: testGroup, UIN: uin, UID: UID(fmt.Sprint("u_", 30-uin)), Nickname: text.Draw(t, "nickname"), Card: text.Draw(t, "card"), Title: text.Draw(t, "title"),
				Role: message.Role(rapid.IntRange(0, 2).Draw(t, "role")), Level: rapid.Uint32().Draw(t, "level"),
				JoinTime: int64(rapid.Uint32().Draw(t, "joined")), LastSpeak: int64(rapid.Uint32().Draw(t, "spoke")), MuteUntil: int64(rapid.Uint32().Draw(t, "muted")),
			}
		})
		given := rapid.SliceOf(member).Draw(t, "list")
		want := map[UIN]Member{} // of a number that comes twice the last one
		for _, m := range given {
			want[m.UIN] = m
		}
		l := newMemberList(testGroup, slices.Clone(given))
		for range rapid.IntRange(0, 30).Draw(t, "changes") {
			to := member.Draw(t, "change")
			if i, ok := l.find(to.UIN); ok {
				l.change(i, func(m *Member) { *m = to })
				want[to.UIN] = to
			}
		}
		if diff := cmp.Diff(sorted(want), l.all()); diff != "" {
			t.Fatalf("the list is wrong (-want +got):\n%s", diff)
		}
		for uin := range UIN(22) {
			m, in := want[uin]
			i, found := l.find(uin)
			if found != in || in && l.at(i) != m {
				t.Fatalf("%d: found %t, want %+v, %t", uin, found, m, in)
			}
			if i, found = l.findUID(UID(fmt.Sprint("u_", 30-uin))); found != in || in && l.at(i) != m {
				t.Fatalf("%d by its uid: found %t, want %+v, %t", uin, found, m, in)
			}
		}
		if texts := len(l.texts) - l.waste; texts != total(l.all(), (*Member).textSize) || l.waste > len(l.texts)/2 {
			t.Fatalf("of %d bytes of texts %d are waste", len(l.texts), l.waste)
		}
	})
}

func total(list []Member, of func(*Member) int) (sum int) {
	for i := range list {
		sum += of(&list[i])
	}
	return sum
}

// Text ids that nobody has, and names that a push may not bring.
func TestMemberListRefuses(t *testing.T) {
	t.Parallel()
	long := Member{Group: testGroup, UIN: 2, UID: UID(strings.Repeat("u", maxUID+1)), Nickname: "long"}
	l := newMemberList(testGroup, []Member{{Group: testGroup, UIN: 1}, long})
	for _, uid := range []UID{"", long.UID} {
		if i, ok := l.findUID(uid); ok {
			t.Errorf("%.10q is in row %d", uid, i)
		}
	}
	l.change(1, func(m *Member) { m.Nickname = strings.Repeat("x", maxNames+1) })
	if m := l.at(1); m.Nickname != "long" || m.UID != "" {
		t.Errorf("got %.80v", m)
	}
}

// What a list says of its size is what it takes.
func TestMemberListSize(t *testing.T) {
	if got := int(reflect.TypeFor[memberRow]().Size()) + 4; got != rowBytes {
		t.Errorf("a row takes %d bytes, not %d", got, rowBytes)
	}
	if got := int(reflect.TypeFor[memberList]().Size()); got > listBytes-32 {
		t.Errorf("a list takes %d bytes", got)
	}
	for _, members := range []int{3, 100, 2000} {
		const lists = 50
		all, counted := make([]*memberList, 0, lists), 0
		before := live()
		for i := range lists {
			all = append(all, newMemberList(GroupCode(i), crowdOf(GroupCode(i), members)))
			counted += all[i].size()
		}
		took := int(live() - before)
		t.Logf("%d members: %d bytes counted for each, %d taken", members, counted/lists/members, took/lists/members)
		if took > counted*11/10 || took < counted*7/10 {
			t.Errorf("%d lists of %d members take %d bytes, %d are counted", lists, members, took, counted)
		}
		runtime.KeepAlive(all)
	}
}

// live is the size of the heap.
func live() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func BenchmarkMembers(b *testing.B) {
	const members = 2000
	var c cache
	c.init(memberMemory)
	c.setMembers(testGroup, crowdOf(testGroup, members))
	someone := crowdOf(testGroup, members)[members/3]
	for name, f := range map[string]func(){
		"number": func() { c.member(testGroup, someone.UIN) },
		"uid":    func() { c.uin(someone.UID) },
		"all":    func() { c.memberList(testGroup) },
		"renamed": func() {
			c.editMember(testGroup, someone.UIN, func(m *Member) { m.Card += "x"; m.Card = m.Card[len(m.Card)-1:] })
		},
		"spoke": func() { c.editMember(testGroup, someone.UIN, func(m *Member) { m.LastSpeak++ }) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
	b.Run("fetched", func(b *testing.B) {
		b.ReportAllocs()
		list := crowdOf(testGroup, members)
		for b.Loop() {
			newMemberList(testGroup, list)
		}
	})
}

package ntqq

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/sessiontest"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// The lists of all groups are bounded in bytes. Those used last stay, and changes that make
// one larger count.
func TestMemberListsOfAllGroupsAreBounded(t *testing.T) {
	var c cache
	list := func(code GroupCode) []Member { return crowdOf(code, 1000) }
	one := newMemberList(1, list(1)).size()
	c.init(3*one + one/2)
	put := func(code GroupCode) {
		key := membersKey(code)
		c.begin(key)
		c.setMembers(code, list(code))
		c.end(key)
	}
	kept := func() (codes []GroupCode) {
		for code := range GroupCode(10) {
			if c.members.of[code] != nil {
				codes = append(codes, code)
			}
		}
		return codes
	}
	for code := range GroupCode(3) {
		put(code)
	}
	c.memberList(0)
	c.member(1, 0)
	put(3)
	if got := fmt.Sprint(kept()); got != "[0 1 3]" {
		t.Errorf("the lists %s are kept; 2 was not used", got)
	}
	for i := range 400 { // each text that is changed takes more
		c.editMember(1, list(1)[i].UIN, func(m *Member) { m.Card = strings.Repeat("x", 100) })
	}
	if got := fmt.Sprint(kept()); got != "[1 3]" {
		t.Errorf("the lists %s are kept; that of 1 became larger, 0 was not used", got)
	}
	if lists, bytes, forgotten := c.memberStats(); lists != 2 || bytes > c.members.most || forgotten != 2 {
		t.Errorf("%d lists of %d bytes, %d were forgotten", lists, bytes, forgotten)
	}
	c.members.most = one / 2
	put(5)
	if got := kept(); len(got) != 0 {
		t.Errorf("the lists %v are kept, each of which takes too much", got)
	}
}

// memberServer answers for lists of members, in pages that are asked for by their place.
type memberServer struct {
	mu    sync.Mutex
	lists map[GroupCode][]Member
	page  int
	asked int
	// version is what pages say of the list's changes. between is called between two pages.
	version func(GroupCode) uint32
	between func(code GroupCode, page int)
}

func (s *memberServer) answer(command string, payload []byte) ([]byte, error) {
	if command != rpc.GroupMembers.Name {
		return nil, rpc.ErrUnknownCommand
	}
	req, err := rpc.GroupMembers.DecodeRequest(payload)
	if err != nil {
		return nil, err
	}
	var from int
	_, _ = fmt.Sscan(string(req.GetCookie()), &from)
	code := GroupCode(req.GetGroupCode())
	if s.between != nil {
		s.between(code, from/s.page)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	resp := &oidbpb.GroupMemberListResp{GroupCode: uint64(code)}
	if s.version != nil {
		resp.MemberListChangeSeq = s.version(code)
	}
	list := s.lists[code]
	list = list[min(from, len(list)):]
	if len(list) > s.page {
		list, resp.Cookie = list[:s.page], fmt.Append(nil, from+s.page)
	}
	for _, m := range list {
		resp.Members = append(resp.Members, wireMember(m))
	}
	return rpc.GroupMembers.EncodeResponse(resp)
}

func wireMember(m Member) *oidbpb.GroupMember {
	role := uint32(0)
	switch m.Role {
	case message.RoleOwner:
		role = 1
	case message.RoleAdmin:
		role = 2
	}
	joined, spoke, muted := uint32(m.JoinTime), uint32(m.LastSpeak), uint32(m.MuteUntil)
	return &oidbpb.GroupMember{
		Id: &oidbpb.GroupMemberId{Uid: string(m.UID), Uin: uint64(m.UIN)}, MemberName: m.Nickname, Card: &oidbpb.GroupMemberCard{Card: &m.Card},
		SpecialTitle: &m.Title, Level: &oidbpb.GroupMemberLevel{Level: &m.Level}, JoinTime: &joined, LastMsgTime: &spoke, MuteUntil: &muted, Permission: role,
	}
}

// online is a client of the server with room for so many bytes of members.
func (s *memberServer) online(t *testing.T, memory int) *Client {
	t.Helper()
	service := sessiontest.New(t)
	service.Answer = s.answer
	c := start(t, service, Options{MemberMemory: memory})
	if _, err := c.Wait(t.Context(), State.Online); err != nil {
		t.Fatal(err)
	}
	return c
}

// Somebody leaves between two pages, and all behind move up: who would be on neither page
// is found by asking once more.
func TestListChangesBetweenItsPages(t *testing.T) {
	for _, changes := range []int{1, 1000} {
		s := &memberServer{page: 2, lists: map[GroupCode][]Member{testGroup: crowdOf(testGroup, 6)}}
		var version uint32
		s.version = func(GroupCode) uint32 { return version }
		s.between = func(code GroupCode, page int) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if page == 1 && int(version) < changes && len(s.lists[code]) > 2 {
				s.lists[code] = s.lists[code][1:]
				version++
			}
		}
		c := s.online(t, 0)
		list, err := c.Members().List(t.Context(), testGroup, false)
		if changes == 1 && (err != nil || len(list) != 5 || s.asked != 6) {
			t.Errorf("%d members after %d pages, %v; want 5 after 6", len(list), s.asked, err)
		}
		if changes > 1 && (err != nil || s.asked > 8) {
			t.Errorf("a list that never rests: %d pages were asked for, %v", s.asked, err)
		}
	}
}

// A page that names itself as the next one ends the list with an error.
func TestPageThatFollowsItself(t *testing.T) {
	service := sessiontest.New(t)
	asked := 0
	service.Answer = func(command string, _ []byte) ([]byte, error) {
		if command != rpc.GroupMembers.Name {
			return nil, rpc.ErrUnknownCommand
		}
		asked++
		return rpc.GroupMembers.EncodeResponse(&oidbpb.GroupMemberListResp{Cookie: []byte("again")})
	}
	c := start(t, service, Options{})
	if _, err := c.Wait(t.Context(), State.Online); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Members().List(t.Context(), testGroup, false); err == nil || !strings.Contains(err.Error(), "followed by itself") || asked != 2 {
		t.Errorf("%d pages were asked for, then %v", asked, err)
	}
}

// Many ask for members of more groups than there is room for: each answer is right.
func TestAnswersWhileListsAreForgotten(t *testing.T) {
	const groups, members = 12, 30
	s := &memberServer{page: 7, lists: map[GroupCode][]Member{}}
	for code := range GroupCode(groups) {
		s.lists[code+1] = crowdOf(code+1, members)
	}
	one := newMemberList(1, crowdOf(1, members)).size()
	for _, memory := range []int{one / 2, 3 * one} {
		c := s.online(t, memory)
		var all sync.WaitGroup
		for seed := range uint64(8) {
			all.Go(func() {
				rng := rand.New(rand.NewPCG(seed, 1))
				for range 60 {
					code := GroupCode(1 + rng.IntN(groups))
					want := crowdOf(code, members)
					m := want[rng.IntN(members)]
					switch rng.IntN(4) {
					case 0:
						if got, err := c.Members().List(t.Context(), code, false); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
							t.Errorf("group %d: %v, %v", code, got, err)
						}
					case 1:
						p := event.Person{UID: m.UID}
						c.refreshMembers(t.Context(), &questions{allowed: true}, code)
						if c.resolveKnown(&p) && p.UIN != m.UIN {
							t.Errorf("%s has the number %d, not %d", m.UID, p.UIN, m.UIN)
						}
					default:
						if got, err := c.Members().Info(t.Context(), code, m.UIN, false); err != nil || got != m {
							t.Errorf("got %+v, %v, want %+v", got, err, m)
						}
					}
				}
			})
		}
		all.Wait()
		if st := c.Stats(); st.MemberBytes > memory || st.MembersForgotten == 0 || memory > one && st.MemberLists == 0 {
			t.Errorf("of %d bytes %d are taken by %d lists, %d were forgotten", memory, st.MemberBytes, st.MemberLists, st.MembersForgotten)
		}
	}
}

// Another list comes when there is room for one, before whoever asked has got theirs.
func TestListGivesWayAsItComes(t *testing.T) {
	c := newTestClient(t)
	c.cache.members.most = newMemberList(1, crowdOf(1, 10)).size()
	list, err := cached(t.Context(), c, membersKey(1), false, func() ([]Member, bool) { return c.cache.memberList(1) }, func(context.Context) error {
		c.cache.setMembers(1, crowdOf(1, 10))
		c.cache.begin(membersKey(2))
		c.cache.setMembers(2, crowdOf(2, 10))
		c.cache.end(membersKey(2))
		return nil
	})
	if err != nil || len(list) != 10 {
		t.Errorf("%d members, %v; want 10", len(list), err)
	}
	if lists, bytes, _ := c.cache.memberStats(); lists > 1 || bytes > c.cache.members.most {
		t.Errorf("%d lists of %d bytes are kept", lists, bytes)
	}
}

// Who is no longer in a list still has a number, also after the account has left.
func TestNumbersOfThoseWhoAreGone(t *testing.T) {
	c := newTestClient(t)
	list := crowdOf(testGroup, 3)
	c.cache.setMembers(testGroup, crowdOf(testGroup, 3))
	c.cache.setMembers(testGroup, crowdOf(testGroup, 2))
	c.cache.apply(&event.GroupLeft{Group: testGroup})
	for _, m := range list {
		if uin, ok := c.cache.uin(m.UID); !ok || uin != m.UIN {
			t.Errorf("%s has the number %d, %t", m.UID, uin, ok)
		}
	}
	for i := range 3 * knownUIDs {
		c.cache.learn(UID(fmt.Sprint("u_", i)), UIN(i+1))
	}
	if n := len(c.cache.uins.young) + len(c.cache.uins.old); n > 2*knownUIDs {
		t.Errorf("%d numbers are kept", n)
	}
	if uin, ok := c.cache.uin(UID(fmt.Sprint("u_", 2*knownUIDs))); !ok || uin != 2*knownUIDs+1 {
		t.Errorf("a number that was learned late is forgotten")
	}
}

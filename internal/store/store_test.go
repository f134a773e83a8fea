package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if grownFile != "" {
			_ = os.RemoveAll(filepath.Dir(grownFile))
		}
		os.Exit(code)
	}))
}

const selfUIN = 10001

// encode makes the CommonMessage that the server would push for m, with the text.
func encode(t testing.TB, m *message.Message, text string) []byte {
	t.Helper()
	elem := &messagepb.Elem{Text: &messagepb.Text{Str: &text}}
	return encodeElems(t, m, elem)
}

func encodeElems(t testing.TB, m *message.Message, elems ...*messagepb.Elem) []byte {
	t.Helper()
	cm := &messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: uint64(m.Sender.UIN), ToUin: selfUIN},
		ContentHead: &messagepb.ContentHead{Type: 166, Random: proto.Uint64(uint64(m.Random)), Time: proto.Uint64(uint64(m.Time)), Sequence: &m.ClientSequence, NtMsgSeq: &m.Sequence},
		Body:        &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: elems}},
	}
	if m.Chat.Kind == message.Group {
		cm.ContentHead.Type, cm.ContentHead.Sequence, cm.ContentHead.NtMsgSeq = 82, &m.Sequence, nil
		cm.RoutingHead.Group = &messagepb.RoutingGroup{GroupCode: uint64(m.Chat.Group)}
	}
	raw, err := pb.Marshal(cm)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return raw
}

func groupMessage(t testing.TB, group message.GroupCode, sequence uint64) *message.Message {
	text := fmt.Sprintf("message %d", sequence)
	m := &message.Message{
		Chat:      message.Chat{Kind: message.Group, Group: group},
		Sender:    message.Sender{UIN: 20002, UID: "u_two", Nickname: "Two", Card: "Card", Title: "Title", Role: message.RoleAdmin, Level: 7},
		GroupName: "Friends of Go", Sequence: sequence, Random: 0xfedcba98, Time: 1700000000,
		Content: message.Content{message.Text(text)},
	}
	m.Raw = encode(t, m, text)
	return m
}

func privateMessage(t testing.TB, kind message.ChatKind, peer message.UIN, sequence, client uint64, random uint32) *message.Message {
	text := fmt.Sprintf("private %d", sequence)
	m := &message.Message{
		Chat:   message.Chat{Kind: kind, Peer: peer, PeerUID: "u_peer"},
		Sender: message.Sender{UIN: selfUIN, UID: "u_self", Nickname: "Me"}, Self: true,
		Sequence: sequence, ClientSequence: client, Random: random, Time: 1700000001,
		Content: message.Content{message.Text(text)},
	}
	m.Raw = encode(t, m, text)
	return m
}

func open(t testing.TB, o Options) *Store {
	t.Helper()
	if o.Path == "" {
		o.Path = filepath.Join(t.TempDir(), "account", "messages.db")
	}
	s, err := Open(context.Background(), o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func put(t testing.TB, s *Store, m *message.Message) int32 {
	t.Helper()
	id, err := s.Put(m)
	if err != nil {
		t.Fatalf("Put(%+v): %v", m.Chat, err)
	}
	return id
}

func check(t testing.TB, s *Store, id int32, want *message.Message) {
	t.Helper()
	got, err := s.Get(id)
	if err != nil {
		t.Fatalf("Get(%d): %v", id, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Get(%d) differs (-want +got):\n%s", id, diff)
	}
}

// flush waits until everything is written.
func flush(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Flush(t.Context()); err != nil {
		t.Fatalf("Flush: %v", err)
	}
}

func closeStore(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

func TestPutGet(t *testing.T) {
	temp := privateMessage(t, message.Temp, 40004, 5, 6, 7)
	temp.Chat.Group = 777
	unknown := privateMessage(t, message.Friend, 0, 9, 8, 7)
	tests := map[string]*message.Message{
		"group":         groupMessage(t, 12345, 678),
		"friend":        privateMessage(t, message.Friend, 30003, 5, 6, 7),
		"temp":          temp,
		"friend by uid": unknown,
		"large numbers": groupMessage(t, 1<<64-1, 1<<64-1),
	}
	path := filepath.Join(t.TempDir(), "account", "messages.db")
	s := open(t, Options{Path: path})
	ids := make(map[string]int32)
	for name, m := range tests {
		ids[name] = put(t, s, m)
		check(t, s, ids[name], m) // from memory
	}
	flush(t, s)
	for name, m := range tests {
		check(t, s, ids[name], m) // from the file
	}
	closeStore(t, s)

	s = open(t, Options{Path: path})
	for name, m := range tests {
		if got, err := s.ID(m.Chat, m.Sequence); err != nil || got != ids[name] {
			t.Errorf("%s: after a restart ID gives %d, %v, want %d", name, got, err, ids[name])
		}
		check(t, s, ids[name], m)
		if got := put(t, s, m); got != ids[name] {
			t.Errorf("%s: after a restart Put gives %d, want %d", name, got, ids[name])
		}
	}
	flush(t, s)
	if m, err := s.Get(ids["group"] + 1); m != nil || err != nil {
		t.Errorf("Get of an unknown id gives %v, %v, want nil, nil", m, err)
	}
	closeStore(t, s)
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Close left a WAL behind: %v", err)
	}
}

// TestIDs: the numbers are part of the file format.
func TestIDs(t *testing.T) {
	s := open(t, Options{})
	for _, tt := range []struct {
		chat message.Chat
		want int32
	}{
		{message.Chat{Kind: message.Group, Group: 12345}, 1873279654},
		{message.Chat{Kind: message.Friend, Peer: 12345, PeerUID: "u_a"}, 1556166310},
		{message.Chat{Kind: message.Temp, Peer: 12345, Group: 3}, -166535514},
		{message.Chat{Kind: message.Friend, PeerUID: "u_a"}, 212342438},
	} {
		for i := range int32(3) {
			if got, err := s.ID(tt.chat, uint64(678+i)); err != nil || got != tt.want+i {
				t.Errorf("ID(%+v) = %d, %v, want %d", tt.chat, got, err, tt.want+i)
			}
		}
	}
}

func TestNoKey(t *testing.T) {
	s := open(t, Options{})
	for name, m := range map[string]*message.Message{
		"nil":         nil,
		"no kind":     {Sequence: 1},
		"no group":    {Chat: message.Chat{Kind: message.Group, Peer: 5}, Sequence: 1},
		"no peer":     {Chat: message.Chat{Kind: message.Friend, Group: 5}, Sequence: 1},
		"no sequence": {Chat: message.Chat{Kind: message.Friend, Peer: 5}},
	} {
		if id, err := s.Put(m); id != 0 || !errors.Is(err, ErrNoKey) {
			t.Errorf("%s: Put gives %d, %v, want ErrNoKey", name, id, err)
		}
		if m != nil {
			if id, err := s.ID(m.Chat, m.Sequence); id != 0 || !errors.Is(err, ErrNoKey) {
				t.Errorf("%s: ID gives %d, %v, want ErrNoKey", name, id, err)
			}
		}
	}
	big := groupMessage(t, 1, 1)
	big.Raw = make([]byte, maxRaw+1)
	want, _ := s.ID(big.Chat, big.Sequence)
	if id, err := s.Put(big); id != want || err == nil {
		t.Errorf("Put of too large a message gives %d, %v, want %d and an error", id, err, want)
	}
}

// fourSlots gives all blocks one of four slots, one of them the forbidden 0.
func fourSlots(b block, n int) uint32 { return b.nth(n) % 4 }

func TestCollisions(t *testing.T) {
	for _, flushed := range []bool{false, true} {
		t.Run(fmt.Sprintf("flush=%t", flushed), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "messages.db")
			s := open(t, Options{Path: path, slot: fourSlots})
			ids := make(map[int32]*message.Message)
			for sequence := range uint64(3) {
				m := groupMessage(t, 5, (sequence+1)*places)
				before, err := s.ID(m.Chat, m.Sequence)
				if err != nil {
					t.Fatalf("ID: %v", err)
				}
				id := put(t, s, m)
				if id == 0 || ids[id] != nil || id != before {
					t.Errorf("message %d has id %d, want %d, not 0 and not one of %v", m.Sequence, id, before, ids)
				}
				ids[id] = m
				if flushed {
					flush(t, s)
				}
			}
			if id, err := s.Put(groupMessage(t, 5, 99*places)); err == nil {
				t.Errorf("Put with all ids taken gives %d, want an error", id)
			}
			for range 2 {
				for id, m := range ids {
					if again := put(t, s, m); again != id {
						t.Errorf("message %d has id %d when stored again, want %d", m.Sequence, again, id)
					}
					if got, err := s.ID(m.Chat, m.Sequence); got != id || err != nil {
						t.Errorf("ID of message %d is %d, %v, want %d", m.Sequence, got, err, id)
					}
					check(t, s, id, m)
				}
				closeStore(t, s)
				s = open(t, Options{Path: path, slot: fourSlots})
			}
		})
	}
}

func TestPutAgainKeepsWhatIsKnown(t *testing.T) {
	for _, flushed := range []bool{false, true} {
		s := open(t, Options{})
		sent := privateMessage(t, message.Friend, 30003, 5, 6, 7)
		id := put(t, s, sent)
		if flushed {
			flush(t, s)
		}
		echo := *sent
		echo.ClientSequence, echo.Random, echo.Chat.PeerUID, echo.Sender.Nickname = 0, 0, "", "New name"
		if again := put(t, s, &echo); again != id {
			t.Errorf("the echo has id %d, want %d", again, id)
		}
		want := *sent
		want.Sender.Nickname = "New name"
		check(t, s, id, &want)
		flush(t, s)
		check(t, s, id, &want)
		got, err := s.FindFriend(30003, 6, 7)
		if diff := cmp.Diff(&want, got); err != nil || diff != "" {
			t.Errorf("FindFriend: %v, differs (-want +got):\n%s", err, diff)
		}
		var rows int
		if err := s.db.r.QueryRow("SELECT count(*) FROM messages").Scan(&rows); err != nil || rows != 1 {
			t.Errorf("got %d rows, %v, want 1", rows, err)
		}
	}
}

// TestNumbersUsedAgain: after a sandbox's restart a sequence stands for another
// message, which takes over nothing from the one before.
func TestNumbersUsedAgain(t *testing.T) {
	for _, flushed := range []bool{false, true} {
		s := open(t, Options{})
		before := groupMessage(t, 1, 1)
		before.Random, before.Self, before.Sender.Card, before.Sender.Title = 5, true, "Old card", "Old title"
		id := put(t, s, before)
		if flushed {
			flush(t, s)
		}
		now := groupMessage(t, 1, 1)
		now.Random, now.Self, now.Sender.Card, now.Sender.Title = 6, false, "", ""
		if again := put(t, s, now); again != id {
			t.Errorf("got id %d, want %d", again, id)
		}
		check(t, s, id, now)
		flush(t, s)
		check(t, s, id, now)
	}
}

func TestFindFriend(t *testing.T) {
	s := open(t, Options{})
	group := groupMessage(t, 30003, 1)
	group.ClientSequence, group.Random = 6, 7
	put(t, s, group)
	put(t, s, privateMessage(t, message.Friend, 30003, 5, 6, 7))
	put(t, s, privateMessage(t, message.Friend, 30003, 8, 6, 9))
	put(t, s, privateMessage(t, message.Temp, 50005, 1, 2, 3))
	for _, where := range []string{"memory", "file"} {
		for _, tt := range []struct {
			peer   message.UIN
			client uint64
			random uint32
			want   uint64 // sequence, 0 = none
		}{
			{30003, 6, 7, 5}, {30003, 6, 9, 8}, {30003, 6, 0, 8}, {30003, 6, 8, 0},
			{50005, 2, 3, 1}, {50005, 3, 3, 0}, {1, 6, 7, 0}, {30003, 0, 0, 0}, {0, 6, 7, 0},
		} {
			m, err := s.FindFriend(tt.peer, tt.client, tt.random)
			got := uint64(0)
			if m != nil {
				got = m.Sequence
			}
			if got != tt.want || err != nil {
				t.Errorf("in %s: FindFriend(%d, %d, %d) gives sequence %d, %v, want %d", where, tt.peer, tt.client, tt.random, got, err, tt.want)
			}
		}
		flush(t, s)
	}
	var detail string
	if err := s.db.r.QueryRow("EXPLAIN QUERY PLAN "+byNumbersSQL, 1, 2, 3).Scan(new(int), new(int), new(int), &detail); err != nil || !strings.Contains(detail, "messages_private") {
		t.Errorf("the query's plan is %q, %v, want one with the index", detail, err)
	}
}

func TestThrough(t *testing.T) {
	s := open(t, Options{})
	put(t, s, privateMessage(t, message.Friend, 30003, 5, 6, 7))
	old := privateMessage(t, message.Temp, 50005, 1, 2, 3)
	newer := privateMessage(t, message.Temp, 50005, 2, 3, 4)
	old.Chat.Group, newer.Chat.Group = 700, 800
	put(t, s, old)
	put(t, s, newer)
	put(t, s, privateMessage(t, message.Friend, 50005, 9, 9, 9)) // a friend by now
	for _, where := range []string{"memory", "file"} {
		for peer, want := range map[message.UIN]message.GroupCode{50005: 800, 30003: 0, 1: 0, 0: 0} {
			if got, err := s.Through(peer); got != want || err != nil {
				t.Errorf("in %s: Through(%d) gives %d, %v, want %d", where, peer, got, err, want)
			}
		}
		flush(t, s)
	}
	var detail string
	if err := s.db.r.QueryRow("EXPLAIN QUERY PLAN "+throughSQL, 1).Scan(new(int), new(int), new(int), &detail); err != nil || !strings.Contains(detail, "messages_private") {
		t.Errorf("the query's plan is %q, %v, want one with the index", detail, err)
	}
}

func TestLookedUpPeople(t *testing.T) {
	s := open(t, Options{})
	m := groupMessage(t, 1, 1)
	// The encoded mention has only the uid.
	reserve, err := pb.Marshal(&messagepb.TextReserve{AtType: proto.Uint32(2), AtMemberUid: proto.String("u_three")})
	if err != nil {
		t.Fatal(err)
	}
	m.Raw = encodeElems(t, m, &messagepb.Elem{Text: &messagepb.Text{Str: proto.String("@Three"), PbReserve: reserve}})
	m.Content = message.Content{&message.AtSegment{UID: "u_three", UIN: 30003, Display: "@Three"}}
	id := put(t, s, m)
	flush(t, s)
	check(t, s, id, m)

	c := message.Content{
		&message.ReplySegment{SenderUID: "u_a", SenderUIN: 1, Content: message.Content{&message.AtSegment{UID: "u_b", UIN: 2}, &message.AtSegment{UID: "bad id", UIN: 3}}},
		message.Text("x"), &message.AtSegment{UID: "u_c"},
	}
	list := people(c)
	if want := "u_a 1\nu_b 2\n"; list != want {
		t.Errorf("people gives %q, want %q", list, want)
	}
	bare := message.Content{&message.ReplySegment{SenderUID: "u_a", Content: message.Content{&message.AtSegment{UID: "u_b"}}}}
	nameUINs(bare, list+"garbage")
	want := message.Content{&message.ReplySegment{SenderUID: "u_a", SenderUIN: 1, Content: message.Content{&message.AtSegment{UID: "u_b", UIN: 2}}}}
	if diff := cmp.Diff(want, bare); diff != "" {
		t.Errorf("nameUINs differs (-want +got):\n%s", diff)
	}
}

func TestConcurrent(t *testing.T) {
	// A small queue, a weak hash and one key for all make every path likely.
	weak := func(b block, n int) uint32 { return b.nth(n) % 16 }
	s := open(t, Options{slot: weak, pending: 64, gather: time.Microsecond})
	const workers, each = 8, 150
	var mu sync.Mutex
	owners := make(map[int32]key)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range uint64(each) {
				for _, m := range []*message.Message{groupMessage(t, message.GroupCode(w+1), i+1), groupMessage(t, 100, i+1)} {
					id, err := s.Put(m)
					if err != nil {
						t.Errorf("Put: %v", err)
						return
					}
					k, _ := keyOf(m.Chat, m.Sequence)
					mu.Lock()
					if o, ok := owners[id]; ok && o != k {
						t.Errorf("id %d was given to %v and %v", id, o, k)
					}
					owners[id] = k
					mu.Unlock()
					if got, err := s.Get(id); err != nil || got == nil || got.Chat != m.Chat || got.Sequence != m.Sequence {
						t.Errorf("Get(%d) right after Put: %v, %v, want %+v", id, got, err, m.Chat)
					}
				}
			}
		})
	}
	wg.Wait()
	if want := (workers + 1) * each; len(owners) != want {
		t.Errorf("got %d ids, want %d", len(owners), want)
	}
	flush(t, s)
	for id, k := range owners {
		m, err := s.Get(id)
		if err != nil || m == nil {
			t.Fatalf("Get(%d): %v, %v", id, m, err)
		}
		if got, _ := keyOf(m.Chat, m.Sequence); got != k {
			t.Errorf("id %d is stored for %v, want %v", id, got, k)
		}
	}
}

func TestRights(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such file modes")
	}
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "messages.db")
	s := open(t, Options{Path: path})
	put(t, s, groupMessage(t, 1, 1))
	flush(t, s)
	for name, want := range map[string]os.FileMode{dir: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v, want %v", name, info.Mode().Perm(), err, want)
		}
	}
	closeStore(t, s)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, Options{Path: path})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a wide mode became %v, %v, want 0600", info.Mode().Perm(), err)
	}
}

func TestPathCharacters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "数据 100%?#&=a", "messages.db")
	s := open(t, Options{Path: path})
	id := put(t, s, groupMessage(t, 1, 1))
	closeStore(t, s)
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Fatalf("the file is not where it should be: %v", err)
	}
	check(t, open(t, Options{Path: path}), id, groupMessage(t, 1, 1))
}

func logTo(b *bytes.Buffer) *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

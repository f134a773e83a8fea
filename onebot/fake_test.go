package onebot

import (
	"context"
	"errors"
	"hash/crc32"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"libration/gateway"
	"libration/internal/clienttest"
	"libration/ntqq"
	"libration/ntqq/message"
)

const (
	selfUIN   message.UIN       = clienttest.UIN
	friendUIN message.UIN       = 20002
	groupCode message.GroupCode = 9007199254740993 // above 2^53
	testTime                    = clienttest.Time
)

// fakeClient is an online client and the service at the other end of its connection.
type fakeClient struct {
	*ntqq.Client
	*clienttest.Account
	err     atomic.Pointer[ntqq.ServerError] // refuses every call in the packet's head
	refuses atomic.Bool                      // every operation that has a result of its own
	// takes is how long the service takes for a message.
	takes time.Duration
}

// newFakeClient changes the service and the options before the client starts.
func newFakeClient(t testing.TB, change ...func(*clienttest.Account, *ntqq.Options)) *fakeClient {
	t.Helper()
	c := &fakeClient{Account: &clienttest.Account{
		Friends: []ntqq.Friend{{UIN: friendUIN, Nickname: "friend", Remark: "re", QID: "q", Category: 3, CategoryName: "cat"}},
		Groups:  []ntqq.Group{{Code: groupCode, Name: "组", Remark: "gr", CreateTime: 5, MemberCount: 2, MemberMax: 200}},
		Members: []ntqq.Member{{
			Group: groupCode, UIN: friendUIN, Nickname: "n", Card: "c", Title: "t", Role: message.RoleAdmin,
			Level: 12, JoinTime: 1, LastSpeak: 2, MuteUntil: 3,
		}},
		Users: []ntqq.User{{
			UIN: friendUIN, Nickname: "u", Sign: "s", QID: "q", Remark: "r", Sex: ntqq.SexFemale,
			Age: 20, Level: 64, RegisterTime: 1600000000, Status: 10, AvatarURL: "http://a/b?c&d=640",
		}},
	}}
	c.Sending = func(*message.Message) { time.Sleep(c.takes) } // virtual, where it is not 0
	c.Refuse = func() error {
		if c.refuses.Load() {
			return clienttest.Refused(3, "no")
		}
		return nil
	}
	c.Before = func() error {
		if err := c.err.Load(); err != nil {
			return clienttest.Refused(err.Code, err.Message)
		}
		return nil
	}
	c.Client = clienttest.Online(t, c.Account.Answer, func(o *ntqq.Options) {
		o.Initial.Nickname = "机器人<&>"
		for _, f := range change {
			f(c.Account, o)
		}
	})
	return c
}

// fakeStore keeps messages in a map; ids are the hash of the key.
type fakeStore struct {
	mu       sync.Mutex
	messages map[int32]*message.Message
	media    map[string]fakeMedium
	flushes  int
	err      error
	panics   bool
}

func (s *fakeStore) ID(chat message.Chat, sequence uint64) (int32, error) {
	if s.err != nil {
		return 0, s.err
	}
	return testID(chat, sequence), nil
}

func testID(chat message.Chat, sequence uint64) int32 {
	key := "p" + strconv.FormatUint(uint64(chat.Peer), 10)
	if chat.Kind == message.Group {
		key = "g" + strconv.FormatUint(uint64(chat.Group), 10)
	}
	return int32(crc32.ChecksumIEEE([]byte(key + "-" + strconv.FormatUint(sequence, 10))))
}

func (s *fakeStore) Put(m *message.Message) (int32, error) {
	if s.err != nil {
		return 0, s.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := testID(m.Chat, m.Sequence)
	s.messages[id] = m
	return id, nil
}

func (s *fakeStore) PutSent(m *message.Message) (int32, error) { return s.Put(m) }

func (s *fakeStore) PutFetched(m *message.Message) (int32, error) { return s.Put(m) }

func (s *fakeStore) Get(id int32) (*message.Message, error) {
	if s.panics {
		panic("boom")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.messages[id], s.err
}

func (s *fakeStore) Through(peer message.UIN) (message.GroupCode, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		if m.Chat.Kind == message.Temp && m.Chat.Peer == peer {
			return m.Chat.Group, nil
		}
	}
	return 0, s.err
}

func (s *fakeStore) Recent(context.Context, int) ([]int32, error) { return nil, s.err }

func (s *fakeStore) FindFriend(peer message.UIN, clientSequence uint64, random uint32) (*message.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		if m.Chat.Kind != message.Group && m.Chat.Peer == peer && m.ClientSequence == clientSequence && m.Random == random {
			return m, nil
		}
	}
	return nil, s.err
}

// fakeMedium is what is kept of a medium.
type fakeMedium struct {
	kind    string
	payload []byte
}

func (s *fakeStore) PutMedium(id, kind string, payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.media == nil {
		s.media = map[string]fakeMedium{}
	}
	s.media[id] = fakeMedium{kind, payload}
	return s.err
}

func (s *fakeStore) Medium(id string) (string, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.media[id].kind, s.media[id].payload, s.err
}

func (s *fakeStore) Flush(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flushes++
	return s.err
}

func (s *fakeStore) FlushMessage(ctx context.Context, _ int32) error { return s.Flush(ctx) }

var errDisk = errors.New("disk full")

// testDialect is a dialect with the gateway of its account.
type testDialect struct {
	*Dialect
	*gateway.Gateway
}

// newDialect makes one on a gateway of its own.
func newDialect(o Options, store gateway.Store) *testDialect {
	o.Gateway = gateway.New(gateway.Options{Account: o.Client, Store: store, Log: o.Log, Clock: o.Clock})
	return &testDialect{New(o), o.Gateway}
}

func newTestDialect(t testing.TB, change ...func(*clienttest.Account, *ntqq.Options)) (*testDialect, *fakeClient, *fakeStore) {
	t.Helper()
	c := newFakeClient(t, change...)
	st := &fakeStore{messages: map[int32]*message.Message{}}
	return newDialect(Options{Client: c.Client, Version: "1.2.3", Clock: &fakeClock{now: time.Unix(testTime+1, 0)}}, st), c, st
}

// form selects events in a format.
func form(f Format, self bool) gateway.Selection {
	return gateway.Selection{Form: gateway.Form(f), ReportSelf: self}
}

// groupMessage is a message of somebody in the test group.
func groupMessage(sequence uint64, content ...message.Segment) *message.Message {
	return &message.Message{
		Chat:      message.Chat{Kind: message.Group, Group: groupCode},
		Sender:    message.Sender{UIN: friendUIN, Nickname: "nick", Card: "card", Title: "title", Role: message.RoleOwner, Level: 7},
		GroupName: "组", Sequence: sequence, Random: 9, Time: testTime, Content: content,
	}
}

func friendMessage(sequence uint64, content ...message.Segment) *message.Message {
	return &message.Message{
		Chat:   message.Chat{Kind: message.Friend, Peer: friendUIN},
		Sender: message.Sender{UIN: friendUIN, Nickname: "nick"},
		Time:   testTime, Sequence: sequence, ClientSequence: sequence + 1000, Random: 9, Content: content,
	}
}

// fakeClock stands still.
type fakeClock struct {
	now     time.Time
	unknown bool
}

func (c *fakeClock) Now() time.Time { return c.now }
func (c *fakeClock) Trusted() bool  { return !c.unknown }
func (c *fakeClock) Ago(age time.Duration) (time.Time, bool) {
	return c.now.Add(-age), !c.unknown
}

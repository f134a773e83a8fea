package onebot

import (
	"context"
	"errors"
	"hash/crc32"
	"strconv"
	"sync"
	"testing"
	"time"

	"libration/gateway"
	"libration/ntqq"
	"libration/ntqq/message"
)

const (
	selfUIN   message.UIN       = 10001
	friendUIN message.UIN       = 20002
	groupCode message.GroupCode = 9007199254740993 // above 2^53
	testTime                    = 1700000000
)

// fakeClient is an account that answers from its fields.
type fakeClient struct {
	mu        sync.Mutex
	state     ntqq.State
	unsigned  *ntqq.SignFailure
	err       error // of every call
	panics    bool
	sent      []message.Content
	sentGroup message.GroupCode
	sentPeer  message.UIN
	recalled  []*message.Message
	refreshed []bool
	sequence  uint64
	takes     time.Duration // a message to a group
}

func (c *fakeClient) call(refresh bool) error {
	if c.panics {
		panic("boom")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refreshed = append(c.refreshed, refresh)
	return c.err
}

func (c *fakeClient) Self() ntqq.Self {
	return ntqq.Self{UIN: selfUIN, UID: "u_self", Nickname: "机器人<&>"}
}
func (c *fakeClient) State() ntqq.State              { return c.state }
func (c *fakeClient) SignFailure() *ntqq.SignFailure { return c.unsigned }
func (c *fakeClient) Stats() ntqq.Stats {
	return ntqq.Stats{PacketsReceived: 1, PacketsSent: 2, PacketsDropped: 3, MessagesReceived: 4, MessagesSent: 5, Disconnects: 6, LastMessageTime: 7}
}

func (c *fakeClient) send(m *message.Message, content message.Content) (*message.Message, error) {
	if err := c.call(false); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sequence++
	c.sentGroup, c.sentPeer = m.Chat.Group, m.Chat.Peer
	c.sent = append(c.sent, content)
	m.Self, m.Sequence, m.Time, m.Content = true, 100+c.sequence, testTime, content
	m.Sender = message.Sender{UIN: selfUIN, Nickname: "bot"}
	return m, nil
}

func (c *fakeClient) SendGroup(ctx context.Context, g message.GroupCode, content message.Content) (*message.Message, error) {
	if c.takes > 0 {
		select {
		case <-time.After(c.takes):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return c.send(&message.Message{Chat: message.Chat{Kind: message.Group, Group: g}}, content)
}

func (c *fakeClient) SendFriend(_ context.Context, p message.UIN, content message.Content) (*message.Message, error) {
	return c.send(&message.Message{Chat: message.Chat{Kind: message.Friend, Peer: p}}, content)
}

func (c *fakeClient) Recall(_ context.Context, m *message.Message) error {
	if err := c.call(false); err != nil {
		return err
	}
	c.recalled = append(c.recalled, m)
	return nil
}

func (c *fakeClient) Friends(_ context.Context, refresh bool) ([]ntqq.Friend, error) {
	return []ntqq.Friend{{UIN: friendUIN, Nickname: "friend", Remark: "re", QID: "q", Category: 3, CategoryName: "cat"}}, c.call(refresh)
}

func (c *fakeClient) Groups(ctx context.Context, refresh bool) ([]ntqq.Group, error) {
	g, err := c.Group(ctx, groupCode, refresh)
	return []ntqq.Group{g}, err
}

func (c *fakeClient) Group(_ context.Context, code message.GroupCode, refresh bool) (ntqq.Group, error) {
	if code != groupCode {
		return ntqq.Group{}, ntqq.ErrNoGroup
	}
	return ntqq.Group{Code: groupCode, Name: "组", Remark: "gr", CreateTime: 5, MemberCount: 2, MemberMax: 200}, c.call(refresh)
}

func (c *fakeClient) Members(ctx context.Context, code message.GroupCode, refresh bool) ([]ntqq.Member, error) {
	m, err := c.Member(ctx, code, friendUIN, refresh)
	return []ntqq.Member{m}, err
}

func (c *fakeClient) Member(_ context.Context, code message.GroupCode, uin message.UIN, refresh bool) (ntqq.Member, error) {
	if code != groupCode {
		return ntqq.Member{}, ntqq.ErrNoGroup
	}
	if uin != friendUIN {
		return ntqq.Member{}, ntqq.ErrNoMember
	}
	return ntqq.Member{
		Group: code, UIN: uin, Nickname: "n", Card: "c", Title: "t", Role: message.RoleAdmin,
		Level: 12, JoinTime: 1, LastSpeak: 2, MuteUntil: 3,
	}, c.call(refresh)
}

func (c *fakeClient) User(_ context.Context, uin message.UIN) (ntqq.User, error) {
	if uin != friendUIN {
		return ntqq.User{}, ntqq.ErrNoUser
	}
	return ntqq.User{
		UIN: uin, Nickname: "u", Sign: "s", QID: "q", Remark: "r", Sex: ntqq.SexFemale,
		Age: 20, Level: 64, RegisterTime: 1600000000, Status: 10, AvatarURL: "http://a/b?c&d",
	}, c.call(false)
}

// fakeStore keeps messages in a map; ids are the hash of the key.
type fakeStore struct {
	mu       sync.Mutex
	messages map[int32]*message.Message
	flushes  int
	err      error
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

func (s *fakeStore) Get(id int32) (*message.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.messages[id], s.err
}

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

func (s *fakeStore) Flush(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flushes++
	return s.err
}

var errDisk = errors.New("disk full")

// testService is a service with the gateway of its account.
type testService struct {
	*Service
	*gateway.Gateway
}

// newService makes a service on a gateway of its own.
func newService(o Options, store gateway.Store) *testService {
	o.Gateway = gateway.New(gateway.Options{Account: o.Client, Store: store, Log: o.Log, Clock: o.Clock})
	return &testService{New(o), o.Gateway}
}

func newTestService(t testing.TB) (*testService, *fakeClient, *fakeStore) {
	t.Helper()
	c := &fakeClient{state: ntqq.State{Stage: ntqq.Online, OnlineCount: 1}}
	st := &fakeStore{messages: map[int32]*message.Message{}}
	return newService(Options{Client: c, Version: "1.2.3", Clock: &fakeClock{now: time.Unix(testTime+1, 0)}}, st), c, st
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

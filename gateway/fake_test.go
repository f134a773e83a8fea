package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"sync"
	"testing"
	"time"

	"libration/internal/store"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

const (
	selfUIN   message.UIN       = 10001
	friendUIN message.UIN       = 20002
	groupCode message.GroupCode = 9007199254740993 // above 2^53
	testTime                    = 1700000000
)

type fakeAccount struct{}

func (fakeAccount) Self() ntqq.Self { return ntqq.Self{UIN: selfUIN} }

// The forms of the tests.
const (
	plain  Form = iota // everything
	silent             // messages only
)

// testWriter writes what the tests look at.
type testWriter struct {
	form   Form
	writes *int // not safe for concurrent use
}

func (w testWriter) Tells(name string) bool { return w.form == plain && name != "friend_renamed" }

func (w testWriter) Write(e *Event) [][]byte {
	if w.writes != nil {
		*w.writes++
	}
	text := ""
	switch {
	case e.Array != nil:
		return [][]byte{e.Array}
	case e.Message != nil:
		for _, s := range e.Message.Content {
			if t, ok := s.(*message.TextSegment); ok {
				text += t.Text
			}
		}
	case w.form == silent:
		return nil
	default:
		text = e.Event.Name()
	}
	frames := make([][]byte, 1, MaxFrames)
	if text == "group_name_changed" {
		frames = frames[:MaxFrames]
	}
	for i := range frames {
		b, err := json.Marshal(map[string]any{
			"event_id": FrameID(e.ID, i, len(frames)), "at": e.At, "message_id": e.MessageID, "raw_message": text, "form": w.form,
		})
		if err != nil {
			panic(err)
		}
		frames[i] = b
	}
	return frames
}

// fakeStore keeps messages in a map; ids are the hash of the key.
type fakeStore struct {
	mu       sync.Mutex
	messages map[int32]*message.Message
	media    map[string]fakeMedium
	flushes  int
	// unreadable is the id of a message that cannot be read.
	unreadable int32
	err        error
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
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != 0 && id == s.unreadable {
		return nil, store.ErrUnreadable
	}
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

// forms registers those of the tests.
func forms(g *Gateway) *Gateway {
	g.Register(testWriter{form: plain})
	g.Register(testWriter{form: silent})
	return g
}

func newTest(t testing.TB) (*Gateway, *fakeStore) {
	t.Helper()
	st := &fakeStore{messages: map[int32]*message.Message{}}
	return forms(New(Options{Account: fakeAccount{}, Store: st, Clock: &fakeClock{now: time.Unix(testTime+1, 0)}})), st
}

func handleMessage(g *Gateway, m *message.Message) {
	g.Handle(context.Background(), &event.Message{Message: m})
}

// nextEvent takes the next event, which must be there already.
func nextEvent(t *testing.T, sub *Subscription) map[string]any {
	t.Helper()
	return asJSON(t, nextRaw(t, sub))
}

func asJSON(t *testing.T, b []byte) (m map[string]any) {
	t.Helper()
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	if id, ok := m["event_id"].(float64); ok {
		m["event_id"] = int64(id)
	}
	return m
}

func nextRaw(t testing.TB, sub *Subscription) []byte {
	t.Helper()
	events, err := sub.Take(nil, 1)
	if err != nil || len(events) == 0 {
		t.Fatalf("no event: %v", err)
	}
	return events[0]
}

// waiting is how many events the subscription has not taken, wanted or not.
func waiting(sub *Subscription) int {
	sub.hub.mu.Lock()
	defer sub.hub.mu.Unlock()
	return int(sub.hub.end() - sub.next)
}

func textMessage(sequence uint64) *message.Message {
	return groupMessage(sequence, message.Text(fmt.Sprint(sequence)))
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

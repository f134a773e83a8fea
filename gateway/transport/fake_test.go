package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"libration/gateway"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/onebot"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	selfUIN = 10001
	token   = "a token of sixteen or more"
)

// authorized are the headers of a request with the token, and a body of this type.
func authorized(kind string) map[string]string {
	h := map[string]string{"Authorization": "Bearer " + token}
	if kind != "" {
		h["Content-Type"] = kind
	}
	return h
}

// fakeClient is an account whose groups are named after their code. It notes the
// calls that matter.
type fakeClient struct {
	mu    sync.Mutex
	calls []string
	// group, when set, runs inside Group.
	group func(ctx context.Context, code message.GroupCode) error
	// send, when set, runs inside SendGroup.
	send func()
	// state, when set, runs inside State.
	state func()
}

func (c *fakeClient) note(format string, a ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, fmt.Sprintf(format, a...))
}

// noted returns and forgets the calls.
func (c *fakeClient) noted() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := strings.Join(c.calls, "; ")
	c.calls = nil
	return s
}

func (c *fakeClient) Self() ntqq.Self                { return ntqq.Self{UIN: selfUIN, Nickname: "bot"} }
func (c *fakeClient) SignFailure() *ntqq.SignFailure { return nil }

func (c *fakeClient) State() ntqq.State {
	if c.state != nil {
		c.state()
	}
	return ntqq.State{Stage: ntqq.Online}
}
func (c *fakeClient) Stats() ntqq.Stats { return ntqq.Stats{} }

func (c *fakeClient) SendGroup(_ context.Context, group message.GroupCode, content message.Content) (*message.Message, error) {
	if c.send != nil {
		c.send()
	}
	var text strings.Builder
	for _, s := range content {
		switch s := s.(type) {
		case *message.Text:
			text.WriteString(s.Text)
		default:
			fmt.Fprintf(&text, "<%T>", s)
		}
	}
	c.note("send %d %q", group, text.String())
	return groupMessage(group, "sent"), nil
}

func (c *fakeClient) SendFriend(context.Context, message.UIN, message.Content) (*message.Message, error) {
	return nil, ntqq.ErrOffline
}
func (c *fakeClient) Recall(context.Context, *message.Message) error       { return nil }
func (c *fakeClient) Friends(context.Context, bool) ([]ntqq.Friend, error) { return nil, nil }
func (c *fakeClient) Groups(context.Context, bool) ([]ntqq.Group, error)   { return nil, nil }
func (c *fakeClient) User(_ context.Context, u message.UIN) (ntqq.User, error) {
	return ntqq.User{UIN: u}, nil
}

func (c *fakeClient) Group(ctx context.Context, code message.GroupCode, refresh bool) (ntqq.Group, error) {
	if c.group != nil {
		if err := c.group(ctx, code); err != nil {
			return ntqq.Group{}, err
		}
	}
	c.note("group %d %v", code, refresh)
	return ntqq.Group{Code: code, Name: fmt.Sprintf("group <%d>", code)}, nil
}

func (c *fakeClient) Members(context.Context, message.GroupCode, bool) ([]ntqq.Member, error) {
	return nil, nil
}

func (c *fakeClient) Member(context.Context, message.GroupCode, message.UIN, bool) (ntqq.Member, error) {
	return ntqq.Member{}, ntqq.ErrNotFound
}

// fakeStore keeps messages in memory. Its zero value is empty.
type fakeStore struct{ messages sync.Map }

func (s *fakeStore) Put(m *message.Message) (int32, error) {
	id, _ := s.ID(m.Chat, m.Sequence)
	s.messages.Store(id, m)
	return id, nil
}

func (s *fakeStore) PutSent(m *message.Message) (int32, error) { return s.Put(m) }

func (s *fakeStore) Get(id int32) (*message.Message, error) {
	m, _ := s.messages.Load(id)
	kept, _ := m.(*message.Message)
	return kept, nil
}

func (*fakeStore) ID(_ message.Chat, sequence uint64) (int32, error) { return int32(sequence) + 1, nil }

func (*fakeStore) FindFriend(message.UIN, uint64, uint32) (*message.Message, error) {
	return nil, nil
}

func (*fakeStore) Flush(context.Context) error { return nil }

func groupMessage(group message.GroupCode, text string) *message.Message {
	return &message.Message{
		Chat:     message.Chat{Kind: message.Group, Group: group},
		Sender:   message.Sender{UIN: 20002, Nickname: "somebody"},
		Sequence: 7, Random: 9, Time: 1700000000,
		Content: message.Content{&message.Text{Text: text}},
	}
}

// bot is a service with the gateway of its account.
type bot struct {
	*onebot.Service
	*gateway.Gateway
}

func newBot(c *fakeClient, o gateway.Options) *bot {
	o.Account, o.Store = c, &fakeStore{}
	g := gateway.New(o)
	return &bot{onebot.New(onebot.Options{Client: c, Gateway: g, Log: o.Log}), g}
}

func newOneBot(t testing.TB) (*bot, *fakeClient) {
	t.Helper()
	c := &fakeClient{}
	return newBot(c, gateway.Options{}), c
}

// published counts messages, so that each has an id of its own.
var published atomic.Uint64

func publish(b *bot, text string) {
	m := groupMessage(5, text)
	m.Sequence = published.Add(1)
	b.Handle(context.Background(), &event.Message{Message: m})
}

// logBuffer is a log to look at.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// eventually waits for a condition that other goroutines bring about.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("still waiting for: %s", what)
		}
	}
}

// start runs a service until the test ends; the function stops it earlier and
// returns the time that took.
func start(t testing.TB, s Service) (stop func() time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	if l, ok := s.(Listening); ok {
		select {
		case <-l.Ready():
		case err := <-ended:
			t.Fatalf("%s: Run: %v", s.Name(), err)
		}
	}
	stop = sync.OnceValue(func() time.Duration {
		began := time.Now()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%s: Run returned %v, want nil", s.Name(), err)
		}
		return time.Since(began)
	})
	t.Cleanup(func() { stop() })
	return stop
}

// fields decodes a JSON object.
func fields(t testing.TB, b []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatalf("not a JSON object: %v: %s", err, b)
	}
	return m
}

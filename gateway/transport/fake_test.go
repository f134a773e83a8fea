package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	stdlog "log"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"libration/gateway"
	"libration/internal/clienttest"
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

// fakeClient is an online client of a service whose users are named after their
// number. It notes the calls that matter.
type fakeClient struct {
	*ntqq.Client
	mu    sync.Mutex
	calls []string
	// user, when set, runs inside each look-up of a user.
	user func(uin message.UIN)
	// send, when set, runs while a message is sent.
	send func()
}

func newFakeClient(t testing.TB) *fakeClient {
	t.Helper()
	c := &fakeClient{}
	service := &clienttest.Account{
		LookUp: func(uin message.UIN) (ntqq.User, error) {
			if c.user != nil {
				c.user(uin)
			}
			c.note("user %d", uin)
			return ntqq.User{UIN: uin, Nickname: fmt.Sprintf("user <%d>", uin)}, nil
		},
		Sending: func(m *message.Message) {
			if c.send != nil {
				c.send()
			}
			var text strings.Builder
			for _, s := range m.Content {
				switch s := s.(type) {
				case *message.TextSegment:
					text.WriteString(s.Text)
				default:
					fmt.Fprintf(&text, "<%T>", s)
				}
			}
			c.note("send %d %q", m.Chat.Group, text.String())
		},
	}
	c.Client = clienttest.Online(t, service.Answer)
	return c
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

// brokenID is the id of a message whose look-up panics.
const brokenID = -666

// fakeStore keeps messages in memory. Its zero value is empty.
type fakeStore struct{ messages sync.Map }

func (s *fakeStore) Put(m *message.Message) (int32, error) {
	id, _ := s.ID(m.Chat, m.Sequence)
	s.messages.Store(id, m)
	return id, nil
}

func (s *fakeStore) PutSent(m *message.Message) (int32, error) { return s.Put(m) }

func (s *fakeStore) PutMedium(string, string, []byte) error { return nil }

func (s *fakeStore) Medium(string) (string, []byte, error) { return "", nil, nil }

func (s *fakeStore) PutFetched(m *message.Message) (int32, error) { return s.Put(m) }

func (s *fakeStore) Get(id int32) (*message.Message, error) {
	if id == brokenID {
		panic("bug")
	}
	m, _ := s.messages.Load(id)
	kept, _ := m.(*message.Message)
	return kept, nil
}

func (*fakeStore) ID(_ message.Chat, sequence uint64) (int32, error) { return int32(sequence) + 1, nil }

func (*fakeStore) Through(message.UIN) (message.GroupCode, error) { return 0, nil }

func (*fakeStore) Recent(context.Context, int) ([]int32, error) { return nil, nil }

func (*fakeStore) FindFriend(message.UIN, uint64, uint32) (*message.Message, error) {
	return nil, nil
}

func (*fakeStore) Flush(context.Context) error { return nil }

func (*fakeStore) FlushMessage(context.Context, int32) error { return nil }

func groupMessage(group message.GroupCode, text string) *message.Message {
	return &message.Message{
		Chat:     message.Chat{Kind: message.Group, Group: group},
		Sender:   message.Sender{UIN: 20002, Nickname: "somebody"},
		Sequence: 7, Random: 9, Time: 1700000000,
		Content: message.Content{message.Text(text)},
	}
}

// bot is a dialect with the gateway of its account.
type bot struct {
	*onebot.Dialect
	*gateway.Gateway
}

func newBot(c *fakeClient, o gateway.Options) *bot {
	o.Account, o.Store = c.Client, &fakeStore{}
	g := gateway.New(o)
	return &bot{onebot.New(onebot.Options{Client: c.Client, Gateway: g, Log: o.Log, Clock: o.Clock, Version: "1.2.3", Flavour: onebot.Lagrange | onebot.NapCat}), g}
}

func newOneBot(t testing.TB) (*bot, *fakeClient) {
	t.Helper()
	c := newFakeClient(t)
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

// stdLogger is for what logs by package log.
func (l *logBuffer) stdLogger() *stdlog.Logger { return stdlog.New(l, "", 0) }

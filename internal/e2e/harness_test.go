package e2e

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"libration/gateway"
	"libration/internal/store"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/onebot"
	"libration/sandbox"
)

// The default scenario's people.
const (
	bot   = message.UIN(10001)
	alice = message.UIN(20001)
	bob   = message.UIN(20002)
	group = message.GroupCode(730000001)
)

var seedFlag = flag.Uint64("seed", 0, "seed of the first start of TestRandomStarts, the next ones follow, of TestNinetyDays, of TestModelWorld and of TestTogether; 0: a random one, in the last two 1")

// testLog is quiet unless E2E_LOG is set. What it gets is recorded as done by the test.
func testLog(t testing.TB) *slog.Logger {
	if os.Getenv("E2E_LOG") == "" {
		return slog.New(witness{slog.DiscardHandler, t.Name()})
	}
	return slog.New(witness{slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}), t.Name()})
}

// service is a running sandbox. It must be made inside a synctest bubble.
type service struct {
	*sandbox.Sandbox
	listener *sandbox.MemoryListener
	control  *sandbox.MemoryListener // nil: its control API is not served
}

func startService(t *testing.T, o sandbox.Options) *service {
	t.Helper()
	if o.Log == nil {
		o.Log = testLog(t)
	}
	s, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	l := sandbox.NewMemoryListener()
	run(t, func(ctx context.Context) error { return s.Serve(ctx, l) })
	return &service{Sandbox: s, listener: l}
}

// run starts f and ends it with the test.
func run(t *testing.T, f func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), background{}, true))
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ended with: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// account is a running client with what it told.
type account struct {
	*ntqq.Client
	t    *testing.T
	stop func()

	mu     sync.Mutex
	events []event.Event
	states []ntqq.State
}

func (s *service) account(t *testing.T, keystore ntqq.KeystoreFile, change ...func(*ntqq.Options)) *account {
	t.Helper()
	a := &account{t: t}
	keys := s.PublicKeys()
	o := ntqq.Options{
		Keystore: keystore,
		Servers: ntqq.Servers{
			Addresses: []string{"sandbox:1"}, Web: "http://127.0.0.1:8080",
			OicqKey: keys.Oicq192, ExchangeKey: keys.NT, VerifyKey: keys.VerifyKey,
		},
		Dial: s.listener.DialContext,
		Log:  testLog(t),
		Handler: func(e event.Event) {
			seen.event(t, e)
			a.mu.Lock()
			defer a.mu.Unlock()
			a.events = append(a.events, e)
		},
		OnState: func(st ntqq.State) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.states = append(a.states, st)
		},
	}
	for _, f := range change {
		f(&o)
	}
	c, err := ntqq.New(o)
	if err != nil {
		t.Fatal(err)
	}
	a.Client = c
	a.stop = run(t, c.Run)
	return a
}

// until waits, in virtual time, for a stage, and for what follows from it at once,
// such as the lists fetched in advance; it fails after an hour.
func (a *account) until(stage ntqq.Stage) ntqq.State {
	a.t.Helper()
	s := a.wait(string(stage), func(s ntqq.State) bool { return s.Stage == stage })
	synctest.Wait()
	return s
}

func (a *account) wait(what string, ok func(ntqq.State) bool) ntqq.State {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), time.Hour)
	defer cancel()
	s, err := a.Wait(ctx, ok)
	if err != nil {
		a.t.Fatalf("waiting for %s: %v; state %+v", what, err, s)
	}
	return s
}

// onlineAgain waits for the n-th time of being online.
func (a *account) onlineAgain(n int) ntqq.State {
	a.t.Helper()
	return a.wait("online again", func(s ntqq.State) bool { return s.Online() && s.OnlineCount == n })
}

// memoryProgress is a Progress without a file.
type memoryProgress struct {
	mu   sync.Mutex
	last *ntqq.Delivered
}

func (p *memoryProgress) Load() (*ntqq.Delivered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last, nil
}

func (p *memoryProgress) Save(d *ntqq.Delivered) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = d
	return nil
}

// steps lists the stages and steps passed, without repetitions.
func (a *account) steps() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []string
	for _, s := range a.states {
		name := string(s.Stage)
		if s.Step != "" {
			name = string(s.Step)
		}
		if len(out) == 0 || out[len(out)-1] != name {
			out = append(out, name)
		}
	}
	return out
}

func (a *account) passed(step ntqq.Step) bool { return slices.Contains(a.steps(), string(step)) }

// oneBot is the account's OneBot service: it calls an action, whose parameters are JSON.
func (a *account) oneBot(l onebot.Language) func(action, params string) *onebot.Response {
	a.t.Helper()
	return a.calls(a.dialect(func(o *onebot.Options) { o.Language = l }))
}

// dialect is OneBot for the account, with a store of its own.
func (a *account) dialect(change func(*onebot.Options)) *onebot.Dialect {
	a.t.Helper()
	messages, err := store.Open(a.t.Context(), store.Options{Path: filepath.Join(a.t.TempDir(), "store.db")})
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = messages.Close() })
	o := onebot.Options{Client: a.Client, Gateway: gateway.New(gateway.Options{Account: a.Client, Store: messages})}
	change(&o)
	return onebot.New(o)
}

// calls calls an action of a dialect, whose parameters are JSON.
func (a *account) calls(d *onebot.Dialect) func(action, params string) *onebot.Response {
	return func(name, params string) *onebot.Response {
		a.t.Helper()
		request, err := onebot.ParseRequest(fmt.Appendf(nil, `{"action":%q,"params":%s}`, name, params))
		if err != nil {
			a.t.Fatal(err)
		}
		seen.call(name)
		return d.Call(by(a.t.Context(), byAction(name)), request)
	}
}

// eventsOf returns the events of one type, once everything under way has settled.
func eventsOf[E event.Event](a *account) []E {
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []E
	for _, e := range a.events {
		if x, ok := e.(E); ok {
			out = append(out, x)
		}
	}
	return out
}

// texts are the plain texts of the messages received, own ones left out.
func (a *account) texts() []string {
	var out []string
	for _, m := range eventsOf[*event.Message](a) {
		if !m.Self {
			out = append(out, text(m.Message))
		}
	}
	return out
}

func text(m *message.Message) string {
	s := ""
	for _, seg := range m.Content {
		if x, ok := seg.(*message.TextSegment); ok {
			s += x.Text
		}
	}
	return s
}

// countCalls counts the requests of one command.
func countCalls(n *atomic.Int32, name string) func(*ntqq.Options) {
	return func(o *ntqq.Options) {
		o.OnCall = func(command string, _ time.Duration, _ error) {
			if command == name {
				n.Add(1)
			}
		}
	}
}

func say(s string) message.Content { return message.Content{message.Text(s)} }

// bubble runs a test in virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// beside is a subtest in virtual time, at the same time as others.
func beside(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		bubble(t, f)
	})
}

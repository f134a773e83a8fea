package e2e

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/proto"

	"libration/internal/app"
	simulated "libration/internal/app/bot"
	"libration/internal/config"
	"libration/internal/pb/messagepb"
	"libration/ntqq"
	"libration/sandbox"
)

// These tests run the program as it is: real time, loopback TCP, a data folder.
// Faults are over in milliseconds because every wait is short.
var (
	quick = ntqq.Timing{
		RetryFirst: 5 * time.Millisecond, RetryMost: 50 * time.Millisecond,
		QRPoll: 5 * time.Millisecond, Answer: 500 * time.Millisecond,
	}
	quickReconnect = config.Duration(10 * time.Millisecond)
)

const (
	token = "s3cret"
	// patience is how long the program may take to recover from everything.
	patience = 60 * time.Second
)

// door is the sandbox's port. It can shut connections as soon as they are made.
type door struct {
	net.Listener
	shut atomic.Int32 // how many of the next ones
}

func (d *door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil || !takeOne(&d.shut) {
			return c, err
		}
		c.Close()
	}
}

// takeOne counts one down and tells whether there was one.
func takeOne(n *atomic.Int32) bool {
	for {
		left := n.Load()
		if left <= 0 {
			return false
		}
		if n.CompareAndSwap(left, left-1) {
			return true
		}
	}
}

// program is an installation with its world: a sandbox and a bot that listens.
type program struct {
	*app.App
	box    *sandbox.Sandbox
	door   *door
	thief  net.Listener // sits on the port of HTTP while it is open
	mobile *listeningBot
	log    *logRecord
	config *config.Config
	timing ntqq.Timing
	wall   func() time.Time // the machine's clock; nil: it is right

	data   string
	ctx    context.Context
	cancel context.CancelFunc
	ending []func() error // in reverse order
}

// newProgram makes everything but starts only what is around the program.
func newProgram(data string, seed uint64, change ...func(*sandbox.Options)) (p *program, err error) {
	p = &program{data: data, log: &logRecord{}, mobile: newListeningBot(), timing: quick}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			err = errors.Join(err, p.end())
		}
	}()
	o := sandbox.Options{Seed: seed, AutoApprove: bot}
	for _, f := range change {
		f(&o)
	}
	p.box, err = sandbox.New(o)
	if err != nil {
		return p, err
	}
	sso, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return p, err
	}
	p.door = &door{Listener: sso}
	p.background(func(ctx context.Context) error { return p.box.Serve(ctx, p.door) })
	if p.thief, err = listenLow(); err != nil {
		return p, err
	}
	p.ending = append(p.ending, func() error { p.thief.Close(); return nil })
	control, reverse := httptest.NewServer(p.box.Handler()), httptest.NewServer(p.mobile)
	p.ending = append(p.ending, func() error {
		control.Close()
		reverse.Close()
		return nil
	})

	c := config.Default()
	c.Admin.Address = "127.0.0.1:0"
	c.Data, c.Language = data, config.LanguageEnglish
	c.Server.Mode = config.ModeSandbox
	c.Server.Sandbox.Control = control.URL
	address := "ws" + strings.TrimPrefix(reverse.URL, "http")
	c.OneBot.Connections = []config.Connection{
		{Type: config.HTTP, Address: p.thief.Addr().String(), AccessToken: token},
		{Type: config.WebSocket, Address: "127.0.0.1:0", AccessToken: token},
		{Type: config.ReverseWebSocket, URL: address + "/ws", AccessToken: token, Reconnect: quickReconnect},
		// It is there from the beginning, and sees the account come online.
		{Type: config.ReverseWebSocket, EventURL: address + "/observe", Start: config.StartAtOnce, Reconnect: quickReconnect},
		{Type: config.Webhook, URL: reverse.URL + "/hook", Secret: token, Reconnect: quickReconnect},
	}
	p.config = c
	return p, nil
}

// start runs the program.
func (p *program) start() (err error) {
	p.App, err = app.New(p.config, app.Options{
		Log: slog.New(slog.NewJSONHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		QR:  io.Discard, Version: "test", Timing: p.timing, ServiceRetry: 10 * time.Millisecond, Wall: p.wall,
	})
	if err == nil {
		p.background(p.Run)
	}
	return err
}

// background runs f until the end.
func (p *program) background(f func(context.Context) error) {
	ctx, cancel := context.WithCancel(p.ctx)
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	p.ending = append(p.ending, func() error {
		cancel()
		return <-done
	})
}

// end stops everything, the newest first.
func (p *program) end() error {
	defer p.cancel()
	p.mobile.drop()
	var errs []error
	for i := len(p.ending) - 1; i >= 0; i-- {
		errs = append(errs, p.ending[i]())
	}
	p.ending = nil
	return errors.Join(errs...)
}

func (p *program) keystore() ntqq.FileKeystore {
	return ntqq.FileKeystore(filepath.Join(p.data, "default", "keystore.json"))
}

// saveSession logs in once, so that the program finds a saved session. change may
// take parts of it away.
func (p *program) saveSession(ctx context.Context, change func(*ntqq.Keystore)) error {
	if err := os.MkdirAll(filepath.Join(p.data, "default"), 0o700); err != nil {
		return err
	}
	keys := p.box.PublicKeys()
	var signer ntqq.Signer
	if urls := p.config.Signer.URLs; len(urls) > 0 {
		signer = &ntqq.HTTPSigner{URLs: urls, Style: ntqq.SignStyle(p.config.Signer.Style), Log: slog.New(slog.DiscardHandler)}
	}
	c, err := ntqq.New(ntqq.Options{
		Keystore: p.keystore(), Timing: quick, Signer: signer, Log: slog.New(slog.DiscardHandler),
		Servers: ntqq.Servers{
			Addresses: []string{p.door.Addr().String()},
			OicqKey:   keys.Oicq192, ExchangeKey: keys.NT, VerifyKey: keys.VerifyKey,
		},
	})
	if err != nil {
		return err
	}
	runCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- c.Run(runCtx) }()
	_, err = c.Wait(ctx, ntqq.State.Online)
	cancel()
	if err = errors.Join(err, <-done); err != nil {
		return fmt.Errorf("first login: %w", err)
	}
	k, err := p.keystore().Load()
	if err != nil {
		return err
	}
	change(k)
	return p.keystore().Save(k)
}

// onlyA1 leaves what gets a new session by a key exchange.
func onlyA1(k *ntqq.Keystore) { k.A2, k.D2, k.D2Key = nil, nil, nil }

// whole leaves a saved session as it is.
func whole(*ntqq.Keystore) {}

// ready waits until the account is online and all services run.
func (p *program) ready(ctx context.Context) error {
	s, err := p.Wait(ctx, app.Status.Ready)
	if err != nil {
		return fmt.Errorf("not ready: %w: account %s (%s), services %v", err, s.Account.Stage, fmt.Sprint(s.Account.Err), s.Services)
	}
	return nil
}

// answers asks each service for the status of the account, as bots do, and has a
// message arrive on those that carry events.
func (p *program) answers(ctx context.Context) error {
	if s := p.Status(); len(s.Services) != 5 || !s.Ready() {
		return fmt.Errorf("account %s, services %v", s.Account.Stage, s.Services)
	}
	all, err := p.Endpoints(ctx)
	if err != nil {
		return err
	}
	if len(all) != 2 {
		return fmt.Errorf("%d services listen, want 2", len(all))
	}
	answer, ok, err := simulated.Call(ctx, "http://"+all[0].Addr.String(), token, "get_status", nil)
	if err != nil || !ok {
		return fmt.Errorf("http: answer %s, error %w", answer, err)
	}
	if err := checkOnline(answer); err != nil {
		return fmt.Errorf("http: %w", err)
	}
	forward, _, err := websocket.Dial(ctx, "ws://"+all[1].Addr.String(), &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + token}},
	})
	if err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	defer forward.CloseNow()
	if err := askStatus(ctx, forward); err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	n := p.mobile.asked.Add(1)
	if err := p.mobile.askStatus(ctx, n); err != nil {
		return fmt.Errorf("reverse websocket: %w", err)
	}
	text := fmt.Sprintf("hello %d", n)
	p.say(text)
	is := func(frame []byte) bool { return bytes.Contains(frame, []byte(text)) }
	if err := awaitFrame(ctx, forward, is); err != nil {
		return fmt.Errorf("websocket: message: %w", err)
	}
	for _, path := range eventPaths {
		if _, err := p.mobile.await(ctx, path, is); err != nil {
			return fmt.Errorf("%s: message: %w", path, err)
		}
	}
	return nil
}

// say sends a message to the group.
func (p *program) say(text string) {
	p.box.World().Send(sandbox.Send{
		From: alice, Group: group, Elems: []*messagepb.Elem{{Text: &messagepb.Text{Str: proto.String(text)}}},
	}, nil)
}

// checkOnline looks at an answer to get_status.
func checkOnline(answer []byte) error {
	var status struct{ Data struct{ Online, Good bool } }
	if err := json.Unmarshal(answer, &status); err != nil || !status.Data.Online || !status.Data.Good {
		return fmt.Errorf("get_status answers %s", answer)
	}
	return nil
}

// askStatus asks over an open connection.
func askStatus(ctx context.Context, ws *websocket.Conn) error {
	if err := ws.Write(ctx, websocket.MessageText, []byte(`{"action":"get_status","echo":"status"}`)); err != nil {
		return err
	}
	var answer []byte
	err := awaitFrame(ctx, ws, func(frame []byte) bool {
		answer = frame
		return bytes.Contains(frame, []byte(`"echo":"status"`))
	})
	if err != nil {
		return err
	}
	return checkOnline(answer)
}

// awaitFrame reads until a frame is the one.
func awaitFrame(ctx context.Context, ws *websocket.Conn, is func([]byte) bool) error {
	for {
		_, frame, err := ws.Read(ctx)
		if err != nil {
			return err
		}
		if is(frame) {
			return nil
		}
	}
}

// eventPaths are those of the connections that carry events to the listening bot.
var eventPaths = []string{"/ws", "/observe", "/hook"}

// The listening bot replies to one question, by its answer to the webhook.
const botQuestion, botReply = "is anybody there?", "I am"

// listenLow listens on a port below those that the system gives to connections: one of
// them could take it between two listeners.
func listenLow() (l net.Listener, err error) {
	for range 100 {
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000))); err == nil {
			return l, nil
		}
	}
	return nil, err
}

// listeningBot is the listening side of the reverse connections and the webhook. It
// notes what it gets.
type listeningBot struct {
	refuse atomic.Int32 // how many of the next handshakes and posts
	asked  atomic.Int32

	mu      sync.Mutex // guards what follows
	changed chan struct{}
	conns   map[string]*websocket.Conn // the newest of each path
	frames  map[string][][]byte        // of each path
}

func newListeningBot() *listeningBot {
	return &listeningBot{
		changed: make(chan struct{}), conns: map[string]*websocket.Conn{}, frames: map[string][][]byte{},
	}
}

func (b *listeningBot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if takeOne(&b.refuse) {
		if r.Method == http.MethodPost { // with an answer it would be there
			panic(http.ErrAbortHandler)
		}
		http.Error(w, "not yet", http.StatusServiceUnavailable)
		return
	}
	path := r.URL.Path
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(r.Body)
		mac := hmac.New(sha1.New, []byte(token))
		mac.Write(body)
		if err != nil || r.Header.Get("X-Signature") != "sha1="+hex.EncodeToString(mac.Sum(nil)) {
			http.Error(w, "wrong signature", http.StatusForbidden)
			return
		}
		b.note(func() { b.frames[path] = append(b.frames[path], body) })
		if has(`"raw_message":"` + botQuestion + `"`)(body) {
			fmt.Fprintf(w, `{"reply":%q}`, botReply)
			return
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer ws.CloseNow()
	b.note(func() { b.conns[path] = ws })
	for {
		_, frame, err := ws.Read(context.Background()) // until one side closes
		if err != nil {
			return
		}
		b.note(func() { b.frames[path] = append(b.frames[path], frame) })
	}
}

func (b *listeningBot) note(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change()
	close(b.changed)
	b.changed = make(chan struct{})
}

// await returns the frames of a path that are meant, at least one.
func (b *listeningBot) await(ctx context.Context, path string, is func([]byte) bool) ([][]byte, error) {
	for {
		b.mu.Lock()
		var found [][]byte
		for _, frame := range b.frames[path] {
			if is(frame) {
				found = append(found, frame)
			}
		}
		changed := b.changed
		b.mu.Unlock()
		if len(found) > 0 {
			return found, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// conn returns the newest connection of a path.
func (b *listeningBot) conn(ctx context.Context, path string) (*websocket.Conn, error) {
	for {
		b.mu.Lock()
		ws, changed := b.conns[path], b.changed
		b.mu.Unlock()
		if ws != nil {
			return ws, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// askStatus is the n-th question over the reverse connection.
func (b *listeningBot) askStatus(ctx context.Context, n int32) error {
	ws, err := b.conn(ctx, "/ws")
	if err != nil {
		return err
	}
	if err := ws.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"action":"get_status","echo":"status %d"}`, n)); err != nil {
		return err
	}
	answers, err := b.await(ctx, "/ws", func(frame []byte) bool { return bytes.Contains(frame, fmt.Appendf(nil, `"status %d"`, n)) })
	if err != nil {
		return err
	}
	return checkOnline(answers[0])
}

func (b *listeningBot) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ws := range b.conns {
		_ = ws.CloseNow()
	}
}

// logRecord keeps the log of a program.
type logRecord struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logRecord) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logRecord) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// lines returns those with a message.
func (l *logRecord) lines(message string) []map[string]any {
	var out []map[string]any
	for line := range strings.Lines(l.String()) {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) == nil && fields["msg"] == message {
			out = append(out, fields)
		}
	}
	return out
}

// arrived is one message event.
type arrived struct {
	ID   int64  `json:"event_id"`
	Raw  string `json:"raw_message"`
	Post string `json:"post_type"`
}

// once leaves out what came again with the same event_id.
func once(all []arrived) []arrived {
	seen := map[int64]bool{}
	return slices.DeleteFunc(slices.Clone(all), func(a arrived) bool {
		again := seen[a.ID]
		seen[a.ID] = true
		return again
	})
}

// pause is how real time passes between two steps.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

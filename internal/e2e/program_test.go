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
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"libration/internal/app"
	"libration/internal/config"
	"libration/ntqq"
	"libration/sandbox"
	"libration/sandbox/world"
)

// These tests run the program as it is, with a data folder and the normal waits, but on
// a network in memory and in virtual time.

const (
	token = "s3cret"
	// patience is how long the program may take to recover from everything.
	patience = time.Hour
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
	wall   func() time.Time // the machine's clock; nil: it is right
	net    *memoryNetwork
	client *http.Client // of the bots and the owner

	data   string
	ctx    context.Context
	cancel context.CancelFunc
	ending []func() error // in reverse order
}

// newProgram makes everything but starts only what is around the program. It is for
// bubbles.
func newProgram(data string, seed uint64, change ...func(*sandbox.Options)) (p *program, err error) {
	p = &program{data: data, log: &logRecord{}, mobile: newListeningBot(), net: newMemoryNetwork()}
	p.client = p.net.network().Client()
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
	p.ending = append(p.ending, p.box.Close)
	sso, err := p.net.listen(p.ctx, "127.0.0.1:0")
	if err != nil {
		return p, err
	}
	p.door = &door{Listener: sso}
	p.background(func(ctx context.Context) error { return p.box.Serve(ctx, p.door) })
	if p.thief, err = p.net.listen(p.ctx, "127.0.0.1:0"); err != nil {
		return p, err
	}
	p.ending = append(p.ending, p.thief.Close)
	control, err := p.serve(p.box.Handler())
	if err != nil {
		return p, err
	}
	reverse, err := p.serve(p.mobile)
	if err != nil {
		return p, err
	}

	c := config.Default()
	c.Admin.Address = "127.0.0.1:0"
	c.Data, c.Language = data, config.LanguageEnglish
	c.Server.Mode = config.ModeSandbox
	c.Server.Sandbox.Control = "http://" + control
	c.OneBot.Connections = []config.Connection{
		{Type: config.HTTP, Address: p.thief.Addr().String(), AccessToken: token},
		{Type: config.WebSocket, Address: "127.0.0.1:0", AccessToken: token},
		{Type: config.ReverseWebSocket, URL: "ws://" + reverse + "/ws", AccessToken: token},
		// It is there from the beginning, and sees the account come online.
		{Type: config.ReverseWebSocket, EventURL: "ws://" + reverse + "/observe", Start: config.StartAtOnce},
		{Type: config.Webhook, URL: "http://" + reverse + "/hook", Secret: token},
	}
	p.config = c
	return p, nil
}

// start runs the program.
func (p *program) start() (err error) {
	p.App, err = app.New(p.config, app.Options{
		Log: slog.New(slog.NewJSONHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		QR:  io.Discard, Version: "test", Network: p.net.network(), Wall: p.wall,
	})
	if err == nil {
		p.background(p.Run)
	}
	return err
}

// serve serves a handler until the end, and returns its address.
func (p *program) serve(h http.Handler) (address string, err error) {
	l, err := p.net.listen(p.ctx, "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(p.ctx)
	s := &http.Server{
		Handler: h, BaseContext: func(net.Listener) context.Context { return ctx }, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(l)
	}()
	p.ending = append(p.ending, func() error {
		cancel()
		err := s.Close()
		<-ended
		return err
	})
	return l.Addr().String(), nil
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
	defer p.client.CloseIdleConnections()
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
		signer = &ntqq.HTTPSigner{URLs: urls, Style: ntqq.SignStyle(p.config.Signer.Style), Client: p.client, Log: slog.New(slog.DiscardHandler)}
	}
	c, err := ntqq.New(ntqq.Options{
		Keystore: p.keystore(), Dial: p.net.dial, Signer: signer, Log: slog.New(slog.DiscardHandler),
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
	answer, ok, err := p.call(ctx, "get_status", nil)
	if err != nil || !ok {
		return fmt.Errorf("http: answer %s, error %w", answer, err)
	}
	if err := checkOnline(answer); err != nil {
		return fmt.Errorf("http: %w", err)
	}
	forward, _, err := websocket.Dial(ctx, "ws://"+all[1].Addr.String(), &websocket.DialOptions{
		HTTPClient: p.client,
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

// call runs an action over HTTP.
func (p *program) call(ctx context.Context, action string, params any) (answer []byte, ok bool, err error) {
	all, err := p.Endpoints(ctx)
	if err != nil {
		return nil, false, err
	}
	answer, err = p.post(ctx, "http://"+all[0].Addr.String()+"/"+action, params)
	return answer, err == nil && !has(`"status":"failed"`)(answer), err
}

// post makes a request as bots and the owner do, and returns the answer's body.
func (p *program) post(ctx context.Context, url string, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := p.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

// say sends a message to the group.
func (p *program) say(text string) {
	p.box.World().Messages().Send(world.Send{
		From: alice, Group: group, Parts: world.Text(text),
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

// listeningBot is the listening side of the reverse connections and the webhook. It
// notes what it gets.
type listeningBot struct {
	refuse atomic.Int32 // how many of the next handshakes and posts
	asked  atomic.Int32

	mu      sync.Mutex // guards what follows
	changed chan struct{}
	conns   map[string]*websocket.Conn // the newest of each path
	frames  map[string][][]byte        // of each path
	answer  func(event []byte) string  // to a post, a quick operation or ""; nil: none
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
		operation := ""
		b.note(func() {
			if b.answer != nil {
				operation = b.answer(body)
			}
		})
		if operation != "" {
			_, _ = io.WriteString(w, operation)
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

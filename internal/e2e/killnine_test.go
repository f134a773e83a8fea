//go:build endurance

package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

var (
	killsFlag    = flag.Int("kills", 8, "how often TestKillNine kills the program")
	killSeedFlag = flag.Uint64("killseed", 0, "seed of TestKillNine; 0: a random one")
)

// processPatience is how long a program that is a process of its own may take to recover
// from everything.
const processPatience = time.Minute

// TestKillNine kills the program, a process of its own, at random moments, while
// messages come and go. In the end each message has reached each bot, in the order
// of its chat; twice only where the bot could not have told, with the same event_id;
// and what was told to be sent is in the chat, once, and known by its id.
func TestKillNine(t *testing.T) {
	seed := *killSeedFlag
	if seed == 0 {
		seed = rand.Uint64N(1<<40) + 1
	}
	t.Logf("%d kills, -killseed %d", *killsFlag, seed)
	k := newKilled(t, seed)
	defer k.end()
	k.start()
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(*killsFlag+10)*10*time.Second)
	defer cancel()
	k.begin(ctx)

	traffic, stopTraffic := context.WithCancel(ctx)
	defer stopTraffic()
	var talking sync.WaitGroup
	defer talking.Wait()
	defer stopTraffic()
	talking.Go(func() { k.talk(traffic) })
	talking.Go(func() { k.send(traffic) })
	early := 0
	for i := range *killsFlag {
		switch {
		case i%4 == 3:
			// What was missed is fetched half a second after the login. A program that never
			// lives that long falls behind by more than it fetches at all.
			k.arrive(ctx)
		case k.rng.IntN(3) == 0: // while it starts
			early++
		default:
			k.checkSent(ctx, k.sentAndTold())
		}
		pause(ctx, time.Duration(k.rng.IntN(400))*time.Millisecond)
		k.kill()
		k.look()
		pause(ctx, time.Duration(k.rng.IntN(100))*time.Millisecond)
		k.start()
	}
	k.checkSent(ctx, k.sentAndTold())
	stopTraffic()
	talking.Wait()
	k.arrive(ctx)
	k.kill()
	k.look()
	k.report(early)
}

// killed is a program to be killed, with its world and its bots.
type killed struct {
	t              *testing.T
	rng, talking   *rand.Rand // of the kills, of what people say
	program        string
	folder, config string
	box            *sandbox.Sandbox
	ending         []func()
	stderr         logRecord
	process        *exec.Cmd

	reverse *ackingBot
	hook    *forgetfulHook
	there   map[inChat]string // the texts in the world

	mu   sync.Mutex // guards what follows
	said map[string][]string
	sent []*sentByBot
}

// sentByBot is one message that the bot sent.
type sentByBot struct {
	text string
	id   int32 // 0: the answer was lost, or told that it was not sent
}

func newKilled(t *testing.T, seed uint64) *killed {
	t.Helper()
	k := &killed{
		t: t, rng: rand.New(rand.NewPCG(seed, 9)), talking: rand.New(rand.NewPCG(seed, 1)), folder: t.TempDir(),
		reverse: newAckingBot(), hook: &forgetfulHook{rng: rand.New(rand.NewPCG(seed, 10))},
		said: map[string][]string{}, there: map[inChat]string{}, program: buildProgram(t),
	}
	var err error
	if k.box, err = sandbox.New(sandbox.Options{Seed: seed, AutoApprove: bot}); err != nil {
		t.Fatal(err)
	}
	sso, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- k.box.Serve(ctx, sso) }()
	control, reverse, hook := httptest.NewServer(k.box.Handler()), httptest.NewServer(k.reverse), httptest.NewServer(k.hook)
	k.ending = append(k.ending, func() {
		k.reverse.drop()
		control.Close()
		reverse.Close()
		hook.Close()
		cancel()
		<-served
	})
	k.config = filepath.Join(k.folder, "config.yaml")
	text := fmt.Sprintf(`
language: en
data: ./data
log: {level: debug, format: json, file: {path: ""}}
server: {mode: sandbox, sandbox: {control: %q}}
admin: {address: ""}
onebot:
  connections:
    - {type: reverse-websocket, url: %q, reconnect: 100ms}
    - {type: webhook, url: %q, reconnect: 100ms}
`, control.URL, strings.Replace(reverse.URL, "http", "ws", 1)+"/ws", hook.URL+"/hook")
	if err := os.WriteFile(k.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return k
}

// buildProgram builds the program as it is.
func buildProgram(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program")
	}
	path := filepath.Join(t.TempDir(), "libration")
	build := exec.Command("go", "build", "-o", path, "libration/cmd/libration")
	if out, err := build.CombinedOutput(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			t.Skip("there is no go command to build the program with")
		}
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// start starts the program.
func (k *killed) start() {
	k.t.Helper()
	k.process = exec.Command(k.program, "run", "-c", k.config)
	k.process.Stdout, k.process.Stderr = io.Discard, &k.stderr
	if err := k.process.Start(); err != nil {
		k.t.Fatal(err)
	}
}

// kill ends the program at once.
func (k *killed) kill() {
	if k.process == nil {
		return
	}
	_ = k.process.Process.Kill()
	_ = k.process.Wait()
	k.process = nil
	k.reverse.drop() // what it had read before counts, what is still on the way not
}

func (k *killed) end() {
	k.kill()
	for _, f := range k.ending {
		f()
	}
	if k.t.Failed() {
		lines := strings.Split(k.stderr.String(), "\n")
		k.t.Logf("the end of the log:\n%s", strings.Join(lines[max(0, len(lines)-80):], "\n"))
	}
}

// begin waits until the first login is over: what came before it is not news.
func (k *killed) begin(ctx context.Context) {
	k.t.Helper()
	saved := filepath.Join(k.folder, "data", "default", "progress.json")
	for k.reverse.conn(ctx) != nil && ctx.Err() == nil {
		if _, err := os.Stat(saved); err == nil {
			return
		}
		pause(ctx, 10*time.Millisecond)
	}
	k.t.Fatal("the program does not come online")
}

// talk has people write, until ctx ends.
func (k *killed) talk(ctx context.Context) {
	rng := k.talking
	for i := 0; ctx.Err() == nil; i++ {
		chat, s := "group", world.Send{From: []message.UIN{alice, bob}[rng.IntN(2)], Group: group}
		if rng.IntN(3) == 0 {
			chat, s = "private", world.Send{From: alice, To: bot}
		}
		text := fmt.Sprint(chat, " ", i)
		s.Parts = world.Text(text)
		if _, err := k.box.World().Messages().Send(s, nil); err == nil {
			k.mu.Lock()
			k.said[chat] = append(k.said[chat], text)
			k.mu.Unlock()
		} else {
			k.t.Errorf("not said: %v", err)
		}
		pause(ctx, time.Duration(1+rng.IntN(20))*time.Millisecond)
	}
}

// send has the bot write, until ctx ends.
func (k *killed) send(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		s := &sentByBot{text: fmt.Sprint("from the bot ", i)}
		k.mu.Lock()
		k.sent = append(k.sent, s)
		k.mu.Unlock()
		action, params := "send_group_msg", map[string]any{"group_id": group, "message": s.text}
		if i%3 == 0 {
			action, params = "send_private_msg", map[string]any{"user_id": alice, "message": s.text}
		}
		if answer := k.reverse.call(ctx, action, params); answer.Status == "ok" {
			k.mu.Lock()
			s.id = answer.Data.MessageID
			k.mu.Unlock()
		}
		pause(ctx, 15*time.Millisecond)
	}
}

// sentAndTold are the messages of which the bot knows that they were sent.
func (k *killed) sentAndTold() []sentByBot {
	k.mu.Lock()
	defer k.mu.Unlock()
	var told []sentByBot
	for _, s := range k.sent {
		if s.id != 0 {
			told = append(told, *s)
		}
	}
	return told
}

// look notes what is in the chats; the sandbox forgets old messages.
func (k *killed) look() {
	w := k.box.World()
	for i, history := range [][]*world.Message{w.History().OfGroup(group, 1, 1<<40), w.History().OfPrivate(bot, alice, 1, 1<<40)} {
		for _, m := range history {
			k.there[inChat{i, m.Sequence}] = m.Text()
		}
	}
}

// inChat tells one message from all others.
type inChat struct {
	chat     int
	sequence uint64
}

// checkSent waits for the bot to be connected, and asks for the newest messages that
// were sent before the last kill.
func (k *killed) checkSent(ctx context.Context, told []sentByBot) {
	k.t.Helper()
	for _, s := range told[max(0, len(told)-20):] {
		var answer botAnswer
		for answer.Status == "" && ctx.Err() == nil {
			answer = k.reverse.call(ctx, "get_msg", map[string]any{"message_id": s.id})
		}
		if answer.Status != "ok" || answer.Data.Raw != s.text {
			k.t.Errorf("get_msg of %q, which was sent as %d: %+v", s.text, s.id, answer)
		}
	}
}

// arrive waits until everything said so far has arrived.
func (k *killed) arrive(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, processPatience/3)
	defer cancel()
	k.mu.Lock()
	total := len(k.said["group"]) + len(k.said["private"])
	k.mu.Unlock()
	for ctx.Err() == nil && (len(k.reverse.messages()) < total || len(once(k.hook.messages())) < total) {
		pause(ctx, 20*time.Millisecond)
	}
}

// report compares what came with what was said and sent.
func (k *killed) report(early int) {
	t := k.t
	t.Helper()
	reverse, hook := k.reverse.messages(), k.hook.messages()
	for i := 1; i < len(reverse); i++ {
		if reverse[i].ID <= reverse[i-1].ID {
			t.Errorf("reverse websocket: event %d after %d", reverse[i].ID, reverse[i-1].ID)
		}
	}
	for chat, said := range k.said {
		for name, came := range map[string][]arrived{"reverse websocket": reverse, "webhook": once(hook)} {
			var texts []string
			for _, a := range came {
				if strings.HasPrefix(a.Raw, chat) {
					texts = append(texts, a.Raw)
				}
			}
			if !slices.Equal(texts, said) {
				t.Errorf("%s, %s: %s", name, chat, difference(said, texts))
			}
		}
	}

	there := map[string]int{}
	for _, text := range k.there {
		there[text]++
	}
	ok := 0
	for _, s := range k.sent {
		n := there[s.text]
		if s.id != 0 {
			ok++
		}
		if n > 1 || s.id != 0 && n == 0 {
			t.Errorf("%q is in the chat %d times, its id is %d", s.text, n, s.id)
		}
	}
	if n := len(k.stderr.lines("events skipped: the client was away for too long, or is too slow")); n > 0 {
		t.Errorf("events were skipped %d times", n)
	}
	db, err := sql.Open("sqlite", filepath.Join(k.folder, "data", "default", "messages.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var state string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&state); err != nil || state != "ok" {
		t.Errorf("database: %s, %v", state, err)
	}
	if t.Failed() {
		return
	}
	t.Logf("killed %d times, %d of them while starting; %d group and %d private messages said, all arrived",
		*killsFlag, early, len(k.said["group"]), len(k.said["private"]))
	t.Logf("reverse websocket: %d connections, %d events, none twice; webhook: %d posts, %d of them refused after the bot had seen them, %d came again",
		k.reverse.connections, len(reverse), len(hook), k.hook.refused, len(hook)-len(once(hook)))
	t.Logf("%d messages sent by the bot, %d answered ok: each is in its chat once; database %s", len(k.sent), ok, state)
}

// difference tells where two lists part.
func difference(want, got []string) string {
	i := 0
	for i < min(len(want), len(got)) && want[i] == got[i] {
		i++
	}
	return fmt.Sprintf("%d arrived of %d; from number %d on got %q, want %q", len(got), len(want), i,
		got[i:min(i+5, len(got))], want[i:min(i+5, len(want))])
}

// botAnswer is an answer to an action; the zero value says that none came.
type botAnswer struct {
	Status string `json:"status"`
	Msg    string `json:"msg"`
	Echo   string `json:"echo"`
	Data   struct {
		MessageID int32  `json:"message_id"`
		Raw       string `json:"raw_message"`
	} `json:"data"`
}

// ackingBot listens for the reverse WebSocket, and tells at each connection the
// last event that it has.
type ackingBot struct {
	mu          sync.Mutex // guards what follows
	changed     chan struct{}
	ws          *websocket.Conn
	all         []arrived
	last        int64
	connections int
	calls       int
	answers     map[string]chan botAnswer
}

func newAckingBot() *ackingBot {
	return &ackingBot{changed: make(chan struct{}), answers: map[string]chan botAnswer{}}
}

func (b *ackingBot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	if b.last != 0 {
		w.Header().Set("Last-Event-ID", strconv.FormatInt(b.last, 10))
	}
	b.mu.Unlock()
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer ws.CloseNow()
	b.mu.Lock()
	b.ws = ws
	b.connections++
	close(b.changed)
	b.changed = make(chan struct{})
	b.mu.Unlock()
	for {
		_, frame, err := ws.Read(context.Background()) // until one side closes
		b.mu.Lock()
		if err != nil || b.ws != ws { // dropped: what is still on the way was not received
			if b.ws == ws {
				b.lose()
			}
			b.mu.Unlock()
			return
		}
		var a arrived
		var answer botAnswer
		switch {
		case json.Unmarshal(frame, &a) == nil && a.Post != "":
			if a.ID != 0 {
				b.last = a.ID
			}
			if a.Post == "message" {
				b.all = append(b.all, a)
			}
		case json.Unmarshal(frame, &answer) == nil && b.answers[answer.Echo] != nil:
			b.answers[answer.Echo] <- answer
			delete(b.answers, answer.Echo)
		}
		b.mu.Unlock()
	}
}

// lose gives up the calls of a connection. The caller holds mu.
func (b *ackingBot) lose() {
	b.ws = nil
	for echo, ch := range b.answers {
		close(ch)
		delete(b.answers, echo)
	}
}

func (b *ackingBot) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ws != nil {
		_ = b.ws.CloseNow()
		b.lose()
	}
}

// conn waits for a connection; nil when ctx ends.
func (b *ackingBot) conn(ctx context.Context) *websocket.Conn {
	for {
		b.mu.Lock()
		ws, changed := b.ws, b.changed
		b.mu.Unlock()
		if ws != nil {
			return ws
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// call runs an action; the answer is empty when the connection broke.
func (b *ackingBot) call(ctx context.Context, action string, params map[string]any) botAnswer {
	ws := b.conn(ctx)
	if ws == nil {
		return botAnswer{}
	}
	b.mu.Lock()
	if b.ws != ws {
		b.mu.Unlock()
		return botAnswer{}
	}
	b.calls++
	echo, ch := fmt.Sprint(b.calls), make(chan botAnswer, 1)
	b.answers[echo] = ch
	b.mu.Unlock()
	request, err := json.Marshal(map[string]any{"action": action, "params": params, "echo": echo})
	if err == nil {
		_ = ws.Write(ctx, websocket.MessageText, request) // a failure ends the connection, and so the call
	}
	select {
	case answer := <-ch:
		return answer
	case <-ctx.Done():
		return botAnswer{}
	}
}

func (b *ackingBot) messages() []arrived {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.all)
}

// forgetfulHook takes posts, and refuses some, seen or not.
type forgetfulHook struct {
	mu      sync.Mutex // guards what follows
	rng     *rand.Rand
	all     []arrived
	refused int
}

func (h *forgetfulHook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var a arrived
	if err != nil || json.NewDecoder(bytes.NewReader(body)).Decode(&a) != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if a.Post == "message" {
		n := h.rng.IntN(50)
		if n != 0 {
			h.all = append(h.all, a)
		}
		if n < 2 { // with n 0 unseen
			h.refused += n
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *forgetfulHook) messages() []arrived {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.all)
}

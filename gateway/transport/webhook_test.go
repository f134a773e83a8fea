package transport

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"libration/gateway"
	"libration/ntqq/event"
)

// hookBot takes posts. Each goes to posts when it was answered with 2xx.
type hookBot struct {
	posts chan *post

	mu     sync.Mutex
	status int    // answer with this, when set
	answer string // to events
	tries  int
	hang   chan struct{} // answer when it is closed
}

// hangUp as a status is no answer at all.
const hangUp = -1

type post struct {
	header http.Header
	body   []byte
	told
}

func (h *hookBot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	h.mu.Lock()
	h.tries++
	status, answer, hang := h.status, h.answer, h.hang
	h.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
			return
		}
	}
	if status == hangUp {
		panic(http.ErrAbortHandler)
	}
	if status != 0 {
		http.Error(w, "no", status)
		return
	}
	p := &post{header: r.Header, body: body}
	if p.told, err = toldOf(body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if p.MetaType == "" && answer != "" {
		fmt.Fprint(w, answer)
	} else {
		w.WriteHeader(http.StatusNoContent)
	}
	h.posts <- p
}

func (h *hookBot) set(status int, answer string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status, h.answer = status, answer
}

func (h *hookBot) tried() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tries
}

func (h *hookBot) next(t testing.TB) *post {
	t.Helper()
	select {
	case p := <-h.posts:
		return p
	case <-time.After(10 * time.Second):
		t.Fatal("no post came")
		return nil
	}
}

// texts takes n messages.
func (h *hookBot) texts(t testing.TB, n int) string {
	t.Helper()
	var all []string
	for len(all) < n {
		if p := h.next(t); p.MetaType == "" {
			all = append(all, p.Raw)
		}
	}
	return strings.Join(all, " ")
}

func newHookBot(t testing.TB) (*hookBot, *httptest.Server) {
	h := &hookBot{posts: make(chan *post, 10_000)}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return h, s
}

// startWebhook starts a webhook and takes its first lifecycle event.
func startWebhook(t *testing.T, b *bot, url string, o WebhookOptions, log *logBuffer) (*Webhook, func() time.Duration) {
	t.Helper()
	o.URL = url
	if o.Retry == 0 {
		o.Retry = time.Millisecond
	}
	w, err := NewWebhook(b.Dialect, o, log.logger())
	if err != nil {
		t.Fatal(err)
	}
	return w, start(t, w)
}

func TestWebhookPosts(t *testing.T) {
	b, _ := newOneBot(t)
	bot, server := newHookBot(t)
	var log logBuffer
	w, stop := startWebhook(t, b, server.URL+"/onebot?k=hunter2", WebhookOptions{Secret: "hush", Heartbeat: time.Second}, &log)
	if p := bot.next(t); p.MetaType != "lifecycle" || p.Sub != "enable" {
		t.Errorf("first post: got %s", p.body)
	}
	eventually(t, "the webhook to run", func() bool { return w.State() == StateConnected })
	publish(b, "<你好>")
	p := bot.next(t)
	if p.Raw != "<你好>" || strings.ContainsAny(string(p.body), "\n\t\\") || strings.Contains(string(p.body), `": `) {
		t.Errorf("body: got %s, want it compact and without escapes", p.body)
	}
	mac := hmac.New(sha1.New, []byte("hush"))
	mac.Write(p.body)
	for k, want := range map[string]string{
		"Content-Type": "application/json", "X-Self-Id": "10001", "User-Agent": "OneBot/11 Libration/1.2.3",
		"X-Signature": "sha1=" + hex.EncodeToString(mac.Sum(nil)), "Authorization": "",
	} {
		if got := p.header.Get(k); got != want {
			t.Errorf("header %s: got %q, want %q", k, got, want)
		}
	}
	if p := bot.next(t); p.MetaType != "heartbeat" {
		t.Errorf("then: got %s, want a heartbeat", p.body)
	}
	if stopped := stop(); stopped > time.Second {
		t.Errorf("stopping took %v", stopped)
	}
	for p = bot.next(t); p.Sub != "disable"; p = bot.next(t) {
	}
	if w.State() != StateStopped || strings.Contains(log.String(), "hunter2") || strings.Contains(w.Name(), "hunter2") {
		t.Errorf("state %s, name %s, log %s", w.State(), w.Name(), log.String())
	}
}

// TestWebhookAway: nothing is lost and nothing changes places while the bot does
// not answer, before and after a start again.
func TestWebhookAway(t *testing.T) {
	for _, tt := range []struct {
		status int
		result string
		reason string
	}{
		{http.StatusInternalServerError, PostFailed, "could not handle the event"},
		{http.StatusTooManyRequests, PostFailed, "could not handle the event"},
		{http.StatusForbidden, PostRefused, "compare secret"},
		{http.StatusNotFound, PostRefused, "does not know this path"},
		{http.StatusBadRequest, PostRefused, "refused the event"},
		{http.StatusFound, PostRefused, "enter the final url"},
	} {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			b, _, _ := newJournaled(t)
			bot, server := newHookBot(t)
			var mu sync.Mutex
			results := map[string]int{}
			o := WebhookOptions{Journal: someJournal, OnPost: func(result string) {
				mu.Lock()
				defer mu.Unlock()
				results[result]++
			}}
			var log logBuffer
			w, stop := startWebhook(t, b, server.URL, o, &log)
			bot.next(t)
			publish(b, "1")
			if got := bot.texts(t, 1); got != "1" {
				t.Errorf("got %q", got)
			}
			bot.set(tt.status, "")
			before := bot.tried()
			publish(b, "2")
			publish(b, "3")
			eventually(t, "some tries", func() bool { return bot.tried() > before+3 })
			if state, _ := w.Watch(); state.Err == nil || !strings.Contains(state.Err.Error(), tt.reason) {
				t.Errorf("while the bot is away: %+v, want why (%s)", state, tt.reason)
			}
			if n := strings.Count(log.String(), "did not take an event"); n != 1 {
				t.Errorf("%d log lines, want 1:\n%s", n, log.String())
			}
			bot.set(0, "")
			if got := bot.texts(t, 2); got != "2 3" {
				t.Errorf("back: got %q, want 2 3", got)
			}
			eventually(t, "the webhook to run again", func() bool { return w.State() == StateConnected })
			stop()

			publish(b, "4")
			bot.set(tt.status, "")
			before = bot.tried()
			_, stop = startWebhook(t, b, server.URL, o, &log)
			eventually(t, "a try", func() bool { return bot.tried() > before })
			publish(b, "5")
			bot.set(0, "")
			if got := bot.texts(t, 2); got != "4 5" {
				t.Errorf("after a start again: got %q, want 4 5", got)
			}
			stop()
			mu.Lock()
			defer mu.Unlock()
			if results[PostOK] < 7 || results[tt.result] < 4 || len(results) != 2 {
				t.Errorf("results %v, want %s too", results, tt.result)
			}
		})
	}
}

func TestWebhookNobodyThere(t *testing.T) {
	b, _ := newOneBot(t)
	bot, server := newHookBot(t)
	server.Close()
	var log logBuffer
	results := make(chan string, 100)
	w, _ := startWebhook(t, b, server.URL, WebhookOptions{OnPost: func(r string) {
		select {
		case results <- r:
		default:
		}
	}}, &log)
	eventually(t, "the reason", func() bool {
		c, _ := w.Watch()
		return c.State == StateWaiting && c.Err != nil && strings.Contains(c.Err.Error(), "is the bot running?") && !c.Retry.IsZero()
	})
	if r := <-results; r != PostNoAnswer || bot.tried() != 0 {
		t.Errorf("result %s", r)
	}
}

// TestWebhookOldConnection: a bot that closes idle connections costs no pause.
func TestWebhookOldConnection(t *testing.T) {
	b, _ := newOneBot(t)
	bot := &hookBot{posts: make(chan *post, 10)}
	server := httptest.NewUnstartedServer(bot)
	answered := make(chan struct{}, 10)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateIdle {
			answered <- struct{}{}
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	var log logBuffer
	w, _ := startWebhook(t, b, server.URL, WebhookOptions{Retry: time.Hour}, &log)
	bot.next(t)
	for i := range 5 {
		<-answered // else the answer would be cut off, which does cost a pause
		server.CloseClientConnections()
		publish(b, fmt.Sprint(i))
		if got := bot.texts(t, 1); got != fmt.Sprint(i) {
			t.Errorf("got %q, want %d", got, i)
		}
	}
	if w.Err() != nil {
		t.Error(w.Err())
	}
}

// TestWebhookRedirect: where a redirect leads, nothing is posted.
func TestWebhookRedirect(t *testing.T) {
	b, _ := newOneBot(t)
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	var log logBuffer
	w, stop := startWebhook(t, b, server.URL, WebhookOptions{Secret: "hush"}, &log)
	eventually(t, "the post to fail", func() bool { return w.State() == StateWaiting })
	stop()
	if n := elsewhere.Load(); n != 0 || !strings.Contains(log.String(), "redirects") {
		t.Errorf("%d posts elsewhere, log %s", n, log.String())
	}
}

func TestWebhookExpiredWhileAway(t *testing.T) {
	var log logBuffer
	b, _, kept := newJournaled(t, log.logger())
	bot, server := newHookBot(t)
	journal := someJournal
	journal.Limit = 2
	_, _ = startWebhook(t, b, server.URL, WebhookOptions{Journal: journal, Retry: 20 * time.Millisecond}, &log)
	bot.next(t)
	bot.set(hangUp, "")
	for i := range 10 {
		publish(b, fmt.Sprint(i))
	}
	if err := kept.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := bot.tried()
	eventually(t, "a try of what is left", func() bool { return bot.tried() > before+1 })
	bot.set(0, "")
	if got := bot.texts(t, 2); got != "8 9" {
		t.Errorf("got %q, want the newest two", got)
	}
	if n := strings.Count(log.String(), "events skipped"); b.Stats().Expired != 8 || n != 1 {
		t.Errorf("%d log lines, %+v, want one line and 8 expired", n, b.Stats())
	}
}

// TestWebhookRetryIsNoAbsence: what waits behind a post that the bot answered with an
// error was not missed, whatever the limit is.
func TestWebhookRetryIsNoAbsence(t *testing.T) {
	var log logBuffer
	b, _, kept := newJournaled(t, log.logger())
	bot, server := newHookBot(t)
	journal := someJournal
	journal.Limit = 10
	_, stop := startWebhook(t, b, server.URL, WebhookOptions{Journal: journal}, &log)
	bot.next(t)
	bot.set(http.StatusServiceUnavailable, "")
	var want []string
	for i := range 50 {
		publish(b, fmt.Sprint(i))
		want = append(want, fmt.Sprint(i))
	}
	if err := kept.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := bot.tried()
	eventually(t, "a try of what waits", func() bool { return bot.tried() > before+1 })
	stop() // what waited then still does
	_, _ = startWebhook(t, b, server.URL, WebhookOptions{Journal: journal}, &log)
	bot.set(0, "")
	if got := bot.texts(t, 50); got != strings.Join(want, " ") {
		t.Errorf("got %s, want all 50", got)
	}
	if n := b.Stats().Expired; n != 0 {
		t.Errorf("%d events were skipped, want none", n)
	}
}

// TestWebhookWithoutJournal: what does not fit into the queue is dropped, with a log
// line, and the rest goes on.
func TestWebhookWithoutJournal(t *testing.T) {
	b := newBot(newFakeClient(t), gateway.Options{Buffer: 2000})
	bot, server := newHookBot(t)
	var log logBuffer
	_, _ = startWebhook(t, b, server.URL, WebhookOptions{}, &log)
	bot.next(t)
	publish(b, "1")
	if got := bot.texts(t, 1); got != "1" {
		t.Errorf("got %q", got)
	}
	bot.set(http.StatusBadGateway, "")
	for i := range 10 {
		publish(b, fmt.Sprint("lost", i))
	}
	eventually(t, "the line about them", func() bool { return strings.Contains(log.String(), "dropped: too many") })
	bot.set(0, "")
	eventually(t, "live events", func() bool {
		publish(b, "live")
		select {
		case p := <-bot.posts:
			return p.Raw == "live"
		default:
			return false
		}
	})
}

func TestWebhookQuickOperations(t *testing.T) {
	b, client := newOneBot(t)
	bot, server := newHookBot(t)
	var log logBuffer
	_, stop := startWebhook(t, b, server.URL, WebhookOptions{}, &log)
	bot.next(t)
	client.noted()
	for _, tt := range []struct{ answer, calls, line string }{
		{` {"reply": "hi [CQ:face,id=1]"}`, `send 5 "hi <*message.FaceSegment>"`, ""},
		{`{"reply":"[a]","auto_escape":true,"at_sender":true}`, `send 5 "<*message.AtSegment>[a]"`, ""},
		{"\xef\xbb\xbf" + ` {"reply":"marked"}`, `send 5 "marked"`, ""},
		{"\xff\xfe{\x00}\x00", "", "save it as UTF-8"},
		{"thank you", "", ""},
		{"[1]", "", ""},
		{"null", "", ""},
		{"{}", "", ""},
		{`{"reply":`, "", "is not JSON"},
		{strings.Repeat(" ", 2<<20) + `{"reply":"large"}`, `send 5 "large"`, ""}, // pictures are in it
		{strings.Repeat("x", gateway.MaxRequest+1), "", "larger than"},
		{`{"kick":true,"reply":"out"}`, `send 5 "out"`, "code=GROUP_NOT_FOUND"},
		{`{"reply":[{"type":"tts","data":{}}]}`, "", "cannot be sent"},
	} {
		bot.set(0, tt.answer)
		publish(b, "1")
		bot.texts(t, 1)
		bot.set(0, `{"reply":"marker"}`) // what comes after it was done after it
		publish(b, "2")
		bot.texts(t, 1)
		var calls string
		eventually(t, "the operations", func() bool {
			calls += client.noted()
			return strings.Contains(calls, "marker")
		})
		calls = strings.Trim(strings.Replace(calls, `send 5 "marker"`, "", 1), "; ")
		if calls != tt.calls {
			t.Errorf("answer %.40s: got %s, want %s", tt.answer, calls, tt.calls)
		}
		if n := strings.Count(log.String(), "quick operation failed"); (n > 0) != (tt.line != "") || !strings.Contains(log.String(), tt.line) {
			t.Errorf("answer %.40s: log %s, want %q", tt.answer, log.String(), tt.line)
		}
		log.mu.Lock()
		log.b.Reset()
		log.mu.Unlock()
	}
	stop()
}

// TestWebhookQuickOperationsHoldNothingUp: however many wait for one that takes long, the
// next event is posted.
func TestWebhookQuickOperationsHoldNothingUp(t *testing.T) {
	b, client := newOneBot(t)
	bot, server := newHookBot(t)
	var log logBuffer
	held := make(chan struct{})
	client.send = func() { <-held }
	release := sync.OnceFunc(func() { close(held) })
	_, stop := startWebhook(t, b, server.URL, WebhookOptions{}, &log)
	t.Cleanup(release)
	bot.next(t)
	bot.set(0, `{"reply":"hi"}`)
	const more = 10
	for range 1 + operationQueue + more {
		publish(b, "1")
		bot.texts(t, 1)
	}
	bot.set(0, "")
	publish(b, "2") // what comes before it was put into the queue, or refused
	bot.texts(t, 1)
	release()
	stop()
	if n := strings.Count(client.noted(), "send"); n != 1+operationQueue && n != operationQueue {
		t.Errorf("%d replies were sent, want what the queue holds", n)
	}
	if n := strings.Count(log.String(), "too many are waiting"); n != more && n != more+1 {
		t.Errorf("%d log lines about %d refused ones:\n%s", n, more, log.String())
	}
}

// TestWebhookStopsWhileBotHangs: stopping does not wait for a bot that does not
// answer, and the event stays for the next time.
func TestWebhookStopsWhileBotHangs(t *testing.T) {
	b, _, _ := newJournaled(t)
	bot, server := newHookBot(t)
	var log logBuffer
	w, err := NewWebhook(b.Dialect, WebhookOptions{URL: server.URL, Retry: time.Millisecond, Journal: someJournal}, log.logger())
	if err != nil {
		t.Fatal(err)
	}
	w.time.drain = 50 * time.Millisecond
	stop := start(t, w)
	bot.next(t)
	bot.mu.Lock()
	bot.hang = make(chan struct{})
	bot.mu.Unlock()
	before := bot.tried()
	publish(b, "1")
	eventually(t, "the post", func() bool { return bot.tried() > before })
	if took := stop(); took > 3*time.Second {
		t.Errorf("stopping took %v", took)
	}
	bot.mu.Lock()
	close(bot.hang)
	bot.hang = nil
	bot.mu.Unlock()
	for len(bot.posts) > 0 { // the hung one may still be answered
		<-bot.posts
	}
	startWebhook(t, b, server.URL, WebhookOptions{Journal: someJournal}, &log)
	if got := bot.texts(t, 1); got != "1" {
		t.Errorf("got %q", got)
	}
}

func TestWebhookTimeout(t *testing.T) {
	b, _ := newOneBot(t)
	bot, server := newHookBot(t)
	bot.hang = make(chan struct{})
	defer close(bot.hang)
	var log logBuffer
	w, _ := startWebhook(t, b, server.URL, WebhookOptions{Timeout: 20 * time.Millisecond}, &log)
	eventually(t, "the reason", func() bool { return w.Err() != nil && strings.Contains(w.Err().Error(), "no answer in time") })
}

func TestWebhookTLS(t *testing.T) {
	b, _ := newOneBot(t)
	bot := &hookBot{posts: make(chan *post, 100)}
	server := httptest.NewTLSServer(bot)
	server.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
	defer server.Close()
	var log logBuffer
	w, stop := startWebhook(t, b, server.URL, WebhookOptions{}, &log)
	eventually(t, "the certificate to be refused", func() bool { return w.Err() != nil && strings.Contains(w.Err().Error(), "certificate") })
	stop()
	startWebhook(t, b, server.URL, WebhookOptions{InsecureSkipVerify: true}, &log)
	bot.next(t)
}

func TestWebhookOptionsChecked(t *testing.T) {
	b, _ := newOneBot(t)
	for _, url := range []string{"", "ws://a", "http://", "http://%zz", "bot:80"} {
		if _, err := NewWebhook(b.Dialect, WebhookOptions{URL: url}, nil); err == nil {
			t.Errorf("url %q accepted", url)
		}
	}
	_, err := NewWebhook(b.Dialect, WebhookOptions{URL: "http://a?token=hunter2", Timeout: -1, Retry: -1, Heartbeat: 1, Events: gateway.Selection{Form: 9}, Journal: JournalOptions{Limit: -1}}, nil)
	for _, want := range []string{"timeout", "retry", "heartbeat", "form 9", "journal limit"} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want %q named", err, want)
		}
	}
	w, err := NewWebhook(b.Dialect, WebhookOptions{URL: "http://127.0.0.1:1", Journal: someJournal}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(context.Background()); !errors.Is(err, gateway.ErrNoJournal) || w.State() != StateFailed {
		t.Errorf("without a journal in the service: %v, state %s", err, w.State())
	}
}

// TestWebhookFrames: of an event with two posts only the one that was refused comes again.
func TestWebhookFrames(t *testing.T) {
	for _, journaled := range []bool{true, false} {
		b, _ := newOneBot(t)
		o := WebhookOptions{}
		if journaled {
			b, _, _ = newJournaled(t)
			o.Journal = someJournal
		}
		posted := make(chan string, 100)
		var refused atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			kind, _ := fields(t, body)["notice_type"].(string)
			if kind == "notify" && refused.Add(1) <= 2 {
				kind = "refused"
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			if kind != "" {
				posted <- kind
			}
		}))
		t.Cleanup(server.Close)
		var log logBuffer
		_, stop := startWebhook(t, b, server.URL, o, &log)
		eventually(t, "somebody to take events", func() bool { return journaled || b.Stats().Subscribers == 1 })
		for range 2 {
			b.Handle(t.Context(), &event.GroupNameChanged{Group: 5, NewName: "name"})
		}
		for i, want := range []string{"group_name_change", "refused", "refused", "notify", "group_name_change", "notify"} {
			if got := <-posted; got != want {
				t.Fatalf("post %d: got %s, want %s", i, got, want)
			}
		}
		stop()
	}
}

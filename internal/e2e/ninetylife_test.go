//go:build endurance

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"libration/gateway"
	"libration/internal/store"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/onebot"
)

// life is an account of TestNinetyDays with its dialect and its owner. What lasts
// over a restart of the program stands first.
type life struct {
	n        *ninety
	uin      message.UIN
	keys     *ntqq.MemoryKeystore
	progress *memoryProgress
	path     string // of the store
	signer   ntqq.Signer
	rng      *rand.Rand // the owner's

	client  *ntqq.Client
	dialect *onebot.Dialect
	store   *store.Store
	stop    func()

	mu    sync.Mutex
	heard map[chatKey][]heard
	total map[string]int
	told  int // that it is online, since the last start
}

// heard is a message as a bot got it.
type heard struct {
	sequence uint64
	text     string
	id       int64
}

func (n *ninety) newLife(uin message.UIN, path string, transport http.RoundTripper) *life {
	l := &life{
		n: n, uin: uin, keys: &ntqq.MemoryKeystore{}, progress: &memoryProgress{}, path: path,
		signer: &ntqq.HTTPSigner{
			URLs: []string{"http://127.0.0.1/sign"}, Client: &http.Client{Transport: transport}, Log: slog.New(n.log.of(uin)),
		},
		rng:   rand.New(rand.NewPCG(uint64(uin), n.rng.Uint64())),
		heard: map[chatKey][]heard{}, total: map[string]int{},
	}
	l.start()
	return l
}

// start starts the program.
func (l *life) start() {
	n, log := l.n, slog.New(l.n.log.of(l.uin))
	var err error
	if l.store, err = store.Open(context.Background(), store.Options{Path: l.path, Log: log}); err != nil {
		n.t.Fatal(err)
	}
	keys := n.PublicKeys()
	var one sync.Mutex // held by whoever gives the gateway something
	var gate *gateway.Gateway
	states := make(chan ntqq.State, 1024)
	o := ntqq.Options{
		Keystore: l.keys, Progress: l.progress, Signer: l.signer, Log: log,
		Servers: ntqq.Servers{
			Addresses: []string{"sandbox:1"}, OicqKey: keys.Oicq192, ExchangeKey: keys.NT, VerifyKey: keys.VerifyKey,
		},
		Dial: n.listener.DialContext,
		Handler: func(e event.Event) {
			one.Lock()
			defer one.Unlock()
			gate.Handle(context.Background(), e)
		},
		OnState: func(s ntqq.State) { states <- s },
	}
	if l.uin == passwordAccount {
		n.usePassword(secret)(&o)
	}
	o.UIN = l.uin
	client, err := ntqq.New(o)
	if err != nil {
		n.t.Fatal(err)
	}
	gate = gateway.New(gateway.Options{Account: client, Store: l.store, Log: log})
	l.client, l.dialect = client, onebot.New(onebot.Options{Client: client, Gateway: gate, Log: log})
	l.told = 0
	sub := gate.Subscribe(gateway.Selection{ReportSelf: true})
	handled := make(chan struct{}) // closed when all events have been

	ctx, cancel := context.WithCancel(context.Background())
	var owner, session, rest sync.WaitGroup
	rest.Go(func() {
		for s := range states {
			one.Lock()
			gate.HandleState(s)
			one.Unlock()
		}
		close(handled)
	})
	rest.Go(func() {
		defer sub.Close()
		for {
			last := false
			select {
			case <-sub.Ready():
			case <-handled:
				last = true
			}
			for {
				events, err := sub.Take(nil, math.MaxInt)
				if err != nil {
					n.t.Errorf("account %d gets no events any more: %v", l.uin, err)
					return
				}
				if len(events) == 0 {
					break
				}
				for _, b := range events {
					l.take(b)
				}
			}
			if last {
				return
			}
		}
	})
	serving, stopServing := context.WithCancel(context.Background())
	rest.Go(func() { _ = gate.Run(serving) })
	owner.Go(func() { l.own(ctx, client) })
	session.Go(func() {
		if err := client.Run(ctx); err != nil {
			n.t.Errorf("account %d ended with: %v", l.uin, err)
		}
	})
	l.stop = sync.OnceFunc(func() {
		online := client.State().OnlineCount
		cancel()
		session.Wait()
		owner.Wait()
		stopServing()
		close(states)
		rest.Wait()
		if l.told != online {
			n.t.Errorf("account %d: bots were told %d times that it is online, it was %d times", l.uin, l.told, online)
		}
		if err := l.store.Close(); err != nil {
			n.t.Errorf("account %d: %v", l.uin, err)
		}
	})
}

// own does what only the owner can do: scan codes, confirm logins, solve captchas,
// and log in again after a kick.
func (l *life) own(ctx context.Context, c *ntqq.Client) {
	var done ntqq.Prompt // the last one that was dealt with
	code := ""
	for {
		s, err := c.Wait(ctx, func(s ntqq.State) bool {
			return s.Prompt != nil && (*s.Prompt != done || s.QR != nil && s.QR.URL != code)
		})
		if err != nil {
			return
		}
		again := s.Prompt.Kind == ntqq.PromptKicked || s.Prompt.Kind == ntqq.PromptNeedsLogin
		d := time.Duration(1+l.rng.IntN(1200)) * time.Second
		if !again {
			d /= 200
		}
		timer := time.NewTimer(d)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		l.count("owner: " + string(s.Prompt.Kind))
		if again {
			c.Relogin()
			if _, err := c.Wait(ctx, func(now ntqq.State) bool { return now.Stage != s.Stage }); err != nil {
				return
			}
			continue
		}
		done, code = *s.Prompt, ""
		if s.QR != nil {
			code = s.QR.URL
		}
		for _, waiting := range l.n.PendingQR() {
			if code != "" && waiting.URL == code || code == "" && waiting.BoundUIN == l.uin {
				_ = l.n.ApproveQR(waiting.ID, l.uin) // it may be too late
			}
		}
		for _, captcha := range l.n.Captchas() {
			if s.Prompt.URL != "" && captcha.URL == s.Prompt.URL {
				_ = c.Answer(ntqq.CaptchaAnswer{Ticket: captcha.Ticket, RandStr: captcha.RandStr})
			}
		}
	}
}

func (l *life) count(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total[what]++
}

// botEvent is what matters of an event.
type botEvent struct {
	PostType    string            `json:"post_type"`
	MessageType string            `json:"message_type"`
	NoticeType  string            `json:"notice_type"`
	GroupID     message.GroupCode `json:"group_id"`
	UserID      message.UIN       `json:"user_id"`
	TargetID    message.UIN       `json:"target_id"`
	MessageID   int64             `json:"message_id"`
	MessageSeq  uint64            `json:"message_seq"`
	RawMessage  string            `json:"raw_message"`
}

// take is the bot.
func (l *life) take(b []byte) {
	var e botEvent
	if err := json.Unmarshal(b, &e); err != nil {
		l.n.t.Errorf("event %s: %v", b, err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case e.PostType == "notice":
		l.total["notice "+e.NoticeType]++
		if e.NoticeType == "bot_online" {
			l.told++
		}
	case e.MessageType == "group":
		l.hear(chatKey{group: e.GroupID}, &e)
	case e.PostType == "message_sent":
		l.hear(pairOf(l.uin, e.TargetID), &e)
	case e.PostType == "message":
		l.hear(pairOf(l.uin, e.UserID), &e)
	}
}

func (l *life) hear(key chatKey, e *botEvent) {
	l.heard[key] = append(l.heard[key], heard{e.MessageSeq, e.RawMessage, e.MessageID})
	l.total["messages"]++
}

// onlineWithin waits until the account is online.
func (l *life) onlineWithin(d time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	_, err := l.client.Wait(ctx, ntqq.State.Online)
	return err == nil
}

// check compares what was heard with the world since the last time.
func (l *life) check() bool {
	n := l.n
	l.mu.Lock()
	defer l.mu.Unlock()
	n.record.mu.Lock()
	defer n.record.mu.Unlock()
	ok := true
	for key, want := range n.record.chats {
		if !n.hears(l.uin, key) {
			continue
		}
		got := l.heard[key]
		if why := l.compare(got, want); why != "" {
			n.fail("account %d, chat %v: %s", l.uin, key, why)
			ok = false
		} else if len(got) > 0 {
			last := got[len(got)/2]
			m, err := l.store.Get(int32(last.id))
			if err != nil || m == nil || m.Sequence != last.sequence || text(m) != last.text {
				n.fail("account %d, chat %v: message %+v is stored as %+v, %v", l.uin, key, last, m, err)
				ok = false
			}
		}
		delete(l.heard, key)
	}
	for key, rest := range l.heard {
		n.fail("account %d heard what nobody said in chat %v: %v", l.uin, key, rest)
		ok = false
	}
	clear(l.heard)
	return ok
}

// compare says what is wrong, "" when nothing is. Only what was recalled may be
// missing; only after the client has said that it did not wait any longer for the
// history, messages may come late.
func (l *life) compare(got []heard, want []said) string {
	bySequence := func(a, b heard) int { return cmp.Compare(a.sequence, b.sequence) }
	if l.n.log.gaveUp(l.uin) && !slices.IsSortedFunc(got, bySequence) {
		got = slices.SortedStableFunc(slices.Values(got), bySequence)
		l.total["chats with late messages"]++
	}
	all := got
	for i, w := range want {
		if len(got) > 0 && got[0].sequence == w.sequence && got[0].text == w.text {
			got = got[1:]
			continue
		}
		if !w.recalled {
			at := len(all) - len(got)
			return fmt.Sprintf("message %d is missing, late or not as it was\n got: ... %v\nwant: ... %v",
				w.sequence, all[max(0, at-2):min(at+3, len(all))], want[max(0, i-2):min(i+3, len(want))])
		}
		l.total["recalled before delivery"]++
	}
	if len(got) > 0 {
		return fmt.Sprintf("message %d comes again, late, or was never sent", got[0].sequence)
	}
	return ""
}

// dayLog keeps the log of one day, and counts its lines for ever.
type dayLog struct {
	mu    sync.Mutex
	lines []string
	seen  map[string]int
	late  map[message.UIN]bool // who did not wait any longer for the history
	// errors are those that no fault explains.
	errors map[string]int
}

// expectedErrors are the beginnings of the errors that faults lead to.
var expectedErrors = []string{
	"kicked offline: ", "login needs a person", "signer failed: it signs for another version", missedLine,
}

// missedLine is how the client says that messages may come late.
const missedLine = "missed messages could not be fetched"

func (d *dayLog) gaveUp(uin message.UIN) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.late[uin]
}

func (d *dayLog) of(uin message.UIN) slog.Handler { return &dayLogHandler{d, uin} }

func (d *dayLog) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = nil
	clear(d.late)
}

// text is the end of the day's log.
func (d *dayLog) text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := ""
	for _, line := range d.lines[max(0, len(d.lines)-400):] {
		out += line + "\n"
	}
	return out
}

type dayLogHandler struct {
	log *dayLog
	uin message.UIN // 0: the sandbox
}

// Enabled implements slog.Handler, as the next three methods do.
func (h *dayLogHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

func (h *dayLogHandler) Handle(_ context.Context, r slog.Record) error {
	line := fmt.Sprint(r.Time.Format("15:04:05.000 "), h.uin, " ", r.Level, " ", r.Message)
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.String()
		return true
	})
	h.log.mu.Lock()
	defer h.log.mu.Unlock()
	h.log.lines = append(h.log.lines, line)
	if h.uin != 0 {
		h.log.seen[r.Message]++
	}
	if strings.HasPrefix(r.Message, missedLine) {
		h.log.late[h.uin] = true
	}
	if r.Level >= slog.LevelError && !slices.ContainsFunc(expectedErrors, func(s string) bool { return strings.HasPrefix(r.Message, s) }) {
		h.log.errors[r.Message]++
	}
	return nil
}

func (h *dayLogHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *dayLogHandler) WithGroup(string) slog.Handler      { return h }

// sendings are the messages that the accounts sent, and what came of them.
type sendings struct {
	running sync.WaitGroup

	mu    sync.Mutex
	ended map[string]string // the answer by the text
	total map[string]int
}

// notThere are the answers that promise that nothing was sent; the others but
// "sent" promise nothing.
var notThere = []string{
	"MESSAGE_NOT_SENT", "ACCOUNT_OFFLINE", "ACCOUNT_KICKED", "LOGIN_NEEDED", "SESSION_EXPIRED", "SIGN_ERROR",
	"SEND_MSG_API_ERROR", "FRIEND_NOT_FOUND",
}

// send has an account send a text, and perhaps take it back.
func (l *life) send(key chatKey, text string, recall bool) {
	n, dialect := l.n, l.dialect
	action := fmt.Sprintf(`{"action":"send_group_msg","params":{"group_id":%d,"message":%q}}`, key.group, text)
	if key.group == 0 {
		action = fmt.Sprintf(`{"action":"send_private_msg","params":{"user_id":%d,"message":%q}}`, key.other(l.uin), text)
	}
	n.sendings.running.Go(func() {
		resp := callAction(n.t, dialect, action)
		result := resp.Msg
		if resp.RetCode == onebot.RetOK {
			result = "sent"
		}
		n.sendings.mu.Lock()
		n.sendings.ended[text] = result
		n.sendings.total[result]++
		n.sendings.mu.Unlock()
		if result != "sent" || !recall {
			return
		}
		var data struct {
			Data struct {
				ID int32 `json:"message_id"`
			}
		}
		if err := json.Unmarshal(resp.AppendJSON(nil), &data); err != nil {
			n.t.Error(err)
		}
		time.Sleep(time.Minute)
		resp = callAction(n.t, dialect, fmt.Sprintf(`{"action":"delete_msg","params":{"message_id":%d}}`, data.Data.ID))
		l.count("own recalls " + resp.Status)
	})
}

func callAction(t *testing.T, s *onebot.Dialect, action string) *onebot.Response {
	request, err := onebot.ParseRequest([]byte(action))
	if err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	return s.Call(ctx, request)
}

// check compares the answers with the world.
func (s *sendings) check(n *ninety) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n.record.mu.Lock()
	there := map[string]int{}
	for _, list := range n.record.chats {
		for _, m := range list {
			there[m.text]++
		}
	}
	n.record.mu.Unlock()
	ok := true
	for text, result := range s.ended {
		switch times := there[text]; {
		case times > 1, result == "sent" && times != 1, slices.Contains(notThere, result) && times != 0:
			n.fail("message %q ended with %s, and is %d times in the world", text, result, times)
			ok = false
		case result != "sent" && !slices.Contains(notThere, result) && result != "SEND_OUTCOME_UNKNOWN":
			n.fail("message %q ended with %s, which does not say whether it was sent", text, result)
			ok = false
		case result != "sent" && times == 1:
			s.total["(unknown, and there)"]++
		}
	}
	clear(s.ended)
	return ok
}

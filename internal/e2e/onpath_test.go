package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"slices"
	"sync"
	"testing"

	"libration/internal/crypto"
	"libration/internal/wire"
	"libration/ntqq"
)

// saves is a keystore that remembers every session that was saved in it.
type saves struct {
	ntqq.MemoryKeystore
	mu  sync.Mutex
	all []*ntqq.Keystore
}

func (s *saves) Save(k *ntqq.Keystore) error {
	s.mu.Lock()
	s.all = append(s.all, k)
	s.mu.Unlock()
	return s.MemoryKeystore.Save(k)
}

// key is that of a ticket, which the attacks do not use: see onPath.
func (s *saves) key(d2 []byte) (crypto.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.all {
		if bytes.Equal(k.D2, d2) {
			return crypto.Key(k.D2Key), nil
		}
	}
	return crypto.Key{}, nil
}

// lostA1 tells whether A1 was there once and was given up.
func (s *saves) lostA1() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	had := false
	for _, k := range s.all {
		if had && len(k.A1) == 0 {
			return true
		}
		had = had || len(k.A1) > 0
	}
	return false
}

// onPath is somebody on the network between an account and the service: frames pass
// through it in both directions, and it can drop, hold and write them. It writes
// without any key. It reads requests with those of the account, as it would guess:
// the sequences follow each other, and those of heartbeats can be read.
type onPath struct {
	t    *testing.T
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	keys *saves

	mu sync.Mutex
	// onRequest decides about a request before it passes; nil: it passes.
	onRequest func(l *link, rq *wire.Request) (pass bool)
	// onAnswer is the same for frames to the account, which it cannot read.
	onAnswer func(l *link, frame []byte) (pass bool)
	last     *link
}

// link is one connection.
type link struct{ client, server net.Conn }

// between is the Options.Dial of an account that is attacked.
func (p *onPath) between(ctx context.Context, network, address string) (net.Conn, error) {
	server, err := p.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	near, far := net.Pipe()
	l := &link{client: far, server: server}
	p.mu.Lock()
	p.last = l
	p.mu.Unlock()
	go p.pump(l, far, server, p.request)
	go p.pump(l, server, far, p.answer)
	return near, nil
}

func (p *onPath) pump(l *link, from, to net.Conn, pass func(*link, []byte) bool) {
	defer l.client.Close()
	defer l.server.Close()
	frames := wire.NewFrameReader(from)
	for {
		frame, err := frames.Next()
		if err != nil {
			return
		}
		if !pass(l, frame) {
			continue
		}
		if _, err := to.Write(framed(frame)); err != nil {
			return
		}
	}
}

func framed(frame []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(frame)+4)), frame...)
}

func (p *onPath) request(l *link, frame []byte) bool {
	rq, err := wire.ParseRequest(bytes.Clone(frame), p.keys.key)
	p.mu.Lock()
	decide := p.onRequest
	p.mu.Unlock()
	return err != nil || decide == nil || decide(l, rq)
}

func (p *onPath) answer(l *link, frame []byte) bool {
	p.mu.Lock()
	decide := p.onAnswer
	p.mu.Unlock()
	return decide == nil || decide(l, frame)
}

// requests sets what is done with requests from now on.
func (p *onPath) requests(decide func(l *link, rq *wire.Request) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onRequest = decide
}

// answers sets what is done with what the service sends from now on.
func (p *onPath) answers(decide func(l *link, frame []byte) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onAnswer = decide
}

// newest is the last connection.
func (p *onPath) newest() *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// write sends frames, without their length words, to the account.
func (l *link) write(frames ...[]byte) {
	for _, f := range frames {
		_, _ = l.client.Write(framed(f)) // the account may have gone
	}
}

// forged is a packet of the attacker's.
func (p *onPath) forged(resp wire.Response) []byte {
	p.t.Helper()
	if resp.Protocol == 0 {
		resp.Protocol = wire.Protocol12
	}
	resp.UIN, resp.ServerTime = "10001", 2_400_000_000 // in 2046
	frame, err := wire.AppendResponse(nil, &resp, crypto.Key{})
	if err != nil {
		p.t.Fatal(err)
	}
	return frame[4:]
}

// attacked is an account with somebody between it and the service.
type attacked struct {
	*account
	s    *service
	path *onPath
	keys *saves
}

// attack starts an account behind an attacker. ks is the session it begins with; nil:
// none. prepare is called before it starts.
func attack(t *testing.T, s *service, ks *ntqq.Keystore, prepare func(*onPath), change ...func(*ntqq.Options)) *attacked {
	t.Helper()
	keys := &saves{}
	if ks != nil {
		_ = keys.Save(ks)
	}
	path := &onPath{t: t, dial: s.listener.DialContext, keys: keys}
	if prepare != nil {
		prepare(path)
	}
	a := s.account(t, keys, append(change, func(o *ntqq.Options) { o.Dial = path.between })...)
	return &attacked{account: a, s: s, path: path, keys: keys}
}

// unharmed checks that the account is online for the n-th time, that no step asked
// for a person besides those named, and that nothing is lost.
func (a *attacked) unharmed(n int, asked ...string) {
	a.t.Helper()
	a.onlineAgain(n)
	settle()
	if st := a.State(); !st.Online() || st.OnlineCount != n {
		a.t.Errorf("the account is %s (%v), online %d times, want %d", st.Stage, st.Err, st.OnlineCount, n)
	}
	for _, never := range []string{"kicked", "needs_login", "qr", "captcha", "unusual_device", "new_device"} {
		if slices.Contains(a.steps(), never) && !slices.Contains(asked, never) {
			a.t.Errorf("passed %s: %v", never, a.steps())
		}
	}
	if a.keys.lostA1() {
		a.t.Error("A1 was given up")
	}
	if got := a.ClockOffset(); got.Abs() > 3e9 {
		a.t.Errorf("the clock was moved by %v", got)
	}
	a.s.says(a.t, alice, false, "one")
	a.s.says(a.t, bob, false, "two")
	settle()
	if got := a.texts(); !slices.Equal(got, []string{"one", "two"}) {
		a.t.Errorf("heard %q, want the real messages, each once", got)
	}
	if m, err := a.Messages().SendGroup(a.t.Context(), group, say("from the bot")); err != nil {
		a.t.Errorf("sending afterwards: %v", err)
	} else if a.inHistory("from the bot") != 1 {
		a.t.Errorf("message %d is not in the chat", m.Sequence)
	}
}

// inHistory counts the group's messages with a text.
func (a *attacked) inHistory(text string) int {
	n := 0
	for _, m := range a.s.World().History().OfGroup(group, 1, 100) {
		if m.Text() == text {
			n++
		}
	}
	return n
}

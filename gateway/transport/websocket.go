package transport

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"libration/gateway"
	"libration/internal/inbound"
	"libration/internal/network"
	"libration/internal/text"
	"libration/internal/webguard"
)

// WebSocketOptions configure a WebSocket server. Address is required.
type WebSocketOptions struct {
	// Address is host:port, or unix:/path. Port 0 takes a free one.
	Address string
	// TLS names the files of the certificate; none: without TLS.
	TLS TLS
	// AccessToken is required from clients; "" for none, on loopback addresses only.
	AccessToken string
	// Events are those that clients get.
	Events gateway.Selection
	// Heartbeat is the interval of the dialect's heartbeats, at least a second; 0 for
	// none.
	Heartbeat time.Duration
	// MaxMessage is the largest message accepted, in bytes; default and most MaxBody.
	MaxMessage int64
	// Journal serves clients that name the last event that they have; others get live
	// events.
	Journal JournalOptions
	// Connections is that of HTTPOptions.
	Connections *inbound.Pool
	// Network is where it listens; default the system's.
	Network network.Network
	// Port is one that several accounts share, and Account the Sharer.Key of this one; nil:
	// Address, TLS, Network and Connections make one of its own.
	Port    *Port
	Account string
	// OnRefused is called for each request that was refused, from many goroutines; nil:
	// nobody counts.
	OnRefused func(webguard.Reason)
}

func (o WebSocketOptions) validate(d gateway.Speaker) error {
	return errors.Join(
		checkAddress(o.Address, o.AccessToken),
		checkSession(d, o.Events, o.Heartbeat, o.MaxMessage),
		o.Journal.validate(),
	)
}

// checkSession reports problems of the settings that both kinds of WebSocket have.
func checkSession(d gateway.Speaker, events gateway.Selection, heartbeat time.Duration, maxMessage int64) error {
	var errs []error
	if !d.Gateway().Writes(events.Form) {
		errs = append(errs, text.Errorf("there is no form %d of events", "没有事件格式 %d", events.Form))
	}
	if heartbeat < 0 || heartbeat > 0 && heartbeat < time.Second {
		errs = append(errs, text.Errorf("heartbeat %v is too short: use at least 1s, or 0 for none", "心跳间隔 %v 过短：至少 1s，或写 0 表示不发送", heartbeat))
	}
	if maxMessage < 0 || maxMessage > MaxBody {
		errs = append(errs, text.Errorf("max message %d cannot be used: give at most %d bytes, or 0 for that", "消息上限 %d 不可用：最多 %d 字节，写 0 即为该值", maxMessage, MaxBody))
	}
	return errors.Join(errs...)
}

// WebSocket accepts connections from bots.
//
// The Origin header is not looked at when there is an access token, which web pages
// can only give as ?access_token=. Without a token the rules of package webguard hold.
type WebSocket struct {
	server
	dialect gateway.Talker
	guard   *webguard.Guard
	token   string
	most    int64 // bytes of a message
	o       feedOptions
	secret  string // of our own checks, see selfcheck.go
}

// NewWebSocket makes a WebSocket server; Run starts it. The error names the option,
// what is wrong with it and what to do.
func NewWebSocket(d gateway.Talker, o WebSocketOptions, log *slog.Logger) (*WebSocket, error) {
	if err := o.validate(d); err != nil {
		return nil, fmt.Errorf("%s websocket: %w", d.Dialect(), err)
	}
	if o.MaxMessage == 0 {
		o.MaxMessage = MaxBody
	}
	o.Journal.Name = "" // clients have none
	w := &WebSocket{
		server:  newServer(d.Dialect()+" websocket", "ws", o.Port, o.Account, PortOptions{Address: o.Address, TLS: o.TLS, Network: o.Network, Connections: o.Connections}, log),
		dialect: d,
		token:   o.AccessToken,
		most:    o.MaxMessage,
		o:       feedOptions{o.Events, o.Heartbeat, o.Journal},
	}
	w.guard = webguard.New(webguard.Options{
		Service: w.name, Token: o.AccessToken, Log: w.log, OnRefused: o.OnRefused,
		Remedy: text.T("set an access_token for this connection and send it", "为此连接设置 access_token 并发送它"),
	})
	w.secret = rand.Text()
	w.check, w.refuse, w.lasting = w.checkHandshake, d.Refuse, true
	return w, nil
}

// Run implements Service.
func (s *WebSocket) Run(ctx context.Context) error {
	var open sessions
	return s.serve(ctx, func(_, calls context.Context, w http.ResponseWriter, r *http.Request) {
		s.handle(calls, w, r, &open)
	}, open.wait)
}

// handle upgrades a request and serves the connection until it ends.
func (s *WebSocket) handle(calls context.Context, w http.ResponseWriter, r *http.Request, open *sessions) {
	if s.public(w, r, s.dialect, s.guard) {
		return
	}
	line := s.dialect.Line(r)
	after, err := lastEventOf(r)
	if refused := s.refusal(w, r, err); refused != nil {
		reply(w, s.dialect.Refuse(refused.Status, refused.Text))
		return
	}
	if line.Events && !s.ownCheck(r) && !known(s.dialect) {
		s.unknown(w)
		return
	}
	if !open.enter() {
		http.Error(w, "the service is stopping", http.StatusServiceUnavailable)
		return
	}
	defer open.done()

	// The guard has looked at the origin. Compression costs more than loopback and
	// local networks gain from it.
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true,
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		s.guard.Refuse(r, &webguard.Refusal{Status: http.StatusBadRequest, Text: text.T("not a WebSocket request", "不是 WebSocket 请求"), Reason: webguard.Malformed})
		return
	}
	if s.ownCheck(r) {
		s.answerCheck(r.Context(), ws)
		return
	}
	log := s.log.With("service", s.name, "remote", r.RemoteAddr, "role", line.String())
	log.Info("client connected", "user_agent", r.UserAgent())
	session := newSession(s.dialect, log, ws, connOf(r.Context()), line, s.most, s.time)
	if greeting := s.dialect.Greeting(); greeting != nil {
		if after, err = s.greet(r, session, greeting); err != nil {
			log.Info("client disconnected", "reason", err)
			return
		}
	}
	if line.Events {
		session.feed = feedOrLive(s.dialect, log, s.o, after)
	}
	err = session.run(r.Context(), calls, &open.requests)
	level, reason := endReason(err, s.time)
	log.Log(context.WithoutCancel(calls), level, "client disconnected", "reason", reason)
}

// known tells whether the account's number is.
func known(d gateway.Speaker) bool {
	select {
	case <-d.Gateway().Known():
		return true
	default:
		return false
	}
}

// refusal decides by the head of a handshake; nil lets it pass. badEvent is what is
// wrong with the event that the client says it has.
func (s *WebSocket) refusal(w http.ResponseWriter, r *http.Request, badEvent error) *webguard.Refusal {
	if s.token == "" || s.dialect.Greeting() == nil {
		if refused := s.guard.Check(w, r); refused != nil {
			return refused
		}
	}
	if badEvent != nil && s.o.journal.Window > 0 {
		return s.guard.Refuse(r, &webguard.Refusal{Status: http.StatusBadRequest, Text: text.Of(badEvent), Reason: webguard.Malformed})
	}
	return nil
}

// greet reads the first frame of a client that proves itself by that. With an error the
// connection is closed.
func (s *WebSocket) greet(r *http.Request, session *session, g *gateway.Greeting) (after *int64, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), g.Within)
	defer cancel()
	frame, hold, err := session.first(ctx)
	hold.Release()
	if err != nil {
		_ = session.ws.Close(websocket.StatusCode(g.Late), "no first frame in time")
		return nil, text.Errorf("no first frame: %v", "没有收到首帧：%v", err)
	}
	token, after, err := g.Read(frame)
	if err != nil {
		_ = session.ws.Close(websocket.StatusCode(g.Malformed), "the first frame cannot be read")
		return nil, text.Errorf("the first frame cannot be read: %v", "无法识别首帧：%v", err)
	}
	if refused := s.guard.CheckToken(r, token); refused != nil {
		_ = session.ws.Close(websocket.StatusCode(g.Wrong), "wrong access token")
		return nil, text.Errorf("%v", "%v", refused.Text)
	}
	return after, nil
}

// sessions counts what has been taken over from the HTTP server.
type sessions struct {
	mu       sync.Mutex // guards closed, and the order of Add and Wait
	closed   bool
	count    sync.WaitGroup
	requests sync.WaitGroup // added to by counted sessions only
}

// enter counts a session; false once wait has been called.
func (s *sessions) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.count.Add(1)
	return true
}

func (s *sessions) done() { s.count.Done() }

// wait refuses new sessions and waits for the others and their requests.
func (s *sessions) wait() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.count.Wait()
	s.requests.Wait()
}

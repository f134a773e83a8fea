package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"libration/gateway"
	"libration/internal/network"
	"libration/internal/redact"
	"libration/internal/text"
	"libration/internal/tlsfiles"
)

// Defaults of ReverseOptions.
const (
	DefaultReconnectInterval = 3 * time.Second
	DefaultHandshakeTimeout  = 10 * time.Second
)

// ReverseOptions configure connections to a bot that listens. URL, or APIURL and
// EventURL, are required.
type ReverseOptions struct {
	// URL (ws://, wss:// or ws+unix://) gets one connection for actions and events, which is what
	// nearly all bots want. The other two are then not used.
	URL string
	// APIURL and EventURL get a connection each; one may be empty.
	APIURL, EventURL string
	// AccessToken is sent as Authorization: Bearer; "" for none.
	AccessToken string
	// ReconnectInterval is the first pause before another try; default
	// DefaultReconnectInterval. It grows to five times that.
	ReconnectInterval time.Duration
	// HandshakeTimeout bounds one try; default DefaultHandshakeTimeout.
	HandshakeTimeout time.Duration
	// InsecureSkipVerify accepts any certificate of a wss:// server.
	InsecureSkipVerify bool
	// TLS names files of authorities and of a certificate for the bot; none: those of the
	// system, and no certificate.
	TLS TLS
	// Events, Heartbeat and MaxMessage are those of WebSocketOptions.
	Events     gateway.Selection
	Heartbeat  time.Duration
	MaxMessage int64
	// Journal serves the bot what it missed: behind what it is known to have received,
	// or behind the event that its handshake names in the header Last-Event-ID.
	Journal JournalOptions
	// Network is where it connects to the bot; default the system's.
	Network network.Network
}

func (o *ReverseOptions) setDefaults() {
	if o.ReconnectInterval == 0 {
		o.ReconnectInterval = DefaultReconnectInterval
	}
	if o.HandshakeTimeout == 0 {
		o.HandshakeTimeout = DefaultHandshakeTimeout
	}
	if o.MaxMessage == 0 {
		o.MaxMessage = MaxBody
	}
}

func (o *ReverseOptions) validate(d gateway.Speaker) error {
	var errs []error
	if o.URL == "" && o.APIURL == "" && o.EventURL == "" {
		errs = append(errs, text.Errorf("no URL is set: give url, for example ws://127.0.0.1:8080/onebot/v11/ws", "未设置 URL：请填写 url，例如 ws://127.0.0.1:8080/onebot/v11/ws"))
	}
	for _, u := range []struct{ option, value string }{{"url", o.URL}, {"api url", o.APIURL}, {"event url", o.EventURL}} {
		if u.value != "" {
			errs = append(errs, checkBotURL(u.option, u.value, "ws"))
		}
	}
	if strings.ContainsFunc(o.AccessToken, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		errs = append(errs, text.Errorf("access token contains a line break or another control character: remove it", "令牌含有换行或其他控制字符：请删去"))
	}
	if o.ReconnectInterval < 0 {
		errs = append(errs, text.Errorf("reconnect interval %v is negative", "重连间隔 %v 为负", o.ReconnectInterval))
	}
	if o.HandshakeTimeout < 0 {
		errs = append(errs, text.Errorf("handshake timeout %v is negative", "握手超时 %v 为负", o.HandshakeTimeout))
	}
	errs = append(errs, checkSession(d, o.Events, o.Heartbeat, o.MaxMessage), o.Journal.validate())
	return errors.Join(errs...)
}

// Reverse keeps connections to a bot open. Proxies
// of the environment are not used and redirects are not followed.
type Reverse struct {
	status
	o       ReverseOptions
	log     *slog.Logger
	dialect gateway.Talker
	time    timing
	dialing dialing

	links []*link
}

// NewReverse makes a WebSocket client; Run starts it. The error names the option,
// what is wrong with it and what to do.
func NewReverse(d gateway.Talker, o ReverseOptions, log *slog.Logger) (*Reverse, error) {
	if err := o.validate(d); err != nil {
		return nil, fmt.Errorf("%s reverse websocket: %w", d.Dialect(), err)
	}
	o.setDefaults()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &Reverse{o: o, log: log, dialect: d, time: defaultTiming()}
	r.dialing = dialing{network: o.Network, files: tlsfiles.Files(o.TLS), insecure: o.InsecureSkipVerify, log: log}
	if o.URL != "" {
		r.links = []*link{{Reverse: r, url: o.URL, line: gateway.Line{Requests: true, Events: true}}}
		return r, nil
	}
	if o.APIURL != "" {
		r.links = append(r.links, &link{Reverse: r, url: o.APIURL, line: gateway.Line{Requests: true}})
	}
	if o.EventURL != "" {
		r.links = append(r.links, &link{Reverse: r, url: o.EventURL, line: gateway.Line{Events: true}})
	}
	return r, nil
}

// Name implements Service.
func (r *Reverse) Name() string {
	name := r.dialect.Dialect() + " reverse websocket"
	for _, l := range r.links {
		name += " " + redact.URL(l.url)
	}
	return name
}

// Run implements Service. It only ends with ctx and returns nil then.
func (r *Reverse) Run(ctx context.Context) error {
	if err := r.begin(); err != nil {
		return fmt.Errorf("%s: %w", r.Name(), err)
	}
	defer r.end(nil)
	calls, cancel := outlive(ctx, r.time.drain)
	defer cancel()
	var links, requests sync.WaitGroup
	for _, l := range r.links {
		links.Go(func() { l.run(ctx, calls, &requests) })
	}
	links.Wait()
	requests.Wait()
	return nil
}

// set notes what a link is doing. The whole is StateConnected when all connections
// are open, otherwise what the first is doing that is not.
func (l *link) set(c Condition) {
	r := l.Reverse
	r.mu.Lock()
	defer r.mu.Unlock()
	l.condition = c
	for _, l := range r.links {
		switch l.condition.State {
		case StateConnected:
			continue
		case "": // it has not begun yet
			c = Condition{State: StateConnecting}
		default:
			c = l.condition
		}
		break
	}
	r.set(c)
}

// dial opens the WebSocket of a link. The corkConn is the network below it, last
// the event that the bot says it has, as written.
func (l *link) dial(ctx context.Context) (ws *websocket.Conn, wire *corkConn, last string, err error) {
	ctx, cancel := context.WithTimeout(ctx, l.o.HandshakeTimeout)
	defer cancel()
	header := l.dialect.DialHeader(l.line)
	if l.o.AccessToken != "" {
		header.Set("Authorization", "Bearer "+l.o.AccessToken)
	}
	// Its goroutine may go on when ctx has ended.
	var dialled atomic.Pointer[corkConn]
	socket, plain := socketOf(l.url)
	transport := l.dialing.transport(socket, func(c net.Conn) net.Conn {
		wire := newCorkConn(c, l.time.write)
		dialled.Store(wire)
		return wire
	})
	transport.DisableKeepAlives = true
	ws, response, err := websocket.Dial(ctx, plain, &websocket.DialOptions{
		HTTPClient: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		HTTPHeader:      header,
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		status := 0
		if response != nil {
			status = response.StatusCode
		}
		return nil, nil, "", dialReason(err, status)
	}
	return ws, dialled.Load(), response.Header.Get(lastEventHeader), nil
}

package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"libration/gateway"
	"libration/gateway/table"
	"libration/internal/inbound"
	"libration/internal/network"
	"libration/internal/text"
	"libration/internal/webguard"
)

// Limits of HTTP and of every WebSocket connection.
const (
	// MaxBody is the largest request body and the default largest WebSocket message.
	MaxBody = gateway.MaxRequest
	// maxWaiting is how many HTTP requests may wait for a place in a lane; more get
	// status 503.
	maxWaiting = 2 * MaxConcurrent
	// maxTaking is how many files may be on their way in at once; more get status 503.
	maxTaking = 16
)

// HTTPOptions configure an HTTP server for actions, and server-sent events. Address is
// required.
type HTTPOptions struct {
	// Address is host:port, or unix:/path. Port 0 takes a free one.
	Address string
	// TLS names the files of the certificate; none: without TLS.
	TLS TLS
	// AccessToken is required from callers; "" for none, on loopback addresses only.
	AccessToken string
	// CORS lists the web origins ("https://example.org", or "*" for all) whose pages
	// may read the answers. Default none. With an access token, pages need it as well.
	CORS []string
	// Events, Heartbeat and Journal are those of WebSocketOptions, for clients of
	// server-sent events.
	Events    gateway.Selection
	Heartbeat time.Duration
	Journal   JournalOptions
	// PollQueue is how many events wait for a client that asks for them by requests; 0: there
	// are no such clients.
	PollQueue int
	// Connections bounds the open connections, with those of the servers that share it;
	// default one of its own, with inbound.MostConnections.
	Connections *inbound.Pool
	// Network is where it listens; default the system's.
	Network network.Network
	// Port is one that several accounts share, and Account the Sharer.Key of this one; nil:
	// Address, TLS, Network and Connections make one of its own.
	Port    *Port
	Account string
	// OnRefused is called for each request that was refused before it reached an
	// action, from many goroutines; nil: nobody counts.
	OnRefused func(webguard.Reason)
}

// validate reports all problems.
func (o HTTPOptions) validate(d gateway.Speaker) error {
	errs := []error{checkAddress(o.Address, o.AccessToken), checkSession(d, o.Events, o.Heartbeat, 0), o.Journal.validate()}
	if o.PollQueue < 0 {
		errs = append(errs, text.Errorf("poll queue %d is negative: give a number of events, or 0 for none", "轮询队列 %d 为负：请写事件数，或写 0 表示不使用", o.PollQueue))
	}
	for _, origin := range o.CORS {
		if origin != "*" && (!strings.Contains(origin, "://") || strings.HasSuffix(origin, "/")) {
			errs = append(errs, text.Errorf(`cors: %q is not an origin; use for example "https://example.org" or "*"`, `cors：%q 不是来源；例如写 "https://example.org" 或 "*"`, origin))
		}
	}
	if o.AccessToken == "" {
		for _, origin := range o.CORS {
			if origin == "*" {
				errs = append(errs, text.Errorf(`cors: "*" lets every website use the service: set an access token, or list the origins`,
					`cors："*" 允许任何网站使用本服务：请设置令牌，或列出来源`))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// HTTP answers the requests of a dialect, and gives events to who asks for a stream of
// them.
type HTTP struct {
	server
	dialect gateway.Answerer
	guard   *webguard.Guard
	token   string
	cors    []string
	events  feedOptions
	lanes   *lanes
	taking  chan struct{} // a place for each file on its way in
	queue   *pollQueue    // nil: there is none
}

// NewHTTP makes an HTTP server; Run starts it. The error names the option, what is
// wrong with it and what to do.
func NewHTTP(d gateway.Answerer, o HTTPOptions, log *slog.Logger) (*HTTP, error) {
	if err := o.validate(d); err != nil {
		return nil, fmt.Errorf("%s http: %w", d.Dialect(), err)
	}
	o.Journal.Name = "" // clients have none
	h := &HTTP{
		server:  newServer(d.Dialect()+" http", "http", o.Port, o.Account, PortOptions{Address: o.Address, TLS: o.TLS, Network: o.Network, Connections: o.Connections}, log),
		dialect: d,
		token:   o.AccessToken,
		cors:    o.CORS,
		events:  feedOptions{o.Events, o.Heartbeat, o.Journal},
		lanes:   newLanes(),
		taking:  make(chan struct{}, maxTaking),
	}
	if o.PollQueue > 0 {
		h.queue = &pollQueue{most: o.PollQueue, log: h.log.With("service", h.Name())}
	}
	h.guard = webguard.New(webguard.Options{
		Service: h.name, Token: o.AccessToken, Origins: o.CORS, Log: h.log, OnRefused: o.OnRefused,
		Remedy: text.T("set an access_token for this connection and send it", "为此连接设置 access_token 并发送它"),
	})
	h.check, h.refuse, h.calls = h.checkAnswer, d.Refuse, true
	return h, nil
}

// Run implements Service.
func (h *HTTP) Run(ctx context.Context) error {
	var gathering sync.WaitGroup
	defer gathering.Wait()
	until, stop := context.WithCancel(ctx)
	defer stop()
	if h.queue != nil {
		gathering.Go(func() {
			if err := guarded(h.queue.log, func() error { return h.queue.gather(until, h.dialect, h.events) }); err != nil {
				h.queue.log.Error("no more events for clients that poll", "err", err)
			}
		})
	}
	return h.serve(ctx, h.handle, func() {})
}

// handle checks in the order token or page, head, budget and body, what the request is
// and whether a page may cause it, lane.
func (h *HTTP) handle(ctx, calls context.Context, w http.ResponseWriter, r *http.Request) {
	if h.allowOrigin(w, r) {
		return
	}
	defer h.recovered(w)
	if h.public(w, r, h.dialect, h.guard) {
		return
	}
	if h.token == "" && h.dialect.Route(r).Take != nil {
		reply(w, h.dialect.Refuse(http.StatusNotFound, noUploads))
		return
	}
	if refused := h.guard.Check(w, r); refused != nil {
		h.refused(w, refused)
		return
	}
	route := h.dialect.Route(r)
	switch {
	case route.Refused.Status != 0:
		reply(w, route.Refused)
		return
	case route.Serve != nil:
		route.Serve(w, r)
		return
	case route.Stream != nil:
		h.stream(ctx, w, r, route.Stream)
		return
	case route.Take != nil:
		h.take(w, r, route.Take)
		return
	}
	var body []byte
	var hold gateway.Hold
	defer func() { hold.Release() }()
	if route.Body {
		var err error
		if body, hold, err = h.readBody(r); err != nil {
			h.refuseBody(w, err)
			return
		}
	}
	if route.Body || r.ContentLength == 0 { // else the deadline would end the request's context, which says that the caller hung up
		if err := connOf(r.Context()).SetReadDeadline(time.Time{}); err != nil {
			return
		}
	}
	call := route.Read(body)
	if call.Run == nil {
		reply(w, call.Answer)
		return
	}
	if call.Changes {
		if refused := h.guard.CheckChange(r); refused != nil {
			h.refused(w, refused)
			return
		}
	}
	if call.Keeps > 0 {
		hold.Shrink(call.Keeps)
	}
	if call.Poll != nil {
		h.poll(ctx, w, r, &call, hold)
		hold = gateway.Hold{}
		return
	}
	var hungUp <-chan struct{}
	if call.Lane != table.Local { // which never waits; the context makes the channel when it is asked for
		hungUp = r.Context().Done()
	}
	place, ok := h.lanes.enter(&call, maxWaiting, hungUp)
	if !ok {
		h.busy(w, text.T("too many actions are waiting, or the service is stopping", "等待的动作过多，或服务正在停止"))
		return
	}
	defer place.leave()
	given := hold
	hold = gateway.Hold{}
	if call.Frames != nil {
		h.frames(calls, w, &call, given)
		return
	}
	// The call goes on when the caller hangs up: a message half sent is worse.
	reply(w, call.Run(calls, given))
}

// poll has a call wait for events. It gives the hold back.
func (h *HTTP) poll(ctx context.Context, w http.ResponseWriter, r *http.Request, call *gateway.Call, hold gateway.Hold) {
	called, cancel := whileCalled(ctx, r)
	defer cancel()
	var queue gateway.Queue
	if h.queue != nil {
		queue = h.queue
	}
	reply(w, call.Poll(called, hold, queue))
}

// readBody reads the body within the budget.
func (h *HTTP) readBody(r *http.Request) ([]byte, gateway.Hold, error) {
	if r.ContentLength > MaxBody {
		return nil, gateway.Hold{}, errTooLarge
	}
	in := incoming{
		from: r.Body, conn: connOf(r.Context()), size: r.ContentLength, most: MaxBody,
		budget: h.dialect.Gateway().Budget(), room: h.time.room, time: h.time,
	}
	first := int64(firstRead)
	if in.size >= 0 {
		first = min(in.size, gateway.SmallRequest+1)
	}
	return in.read(r.Context(), make([]byte, 0, first))
}

// refuseBody answers a request whose body could not be read. The read deadline stays:
// the rest of the body must not be waited for.
func (h *HTTP) refuseBody(w http.ResponseWriter, err error) {
	status, why := http.StatusBadRequest, text.T("the request body could not be read", "无法读取请求正文")
	switch {
	case errors.Is(err, errBusy):
		h.busy(w, text.Of(errBusy))
		return
	case errors.Is(err, errTooLarge):
		status, why = http.StatusRequestEntityTooLarge, text.T("the request body is larger than %d bytes", "请求正文超过 %d 字节").Fill(MaxBody)
	case errors.Is(err, errTooSlow):
		status, why = http.StatusRequestTimeout, text.Of(errTooSlow)
	case errors.Is(err, os.ErrDeadlineExceeded):
		status, why = http.StatusRequestTimeout, text.T("the request body did not come within %v", "请求正文没有在 %v 内到达").Fill(h.time.read)
	}
	reply(w, h.dialect.Refuse(status, why))
}

// busy asks the caller to come again.
func (h *HTTP) busy(w http.ResponseWriter, why text.Text) {
	w.Header().Set("Retry-After", "1")
	reply(w, h.dialect.Refuse(http.StatusServiceUnavailable, why))
}

// allowOrigin sets the CORS headers. It answers a browser's preflight itself, since
// that never has the token, and then returns true.
func (h *HTTP) allowOrigin(w http.ResponseWriter, r *http.Request) bool {
	if len(h.cors) == 0 {
		return false
	}
	w.Header().Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || !webguard.Listed(h.cors, origin) {
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, "+lastEventHeader)
	w.Header().Set("Access-Control-Max-Age", "3600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// internalError answers a request that a bug has ended.
var internalError = text.T("internal error; the log has details", "内部错误，详见日志")

// recovered answers 500 when the code above it has a bug.
func (h *HTTP) recovered(w http.ResponseWriter) {
	if v := recover(); v != nil {
		h.log.Error("panic while answering", "service", h.name, "panic", fmt.Sprint(v))
		reply(w, h.dialect.Refuse(http.StatusInternalServerError, internalError))
	}
}

// refused answers what the guard refused.
func (h *HTTP) refused(w http.ResponseWriter, r *webguard.Refusal) {
	reply(w, h.dialect.Refuse(r.Status, r.Text))
}

// countsItself is from which length on package net/http wants to be told the length of an
// answer. It counts shorter ones itself, for less.
const countsItself = 2 << 10

var nosniff = []string{"nosniff"} // never changed

func reply(w http.ResponseWriter, a gateway.Answer) {
	maps.Copy(w.Header(), a.Header)
	w.Header()["Content-Type"] = []string{a.Type}
	w.Header()["X-Content-Type-Options"] = nosniff
	if len(a.Body) >= countsItself {
		w.Header()["Content-Length"] = []string{strconv.Itoa(len(a.Body))}
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // the caller is gone: nobody is left to tell
}

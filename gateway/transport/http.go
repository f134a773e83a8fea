package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"libration/gateway"
	"libration/internal/inbound"
	"libration/internal/network"
	"libration/internal/webguard"
	"libration/onebot"
)

// Limits of HTTP and of every WebSocket connection.
const (
	// MaxBody is the largest request body and the default largest WebSocket message.
	MaxBody = gateway.MaxRequest
	// maxWaiting is how many HTTP requests may wait for a place in a lane; more get
	// status 503.
	maxWaiting = 2 * MaxConcurrent
)

// HTTPOptions configure an HTTP server for actions. Address is required.
type HTTPOptions struct {
	// Address is host:port. Port 0 takes a free one.
	Address string
	// AccessToken is required from callers; "" for none, on loopback addresses only.
	AccessToken string
	// CORS lists the web origins ("https://example.org", or "*" for all) whose pages
	// may read the answers. Default none. With an access token, pages need it as well.
	CORS []string
	// Connections bounds the open connections, with those of the servers that share it;
	// default one of its own, with inbound.MostConnections.
	Connections *inbound.Pool
	// Network is where it listens; default the system's.
	Network network.Network
	// OnRefused is called for each request that was refused before it reached an
	// action, from many goroutines; nil: nobody counts.
	OnRefused func(webguard.Reason)
}

// validate reports all problems.
func (o HTTPOptions) validate() error {
	errs := []error{checkAddress(o.Address, o.AccessToken)}
	for _, origin := range o.CORS {
		if origin != "*" && (!strings.Contains(origin, "://") || strings.HasSuffix(origin, "/")) {
			errs = append(errs, fmt.Errorf(`cors: %q is not an origin; use for example "https://example.org" or "*"`, origin))
		}
	}
	if o.AccessToken == "" {
		for _, origin := range o.CORS {
			if origin == "*" {
				errs = append(errs, errors.New(`cors: "*" lets every website use the service: `+
					"set an access token, or list the origins"))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// HTTP answers actions at /<action> and at /, docs/protocol/onebot11.md a.1. It
// sends no events.
type HTTP struct {
	server
	onebot *onebot.Service
	guard  *webguard.Guard
	token  string
	cors   []string
	lanes  *lanes
}

// NewHTTP makes an HTTP server; Run starts it. The error names the option, what is
// wrong with it and what to do.
func NewHTTP(b *onebot.Service, o HTTPOptions, log *slog.Logger) (*HTTP, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("onebot http: %w", err)
	}
	h := &HTTP{
		server: newServer("onebot http", o.Network, o.Address, o.Connections, log),
		onebot: b,
		token:  o.AccessToken,
		cors:   o.CORS,
		lanes:  newLanes(),
	}
	h.guard = webguard.New(webguard.Options{
		Service: h.name, Token: o.AccessToken, Origins: o.CORS, Log: h.log, OnRefused: o.OnRefused,
		Remedy: "set an access_token for this connection and send it",
	})
	h.check = h.checkStatus
	return h, nil
}

// Run implements Service.
func (h *HTTP) Run(ctx context.Context) error { return h.serve(ctx, h.handle, func() {}) }

// handle checks in the order token or page, method, budget and body, parameters,
// lane.
func (h *HTTP) handle(calls context.Context, w http.ResponseWriter, r *http.Request) {
	if h.allowOrigin(w, r) {
		return
	}
	if refused := h.guard.Check(w, r); refused != nil {
		replyRefusal(w, refused)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		reply(w, http.StatusMethodNotAllowed, refusal(http.StatusMethodNotAllowed, "use GET or POST, not "+r.Method))
		return
	}

	defer h.recovered(w)
	in := input{path: r.URL.Path, query: r.URL.RawQuery}
	var hold gateway.Hold
	defer func() { hold.Release() }()
	if r.Method == http.MethodPost {
		in.mediaType = webguard.MediaType(r)
		var err error
		if in.body, hold, err = h.readBody(r); err != nil {
			h.refuseBody(w, err)
			return
		}
	}
	unread := r.Method == http.MethodGet && r.ContentLength != 0
	if !unread { // else the deadline would end the request's context, which says that the caller hung up
		if err := connOf(r.Context()).SetReadDeadline(time.Time{}); err != nil {
			return
		}
	}
	request, bad := parseInput(in)
	if bad.status == http.StatusBadRequest {
		response := onebot.BadRequest(in.body, errors.New(bad.reason))
		if unread {
			h.onebot.BodyNotRead(response)
		}
		reply(w, bad.status, response)
		return
	} else if bad.status != 0 {
		reply(w, bad.status, refusal(bad.status, bad.reason))
		return
	}
	if h.onebot.Changes(request.Action) {
		if refused := h.guard.CheckChange(r); refused != nil {
			replyRefusal(w, refused)
			return
		}
	}
	lane := h.onebot.Lane(request.Action)
	if !h.lanes.enter(lane, maxWaiting, r.Context().Done()) {
		busy(w, "too many actions are waiting, or the service is stopping")
		return
	}
	defer h.lanes.leave(lane)
	request.Hold, hold = hold, gateway.Hold{}
	// The action goes on when the caller hangs up: a message half sent is worse.
	response := h.onebot.Call(calls, request)
	if unread {
		h.onebot.BodyNotRead(response)
	}
	status := http.StatusOK
	if response.RetCode == onebot.RetUnknownAction {
		status = http.StatusNotFound
	}
	reply(w, status, response)
}

// readBody reads the body within the budget.
func (h *HTTP) readBody(r *http.Request) ([]byte, gateway.Hold, error) {
	if r.ContentLength > MaxBody {
		return nil, gateway.Hold{}, errTooLarge
	}
	in := incoming{
		from: r.Body, conn: connOf(r.Context()), size: r.ContentLength, most: MaxBody,
		budget: h.onebot.Gateway().Budget(), room: h.time.room, time: h.time,
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
	status, text := http.StatusBadRequest, "the request body could not be read"
	switch {
	case errors.Is(err, errBusy):
		busy(w, errBusy.Error())
		return
	case errors.Is(err, errTooLarge):
		status, text = http.StatusRequestEntityTooLarge, fmt.Sprintf("the request body is larger than %d bytes", MaxBody)
	case errors.Is(err, errTooSlow):
		status, text = http.StatusRequestTimeout, errTooSlow.Error()
	case errors.Is(err, os.ErrDeadlineExceeded):
		status, text = http.StatusRequestTimeout, fmt.Sprintf("the request body did not come within %v", h.time.read)
	}
	reply(w, status, refusal(status, text))
}

// busy asks the caller to come again.
func busy(w http.ResponseWriter, text string) {
	w.Header().Set("Retry-After", "1")
	reply(w, http.StatusServiceUnavailable, refusal(http.StatusServiceUnavailable, text))
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
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	w.Header().Set("Access-Control-Max-Age", "3600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// recovered answers 500 when the code above it has a bug.
func (h *HTTP) recovered(w http.ResponseWriter) {
	if v := recover(); v != nil {
		h.log.Error("panic while answering", "service", h.name, "panic", fmt.Sprint(v))
		reply(w, http.StatusInternalServerError, refusal(http.StatusInternalServerError, "internal error; the log has details"))
	}
}

// refusal is the envelope for a request that no action has seen. Its retcode is
// 1000 + the HTTP status, as OneBot has it for 400, 401, 403 and 404.
func refusal(status int, text string) *onebot.Response {
	return &onebot.Response{
		Status: onebot.StatusFailed, RetCode: 1000 + status,
		Message: text, Wording: text, Msg: "REQUEST_REFUSED",
	}
}

// replyRefusal answers what the guard refused. OneBot has a status of its own for a
// type that is not taken.
func replyRefusal(w http.ResponseWriter, r *webguard.Refusal) {
	status := r.Status
	if status == http.StatusUnsupportedMediaType {
		status = http.StatusNotAcceptable
	}
	reply(w, status, refusal(status, r.Text))
}

func reply(w http.ResponseWriter, status int, r *onebot.Response) {
	b := r.AppendJSON(nil)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the caller is gone: nobody is left to tell
}

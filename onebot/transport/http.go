package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"libration/onebot"
)

// Limits of HTTP and of every WebSocket connection.
const (
	// MaxBody is the largest request body and the default largest WebSocket message:
	// enough for a base64 video.
	MaxBody = 64 << 20
	// MaxConcurrent is how many actions run at once, per WebSocket connection and per
	// HTTP server. More wait.
	MaxConcurrent = 64
	// smallBody is the largest announced body that is read before the request takes
	// its place among the MaxConcurrent: callers who stall in one hold up nobody.
	smallBody = 64 << 10
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
	guard  guard
	cors   guard
	refuse refusalLog
	slots  chan struct{}
}

// NewHTTP makes an HTTP server; Run starts it. The error names the option, what is
// wrong with it and what to do.
func NewHTTP(b *onebot.Service, o HTTPOptions, log *slog.Logger) (*HTTP, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("onebot http: %w", err)
	}
	h := &HTTP{
		server: newServer("onebot http", o.Address, log),
		onebot: b,
		guard:  guard{o.AccessToken, o.CORS},
		cors:   guard{origins: o.CORS},
		slots:  make(chan struct{}, MaxConcurrent),
	}
	h.refuse = refusalLog{log: h.log, period: h.time.refusal}
	h.check = h.checkStatus
	return h, nil
}

// Run implements Service.
func (h *HTTP) Run(ctx context.Context) error { return h.serve(ctx, h.handle, func() {}) }

// handle checks in the order token, method, body type, body, action.
func (h *HTTP) handle(calls context.Context, w http.ResponseWriter, r *http.Request) {
	if h.allowOrigin(w, r) {
		return
	}
	if v := h.guard.check(r); v.status != 0 {
		h.refuse.add(h.name, r.RemoteAddr, v)
		if v.status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		reply(w, v.status, refusal(v.status, v.reason))
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		reply(w, http.StatusMethodNotAllowed, refusal(http.StatusMethodNotAllowed, "use GET or POST, not "+r.Method))
		return
	}

	release := func() {}
	defer func() { release() }()
	takeSlot := func() bool {
		select {
		case h.slots <- struct{}{}:
			release = func() { <-h.slots }
			return true
		case <-r.Context().Done():
			reply(w, http.StatusServiceUnavailable, refusal(http.StatusServiceUnavailable, "the service is stopping"))
			return false
		}
	}
	small := r.Method == http.MethodGet || r.ContentLength >= 0 && r.ContentLength <= smallBody
	if !small && !takeSlot() {
		return
	}
	defer h.recovered(w)
	in := input{path: r.URL.Path, query: r.URL.RawQuery}
	if r.Method == http.MethodPost {
		in.contentType = r.Header.Get("Content-Type")
		var err error
		if in.body, err = readBody(w, r, h.time.read); err != nil {
			status, text := http.StatusBadRequest, "the request body could not be read"
			if errors.Is(err, os.ErrDeadlineExceeded) {
				status, text = http.StatusRequestTimeout, fmt.Sprintf("nothing more of the request body came for %v", h.time.read)
			} else if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
				status, text = http.StatusRequestEntityTooLarge, fmt.Sprintf("the request body is larger than %d bytes", MaxBody)
			}
			reply(w, status, refusal(status, text))
			return
		}
	}
	request, bad := parseInput(in)
	if bad.status == http.StatusBadRequest {
		reply(w, bad.status, onebot.BadRequest(in.body, errors.New(bad.reason)))
		return
	} else if bad.status != 0 {
		reply(w, bad.status, refusal(bad.status, bad.reason))
		return
	}
	if small && !takeSlot() {
		return
	}
	// The action goes on when the caller hangs up: a message half sent is worse.
	response := h.onebot.Call(calls, request)
	status := http.StatusOK
	if response.RetCode == onebot.RetUnknownAction {
		status = http.StatusNotFound
	}
	reply(w, status, response)
}

// allowOrigin sets the CORS headers. It answers a browser's preflight itself, since
// that never has the token, and then returns true.
func (h *HTTP) allowOrigin(w http.ResponseWriter, r *http.Request) bool {
	if len(h.cors.origins) == 0 {
		return false
	}
	w.Header().Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || !h.cors.allows(origin) {
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

// readBody reads the body, as long as some of it comes within stall.
func readBody(w http.ResponseWriter, r *http.Request, stall time.Duration) ([]byte, error) {
	if r.ContentLength > MaxBody {
		return nil, &http.MaxBytesError{Limit: MaxBody}
	}
	var b bytes.Buffer
	if r.ContentLength > 0 {
		b.Grow(int(min(r.ContentLength+bytes.MinRead, 1<<20)))
	}
	steady := &steadyReader{http.MaxBytesReader(w, r.Body, MaxBody), http.NewResponseController(w), stall}
	_, err := io.Copy(&b, steady)
	if err == nil { // or it would end the request's context; after a failure the rest must not be waited for
		err = steady.conn.SetReadDeadline(time.Time{})
	}
	return b.Bytes(), err
}

// steadyReader allows each read a time of its own, so that a slow line may take
// long and a stalled caller may not.
type steadyReader struct {
	body  io.Reader
	conn  *http.ResponseController
	stall time.Duration
}

func (r *steadyReader) Read(p []byte) (int, error) {
	if err := r.conn.SetReadDeadline(time.Now().Add(r.stall)); err != nil {
		return 0, err
	}
	return r.body.Read(p)
}

// refusal is the envelope for a request that no action has seen. Its retcode is
// 1000 + the HTTP status, as OneBot has it for 400, 401, 403 and 404.
func refusal(status int, text string) *onebot.Response {
	return &onebot.Response{
		Status: onebot.StatusFailed, RetCode: 1000 + status,
		Message: text, Wording: text, Msg: "REQUEST_REFUSED",
	}
}

func reply(w http.ResponseWriter, status int, r *onebot.Response) {
	b := r.AppendJSON(nil)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the caller is gone: nobody is left to tell
}

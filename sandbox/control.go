package sandbox

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"

	"libration/internal/bom"
	"libration/internal/webguard"
	"libration/ntqq/message"
	"libration/sandbox/fault"
)

// maxBody bounds the body of a control request.
const maxBody = 1 << 20

//go:embed page
var pageFiles embed.FS

// Server is what the control API needs of the simulated service besides the
// world. Its methods are safe for concurrent use; their errors are the caller's
// mistakes.
type Server interface {
	Clients() []ClientInfo
	PendingQR() []QRInfo
	ScanQR(id string, uin message.UIN) error
	ApproveQR(id string, uin message.UIN) error
	RejectQR(id string) error
	ExpireQR(id string) error
	// Kick ends all sessions of an account and returns how many there were.
	Kick(uin message.UIN, title, tips string) int
	PublicKeys() PublicKeys
	Faults() *fault.Set
	// Addresses returns where the service accepts clients, host:port.
	Addresses() []string
	Captchas() []CaptchaInfo
	VerifyDevice(VerifyQuestion) VerifyAnswer
}

// control is the control API and the chat page.
type control struct {
	world  *World
	server Server
	log    *slog.Logger
}

// failure is an error with the HTTP status that tells it.
type failure struct {
	status int
	text   string
}

func (f *failure) Error() string { return f.text }

func fail(status int, format string, args ...any) error {
	return &failure{status: status, text: fmt.Sprintf(format, args...)}
}

// newControl makes the handler of everything but the signer. It has no credentials.
func newControl(w *World, s Server, guard *webguard.Guard, log *slog.Logger) http.Handler {
	c := &control{world: w, server: s, log: log}
	mux := http.NewServeMux()
	api := func(pattern string, h func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			c.answer(w, r, h)
		})
	}
	api("GET /healthz", func(*http.Request) (any, error) { return map[string]string{"status": "ok"}, nil })
	api("GET /api/state", c.state)
	api("GET /api/users", c.users)
	api("POST /api/users", c.addUser)
	api("POST /api/users/{uin}/password", c.setPassword)
	api("POST /api/friends", c.addFriend)
	api("GET /api/groups", c.groups)
	api("POST /api/groups", c.addGroup)
	api("PATCH /api/groups/{code}", c.changeGroup)
	api("GET /api/groups/{code}/members", c.members)
	api("POST /api/groups/{code}/members", c.addMember)
	api("PATCH /api/groups/{code}/members/{uin}", c.changeMember)
	api("DELETE /api/groups/{code}/members/{uin}", c.removeMember)
	api("POST /api/send", c.send)
	api("POST /api/recall", c.recall)
	api("GET /api/messages", c.messages)
	mux.HandleFunc("GET /api/events", c.events)
	api("GET /api/qr", func(*http.Request) (any, error) { return notNil(c.server.PendingQR()), nil })
	api("POST /api/qr/{id}/{verdict}", c.decideQR)
	api("GET /api/captchas", func(*http.Request) (any, error) { return c.server.Captchas(), nil })
	api("POST "+verifyPath, c.verifyDevice)
	api("GET /api/clients", func(*http.Request) (any, error) { return notNil(c.server.Clients()), nil })
	api("POST /api/clients/{uin}/kick", c.kickClient)
	api("POST /api/load", c.load)
	api("GET /api/faults", c.faults)
	api("POST /api/faults", c.addFault)
	api("DELETE /api/faults", c.clearFaults)
	api("DELETE /api/faults/{id}", c.removeFault)
	api("/api/", func(r *http.Request) (any, error) {
		return nil, fail(http.StatusNotFound, "no endpoint %s %s", r.Method, r.URL.Path)
	})
	page, err := fs.Sub(pageFiles, "page")
	if err != nil { // the folder is part of the program
		panic(err)
	}
	files := http.FileServerFS(page)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			writeError(w, http.StatusMethodNotAllowed, "the page can only be read")
			return
		}
		files.ServeHTTP(w, r)
	})
	return guarded(guard, mux)
}

// guarded lets pass what no foreign web page has caused. No GET changes anything.
func guarded(guard *webguard.Guard, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if refused := guard.Check(w, r); refused != nil {
			writeError(w, refused.Status, refused.Text)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (c *control) answer(w http.ResponseWriter, r *http.Request, h func(*http.Request) (any, error)) {
	body, err := h(r)
	if err != nil {
		status := statusOf(err)
		c.log.Debug("control request refused", "method", r.Method, "path", r.URL.Path, "status", status, "err", err)
		writeError(w, status, err.Error())
		return
	}
	status := http.StatusOK
	if made, ok := body.(created); ok {
		status, body = http.StatusCreated, made.body
	}
	writeJSON(w, status, body)
}

// created marks the answer to a request that made something.
type created struct{ body any }

func statusOf(err error) int {
	var f *failure
	if errors.As(err, &f) {
		return f.status
	}
	var refused *Refusal
	if errors.As(err, &refused) {
		switch refused.Code {
		case RefusedNotFound:
			return http.StatusNotFound
		case RefusedNotMember, RefusedNoPermission:
			return http.StatusForbidden
		case RefusedQuota:
			return http.StatusConflict
		}
	}
	return http.StatusBadRequest
}

func writeError(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, map[string]string{"error": text})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // only our own types come here
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(text, '\n')) // a failure is the reader's own
}

// readBody decodes a request's JSON, one value without unknown names.
func readBody(r *http.Request, into any) error {
	text, err := io.ReadAll(r.Body)
	if err == nil {
		text, err = bom.Trim(text)
	}
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err = d.Decode(into); err == nil {
			if _, more := d.Token(); more != io.EOF {
				err = errors.New("more than one JSON value")
			}
		}
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return fail(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	case err != nil:
		return fail(http.StatusBadRequest, "bad body: %v", err)
	}
	return nil
}

func number[T ~uint64](name, text string) (T, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fail(http.StatusBadRequest, "%s %q is not a number", name, text)
	}
	return T(n), nil
}

// queryNumber is number for a query parameter that may be missing: 0.
func queryNumber[T ~uint64](r *http.Request, name string) (T, error) {
	if text := r.URL.Query().Get(name); text != "" {
		return number[T](name, text)
	}
	return 0, nil
}

// notNil makes sure that JSON says [] and not null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (c *control) decideQR(r *http.Request) (any, error) {
	var body struct {
		UIN message.UIN `json:"uin"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	var err error
	switch verdict := r.PathValue("verdict"); verdict {
	case "scan":
		err = c.server.ScanQR(id, body.UIN)
	case "approve":
		err = c.server.ApproveQR(id, body.UIN)
	case "reject":
		err = c.server.RejectQR(id)
	case "expire":
		err = c.server.ExpireQR(id)
	default:
		err = fail(http.StatusNotFound, "a login code can be scanned, approved, rejected or expired, not %q", verdict)
	}
	return struct{}{}, err
}

func (c *control) kickClient(r *http.Request) (any, error) {
	uin, err := number[message.UIN]("uin", r.PathValue("uin"))
	if err != nil {
		return nil, err
	}
	var body struct {
		Title string `json:"title"`
		Tips  string `json:"tips"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return map[string]int{"kicked": c.server.Kick(uin, body.Title, body.Tips)}, nil
}

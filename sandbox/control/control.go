package control

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"libration/internal/bom"
	"libration/internal/text"
	"libration/internal/webguard"
	"libration/ntqq/message"
	"libration/sandbox/fault"
	"libration/sandbox/server"
	"libration/sandbox/world"
)

// maxBody bounds the body of a control request in bytes, where bodyLimits has none.
const maxBody = 1 << 20

//go:embed page
var pageFiles embed.FS

// Server is what the control API needs of the simulated service besides the world. Its
// methods are safe for concurrent use. Their errors are *[world.Refusal].
type Server interface {
	Clients() []server.ClientInfo
	PendingQR() []server.QRInfo
	ScanQR(id string, uin message.UIN) error
	ApproveQR(id string, uin message.UIN) error
	RejectQR(id string) error
	ExpireQR(id string) error
	// Kick ends all sessions of an account and returns how many there were.
	Kick(uin message.UIN, title, tips string) int
	// Reset returns the world to its beginning.
	Reset() error
	PublicKeys() server.PublicKeys
	Faults() *fault.Set
	// Addresses returns where the service accepts clients, host:port.
	Addresses() []string
	// MediaAddress returns where media are, host:port; "": at each of the addresses.
	MediaAddress() string
	// ExpireCookies makes the cookies for web pages of an account's clients invalid.
	ExpireCookies(uin message.UIN) error
	// AnnouncedPicture returns a picture for an announcement, by its id.
	AnnouncedPicture(id string) (world.AnnouncedPicture, error)
	Captchas() []server.CaptchaInfo
	VerifyDevice(server.VerifyQuestion) server.VerifyAnswer
	// Face returns what the face table says of a face.
	Face(id uint32) (face message.FaceSegment, ok bool)
	// MarketKey returns the key of a sticker.
	MarketKey(id []byte) string
	// MusicCard makes a signed card, as JSON.
	MusicCard(request []byte) (string, error)
	// SetDevice lets a made-up device come online on an account, or go offline.
	SetDevice(uin message.UIN, name string, on bool) error
	// SendPrivateFile sends a file to somebody. Its bytes are in the world's media.
	SendPrivateFile(from, to message.UIN, name string, b world.Blob) (*world.Message, error)
	// AddToAlbum puts a picture into an album. Its bytes are in the world's media.
	AddToAlbum(group message.GroupCode, by message.UIN, album string, p world.AlbumPicture) (world.AlbumPicture, error)
	// Prepare does with content what a client does before it sends.
	Prepare(ctx context.Context, from message.UIN, group message.GroupCode, content message.Content) (message.Content, error)
}

// failure is an error with its HTTP status.
type failure struct {
	status int
	format string
	args   []any
}

func (f *failure) Error() string { return fmt.Sprintf(f.format, f.args...) }

func fail(status int, format string, args ...any) error {
	return &failure{status: status, format: format, args: args}
}

// Options configures the control API. Both fields are required.
type Options struct {
	// Guard decides which requests may act.
	Guard *webguard.Guard
	// Log is where refused requests are reported.
	Log *slog.Logger
}

// New returns the handler of the control API, with the chat page at /. It asks for no
// token: everybody who reaches it may do everything, except for web pages of other
// origins.
func New(w *world.World, s Server, o Options) http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes(w, s) {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) {
			req.Body = http.MaxBytesReader(w, req.Body, cmp.Or(bodyLimits[r.pattern], maxBody))
			r.do.answer(w, req, o.Log)
		})
	}
	mux.HandleFunc(eventsPattern, watch{newContents(w, s)}.stream)
	mux.HandleFunc(mediaPattern, mediaFiles{w, newVoices(w.Media())}.show)
	mux.HandleFunc("/", page())
	return guarded(o.Guard, mux)
}

// page serves the files of the chat page.
func page() http.HandlerFunc {
	folder, err := fs.Sub(pageFiles, "page")
	if err != nil { // the folder is part of the program
		panic(err)
	}
	files := http.FileServerFS(folder)
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			writeError(w, http.StatusMethodNotAllowed, "the page can only be read")
			return
		}
		files.ServeHTTP(w, r)
	}
}

// guarded lets pass what no foreign web page has caused. No GET changes anything.
func guarded(guard *webguard.Guard, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		check := guard.Check
		if r.Method == http.MethodPost && r.URL.Path == uploadPath {
			check = guard.CheckBytes
		}
		if refused := check(w, r); refused != nil {
			writeError(w, refused.Status, refused.Text.In(languageOf(r)))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// slashedID is how the id of a file or folder, which begins with a slash, looks in a path.
var slashedID = strings.NewReplacer("/files//", "/files/", "/folders//", "/folders/")

// PlainIDs takes such an id as it is. It goes around each mux, which would send the caller
// elsewhere: curl does not follow, and says nothing of it.
func PlainIDs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path, r.URL.RawPath = slashedID.Replace(r.URL.Path), slashedID.Replace(r.URL.RawPath)
		next.ServeHTTP(w, r)
	})
}

func (do action) answer(w http.ResponseWriter, r *http.Request, log *slog.Logger) {
	body, err := do(r)
	if err != nil {
		status := statusOf(err)
		log.Debug("control request refused", "method", r.Method, "path", r.URL.Path, "status", status, "err", err)
		writeError(w, status, explain(err, languageOf(r)))
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
	var refused *world.Refusal
	if errors.As(err, &refused) {
		switch refused.Reason {
		case world.NotFound:
			return http.StatusNotFound
		case world.NotMember, world.NoPermission:
			return http.StatusForbidden
		case world.Quota:
			return http.StatusConflict
		case world.TooLarge:
			return http.StatusRequestEntityTooLarge
		}
	}
	return http.StatusBadRequest
}

func writeError(w http.ResponseWriter, status int, written string) {
	writeJSON(w, status, map[string]string{"error": written})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	written, err := json.Marshal(body)
	if err != nil { // only our own types come here
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(written, '\n')) // a failure is the reader's own
}

// strictly decodes JSON, one value without unknown names.
func strictly(written []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(written))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, more := d.Token(); more != io.EOF {
		return text.Errorf("more than one JSON value", "不止一个 JSON 值")
	}
	return nil
}

// readBody decodes a request's JSON, one value without unknown names.
func readBody(r *http.Request, into any) error {
	written, err := io.ReadAll(r.Body)
	if err == nil {
		written, err = bom.Trim(written)
	}
	if err == nil {
		err = strictly(written, into)
	}
	return bodyFailure(err)
}

// bodyFailure says what is wrong with a body; nil for nothing.
func bodyFailure(err error) error {
	var tooLarge *http.MaxBytesError
	var refused *world.Refusal
	switch {
	case errors.As(err, &tooLarge):
		return fail(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	case errors.As(err, &refused):
		return refused
	case err != nil:
		return fail(http.StatusBadRequest, "bad body: %v", err)
	}
	return nil
}

func number[T ~uint64](name, written string) (T, error) {
	n, err := strconv.ParseUint(written, 10, 64)
	if err != nil {
		return 0, fail(http.StatusBadRequest, "%s %q is not a number", name, written)
	}
	return T(n), nil
}

// queryNumber is number for a query parameter that may be missing: 0.
func queryNumber[T ~uint64](r *http.Request, name string) (T, error) {
	if written := r.URL.Query().Get(name); written != "" {
		return number[T](name, written)
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

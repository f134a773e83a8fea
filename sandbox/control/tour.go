package control

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// maxPause bounds the pause between two steps of a tour.
const maxPause = time.Minute

// tour shows an account everything that others can do.
type tour struct {
	world  *world.World
	server Server
}

// step is one request of a tour to this API. In path and body stand variables: $account
// and its $nickname, the tourMedia, and what earlier steps have kept. No name begins with
// another one.
type step struct {
	request string // method and path
	body    string // JSON, "" for none
	keep    string // the variable that gets a member of the answer
	member  string
	// events are what a client of the account makes of it, in order: names of events of
	// package ntqq/event.
	events []string
}

// stepView is a step that was done, in JSON.
type stepView struct {
	Request string          `json:"request"`
	Body    json.RawMessage `json:"body,omitempty"`
	Answer  json.RawMessage `json:"answer,omitempty"`
	Error   string          `json:"error,omitempty"`
	Events  []string        `json:"events"`
}

// run does all steps towards an account, one after the other. A step that fails is
// reported; the tour goes on.
func (h tour) run(r *http.Request) (any, error) {
	var body struct {
		For   message.UIN `json:"for"`
		Pause string      `json:"pause"` // between two steps
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	pause := time.Duration(0)
	if body.Pause != "" {
		var err error
		if pause, err = time.ParseDuration(body.Pause); err != nil || pause < 0 || pause > maxPause {
			return nil, fail(http.StatusBadRequest, "pause %q is no duration up to %v", body.Pause, maxPause)
		}
	}
	account, ok := h.world.Users().Find(body.For)
	if !ok {
		return nil, world.Refuse(world.NotFound, "no user %d", body.For)
	}
	guide := h.newGuide(account)
	views := []stepView{}
	for i, s := range tourSteps() {
		if i > 0 && sleep(r.Context(), pause) != nil {
			return nil, fail(http.StatusRequestTimeout, "the tour was broken off after %d steps", i)
		}
		views = append(views, guide.do(r, s))
	}
	return map[string]any{"steps": views}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// guide does the steps of one tour.
type guide struct {
	mux       *http.ServeMux
	variables map[string]string // what they stand for in JSON
	// answer and err are those of the latest step.
	answer any
	err    error
}

func (h tour) newGuide(account world.User) *guide {
	g := &guide{mux: http.NewServeMux(), variables: tourMedia()}
	g.variables["$account"] = fmt.Sprint(account.UIN)
	nickname, err := json.Marshal(account.Nickname)
	if err != nil { // a text always encodes
		panic(err)
	}
	g.variables["$nickname"] = string(nickname)
	for _, r := range routes(h.world, h.server) {
		g.mux.HandleFunc(r.pattern, func(_ http.ResponseWriter, req *http.Request) { g.answer, g.err = r.do(req) })
	}
	return g
}

// do does one step, as part of a request.
func (g *guide) do(r *http.Request, s step) stepView {
	method, path, _ := strings.Cut(s.request, " ")
	path, text := g.fill(path), g.fill(s.body)
	v := stepView{Request: method + " " + path, Body: shorten(text), Events: notNil(s.events)}
	req, err := http.NewRequestWithContext(r.Context(), method, "http://localhost"+path, strings.NewReader(text))
	if err != nil {
		v.Error = err.Error()
		return v
	}
	g.mux.ServeHTTP(nil, req) // "/api/" answers what no other pattern does
	if g.err != nil {
		v.Error = explain(g.err, languageOf(r))
		return v
	}
	if made, ok := g.answer.(created); ok {
		g.answer = made.body
	}
	answer, err := json.Marshal(g.answer)
	if err != nil { // only our own types come here
		panic(err)
	}
	v.Answer = answer
	if s.keep != "" {
		var members map[string]json.RawMessage
		if json.Unmarshal(answer, &members) != nil || members[s.member] == nil {
			v.Error = fmt.Sprintf("the answer has no %s", s.member)
			return v
		}
		g.variables[s.keep] = string(members[s.member])
	}
	return v
}

// fill writes what the variables stand for.
func (g *guide) fill(text string) string {
	for name, value := range g.variables {
		text = strings.ReplaceAll(text, name, value)
	}
	return text
}

// shorten leaves the media out of a body that is shown.
func shorten(body string) json.RawMessage {
	for name, value := range tourMedia() {
		body = strings.ReplaceAll(body, value, `"`+name+`"`)
	}
	if body == "" {
		return nil
	}
	return json.RawMessage(body)
}

//go:embed tour/clip.mp4
var tourVideo []byte

// tourPicture is a GIF of one pixel.
const tourPicture = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"

// tourMedia are the variables that stand for media: texts in base64.
func tourMedia() map[string]string {
	quoted := func(b []byte) string { return `"` + base64.StdEncoding.EncodeToString(b) + `"` }
	return map[string]string{"$picture": `"` + tourPicture + `"`, "$voice": quoted(silence()), "$video": quoted(tourVideo)}
}

// silence is a second of it as WAV, 8000 samples of 16 bits.
func silence() []byte {
	const rate, size = 8000, 16000
	var b bytes.Buffer
	b.WriteString("RIFF")
	for _, part := range []any{
		uint32(36 + size), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(rate), uint32(2 * rate), uint16(2), uint16(16),
		[]byte("data"), uint32(size), make([]byte, size),
	} {
		_ = binary.Write(&b, binary.LittleEndian, part) // a buffer takes everything
	}
	return b.Bytes()
}

package onebot

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"libration/gateway"
	"libration/internal/bom"
	"libration/internal/text"
	"libration/ntqq/message"
)

// errEventsOnly answers requests on a connection that is for events.
var errEventsOnly = text.Errorf(
	"this connection is for events only; send actions to / or /api", "此连接只发送事件；请在 / 或 /api 上调用动作")

const contentType = "application/json; charset=utf-8"

// Dialect is OneBot v11, spoken with one account. It is what transports ask:
// [gateway.Answerer], [gateway.Talker] and [gateway.Poster]. Its methods are safe for
// concurrent use.
type Dialect struct {
	*actions
	clock gateway.Clock
	forms [formats]gateway.Form
}

// New makes the dialect of an account. It starts nothing.
func New(o Options) *Dialect {
	o.setDefaults()
	segments := newSegmentTable()
	a := &account{
		client:   o.Client,
		gateway:  o.Gateway,
		clock:    o.Clock,
		table:    Table(),
		log:      o.Log,
		version:  o.Version,
		language: o.Language,
		hints:    o.Hints,
		longText: o.LongTextForward,
		fetching: make(chan struct{}, maxFetching),
		opening:  make(chan struct{}, maxOpening),
		paging:   make(chan struct{}, maxPaging),
		files:    o.Files,
		inbox:    o.Inbox,
		sound:    o.ConvertSound,
		filters:  o.ReloadFilters,
		restart:  o.Restart,
		reader:   reader{segments: segments, media: mediaReader{o.Files, o.Links, o.Gateway.Medium}, file: o.Gateway.File, sign: o.SignCard, self: func() message.UIN { return o.Client.Self().UIN }},
		writer: &writer{
			self:     func() message.UIN { return o.Client.Self().UIN },
			ids:      o.Gateway,
			language: o.Language,
			flavour:  o.Flavour,
			segments: segments,
			links:    o.Links,
		},
	}
	a.reader.download = a.download
	a.deliver, a.reader.find, a.reader.numbered, a.reader.resend = a.sendTo, a.find, a.numbered, a.resend
	a.writer.renders.New = func() any { return new(rendering) }
	d := &Dialect{actions: &actions{account: a, log: o.Log, onAction: o.OnAction}, clock: o.Clock}
	d.sources.New = func() any { return new(args) }
	for f := range formats {
		d.forms[f] = o.Gateway.Register(formatted{a.writer, f})
	}
	return d
}

// Form is a format of events in the gateway.
func (d *Dialect) Form(f Format) gateway.Form { return d.forms[f] }

// Dialect implements gateway.Speaker.
func (d *Dialect) Dialect() string { return "onebot" }

// Gateway implements gateway.Speaker.
func (d *Dialect) Gateway() *gateway.Gateway { return d.account.gateway }

// Public implements gateway.Speaker: links to media.
func (d *Dialect) Public(r *http.Request) http.HandlerFunc {
	links := d.account.writer.links
	if links == nil || !gateway.IsLink(r) {
		return nil
	}
	return func(w http.ResponseWriter, r *http.Request) { links.Serve(w, r, d.account.openMedium) }
}

// Refuse implements gateway.Answerer. The retcode is 1000 + the HTTP status, as OneBot
// has it for 400, 401, 403 and 404. It has a status of its own for a type that is not
// taken.
func (d *Dialect) Refuse(status int, why text.Text) gateway.Answer {
	if status == http.StatusUnsupportedMediaType {
		status = http.StatusNotAcceptable
	}
	said := why.In(d.account.language)
	r := &Response{Status: StatusFailed, RetCode: 1000 + status, Message: said, Wording: said, Msg: requestRefused.Code}
	return r.answer(status)
}

// answer is the response with an HTTP status.
func (r *Response) answer(status int) gateway.Answer {
	return gateway.Answer{Status: status, Type: contentType, Body: r.AppendJSON(make([]byte, 0, 256))} // room for most
}

// Route implements gateway.Answerer: actions are at /<action> and at /, files are taken at
// /upload, events are streamed at /_events.
func (d *Dialect) Route(r *http.Request) gateway.Route {
	switch {
	case r.Method == http.MethodPost && isUpload(r) && d.account.inbox != nil:
		return gateway.Route{Take: func(body io.Reader) gateway.Answer { return d.upload(r, body) }}
	case r.Method == http.MethodPost:
		return gateway.Route{Body: true, Read: func(body []byte) gateway.Call { return d.httpCall(r, body) }}
	case r.Method == http.MethodGet && strings.TrimSuffix(r.URL.Path, "/") == "/_events":
		return gateway.Route{Stream: new(gateway.Stream)}
	case r.Method == http.MethodGet:
		return gateway.Route{Read: func([]byte) gateway.Call { return d.httpCall(r, nil) }}
	}
	refused := d.Refuse(http.StatusMethodNotAllowed, text.T("use GET or POST, not %s", "请用 GET 或 POST，不能用 %s").Fill(r.Method))
	refused.Header = http.Header{"Allow": {"GET, POST"}}
	return gateway.Route{Refused: refused}
}

// httpCall reads an HTTP request.
func (d *Dialect) httpCall(r *http.Request, body []byte) gateway.Call {
	unread := r.Method == http.MethodGet && r.ContentLength != 0
	finish := func(response *Response, status int) gateway.Answer {
		if unread {
			response.bodyNotRead(d.account.language)
		}
		return response.answer(status)
	}
	request, bad := parseInput(inputOf(r, body))
	switch bad.status {
	case 0:
	case http.StatusBadRequest:
		return gateway.Call{Answer: finish(d.badRequest(body, bad.err), bad.status)}
	default:
		return gateway.Call{Answer: d.Refuse(bad.status, text.Of(bad.err))}
	}
	return d.call(request, func(ctx context.Context, request Request) gateway.Answer {
		response := d.Call(ctx, request)
		status := http.StatusOK
		if response.RetCode == RetUnknownAction {
			status = http.StatusNotFound
		}
		return finish(response, status)
	})
}

// Probe implements gateway.Answerer.
func (d *Dialect) Probe() gateway.Probe {
	return gateway.Probe{Method: http.MethodGet, Path: "/get_status", Check: func(body []byte) error {
		var envelope struct {
			Status string `json:"status"`
		}
		err := json.Unmarshal(body, &envelope)
		if err == nil && envelope.Status != StatusOK {
			err = fmt.Errorf("the status is %q", envelope.Status)
		}
		if err != nil {
			return fmt.Errorf("the answer is not OneBot's: %w", err)
		}
		return nil
	}}
}

// Line implements gateway.Talker: /api is for actions, /event for events, every other
// path for both (docs/protocol/onebot11.md a.4).
func (d *Dialect) Line(r *http.Request) gateway.Line {
	switch r.URL.Path {
	case "/api", "/api/":
		return gateway.Line{Requests: true}
	case "/event", "/event/":
		return gateway.Line{Events: true}
	}
	return gateway.Line{Requests: true, Events: true}
}

// Greeting implements gateway.Talker.
func (d *Dialect) Greeting() *gateway.Greeting { return nil }

// DialHeader implements gateway.Talker (docs/protocol/onebot11.md a.5).
func (d *Dialect) DialHeader(l gateway.Line) http.Header {
	return http.Header{"X-Self-ID": {d.selfID()}, "X-Client-Role": {l.String()}, "User-Agent": {d.userAgent()}}
}

// selfID is the account's number, as headers have it.
func (d *Dialect) selfID() string { return strconv.FormatUint(uint64(d.account.client.Self().UIN), 10) }

func (d *Dialect) userAgent() string { return "OneBot/11 Libration/" + d.account.version }

// Hello implements gateway.Talker.
func (d *Dialect) Hello() []byte { return d.lifecycle("connect") }

// Beat implements gateway.Talker and gateway.Poster: a heartbeat event with the account's
// real state.
func (d *Dialect) Beat(interval time.Duration) []byte {
	b := d.account.writer.appendHead(nil, d.clock.Now().Unix(), "meta_event")
	b = textField(b, "meta_event_type", "heartbeat")
	b = append(key(b, "status"), d.account.status()...)
	b = intField(b, "interval", interval.Milliseconds())
	return append(b, '}')
}

// lifecycle returns a lifecycle event: subType "connect" for the first frame of a
// connection, "enable" or "disable" for a webhook.
func (d *Dialect) lifecycle(subType string) []byte {
	b := d.account.writer.appendHead(nil, d.clock.Now().Unix(), "meta_event")
	b = textField(b, "meta_event_type", "lifecycle")
	b = textField(b, "sub_type", subType)
	return append(b, '}')
}

// Frame implements gateway.Talker.
func (d *Dialect) Frame(l gateway.Line, frame []byte) gateway.Call {
	request, err := ParseRequest(frame)
	if err == nil && !l.Requests {
		err = errEventsOnly
	}
	if err != nil {
		return gateway.Call{Answer: d.badRequest(frame, err).answer(http.StatusBadRequest)}
	}
	return d.call(request, func(ctx context.Context, request Request) gateway.Answer {
		return d.Call(ctx, request).answer(http.StatusOK)
	})
}

// call is a request that was read, and how it is carried out and answered.
func (d *Dialect) call(r Request, run func(context.Context, Request) gateway.Answer) gateway.Call {
	r, keeps := d.lightened(r)
	chat, upload := d.sendsTo(r)
	call := gateway.Call{
		Lane: d.Lane(r.Action), Changes: d.Changes(r.Action),
		Chat: chat, Upload: upload, Large: d.large(r), Keeps: keeps,
		Run: func(ctx context.Context, hold gateway.Hold) gateway.Answer {
			r.Hold = hold
			return run(ctx, r)
		},
	}
	if r.Action == pollAction {
		call.Poll = func(ctx context.Context, hold gateway.Hold, queue gateway.Queue) gateway.Answer {
			hold.Release() // it may wait for long
			return run(context.WithValue(ctx, queueKey{}, &queue), r)
		}
	}
	if d.several(r.Action) {
		call.Frames = func(ctx context.Context, hold gateway.Hold, send func([]byte) error) gateway.Answer {
			r.Hold = hold
			r.Send = func(one *Response) error { return send(one.AppendJSON(nil)) }
			return run(ctx, r)
		}
	}
	return call
}

// First implements gateway.Poster.
func (d *Dialect) First() []byte { return d.lifecycle("enable") }

// Last implements gateway.Poster.
func (d *Dialect) Last() []byte { return d.lifecycle("disable") }

// PostHeader implements gateway.Poster (docs/protocol/onebot11.md a.3).
func (d *Dialect) PostHeader(secret string, body []byte) http.Header {
	// Some bots refuse a charset, and some compute the signature of what they have
	// read and written again: the body is compact and has no escapes.
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", d.userAgent())
	h.Set("X-Self-ID", d.selfID())
	if secret != "" {
		mac := hmac.New(sha1.New, []byte(secret))
		mac.Write(body)
		h.Set("X-Signature", fmt.Sprintf("sha1=%x", mac.Sum(nil)))
	}
	return h
}

// Answered implements gateway.Poster: an answer that is a JSON object is a quick
// operation.
func (d *Dialect) Answered(event, answer []byte) func(context.Context, gateway.Hold) *gateway.Failure {
	answer, err := bom.Trim(answer)
	if answer = bytes.TrimSpace(answer); err == nil && (len(answer) == 0 || answer[0] != '{') {
		return nil
	}
	return func(ctx context.Context, hold gateway.Hold) *gateway.Failure {
		if err != nil {
			hold.Release()
			return &gateway.Failure{Code: wrongParams.Code, Reason: err.Error()}
		}
		r := d.QuickOperation(ctx, event, answer, hold)
		if r.RetCode == RetOK {
			return nil
		}
		return &gateway.Failure{Code: r.Msg, Reason: r.Message}
	}
}

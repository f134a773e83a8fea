package onebot

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"libration/gateway"
	"libration/internal/bom"
	"libration/internal/text"
)

// This file is what transports ask of OneBot: it implements gateway.Answerer,
// gateway.Talker and gateway.Poster.

// errEventsOnly answers requests on a connection that is for events.
var errEventsOnly = text.Errorf(
	"this connection is for events only; send actions to / or /api", "此连接只发送事件；请在 / 或 /api 上调用动作")

const contentType = "application/json; charset=utf-8"

// Dialect implements gateway.Speaker.
func (s *Service) Dialect() string { return "onebot" }

// Gateway implements gateway.Speaker.
func (s *Service) Gateway() *gateway.Gateway { return s.gateway }

// Refuse implements gateway.Answerer. The retcode is 1000 + the HTTP status, as OneBot
// has it for 400, 401, 403 and 404. It has a status of its own for a type that is not
// taken.
func (s *Service) Refuse(status int, why string) gateway.Answer {
	if status == http.StatusUnsupportedMediaType {
		status = http.StatusNotAcceptable
	}
	r := &Response{Status: StatusFailed, RetCode: 1000 + status, Message: why, Wording: why, Msg: requestRefused.Code}
	return r.answer(status)
}

// answer is the response with an HTTP status.
func (r *Response) answer(status int) gateway.Answer {
	return gateway.Answer{Status: status, Type: contentType, Body: r.AppendJSON(nil)}
}

// Route implements gateway.Answerer: actions are at /<action> and at /.
func (s *Service) Route(r *http.Request) gateway.Route {
	switch r.Method {
	case http.MethodPost:
		return gateway.Route{Body: true, Read: func(body []byte) gateway.Call { return s.httpCall(r, body) }}
	case http.MethodGet:
		return gateway.Route{Read: func([]byte) gateway.Call { return s.httpCall(r, nil) }}
	}
	refused := s.Refuse(http.StatusMethodNotAllowed, "use GET or POST, not "+r.Method)
	refused.Header = http.Header{"Allow": {"GET, POST"}}
	return gateway.Route{Refused: refused}
}

// httpCall reads an HTTP request.
func (s *Service) httpCall(r *http.Request, body []byte) gateway.Call {
	unread := r.Method == http.MethodGet && r.ContentLength != 0
	finish := func(response *Response, status int) gateway.Answer {
		if unread {
			s.BodyNotRead(response)
		}
		return response.answer(status)
	}
	request, bad := parseInput(inputOf(r, body))
	switch bad.status {
	case 0:
	case http.StatusBadRequest:
		return gateway.Call{Answer: finish(s.badRequest(body, bad.err), bad.status)}
	default:
		return gateway.Call{Answer: s.Refuse(bad.status, bad.err.Error())}
	}
	return gateway.Call{
		Lane: s.Lane(request.Action), Changes: s.Changes(request.Action),
		Run: func(ctx context.Context, hold gateway.Hold) gateway.Answer {
			request.Hold = hold
			response := s.Call(ctx, request)
			status := http.StatusOK
			if response.RetCode == RetUnknownAction {
				status = http.StatusNotFound
			}
			return finish(response, status)
		},
	}
}

// Probe implements gateway.Answerer.
func (s *Service) Probe() gateway.Probe {
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
func (s *Service) Line(r *http.Request) gateway.Line {
	switch r.URL.Path {
	case "/api", "/api/":
		return gateway.Line{Requests: true}
	case "/event", "/event/":
		return gateway.Line{Events: true}
	}
	return gateway.Line{Requests: true, Events: true}
}

// Greeting implements gateway.Talker.
func (s *Service) Greeting() *gateway.Greeting { return nil }

// DialHeader implements gateway.Talker (docs/protocol/onebot11.md a.5).
func (s *Service) DialHeader(l gateway.Line) http.Header {
	return http.Header{"X-Self-ID": {s.selfID()}, "X-Client-Role": {l.String()}, "User-Agent": {s.userAgent()}}
}

// selfID is the account's number, as headers have it.
func (s *Service) selfID() string { return strconv.FormatUint(uint64(s.client.Self().UIN), 10) }

func (s *Service) userAgent() string { return "OneBot/11 Libration/" + s.version }

// Hello implements gateway.Talker.
func (s *Service) Hello() []byte { return s.Lifecycle("connect") }

// Beat implements gateway.Talker and gateway.Poster.
func (s *Service) Beat(interval time.Duration) []byte { return s.Heartbeat(interval) }

// Frame implements gateway.Talker.
func (s *Service) Frame(l gateway.Line, frame []byte) gateway.Call {
	request, err := ParseRequest(frame)
	if err == nil && !l.Requests {
		err = errEventsOnly
	}
	if err != nil {
		return gateway.Call{Answer: s.badRequest(frame, err).answer(http.StatusBadRequest)}
	}
	return gateway.Call{
		Lane: s.Lane(request.Action), Changes: s.Changes(request.Action),
		Run: func(ctx context.Context, hold gateway.Hold) gateway.Answer {
			request.Hold = hold
			return s.Call(ctx, request).answer(http.StatusOK)
		},
	}
}

// First implements gateway.Poster.
func (s *Service) First() []byte { return s.Lifecycle("enable") }

// Last implements gateway.Poster.
func (s *Service) Last() []byte { return s.Lifecycle("disable") }

// PostHeader implements gateway.Poster (docs/protocol/onebot11.md a.3).
func (s *Service) PostHeader(secret string, body []byte) http.Header {
	// Some bots refuse a charset, and some compute the signature of what they have
	// read and written again: the body is compact and has no escapes.
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", s.userAgent())
	h.Set("X-Self-ID", s.selfID())
	if secret != "" {
		mac := hmac.New(sha1.New, []byte(secret))
		mac.Write(body)
		h.Set("X-Signature", fmt.Sprintf("sha1=%x", mac.Sum(nil)))
	}
	return h
}

// Answered implements gateway.Poster: an answer that is a JSON object is a quick
// operation.
func (s *Service) Answered(event, answer []byte) func(context.Context, gateway.Hold) *gateway.Failure {
	answer, err := bom.Trim(answer)
	if answer = bytes.TrimSpace(answer); err == nil && (len(answer) == 0 || answer[0] != '{') {
		return nil
	}
	return func(ctx context.Context, hold gateway.Hold) *gateway.Failure {
		if err != nil {
			hold.Release()
			return &gateway.Failure{Code: wrongParams.Code, Reason: err.Error()}
		}
		r := s.QuickOperation(ctx, event, answer, hold)
		if r.RetCode == RetOK {
			return nil
		}
		return &gateway.Failure{Code: r.Msg, Reason: r.Message}
	}
}

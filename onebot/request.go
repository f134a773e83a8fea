package onebot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"libration/gateway"
	"libration/internal/text"
)

// Request asks for one action.
type Request struct {
	Action string
	Params Params
	// Echo is any JSON value, returned unchanged; nil when none was given.
	Echo json.RawMessage
	// Hold is what the request takes of the Budget. Call gives it back.
	Hold gateway.Hold
}

// ParseRequest parses a request frame, {"action": ..., "params": ..., "echo": ...}.
// params may be missing or null. The frame is kept. On an error the request still has
// what could be read; answer with badRequest.
func ParseRequest(frame []byte) (Request, error) {
	v, err := checked(frame)
	if err == nil && v[0] != '{' {
		err = text.Errorf("it is something else", "是其他类型")
	}
	if err != nil {
		return Request{}, text.Errorf("request is not a JSON object: %v", "请求不是 JSON 对象: %v", err)
	}
	return RequestOf(Params{json: v})
}

// RequestOf is ParseRequest for a request whose action, params and echo are given
// like parameters.
func RequestOf(p Params) (Request, error) {
	var r Request
	if echo := member(p.json, "echo"); echo != nil {
		if len(echo) > maxEcho {
			return r, text.Errorf(`"echo" is larger than %d bytes`, `"echo" 超过 %d 字节`, maxEcho)
		}
		r.Echo = bytes.Clone(echo) // the rest need not stay in memory for it
	} else if v, ok := p.get("echo"); ok {
		r.Echo = appendString(nil, v.text)
	}
	if v, ok := p.get("action"); ok && (v.json == nil || v.json[0] == '"') {
		r.Action, _ = v.scalar()
	}
	if r.Action == "" {
		return r, text.Errorf(`request has no "action" string`, `请求没有字符串 "action"`)
	}
	v, ok := p.get("params")
	if !ok {
		return r, nil
	}
	raw, err := v.json, error(nil)
	if raw == nil { // an object written as text
		raw, err = checked([]byte(v.text))
	}
	if err != nil {
		return r, notObject(err)
	}
	r.Params, err = paramsOf(raw)
	return r, err
}

// badRequest is the response to a frame that ParseRequest refused with err. It has
// the frame's echo when that can be read, so that the caller need not wait for its
// timeout.
func (s *Service) badRequest(frame []byte, err error) *Response {
	r := failed(s.language, badParams(text.T("bad request: %v", "请求无效: %v").Fill(err)), apiError)
	r.Echo = recoverEcho(frame)
	return r
}

// recoverEcho finds the value of the key echo in a frame that may be cut off or
// malformed.
func recoverEcho(frame []byte) json.RawMessage {
	if bounded(frame) == nil && json.Valid(frame) {
		echo := member(frame[space(frame, 0):], "echo")
		if len(echo) > maxEcho {
			return nil
		}
		return bytes.Clone(echo)
	}
	const key = `"echo"`
	i := bytes.LastIndex(frame, []byte(key))
	if i < 0 {
		return nil
	}
	rest := frame[i+len(key):]
	rest = bytes.TrimLeft(rest[:min(len(rest), maxEcho)], " \t\r\n")
	if len(rest) == 0 || rest[0] != ':' {
		return nil
	}
	var echo json.RawMessage
	if json.NewDecoder(bytes.NewReader(rest[1:])).Decode(&echo) != nil {
		return nil
	}
	return echo
}

// Call runs one action and returns its result, never nil. It never panics: a panic
// in an action is logged and becomes a failed response. An action with the suffix
// _async is answered at once and runs in the background, by [gateway.Gateway.Later]. So
// does one with _rate_limited, one by one. Call takes over r.Hold: it is given back when
// the action has ended.
func (s *Service) Call(ctx context.Context, r Request) *Response {
	if a := s.working(r.Action); a != nil {
		defer r.Hold.Release()
		resp := s.run(ctx, a, r.Params)
		resp.Echo = r.Echo
		return resp
	}
	name, suffix := cutSuffix(r.Action)
	pace := gateway.AtOnce
	if suffix == pacedSuffix {
		pace = gateway.Paced
	}
	var resp *Response
	params := r.Params // r itself would go to the heap, whichever action it is
	if a := s.working(name); a == nil {
		resp = failed(s.language, unknownAction(s.actions, r.Action), apiError)
		s.onAction("unknown", resp.RetCode, 0)
	} else if err := s.later(pace, r.Hold, func(ctx context.Context) { s.run(ctx, a, params) }); err != nil {
		resp = failed(s.language, err, a.Failure)
	} else {
		return &Response{Status: StatusAsync, RetCode: RetAsync, Echo: r.Echo}
	}
	r.Hold.Release()
	resp.Echo = r.Echo
	return resp
}

// later leaves an action to the gateway. The error is for the caller.
func (s *Service) later(p gateway.Pace, hold gateway.Hold, run func(context.Context)) error {
	switch err := s.gateway.Later(p, hold, run); {
	case errors.Is(err, gateway.ErrStopping):
		return failure(stopping)
	case err != nil:
		return failure(tooManyWait)
	}
	return nil
}

// run carries out one action.
func (s *Service) run(ctx context.Context, a *row, p Params) (r *Response) {
	began := time.Now()
	defer func() { s.onAction(a.Name, r.RetCode, time.Since(began)) }()
	defer func() {
		if v := recover(); v != nil {
			s.log.Error("action panicked", "action", a.Name, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			e := failure(apiError)
			e.text = text.T("internal error in %s; the log has details", "%s 内部错误，详情见日志").Fill(a.Name)
			r = failed(s.language, e, apiError)
		}
	}()
	from := s.readers.Get().(*args)
	from.params = p
	data, err := a.Run(s, ctx, from)
	*from = args{}
	s.readers.Put(from)
	if err != nil {
		e := explain(err, a.Failure)
		s.log.Debug("action failed", "action", a.Name, "code", e.code, "text", e.text.EN, "err", err)
		return failed(s.language, e, a.Failure)
	}
	return &Response{Status: StatusOK, RetCode: RetOK, Data: data}
}

package onebot

import (
	"bytes"
	"encoding/json"

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
	// Send takes the responses of an action that has several, but for the last one, which
	// Call returns. Nil: such actions fail.
	Send func(*Response) error
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
		return Request{}, text.Errorf("request is not a JSON object: %v", "请求不是 JSON 对象：%v", err)
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

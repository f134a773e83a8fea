package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"libration/internal/redact"
	"libration/internal/text"
)

// callTimeout bounds one action over HTTP: a video may take a while to be uploaded.
const callTimeout = 20 * time.Minute

// Params returns an action's parameters from texts like "group_id=730000001". A value
// that is JSON is taken as it is, any other value as a string.
func Params(pairs []string) (map[string]json.RawMessage, error) {
	params := make(map[string]json.RawMessage, len(pairs))
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, text.Errorf("parameter %q is not key=value", "参数 %q 不是 key=value", pair)
		}
		if _, twice := params[name]; twice {
			return nil, text.Errorf("parameter %q is given twice", "参数 %q 出现了两次", name)
		}
		raw := json.RawMessage(value)
		if !json.Valid(raw) {
			quoted, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			raw = quoted
		}
		params[name] = raw
	}
	return params, nil
}

// Pairs is the reverse of Params, for a JSON object.
func Pairs(params json.RawMessage) (pairs []string) {
	d := json.NewDecoder(bytes.NewReader(params))
	if _, err := d.Token(); err != nil {
		return nil
	}
	for d.More() {
		var value json.RawMessage
		name, err := d.Token()
		if err != nil || d.Decode(&value) != nil {
			return pairs
		}
		var plain string
		if json.Unmarshal(value, &plain) != nil || json.Valid([]byte(plain)) {
			plain = string(value)
		}
		pairs = append(pairs, fmt.Sprint(name, "=", plain))
	}
	return pairs
}

// Call is Target.Call at an address with a token.
func Call(ctx context.Context, address, token, action string, params map[string]json.RawMessage) (answer []byte, ok bool, err error) {
	return Target{URL: address, Token: token}.Call(ctx, action, params)
}

// Call runs one action at the HTTP address of a service, such as
// http://127.0.0.1:5700, and returns the whole answer, of some actions several JSON objects.
// ok tells whether the action succeeded. The error says in words why there is no answer.
func (t Target) Call(ctx context.Context, action string, params map[string]json.RawMessage) (answer []byte, ok bool, err error) {
	address, token := t.URL, t.Token
	client, plain := t.client()
	u, err := url.Parse(plain)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, false, text.Errorf("the address is not one of HTTP: use a form like http://127.0.0.1:5700", "不是 HTTP 地址：请写成 http://127.0.0.1:5700 的形式")
	}
	body, err := json.Marshal(params)
	if err != nil {
		return nil, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.JoinPath(action).String(), bytes.NewReader(body))
	if err != nil {
		return nil, false, err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return nil, false, text.Errorf("call %s at %s: %v", "在 %[2]s 调用 %[1]s：%[3]v", action, redact.URL(address), netReason(err))
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxFrame))
	if err != nil {
		return nil, false, text.Errorf("call %s at %s: %v", "在 %[2]s 调用 %[1]s：%[3]v", action, redact.URL(address), err)
	}
	if err := refused(response.StatusCode, answer); err != nil {
		return nil, false, text.Errorf("call %s at %s: %v", "在 %[2]s 调用 %[1]s：%[3]v", action, redact.URL(address), err)
	}
	status, err := statusOf(answer)
	if err != nil {
		return nil, false, text.Errorf("call %s at %s: the answer (HTTP %s) is not OneBot's: is this the HTTP port?",
			"在 %[2]s 调用 %[1]s：应答（HTTP %[3]s）不是 OneBot 的：这是 HTTP 端口吗？", action, redact.URL(address), response.Status)
	}
	return answer, status != "failed", nil
}

// statusOf is the status of the last of an answer's frames; all of them have one.
func statusOf(answer []byte) (status string, err error) {
	for frames := json.NewDecoder(bytes.NewReader(answer)); ; {
		var f struct {
			Status string `json:"status"`
		}
		err := frames.Decode(&f)
		switch {
		case errors.Is(err, io.EOF) && status != "":
			return status, nil
		case err != nil:
			return "", err
		case f.Status == "":
			return "", text.Errorf("a frame has no status", "有一帧没有 status")
		}
		status = f.Status
	}
}

// PrintCall runs one action with parameters as Params takes them and writes the
// answer to w as indented JSON. A failed action gives ErrFailed.
func PrintCall(ctx context.Context, w io.Writer, t Target, action string, pairs []string) error {
	params, err := Params(pairs)
	if err != nil {
		return err
	}
	answer, ok, err := t.Call(ctx, action, params)
	if err != nil {
		return err
	}
	for frames := json.NewDecoder(bytes.NewReader(answer)); frames.More(); {
		var frame json.RawMessage
		var pretty bytes.Buffer
		err := frames.Decode(&frame)
		if err == nil {
			err = json.Indent(&pretty, frame, "", "  ")
		}
		if err != nil {
			return text.Errorf("print answer: %v", "输出应答：%v", err)
		}
		pretty.WriteByte('\n')
		if _, err := pretty.WriteTo(w); err != nil {
			return err
		}
	}
	if !ok {
		return ErrFailed
	}
	return nil
}

// ErrFailed is returned when the service answers that the action failed. The answer has
// been printed.
var ErrFailed = text.Errorf("the action failed", "动作失败")

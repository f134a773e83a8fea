package notice

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/cenkalti/backoff/v5"

	"libration/internal/text"
)

// delivery is one HTTP request that sends a notice, and how the service says that
// it took it. The library reads the URL of these services. It does not send: of some answers
// it takes any for success, and it obeys the proxy of the environment.
type delivery struct {
	base, path string // scheme and host, and the rest
	header     http.Header
	json       any
	form       url.Values // instead of json
	content    []byte     // instead of both; header has its type
	method     string     // "": POST
	insecure   bool       // any certificate will do
	accepted   func(a *answer) bool
}

// answer is what these services say, each some of it.
type answer struct {
	text        string          // the whole
	OK          bool            `json:"ok"`
	ID          json.RawMessage `json:"id"`
	Name        string          `json:"name"`
	Status      json.RawMessage `json:"status"`
	Success     bool            `json:"success"`
	Result      string          `json:"result"`
	Code        *int            `json:"code"`
	StatusCode  *int            `json:"StatusCode"`
	ErrCode     *int            `json:"errcode"`
	Description string          `json:"description"` // why not, as the next ones
	Error       json.RawMessage `json:"error"`
	Errors      []string        `json:"errors"`
	Msg         string          `json:"msg"`
	ErrMsg      string          `json:"errmsg"`
	Message     string          `json:"message"`
	Details     string          `json:"errorDescription"`
}

// deliver makes the request. base replaces its own; "" does not.
func (d *delivery) deliver(ctx context.Context, client *http.Client, base, version string) error {
	var body []byte
	kind := "application/json; charset=utf-8"
	switch {
	case d.form != nil:
		body, kind = []byte(d.form.Encode()), "application/x-www-form-urlencoded"
	case d.content != nil:
		body = d.content
	default:
		var err error
		if body, err = json.Marshal(d.json); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, cmp.Or(d.method, http.MethodPost), cmp.Or(base, d.base)+d.path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", kind)
	for key, values := range d.header {
		request.Header[key] = values
	}
	if d.insecure {
		transport := client.Transport.(*http.Transport).Clone()
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
		client = &http.Client{Transport: transport, CheckRedirect: client.CheckRedirect}
	}
	got, err := exchange(client, request, version)
	a := answer{text: string(got)}
	valid := json.Unmarshal(got, &a)
	reason := cmp.Or(a.Description, a.Details, plainText(a.Error), a.Msg, a.ErrMsg, a.Message, strings.Join(a.Errors, ", "))
	if err != nil {
		if reason == "" {
			return err
		}
		if permanent, ok := errors.AsType[*backoff.PermanentError](err); ok {
			return backoff.Permanent(fmt.Errorf("%w: %.200s", permanent.Err, reason))
		}
		return fmt.Errorf("%w: %.200s", err, reason)
	}
	switch {
	case d.accepted(&a):
		return nil
	case reason != "":
		return text.Errorf("refused: %.200s", "被拒绝：%.200s", reason)
	case valid != nil:
		return text.Errorf("the answer is not the service's: %.100q", "不是该服务的应答：%.100q", got)
	}
	return text.Errorf("the service does not say that it took the notice: %.100q", "该服务没有表示已收下通知：%.100q", got)
}

// plainText is a JSON string's content; other JSON as it is, but for null.
func plainText(v json.RawMessage) string {
	var s *string
	if json.Unmarshal(v, &s) == nil {
		if s == nil {
			return ""
		}
		return *s
	}
	return string(v)
}

// exchange makes a request and returns the answer, at most maxAnswer of it. A status
// that is not 2xx is an error: a backoff.PermanentError when another try would not
// help.
func exchange(client *http.Client, request *http.Request, version string) ([]byte, error) {
	request.Header.Set("User-Agent", "Libration/"+version)
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch status := response.StatusCode; {
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500:
		err = text.Errorf("the answer is HTTP %s", "应答为 HTTP %s", response.Status)
	case status < 200 || status > 299: // the same again would not help
		err = backoff.Permanent(text.Errorf("the answer is HTTP %s", "应答为 HTTP %s", response.Status))
	}
	return answer, err
}

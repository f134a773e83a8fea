package ntqq

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"libration/internal/redact"
	"libration/internal/text"
	"libration/ntqq/media"
)

// Hosts of the service's web pages (docs/protocol/operations.md 6).
const (
	webLoginHost = "ssl.ptlogin2.qq.com"
	webQun       = "qun.qq.com"
	webNotices   = "web.qun.qq.com"
	webQzone     = "h5.qzone.qq.com"
	webVIP       = "cgi.vip.qq.com"
)

// webDomains are the domains of the hosts: a p_skey is for one of them
// (docs/protocol/login.md 10).
var webDomains = map[string]string{webQun: "qun.qq.com", webNotices: "qun.qq.com", webQzone: "qzone.qq.com", webVIP: "vip.qq.com"}

const (
	// webTimeout bounds a request to a page with its answer, maxWebAnswer that in bytes.
	// What is posted may take longer, slowestPost bytes a second.
	webTimeout   = 30 * time.Second
	slowestPost  = 64 << 10
	maxWebAnswer = 4 << 20
	// maxListBytes bounds the answers that a list is read from, page by page.
	maxListBytes = 16 << 20
	// webAgent is what other clients call themselves (docs/protocol/operations.md 6).
	webAgent = "Dalvik/2.1.0 (Linux; U; Android 7.1.2; PCRT00 Build/N2G48H)"
	// webDoubt is how old cookies must be to be replaced because a page has refused them in
	// words of its own: most such refusals have another reason. So long, and each time twice
	// as long up to maxWebDoubt, they are not replaced again for a page that has refused new
	// ones.
	webDoubt    = time.Minute
	maxWebDoubt = time.Hour
)

// ErrWebLogin: a web page of the service does not know the account, also not with new
// cookies.
var ErrWebLogin error = text.Errorf("the service's web pages do not take the account's login", "QQ 网页不接受账号的登录状态")

var errBrokenHead = text.Errorf("the head of the answer cannot be read", "应答头无法解析")

var errLongPage = text.Errorf("the answer has more than %d bytes", "应答超过 %d 字节", maxWebAnswer)

// webCall is one request to a web page of the service (docs/protocol/operations.md 6). It
// is a GET, or a POST where it has one of form, json and body.
type webCall struct {
	host, path string // host is one of webDomains
	file       string // what follows the path, where that is not the same for all requests
	query      url.Values
	token      string // the parameter that has the bkn, in the query and in the form; "": none
	form       url.Values
	json       any
	// body makes any other content, of which it returns the type.
	body func(webKeys) (content []byte, kind string, err error)
	// refused reads the result in the page's answer: nil, or a [*ServerError].
	refused func(answer []byte) error
}

// web asks a page and returns its answer, up to 4 MiB. Cookies that may have expired are
// replaced, and the page is asked once more. The errors are [*ServerError], those of
// [Client.Call], [ErrTimeout] and those of the network.
func (c *Client) web(ctx context.Context, call webCall) (answer []byte, err error) {
	defer func() { c.log.DebugContext(ctx, "asked", "command", "web "+call.path, "err", err) }()
	began := c.now()
	for try := 1; ; try++ {
		keys, err := c.webKeys(ctx, webDomains[call.host])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", call.name(), err)
		}
		answer, err := c.askPage(ctx, call, keys)
		if try == 2 && err == nil {
			c.webLogin.helped(call.name())
		}
		refused, ok := errors.AsType[*ServerError](err)
		if !ok || try == 2 || !keys.got.Before(began) || !errors.Is(refused, ErrWebLogin) && began.Sub(keys.got) < webDoubt ||
			!c.webLogin.renew(call.name(), webDomains[call.host], keys, c.now()) {
			return answer, err
		}
	}
}

// name is what errors call the page by.
func (w *webCall) name() string { return w.host + w.path }

// askPage asks a page once.
func (c *Client) askPage(ctx context.Context, call webCall, keys webKeys) ([]byte, error) {
	req, err := call.request(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call.name(), redact.Err(err))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, webTimeout+time.Duration(req.ContentLength)*time.Second/slowestPost, ErrTimeout)
	defer cancel()
	resp, err := c.webClient().Do(req.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call.name(), webFailure(ctx, err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		refused := &ServerError{Command: call.name(), Code: int64(resp.StatusCode), Message: http.StatusText(resp.StatusCode)}
		// Redirects lead to a page where people log in.
		if s := resp.StatusCode; s == http.StatusUnauthorized || s == http.StatusForbidden || s/100 == 3 {
			refused.Cause = ErrWebLogin
		}
		return nil, refused
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxWebAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call.name(), webFailure(ctx, err))
	}
	if len(answer) > maxWebAnswer {
		return nil, fmt.Errorf("%s: %w", call.name(), errLongPage)
	}
	if manyValues(answer) {
		return nil, fmt.Errorf("%s: %w", call.name(), errManyValues)
	}
	if call.refused != nil {
		err = call.refused(answer)
	}
	if refused, ok := errors.AsType[*ServerError](err); ok {
		refused.Command = call.name()
		refused.Message = keys.hidden(refused.Message)
		return nil, refused
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call.name(), err)
	}
	return answer, nil
}

// request makes the HTTP request.
func (w *webCall) request(ctx context.Context, keys webKeys) (*http.Request, error) {
	var content []byte
	var kind string
	query, form := w.query, w.form
	if w.token != "" {
		query, form = with(query, w.token, keys.bkn()), with(form, w.token, keys.bkn())
	}
	method := http.MethodPost
	switch {
	case w.form != nil:
		content, kind = []byte(form.Encode()), "application/x-www-form-urlencoded"
	case w.json != nil:
		b, err := json.Marshal(w.json)
		if err != nil {
			return nil, err
		}
		content, kind = b, "application/json"
	case w.body != nil:
		var err error
		if content, kind, err = w.body(keys); err != nil {
			return nil, err
		}
	default:
		method = http.MethodGet
	}
	at := url.URL{Scheme: "https", Host: w.host, Path: w.path + w.file, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Cookie", keys.cookies())
	req.Header.Set("User-Agent", webAgent)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return req, nil
}

// with returns v with another value.
func with(v url.Values, name, value string) url.Values {
	out := url.Values{name: {value}}
	for n, all := range v {
		out[n] = all
	}
	return out
}

// webFailure is the error of a request that had no answer, without the URL, and without
// what of a header could not be read: it may be a cookie.
func webFailure(ctx context.Context, err error) error {
	err = redact.Err(err)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
		return ErrTimeout
	}
	if _, header := errors.AsType[textproto.ProtocolError](err); header || strings.Contains(err.Error(), "malformed HTTP") {
		return errBrokenHead
	}
	return err
}

// webClient asks pages, without following redirects.
func (c *Client) webClient() *http.Client {
	base := c.session.WebServer()
	// The hosts are known: their names may be left to a proxy.
	client := media.Reach{AllowPrivate: base != "" || c.opts.Proxy != "", Proxy: c.opts.Proxy, Dial: c.opts.Dial, Lookup: c.opts.Lookup}.Client()
	if base != "" {
		to, _ := url.Parse(base) // the session has checked it
		client.Transport = webHosts{client.Transport, to}
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// webHosts asks one server for the pages of all hosts.
type webHosts struct {
	http.RoundTripper
	base *url.URL
}

// RoundTrip implements http.RoundTripper.
func (t webHosts) RoundTrip(r *http.Request) (*http.Response, error) {
	to := r.Clone(r.Context())
	to.Host = r.URL.Host
	to.URL.Scheme, to.URL.Host = t.base.Scheme, t.base.Host
	resp, err := t.RoundTripper.RoundTrip(to)
	if resp != nil {
		resp.Request = r
	}
	return resp, err
}

// webResult returns what reads the result of a page: a number, 0 for success, under one of
// these names, and a text.
func webResult(words string, codes ...string) func([]byte) error {
	return func(answer []byte) error {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(answer, &fields); err != nil {
			return text.Errorf("the answer is no JSON object: %v", "应答不是 JSON 对象：%v", err)
		}
		for _, name := range codes {
			code, err := strconv.ParseInt(string(bytes.Trim(fields[name], `"`)), 10, 64)
			if err != nil {
				continue
			}
			if code == 0 {
				return nil
			}
			var said string
			_ = json.Unmarshal(fields[words], &said)
			return &ServerError{Code: code, Message: said}
		}
		return text.Errorf("the answer has no %q", "应答中没有 %q", codes[0])
	}
}

// webRefusal is webResult for a page whose answer may be anything: only a result that is
// none of success counts.
func webRefusal(words string, codes ...string) func([]byte) error {
	read := webResult(words, codes...)
	return func(answer []byte) error {
		if refused, ok := errors.AsType[*ServerError](read(answer)); ok {
			return refused
		}
		return nil
	}
}

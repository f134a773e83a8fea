package notice

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"libration/internal/redact"
	"libration/internal/text"
)

// SignatureHeader carries "sha256=" and the HMAC-SHA256 of a webhook's body in
// hexadecimal, where the target has a secret.
const SignatureHeader = "X-Libration-Signature"

// maxAnswer is how much of a webhook's answer is read.
const maxAnswer = 64 << 10

// Target is where notices go. All of it is secret: URLs hold tokens.
type Target struct {
	// URL is the http:// or https:// URL of a webhook, or a URL of the library shoutrrr.
	URL string
	// Secret signs what a webhook gets; "" for no signature.
	Secret string
	// Body is what a webhook gets instead of the Notice: JSON with $kind, $level,
	// $title and $text in its strings. "" for the Notice.
	Body string
}

// Name returns the scheme of the URL, the only part of a target that may be shown.
func (t *Target) Name() string {
	scheme, _, ok := strings.Cut(t.URL, "://")
	if !ok || strings.ContainsFunc(scheme, func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz", r) }) {
		return "(no scheme)"
	}
	return scheme
}

func (t *Target) webhook() bool { return t.Name() == "http" || t.Name() == "https" }

// Check returns what is wrong with a target, without contacting anything. The error is
// a *text.Error and contains no secrets.
func (t *Target) Check() error {
	u, err := url.Parse(t.URL)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return text.Errorf("not a URL: write scheme://..., as docs/notices.md shows it", "不是 URL：写 scheme://...，见 docs/notices.zh-CN.md")
	}
	if t.webhook() {
		if !json.Valid(t.body(&Notice{Title: "a", Text: "b"})) {
			return text.Errorf("the body is not JSON: write $title and $text inside its strings", "body 不是 JSON：请把 $title 和 $text 写在字符串里")
		}
		return nil
	}
	if t.Secret != "" || t.Body != "" {
		return text.Errorf("secret and body are for http:// and https:// only", "secret 和 body 仅用于 http:// 和 https://")
	}
	if slices.Contains(unproven, t.Name()) {
		return text.Errorf(
			"%s is not offered: it cannot be told whether a notice arrived there; use another service, or an https:// webhook of it with body",
			"不提供 %s：无法得知通知是否送达；请使用其他服务，或它的 https:// webhook 并设置 body", t.Name())
	}
	if !slices.Contains(services, t.Name()) {
		return text.Errorf(
			"there is no service %s: use http, https, %s", "没有服务 %s：请使用 http, https, %s", t.Name(), strings.Join(services, ", "))
	}
	if _, err := t.service(); err != nil {
		return text.Errorf("not a usable %s:// URL: %s", "不是可用的 %s:// URL: %s", t.Name(), t.redact(err.Error()))
	}
	return nil
}

// service makes the library's end of the target.
func (t *Target) service() (_ types.Service, err error) {
	defer recovered(&err)
	u, err := url.Parse(t.URL)
	if err != nil {
		return nil, err
	}
	// Not by Locate, which would not tell what Initialize does not like.
	s, err := new(router.ServiceRouter).NewService(u.Scheme)
	if err != nil {
		return nil, err
	}
	return s, s.Initialize(u, nil)
}

// recovered makes an error of a panic of the library, which talks to foreign
// servers.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = text.Errorf("panic: %v", "程序内部错误：%v", r)
	}
}

// post sends to a webhook.
func (t *Target) post(ctx context.Context, client *http.Client, version string, n *Notice) error {
	body := t.body(n)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	if t.Secret != "" {
		mac := hmac.New(sha256.New, []byte(t.Secret))
		mac.Write(body)
		request.Header.Set(SignatureHeader, "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	answer, err := exchange(client, request, version)
	if err != nil {
		return err
	}
	// DingTalk and WeCom refuse with status 200.
	var refusal struct {
		Code int    `json:"errcode"`
		Text string `json:"errmsg"`
	}
	if json.Unmarshal(answer, &refusal) == nil && refusal.Code != 0 {
		return text.Errorf("refused with code %d: %.200s", "被拒绝，代码 %d：%.200s", refusal.Code, refusal.Text)
	}
	return nil
}

// body is what a webhook gets.
func (t *Target) body(n *Notice) []byte {
	quoted := func(v any) string {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		_ = e.Encode(v) // a Notice and its strings can always be encoded
		return strings.TrimSpace(b.String())
	}
	if t.Body == "" {
		return []byte(quoted(n))
	}
	inner := func(s string) string { q := quoted(s); return q[1 : len(q)-1] }
	return []byte(strings.NewReplacer(
		"$kind", string(n.Kind), "$level", n.Level, "$title", inner(n.Title), "$text", inner(n.Text),
	).Replace(t.Body))
}

// services are those whose answers are known to be read rightly, by deliveries or by
// the library.
var services = []string{
	"bark", "discord", "generic", "googlechat", "gotify", "hangouts", "lark", "mattermost", "ntfy",
	"pushover", "rocketchat", "slack", "smtp", "telegram", "wecom", "zulip",
}

// unproven are services of the library that take any answer with a good status for
// success, or whose answer cannot be tested.
var unproven = []string{"ifttt", "join", "matrix", "notifiarr", "opsgenie", "pagerduty", "pushbullet", "signal", "teams"}

// redact takes all parts of the target out of a text, such as an error. The library
// has them anywhere, and for some services the host is the key.
func (t *Target) redact(s string) string { return redact.Text(s, t.URL, t.Secret) }

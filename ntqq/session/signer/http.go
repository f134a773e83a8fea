package signer

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"libration/internal/hourly"
	"libration/internal/network"
	"libration/internal/redact"
	"libration/internal/text"
	"libration/ntqq/session/identity"
)

// Style is the HTTP interface of a signer (docs/protocol/login.md 12).
type Style string

// The styles.
const (
	// Auto takes SecSign for URLs that end in "sec-sign", else Lagrange.
	Auto     Style = "auto"
	Lagrange Style = "lagrange" // {cmd, seq, src}
	SecSign  Style = "sec-sign" // {command, seq, body, uin, guid, qua}
)

// Waits of an [HTTP].
const (
	defaultTimeout = 8 * time.Second
	// totalTimeout bounds one signature over all providers: less than the answer to the
	// request may take, so that a caller is not kept waiting twice as long.
	totalTimeout = 12 * time.Second
	leastTime    = time.Second // a provider is not asked with less time than this
)

// HTTP asks several signers over HTTP, in the order of URLs, until one gives a signature.
// A signer that failed is asked after the others for a while. One that failed three times
// in a row is left alone, and asked again after a pause that grows. One that signs for
// another version than the session claims is not used, and asked again after RetryMost.
// [HTTP.Health] reports the state of each.
//
// It is safe for concurrent use. Do not change its fields after the first call.
type HTTP struct {
	URLs  []string
	Style Style // "": Auto
	// Token is sent as "Authorization: Bearer" unless it is empty.
	Token string
	// Timeout is for the answer of one signer. 0: 8 s. All signers together have 12 s for
	// one signature.
	Timeout time.Duration
	Client  *http.Client // nil: one that makes direct connections
	Log     *slog.Logger // nil: slog.Default()
	// RetryFirst is the pause after a signer's first failure. 0: 5 s. RetryMost is the
	// longest pause, and the one after a wrong version. 0: 5 min.
	RetryFirst, RetryMost time.Duration
	// OnAsk is called when a question to a signer has ended: with its Health.Name, how long
	// it took, and its error. It is called from many goroutines and must return quickly.
	OnAsk func(name string, took time.Duration, err error)

	once  sync.Once
	log   *slog.Logger
	notes *hourly.Log
	rand  func() float64 // for tests

	mu        sync.Mutex // guards the fields of the providers
	providers []*provider
}

const (
	maxAnswer = 1 << 20
	maxError  = 500
)

// longError is an error with a long text, as a foreign server may cause: it goes into
// logs, states and notices.
type longError struct{ err error }

func (e longError) Error() string { return fmt.Sprintf("%.*s...", maxError, e.err) }

func (e longError) Unwrap() error { return e.err }

// defaultClient is for signers without one.
var defaultClient = network.Network{}.HostClient()

// Sign implements [Signer]. Its error is an [ErrNoSignature] and names the failure of each
// signer.
func (h *HTTP) Sign(ctx context.Context, r *Request) (*Signature, error) {
	h.init()
	total, cancel := context.WithTimeout(ctx, totalTimeout)
	defer cancel()
	errs := []error{ErrNoSignature}
	var tried []*provider
	for began := time.Now(); time.Since(began) < totalTimeout-leastTime; {
		q := h.next(tried)
		if q == nil {
			break
		}
		tried = append(tried, q.provider)
		sig, err := h.put(total, q, r)
		if err != nil && ctx.Err() != nil { // the caller's patience says nothing of the provider
			h.givenUp(q)
			return nil, fmt.Errorf("%w: %w", ErrNoSignature, ctx.Err())
		}
		h.note(q, err)
		if err == nil {
			return sig, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", q.name, err))
	}
	return nil, errors.Join(append(errs, h.unasked(tried)...)...)
}

func (h *HTTP) init() {
	h.once.Do(func() {
		h.log = h.Log
		if h.log == nil {
			h.log = slog.Default()
		}
		h.notes = hourly.New(h.log)
		if h.rand == nil {
			h.rand = rand.Float64
		}
		for _, d := range []struct {
			field *time.Duration
			value time.Duration
		}{{&h.Timeout, defaultTimeout}, {&h.RetryFirst, retryFirst}, {&h.RetryMost, retryMost}} {
			if *d.field <= 0 {
				*d.field = d.value
			}
		}
		h.providers = newProviders(h.URLs)
	})
}

// put puts a question to its provider.
func (h *HTTP) put(ctx context.Context, q *question, r *Request) (*Signature, error) {
	ctx, cancel := context.WithTimeout(ctx, q.timeout)
	defer cancel()
	sig, err := h.ask(ctx, q.address, r)
	if err != nil && len(err.Error()) > maxError {
		err = longError{err}
	}
	if h.OnAsk != nil {
		h.OnAsk(q.name, time.Since(q.began), err)
	}
	return sig, err
}

func (h *HTTP) style(address string) Style {
	if h.Style != "" && h.Style != Auto {
		return h.Style
	}
	if strings.HasSuffix(strings.TrimRight(address, "/"), "sec-sign") {
		return SecSign
	}
	return Lagrange
}

type answer struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	Platform string `json:"platform"`
	Version  string `json:"version"`
	Value    *struct {
		Sign     identity.HexBytes `json:"sign"`
		Token    identity.HexBytes `json:"token"`
		Extra    identity.HexBytes `json:"extra"`
		SecSign  identity.HexBytes `json:"sec_sign"`
		SecToken identity.HexBytes `json:"sec_token"`
		SecExtra identity.HexBytes `json:"sec_extra"`
	} `json:"value"`
}

func (h *HTTP) ask(ctx context.Context, address string, r *Request) (*Signature, error) {
	style := h.style(address)
	body, err := style.body(r)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, redact.Err(err)
	}
	req.Header["Idempotency-Key"] = nil // not sent: package net/http may ask again on another connection
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "qq/"+r.App.CurrentVersion)
	if h.Token != "" {
		req.Header.Set("Authorization", "Bearer "+h.Token)
	}
	client := h.Client
	if client == nil {
		client = defaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, redact.Err(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, text.Errorf("HTTP status %s", "HTTP 状态 %s", resp.Status)
	}
	// To its end, whatever follows the JSON: else the connection is not used again.
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, redact.Err(err)
	}
	var a answer
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&a); err != nil {
		return nil, text.Errorf("answer: %v", "应答：%v", err)
	}
	return a.signature(style, r.App)
}

// body is the request to a signer, in one piece: payloads may be large.
func (s Style) body(r *Request) ([]byte, error) {
	command, err := json.Marshal(r.Command)
	if err != nil {
		return nil, err
	}
	qua, err := json.Marshal(r.App.Qua)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, 128+len(command)+len(qua)+hex.EncodedLen(len(r.Payload)+len(r.GUID)))
	if s != SecSign {
		b = append(append(b, `{"cmd":`...), command...)
		b = strconv.AppendUint(append(b, `,"seq":`...), uint64(r.Sequence), 10)
		b = append(b, `,"src":"`...)
		for _, c := range r.Payload {
			b = append(b, upperHex[c>>4], upperHex[c&15])
		}
		return append(b, `"}`...), nil
	}
	b = hex.AppendEncode(append(b, `{"body":"`...), r.Payload)
	b = append(append(b, `","command":`...), command...)
	b = hex.AppendEncode(append(b, `,"guid":"`...), r.GUID)
	b = append(append(b, `","qua":`...), qua...)
	b = strconv.AppendUint(append(b, `,"seq":`...), uint64(r.Sequence), 10)
	b = strconv.AppendUint(append(b, `,"uin":`...), uint64(r.UIN), 10)
	return append(b, '}'), nil
}

const upperHex = "0123456789ABCDEF"

func (a *answer) signature(style Style, app *identity.AppInfo) (*Signature, error) {
	if a.Code != 0 {
		return nil, text.Errorf("refused with code %d: %s", "被拒绝，代码 %d：%s", a.Code, a.Message)
	}
	if a.Platform != "" && a.Platform != platformName(app) || a.Version != "" && a.Version != app.CurrentVersion {
		return nil, &versionError{
			theirs: strings.TrimSpace(a.Platform + " " + a.Version), ours: platformName(app) + " " + app.CurrentVersion,
		}
	}
	if a.Value == nil {
		return nil, text.Errorf("answer has no value", "应答中没有 value")
	}
	sig := &Signature{Sign: a.Value.Sign, Token: a.Value.Token, Extra: a.Value.Extra}
	if style == SecSign {
		sig = &Signature{Sign: a.Value.SecSign, Token: a.Value.SecToken, Extra: a.Value.SecExtra}
	}
	if len(sig.Sign) == 0 {
		return nil, text.Errorf("answer has an empty signature", "应答中的签名为空")
	}
	return sig, nil
}

// versionError: a provider signs, but for another version than the session claims.
type versionError struct{ theirs, ours string }

func (e *versionError) Error() string { return e.Text().EN }

// Text is Error in English and Chinese.
func (e *versionError) Text() text.Text {
	return text.T("wrong version: signs for %s, we are %s: use the app info that belongs to the signer, or another signer",
		"版本不符：它为 %s 签名，而本程序是 %s：请使用与签名服务相符的 app info，或换一个签名服务").Fill(e.theirs, e.ours)
}

// platformName is the platform's name in the answers of Lagrange's providers.
func platformName(app *identity.AppInfo) string {
	if app.Os == "Mac" {
		return "MacOs"
	}
	return app.Os
}

package ntqq

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
	"strings"
	"sync"
	"time"

	"libration/internal/hourly"
	"libration/internal/network"
	"libration/internal/redact"
)

// SignRequest is what a signature covers: exactly what is sent.
type SignRequest struct {
	Command  string
	Sequence uint32
	Payload  []byte
	UIN      UIN
	GUID     []byte
	App      *AppInfo
}

// Signature is the answer of a sign provider.
type Signature struct{ Sign, Token, Extra []byte }

// Signer signs requests. It must be safe for concurrent use.
type Signer interface {
	Sign(ctx context.Context, r *SignRequest) (*Signature, error)
}

// SignStyle is the HTTP interface of a sign provider (docs/protocol/login.md 12).
type SignStyle string

// The styles.
const (
	// SignAuto takes SignSecSign for URLs that end in "sec-sign", else SignLagrange.
	SignAuto     SignStyle = "auto"
	SignLagrange SignStyle = "lagrange" // {cmd, seq, src}
	SignSecSign  SignStyle = "sec-sign" // {command, seq, body, uin, guid, qua}
)

// Waits of an HTTPSigner.
const (
	signTimeout = 8 * time.Second
	// signTotal bounds one signature over all providers: less than the answer to the
	// request may take, so that a caller is not kept waiting twice as long.
	signTotal = 12 * time.Second
	signLeast = time.Second // a provider is not asked with less time than this
)

// HTTPSigner asks sign providers over HTTP, in the order of URLs, and the next one
// when one fails. One that failed is asked after the others for a while, one that
// fails again and again only now and then; it is first again when it works again.
// One that signs for another version than the session claims is not used at all,
// and asked again rarely. Health tells of each; signerhealth.go has the rules.
type HTTPSigner struct {
	// URLs, like the other fields, must not be changed after the first call.
	URLs  []string
	Style SignStyle // "" is SignAuto
	// Token is sent as "Authorization: Bearer", when not empty.
	Token string
	// Timeout of one provider; 0 is 8 s. A signature may take 12 s altogether.
	Timeout time.Duration
	Client  *http.Client // nil: one like http.DefaultClient
	Log     *slog.Logger // nil: slog.Default()
	// RetryFirst is the pause after the first failure of a provider, RetryMost the
	// longest one, and that of one with a wrong version; 0: 5 s and 5 min.
	RetryFirst, RetryMost time.Duration
	// OnAsk gets each question to a provider that ended, for statistics: the
	// provider's SignerHealth.Name, how long it took and its error. It is called from
	// many goroutines and must return quickly; nil: nobody counts.
	OnAsk func(name string, took time.Duration, err error)

	once  sync.Once
	log   *slog.Logger
	notes *hourly.Log
	rand  func() float64 // for tests

	mu        sync.Mutex // guards the fields of the providers
	providers []*provider
}

const (
	maxSignAnswer = 1 << 20
	maxSignError  = 500
)

// longError is an error with a long text, as a foreign server may cause: it goes into
// logs, states and notices.
type longError struct{ err error }

func (e longError) Error() string { return fmt.Sprintf("%.*s...", maxSignError, e.err) }

func (e longError) Unwrap() error { return e.err }

// signClient is for signers without one.
var signClient = network.Network{}.Client()

// Sign implements Signer. Its error wraps ErrSign and names each provider's
// failure.
func (h *HTTPSigner) Sign(ctx context.Context, r *SignRequest) (*Signature, error) {
	h.init()
	total, cancel := context.WithTimeout(ctx, signTotal)
	defer cancel()
	errs := []error{ErrSign}
	var tried []*provider
	for began := time.Now(); time.Since(began) < signTotal-signLeast; {
		q := h.next(tried)
		if q == nil {
			break
		}
		tried = append(tried, q.provider)
		sig, err := h.put(total, q, r)
		if err != nil && ctx.Err() != nil { // the caller's patience says nothing of the provider
			h.givenUp(q)
			return nil, fmt.Errorf("%w: %w", ErrSign, ctx.Err())
		}
		h.note(q, err)
		if err == nil {
			return sig, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", q.name, err))
	}
	return nil, errors.Join(append(errs, h.unasked(tried)...)...)
}

func (h *HTTPSigner) init() {
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
		}{{&h.Timeout, signTimeout}, {&h.RetryFirst, signRetryFirst}, {&h.RetryMost, signRetryMost}} {
			if *d.field <= 0 {
				*d.field = d.value
			}
		}
		h.providers = newProviders(h.URLs)
	})
}

// put puts a question to its provider.
func (h *HTTPSigner) put(ctx context.Context, q *question, r *SignRequest) (*Signature, error) {
	ctx, cancel := context.WithTimeout(ctx, q.timeout)
	defer cancel()
	sig, err := h.ask(ctx, q.address, r)
	if err != nil && len(err.Error()) > maxSignError {
		err = longError{err}
	}
	if h.OnAsk != nil {
		h.OnAsk(q.name, time.Since(q.began), err)
	}
	return sig, err
}

func (h *HTTPSigner) style(address string) SignStyle {
	if h.Style != "" && h.Style != SignAuto {
		return h.Style
	}
	if strings.HasSuffix(strings.TrimRight(address, "/"), "sec-sign") {
		return SignSecSign
	}
	return SignLagrange
}

type signAnswer struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	Platform string `json:"platform"`
	Version  string `json:"version"`
	Value    *struct {
		Sign     HexBytes `json:"sign"`
		Token    HexBytes `json:"token"`
		Extra    HexBytes `json:"extra"`
		SecSign  HexBytes `json:"sec_sign"`
		SecToken HexBytes `json:"sec_token"`
		SecExtra HexBytes `json:"sec_extra"`
	} `json:"value"`
}

func (h *HTTPSigner) ask(ctx context.Context, address string, r *SignRequest) (*Signature, error) {
	style := h.style(address)
	var body any
	if style == SignSecSign {
		body = map[string]any{
			"command": r.Command, "seq": r.Sequence, "body": hex.EncodeToString(r.Payload),
			"uin": uint64(r.UIN), "guid": hex.EncodeToString(r.GUID), "qua": r.App.Qua,
		}
	} else {
		body = map[string]any{
			"cmd": r.Command, "seq": r.Sequence, "src": strings.ToUpper(hex.EncodeToString(r.Payload)),
		}
	}
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(b))
	if err != nil {
		return nil, redact.Err(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "qq/"+r.App.CurrentVersion)
	if h.Token != "" {
		req.Header.Set("Authorization", "Bearer "+h.Token)
	}
	client := h.Client
	if client == nil {
		client = signClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, redact.Err(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %s", resp.Status)
	}
	var a signAnswer
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxSignAnswer)).Decode(&a); err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	return a.signature(style, r.App)
}

func (a *signAnswer) signature(style SignStyle, app *AppInfo) (*Signature, error) {
	if a.Code != 0 {
		return nil, fmt.Errorf("refused with code %d: %s", a.Code, a.Message)
	}
	if a.Platform != "" && a.Platform != signPlatform(app) || a.Version != "" && a.Version != app.CurrentVersion {
		return nil, &versionError{
			theirs: strings.TrimSpace(a.Platform + " " + a.Version), ours: signPlatform(app) + " " + app.CurrentVersion,
		}
	}
	if a.Value == nil {
		return nil, errors.New("answer has no value")
	}
	sig := &Signature{Sign: a.Value.Sign, Token: a.Value.Token, Extra: a.Value.Extra}
	if style == SignSecSign {
		sig = &Signature{Sign: a.Value.SecSign, Token: a.Value.SecToken, Extra: a.Value.SecExtra}
	}
	if len(sig.Sign) == 0 {
		return nil, errors.New("answer has an empty signature")
	}
	return sig, nil
}

// versionError: a provider signs, but for another version than the session claims.
type versionError struct{ theirs, ours string }

func (e *versionError) Error() string {
	return fmt.Sprintf("wrong version: signs for %s, we are %s: use the app info that belongs to the signer (account.app_info in the config), or another signer",
		e.theirs, e.ours)
}

// signPlatform is the platform's name in the answers of Lagrange's providers.
func signPlatform(app *AppInfo) string {
	if app.Os == "Mac" {
		return "MacOs"
	}
	return app.Os
}

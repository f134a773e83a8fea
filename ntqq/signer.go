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
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
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

// HTTPSigner asks sign providers over HTTP, the next one when one fails; the one
// that last worked is asked first.
type HTTPSigner struct {
	URLs  []string
	Style SignStyle // "" is SignAuto
	// Token is sent as "Authorization: Bearer", when not empty.
	Token string
	// Timeout of one provider; 0 is 8 s.
	Timeout time.Duration
	Client  *http.Client // nil: http.DefaultClient
	Log     *slog.Logger // nil: slog.Default()

	preferred atomic.Int32
}

const maxSignAnswer = 1 << 20

// Sign implements Signer. Its error wraps ErrSign and names each provider's
// failure.
func (h *HTTPSigner) Sign(ctx context.Context, r *SignRequest) (*Signature, error) {
	log := h.Log
	if log == nil {
		log = slog.Default()
	}
	errs := []error{ErrSign}
	first := int(h.preferred.Load())
	for i := range h.URLs {
		n := (first + i) % len(h.URLs)
		sig, err := h.ask(ctx, h.URLs[n], r)
		if err == nil {
			if n != first {
				h.preferred.Store(int32(n))
			}
			return sig, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%w: %w", ErrSign, ctx.Err())
		}
		log.Warn("signer failed, trying the next one", "url", redactURL(h.URLs[n]), "command", r.Command, "err", err)
		errs = append(errs, fmt.Errorf("%s: %w", redactURL(h.URLs[n]), err))
	}
	return nil, errors.Join(errs...)
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
	timeout := h.Timeout
	if timeout <= 0 {
		timeout = 8 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

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
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "qq/"+r.App.CurrentVersion)
	if h.Token != "" {
		req.Header.Set("Authorization", "Bearer "+h.Token)
	}
	client := h.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		var ue *url.Error // its text has the whole address
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return nil, err
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
		return nil, fmt.Errorf("provider signs for %s %s, not for our %s %s: use matching app info",
			a.Platform, a.Version, signPlatform(app), app.CurrentVersion)
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

// signPlatform is the platform's name in the answers of Lagrange's providers.
func signPlatform(app *AppInfo) string {
	if app.Os == "Mac" {
		return "MacOs"
	}
	return app.Os
}

// redactURL drops what may be secret: user info and query.
func redactURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(unreadable address)"
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}

package session

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"libration/internal/pb/loginpb"
	"libration/internal/redact"
	"libration/internal/rpc"
	"libration/internal/text"
	"libration/internal/wire"
	"libration/ntqq/session/identity"
	"libration/ntqq/session/link"
)

const (
	// newDeviceWait is how long a code of the verification is shown, newDeviceCodes how
	// many are.
	newDeviceWait  = 2 * time.Minute
	newDeviceCodes = 5
	maxVerifyBody  = 64 << 10
)

// errNewDeviceGivenUp: the device was not verified.
var errNewDeviceGivenUp = text.Errorf("new device not verified", "新设备未通过验证")

// verifier talks to the service that verifies new devices (docs/protocol/login.md
// 6.2, new device).
type verifier struct {
	client     *http.Client
	url        string
	sig, token string // of the refusal
	os, name   string // of the device
}

// verifyBegin asks for a code.
type verifyBegin struct {
	Sig     string `json:"str_dev_auth_token"`
	Flag    int    `json:"uint32_flag"` // 1
	URLType int    `json:"uint32_url_type"`
	Token   string `json:"str_uin_token"`
	OS      string `json:"str_dev_type"`
	Name    string `json:"str_dev_name"`
}

// verifyPoll asks whether the code was confirmed.
type verifyPoll struct {
	Flag  int    `json:"uint32_flag"` // 0
	Token []byte `json:"bytes_token"` // as base64
}

// verifyAnswer is what is needed of its answers.
type verifyAnswer struct {
	URL     string `json:"str_url"`
	Success string `json:"str_nt_succ_token"`
	Code    int64  `json:"ErrorCode"`
	Text    string `json:"ErrorInfo"`
}

// verifyDevice shows codes until the phone lets this device in, and logs in then.
func (l *loop) verifyDevice(ctx context.Context, k *link.Conn, session *wire.ExchangeSession, refused *LoginError) (*identity.Keystore, error) {
	s := l.s
	v, err := s.newVerifier(refused.url)
	if err != nil {
		return nil, err
	}
	defer v.client.CloseIdleConnections()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(k.Context(), func() { cancel(k.Err()) })
	defer stop()
	for shown := 1; shown <= newDeviceCodes; shown++ {
		code, err := v.begin(ctx)
		if err != nil {
			return nil, err
		}
		s.log.Warn("new device: scan the code with QQ on the phone of the account, and confirm",
			"code", shown, "of", newDeviceCodes, "valid_for", newDeviceWait)
		until := time.Now().Add(newDeviceWait)
		s.setState(State{
			Stage: LoggingIn, Step: StepNewDevice, Until: until, QR: &QRCode{URL: code, Expires: until},
			Prompt: &Prompt{Kind: PromptNewDevice, Expires: until},
		}, nil)
		token, err := v.await(ctx, code, until, s.opts.Timing.QRPoll)
		if err != nil {
			return nil, err
		}
		if token != "" {
			if session, err = l.lasting(ctx, k, session); err != nil {
				return nil, err
			}
			return l.ntLogin(ctx, k, session, StepNewDevice, rpc.NTLoginPasswordNewDevice,
				&loginpb.PasswordLoginNewDeviceReqBody{NewDeviceCheckSuccessSig: []byte(token)}, &loginpb.PasswordLoginNewDeviceRspBody{})
		}
	}
	return nil, text.Errorf("%v: %d codes expired", "%v：%d 个二维码均已过期", errNewDeviceGivenUp, newDeviceCodes)
}

// newVerifier reads the address that came with the refusal.
func (s *Session) newVerifier(jump string) (*verifier, error) {
	if s.opts.Servers.NewDeviceURL == "" {
		return nil, text.Errorf("%v: Servers.NewDeviceURL is not set, and this is not the real service", "%v：未设置 Servers.NewDeviceURL，且连接的不是真实服务", errNewDeviceGivenUp)
	}
	u, err := url.Parse(s.opts.Servers.NewDeviceURL)
	if err != nil {
		return nil, fmt.Errorf("%w: Servers.NewDeviceURL: %w", errNewDeviceGivenUp, err)
	}
	sig, token, err := verification(jump)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNewDeviceGivenUp, err)
	}
	ks := s.keys()
	u.RawQuery = url.Values{
		"uid": {strconv.FormatUint(uint64(ks.UIN), 10)}, "getqrcode": {"1"}, "sdkappid": {"39998"}, "actype": {"2"},
	}.Encode()
	return &verifier{
		client: &http.Client{
			Transport:     &http.Transport{DialContext: s.network().Dial, ForceAttemptHTTP2: true},
			Timeout:       s.opts.Timing.Answer,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		url: u.String(), sig: sig, token: token, os: s.opts.App.Os, name: ks.Device.Name,
	}, nil
}

// verification returns what the address of a refusal carries.
func verification(jump string) (sig, token string, err error) {
	u, err := url.Parse(jump)
	if err != nil {
		return "", "", text.Errorf("the server's address for the verification cannot be read", "无法识别服务器给出的验证地址")
	}
	q := u.Query()
	if sig, token = q.Get("sig"), q.Get("uin-token"); sig == "" || token == "" {
		return "", "", text.Errorf("the server gives no address for the verification", "服务器没有给出验证地址")
	}
	return sig, token, nil
}

// begin returns the text of a code to scan.
func (v *verifier) begin(ctx context.Context) (string, error) {
	a, err := v.post(ctx, verifyBegin{Sig: v.sig, Flag: 1, Token: v.token, OS: v.os, Name: v.name})
	if err != nil {
		return "", err
	}
	if a.URL == "" {
		return "", &LoginError{Step: StepNewDevice, Code: uint64(a.Code), Message: a.Text, Hint: "the server gives no code"}
	}
	return a.URL, nil
}

// await asks until the device is let in and returns the token that proves it; "" when
// the time was over first. A question that fails is asked again.
func (v *verifier) await(ctx context.Context, code string, until time.Time, period time.Duration) (string, error) {
	u, err := url.Parse(code)
	if err != nil {
		return "", text.Errorf("%v: the server's code cannot be read", "%v：无法识别服务器给出的二维码", errNewDeviceGivenUp)
	}
	question := verifyPoll{Token: []byte(u.Query().Get("str_url"))}
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for time.Now().Before(until) {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
		if a, err := v.post(ctx, question); err == nil && a.Success != "" {
			return a.Success, nil
		}
	}
	return "", nil
}

func (v *verifier) post(ctx context.Context, question any) (*verifyAnswer, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, v.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := v.client.Do(request)
	if err != nil {
		return nil, text.Errorf("verify the device: %v", "验证设备：%v", redact.Err(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, text.Errorf("verify the device: HTTP %s", "验证设备：HTTP %s", response.Status)
	}
	answer := &verifyAnswer{}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxVerifyBody)).Decode(answer); err != nil {
		return nil, text.Errorf("verify the device: read the answer: %v", "验证设备：读取应答：%v", err)
	}
	return answer, nil
}

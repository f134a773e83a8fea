package wire

import (
	"fmt"
	"strconv"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/loginpb"
)

// ntLoginType is the constant type number of an NT login request.
const ntLoginType = 1

// NTLogin is an NT login message: the envelope that requests and replies share (docs/protocol/login.md 6).
type NTLogin struct {
	// Ticket names the session key; replies have none.
	Ticket []byte
	Head   *loginpb.NtLoginHead
	// Body is one of the *ReqBody and *RspBody messages of loginpb, encoded; it may be empty.
	Body []byte
}

// SealNTLogin returns the payload of l, encrypted with the AES key of the key exchange.
func SealNTLogin(l *NTLogin, key []byte) ([]byte, error) {
	common := &loginpb.NtLoginCommon{Head: l.Head, Body: l.Body}
	if common.Body == nil {
		common.Body = []byte{} // clients want the field to be there
	}
	plain, err := pb.Marshal(common)
	if err != nil {
		return nil, fmt.Errorf("nt login: %w", err)
	}
	envelope := &loginpb.NtLoginEnvelope{}
	if envelope.Buffer, err = crypto.GCMSeal(key, plain); err != nil {
		return nil, fmt.Errorf("nt login: %w", err)
	}
	if l.Ticket != nil {
		typ := uint32(ntLoginType)
		envelope.SessionTicket, envelope.Type = l.Ticket, &typ
	}
	return pb.Marshal(envelope)
}

// OpenNTLogin reads a payload. keyFor gives the AES key of a ticket (nil in replies); its error is passed on. A payload
// that does not open gives ErrDecrypt, an Android one ErrUnsupported. Head is never nil.
func OpenNTLogin(payload []byte, keyFor func(ticket []byte) ([]byte, error)) (*NTLogin, error) {
	var envelope loginpb.NtLoginEnvelope
	if err := pb.Unmarshal(payload, &envelope); err != nil {
		return nil, fmt.Errorf("nt login: %w: %w", ErrProtocol, err)
	}
	if envelope.Buffer == nil && envelope.SecBuffer != nil {
		return nil, fmt.Errorf("%w: nt login of an android client", ErrUnsupported)
	}
	key, err := keyFor(envelope.SessionTicket)
	if err != nil {
		return nil, fmt.Errorf("nt login: %w", err)
	}
	plain, err := crypto.GCMOpen(key, envelope.GetBuffer())
	if err != nil {
		return nil, fmt.Errorf("nt login: %w: %w", ErrDecrypt, err)
	}
	var common loginpb.NtLoginCommon
	if err := pb.Unmarshal(plain, &common); err != nil {
		return nil, fmt.Errorf("nt login: %w: %w", ErrProtocol, err)
	}
	l := &NTLogin{Ticket: envelope.SessionTicket, Head: common.Head, Body: common.Body}
	if l.Head == nil {
		l.Head = &loginpb.NtLoginHead{}
	}
	return l, nil
}

// NTLoginHead returns the head of a request. cookie is the content of the last cookie received, "" when there is none.
func NTLoginHead(app *App, uin uint64, deviceName string, guid [16]byte, cookie string) *loginpb.NtLoginHead {
	parts := ntHead{
		uin: uin, os: app.Os, deviceName: deviceName, platform: app.platform(), guid: guid[:],
		version: app.Kernel, appID: int32(app.AppId), packageName: app.PackageName, qua: app.Qua, sdk: true,
	}
	if cookie != "" {
		parts.cookie = &cookie
	}
	return parts.head()
}

// ntHead is the parts of a head in which clients differ.
type ntHead struct {
	uin            uint64
	os, deviceName string
	platform       uint32
	guid           []byte
	version        string // of the kernel: the app's (newer clients) or the device's
	appID          int32
	packageName    string
	qua            string
	// sdk tells the server that this client wants error{code 0} in a success.
	sdk    bool
	cookie *string
}

func (p ntHead) head() *loginpb.NtLoginHead {
	account := strconv.FormatUint(p.uin, 10)
	platform := loginpb.NtPlatform(p.platform)
	h := &loginpb.NtLoginHead{
		User:   &loginpb.NtLoginUser{Account: &account},
		Client: &loginpb.NtLoginClient{DeviceType: &p.os, DeviceName: &p.deviceName, Platform: &platform, Guid: p.guid},
		App:    &loginpb.NtLoginApp{Version: &p.version, AppId: &p.appID, AppName: &p.packageName},
		Cookie: &loginpb.NtLoginCookie{Content: p.cookie},
	}
	if p.qua != "" {
		h.App.Qua = &p.qua
	}
	if p.sdk {
		version := uint32(1)
		h.Sdk = &loginpb.NtLoginSdk{Version: &version}
	}
	return h
}

// NTLoginErrorText returns what an NT login error code means, in a few words; "" when it is unknown
// (docs/protocol/login.md 6.3).
func NTLoginErrorText(code uint64) string { return ntLoginErrors[code] }

var ntLoginErrors = map[uint64]string{
	0:         "success",
	140022000: "login failed",
	140022001: "invalid parameter",
	140022002: "system failure, try again later",
	140022003: "timeout, try again",
	140022004: "client version too old: update the app info",
	140022005: "account frozen",
	140022006: "account protected",
	140022007: "strict check failed or wrong captcha",
	140022008: "captcha needed",
	140022009: "password login refused, use the qr code",
	140022010: "new device needs verification",
	140022011: "unusual device needs confirmation",
	140022012: "invalid cookie",
	140022013: "account or password wrong",
	140022014: "ticket expired",
	140022015: "ticket revoked",
	140022016: "illegal ticket",
	140022017: "security refusal: missing or wrong signature, or the signer's client version differs",
	140022018: "account is not a uin",
	140022019: "real-name verification needed",
	150022020: "nice account expired",
	150022021: "account black-listed",
	150022022: "too many attempts",
	150022023: "too many attempts today",
	150022024: "account not registered",
	150022025: "account expired (parent-child)",
	150022026: "sms code invalid",
	150022027: "exchange of the ticket forbidden",
	150022028: "account cancelled",
	150022029: "wrong password repeatedly",
}

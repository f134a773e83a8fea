package session

import (
	"libration/internal/network"
	"libration/internal/text"
	"libration/ntqq/session/link"
	"libration/ntqq/session/signer"
)

// Errors of calls, and of [State.Err]. They are wrapped with what was being done.
var (
	// ErrOffline: the account is not online. The request was not sent.
	ErrOffline = link.ErrOffline
	// ErrConnectionLost: the connection broke while a request was under way. Whether the
	// server carried it out is unknown.
	ErrConnectionLost = link.ErrConnectionLost
	// ErrTimeout: no answer came in time. Whether the server carried the request out is
	// unknown.
	ErrTimeout = link.ErrTimeout
	// ErrSessionExpired: the server no longer accepts the session's tickets. The session
	// logs in again by itself, where it can.
	ErrSessionExpired = link.ErrSessionExpired
	// ErrKicked: another login, or the service, ended the session; usually a *KickError.
	// Call Relogin to log in again. That is not done by itself: two clients would kick each
	// other for ever.
	ErrKicked = link.ErrKicked
	// ErrNeedsLogin: no automatic way to log in is left. A person must act, then call
	// Relogin.
	ErrNeedsLogin = text.Errorf("login needed", "需要重新登录")
	// ErrProxy: the proxy of the options cannot be reached, or does not take its user and
	// password.
	ErrProxy = network.ErrProxy
	// ErrSign: no signer gave a signature. The command was not sent.
	ErrSign = signer.ErrNoSignature
	// ErrNoCaptcha: no captcha waits for an answer.
	ErrNoCaptcha = text.Errorf("no captcha waits for an answer", "没有等待提交的验证码")
)

// Names from package link, which has their documentation.
type (
	// ServerError is a refusal by the server.
	ServerError = link.ServerError
	// KickError says how the server ended the session. It is an [ErrKicked].
	KickError = link.KickError
	// InFlightError leaves open whether the server carried a request out.
	InFlightError = link.InFlightError
	// Packet is a request as somebody outside of the session wants it.
	Packet = link.Packet
	// Answer is the answer to a [Packet].
	Answer = link.Answer
	// Frame is a packet that was dropped.
	Frame = link.Frame
	// Unproven counts packets that nothing proves.
	Unproven = link.Unproven
)

// LoginError is the server's refusal of a login step.
type LoginError struct {
	Step    Step
	Code    uint64 // head.error.code of the NT login, or the wtlogin state
	Title   string
	Message string // the server's own words
	Hint    string // what is known of the code

	signature []byte // of an unusual device
	url       string // of a captcha, or of the verification of a new device
}

func (e *LoginError) Error() string {
	english, _ := e.Text()
	return english
}

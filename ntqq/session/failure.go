package session

import (
	"errors"

	"libration/internal/text"
	"libration/internal/wire"
	"libration/ntqq/session/link"
)

// remedy is what the session does about a failure. docs/session.md has this table
// in words.
type remedy uint8

const (
	retry        remedy = iota // back off, then the same again on a new connection
	doubtSession               // the same, unless the session was doubted too often
	dropSession                // forget D2: log in again, with A1 if there is one
	dropA1                     // forget A1 too: the password, or a person scans a code
	needsPerson                // nothing more can be done without one
	kickedOff                  // the server ended the session on purpose
)

// errRegisterRefused is an answer to the registration other than success.
var errRegisterRefused = text.Errorf("registration refused", "注册会话被拒绝")

// errWrongAccount: the code was scanned by another account than Options.UIN, or than
// the one of the keystore: their messages and events would mix.
var errWrongAccount = text.Errorf("scanned by another account than the one that logged in here before, or is configured", "扫码的账号不是此前登录的账号，或不是配置的账号")

// errTakenAccount: the code was scanned by an account that Options.Taken reports.
var errTakenAccount = text.Errorf("scanned by an account that is in use here already", "扫码的账号已在本程序中使用")

// errQRGivenUp: too many codes expired or were declined, or one is not valid.
var errQRGivenUp = text.Errorf("QR login given up", "已放弃扫码登录")

// errVerification: the key exchange was refused, or its answer does not open. Neither
// can be proven.
var errVerification = text.Errorf("key exchange refused", "密钥交换被拒绝")

// classify is the one table of what each failure leads to.
func classify(err error) remedy {
	var login *LoginError
	var captcha *CaptchaError
	switch {
	case errors.Is(err, ErrKicked):
		return kickedOff
	case errors.Is(err, errWrongAccount), errors.Is(err, errTakenAccount), errors.Is(err, errQRGivenUp),
		errors.Is(err, errNotConfirmed), errors.Is(err, errConfirmRefused),
		errors.Is(err, errNoAnswer), errors.As(err, &captcha), errors.Is(err, errNewDeviceGivenUp):
		return needsPerson
	case errors.Is(err, link.ErrDoubted):
		return doubtSession
	case errors.As(err, &login):
		return classifyLogin(login)
	case errors.Is(err, ErrSessionExpired), errors.Is(err, errRegisterRefused):
		return dropSession
	}
	// Connection lost, timeout, no server, signer down, refused key exchange, return
	// codes in the answer to a login request, server codes without a known meaning: time
	// may heal them.
	return retry
}

// Codes of docs/protocol/login.md 6.3 that the session acts on.
const (
	codeSystemFailed    = 140022002
	codeTryAgain        = 140022003
	codeWrongCaptcha    = 140022007
	codeCaptcha         = 140022008
	codePasswordRefused = 140022009
	codeNewDevice       = 140022010
	codeUnusualDevice   = 140022011
	codeInvalidCookie   = 140022012
	codeWrongPassword   = 140022013
	codeTicketExpired   = 140022014
	codeTicketKicked    = 140022015
	codeTicketIllegal   = 140022016
	codeTooOften        = 150022022
	codeTooManyToday    = 150022023
	codeA1Forbidden     = 150022027
	codeWrongRepeatedly = 150022029
)

func classifyLogin(e *LoginError) remedy {
	if e.Step == StepWtlogin {
		return needsPerson
	}
	switch e.Code {
	case codeSystemFailed, codeTryAgain, codeInvalidCookie, codeTooOften, codeTooManyToday:
		return retry
	case codeTicketExpired, codeTicketKicked, codeTicketIllegal, codeA1Forbidden:
		if e.Step == StepEasyLogin || e.Step == StepUnusualDevice {
			return dropA1
		}
	case codePasswordRefused:
		if e.Step == StepPassword {
			return dropA1
		}
	}
	return needsPerson
}

func ntLoginError(step Step, code uint64, title, text string) *LoginError {
	return &LoginError{Step: step, Code: code, Title: title, Message: text, Hint: wire.NTLoginErrorText(code)}
}

package session

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"libration/internal/pb/loginpb"
	"libration/internal/rpc"
	"libration/internal/text"
	"libration/internal/wire"
	"libration/ntqq/session/identity"
	"libration/ntqq/session/link"
)

// Repeated password logins get accounts locked: while Run runs, at most passwordTries
// are sent in passwordPause, and a wrong password once.
const (
	passwordTries = 3
	passwordPause = 10 * time.Minute
)

// errPasswordDue: the password was sent too often, and may be sent again now.
var errPasswordDue = text.Errorf("no code was scanned meanwhile: the password is tried again", "其间没有人扫码：将再次尝试密码登录")

// passwordGate bounds the password logins of a session.
type passwordGate struct {
	refused bool // as wrong: never again
	sent    int  // since
	since   time.Time
}

// open tells whether a password login may be sent now.
func (g *passwordGate) open(s *Session) bool {
	return len(s.opts.PasswordMD5) > 0 && !g.refused && (g.sent < passwordTries || time.Since(g.since) >= passwordPause)
}

func (g *passwordGate) count() {
	if g.sent == 0 || time.Since(g.since) >= passwordPause {
		g.sent, g.since = 0, time.Now()
	}
	g.sent++
}

// refusal takes what the server said to a password, or to the verification of the device
// after it.
func (g *passwordGate) refusal(err error) {
	refused, ok := errors.AsType[*LoginError](err)
	if !ok {
		return
	}
	switch refused.Code {
	case codeWrongPassword, codeWrongRepeatedly, codePasswordRefused:
		g.refused = true
		if refused.Code == codeWrongPassword { // the credential carries the time
			refused.Hint += ": correct it and restart, or log in by a code; a clock that is wrong by minutes gives the same"
		}
	case codeTooOften, codeTooManyToday:
		g.sent = passwordTries
	}
}

// passwordLogin logs in by the password, with the help of a person when the server
// wants a captcha solved or the device verified (docs/protocol/login.md 6.2). It
// does not repeat what failed: the session does, after a pause.
func (l *loop) passwordLogin(ctx context.Context, k *link.Conn) error {
	s := l.s
	if ks := s.keys(); ks.UIN == 0 { // a first login: the number goes into the packets from here on
		s.keystore.Store(&identity.Keystore{Device: ks.Device, UIN: s.opts.UIN})
	}
	session, err := l.exchangeKeys(ctx, k)
	if err != nil {
		return err
	}
	l.password.count()
	var asked captchas
	for first := true; ; first = false {
		s.setState(State{Stage: LoggingIn, Step: StepPassword}, nil)
		ks, err := l.passwordTickets(ctx, k, session, asked.solved)
		refused, _ := errors.AsType[*LoginError](err)
		switch {
		case errors.Is(err, ErrSign) && first: // nothing was sent
			l.password.sent--
		case refused == nil:
		case refused.Code == codeNewDevice:
			ks, err = l.verifyDevice(ctx, k, session, refused)
		default:
			if err = asked.next(ctx, l, k, refused); err == nil {
				session, err = l.lasting(ctx, k, session)
			}
			if err == nil {
				continue
			}
		}
		if err != nil {
			l.password.refusal(err)
			return err
		}
		s.setKeys(*ks)
		s.log.Info("logged in by password", "uin", ks.UIN)
		return nil
	}
}

func (l *loop) passwordTickets(ctx context.Context, k *link.Conn, session *wire.ExchangeSession, solved *loginpb.NtIframe) (*identity.Keystore, error) {
	s := l.s
	ks := s.keys()
	credential := &wire.PasswordA1{
		AppID: uint32(s.opts.App.AppId), UIN: uint32(ks.UIN), Time: uint32(s.loginNow().Unix()),
		PasswordMD5: [16]byte(s.opts.PasswordMD5), GUID: guid(ks.Device),
	}
	rand.Read(credential.TgtgtKey[:])
	a1, err := credential.Encode()
	if err != nil {
		return nil, err
	}
	rsp := &loginpb.PasswordLoginRspBody{}
	fresh, err := l.ntLogin(ctx, k, session, StepPassword, rpc.NTLoginPasswordLogin,
		&loginpb.PasswordLoginReqBody{A1: a1, Iframe: solved}, rsp)
	if refused, ok := errors.AsType[*LoginError](err); ok && refused.Code == codeCaptcha {
		refused.url = rsp.GetSecCheck().GetIframeUrl()
	}
	return fresh, err
}

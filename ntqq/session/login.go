package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"libration/internal/pb/loginpb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/session/identity"
	"libration/ntqq/session/link"
)

const (
	exchangeTries = 3 // on one connection
	loginTries    = 3
)

// login gets new tickets.
func (l *loop) login(ctx context.Context, k *link.Conn) error {
	if err := l.firstWay(ctx, k); err != nil {
		return err
	}
	l.freshTickets = true
	return nil
}

// firstWay logs in by the first way that is open: the saved A1, the password, a QR
// code (docs/protocol/login.md 7).
func (l *loop) firstWay(ctx context.Context, k *link.Conn) error {
	s := l.s
	// closed tells whether the next way is to be tried after err.
	closed := func(err error) bool {
		return err != nil && k.Err() == nil && ctx.Err() == nil && classify(err) == dropA1
	}
	if len(s.keys().A1) > 0 {
		err := l.easyLogin(ctx, k)
		if errors.Is(err, errNotConfirmed) { // A1 is good: it is tried again after Relogin
			s.log.Warn("login not confirmed on the phone: a QR code has to be scanned", "err", err)
			return l.qrLogin(ctx, k)
		}
		if !closed(err) {
			return err
		}
		l.forgetA1(err)
	}
	if l.password.open(s) {
		err := l.passwordLogin(ctx, k)
		if !closed(err) {
			return err
		}
		s.log.Warn("password login refused: a QR code has to be scanned", "err", err)
	}
	return l.qrLogin(ctx, k)
}

// forgetA1 drops an A1 that the server refused with err. A session stays.
func (l *loop) forgetA1(err error) {
	ks := *l.s.keys()
	ks.A1 = nil
	l.s.setKeys(ks)
	l.s.log.Warn("saved login refused", "err", err, "next_login", l.nextLogin())
}

// nextLogin is the first step of the next login.
func (l *loop) nextLogin() Step {
	switch {
	case len(l.s.keys().A1) > 0:
		return StepEasyLogin
	case l.password.open(l.s):
		return StepPassword
	}
	return StepQR
}

// exchangeKeys makes a session key for the NT login, each try with a fresh pair
// and a fresh time (docs/protocol/login.md 5).
func (l *loop) exchangeKeys(ctx context.Context, k *link.Conn) (*wire.ExchangeSession, error) {
	s := l.s
	s.setState(State{Stage: LoggingIn, Step: StepKeyExchange}, nil)
	var last error
	for try := 1; try <= exchangeTries; try++ {
		session, err := s.exchangeOnce(ctx, k)
		if err == nil {
			return session, nil
		}
		if k.Err() != nil || ctx.Err() != nil || errors.Is(err, ErrSign) {
			return nil, err
		}
		s.log.Warn("key exchange failed: trying again with a fresh key", "try", try, "of", exchangeTries, "err", err)
		last = err
	}
	if errors.Is(last, ErrTimeout) {
		return nil, last
	}
	return nil, fmt.Errorf("%w: %w", errVerification, last)
}

func (s *Session) exchangeOnce(ctx context.Context, k *link.Conn) (*wire.ExchangeSession, error) {
	ks := s.keys()
	x, payload, err := wire.NewKeyExchange(s.opts.Servers.ExchangeKey, s.opts.Servers.VerifyKey,
		fmt.Sprint(uint64(ks.UIN)), guid(ks.Device), s.loginNow())
	if err != nil {
		return nil, err
	}
	asked := time.Now()
	answer, err := k.Call(ctx, rpc.KeyExchange, payload)
	if err != nil {
		return nil, err
	}
	return x.Open(answer, asked) // the server counts from later on
}

// lasting returns the session key, after a wait for a person: when it has expired, or
// would before a request is answered, a new one.
func (l *loop) lasting(ctx context.Context, k *link.Conn, session *wire.ExchangeSession) (*wire.ExchangeSession, error) {
	if time.Until(session.Expires) > l.s.opts.Timing.Answer {
		return session, nil
	}
	return l.exchangeKeys(ctx, k)
}

// easyLogin turns A1 into new tickets.
func (l *loop) easyLogin(ctx context.Context, k *link.Conn) error {
	s := l.s
	for try := 1; ; try++ {
		session, err := l.exchangeKeys(ctx, k)
		if err != nil {
			return err
		}
		s.setState(State{Stage: LoggingIn, Step: StepEasyLogin}, nil)
		ks, err := l.easyTickets(ctx, k, session)
		if refused, ok := errors.AsType[*LoginError](err); ok && refused.Code == codeUnusualDevice {
			ks, err = l.confirm(ctx, k, session, refused)
		}
		switch {
		case err == nil:
			s.setKeys(*ks)
			s.log.Info("logged in by the saved session")
			return nil
		case k.Err() != nil, ctx.Err() != nil:
			return err
		case errors.Is(err, errNotConfirmed) && l.confirmations < confirmTries:
			s.log.Warn("login not confirmed on the phone: asking again")
			try = 0
			continue
		case tooOften(err):
			ks := inVain(*s.keys(), s.now())
			ks.TooOften = true
			s.setKeys(ks)
			return err
		case try == loginTries, classify(err) != retry:
			return err
		}
		s.log.Warn("easy login failed: trying again with a new key exchange", "try", try, "of", loginTries, "err", err)
	}
}

// easyTickets is one easy login; it returns the keystore with the new tickets,
// which is not in use yet.
func (l *loop) easyTickets(ctx context.Context, k *link.Conn, session *wire.ExchangeSession) (*identity.Keystore, error) {
	rsp := &loginpb.EasyLoginRspBody{}
	ks, err := l.ntLogin(ctx, k, session, StepEasyLogin, rpc.NTLoginEasyLogin,
		&loginpb.EasyLoginReqBody{A1: l.s.keys().A1}, rsp)
	if refused, ok := errors.AsType[*LoginError](err); ok {
		refused.signature = rsp.GetSecProtect().GetUnusualDeviceCheckSig()
	}
	return ks, err
}

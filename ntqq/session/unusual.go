package session

import (
	"context"
	"time"

	"libration/internal/pb/loginpb"
	"libration/internal/rpc"
	"libration/internal/text"
	"libration/internal/wire"
	"libration/ntqq/session/identity"
	"libration/ntqq/session/link"
)

// confirmTries bounds how often a phone is asked in a row.
const confirmTries = 3

var (
	// errNotConfirmed: the phone was asked and nobody answered in time.
	errNotConfirmed = text.Errorf("login from an unusual device not confirmed on the phone in time", "未及时在手机上确认这次异常登录")
	// errConfirmRefused: the phone said no.
	errConfirmRefused = text.Errorf("login from an unusual device refused on the phone", "这次异常登录已在手机上被拒绝")
)

// confirm has the login that was refused as coming from an unusual device
// confirmed on the account's phone, and logs in then (docs/protocol/login.md 8).
func (l *loop) confirm(ctx context.Context, k *link.Conn, session *wire.ExchangeSession, refused *LoginError) (*identity.Keystore, error) {
	s := l.s
	if len(refused.signature) == 0 {
		return nil, refused
	}
	if l.confirmations >= confirmTries {
		return nil, errNotConfirmed
	}
	l.confirmations++
	code, err := l.fetchQR(ctx, k, StepUnusualDevice, refused.signature)
	if err != nil {
		return nil, err
	}
	s.log.Warn("login from an unusual device: confirm it on the phone of the account",
		"asked", l.confirmations, "of", confirmTries, "valid_for", time.Until(code.Expires).Round(time.Second))
	s.setState(State{
		Stage: LoggingIn, Step: StepUnusualDevice, Until: code.Expires,
		Prompt: &Prompt{Kind: PromptUnusualDevice, Expires: code.Expires},
	}, nil)
	reply, err := l.awaitScan(ctx, k, code, func() {})
	if err != nil {
		return nil, err
	}
	switch reply.State {
	case wire.QRConfirmed:
		if session, err = l.lasting(ctx, k, session); err != nil {
			return nil, err
		}
		return l.ntLogin(ctx, k, session, StepUnusualDevice, rpc.NTLoginEasyLoginUnusual,
			&loginpb.EasyLoginUnusualReqBody{A1: reply.A1}, &loginpb.EasyLoginUnusualRspBody{})
	case wire.QRExpired:
		return nil, errNotConfirmed
	}
	return nil, text.Errorf("%v: the request is %v", "%v：请求状态为 %v", errConfirmRefused, reply.State)
}

package session

import (
	"context"

	"google.golang.org/protobuf/proto"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/loginpb"
	"libration/internal/text"
	"libration/internal/wire"
	"libration/ntqq/session/identity"
	"libration/ntqq/session/link"
)

// ntAnswer is the body of an answer to an NT login.
type ntAnswer interface {
	proto.Message
	GetTickets() *loginpb.NtTickets
}

// ntLogin sends one NT login and reads its answer into rsp (docs/protocol/login.md
// 6). It returns the keystore with the new tickets, which is not in use yet; a
// refusal is a *LoginError.
func (l *loop) ntLogin(ctx context.Context, k *link.Conn, session *wire.ExchangeSession, step Step, command string, req proto.Message, rsp ntAnswer) (*identity.Keystore, error) {
	s := l.s
	ks := s.keys()
	body, err := pb.Marshal(req)
	if err != nil {
		return nil, err
	}
	payload, err := wire.SealNTLogin(&wire.NTLogin{
		Ticket: session.Ticket,
		Head:   wire.NTLoginHead((*wire.App)(&s.opts.App), uint64(ks.UIN), ks.Device.Name, guid(ks.Device), l.cookie),
		Body:   body,
	}, session.Key)
	if err != nil {
		return nil, err
	}
	answer, err := k.Call(ctx, command, payload)
	if err != nil {
		return nil, err
	}
	reply, err := wire.OpenNTLogin(answer, func([]byte) ([]byte, error) { return session.Key, nil })
	if err != nil {
		return nil, err
	}
	l.noteCookie(reply.Head)
	e := reply.Head.GetError()
	if err := pb.Unmarshal(reply.Body, rsp); err != nil && e.GetCode() == 0 {
		return nil, text.Errorf("answer to login step %s: %v", "登录步骤 %s 的应答：%v", step, err)
	}
	if rsp.GetTickets() == nil || e.GetCode() != 0 {
		refused := ntLoginError(step, e.GetCode(), e.GetTipsTitle(), e.GetTipsContent())
		refused.url = e.GetJumpUrl()
		return nil, refused
	}
	tickets, err := ticketsIn(rsp, ks.UID == "")
	if err != nil {
		return nil, text.Errorf("answer to login step %s: %v", "登录步骤 %s 的应答：%v", step, err)
	}
	fresh := withTickets(*ks, tickets, s.opts.App.CurrentVersion, s.now())
	return &fresh, nil
}

// noteCookie keeps the cookie that the next login echoes.
func (l *loop) noteCookie(head *loginpb.NtLoginHead) {
	if content := head.GetCookie().GetContent(); content != "" {
		l.cookie = content
	}
	if head.GetError().GetCode() == codeInvalidCookie { // whichever it gives
		l.cookie = ""
	}
}

// ticketsIn reads the tickets of an answer; the account's text id, too, where it is not
// known.
func ticketsIn(rsp ntAnswer, unknown bool) (*wire.Tickets, error) {
	t := rsp.GetTickets()
	if len(t.GetD2Key()) != len(crypto.Key{}) || len(t.GetD2()) == 0 || len(t.GetA2()) == 0 {
		return nil, text.Errorf("tickets without a session (A2 %d bytes, D2 %d, key %d)", "票据中没有会话（A2 %d 字节，D2 %d，密钥 %d）", len(t.GetA2()), len(t.GetD2()), len(t.GetD2Key()))
	}
	tickets := &wire.Tickets{
		A1: t.GetA1(), A2: t.GetA2(), D2: t.GetD2(), D2Key: crypto.Key(t.GetD2Key()), NoPicSig: t.GetNoPicSig(),
	}
	if r, ok := rsp.(interface{ GetAccount() *loginpb.NtAccount }); ok {
		account := r.GetAccount()
		if unknown {
			tickets.UID = account.GetUid()
		}
		tickets.Nickname = string(account.GetProfile().GetNickName())
	}
	return tickets, nil
}

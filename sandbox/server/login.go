package server

import (
	"errors"
	"fmt"

	"libration/internal/crypto"
	"libration/internal/wire"
)

// Sub commands of wtlogin.trans_emp (docs/protocol/login.md 4.1).
const (
	subFetch uint16 = 0x31
	subPoll  uint16 = 0x12
)

// States of a wtlogin answer (docs/protocol/login.md 4.4).
const (
	stateTokenExpired uint8 = 15
	stateUnsigned     uint8 = 45
	stateDenied       uint8 = 167
)

// wtlogin answers the wtlogin commands: it opens the inner packet, and closes the
// answer with the key the client agreed on.
func (l *logins) wtlogin(rq *request) ([]byte, error) {
	in, share, err := wire.ParseOicqRequest(rq.Body, l.keys.agree)
	if err != nil {
		return nil, refuseLogin(err)
	}
	var body []byte
	switch in.Command {
	case wire.OicqTransEmp:
		body, err = l.transEmp(rq, in)
	case wire.OicqLogin:
		body, err = l.wtLogin(rq, in)
	default:
		err = fmt.Errorf("unknown login packet %#x", in.Command)
	}
	if err != nil {
		return nil, refuseLogin(err)
	}
	return wire.AppendOicqResponse(nil, &wire.OicqResponse{
		Command: in.Command, Sequence: in.Sequence, UIN: in.UIN, Body: body,
	}, share)
}

// refuseLogin is for what cannot be answered in the login's own terms: only this
// step of the login has then failed (docs/protocol/wire.md 5).
func refuseLogin(err error) error {
	return &ssoError{codeNotLoggedIn, "login packet refused: " + err.Error()}
}

func (l *logins) transEmp(rq *request, in *wire.OicqRequest) ([]byte, error) {
	packet, err := wire.ParseCode2D(in.Body)
	if err != nil {
		return nil, err
	}
	switch packet.SubCommand {
	case subFetch:
		return l.qrFetch(rq, packet)
	case subPoll:
		return l.qrPoll(packet)
	}
	return nil, fmt.Errorf("unknown code-2d sub command %#x", packet.SubCommand)
}

// wtLogin exchanges a confirmed code for tickets (docs/protocol/login.md 4.4).
func (l *logins) wtLogin(rq *request, in *wire.OicqRequest) ([]byte, error) {
	if !rq.signed {
		return refuseState(stateUnsigned)
	}
	var code *qrCode
	login, err := wire.ParseWtLogin(in.Body, func(a1 []byte) (crypto.Key, bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		code, _ = l.codeA1s.get(a1)
		if code == nil || code.purpose != forLogin {
			return crypto.Key{}, false
		}
		return code.tgtgt, true
	})
	switch {
	case errors.Is(err, wire.ErrBadLogin):
		return refuseState(stateTokenExpired)
	case err != nil:
		l.log.Info("login refused", "uin", in.UIN, "err", err)
		return refuseState(stateDenied)
	case guidText(login.GUID[:]) != code.device.guid:
		return refuseState(stateDenied)
	}
	user, known := l.world.Users().Find(code.uin)
	if !known {
		return refuseState(stateDenied)
	}
	d := code.device
	if login.DeviceName != "" {
		d.name = login.DeviceName
	}
	tickets := l.clients.issue(user, d, nil)
	l.mu.Lock()
	l.forgetCode(code)
	l.mu.Unlock()
	l.log.Info("logged in", "uin", user.UIN, "device", d.name, "way", "qr code")
	return (&wire.WtLoginReply{Tickets: tickets}).Encode(login.TgtgtKey)
}

func refuseState(state uint8) ([]byte, error) {
	return (&wire.WtLoginReply{State: state, Title: "登录失败", Message: wire.WtLoginStateText(state)}).Encode(crypto.Key{})
}

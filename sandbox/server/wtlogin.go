package server

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"libration/internal/crypto"
	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/sandbox/world"
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

// wtLogins answers the wtlogin commands: login codes, and the logins by them.
type wtLogins struct {
	world   *world.World
	log     *slog.Logger
	keys    *keyring
	clients *registry
	codes   *qrCodes
}

// serve answers the wtlogin commands: it opens the inner packet, and closes the
// answer with the key the client agreed on.
func (l *wtLogins) serve(rq *request) ([]byte, error) {
	in, share, err := wire.ParseOicqRequest(rq.Body, l.keys.agree)
	if err != nil {
		return nil, refuseLogin(err)
	}
	var body []byte
	switch in.Command {
	case wire.OicqTransEmp:
		body, err = l.transEmp(rq, in)
	case wire.OicqLogin:
		body, err = l.login(rq, in)
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

func (l *wtLogins) transEmp(rq *request, in *wire.OicqRequest) ([]byte, error) {
	packet, err := wire.ParseCode2D(in.Body)
	if err != nil {
		return nil, err
	}
	switch packet.SubCommand {
	case subFetch:
		return l.qrFetch(rq, packet)
	case subPoll:
		return l.qrPoll(rq, packet)
	}
	return nil, fmt.Errorf("unknown code-2d sub command %#x", packet.SubCommand)
}

// qrFetch answers sub command 0x31.
func (l *wtLogins) qrFetch(rq *request, packet *wire.Code2D) ([]byte, error) {
	fetch, err := wire.ParseQRFetch(packet.Data)
	if err != nil {
		return nil, err
	}
	purpose, bound := forLogin, message.UIN(0)
	if len(fetch.UnusualSig) > 0 {
		uin, known := l.codes.askedUnusual(fetch.UnusualSig)
		if !known {
			return (&wire.QRFetchReply{AppID: packet.AppID, Code: 1}).Encode()
		}
		purpose, bound = forUnusual, uin
	}
	d := device{guid: guidText(fetch.GUID[:]), name: fetch.DeviceName, class: classOf(rq.SubAppID), over: rq.conn}
	// The address has the form of the real one and is never opened; its key is 32
	// characters, and all of it below 128 bytes.
	code := l.codes.newCode(d, purpose, bound, func(text string) string {
		return fmt.Sprintf("https://txz.qq.com/p?k=%s&f=%d", text, packet.AppID)
	})
	picture, err := drawQR(code.url)
	if err != nil {
		return nil, fmt.Errorf("draw login code: %w", err)
	}
	return (&wire.QRFetchReply{
		AppID: packet.AppID, Signature: code.signature, Image: picture,
		LifetimeSeconds: uint32(l.codes.lifetime / time.Second), URL: code.url, SignatureText: code.text,
	}).Encode()
}

// qrPoll answers sub command 0x12.
func (l *wtLogins) qrPoll(rq *request, packet *wire.Code2D) ([]byte, error) {
	poll, err := wire.ParseQRPoll(packet.Data)
	if err != nil {
		return nil, err
	}
	answer := l.codes.poll(poll.Signature, rq.conn)
	answer.AppID = packet.AppID
	return answer.Encode()
}

// login exchanges a confirmed code for tickets (docs/protocol/login.md 4.4).
func (l *wtLogins) login(rq *request, in *wire.OicqRequest) ([]byte, error) {
	if !rq.signed {
		return refuseState(stateUnsigned)
	}
	var code *qrCode
	login, err := wire.ParseWtLogin(in.Body, func(a1 []byte) (crypto.Key, bool) {
		if code = l.codes.confirmed(a1); code == nil {
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
	l.codes.use(code)
	l.log.Info("logged in", "uin", user.UIN, "device", d.name, "way", "qr code")
	return (&wire.WtLoginReply{Tickets: tickets}).Encode(login.TgtgtKey)
}

func refuseState(state uint8) ([]byte, error) {
	return (&wire.WtLoginReply{State: state, Title: "登录失败", Message: wire.WtLoginStateText(state)}).Encode(crypto.Key{})
}

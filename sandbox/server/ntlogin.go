package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/loginpb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// Codes of an NT login (docs/protocol/login.md 6.3).
const (
	ntBadRequest    uint64 = 140022001
	ntWrongCaptcha  uint64 = 140022007
	ntCaptcha       uint64 = 140022008
	ntNoPassword    uint64 = 140022009
	ntNewDevice     uint64 = 140022010
	ntUnusual       uint64 = 140022011
	ntWrongPassword uint64 = 140022013
	ntTicketRevoked uint64 = 140022015
	ntIllegalTicket uint64 = 140022016
	ntUnsigned      uint64 = 140022017
	ntUnregistered  uint64 = 150022024
)

// exchange is what a session ticket of a key exchange stands for.
type exchange struct {
	key     []byte
	expires time.Time
}

// ntLogins answers key exchanges and the logins inside them.
type ntLogins struct {
	world    *world.World
	log      *slog.Logger
	keys     *keyring
	clients  *registry
	codes    *qrCodes
	checks   *checks
	lifetime time.Duration // of an exchange

	mu        sync.Mutex       // guards exchanges
	exchanges table[*exchange] // by session ticket
}

// keyExchange answers SsoKeyExchange (docs/protocol/login.md 5).
func (l *ntLogins) keyExchange(rq *request) ([]byte, error) {
	offer, err := wire.ParseKeyExchange(rq.Body, l.keys.nt, []byte(verifyKey))
	switch {
	case errors.Is(err, wire.ErrVerification):
		return nil, &ssoError{codeNotLoggedIn, "verification failed"}
	case err != nil:
		return nil, &ssoError{codeNotLoggedIn, "key exchange refused: " + err.Error()}
	}
	key := make([]byte, 32)
	rand.Read(key)
	ticket := newTicket()
	life := l.lifetime
	l.mu.Lock()
	l.exchanges.put(ticket, &exchange{key: key, expires: time.Now().Add(life)})
	l.mu.Unlock()
	return wire.AnswerKeyExchange(offer, key, ticket, uint32(life/time.Second))
}

// ntRefusal is a login that failed.
type ntRefusal struct {
	code uint64
	// unusual is the signature for the confirmation, with ntUnusual.
	unusual []byte
	// captcha is its address, with ntCaptcha; jump that of the verification, with
	// ntNewDevice.
	captcha, jump string
}

func (e *ntRefusal) Error() string { return fmt.Sprintf("login refused with code %d", e.code) }

// login answers the SsoNTLogin commands (docs/protocol/login.md 6).
func (l *ntLogins) login(rq *request) ([]byte, error) {
	var key []byte
	in, err := wire.OpenNTLogin(rq.Body, func(ticket []byte) ([]byte, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		known, _ := l.exchanges.get(ticket)
		if known == nil || !time.Now().Before(known.expires) {
			return nil, errors.New("session ticket unknown or expired")
		}
		key = known.key
		return key, nil
	})
	if err != nil {
		return nil, refuseLogin(err) // there is no key to answer with
	}
	body, err := l.tickets(rq, in)
	var refused *ntRefusal
	if err != nil && !errors.As(err, &refused) {
		l.log.Info("login refused", "uin", rq.UIN, "err", err)
		refused = &ntRefusal{code: ntBadRequest}
	}
	// One client fails without an echo of client and app, and on a cookie that it did
	// not ask for (docs/protocol/login.md 6).
	answer := &wire.NTLogin{Head: &loginpb.NtLoginHead{
		User: in.Head.GetUser(), Client: in.Head.GetClient(), App: in.Head.GetApp(),
	}}
	if in.Head.GetCookie() != nil {
		answer.Head.Cookie = &loginpb.NtLoginCookie{Content: proto.String("libration")}
	}
	switch {
	case refused != nil:
		l.log.Info("login refused", "uin", rq.UIN, "code", refused.code)
		answer.Head.Error = &loginpb.NtLoginError{
			Code: proto.Uint64(refused.code), TipsTitle: proto.String("登录失败"),
			TipsContent: proto.String(wire.NTLoginErrorText(refused.code)),
			JumpWording: proto.String(""), JumpUrl: proto.String(refused.jump),
		}
		// Clients look into both parts whatever the code is.
		body = &loginpb.EasyLoginRspBody{
			SecCheck:   &loginpb.NtSecCheck{IframeUrl: proto.String(refused.captcha)},
			SecProtect: &loginpb.NtSecProtect{UnusualDeviceCheckSig: append([]byte{}, refused.unusual...)},
		}
	case in.Head.GetSdk() != nil, rq.Command == rpc.NTLoginPasswordNewDevice && len(rq.GUID) == 16:
		// The client that sends this field needs an error with code 0, and so does the one
		// with a raw device id here; the others take any error for a failure.
		answer.Head.Error = &loginpb.NtLoginError{Code: proto.Uint64(0)}
	}
	if answer.Body, err = pb.Marshal(body); err != nil {
		return nil, err
	}
	return wire.SealNTLogin(answer, key)
}

// tickets checks one login and returns the body of a success.
func (l *ntLogins) tickets(rq *request, in *wire.NTLogin) (proto.Message, error) {
	if !rq.signed {
		return nil, &ntRefusal{code: ntUnsigned}
	}
	number, err := strconv.ParseUint(in.Head.GetUser().GetAccount(), 10, 32)
	if err != nil {
		return nil, &ntRefusal{code: ntBadRequest}
	}
	user, known := l.world.Users().Find(message.UIN(number))
	if !known {
		return nil, &ntRefusal{code: ntUnregistered}
	}
	guid := in.Head.GetClient().GetGuid()
	if len(guid) == 0 {
		guid = rq.GUID
	}
	d := device{guid: guidText(guid), name: in.Head.GetClient().GetDeviceName(), class: classOf(rq.SubAppID), over: rq.conn}

	switch rq.Command {
	case rpc.NTLoginEasyLogin:
		if code := rq.fault.easyCode; code != 0 {
			return nil, &ntRefusal{code: code}
		}
		return l.easyLogin(user, d, in.Body, rq.fault.unusual)
	case rpc.NTLoginEasyLoginUnusual:
		return l.unusualLogin(user, d, in.Body)
	case rpc.NTLoginPasswordNewDevice:
		return l.newDeviceLogin(user, d, in.Body)
	}
	return l.passwordLogin(user, d, in.Body, rq.fault)
}

// easyLogin exchanges an A1 for new tickets; a cautious one wants a confirmation.
func (l *ntLogins) easyLogin(user world.User, d device, body []byte, cautious bool) (proto.Message, error) {
	req := &loginpb.EasyLoginReqBody{}
	if err := pb.Unmarshal(body, req); err != nil {
		return nil, err
	}
	ticket, known := l.clients.a1Of(req.GetA1())
	cautious = cautious || l.checks.isCautious(user.UIN, d.guid)
	switch {
	case !known:
		// The next code lower, "expired", is not known to all clients.
		return nil, &ntRefusal{code: ntTicketRevoked}
	case ticket.uin != user.UIN || ticket.guid != d.guid:
		return nil, &ntRefusal{code: ntIllegalTicket}
	case cautious:
		return nil, &ntRefusal{code: ntUnusual, unusual: l.codes.askUnusual(user.UIN)}
	}
	l.log.Info("logged in", "uin", user.UIN, "device", d.name, "way", "easy")
	return &loginpb.EasyLoginRspBody{Tickets: ntTicketsOf(l.clients.issue(user, d, req.GetA1()))}, nil
}

func (l *ntLogins) unusualLogin(user world.User, d device, body []byte) (proto.Message, error) {
	req := &loginpb.EasyLoginUnusualReqBody{}
	if err := pb.Unmarshal(body, req); err != nil {
		return nil, err
	}
	if !l.codes.redeem(req.GetA1(), forUnusual, user, d) {
		return nil, &ntRefusal{code: ntIllegalTicket}
	}
	l.log.Info("logged in", "uin", user.UIN, "device", d.name, "way", "confirmed")
	return &loginpb.EasyLoginUnusualRspBody{Tickets: ntTicketsOf(l.clients.issue(user, d, nil))}, nil
}

func ntTicketsOf(t *wire.Tickets) *loginpb.NtTickets {
	return &loginpb.NtTickets{A1: t.A1, A2: t.A2, D2: t.D2, D2Key: t.D2Key[:], NoPicSig: t.NoPicSig}
}

package ntqq

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/loginpb"
	"libration/internal/rpc"
	"libration/internal/wire"
)

const (
	// exchangeTries bounds the key exchanges on one connection, exchangeRounds the
	// connections in a row on which all of them were refused.
	exchangeTries  = 3
	exchangeRounds = 5
	loginTries     = 3
	qrPoll         = 2 * time.Second
	// qrLifetime is used when the server does not say.
	qrLifetime = 2 * time.Minute
)

// login gets new tickets: by the saved A1 when there is one, else by a QR code.
func (s *session) login(ctx context.Context, k *conn) error {
	c := s.c
	for len(c.keys().A1) > 0 {
		err := s.easyLogin(ctx, k)
		if err == nil {
			s.freshTickets = true
			return nil
		}
		if k.ctx.Err() != nil || ctx.Err() != nil || classify(err) != dropA1 {
			return err
		}
		c.log.Warn("saved login refused: a QR code has to be scanned", "err", err)
		ks := *c.keys()
		ks.A1 = nil
		c.setKeys(ks)
	}
	if err := s.qrLogin(ctx, k); err != nil {
		return err
	}
	s.freshTickets = true
	return nil
}

// exchangeKeys makes a session key for the NT login, each try with a fresh pair
// and a fresh time (docs/protocol/login.md 5).
func (s *session) exchangeKeys(ctx context.Context, k *conn) (*wire.ExchangeSession, error) {
	c := s.c
	c.setState(State{Stage: LoggingIn, Step: StepKeyExchange}, nil)
	var last error
	for try := 1; try <= exchangeTries; try++ {
		session, err := c.exchangeOnce(ctx, k)
		if err == nil {
			s.refusedExchanges = 0
			return session, nil
		}
		if k.ctx.Err() != nil || ctx.Err() != nil || errors.Is(err, ErrSign) {
			return nil, err
		}
		c.log.Warn("key exchange failed: trying again with a fresh key", "try", try, "of", exchangeTries, "err", err)
		last = err
	}
	var refused *ServerError
	if !errors.As(last, &refused) { // no answer, or one that does not open
		return nil, last
	}
	if s.refusedExchanges++; s.refusedExchanges >= exchangeRounds {
		s.refusedExchanges = 0
		return nil, fmt.Errorf("%w: %w", errVerification, last)
	}
	return nil, fmt.Errorf("key exchange refused: %w", last)
}

func (c *Client) exchangeOnce(ctx context.Context, k *conn) (*wire.ExchangeSession, error) {
	ks := c.keys()
	x, payload, err := wire.NewKeyExchange(c.opts.Servers.ExchangeKey, c.opts.Servers.VerifyKey,
		fmt.Sprint(uint64(ks.UIN)), ks.Device.guid(), time.Now())
	if err != nil {
		return nil, err
	}
	answer, err := k.Call(ctx, rpc.KeyExchange, payload)
	if err != nil {
		return nil, err
	}
	return x.Open(answer, time.Now())
}

// easyLogin turns A1 into new tickets.
func (s *session) easyLogin(ctx context.Context, k *conn) error {
	c := s.c
	for try := 1; ; try++ {
		session, err := s.exchangeKeys(ctx, k)
		if err != nil {
			return err
		}
		c.setState(State{Stage: LoggingIn, Step: StepEasyLogin}, nil)
		ks, err := s.easyTickets(ctx, k, session)
		var refused *LoginError
		switch {
		case err == nil:
			c.setKeys(*ks)
			c.log.Info("logged in by the saved session")
			return nil
		case k.ctx.Err() != nil, ctx.Err() != nil, try == loginTries:
			return err
		case errors.As(err, &refused) && classify(err) != retry:
			return err
		}
		if refused != nil && refused.Code == codeInvalidCookie {
			s.cookie = ""
		}
		c.log.Warn("easy login failed: trying again with a new key exchange", "try", try, "of", loginTries, "err", err)
	}
}

// easyTickets is one easy login; it returns the keystore with the new tickets,
// which is not in use yet.
func (s *session) easyTickets(ctx context.Context, k *conn, session *wire.ExchangeSession) (*Keystore, error) {
	c := s.c
	ks := c.keys()
	body, err := pb.Marshal(&loginpb.EasyLoginReqBody{A1: ks.A1})
	if err != nil {
		return nil, err
	}
	payload, err := wire.SealNTLogin(&wire.NTLogin{
		Ticket: session.Ticket,
		Head:   wire.NTLoginHead(&c.opts.App, uint64(ks.UIN), ks.Device.Name, ks.Device.guid(), s.cookie),
		Body:   body,
	}, session.Key)
	if err != nil {
		return nil, err
	}
	answer, err := k.Call(ctx, rpc.NTLoginEasyLogin, payload)
	if err != nil {
		return nil, err
	}
	reply, err := wire.OpenNTLogin(answer, func([]byte) ([]byte, error) { return session.Key, nil })
	if err != nil {
		return nil, err
	}
	if content := reply.Head.GetCookie().GetContent(); content != "" {
		s.cookie = content
	}
	rsp := &loginpb.EasyLoginRspBody{}
	if err := pb.Unmarshal(reply.Body, rsp); err != nil {
		return nil, fmt.Errorf("easy login answer: %w", err)
	}
	t, e := rsp.GetTickets(), reply.Head.GetError()
	if t == nil || e.GetCode() != 0 {
		return nil, ntLoginError(StepEasyLogin, e.GetCode(), e.GetTipsTitle(), e.GetTipsContent())
	}
	if len(t.GetD2Key()) != len(crypto.Key{}) || len(t.GetD2()) == 0 {
		return nil, fmt.Errorf("easy login answer: tickets without a session (D2 %d bytes, key %d)", len(t.GetD2()), len(t.GetD2Key()))
	}
	fresh := ks.withTickets(&wire.Tickets{
		A1: t.GetA1(), A2: t.GetA2(), D2: t.GetD2(), D2Key: crypto.Key(t.GetD2Key()), NoPicSig: t.GetNoPicSig(),
	}, c.opts.App.CurrentVersion, time.Now())
	return &fresh, nil
}

// qrLogin shows codes until one is confirmed on a phone.
func (s *session) qrLogin(ctx context.Context, k *conn) error {
	c := s.c
	for shown := 1; shown <= c.opts.MaxQRCodes; shown++ {
		code, err := s.fetchQR(ctx, k)
		if err != nil {
			return err
		}
		c.log.Info("scan the QR code with the QQ app", "code", shown, "of", c.opts.MaxQRCodes, "valid_for", time.Until(code.Expires).Round(time.Second))
		reply, err := s.awaitScan(ctx, k, code)
		if err != nil {
			return err
		}
		switch reply.State {
		case wire.QRConfirmed:
			return s.wtlogin(ctx, k, reply)
		case wire.QRExpired:
			c.log.Warn("QR code expired: getting a new one")
			continue
		}
		return fmt.Errorf("%w: the code is %v", errQRGivenUp, reply.State)
	}
	return fmt.Errorf("%w: %d codes expired", errQRGivenUp, c.opts.MaxQRCodes)
}

type qrCode struct {
	QRCode
	signature []byte
}

func (s *session) fetchQR(ctx context.Context, k *conn) (*qrCode, error) {
	c := s.c
	ks := c.keys()
	now := time.Now()
	body, err := (&wire.QRFetch{
		App: c.opts.App, GUID: ks.Device.guid(), DeviceName: ks.Device.Name, Time: uint32(now.Unix()),
	}).Encode()
	if err != nil {
		return nil, err
	}
	body, err = c.oicq(ctx, k, rpc.WtloginTransEmp, wire.OicqTransEmp, body)
	if err != nil {
		return nil, fmt.Errorf("fetch QR code: %w", err)
	}
	reply, err := wire.ParseQRFetchReply(body)
	if err != nil {
		return nil, fmt.Errorf("fetch QR code: %w", err)
	}
	if reply.Code != 0 {
		return nil, &LoginError{Step: StepQR, Code: uint64(reply.Code), Hint: "the server gives no code"}
	}
	life := time.Duration(reply.LifetimeSeconds) * time.Second
	if life <= 0 {
		life = qrLifetime
	}
	code := &qrCode{
		QRCode:    QRCode{URL: reply.URL, PNG: reply.Image, Expires: now.Add(life)},
		signature: reply.Signature,
	}
	s.showQR(code, false)
	return code, nil
}

// showQR puts the code into the state, each time as a new value.
func (s *session) showQR(code *qrCode, scanned bool) {
	q := code.QRCode
	q.Scanned = scanned
	s.c.setState(State{Stage: LoggingIn, Step: StepQR, QR: &q, Until: q.Expires}, nil)
}

// awaitScan polls the code until its state is final, at most for its lifetime.
func (s *session) awaitScan(ctx context.Context, k *conn, code *qrCode) (*wire.QRPollReply, error) {
	c := s.c
	timer := time.NewTimer(0) // the first time at once: the code may be approved already
	defer timer.Stop()
	scanned := false
	for {
		select {
		case <-timer.C:
			timer.Reset(c.opts.Timing.QRPoll)
		case <-k.ctx.Done():
			return nil, k.cause()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		body, err := (&wire.QRPoll{
			AppID: uint32(c.opts.App.AppId), Signature: code.signature, Time: uint32(time.Now().Unix()),
		}).Encode()
		if err != nil {
			return nil, err
		}
		body, err = c.oicq(ctx, k, rpc.WtloginTransEmp, wire.OicqTransEmp, body)
		if err != nil {
			return nil, fmt.Errorf("poll QR code: %w", err)
		}
		reply, err := wire.ParseQRPollReply(body)
		if err != nil {
			return nil, fmt.Errorf("poll QR code: %w", err)
		}
		switch reply.State {
		case wire.QRConfirmed, wire.QRExpired, wire.QRCancelled, wire.QRInvalid:
			return reply, nil
		case wire.QRScanned:
			if !scanned {
				scanned = true
				c.log.Info("QR code scanned: confirm the login on the phone")
				s.showQR(code, true)
			}
		}
		if time.Now().After(code.Expires) {
			return &wire.QRPollReply{State: wire.QRExpired}, nil
		}
	}
}

// wtlogin turns the confirmed code into tickets.
func (s *session) wtlogin(ctx context.Context, k *conn, confirmed *wire.QRPollReply) error {
	c := s.c
	if want := c.opts.UIN; want != 0 && confirmed.UIN != uint64(want) {
		return fmt.Errorf("%w: %d instead of %d", errWrongAccount, confirmed.UIN, want)
	}
	c.setState(State{Stage: LoggingIn, Step: StepWtlogin}, nil)
	ks := *c.keys()
	if ks.UIN != UIN(confirmed.UIN) {
		ks = Keystore{Device: ks.Device, UIN: UIN(confirmed.UIN)} // nothing of another account stays
	}
	body, err := (&wire.WtLogin{
		App: c.opts.App, UIN: uint32(ks.UIN), GUID: ks.Device.guid(), DeviceName: ks.Device.Name,
		A1: confirmed.A1, TgtgtKey: confirmed.TgtgtKey, NoPicSig: confirmed.NoPicSig,
	}).Encode()
	if err != nil {
		return err
	}
	c.keystore.Store(&ks) // the number goes into the packets from here on
	body, err = c.oicq(ctx, k, rpc.WtloginLogin, wire.OicqLogin, body)
	if err != nil {
		return fmt.Errorf("wtlogin: %w", err)
	}
	reply, err := wire.ParseWtLoginReply(body, confirmed.TgtgtKey)
	if err != nil {
		return fmt.Errorf("wtlogin: %w", err)
	}
	if reply.State != 0 {
		return &LoginError{
			Step: StepWtlogin, Code: uint64(reply.State), Title: reply.Title, Message: reply.Message,
			Hint: wire.WtLoginStateText(reply.State),
		}
	}
	c.setKeys(ks.withTickets(reply.Tickets, c.opts.App.CurrentVersion, time.Now()))
	c.log.Info("logged in by QR code", "uin", ks.UIN)
	return nil
}

// oicq sends one wtlogin packet, each with a key pair of its own, and returns the
// plain body of the answer.
func (c *Client) oicq(ctx context.Context, k *conn, command string, oicqCommand uint16, body []byte) ([]byte, error) {
	private, err := crypto.GenerateKey(crypto.Secp192k1)
	if err != nil {
		return nil, err
	}
	x, err := private.Agree(c.opts.Servers.OicqKey)
	if err != nil {
		return nil, err
	}
	share := crypto.OicqKey(crypto.Secp192k1, x)
	var random crypto.Key
	rand.Read(random[:])
	packet, err := wire.AppendOicqRequest(nil, &wire.OicqRequest{
		Command: oicqCommand, UIN: uint32(c.keys().UIN), PubID: 2,
		ClientType: c.opts.App.AppClientVersion, KeyType: wire.KeyTypeSecp192k1,
		RandomKey: random, PublicKey: private.Public(true), Body: body,
	}, share)
	if err != nil {
		return nil, err
	}
	answer, err := k.Call(ctx, command, packet)
	if err != nil {
		return nil, err
	}
	reply, err := wire.ParseOicqResponse(answer, share, random)
	if err != nil {
		return nil, err
	}
	return reply.Body, nil
}

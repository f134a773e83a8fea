package session

import (
	"context"
	"crypto/rand"
	"fmt"

	"libration/internal/crypto"
	"libration/internal/rpc"
	"libration/internal/text"
	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/ntqq/session/identity"
	"libration/ntqq/session/link"
)

// wtlogin turns the confirmed code into tickets.
func (l *loop) wtlogin(ctx context.Context, k *link.Conn, confirmed *wire.QRPollReply) (err error) {
	s := l.s
	saved := s.keys()
	ks, want := *saved, s.opts.UIN
	if want == 0 {
		want = ks.UIN // its owner, whatever else is missing in it
	}
	if want != 0 && confirmed.UIN != uint64(want) {
		return text.Errorf("%v: %d instead of %d", "%v：是 %d，而不是 %d", errWrongAccount, confirmed.UIN, want)
	}
	if s.opts.Taken != nil && s.opts.Taken(message.UIN(confirmed.UIN)) {
		return fmt.Errorf("%w: %d", errTakenAccount, confirmed.UIN)
	}
	s.setState(State{Stage: LoggingIn, Step: StepWtlogin}, nil)
	if ks.UIN != message.UIN(confirmed.UIN) {
		ks = identity.Keystore{Device: ks.Device, UIN: message.UIN(confirmed.UIN)} // nothing of another account stays
	}
	body, err := (&wire.WtLogin{
		App: wire.App(s.opts.App), UIN: uint32(ks.UIN), GUID: guid(ks.Device), DeviceName: ks.Device.Name,
		A1: confirmed.A1, TgtgtKey: confirmed.TgtgtKey, NoPicSig: confirmed.NoPicSig,
	}).Encode()
	if err != nil {
		return err
	}
	s.keystore.Store(&ks) // the number goes into the packets from here on
	defer func() {
		if err != nil { // and has no owner by it yet
			s.keystore.Store(saved)
		}
	}()
	body, err = s.oicq(ctx, k, rpc.WtloginLogin, wire.OicqLogin, body)
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
	s.setKeys(withTickets(ks, reply.Tickets, s.opts.App.CurrentVersion, s.now()))
	s.log.Info("logged in by QR code", "uin", ks.UIN)
	return nil
}

// oicq sends one wtlogin packet, each with a key pair of its own, and returns the
// plain body of the answer. The answer has to come under the agreed key: anybody on
// the network can read the random one in the request.
func (s *Session) oicq(ctx context.Context, k *link.Conn, command string, oicqCommand uint16, body []byte) ([]byte, error) {
	private, err := crypto.GenerateKey(crypto.Secp192k1)
	if err != nil {
		return nil, err
	}
	x, err := private.Agree(s.opts.Servers.OicqKey)
	if err != nil {
		return nil, err
	}
	share := crypto.OicqKey(crypto.Secp192k1, x)
	var random crypto.Key
	rand.Read(random[:])
	packet, err := wire.AppendOicqRequest(nil, &wire.OicqRequest{
		Command: oicqCommand, UIN: uint32(s.keys().UIN), PubID: 2,
		ClientType: s.opts.App.AppClientVersion, KeyType: wire.KeyTypeSecp192k1,
		RandomKey: random, PublicKey: private.Public(true), Body: body,
	}, share)
	if err != nil {
		return nil, err
	}
	answer, err := k.Call(ctx, command, packet)
	if err != nil {
		return nil, err
	}
	reply, err := wire.ParseOicqResponse(answer, share, share)
	if err != nil {
		return nil, err
	}
	return reply.Body, nil
}

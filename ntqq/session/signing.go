package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/systempb"
	"libration/internal/rpc"
	"libration/internal/text"
	"libration/ntqq/session/identity"
	"libration/ntqq/session/link"
	"libration/ntqq/session/signer"
)

const signAgain = 10 * time.Second

// SignFailure says that requests which need a signature cannot be sent: sending
// messages above all.
type SignFailure struct {
	Since time.Time
	Err   error
}

// SignFailure returns nil while signatures can be had, as far as is known: the last try
// decides. An online session stays online without them, and receives; a login needs a
// signer. While the account is online a signer that failed is asked again every 10 s.
func (s *Session) SignFailure() *SignFailure { return s.signFailure.Load() }

// signIfWanted signs a packet, where the service wants its command signed or its sender
// does.
func (s *Session) signIfWanted(ctx context.Context, p link.Packet, seq uint32, ks *identity.Keystore) (*signer.Signature, error) {
	switch {
	case !p.Sign && !s.signed[rpc.PlainName(p.Command)]:
		return nil, nil
	case s.opts.Signer != nil:
		return s.sign(ctx, p.Command, seq, p.Payload, ks)
	case p.Sign:
		return nil, text.Errorf("%v: no signer is configured", "%v：没有配置签名服务", ErrSign)
	}
	return nil, nil
}

// sign gets the signature of a request.
func (s *Session) sign(ctx context.Context, command string, seq uint32, payload []byte, ks *identity.Keystore) (*signer.Signature, error) {
	uin := ks.UIN
	if uin == 0 {
		uin = s.opts.UIN
	}
	sig, err := s.opts.Signer.Sign(ctx, &signer.Request{
		Command: command, Sequence: seq, Payload: payload,
		UIN: uin, GUID: ks.Device.GUID, App: &s.opts.App,
	})
	switch {
	case err == nil:
		if was := s.signFailure.Swap(nil); was != nil {
			s.notes.Info("signed", "requests can be signed again", "after", time.Since(was.Since).Round(time.Second))
		}
		return sig, nil
	case !errors.Is(err, ErrSign):
		err = fmt.Errorf("%w: %w", ErrSign, err)
	}
	if ctx.Err() != nil { // nobody waited
		return nil, err
	}
	now := &SignFailure{Since: time.Now(), Err: err}
	for {
		was := s.signFailure.Load()
		if was != nil {
			now.Since = was.Since
		}
		if s.signFailure.CompareAndSwap(was, now) {
			if was == nil {
				s.notes.Warn("unsigned", "no signer gives signatures: messages cannot be sent until one does", "command", command, "err", err)
			}
			return nil, err
		}
	}
}

// keepSigning asks a signer that failed again, so that it is known to work before
// somebody wants to send. What it signs is a heartbeat that is not sent.
func (s *Session) keepSigning(ctx context.Context) {
	ticker := time.NewTicker(s.opts.Timing.SignAgain)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if s.SignFailure() == nil {
			continue
		}
		payload, err := pb.Marshal(&systempb.SsoHeartBeatRequest{Type: proto.Uint32(1)})
		if err == nil {
			_, err = s.sign(ctx, rpc.Heartbeat.Name, s.link.NextSequence(), payload, s.keys())
		}
		if err != nil {
			s.log.Debug("still no signatures", "err", err)
		}
	}
}

package session

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/crypto"
	"libration/internal/pb/systempb"
	"libration/internal/rpc"
	"libration/internal/wire"
)

// proof is what shows that a packet comes from the server: the key that it opens
// with. The client knows which one it has to be; a packet that names none proves
// nothing (docs/protocol/wire.md 4, "Client").
type proof uint8

const (
	noProof     proof = iota // anybody on the network can write it
	replacedKey              // the session's key before the last refresh
	sessionKey
)

// parse reads a packet; under the replaced key when it is none under the present.
func (k *conn) parse(frame []byte, resp *wire.Response) (proof, error) {
	old := k.old.Load()
	if old != nil && time.Now().After(old.until) {
		k.old.Store(nil)
		old = nil
	}
	var again []byte
	if old != nil {
		again = append(again, frame...) // it is decrypted in place
	}
	ks := k.s.keys()
	err := wire.ParseResponse(frame, d2Key(ks), resp)
	switch {
	case err != nil && old != nil && wire.ParseResponse(again, old.key, resp) == nil:
		return replacedKey, nil
	case err != nil:
		return noProof, err
	case resp.Flag != wire.FlagD2:
		return noProof, nil
	case len(ks.D2Key) != len(crypto.Key{}): // it opened with the zero key
		return noProof, fmt.Errorf("%w: there is no session key yet", wire.ErrDecrypt)
	}
	return sessionKey, nil
}

// Frame is a packet that was dropped: it could not be read, or nothing proves that it
// comes from the server. Answers to requests are never among them, nor packets of the
// login. Of the unproven ones one per kind and hour is handed on.
type Frame struct {
	// Name is what an unproven packet claims to be: "push", "kick", "session_code" or
	// "answer". "": the packet could not be read.
	Name string
	Err  error  // why it could not be read; nil: it is unproven
	Size int    // bytes as they came
	Data []byte // its beginning
}

// Unproven counts packets that did not come under the session's key and that no
// call of a login waited for. Nothing followed from them.
type Unproven struct {
	Push        uint64 // messages, notices
	Kick        uint64 // that say that the account was logged out
	SessionCode uint64 // that say that the session is over
	Answer      uint64 // to requests that are answered under the session's key
	Late        uint64 // to login requests and heartbeats that wait no longer
}

type unproven struct{ push, kick, sessionCode, answer, late atomic.Uint64 }

// Unproven returns the counters.
func (s *Session) Unproven() Unproven {
	u := &s.stats.unproven
	return Unproven{
		Push: u.push.Load(), Kick: u.kick.Load(), SessionCode: u.sessionCode.Load(),
		Answer: u.answer.Load(), Late: u.late.Load(),
	}
}

const (
	// frameBeginning is how much is handed on of a packet that cannot be read: its head, and
	// too little of the rest to hold a secret.
	frameBeginning = 32
	// unprovenBeginning is how much is handed on of one that nothing proves.
	unprovenBeginning = 256
	// loggedText bounds a text in the log that anybody may have written.
	loggedText = 64
)

// unproven counts a packet that proves nothing. One that says that the session is
// over starts a probe.
func (k *conn) unproven(resp *wire.Response, frame []byte) {
	s := k.s
	var kind string
	var count *atomic.Uint64
	switch u := &s.stats.unproven; {
	case resp.Sequence > 0 && resp.Code == 0 && !provable(resp.Command) && !k.waits(resp.Sequence):
		u.late.Add(1) // usual with a slow server
		return
	case sessionCode(resp.Code):
		kind, count = "session_code", &u.sessionCode
		if s.keys().HasSession() {
			defer k.doubt()
		}
	case isKick(resp.Command):
		kind, count = "kick", &u.kick
	case isPush(resp.Command):
		kind, count = "push", &u.push
	default:
		kind, count = "answer", &u.answer
	}
	count.Add(1)
	logged := s.notes.Warn("unproven "+kind, "packet without the session's key: it counts for nothing",
		"kind", kind, "command", beginning(resp.Command), "sequence", resp.Sequence, "code", resp.Code,
		"text", beginning(resp.Extra), "bytes", len(frame))
	if logged && !rpc.MayHoldSecrets(resp.Command) {
		s.opts.OnFrame(Frame{Name: kind, Size: len(frame), Data: slices.Clone(frame[:min(len(frame), unprovenBeginning)])})
	}
}

// waits tells whether a call waits for an answer with this sequence.
func (k *conn) waits(sequence int32) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pending[uint32(sequence)] != nil
}

func beginning(s string) string { return s[:min(len(s), loggedText)] }

// errDoubted: an unencrypted packet said that the session is over, and the server
// gave no answer under the session's key.
var errDoubted = errors.New("the server says without proof that the session is over, and does not answer under its key")

// doubtsMost is on how many connections in a row the proof has to be missing for the
// session to be given up.
const doubtsMost = 2

// probePause is the least time from one probe to the next.
const probePause = 10 * time.Second

// doubt asks for a proof that the session lives: the registration under way is one,
// and later keepProof gets one.
func (k *conn) doubt() {
	k.doubted.Store(true)
	select {
	case k.doubts <- struct{}{}:
	default: // it is asked for already
	}
}

// believe ends the doubts: an answer came under the session's key.
func (k *conn) believe() {
	select {
	case <-k.doubts:
	default:
	}
	if k.doubted.Swap(false) {
		k.s.notes.Warn("forged session code", "the session lives: what said that it is over did not come from the server")
	}
}

// keepProof answers doubts of an online session with a session heartbeat. Without an
// answer it ends the connection.
func (k *conn) keepProof() {
	pause := time.NewTimer(probePause)
	defer pause.Stop()
	for {
		select {
		case <-k.doubts:
		case <-k.ctx.Done():
			return
		}
		holds := k.holds.Load()
		_, err := rpc.Call(k.ctx, k, rpc.Heartbeat, &systempb.SsoHeartBeatRequest{Type: proto.Uint32(1)})
		silent := errors.Is(err, ErrTimeout)
		switch {
		case k.ctx.Err() != nil:
			return
		case silent && !k.heldSince(holds):
			k.fail(err)
			return
		case silent, errors.Is(err, ErrSign): // it shows nothing
			k.doubt()
		default: // any answer will do
			k.believe()
		}
		pause.Reset(probePause)
		select {
		case <-pause.C:
		case <-k.ctx.Done():
			return
		}
	}
}

// doubtedOr makes the end of a connection a doubt about the session when one was
// left and the server did not say better.
func (k *conn) doubtedOr(err error) error {
	if k.doubted.Load() && (errors.Is(err, ErrTimeout) || errors.Is(err, ErrConnectionLost)) {
		return fmt.Errorf("%w: %w", errDoubted, err)
	}
	return err
}

// doubtedSession counts a connection on which the session was doubted to the end.
// When there were enough it is given up, unless that would need a person: nothing
// unproven may ask for one.
func (l *loop) doubtedSession(err error) {
	s := l.s
	switch l.doubts++; {
	case l.doubts < doubtsMost:
		s.log.Warn("the session may be over: trying it on a new connection", "err", err)
	case l.nextLogin() == StepQR:
		s.notes.Warn("doubted session", "the session may be over, and only a person could log in again: "+
			"it is tried on, until a person asks for a new login", "err", err)
	default:
		l.giveUpSession()
		s.log.Warn("session given up: logging in again", "err", err, "by", l.nextLogin())
	}
}

// giveUpSession forgets D2 without a proof that it is over; A1 stays.
func (l *loop) giveUpSession() {
	l.doubts, l.freshTickets = 0, false
	l.s.setKeys(withoutSession(*l.s.keys()))
}

package link

import (
	"slices"
	"sync/atomic"
	"time"

	"libration/internal/crypto"
	"libration/internal/rpc"
	"libration/internal/text"
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
func (k *Conn) parse(frame []byte, resp *wire.Response) (proof, error) {
	old := k.old.Load()
	if old != nil && time.Now().After(old.until) {
		k.old.Store(nil)
		old = nil
	}
	var again []byte
	if old != nil {
		again = append(again, frame...) // it is decrypted in place
	}
	ks := k.l.opts.Keys()
	err := wire.ParseResponse(frame, d2Key(ks), resp)
	switch {
	case err != nil && old != nil && wire.ParseResponse(again, old.key, resp) == nil:
		return replacedKey, nil
	case err != nil:
		return noProof, err
	case resp.Flag != wire.FlagD2:
		return noProof, nil
	case len(ks.D2Key) != len(crypto.Key{}): // it opened with the zero key
		return noProof, text.Errorf("%v: there is no session key yet", "%v：尚无会话密钥", wire.ErrDecrypt)
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
func (l *Link) Unproven() Unproven {
	u := &l.counts.unproven
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
func (k *Conn) unproven(resp *wire.Response, frame []byte) {
	l := k.l
	var kind string
	var count *atomic.Uint64
	switch u := &l.counts.unproven; {
	case resp.Sequence > 0 && resp.Code == 0 && !provable(resp.Command) && !k.waits(resp.Sequence):
		u.late.Add(1) // usual with a slow server
		return
	case sessionCode(resp.Code):
		kind, count = "session_code", &u.sessionCode
		if l.opts.Keys().HasSession() {
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
	logged := l.notes.Warn("unproven "+kind, "packet without the session's key: it counts for nothing",
		"kind", kind, "command", beginning(resp.Command), "sequence", resp.Sequence, "code", resp.Code,
		"text", beginning(resp.Extra), "bytes", len(frame))
	if logged && !rpc.MayHoldSecrets(resp.Command) {
		l.opts.OnFrame(Frame{Name: kind, Size: len(frame), Data: slices.Clone(frame[:min(len(frame), unprovenBeginning)])})
	}
}

// waits tells whether a call waits for an answer with this sequence.
func (k *Conn) waits(sequence int32) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pending[uint32(sequence)] != nil
}

func beginning(s string) string { return s[:min(len(s), loggedText)] }

package link

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"libration/internal/hourly"
	"libration/ntqq/session/identity"
	"libration/ntqq/session/signer"
)

// Options say what the connections of an account work with. All fields are needed.
type Options struct {
	App identity.AppInfo // the client version that requests name
	// Keys returns the keystore in use. It returns the same pointer until something in it
	// has changed.
	Keys func() *identity.Keystore
	// Sign returns the signature of a request. nil: the command is not signed.
	Sign func(ctx context.Context, p Packet, sequence uint32, keys *identity.Keystore) (*signer.Signature, error)
	// AnswerTime gets the server's time in an answer, Unix seconds, and when its request went
	// out. proven says that it came under the session's key; otherwise it answers a request
	// of a login.
	AnswerTime func(seconds uint32, asked time.Time, proven bool)
	// OnPush, OnCall and OnFrame are as in session.Options.
	OnPush  func(ctx context.Context, command string, body []byte) (waited bool)
	OnCall  func(command string, took time.Duration, err error)
	OnFrame func(Frame)
	// Answer is how long the server may take for an answer.
	Answer time.Duration
	// Alive is the pause between two heartbeats of the connection, AliveAnswer how long the
	// answer to one may take. Session is the pause between two heartbeats of the session.
	Alive, AliveAnswer, Session time.Duration
	Log                         *slog.Logger
}

// Link makes the connections of one account, one after the other. Its methods are safe for
// concurrent use.
type Link struct {
	opts     Options
	notes    *hourly.Log
	counts   counts
	sequence atomic.Uint32
}

// New returns a Link. It connects nothing.
func New(o Options) *Link {
	l := &Link{opts: o, notes: hourly.New(o.Log)}
	l.sequence.Store(rand.Uint32N(lastSequence - firstSequence))
	return l
}

// Stats count the packets of all connections.
type Stats struct {
	PacketsReceived uint64
	PacketsSent     uint64
	PacketsDropped  uint64 // could not be decrypted or parsed
}

type counts struct {
	packetsReceived, packetsSent, packetsDropped atomic.Uint64
	unproven                                     unproven
}

// Stats returns the counters.
func (l *Link) Stats() Stats {
	n := &l.counts
	return Stats{
		PacketsReceived: n.packetsReceived.Load(), PacketsSent: n.packetsSent.Load(), PacketsDropped: n.packetsDropped.Load(),
	}
}

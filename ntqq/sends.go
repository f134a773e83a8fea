package ntqq

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

// lostMost is how many messages that were lost are remembered after their senders
// were answered.
const lostMost = 256

// sendings are the messages on their way to the server. Each is recognised by its random
// number, wherever the server names it: in a push, whatever becomes of that, or in the
// history. Safe for concurrent use.
type sendings struct {
	log *slog.Logger

	mu   sync.Mutex // guards what follows, and what outgoings say of it
	out  map[sendKey]*outgoing
	lost []*outgoing // of out, oldest first: their senders were answered
}

type sendKey struct {
	chat   chatID
	random uint32
}

// outgoing is a message on its way.
type outgoing struct {
	sendKey
	peer UID
	// blind: the chat has no history to look in.
	blind bool
	// after is the newest sequence of the chat known when it was sent; 0 when
	// nothing was known. Then since, Unix seconds, is before the sending by the
	// server's clock; 0 when that is not known.
	after uint64
	since int64

	// proven ends when the server has named the message; prove ends it.
	proven context.Context
	prove  context.CancelFunc
	// seen is what it named; verdict is what its sender was answered instead. sendings.mu
	// guards them.
	seen    *message.Message
	verdict error
}

func newSendings(log *slog.Logger) *sendings {
	return &sendings{log: log, out: map[sendKey]*outgoing{}}
}

// begin precedes the sending of a message, end follows it.
func (s *sendings) begin(out *outgoing) {
	out.proven, out.prove = context.WithCancel(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out[out.sendKey] = out
}

// end returns the message if it was seen. If not, verdict is what its sender is
// answered: nil, or that it is lost.
func (s *sendings) end(out *outgoing, verdict error) *message.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	out.prove()
	if verdict == nil || out.seen != nil {
		delete(s.out, out.sendKey)
		return out.seen
	}
	out.verdict = verdict
	if len(s.lost) == lostMost {
		delete(s.out, s.lost[0].sendKey)
		s.lost = slices.Delete(s.lost, 0, 1)
	}
	s.lost = append(s.lost, out)
	return nil
}

// saw takes every event that the server pushes, as it comes, and every message that it
// has in its history.
func (s *sendings) saw(e event.Event) {
	m, ok := e.(*event.Message)
	if !ok || !m.Self {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.out[sendKey{order.Of(m.Chat), m.Random}]
	switch {
	case out == nil || out.seen != nil:
	case out.verdict == nil:
		seen := *m.Message // what is pushed is completed later
		out.seen = &seen
		out.prove()
	default:
		delete(s.out, out.sendKey)
		s.lost = slices.DeleteFunc(s.lost, func(lost *outgoing) bool { return lost == out })
		s.log.Warn("a message was sent although its sender was answered otherwise",
			"chat", out.chat.String(), "sequence", m.Sequence, "answered", out.verdict)
	}
}

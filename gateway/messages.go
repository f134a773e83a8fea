package gateway

import (
	"context"
	"time"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// flushWait bounds how long the answer to a sent message waits for the disk.
const flushWait = time.Second

// Message returns the stored message with this id; nil when there is none. Content and
// Raw may be shared: they are read-only.
func (g *Gateway) Message(id int32) (*message.Message, error) { return g.store.Get(id) }

// Sent stores a message as it was sent and returns its id. It waits a second at most
// for the disk, so that the id is known after a crash too. The client reports the
// message as an event as well, with the same key and hence the same id.
func (g *Gateway) Sent(ctx context.Context, m *message.Message) int32 {
	id := g.keep(m, g.store.PutSent)
	ctx, cancel := context.WithTimeout(ctx, flushWait)
	defer cancel()
	if err := g.store.Flush(ctx); err != nil {
		g.log.Debug("sent message not on disk yet", "message_id", id, "err", err)
	}
	return id
}

// ID is the id of a message by its key; 0 when there is no sequence.
func (g *Gateway) ID(chat message.Chat, sequence uint64) int32 {
	if sequence == 0 {
		return 0
	}
	id, err := g.store.ID(chat, sequence)
	if err != nil {
		g.log.Debug("message id not computed", "chat", chat.Kind, "sequence", sequence, "err", err)
		return 0
	}
	return id
}

// PrivateID is the id of a private message of which a quote or a recall tells. The
// store's record counts, because pushes name the message by different numbers; without
// one the id is computed from what is there.
func (g *Gateway) PrivateID(chat message.Chat, sequence, clientSequence uint64, random uint32) int32 {
	if clientSequence != 0 {
		m, err := g.store.FindFriend(chat.Peer, clientSequence, random)
		if err != nil {
			g.log.Debug("message not looked up", "peer", chat.Peer, "err", err)
		} else if m != nil {
			return g.ID(m.Chat, m.Sequence)
		}
	}
	if sequence == 0 {
		sequence = clientSequence
	}
	return g.ID(chat, sequence)
}

// referredID is the id of a message that an event is about. It is computed, so that it
// is right whether the message is in the store or not.
func (g *Gateway) referredID(r event.Reference) int32 {
	if r.Chat.Kind == message.Group {
		return g.ID(r.Chat, r.Sequence)
	}
	return g.PrivateID(r.Chat, r.Sequence, r.ClientSequence, r.Random)
}

// keep stores a message with one of the store's methods and returns its id. The id of a
// message that cannot be stored is computed.
func (g *Gateway) keep(m *message.Message, put func(*message.Message) (int32, error)) int32 {
	id, err := put(m)
	if err != nil {
		g.log.Debug("message not stored", "chat", m.Chat.Kind, "sequence", m.Sequence, "err", err)
		if id == 0 {
			id = g.ID(m.Chat, m.Sequence)
		}
	}
	return id
}

// told tells whether a message that was fetched again is in the journal already: a
// crash may have come between the journal and what the client saves.
func (g *Gateway) told(m *message.Message) bool {
	if g.journal == nil || !m.CaughtUp {
		return false
	}
	id := g.ID(m.Chat, m.Sequence)
	told, err := g.journal.Announced(id)
	if err != nil { // rather twice than never
		g.log.Warn("not known whether a message was told before: it may come twice", "message_id", id, "err", err)
		return false
	}
	return told
}

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
	if err := g.store.FlushMessage(ctx, id); err != nil {
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

// ReferredID is the id of a message that somebody names by its numbers, as a quote or a
// recall does; 0 when they name none. It is right whether the message is stored or not.
// Which message it is, is remembered: [Gateway.Named] knows it then.
func (g *Gateway) ReferredID(r event.Reference) int32 {
	n := Named{Chat: r.Chat, Sequence: r.Sequence, Time: r.Time}
	key := r.Sequence
	if r.Chat.Kind != message.Group && r.ClientSequence != 0 {
		// The store's record counts, because pushes name a private message by different
		// numbers; without one the id is computed from what is there.
		m, err := g.store.FindFriend(r.Chat.Peer, r.ClientSequence, r.Random)
		if err != nil {
			g.log.Debug("message not looked up", "peer", r.Chat.Peer, "err", err)
		} else if m != nil {
			return g.ID(m.Chat, m.Sequence)
		}
		n.ClientSequence = r.ClientSequence
		if key == 0 {
			key = r.ClientSequence
		}
	}
	id := g.ID(r.Chat, key)
	g.named.add(id, n)
	return id
}

// Named says which message has an id that was given out, of those that are not stored:
// of the newest 16,384.
func (g *Gateway) Named(id int32) (n Named, ok bool) { return g.named.of(id) }

// Through is the group by which temporary messages of the chat with peer go: that of the
// newest one stored; 0 when there is none.
func (g *Gateway) Through(peer message.UIN) message.GroupCode {
	group, err := g.store.Through(peer)
	if err != nil {
		g.log.Debug("temporary chat not looked up", "peer", peer, "err", err)
	}
	return group
}

// Recent returns the ids of the newest messages of the chats that had one last: one of each
// chat, and most at most.
func (g *Gateway) Recent(ctx context.Context, most int) ([]int32, error) {
	flush, cancel := context.WithTimeout(ctx, flushWait)
	defer cancel()
	if err := g.store.Flush(flush); err != nil {
		g.log.Debug("messages not on disk yet", "err", err)
	}
	return g.store.Recent(ctx, most)
}

// Fetched stores a message that was fetched from a history, and returns its id. It
// becomes no event. What is stored of it already stays.
func (g *Gateway) Fetched(m *message.Message) int32 {
	id := g.keep(m, g.store.PutFetched)
	g.named.add(id, Named{Chat: m.Chat, Sequence: m.Sequence, ClientSequence: m.ClientSequence, Time: m.Time})
	return id
}

// keep stores a message with one of the store's methods, and what is known of its media. It
// returns the message's id; that of one that cannot be stored is computed.
func (g *Gateway) keep(m *message.Message, put func(*message.Message) (int32, error)) int32 {
	g.Remember(m.Content)
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

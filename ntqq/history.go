package ntqq

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"libration/ntqq/message"
)

// MaxHistory is the most messages that one call of [Messages.History] returns.
const MaxHistory = 1000

const (
	// historyCount is the default of HistoryQuery.Count.
	historyCount = 20
	// historyBytes and historyRequests bound what one call fetches.
	historyBytes    = 16 << 20 // of memory, about: a card of two kilobytes may take two megabytes
	historyRequests = 100
	// emptyGroupPages is how many pages in a row without a message end the search in a
	// group.
	emptyGroupPages = 4
)

// HistoryQuery says which messages of a chat are wanted. Its zero value is the newest.
type HistoryQuery struct {
	// From is the sequence to begin at, which is included. 0: the newest message; Newer has
	// no effect then.
	From uint64
	// Time is where to begin in a private chat, instead of From: at the newest message up
	// to this time or, with Newer, at the oldest one since. Unix seconds; 0: not set.
	Time int64
	// Count is how many messages are wanted. 0: 20. More than MaxHistory is MaxHistory.
	Count int
	// Newer asks for what came after the beginning, instead of what came before it.
	Newer bool
}

// History fetches messages of a group or a private chat from the service. The result is
// ascending and belongs to the caller. It has fewer messages than were wanted where
// there are no more in that direction, where the service has none for a long stretch,
// and where they take more than 16 MiB of
// memory. Messages that were taken back are left out.
// There are no events of what is fetched.
//
// chat needs Kind and Group, or Kind and Peer. The errors are those of [Client.Call] and:
//   - [ErrTempChat]: the chat is a temporary one.
//   - [ErrNoGroup]: the account is not in the group.
//   - [ErrNoFriend]: Peer is no friend, and Chat has no PeerUID.
//   - [ErrGroupTime]: Time is set, and the chat is a group.
func (m Messages) History(ctx context.Context, chat message.Chat, q HistoryQuery) ([]*message.Message, error) {
	c := m.c
	if q.Time != 0 && chat.Kind == message.Group {
		return nil, ErrGroupTime
	}
	id, peer, err := c.historyOf(ctx, chat)
	if err != nil {
		return nil, err
	}
	w := &walk{c: c, id: id, peer: peer, newer: q.Newer, count: min(max(q.Count, 0), MaxHistory)}
	if w.count == 0 {
		w.count = historyCount
	}
	if err := w.run(ctx, q); err != nil {
		return nil, fmt.Errorf("history of %v: %w", id, c.inChat(ctx, id, err))
	}
	c.nameFetched(ctx, w.found)
	return w.found, nil
}

// Get fetches one message of a group or a private chat by its sequence. Where there is
// none, or it was taken back, the error is [ErrNoMessage]; the others are those of
// [Messages.History].
func (m Messages) Get(ctx context.Context, chat message.Chat, sequence uint64) (*message.Message, error) {
	c := m.c
	id, peer, err := c.historyOf(ctx, chat)
	if err != nil {
		return nil, err
	}
	found, err := c.fetchPage(ctx, id, peer, sequence, sequence)
	if err == nil && len(found) == 0 {
		err = ErrNoMessage
	}
	if err != nil {
		return nil, fmt.Errorf("message %d of %v: %w", sequence, id, c.inChat(ctx, id, err))
	}
	c.nameFetched(ctx, found)
	return found[0], nil
}

// historyOf is what requests name a chat by whose messages can be fetched.
func (c *Client) historyOf(ctx context.Context, chat message.Chat) (id chatID, peer UID, err error) {
	switch chat.Kind {
	case message.Group:
		return groupChat(chat.Group), "", nil
	case message.Friend:
		if peer = chat.PeerUID; peer == "" {
			peer, err = c.friendUID(ctx, chat.Peer)
		}
		return friendChat(chat.Peer), peer, err
	case message.Temp:
		return chatID{}, "", ErrTempChat
	}
	return chatID{}, "", errors.New("the chat has no kind")
}

// inChat is inGroup where the chat is a group.
func (c *Client) inChat(ctx context.Context, id chatID, err error) error {
	if !id.Group {
		return err
	}
	return c.inGroup(ctx, GroupCode(id.Code), err)
}

// walk goes through the history of a chat from one message on, page by page.
type walk struct {
	c     *Client
	id    chatID
	peer  UID
	newer bool
	count int // that are still wanted

	found    []*message.Message // ascending
	bytes    int                // of memory that found takes
	requests int
}

func (w *walk) run(ctx context.Context, q HistoryQuery) error {
	latest, err := w.c.latest(ctx, w.id, w.peer)
	if err != nil {
		return err
	}
	next := q.From // the next sequence that is wanted
	switch {
	case q.Time != 0:
		found, err := w.c.fetchRoam(ctx, w.id, w.peer, q.Time, w.newer)
		if err != nil || len(found) == 0 {
			return err
		}
		w.add(found)
		next = w.beyond()
	case q.From == 0:
		next, w.newer = latest, false
	case !w.newer && latest != 0: // 0 may be an answer without it
		next = min(next, latest)
	}
	for empty := 0; !w.done() && next != 0 && (!w.newer || next <= latest); w.requests++ {
		first, last := next-min(next-1, historyPage-1), next
		if w.newer {
			first, last = next, next+min(latest-next, historyPage-1)
		}
		found, err := w.c.fetchPage(ctx, w.id, w.peer, first, last)
		if err != nil {
			return err
		}
		w.add(found)
		next = first - 1
		if w.newer {
			next = last + 1
		}
		if empty++; len(found) > 0 {
			empty = 0
		}
		switch {
		case empty == 0:
		case !w.id.Group:
			if next, err = w.jump(ctx); err != nil {
				return err
			}
			empty = 0
		case empty == emptyGroupPages:
			return nil
		}
	}
	return nil
}

// jump finds, by time, the message of a private chat that is next to those found, and
// returns the sequence that is wanted after it: it is not certain that sequences rise by
// one in each chat (docs/protocol/messages.md 3). 0: there is none.
func (w *walk) jump(ctx context.Context) (next uint64, err error) {
	if len(w.found) == 0 {
		return 0, nil
	}
	w.requests++
	edge := w.edge()
	found, err := w.c.fetchRoam(ctx, w.id, w.peer, edge.Time, w.newer)
	found = slices.DeleteFunc(found, func(m *message.Message) bool {
		return m.Sequence == edge.Sequence || w.newer != (m.Sequence > edge.Sequence)
	})
	if err != nil || len(found) == 0 {
		return 0, err
	}
	w.add(found)
	return w.beyond(), nil
}

// edge is the last message found, in the direction of the walk.
func (w *walk) edge() *message.Message {
	if w.newer {
		return w.found[len(w.found)-1]
	}
	return w.found[0]
}

// beyond is the sequence that follows those found; 0: none does.
func (w *walk) beyond() uint64 {
	if w.newer {
		return w.edge().Sequence + 1
	}
	return w.edge().Sequence - 1
}

// add takes the messages of a page that come next, as many as are wanted and do not take
// too much memory.
func (w *walk) add(page []*message.Message) {
	taken := 0
	for taken < len(page) && !w.full() {
		m := page[taken]
		if !w.newer {
			m = page[len(page)-1-taken]
		}
		w.bytes += m.Size()
		w.count--
		taken++
	}
	if w.newer {
		w.found = append(w.found, page[:taken]...)
	} else {
		w.found = append(slices.Clone(page[len(page)-taken:]), w.found...)
	}
}

// done tells that enough was found, or that it would be too much.
func (w *walk) done() bool { return w.full() || w.requests >= historyRequests }

func (w *walk) full() bool { return w.count == 0 || w.bytes >= historyBytes }

// nameFetched fills in what fetched messages do not say, as it is done for those that
// are pushed.
func (c *Client) nameFetched(ctx context.Context, fetched []*message.Message) {
	asked := map[GroupCode]bool{}
	friends := false
	for _, m := range fetched {
		group := m.Chat.Group
		c.nameMentions(m, func() {
			if asked[group] || group == 0 || c.cache.membersAge(group) < resolveMembersEvery {
				return
			}
			asked[group] = true
			if _, err := c.Members().List(ctx, group, true); err != nil {
				c.log.Debug("members not fetched for a message of the history", "group", group, "err", err)
			}
		})
		c.nameSender(m, func() {
			if friends {
				return
			}
			friends = true
			if _, err := c.Friends().List(ctx, false); err != nil {
				c.log.Debug("friends not fetched for a message of the history", "err", err)
			}
		})
	}
}

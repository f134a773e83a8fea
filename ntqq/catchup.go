package ntqq

import (
	"context"
	"errors"
	"slices"
	"time"

	"libration/ntqq/internal/order"
)

// CatchUp bounds the fetching of missed messages. How many messages it leaves out is
// logged.
type CatchUp struct {
	// Messages is how many are fetched in one chat at most: the newest. 0: 500.
	Messages int
	// Age is how old a fetched message is at most. 0: 24 h.
	Age time.Duration
	// Friends is how many friends without an earlier private message are asked about, each
	// by a request, when the account comes online. 0: 20. Negative: none.
	Friends int
}

func (o *CatchUp) setDefaults() {
	if o.Messages <= 0 {
		o.Messages = 500
	}
	if o.Age <= 0 {
		o.Age = 24 * time.Hour
	}
	if o.Friends == 0 {
		o.Friends = 20
	}
}

const (
	// comparedChats bounds the private chats that are asked about after a
	// registration, each by a request; those that were silent longest wait for their
	// next message.
	comparedChats = 200
	// compareTries bounds the questions about one person that the server refuses.
	// Without an answer it is asked again, after pauses from comparePause to
	// compareMost, as long as the connection lives.
	compareTries = 3
	comparePause = 5 * time.Second
	compareMost  = 5 * time.Minute
)

// compare asks what is newest in each chat and hands it to the dispatcher, which
// fetches what is missing. It runs after each registration: the answers are newer
// than it, so that nothing is between them and the pushes. The lists are those
// that events are completed from, too.
func (c *Client) compare(ctx context.Context, serverTime int64) {
	friends := friendComparison{c: c, refused: map[UIN]int{}}
	notices := func(ctx context.Context) (order.Listed, error) { return order.Listed{}, c.askMissed(ctx, serverTime) }
	questions := []func(context.Context) (order.Listed, error){c.compareGroups, notices, friends.ask}
	if _, err := c.Wait(ctx, State.Online); err != nil || !c.found(ctx, order.Registered{Time: serverTime}) {
		return
	}
	for pause := comparePause; ; pause = min(2*pause, compareMost) {
		questions = slices.DeleteFunc(questions, func(ask func(context.Context) (order.Listed, error)) bool {
			list, err := ask(ctx)
			if err != nil && ctx.Err() == nil {
				c.log.Warn("not known what was missed: the newest messages could not be asked for", "again_in", pause, "err", err)
			}
			c.found(ctx, list)
			return err == nil
		})
		if len(questions) == 0 {
			return
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// found hands what was found out to the dispatcher. It returns false when the
// connection has ended.
func (c *Client) found(ctx context.Context, in order.Input) bool {
	select {
	case c.compared <- in:
		return true
	case <-ctx.Done():
		return false
	}
}

func (c *Client) compareGroups(ctx context.Context) (order.Listed, error) {
	groups, err := c.Groups().List(ctx, true)
	list := order.Listed{Newest: make([]order.Newest, 0, len(groups)), Groups: err == nil}
	for _, g := range groups {
		list.Newest = append(list.Newest, order.Newest{Chat: groupChat(g.Code), Sequence: g.latest})
	}
	return list, err
}

// friendComparison asks for the newest message of each private chat.
type friendComparison struct {
	c       *Client
	left    map[UIN]UID // who has not been asked about; nil: nobody has
	refused map[UIN]int // how often
}

// ask returns what the server answered this time. The error says that others have
// to be asked about again.
func (f *friendComparison) ask(ctx context.Context) (list order.Listed, again error) {
	c := f.c
	if f.left == nil {
		friends, err := c.Friends().List(ctx, true)
		if err != nil {
			return list, err
		}
		c.cache.meet(friends)
		f.left = c.order.privateChats()
		others := c.opts.CatchUp.Friends
		for _, friend := range friends {
			if _, ok := f.left[friend.UIN]; !ok && others > 0 {
				others--
				f.left[friend.UIN] = friend.UID
			}
		}
	}
	for uin, uid := range f.left {
		id := friendChat(uin)
		seq, err := c.latest(ctx, id, uid)
		refused, ok := errors.AsType[*ServerError](err)
		switch {
		case err == nil:
			list.Newest = append(list.Newest, order.Newest{Chat: id, Peer: uid, Sequence: seq})
			delete(f.left, uin)
		case !ok: // the others would wait as long
			return list, err
		case f.refused[uin] == compareTries-1:
			c.log.Debug("newest private message not known", "chat", id.String(), "err", refused)
			delete(f.left, uin)
		default:
			f.refused[uin]++
			again = err
		}
	}
	return list, again
}

package ntqq

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// SendLimit bounds how fast messages are sent, so that the account is not taken for a
// spammer. Messages of one chat wait in the order of the calls; the queue of one chat does
// not hold up another's. Only messages count: a recall that waited might come too late. The
// zero value is no limit.
type SendLimit struct {
	// Account is for all messages together, Chat for those of each chat.
	Account, Chat SendRate
	// MaxWait is how long a message may wait for its turn. 0: 10 s. One that would wait
	// longer is refused at once with a *RateLimitError.
	MaxWait time.Duration
}

// SendRate is how many messages are sent a minute on average, and how many at once after a
// pause. PerMinute 0 is no limit. A Burst below 1 counts as 1.
type SendRate struct{ PerMinute, Burst int }

const (
	sendMaxWait = 10 * time.Second
	// sendMaxWaiting bounds the messages that wait, over all chats.
	sendMaxWaiting = 256
	// sendChats is how many chats are remembered before those are forgotten whose
	// limit is as if they had never sent.
	sendChats = 1024
)

// RateLimitError is the refusal of a message because of Options.SendLimit. It is an
// [ErrRateLimited].
type RateLimitError struct {
	// Chat reports which limit it was: SendLimit.Chat, or SendLimit.Account.
	Chat bool
	// Wait is how long the message would have had to wait. 0: too many messages were waiting
	// already. MaxWait is how long it may.
	Wait, MaxWait time.Duration
}

func (e *RateLimitError) Error() string {
	if e.Wait == 0 {
		return fmt.Sprintf("%v: %d messages are waiting already", ErrRateLimited, sendMaxWaiting)
	}
	limit := "account"
	if e.Chat {
		limit = "chat"
	}
	return fmt.Sprintf("%v: its turn by the limit of the %s would come in %v, and it may wait %v",
		ErrRateLimited, limit, e.Wait.Round(100*time.Millisecond), e.MaxWait)
}

// Is reports whether target is [ErrRateLimited].
func (e *RateLimitError) Is(target error) bool { return target == ErrRateLimited }

// sendLimiter makes messages wait for their turn. A message first waits for its
// chat's, then for the account's: so a chat that floods takes from the account no
// more than a chat may.
type sendLimiter struct {
	o       SendLimit
	account *rate.Limiter

	mu       sync.Mutex // guards what follows, and keeps reservations in order
	chats    map[chatID]*rate.Limiter
	forgetAt int // length of chats
	waiting  int
	delayed  uint64
	refused  uint64
}

func (r SendRate) limiter() *rate.Limiter {
	limit := rate.Inf
	if r.PerMinute > 0 {
		limit = rate.Limit(float64(r.PerMinute) / 60)
	}
	return rate.NewLimiter(limit, max(1, r.Burst))
}

func newSendLimiter(o SendLimit) *sendLimiter {
	if o.MaxWait <= 0 {
		o.MaxWait = sendMaxWait
	}
	return &sendLimiter{o: o, account: o.Account.limiter(), chats: map[chatID]*rate.Limiter{}, forgetAt: sendChats}
}

// wait returns nil when a message to chat may be sent. Otherwise the error is an
// ErrRateLimited, and wraps ctx's when that ended first.
func (l *sendLimiter) wait(ctx context.Context, chat chatID) error {
	deadline := time.Now().Add(l.o.MaxWait)
	l.mu.Lock()
	defer l.mu.Unlock()
	var delayed, again bool
	var err error
	if l.o.Chat.PerMinute > 0 {
		delayed, err = l.turn(ctx, deadline, l.chat(chat), true)
	}
	if err == nil {
		again, err = l.turn(ctx, deadline, l.account, false)
	}
	if delayed || again {
		l.delayed++
	}
	if _, refused := errors.AsType[*RateLimitError](err); refused {
		l.refused++
	}
	return err
}

// turn waits for one limit. It is called with mu held, and lets go of it while it
// waits. A message that gives up leaves its place empty unless it was the last.
func (l *sendLimiter) turn(ctx context.Context, deadline time.Time, limit *rate.Limiter, chat bool) (delayed bool, err error) {
	now := time.Now()
	place := limit.ReserveN(now, 1)
	delay := place.DelayFrom(now)
	switch {
	case delay == 0:
		return false, nil
	case now.Add(delay).After(deadline):
		place.CancelAt(now)
		return false, &RateLimitError{Chat: chat, Wait: l.o.MaxWait - deadline.Sub(now) + delay, MaxWait: l.o.MaxWait}
	case l.waiting == sendMaxWaiting:
		place.CancelAt(now)
		return false, &RateLimitError{MaxWait: l.o.MaxWait}
	}
	l.waiting++
	l.mu.Unlock()
	timer := time.NewTimer(delay)
	select {
	case <-timer.C:
	case <-ctx.Done():
		timer.Stop()
		err = fmt.Errorf("%w: given up while waiting: %w", ErrRateLimited, ctx.Err())
	}
	l.mu.Lock()
	l.waiting--
	if err != nil {
		place.Cancel()
	}
	return true, err
}

// chat returns the limit of a chat, and now and then forgets those of chats that
// have been quiet for so long that a new one is the same.
func (l *sendLimiter) chat(chat chatID) *rate.Limiter {
	if limit := l.chats[chat]; limit != nil {
		return limit
	}
	if len(l.chats) >= l.forgetAt {
		now := time.Now()
		maps.DeleteFunc(l.chats, func(_ chatID, limit *rate.Limiter) bool {
			return limit.TokensAt(now) >= float64(limit.Burst())
		})
		l.forgetAt = max(sendChats, 2*len(l.chats))
	}
	limit := l.o.Chat.limiter()
	l.chats[chat] = limit
	return limit
}

// sendStats are what the limiter did.
type sendStats struct {
	waiting          int
	delayed, refused uint64
}

func (l *sendLimiter) stats() sendStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return sendStats{l.waiting, l.delayed, l.refused}
}

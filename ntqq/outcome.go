package ntqq

import (
	"context"
	"errors"
	"fmt"
	"time"

	"libration/ntqq/message"
)

const (
	// outcomeWait is the default of Options.OutcomeWait.
	outcomeWait = 30 * time.Second
	// outcomePause is the time between two look-ups for one message. A request that
	// timed out may still be carried out: only a message that is not there twice was
	// not sent.
	outcomePause = 3 * time.Second
	// outcomePages bounds one look-up.
	outcomePages = 10
	// clockSlack is by how much our clock may be ahead of the server's.
	clockSlack = time.Minute
)

// outcome finds out what became of a message whose answer was lost to cause. It
// never sends it again. The message is returned when it was sent; else the error is
// ErrNotSent or ErrUnknownOutcome.
func (c *Client) outcome(ctx context.Context, out *outgoing, cause error) (*message.Message, error) {
	verdict := c.lookFor(ctx, out)
	m := c.sends.end(out, verdict)
	if m == nil {
		return nil, fmt.Errorf("%w: %w", verdict, cause)
	}
	c.log.Info("answer to a sent message was lost; the message was found", "chat", out.chat.String(), "sequence", m.Sequence, "cause", cause)
	return m, nil
}

// lookFor looks a message up, as soon as the account is online again and for at most
// Options.OutcomeWait, or until that needs a person. It ends as soon as the message
// is seen.
func (c *Client) lookFor(ctx context.Context, out *outgoing) (verdict error) {
	if c.opts.OutcomeWait <= 0 || out.blind {
		return ErrUnknownOutcome
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.OutcomeWait)
	defer cancel()
	defer context.AfterFunc(out.proven, cancel)()
	for absent := 0; ; {
		s, err := c.Wait(ctx, func(s State) bool { return s.Online() || !returns(s.Stage) })
		if err != nil || !s.Online() {
			return ErrUnknownOutcome
		}
		certain, err := c.lookUpSent(ctx, out)
		if err != nil {
			c.log.Debug("lost message not looked up", "chat", out.chat.String(), "err", err)
			var refused *ServerError
			if errors.As(err, &refused) && !errors.Is(err, ErrSessionExpired) {
				return ErrUnknownOutcome
			}
		} else if absent++; absent == 2 {
			if certain {
				return ErrNotSent
			}
			return ErrUnknownOutcome
		}
		timer := time.NewTimer(outcomePause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ErrUnknownOutcome
		}
	}
}

// returns tells whether a session in this stage may come online without a person.
func returns(stage Stage) bool { return stage != Stopped && stage != Kicked && stage != NeedsLogin }

// lookUpSent fetches the newest messages of the chat, back to what is older than the
// sending; c.sends sees them. certain: none of them can be the message.
func (c *Client) lookUpSent(ctx context.Context, out *outgoing) (certain bool, err error) {
	last, err := c.latest(ctx, out.chat, out.peer)
	if err != nil {
		return false, err
	}
	// 0 may be an answer without it. One below what was known is an old answer, or the
	// server counts anew.
	after := out.after
	if certain = last != 0 && last >= after; !certain {
		after = 0
	}
	for range outcomePages {
		if last <= after {
			return certain, nil
		}
		first := last - min(last-after, historyPage) + 1
		found, err := c.page(ctx, out.chat, out.peer, first, last)
		if err != nil {
			return false, err
		}
		for _, m := range found {
			if m.Time < out.since {
				after = max(after, m.Sequence)
			}
		}
		there := uint64(0)
		for _, m := range found {
			if m.Sequence > after {
				there++
			}
		}
		// What is missing was taken back, or cannot be read: it may be the message.
		certain = certain && there == last-max(after, first-1)
		last = first - 1
	}
	return certain && last <= after, nil
}

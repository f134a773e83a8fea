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
)

// inFlightError is the end of a call whose request had been handed to the
// connection: whether the server carried it out is unknown.
type inFlightError struct{ err error }

func (e *inFlightError) Error() string { return e.err.Error() }
func (e *inFlightError) Unwrap() error { return e.err }

// outgoing is what a lost message is recognised by.
type outgoing struct {
	chat   chatID
	peer   UID
	random uint32
	// after is the newest sequence of the chat known when it was sent; 0 when
	// nothing was known.
	after uint64
}

// outcome finds out what became of a message whose answer was lost to cause: it
// looks the message up by its random number, as soon as the account is online
// again and for at most Options.OutcomeWait, or until that needs a person. It never
// sends it again. The message
// is returned when it was sent; else the error is ErrNotSent or ErrUnknownOutcome.
func (c *Client) outcome(ctx context.Context, out *outgoing, cause error) (*message.Message, error) {
	unknown := func() error { return fmt.Errorf("%w: %w", ErrUnknownOutcome, cause) }
	if c.opts.OutcomeWait <= 0 || ctx.Err() != nil {
		return nil, unknown()
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.OutcomeWait)
	defer cancel()
	for absent := 0; ; {
		s, err := c.Wait(ctx, func(s State) bool { return s.Online() || !returns(s.Stage) })
		if err != nil || !s.Online() {
			return nil, unknown()
		}
		m, certain, err := c.lookUpSent(ctx, out)
		switch {
		case m != nil:
			c.log.Info("answer to a sent message was lost; the message was found", "chat", out.chat.String(), "sequence", m.Sequence, "cause", cause)
			return m, nil
		case err != nil:
			c.log.Debug("lost message not looked up", "chat", out.chat.String(), "err", err)
			var refused *ServerError
			if errors.As(err, &refused) && !errors.Is(err, ErrSessionExpired) {
				return nil, unknown()
			}
		case !certain:
			return nil, unknown()
		default:
			if absent++; absent == 2 {
				return nil, fmt.Errorf("%w: %w", ErrNotSent, cause)
			}
		}
		timer := time.NewTimer(outcomePause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, unknown()
		}
	}
}

// returns tells whether a session in this stage may come online without a person.
func returns(stage Stage) bool { return stage != Stopped && stage != Kicked && stage != NeedsLogin }

// lookUpSent searches the newest messages of the chat, back to what was known
// before. certain: all that could be the message has been seen.
func (c *Client) lookUpSent(ctx context.Context, out *outgoing) (m *message.Message, certain bool, err error) {
	last, err := c.latest(ctx, out.chat, out.peer)
	if err != nil {
		return nil, false, err
	}
	after := out.after
	if last < after { // the server counts anew
		after = 0
	}
	for range outcomePages {
		if last <= after {
			return nil, true, nil
		}
		first := after + 1
		if last-after > historyPage {
			first = last - historyPage + 1
		}
		found, err := c.page(ctx, out.chat, out.peer, first, last)
		if err != nil {
			return nil, false, err
		}
		for _, m := range found {
			if m.Self && m.Random == out.random {
				return m, true, nil
			}
		}
		if first == 1 || len(found) == 0 {
			// An empty page is the end of what the server remembers.
			return nil, true, nil
		}
		last = first - 1
	}
	return nil, last <= after, nil
}

package ntqq

import (
	"context"
	"errors"

	"libration/internal/rpc"
)

// What a refusal means, where the code says it: a [ServerError] wraps one of these
// (docs/protocol/messages.md 4.3, 12.1).
var (
	// ErrRestricted: the account must pass a safety verification before it may send.
	ErrRestricted = errors.New("the account is restricted from sending; it must pass a safety verification")
	// ErrBlocked: the receiver, or what the message has in it, keeps it from being sent.
	ErrBlocked = errors.New("blocked: the receiver or the content refuses it")
	// ErrSwallowed: the server says that it sent the message, and gives it no number.
	ErrSwallowed = errors.New("accepted without a sequence: the message was most likely blocked")
	// ErrMuted: the account, or the whole group, is muted.
	ErrMuted = errors.New("the account, or the whole group, is muted")
	// ErrAtAll: the account may not mention everybody in the group, or not today any more.
	ErrAtAll = errors.New("@everyone is not allowed, or its daily limit is reached")
	// ErrGroupLimit: the group allows only so many messages a minute.
	ErrGroupLimit = errors.New("too many messages per minute for this group")
	// ErrNotRecallable: the message is too old to be recalled, or not the account's to
	// recall.
	ErrNotRecallable = errors.New("the message cannot be recalled any more, or not by this account")
)

// sendCauses are what the results of a send mean.
var sendCauses = map[int64]error{
	10:  ErrTooLarge,
	46:  ErrRestricted,
	55:  ErrBlocked,
	120: ErrMuted,
	121: ErrAtAll,
	299: ErrGroupLimit,
}

// ErrMediaRefused: the service does not take the medium. It refuses voices of more than
// about a minute so.
var ErrMediaRefused = errors.New("the service does not take the medium; it refuses long voices so")

// mediaCauses are what the results of a reservation mean (docs/protocol/codecs.md 5).
var mediaCauses = map[int64]error{170019003: ErrMediaRefused}

// sendBlocked is our code of ErrSwallowed.
const sendBlocked = 9000

// serverError makes an operation's refusal a *ServerError with a cause; other errors
// stay as they are.
func serverError(err, cause error) error {
	if refused, ok := errors.AsType[*rpc.Refused](err); ok {
		return &ServerError{Command: refused.Command, Code: refused.Code, Message: refused.Message, Cause: cause}
	}
	return err
}

// inGroup returns the error of a request about a group: ErrNoGroup where the server
// refused it for no known cause and the account is not in the group.
func (c *Client) inGroup(ctx context.Context, code GroupCode, err error) error {
	if refused, ok := errors.AsType[*ServerError](err); !ok || refused.Cause != nil {
		return err
	}
	if _, missing := c.Groups().Info(ctx, code, false); errors.Is(missing, ErrNoGroup) {
		return missing
	}
	return err
}

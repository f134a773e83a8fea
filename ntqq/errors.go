package ntqq

import (
	"errors"

	"libration/ntqq/message"
	"libration/ntqq/session"
)

// Errors of sending and of look-ups. They are wrapped with what was being done.
var (
	// ErrNotSent: the message never left, because its context or its time ended first or
	// what it takes to send it was not to be had; or its answer was lost, and it is not
	// in the chat's history. What happened is wrapped.
	ErrNotSent = errors.New("message was not sent")
	// ErrUnknownOutcome: the answer to a message was lost, and whether it was sent
	// could not be found out in time. What happened to the answer is wrapped.
	ErrUnknownOutcome = errors.New("unknown whether the message was sent")
	// ErrRateLimited: the message was not sent, because too many are
	// (Options.SendLimit); usually a *RateLimitError.
	ErrRateLimited = errors.New("sending too fast, not sent")
	// ErrNotFound: no such user, friend, group, member, message, sticker or forward. The
	// next ten are each an ErrNotFound, and say which.
	ErrNotFound       = errors.New("not found")
	ErrNoUser   error = notFound("no such user")
	ErrNoFriend error = notFound("no such friend")
	// ErrNoGroup: no such group, or the account is not in it.
	ErrNoGroup  error = notFound("no such group, or the account is not in it")
	ErrNoMember error = notFound("no such member of the group")
	// ErrNoMessage: the chat has no such message, or it was taken back.
	ErrNoMessage error = notFound("no such message in the chat, or it was taken back")
	// ErrNoMarketFace: no sticker of the shop has this id.
	ErrNoMarketFace error = notFound("no such market face")
	// ErrNoCustomFace: the account keeps no such face.
	ErrNoCustomFace error = notFound("no such custom face")
	// ErrNoForward: the service has no forward with this id, or not any more.
	ErrNoForward error = notFound("no such forward, or it has expired")
	// ErrNoMedium: a segment has no medium, or nothing by which the service knows it.
	ErrNoMedium error = notFound("no medium, or nothing that the service knows it by")
	// ErrNoAlbum: the group has no such album.
	ErrNoAlbum error = notFound("no such album of the group")
	// ErrNoRequest: no such request about a group among the newest ones.
	ErrNoRequest error = notFound("no such request")
	// ErrTempContent: media, forwards and files cannot be sent to a temporary chat.
	ErrTempContent = errors.New("media, forwards and files cannot be sent to a temporary chat")
	// ErrTempChat: the history of temporary chats cannot be fetched, nor marked as read.
	ErrTempChat = errors.New("temporary chats have no history to fetch or to mark as read")
	// ErrGroupTime: the history of groups is fetched by sequence, not by time.
	ErrGroupTime = errors.New("the history of a group cannot be fetched by time")
	// ErrEmptyMessage: the message has no content that can be sent, or empty texts only.
	ErrEmptyMessage = message.ErrEmpty
	// ErrBadForward: the content of a forward cannot be read.
	ErrBadForward = message.ErrBadForward
	// ErrTooLarge: the message is more than the service takes, and was not sent; or a
	// forward is too large to be read. It may be a [*message.TextLimitError] or a
	// [*message.ForwardLimitError].
	ErrTooLarge = message.ErrTooLarge
)

// notFound is an ErrNotFound that says what was not found.
type notFound string

func (e notFound) Error() string { return string(e) }

// Is implements errors.Is.
func (e notFound) Is(target error) bool { return target == ErrNotFound }

// CauseOf is [session.CauseOf], with "rate_limited" in addition.
func CauseOf(err error) string {
	if errors.Is(err, ErrRateLimited) {
		return "rate_limited"
	}
	return session.CauseOf(err)
}

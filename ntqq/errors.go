package ntqq

import (
	"errors"
	"fmt"

	"libration/ntqq/message"
	"libration/ntqq/session/signer"
)

// Errors that calls and Run return, wrapped with what was being done.
var (
	// ErrOffline: the account is not online; the request was not sent.
	ErrOffline = errors.New("account is not online")
	// ErrConnectionLost: the connection broke while a request was under way; whether
	// the server carried it out is unknown.
	ErrConnectionLost = errors.New("connection lost")
	// ErrTimeout: no answer in time; whether the server carried the request out is
	// unknown.
	ErrTimeout = errors.New("no answer in time")
	// ErrNotSent: the message never left, because its context or its time ended first or
	// what it takes to send it was not to be had; or its answer was lost, and it is not
	// in the chat's history. What happened is wrapped.
	ErrNotSent = errors.New("message was not sent")
	// ErrUnknownOutcome: the answer to a message was lost, and whether it was sent
	// could not be found out in time. What happened to the answer is wrapped.
	ErrUnknownOutcome = errors.New("unknown whether the message was sent")
	// ErrSessionExpired: the server no longer accepts the session's tickets.
	ErrSessionExpired = errors.New("session expired")
	// ErrKicked: another login, or the service, ended the session. It is not resumed
	// by itself: two instances would kick each other for ever.
	ErrKicked = errors.New("account was kicked offline")
	// ErrNeedsLogin: no automatic way to log in is left; a person must act.
	ErrNeedsLogin = errors.New("login needed")
	// ErrSign: no signer gave a signature, so the command was not sent.
	ErrSign = signer.ErrNoSignature
	// ErrRateLimited: the message was not sent, because too many are
	// (Options.SendLimit); usually a *RateLimitError.
	ErrRateLimited = errors.New("sending too fast, not sent")
	// ErrNotFound: no such user, friend, group or member. The next four are each an
	// ErrNotFound, and say which.
	ErrNotFound       = errors.New("not found")
	ErrNoUser   error = notFound("no such user")
	ErrNoFriend error = notFound("no such friend")
	// ErrNoGroup: no such group, or the account is not in it.
	ErrNoGroup  error = notFound("no such group, or the account is not in it")
	ErrNoMember error = notFound("no such member of the group")
	// ErrEmptyMessage: the message has no content that can be sent.
	ErrEmptyMessage = message.ErrEmpty
	// ErrTooLarge: the message is far beyond what the service takes; it was not sent.
	ErrTooLarge = errors.New("message is too large")
)

// notFound is an ErrNotFound that says what was not found.
type notFound string

func (e notFound) Error() string { return string(e) }

// Is implements errors.Is.
func (e notFound) Is(target error) bool { return target == ErrNotFound }

// ServerError is a refusal by the server: the request arrived and was not
// carried out.
type ServerError struct {
	Command string
	Code    int64
	Message string // the server's own text, may be ""
	Hint    string // what is known of the code, "" for unknown codes
}

func (e *ServerError) Error() string {
	s := fmt.Sprintf("%s: server code %d", e.Command, e.Code)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

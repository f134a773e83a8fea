package link

import (
	"errors"
	"fmt"

	"libration/internal/pb"
	"libration/internal/pb/pushpb"
)

// Errors of calls. They are wrapped with what was being done.
var (
	// ErrOffline: the account is not online. The request was not sent.
	ErrOffline = errors.New("account is not online")
	// ErrConnectionLost: the connection broke while a request was under way. Whether the
	// server carried it out is unknown.
	ErrConnectionLost = errors.New("connection lost")
	// ErrTimeout: no answer came in time. Whether the server carried the request out is
	// unknown.
	ErrTimeout = errors.New("no answer in time")
	// ErrSessionExpired: the server no longer accepts the session's tickets.
	ErrSessionExpired = errors.New("session expired")
	// ErrKicked: another login, or the service, ended the session; usually a *KickError.
	ErrKicked = errors.New("account was kicked offline")
)

// ServerError is a refusal by the server: the request arrived and was not
// carried out.
type ServerError struct {
	Command string
	Code    int64
	Message string // the server's own text, may be ""
	Cause   error  // what the code means, wrapped; nil where that is not known
}

func (e *ServerError) Error() string {
	s := fmt.Sprintf("%s: server code %d", e.Command, e.Code)
	if e.Cause != nil {
		s += " (" + e.Cause.Error() + ")"
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// Unwrap returns the cause.
func (e *ServerError) Unwrap() error { return e.Cause }

// isRefusal reports whether err is an answer of the server.
func isRefusal(err error) bool {
	_, ok := errors.AsType[*ServerError](err)
	return ok
}

// InFlightError is the end of a call whose request was being written, or had been.
// Whether the server carried it out is unknown. Err says how the call ended.
type InFlightError struct{ Err error }

func (e *InFlightError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *InFlightError) Unwrap() error { return e.Err }

// KickError says how the server ended the session. It is an [ErrKicked].
type KickError struct {
	Title string
	Tips  string
	Code  int32
}

func (e *KickError) Error() string {
	s := fmt.Sprintf("%v (code %d)", ErrKicked, e.Code)
	for _, t := range []string{e.Title, e.Tips} {
		if t != "" {
			s += ": " + t
		}
	}
	return s
}

// Is reports whether target is [ErrKicked].
func (e *KickError) Is(target error) bool { return target == ErrKicked }

func kickError(payload []byte) error {
	n := &pushpb.KickNotice{}
	_ = pb.Unmarshal(payload, n) // what cannot be read stays empty: it is a kick all the same
	return &KickError{Title: string(n.GetTitle()), Tips: string(n.GetTips()), Code: n.GetCode()}
}

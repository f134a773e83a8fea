package session

import (
	"context"
	"errors"

	"libration/internal/network"
	"libration/ntqq/session/link"
)

// CauseOf names why a session ended or a request failed, in one word for counters. The
// words are "connection_lost", "timeout", "no_server", "proxy", "key_exchange", "session_expired",
// "register_refused", "login_refused", "kicked", "needs_login", "signer", "offline",
// "refused", "cancelled", "other", and "ok" for nil.
func CauseOf(err error) string {
	var login *LoginError
	var refused *ServerError
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrKicked):
		return "kicked"
	case errors.As(err, &login):
		return "login_refused"
	case errors.Is(err, ErrNeedsLogin):
		return "needs_login"
	case errors.Is(err, errVerification):
		return "key_exchange"
	case errors.Is(err, ErrSign):
		return "signer"
	case errors.Is(err, ErrSessionExpired), errors.Is(err, link.ErrDoubted):
		return "session_expired"
	case errors.Is(err, errRegisterRefused):
		return "register_refused"
	case errors.Is(err, network.ErrProxy):
		return "proxy"
	case errors.Is(err, errNoServer):
		return "no_server"
	case errors.Is(err, ErrTimeout):
		return "timeout"
	case errors.Is(err, ErrConnectionLost):
		return "connection_lost"
	case errors.Is(err, ErrOffline):
		return "offline"
	case errors.As(err, &refused):
		return "refused"
	case errors.Is(err, errTooOften):
		return "login_refused"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "cancelled"
	}
	return "other"
}

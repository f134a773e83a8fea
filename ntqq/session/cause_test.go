package session

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"libration/ntqq/session/link"
)

func TestCauseOf(t *testing.T) {
	t.Parallel()
	wrap := func(err error) error { return fmt.Errorf("step: %w", err) }
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, "ok"},
		{wrap(ErrConnectionLost), "connection_lost"},
		{wrap(ErrTimeout), "timeout"},
		{errors.Join(errNoServer, ErrTimeout), "no_server"},
		{wrap(errVerification), "key_exchange"},
		{fmt.Errorf("%w: %w", link.ErrDoubted, ErrTimeout), "session_expired"},
		{fmt.Errorf("%w: %w", ErrSessionExpired, &ServerError{Code: -10001}), "session_expired"},
		{wrap(errRegisterRefused), "register_refused"},
		{wrap(&LoginError{Step: StepEasyLogin}), "login_refused"},
		{errTooOften, "login_refused"},
		{fmt.Errorf("%w: %w", errTooOften, ErrSessionExpired), "session_expired"},
		{fmt.Errorf("%w: %w", ErrNeedsLogin, errQRGivenUp), "needs_login"},
		{wrap(&KickError{}), "kicked"},
		{fmt.Errorf("%w: %w", ErrSign, context.Canceled), "signer"},
		{wrap(ErrOffline), "offline"},
		{wrap(&ServerError{}), "refused"},
		{wrap(context.Canceled), "cancelled"},
		{errors.New("something"), "other"},
	} {
		if got := CauseOf(tt.err); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.err, got, tt.want)
		}
	}
}

package ntqq

import (
	"context"
	"slices"
	"time"

	"libration/ntqq/event"
)

// Self returns the account. Its UIN is 0 before the first login, unless Options.UIN is set.
func (c *Client) Self() Self { return c.session.Self() }

// App is the client version that the session claims.
func (c *Client) App() AppInfo { return c.session.App() }

// State returns the session's state now.
func (c *Client) State() State { return c.session.State() }

// Wait returns the first state for which ok is true; the present state counts. A state
// that passes quickly may be missed. The error is ctx's.
func (c *Client) Wait(ctx context.Context, ok func(State) bool) (State, error) {
	return c.session.Wait(ctx, ok)
}

// Relogin starts the session again when it waits for a person ([Kicked] or [NeedsLogin]).
// It ends the pause when the session waits for its next try. While the account is online
// it does nothing.
func (c *Client) Relogin() { c.session.Relogin() }

// Answer gives the session the solution of the captcha that it asks for ([PromptCaptcha]).
// The next states show whether it was right. Errors: [ErrNoCaptcha], or one that names a
// missing part.
func (c *Client) Answer(a CaptchaAnswer) error { return c.session.Answer(a) }

// SignFailure returns nil while signatures can be had, as far as is known: the last try
// decides. Without signatures an online session stays online and receives; sending fails
// with [ErrSign].
func (c *Client) SignFailure() *SignFailure { return c.session.SignFailure() }

// Devices returns the clients that are online on the account, its own included, as the
// service said last; nil before it has said so.
func (c *Client) Devices() []event.Device {
	if all := c.devices.Load(); all != nil {
		return slices.Clone(*all)
	}
	return nil
}

// ClockOffset is how far the server's clock is ahead of the local one. 0: before the first
// answer, and while the two differ by a few seconds.
func (c *Client) ClockOffset() time.Duration { return c.session.ClockOffset() }

// Call sends one command over the online session and returns the payload of the answer.
// The request was refused, or never left, unless the error is an [*InFlightError].
// Errors: [ErrOffline], [ErrTimeout], [ErrConnectionLost], [ErrSessionExpired],
// [ErrKicked], [ErrSign], [*ServerError], or ctx's.
func (c *Client) Call(ctx context.Context, command string, payload []byte) ([]byte, error) {
	return c.session.Call(ctx, command, payload)
}

// now is the server's time as far as it is known, for requests and for what is kept.
func (c *Client) now() time.Time { return c.clock.Now() }

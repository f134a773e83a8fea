// Package clienttest makes online clients for tests: real ones, whose calls the test
// answers over a connection in memory. It works in testing/synctest bubbles.
//
// It imports ntqq and what that speaks, never the sandbox.
package clienttest

import (
	"context"
	"log/slog"
	"testing"

	"libration/internal/rpc"
	"libration/internal/sessiontest"
	"libration/ntqq"
)

// The account of the clients.
const (
	UIN      = ntqq.UIN(10001)
	UID      = ntqq.UID("u_self")
	Nickname = "bot"
)

// Answer answers one call. An error is a refusal in the packet's head, with the code
// and the text of an [rpc.Refusal], else with the code -1. Answers are asked for at the
// same time.
type Answer func(command string, payload []byte) ([]byte, error)

// Refused is the answer to a call that is refused in the packet's head.
func Refused(code int64, text string) error { return &rpc.Refused{Code: code, Message: text} }

// Online returns a client that is online and ends with the test. What answer does
// not know ([rpc.ErrUnknownCommand]) of the session itself is answered for it.
func Online(t testing.TB, answer Answer, change ...func(*ntqq.Options)) *ntqq.Client {
	t.Helper()
	c := New(t, answer, change...)
	if _, err := c.Wait(t.Context(), ntqq.State.Online); err != nil {
		t.Fatal(err)
	}
	return c
}

// New is Online for a client that may not be online yet, or never.
func New(t testing.TB, answer Answer, change ...func(*ntqq.Options)) *ntqq.Client {
	t.Helper()
	service := sessiontest.New(t)
	service.Answer = answer
	ks := sessiontest.Keystore()
	ks.Nickname = Nickname
	o := ntqq.Options{
		Initial: ks,
		Servers: ntqq.Servers{
			Addresses: []string{sessiontest.Address}, ExchangeKey: service.ExchangeKey, VerifyKey: service.VerifyKey,
		},
		Dial: service.Dial,
		Log:  slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&o)
	}
	c, err := ntqq.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the client ended with: %v", err)
		}
		service.Wait()
	})
	return c
}

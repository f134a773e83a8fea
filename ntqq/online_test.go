package ntqq

import (
	"context"
	"testing"

	"libration/internal/sessiontest"
)

// start runs a client with a service until the test ends.
func start(t *testing.T, service *sessiontest.Server, o Options) *Client {
	t.Helper()
	if o.Log == nil {
		o.Log = quiet
	}
	if o.Dial == nil {
		o.Dial = service.Dial
	}
	o.Servers = Servers{
		Addresses: []string{sessiontest.Address}, ExchangeKey: service.ExchangeKey, VerifyKey: service.VerifyKey,
		NewDeviceURL: sessiontest.NewDeviceURL, Web: o.Servers.Web,
	}
	if o.Initial == nil {
		o.Initial = sessiontest.Keystore()
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return c
}

// online runs a client until the test ends and waits until it is online. The service
// answers each command that payloads has; other requests are refused.
func online(t *testing.T, o Options, payloads map[string][]byte) *Client {
	t.Helper()
	service := sessiontest.New(t)
	service.Answer = sessiontest.Answers(payloads)
	c := start(t, service, o)
	if _, err := c.Wait(t.Context(), State.Online); err != nil {
		t.Fatal(err)
	}
	return c
}

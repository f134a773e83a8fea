package account

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"libration/internal/app/simulator"
	"libration/internal/config"
	"libration/ntqq"
	"libration/ntqq/message"
	"libration/sandbox"
)

// TestPanicEndsOneAccount: a part that panics ends its account with an error. Another
// one in the process does not notice.
func TestPanicEndsOneAccount(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	box, err := sandbox.New(sandbox.Options{Passwords: map[message.UIN]string{10001: "one", 20001: "two"}})
	if err != nil {
		t.Fatal(err)
	}
	sim, err := simulator.Listen(t.Context(), box, simulator.Options{SSO: "127.0.0.1:0", Control: "127.0.0.1:0", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- sim.Run(ctx) }()
	c := config.Default()
	c.Data, c.Server.Mode, c.Server.Sandbox.Control = t.TempDir(), config.ModeSandbox, sim.ControlURL()
	c.Accounts = []config.Account{
		{UIN: 10001, Password: "one", Protocol: config.ProtocolLinux}, {UIN: 20001, Password: "two", Protocol: config.ProtocolLinux},
	}
	var accounts []*Account
	var ended []chan error
	for _, one := range c.Each() {
		a, err := New(one, Options{Log: log})
		if err != nil {
			t.Fatal(err)
		}
		end := make(chan error, 1)
		go func() { end <- a.Run(ctx, func() {}) }()
		accounts, ended = append(accounts, a), append(ended, end)
	}
	for _, a := range accounts {
		for s, changed := a.watch(); !s.Account.Online(); s, changed = a.watch() {
			select {
			case <-changed:
			case <-time.After(20 * time.Second):
				t.Fatalf("not online: %+v", s)
			}
		}
	}
	accounts[0].parts.states.put(ntqq.State{Stage: ntqq.Kicked}) // without the prompt that it must have
	select {
	case err := <-ended[0]:
		if !errors.Is(err, errPanic) {
			t.Errorf("got %v, want the panic", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it did not end")
	}
	if s := accounts[1].Status(); !s.Account.Online() || s.Account.OnlineCount != 1 {
		t.Errorf("the other one: %+v", s)
	}
	cancel()
	if err := errors.Join(<-ended[1], <-served); err != nil {
		t.Error(err)
	}
}

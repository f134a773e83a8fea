//go:build endurance

package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/supervise"
	"libration/ntqq"
	"libration/sandbox"
	"libration/sandbox/fault"
)

// recoverySamples is how often each recovery is measured, at other moments between
// two heartbeats and with other draws of the pauses.
const recoverySamples = 50

// TestRecoveryTimes measures, in virtual time and with the normal waits, how long it
// takes until the account is online again or the service runs again.
func TestRecoveryTimes(t *testing.T) {
	for _, tt := range []struct {
		name    string
		most    time.Duration
		measure func(t *testing.T, at time.Duration) time.Duration
	}{
		{"connection reset -> online", 2 * time.Second, func(t *testing.T, at time.Duration) time.Duration {
			return reconnects(t, at, func(s *service) { s.DropConnections() })
		}},
		{"server dead silently -> online", 28 * time.Second, func(t *testing.T, at time.Duration) time.Duration {
			return reconnects(t, at, func(s *service) {
				if _, err := s.Faults().Add(fault.Fault{Name: fault.Dead, Count: 1}); err != nil {
					t.Fatal(err)
				}
			})
		}},
		{"session forgotten by the server, found by two probes -> online", 36 * time.Second, deadD2},
		{"signer down 10 s while online -> sends again (after the 10 s)", 0, signerDownOnline},
		{"signer down 10 s during a login -> online (after the 10 s)", 15 * time.Second, signerDownLogin},
		{"service port taken 10 s -> running (after the 10 s)", 20 * time.Second, portTaken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var least, most, sum time.Duration
			for i := range recoverySamples {
				var took time.Duration
				bubble(t, func(t *testing.T) {
					took = tt.measure(t, time.Duration(i)*time.Minute/recoverySamples)
				})
				if took > tt.most {
					t.Errorf("sample %d: %v, want at most %v", i, took, tt.most)
				}
				if i == 0 || took < least {
					least = took
				}
				most = max(most, took)
				sum += took
			}
			round := func(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
			t.Logf("| %s | %s | %s | %s |", tt.name, round(least), round(sum/recoverySamples), round(most))
		})
	}
}

// reconnects has something happen to an account that has been online for a while and
// returns the time until it is online again.
func reconnects(t *testing.T, at time.Duration, strike func(*service)) time.Duration {
	s := startService(t, sandbox.Options{AutoApprove: bot})
	a := s.account(t, nil)
	a.until(ntqq.Online)
	time.Sleep(time.Hour + at) // virtual
	began := time.Now()
	strike(s)
	a.onlineAgain(2)
	took := time.Since(began)
	if _, err := a.Messages().SendGroup(t.Context(), group, say("back")); err != nil {
		t.Errorf("after the recovery: %v", err)
	}
	return took
}

// signedAccount is one on a service that wants signatures, and its signer.
func signedAccount(t *testing.T, down bool) (*account, *handlerTransport) {
	t.Helper()
	s := startService(t, sandbox.Options{AutoApprove: bot, RequireSign: true})
	signer := &handlerTransport{handler: s.Handler()}
	signer.down.Store(down)
	a := s.account(t, nil, func(o *ntqq.Options) {
		o.Signer = &ntqq.HTTPSigner{
			URLs: []string{"http://127.0.0.1/sign"}, Client: &http.Client{Transport: signer}, Log: slog.New(slog.DiscardHandler),
		}
	})
	return a, signer
}

func signerDownOnline(t *testing.T, at time.Duration) time.Duration {
	a, signer := signedAccount(t, false)
	a.until(ntqq.Online)
	time.Sleep(at) // virtual
	signer.down.Store(true)
	for range 10 {
		if _, err := a.Messages().SendGroup(t.Context(), group, say("hello")); !errors.Is(err, ntqq.ErrSign) {
			t.Errorf("sending without a signer: %v, want ErrSign", err)
		}
		time.Sleep(time.Second) // virtual
	}
	signer.down.Store(false)
	began := time.Now()
	if _, err := a.Messages().SendGroup(t.Context(), group, say("hello")); err != nil {
		t.Errorf("sending with the signer back: %v", err)
	}
	if st := a.State(); !st.Online() || st.OnlineCount != 1 {
		t.Errorf("the account is %s, online %d times: a signer that is down ends no session", st.Stage, st.OnlineCount)
	}
	return time.Since(began)
}

func signerDownLogin(t *testing.T, at time.Duration) time.Duration {
	time.Sleep(at) // virtual
	a, signer := signedAccount(t, true)
	time.Sleep(10 * time.Second) // virtual
	if st := a.State(); st.Online() || !errors.Is(st.Err, ntqq.ErrSign) && st.Stage == ntqq.Reconnecting {
		t.Errorf("without a signer: %s because of %v, want reconnecting because of the signer", st.Stage, st.Err)
	}
	signer.down.Store(false)
	began := time.Now()
	a.until(ntqq.Online)
	return time.Since(began)
}

// portTaken supervises a service whose port is taken for ten seconds, with the
// pauses that the program uses.
func portTaken(t *testing.T, at time.Duration) time.Duration {
	var taken atomic.Bool
	taken.Store(true)
	s := supervise.New(supervise.Options{})
	running := make(chan time.Time, 1)
	err := s.Add("http", nil, func(ctx context.Context, ready func()) error {
		if taken.Load() {
			return errors.New("listen: address already in use")
		}
		ready()
		running <- time.Now()
		<-ctx.Done()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(at) // virtual
	stop := run(t, s.Run)
	defer stop()
	time.Sleep(10 * time.Second) // virtual
	synctest.Wait()
	taken.Store(false)
	began := time.Now()
	return (<-running).Sub(began)
}

package e2e

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"libration/ntqq"
	"libration/sandbox"
	"libration/sandbox/fault"
)

// TestOtherServer: one of two servers falls silent; the account goes to the other
// one, and back only when the first has had its rest.
func TestOtherServer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a := s.account(t, nil, func(o *ntqq.Options) {
			dial := o.Dial
			o.Servers.Addresses = []string{"far:1", "near:1"}
			o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if address == "far:1" {
					time.Sleep(100 * time.Millisecond) // virtual
				}
				return dial(ctx, network, address)
			}
		})
		if st := a.until(ntqq.Online); st.Server != "near:1" {
			t.Errorf("at first on %s, want the nearest", st.Server)
		}
		time.Sleep(time.Hour) // virtual
		if _, err := s.Faults().Add(fault.Fault{Name: fault.Dead, Count: 1}); err != nil {
			t.Fatal(err)
		}
		if st := a.onlineAgain(2); st.Server != "far:1" {
			t.Errorf("after the silence on %s, want the other one", st.Server)
		}
		s.DropConnections() // at once: that is the far one's fault, as far as is known
		if st := a.onlineAgain(3); st.Server != "near:1" {
			t.Errorf("both failed: on %s, want the one whose rest is over first", st.Server)
		}
		time.Sleep(time.Hour) // virtual
		s.DropConnections()
		if st := a.onlineAgain(4); st.Server != "near:1" {
			t.Errorf("a reset after an hour: on %s, want the nearest", st.Server)
		}
	})
}

// TestNameServersGone: when names cannot be looked up any more, the addresses of the
// last time serve.
func TestNameServersGone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		gone := make(chan struct{})
		a := s.account(t, nil, func(o *ntqq.Options) {
			o.Servers.Addresses, o.Servers.Hosts = nil, []string{"sso.example"}
			o.Lookup = func(context.Context, string) ([]string, error) {
				select {
				case <-gone:
					return nil, errors.New("no such host")
				default:
					return []string{"192.0.2.1"}, nil
				}
			}
		})
		if st := a.until(ntqq.Online); st.Server != "192.0.2.1:8080" {
			t.Errorf("on %s", st.Server)
		}
		close(gone)
		s.DropConnections()
		a.onlineAgain(2)
	})
}

// TestClockOff: the clock of one side is wrong; the account comes online, and knows.
func TestClockOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		if _, err := s.Faults().Add(fault.Fault{Name: fault.TimeSkew, Offset: 2 * time.Hour, For: 10 * time.Minute}); err != nil {
			t.Fatal(err)
		}
		a := s.account(t, nil)
		a.until(ntqq.Online)
		if got := a.ClockOffset(); (got - 2*time.Hour).Abs() > time.Second {
			t.Errorf("the server is ahead by %v, want two hours", got)
		}
		time.Sleep(15 * time.Minute) // virtual: until a session heartbeat
		if got := a.ClockOffset(); got.Abs() > time.Second {
			t.Errorf("the server is ahead by %v, want nothing", got)
		}
		if st := a.State(); !st.Online() || st.OnlineCount != 1 {
			t.Errorf("the account is %s, online %d times", st.Stage, st.OnlineCount)
		}
	})
}

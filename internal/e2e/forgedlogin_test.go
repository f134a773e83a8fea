package e2e

import (
	"bytes"
	"context"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/crypto"
	"libration/internal/pb/loginpb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/fault"
)

// refuses answers the first n requests of a command in the form that they wait for,
// before the service can. A refused request is not lost: what the service answers comes
// too late.
func (p *onPath) refuses(command string, n int, answer func(rq *wire.Request) wire.Response) (left *atomic.Int64) {
	left = &atomic.Int64{}
	left.Store(int64(n))
	p.requests(func(l *link, rq *wire.Request) bool {
		if rq.Command == command && left.Add(-1) >= 0 {
			resp := answer(rq)
			resp.Flag, resp.Sequence, resp.Command = wire.FlagEmpty, int32(rq.Sequence), rq.Command
			l.write(p.forged(resp))
		}
		return true
	})
	return left
}

// ntRefusal is a refusal of a login under a key that the attacker made up.
func ntRefusal(t *testing.T, code uint64) []byte {
	payload, err := wire.SealNTLogin(&wire.NTLogin{
		Head: &loginpb.NtLoginHead{Error: &loginpb.NtLoginError{Code: proto.Uint64(code)}},
	}, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// underRandomKey is the answer to a QR or wtlogin request under the random key that
// stands in it, for everybody to read.
func underRandomKey(t *testing.T, request []byte, command uint16, body []byte) []byte {
	answer, err := wire.AppendOicqResponse(nil, &wire.OicqResponse{Command: command, State: 180, Body: body}, crypto.Key(request[30:46]))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// TestForgedLoginRefusals: nobody can prove the refusal of a login, so it costs a try.
func TestForgedLoginRefusals(t *testing.T) {
	code := func(n int32) func(*testing.T, *wire.Request) wire.Response {
		return func(*testing.T, *wire.Request) wire.Response {
			return wire.Response{Code: n, Extra: "verification failed"}
		}
	}
	body := func(make func(*testing.T, *wire.Request) []byte) func(*testing.T, *wire.Request) wire.Response {
		return func(t *testing.T, rq *wire.Request) wire.Response { return wire.Response{Body: make(t, rq)} }
	}
	garbage := body(func(*testing.T, *wire.Request) []byte { return []byte("no answer to this") })
	ticket := func(n uint64) func(*testing.T, *wire.Request) wire.Response {
		return body(func(t *testing.T, _ *wire.Request) []byte { return ntRefusal(t, n) })
	}
	withPassword := func(o *ntqq.Options) { o.UIN, o.PasswordMD5 = bot, ntqq.PasswordMD5("secret") }
	for _, tt := range []struct {
		name    string
		command string
		n       int
		answer  func(*testing.T, *wire.Request) wire.Response
		saved   bool
		options func(*ntqq.Options)
		asked   []string
	}{
		{"exchange: verification failed", rpc.KeyExchange, 40, code(-10003), true, nil, nil},
		{"exchange: -10001", rpc.KeyExchange, 40, code(-10001), true, nil, nil},
		{"exchange: garbage", rpc.KeyExchange, 40, garbage, true, nil, nil},
		{"easy login: -10001", rpc.NTLoginEasyLogin, 20, code(-10001), true, nil, nil},
		{"easy login: -10003", rpc.NTLoginEasyLogin, 20, code(-10003), true, nil, nil},
		{"easy login: -1", rpc.NTLoginEasyLogin, 20, code(-1), true, nil, nil},
		{"easy login: garbage", rpc.NTLoginEasyLogin, 20, garbage, true, nil, nil},
		{"easy login: ticket expired", rpc.NTLoginEasyLogin, 20, ticket(140022014), true, nil, nil},
		{"easy login: account frozen", rpc.NTLoginEasyLogin, 20, ticket(140022005), true, nil, nil},
		{"password: -10003", rpc.NTLoginPasswordLogin, 2, code(-10003), false, withPassword, nil},
		{"password: wrong password", rpc.NTLoginPasswordLogin, 2, ticket(140022013), false, withPassword, nil},
		{"qr: -10001", rpc.WtloginTransEmp, 5, code(-10001), false, nil, []string{"qr"}},
		{"qr: garbage", rpc.WtloginTransEmp, 5, garbage, false, nil, []string{"qr"}},
		{"qr: cancelled under the random key", rpc.WtloginTransEmp, 5, body(func(t *testing.T, rq *wire.Request) []byte {
			reply, err := (&wire.QRPollReply{State: wire.QRCancelled}).Encode()
			if err != nil {
				t.Fatal(err)
			}
			return underRandomKey(t, rq.Body, wire.OicqTransEmp, reply)
		}), false, nil, []string{"qr"}},
		{"wtlogin: -10003", rpc.WtloginLogin, 5, code(-10003), false, nil, []string{"qr"}},
		{"wtlogin: denied under the random key", rpc.WtloginLogin, 5, body(func(t *testing.T, rq *wire.Request) []byte {
			reply, err := (&wire.WtLoginReply{State: 167}).Encode(crypto.Key{})
			if err != nil {
				t.Fatal(err)
			}
			return underRandomKey(t, rq.Body, wire.OicqLogin, reply)
		}), false, nil, []string{"qr"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var s *service
				var saved *ntqq.Keystore
				o := sandbox.Options{AutoApprove: bot, Passwords: map[message.UIN]string{bot: "secret"}}
				if tt.saved {
					var ks *ntqq.MemoryKeystore
					s, ks = loggedIn(t, o)
					k, _ := ks.Load()
					begin := *k
					onlyA1(&begin)
					saved = &begin
				} else {
					s = startService(t, o)
				}
				var change []func(*ntqq.Options)
				if tt.options != nil {
					change = append(change, tt.options)
				}
				var left *atomic.Int64
				a := attack(t, s, saved, func(p *onPath) {
					left = p.refuses(tt.command, tt.n, func(rq *wire.Request) wire.Response { return tt.answer(t, rq) })
				}, change...)
				a.unharmed(1, tt.asked...)
				if left.Load() > 0 {
					t.Errorf("%d refusals were not needed: the test shows nothing", left.Load())
				}
			})
		})
	}
}

// A refusal of the easy login under the exchanged key is the service's: A1 is over.
func TestProvenRefusalDropsA1(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		k, _ := ks.Load()
		begin := *k
		onlyA1(&begin)
		s.ForgetTickets(bot)
		a := attack(t, s, &begin, nil)
		a.until(ntqq.Online)
		if !a.keys.lostA1() || !a.passed(ntqq.StepQR) {
			t.Errorf("steps %v, want that A1 is given up and a code shown", a.steps())
		}
	})
}

// doubt is a session code as a service without the session, or anybody, writes it.
func (p *onPath) doubt() []byte {
	return p.forged(wire.Response{Code: -10001, Extra: "session expired"})
}

// A forged session code costs one heartbeat of the session, however many come.
func TestFloodOfSessionCodes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		k, _ := ks.Load()
		a := attack(t, s, k, nil)
		a.until(ntqq.Online)
		time.Sleep(time.Minute) // virtual
		var probes atomic.Int64
		a.path.requests(func(_ *link, rq *wire.Request) bool {
			if rq.Command == rpc.Heartbeat.Name {
				probes.Add(1)
			}
			return true
		})
		for range 600 { // a minute
			a.path.newest().write(a.path.doubt())
			time.Sleep(100 * time.Millisecond) // virtual
		}
		settle()
		if n := probes.Load(); n < 2 || n > 7 {
			t.Errorf("%d probes in a minute, want one every ten seconds", n)
		}
		a.path.requests(nil)
		a.unharmed(1)
		if got := a.Unproven().SessionCode; got != 600 {
			t.Errorf("%d session codes counted, want 600", got)
		}
	})
}

// gone makes the service forget the session of an account, but not its A1: what it says
// of the session from then on is not encrypted.
func gone(t *testing.T, a *account, s *service) {
	t.Helper()
	if _, err := s.Faults().Add(fault.Fault{Name: fault.ExpireUnsequenced, Count: 1}); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = a.Groups().List(context.WithoutCancel(t.Context()), true) }()
}

// deadD2 measures how long an account is away after the service forgot its session.
func deadD2(t *testing.T, at time.Duration) time.Duration {
	s, ks := loggedIn(t, sandbox.Options{})
	k, _ := ks.Load()
	a := attack(t, s, k, nil)
	a.until(ntqq.Online)
	time.Sleep(time.Hour + at) // virtual
	began := time.Now()
	gone(t, a.account, s)
	a.onlineAgain(2)
	took := time.Since(began)
	if !a.passed(ntqq.StepEasyLogin) {
		t.Errorf("steps %v, want an easy login", a.steps())
	}
	a.unharmed(2)
	return took
}

func TestForgottenSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		if took := deadD2(t, 0); took < 30*time.Second || took > 36*time.Second {
			t.Errorf("online again after %v, want two probes and the pauses", took)
		}
	})
}

// The same while the account was away: both proofs are registrations.
func TestForgottenSessionAtTheStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		k, _ := ks.Load()
		begin := *k
		begin.D2 = bytes.Repeat([]byte{1}, len(k.D2))
		a := attack(t, s, &begin, nil)
		began := time.Now()
		a.until(ntqq.Online)
		if took := time.Since(began); took < 30*time.Second || took > 36*time.Second {
			t.Errorf("online after %v, want two probes and the pauses", took)
		}
		a.unharmed(1)
	})
}

// An ended session that the service knows is refused under its key: no probe is needed.
func TestRevokedSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		k, _ := ks.Load()
		a := attack(t, s, k, nil)
		a.until(ntqq.Online)
		began := time.Now()
		s.ExpireSessions(bot)
		_, _ = a.Groups().List(t.Context(), true)
		a.onlineAgain(2)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("online again after %v", took)
		}
		a.unharmed(2)
	})
}

// The service is started anew and knows nothing: a refusal under the exchanged key ends
// A1, and a person logs in.
func TestServiceStartsAgainWithoutSessions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var current atomic.Pointer[service]
		first := startService(t, sandbox.Options{Seed: 1, AutoApprove: bot})
		current.Store(first)
		a := attack(t, first, nil, func(p *onPath) {
			p.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				return current.Load().listener.DialContext(ctx, network, address)
			}
		})
		a.until(ntqq.Online)
		time.Sleep(time.Hour) // virtual
		current.Store(startService(t, sandbox.Options{Seed: 1, AutoApprove: bot}))
		began := time.Now()
		a.path.newest().server.Close()
		a.onlineAgain(2)
		if took := time.Since(began); took > 40*time.Second {
			t.Errorf("online again after %v", took)
		}
		want := []string{
			"probing", "connecting", "registering", "reconnecting", "probing", "connecting", "registering", "reconnecting",
			"probing", "connecting", "key_exchange", "easy_login", "qr", "wtlogin", "registering", "online",
		}
		if got := a.steps(); !slices.Equal(got[len(got)-len(want):], want) {
			t.Errorf("steps %v, want them to end with %v", got, want)
		}
	})
}

// Somebody forges the session code and swallows the proofs. On one connection that costs
// the connection, on two the session, and never A1, not even that of a login just made.
func TestSwallowedProofs(t *testing.T) {
	for _, tt := range []struct {
		name   string
		saved  func(*ntqq.Keystore)
		links  int
		online int // how often
		logins int
	}{
		{"on one connection", whole, 1, 2, 0},
		{"on two", whole, 2, 2, 1},
		{"after a login, on one", onlyA1, 1, 1, 1},
		{"after a login, on two", onlyA1, 2, 1, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s, ks := loggedIn(t, sandbox.Options{})
				k, _ := ks.Load()
				begin := *k
				tt.saved(&begin)
				var mu sync.Mutex // guards links
				links := map[*link]bool{}
				strike := func(p *onPath) {
					p.answers(func(l *link, frame []byte) bool {
						if frame[4] != byte(wire.FlagD2) {
							return true
						}
						mu.Lock()
						defer mu.Unlock()
						if !links[l] && len(links) < tt.links {
							links[l] = true
							l.write(p.doubt())
						}
						return !links[l]
					})
				}
				var a *attacked
				if tt.online > 1 {
					a = attack(t, s, &begin, nil)
					a.until(ntqq.Online)
					strike(a.path)
				} else {
					a = attack(t, s, &begin, strike)
				}
				a.onlineAgain(tt.online)
				logins := 0
				for _, step := range a.steps() {
					if step == string(ntqq.StepEasyLogin) {
						logins++
					}
				}
				if logins != tt.logins || len(links) != tt.links {
					t.Errorf("%d connections attacked, steps %v, want %d logins", len(links), a.steps(), tt.logins)
				}
				a.unharmed(tt.online)
			})
		})
	}
}

// Without A1 and a password only a person could log in again: for what nobody proved the
// session is not given up. The person may.
func TestDoubtedSessionWithoutAnotherWay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		k, _ := ks.Load()
		begin := *k
		begin.A1, begin.D2 = nil, bytes.Repeat([]byte{1}, len(k.D2))
		a := attack(t, s, &begin, nil)
		time.Sleep(time.Hour) // virtual
		if a.passed(ntqq.StepQR) || a.State().Stage == ntqq.NeedsLogin {
			t.Fatalf("steps %v: nothing unproven may ask for a person", a.steps())
		}
		now, _ := a.keys.Load()
		if !bytes.Equal(now.D2, begin.D2) {
			t.Fatal("the session was given up")
		}
		a.wait("its next try", func(st ntqq.State) bool { return st.Stage == ntqq.Reconnecting })
		a.Relogin()
		a.unharmed(1, "qr")
	})
}

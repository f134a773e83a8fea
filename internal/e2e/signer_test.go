package e2e

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"libration/ntqq"
	"libration/sandbox"
	"libration/sandbox/fault"
)

// TestSignerFaultsOnline: the signer is in trouble for ten minutes while the account
// is online. It stays online and receives; sending fails with the truth; and it
// recovers by itself.
func TestSignerFaultsOnline(t *testing.T) {
	for _, tt := range []struct {
		fault fault.Fault
		long  bool          // the long list has heartbeats too
		least time.Duration // that a failing send may take
		most  time.Duration // until it is known to be over
	}{
		{fault.Fault{Name: fault.SignerFail}, false, 0, 31 * time.Second},
		{fault.Fault{Name: fault.SignerFail}, true, 0, 31 * time.Second},
		{fault.Fault{Name: fault.SignerDown}, false, 0, 31 * time.Second},
		{fault.Fault{Name: fault.SignerSlow, Delay: time.Hour}, false, 8 * time.Second, 31 * time.Second},
		{fault.Fault{Name: fault.SignerWrongVersion}, false, 0, 6*time.Minute + 31*time.Second},
	} {
		t.Run(fmt.Sprintf("%s, long list %t", tt.fault.Name, tt.long), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := startService(t, sandbox.Options{AutoApprove: bot, RequireSign: true})
				a := s.account(t, nil, func(o *ntqq.Options) {
					o.SignLongList = tt.long
					o.Signer = &ntqq.HTTPSigner{
						URLs: []string{"http://127.0.0.1/sign"}, Log: slog.New(slog.DiscardHandler),
						Client: &http.Client{Transport: &handlerTransport{handler: s.Handler()}},
					}
				})
				a.until(ntqq.Online)
				const down = 10 * time.Minute
				began := time.Now()
				tt.fault.For = down
				if _, err := s.Faults().Add(tt.fault); err != nil {
					t.Fatal(err)
				}
				slow := 0
				for i := 0; time.Since(began) < down-time.Minute; i++ {
					asked := time.Now()
					_, err := a.Messages().SendGroup(t.Context(), group, say("unsigned"))
					if !errors.Is(err, ntqq.ErrSign) {
						t.Fatalf("sending: %v, want ErrSign", err)
					}
					if took := time.Since(asked); took > tt.least {
						t.Errorf("send %d failed after %v", i, took)
					} else if took > 2*time.Second {
						slow++
					}
					s.says(t, alice, false, fmt.Sprint(i))
					time.Sleep(10 * time.Second) // virtual
					if got := a.texts(); len(got) != i+1 {
						t.Fatalf("received %q, want %d messages", got, i+1)
					}
				}
				if slow > 10 { // the first ones, and one at the end of each pause
					t.Errorf("%d sends failed late", slow)
				}
				if f := a.SignFailure(); f == nil || f.Since.Sub(began) > tt.least || !errors.Is(f.Err, ntqq.ErrSign) {
					t.Errorf("got %+v, want that nothing can be signed since the start", f)
				}
				time.Sleep(time.Until(began.Add(down)) + tt.most) // virtual
				if f := a.SignFailure(); f != nil {
					t.Errorf("%v after its end: %+v", tt.most, f)
				}
				if _, err := a.Messages().SendGroup(t.Context(), group, say("signed")); err != nil {
					t.Errorf("sending afterwards: %v", err)
				}
				if st := a.State(); !st.Online() || st.OnlineCount != 1 {
					t.Errorf("the account is %s, online %d times: a signer ends no session", st.Stage, st.OnlineCount)
				}
			})
		})
	}
}

// TestSignerWrongOnline: signatures that the service refuses.
func TestSignerWrongOnline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot, RequireSign: true})
		a := s.account(t, nil, func(o *ntqq.Options) {
			o.Signer = &ntqq.HTTPSigner{
				URLs: []string{"http://127.0.0.1/sign"}, Log: slog.New(slog.DiscardHandler),
				Client: &http.Client{Transport: &handlerTransport{handler: s.Handler()}},
			}
		})
		a.until(ntqq.Online)
		if _, err := s.Faults().Add(fault.Fault{Name: fault.SignerWrong, For: 10 * time.Minute}); err != nil {
			t.Fatal(err)
		}
		_, err := a.Messages().SendGroup(t.Context(), group, say("wrong"))
		if refused, ok := errors.AsType[*ntqq.ServerError](err); !ok {
			t.Errorf("got %v, want the server's refusal", refused)
		}
		time.Sleep(11 * time.Minute) // virtual
		if _, err := a.Messages().SendGroup(t.Context(), group, say("right")); err != nil {
			t.Errorf("sending afterwards: %v", err)
		}
		if st := a.State(); !st.Online() || st.OnlineCount != 1 {
			t.Errorf("the account is %s, online %d times", st.Stage, st.OnlineCount)
		}
	})
}

// TestSecondSigner: with another signer no request fails, and the first one is used
// again when it is back.
func TestSecondSigner(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot, RequireSign: true})
		first, second := &handlerTransport{handler: s.Handler()}, &handlerTransport{handler: s.Handler()}
		signer := &ntqq.HTTPSigner{
			URLs: []string{"http://first/sign", "http://second/sign/sec-sign"}, Log: slog.New(slog.DiscardHandler),
			Client: &http.Client{Transport: byHost{"first": first, "second": second}},
		}
		a := s.account(t, nil, func(o *ntqq.Options) { o.Signer = signer })
		a.until(ntqq.Online)
		first.down.Store(true)
		send := func() {
			t.Helper()
			if _, err := a.Messages().SendGroup(t.Context(), group, say("hello")); err != nil {
				t.Fatalf("sending: %v", err)
			}
		}
		for range 60 {
			send()
			time.Sleep(10 * time.Second) // virtual
		}
		if h := signer.Health(); h[0].State != ntqq.SignerDown || h[1].State != ntqq.SignerOK {
			t.Errorf("got %+v, want the first down and the second well", h)
		}
		first.down.Store(false)
		time.Sleep(6 * time.Minute) // virtual; the longest pause
		second.down.Store(true)
		send()
		if h := signer.Health(); h[0].State != ntqq.SignerOK || h[1].State != ntqq.SignerOK || a.SignFailure() != nil {
			t.Errorf("got %+v, want the first one used again", h)
		}
	})
}

// byHost answers requests by their host.
type byHost map[string]http.RoundTripper

// RoundTrip implements http.RoundTripper.
func (b byHost) RoundTrip(r *http.Request) (*http.Response, error) { return b[r.URL.Host].RoundTrip(r) }

// handlerTransport answers requests by a handler, without a network.
type handlerTransport struct {
	handler http.Handler
	down    atomic.Bool
}

var errSignerDown = errors.New("connection refused")

// RoundTrip implements http.RoundTripper.
func (h *handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if h.down.Load() {
		return nil, errSignerDown
	}
	w := &memoryResponse{header: http.Header{}, status: http.StatusOK}
	h.handler.ServeHTTP(w, r)
	return &http.Response{
		StatusCode: w.status, Status: http.StatusText(w.status), Header: w.header,
		Body: io.NopCloser(strings.NewReader(w.body.String())), Request: r,
	}, nil
}

type memoryResponse struct {
	header http.Header
	status int
	body   strings.Builder
}

func (w *memoryResponse) Header() http.Header         { return w.header }
func (w *memoryResponse) WriteHeader(status int)      { w.status = status }
func (w *memoryResponse) Write(b []byte) (int, error) { return w.body.Write(b) }

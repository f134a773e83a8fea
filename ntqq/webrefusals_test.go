package ntqq

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestWebRefusesForEver: a page that never takes the account costs a login an hour at most,
// and does not keep another one from new cookies.
func TestWebRefusesForEver(t *testing.T) {
	for name, no := range map[string]func(http.ResponseWriter){"forbidden": status(403), "in its own words": body(`{"ec":7,"em":"no"}`)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &webService{pages: answers(no)}
				c := s.start(t)
				ask := func(call webCall) { _, _ = c.web(t.Context(), call) }
				for range 6 * 60 * 6 {
					var asking sync.WaitGroup
					for range 3 {
						asking.Go(func() { ask(aPage) })
					}
					asking.Wait()
					time.Sleep(10 * time.Second)
				}
				if n := s.jumps.Load(); n < 8 || n > 14 {
					t.Errorf("%d logins in 6 h", n)
				}
				before := s.jumps.Load()
				other := aPage
				other.path = "/other"
				for range 3 { // each time its cookies have expired
					s.pages = answers(status(403), body(`{"ec":0}`))
					if _, err := c.web(t.Context(), other); err != nil {
						t.Error(err)
					}
					time.Sleep(time.Second)
				}
				if n := s.jumps.Load() - before; n != 3 {
					t.Errorf("%d logins for another page, want 3", n)
				}
			})
		})
	}
}

// TestWebSlowPost: what is long may take long, what is not may not.
func TestWebSlowPost(t *testing.T) {
	for size, want := range map[int]error{1 << 10: ErrTimeout, 4 << 20: nil} {
		synctest.Test(t, func(t *testing.T) {
			s := &webService{pages: func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(50 * time.Second)
				if _, err := io.Copy(io.Discard, r.Body); err == nil {
					body(`{"ec":0}`)(w)
				}
			}, jump: func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Set-Cookie", "skey=@x") }}
			post := aPage
			post.body = func(webKeys) ([]byte, string, error) { return make([]byte, size), "image/png", nil }
			began := time.Now()
			if _, err := s.start(t).web(t.Context(), post); !errors.Is(err, want) {
				t.Errorf("%d bytes: %v, want %v", size, err, want)
			}
			time.Sleep(time.Until(began.Add(2 * time.Minute))) // until the page has ended
		})
	}
}

// TestWebLoginIsRefusedForEver: the login is tried again at longer and longer intervals, and
// by a new session at once.
func TestWebLoginIsRefusedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		s := &webService{pages: answers(body(`{"ec":0}`)), jump: func(w http.ResponseWriter, _ *http.Request) {
			tries++
			w.WriteHeader(403)
		}}
		c := s.start(t)
		for range 6 * 60 * 6 {
			if _, err := c.web(t.Context(), aPage); !errors.Is(err, ErrWebLogin) {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
		}
		if tries < 8 || tries > 14 {
			t.Errorf("%d logins in 6 h", tries)
		}
		before := tries
		c.webLogin.of = "another session"
		if _, err := c.web(t.Context(), aPage); !errors.Is(err, ErrWebLogin) || tries != before+1 {
			t.Errorf("a new session: %v, %d logins", err, tries-before)
		}
		s.jump = nil
		time.Sleep(maxWebDoubt)
		if _, err := c.web(t.Context(), aPage); err != nil {
			t.Error(err)
		}
	})
}

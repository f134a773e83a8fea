package ntqq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// sends records when messages got their turn.
type sends struct {
	l     *sendLimiter
	began time.Time
	all   sync.WaitGroup

	mu   sync.Mutex
	list []string
}

func newSends(o SendLimit) *sends { return &sends{l: newSendLimiter(o), began: time.Now()} }

// start has a message wait; those started before are in their queues.
func (s *sends) start(ctx context.Context, chat uint64, name string) {
	s.all.Go(func() {
		err := s.l.wait(ctx, groupChat(GroupCode(chat)))
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil {
			name += " refused"
		}
		s.list = append(s.list, fmt.Sprintf("%s %v", name, time.Since(s.began)))
	})
	synctest.Wait()
}

func (s *sends) take() []string {
	s.all.Wait()
	defer func() { s.list = nil }()
	return s.list
}

func (s *sends) want(t *testing.T, want ...string) {
	t.Helper()
	got := s.take()
	slices.Sort(got) // those of the same moment come in any order
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSendLimitFairness: a chat that floods waits for itself, in order; others do
// not wait for it. What would wait too long is refused at once.
func TestSendLimitFairness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSends(SendLimit{Account: SendRate{600, 20}, Chat: SendRate{60, 2}, MaxWait: 3 * time.Second})
		for i := range 7 {
			s.start(t.Context(), 1, fmt.Sprint("a", i))
		}
		s.start(t.Context(), 2, "b0")
		if got := s.l.stats(); got != (sendStats{waiting: 3, refused: 2}) {
			t.Errorf("while they wait: got %+v", got)
		}
		s.want(t, "a0 0s", "a1 0s", "a5 refused 0s", "a6 refused 0s", "b0 0s", "a2 1s", "a3 2s", "a4 3s")
		if got := s.l.stats(); got != (sendStats{delayed: 3, refused: 2}) {
			t.Errorf("in the end: got %+v", got)
		}
	})
}

// TestSendLimitAccount: all chats together, in the order of the calls.
func TestSendLimitAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSends(SendLimit{Account: SendRate{PerMinute: 120, Burst: 2}})
		for i := range uint64(5) {
			s.start(t.Context(), i, fmt.Sprint(i))
		}
		s.want(t, "0 0s", "1 0s", "2 500ms", "3 1s", "4 1.5s")
		var limited *RateLimitError
		for range 23 {
			s.start(t.Context(), 9, "")
		}
		err := s.l.wait(t.Context(), groupChat(10))
		if !errors.Is(err, ErrRateLimited) || !errors.As(err, &limited) || limited.Chat || limited.MaxWait != 10*time.Second ||
			!strings.Contains(err.Error(), "limit of the account") {
			t.Errorf("got %v, want that the account sends too fast", err)
		}
		s.take()
	})
}

// TestSendLimitBoth: the time in one queue counts for the other.
func TestSendLimitBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSends(SendLimit{Account: SendRate{60, 1}, Chat: SendRate{60, 1}, MaxWait: 2 * time.Second})
		s.start(t.Context(), 1, "a0")
		s.start(t.Context(), 1, "a1") // its chat's turn is in a second
		s.start(t.Context(), 2, "b0") // the account's next turn
		s.start(t.Context(), 3, "c0")
		// At 1 s the account has given away the turns at 1 s and 2 s; a1's would be at
		// 3 s, and it has waited for one already.
		s.want(t, "a0 0s", "a1 refused 1s", "b0 1s", "c0 2s")
	})
}

// TestSendLimitGivenUp: the caller's context ends the wait; the last place in the
// queue is free again.
func TestSendLimitGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSends(SendLimit{Chat: SendRate{60, 1}})
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		s.start(ctx, 1, "a0")
		s.start(t.Context(), 1, "a1")
		err := s.l.wait(ctx, groupChat(1))
		if !errors.Is(err, ErrRateLimited) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the end of the context", err)
		}
		s.start(t.Context(), 1, "a2")
		s.want(t, "a0 0s", "a1 1s", "a2 2s")
	})
}

func TestSendLimitBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSends(SendLimit{Chat: SendRate{60, 1}})
		for i := range uint64(sendMaxWaiting) {
			s.start(t.Context(), i, "")
			s.start(t.Context(), i, "")
		}
		err := s.l.wait(t.Context(), groupChat(1))
		if !errors.Is(err, ErrRateLimited) || !strings.Contains(err.Error(), "256 messages are waiting already") {
			t.Errorf("got %v, want that the queue is full", err)
		}
		s.take()

		for i := range uint64(5 * sendChats) {
			time.Sleep(100 * time.Millisecond)
			if err := s.l.wait(t.Context(), friendChat(UIN(i))); err != nil {
				t.Fatal(err)
			}
			if n := len(s.l.chats); n > sendChats {
				t.Fatalf("%d chats remembered", n)
			}
		}
	})
}

func TestNoSendLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newSendLimiter(SendLimit{})
		for range 10000 {
			if err := l.wait(t.Context(), groupChat(1)); err != nil {
				t.Fatal(err)
			}
		}
		if got := l.stats(); got != (sendStats{}) || len(l.chats) != 0 {
			t.Errorf("got %+v and %d chats", got, len(l.chats))
		}
	})
}

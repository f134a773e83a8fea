package onebot

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"libration/gateway"
)

// fakeQueue is a queue in which two events wait.
type fakeQueue struct {
	asked time.Duration
	most  int
	err   error
}

func (q *fakeQueue) Next(_ context.Context, patience time.Duration, most int) ([][]byte, error) {
	q.asked, q.most = patience, most
	return [][]byte{[]byte(`{"time":1}`), []byte(`{"time":2}`)}, q.err
}

// TestGetUpdates: how it is called decides what it can say.
func TestGetUpdates(t *testing.T) {
	s := newDialect(Options{}, nil)
	poll := func(query string, queue gateway.Queue) string {
		r := httptest.NewRequest("GET", "/get_updates"+query, nil)
		return string(s.Route(r).Read(nil).Poll(t.Context(), gateway.Hold{}, queue).Body)
	}
	q := &fakeQueue{}
	if got := poll("?timeout=3&limit=7", q); !strings.Contains(got, `"data":[{"time":1},{"time":2}]`) || q.asked != 3*time.Second || q.most != 7 {
		t.Errorf("got %s after %v, %d", got, q.asked, q.most)
	}
	if poll("", q); q.asked != 0 || q.most != 0 {
		t.Errorf("by default: %v, %d", q.asked, q.most)
	}
	for query, want := range map[string]string{"?timeout=-1": "BAD_PARAMS", "?limit=-1": "BAD_PARAMS", "?timeout=99999999999999999": "BAD_PARAMS", "?limit=x": "BAD_PARAMS"} {
		if got := poll(query, q); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", query, got)
		}
	}
	if got := poll("", &fakeQueue{err: gateway.ErrOtherPoll}); !strings.Contains(got, "POLL_REPLACED") {
		t.Errorf("replaced: got %s", got)
	}
	if got := poll("", &fakeQueue{err: errors.New("disk")}); !strings.Contains(got, "API_ERROR") {
		t.Errorf("an error: got %s", got)
	}
	if got := poll("", nil); !strings.Contains(got, "POLL_OFF") {
		t.Errorf("without a queue: got %s", got)
	}
	call := s.Frame(gateway.Line{Requests: true}, []byte(`{"action":"get_updates"}`))
	if got := string(call.Run(t.Context(), gateway.Hold{}).Body); !strings.Contains(got, "POLL_BY_HTTP") {
		t.Errorf("by WebSocket: got %s", got)
	}
	r := httptest.NewRequest("GET", "/get_updates_async", nil)
	if call := s.Route(r).Read(nil); call.Poll != nil {
		t.Error("get_updates_async waits for events")
	}
}

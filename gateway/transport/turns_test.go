package transport

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"libration/gateway"
)

// TestTurns: what a connection sends to a chat behind media waits for them, in the order in
// which it came, however long requests take to read; other chats, and what goes to none, do
// not wait for them.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns()
		var all sync.WaitGroup
		var mu sync.Mutex
		var done []string
		request := func(name, chat string, upload bool, reads, takes time.Duration) {
			turn := turns.next()
			all.Go(func() {
				defer turn.end()
				time.Sleep(reads)
				if !turn.wait(&gateway.Call{Chat: chat, Upload: upload}, nil) {
					t.Errorf("%s gave up", name)
				}
				time.Sleep(takes)
				mu.Lock()
				defer mu.Unlock()
				done = append(done, name)
			})
		}
		const text, picture = 10 * time.Millisecond, 5 * time.Second
		request("first text", "a", false, 0, text)
		request("large picture", "a", true, time.Second, picture)
		request("picture", "a", true, 0, text)
		request("text", "a", false, 0, text)
		request("status", "", false, 0, 0)
		request("other chat", "b", false, 0, 2*text)
		request("upload to no chat", "", true, 0, 2*picture)
		all.Wait()
		want := []string{"status", "first text", "other chat", "large picture", "picture", "text", "upload to no chat"}
		if !slices.Equal(done, want) {
			t.Errorf("carried out: %v", done)
		}
		if len(turns.unread) != 0 || len(turns.last) != 0 {
			t.Errorf("left: %d unread, %d chats", len(turns.unread), len(turns.last))
		}
	})
}

// TestTurnsOfHungUploads: media that hang stop their chat for a moment only, and a
// connection that ends waits for nothing.
func TestTurnsOfHungUploads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns()
		call := &gateway.Call{Chat: "a", Upload: true}
		hung := turns.next()
		hung.wait(call, nil)
		begin := time.Now()
		var all sync.WaitGroup
		for i := range 3 {
			turn := turns.next()
			all.Go(func() {
				defer turn.end()
				if !turn.wait(&gateway.Call{Chat: "a"}, nil) {
					t.Errorf("text %d gave up", i)
				}
			})
		}
		all.Wait()
		if waited := time.Since(begin); waited != turnPatience {
			t.Errorf("three texts waited %v", waited)
		}

		over := make(chan struct{})
		close(over)
		late, later := turns.next(), turns.next()
		late.wait(call, nil)
		if later.wait(call, over) {
			t.Error("a request of a connection that ended is carried out")
		}
		for _, turn := range []*turn{hung, late, later} {
			turn.end()
		}
		failed, next := turns.next(), turns.next()
		failed.end() // it could not be read
		if !next.wait(call, nil) {
			t.Error("the request behind one that failed gave up")
		}
		next.end()
		if got := fmt.Sprint(len(turns.unread), len(turns.last)); got != "0 0" {
			t.Errorf("left: %s", got)
		}
	})
}

package transport

import (
	"sync"
	"testing"
	"testing/synctest"

	"libration/gateway"
	"libration/gateway/table"
)

// TestUploadLanes: media that hang hold up neither texts nor the media of other chats, and
// nothing is remembered of a chat that has none under way.
func TestUploadLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLanes()
		stop := make(chan struct{})
		enter := func(upload string) (place, bool) {
			return l.enter(&gateway.Call{Lane: table.Sends, Chat: upload, Upload: upload != ""}, maxWaiting, stop)
		}
		hung := make(chan struct{})
		var all sync.WaitGroup
		for range maxWaiting {
			all.Go(func() {
				p, ok := enter("group 1")
				if !ok {
					return // stopped
				}
				<-hung
				p.leave()
			})
		}
		synctest.Wait()
		if n := len(l.uploads); n != chatUploads {
			t.Errorf("%d media of one chat run", n)
		}
		var text, other []place
		for range MaxConcurrent {
			p, ok := enter("")
			if !ok {
				t.Fatal("a text waits")
			}
			text = append(text, p)
		}
		for i := range MaxConcurrent - chatUploads {
			p, ok := enter("group " + string(rune('A'+i/chatUploads)))
			if !ok {
				t.Fatal("another chat waits")
			}
			other = append(other, p)
		}
		for _, p := range append(text, other...) {
			p.leave()
		}
		if len(l.chats) != 1 {
			t.Errorf("%d chats are remembered", len(l.chats))
		}
		close(stop)
		synctest.Wait()
		close(hung)
		all.Wait()
		if len(l.chats) != 0 || len(l.uploads) != 0 || len(l.places[table.Sends]) != 0 || l.wanted.Load() != 0 {
			t.Errorf("left: %d chats, %d uploads, %d sends, %d wait", len(l.chats), len(l.uploads), len(l.places[table.Sends]), l.wanted.Load())
		}
		if p, ok := l.enter(&gateway.Call{Lane: table.Local, Upload: true}, 0, nil); !ok || p != (place{}) {
			t.Error("what is answered from memory waits")
		}
	})
}

// TestLargeLanes: few requests with large answers run at once, others do not wait for them,
// and one that gives up keeps no place.
func TestLargeLanes(t *testing.T) {
	l, stop := newLanes(), make(chan struct{})
	var held []place
	for range largeAnswers {
		p, ok := l.enter(&gateway.Call{Lane: table.Lookups, Large: true}, 0, stop)
		if !ok {
			t.Fatal("there is no place")
		}
		held = append(held, p)
	}
	if _, ok := l.enter(&gateway.Call{Lane: table.Lookups, Large: true}, 0, stop); ok {
		t.Error("one more has a place")
	}
	small, ok := l.enter(&gateway.Call{Lane: table.Lookups}, 0, stop)
	if !ok {
		t.Error("a small one waits")
	}
	for _, p := range append(held, small) {
		p.leave()
	}
	for range MaxConcurrent {
		p, _ := l.enter(&gateway.Call{Lane: table.Lookups}, 0, stop)
		defer p.leave()
	}
	if _, ok := l.enter(&gateway.Call{Lane: table.Lookups, Large: true}, 0, stop); ok || len(l.large) != 0 {
		t.Errorf("%d places are kept by one that found none", len(l.large))
	}
}

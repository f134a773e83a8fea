package gateway

import (
	"testing"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

func TestNamed(t *testing.T) {
	store := &fakeStore{messages: map[int32]*message.Message{}}
	g := New(Options{Account: fakeAccount{}, Store: store})
	group := message.Chat{Kind: message.Group, Group: groupCode}
	friend := message.Chat{Kind: message.Friend, Peer: friendUIN, PeerUID: "u_friend"}
	stored := &message.Message{Chat: friend, Sequence: 50, ClientSequence: 1050, Random: 9}
	if _, err := store.Put(stored); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		ref  event.Reference
		id   int32
		want Named // zero: not remembered
	}{
		"group":  {event.Reference{Chat: group, Sequence: 7, Time: 3}, testID(group, 7), Named{Chat: group, Sequence: 7, Time: 3}},
		"friend": {event.Reference{Chat: friend, Sequence: 8, ClientSequence: 4}, testID(friend, 8), Named{Chat: friend, Sequence: 8, ClientSequence: 4}},
		"friend, the sender's number alone": {
			event.Reference{Chat: friend, ClientSequence: 5, Time: 6}, testID(friend, 5), Named{Chat: friend, ClientSequence: 5, Time: 6},
		},
		"friend, stored": {event.Reference{Chat: friend, ClientSequence: 1050, Random: 9}, testID(friend, 50), Named{}},
		"nothing":        {event.Reference{Chat: group}, 0, Named{}},
	} {
		t.Run(name, func(t *testing.T) {
			if id := g.ReferredID(tt.ref); id != tt.id {
				t.Errorf("got id %d, want %d", id, tt.id)
			}
			if got, ok := g.Named(tt.id); got != tt.want || ok != (tt.want != Named{}) {
				t.Errorf("got %+v, %t; want %+v", got, ok, tt.want)
			}
		})
	}
	fetched := &message.Message{Chat: group, Sequence: 70, Time: 5}
	id := g.Fetched(fetched)
	if m, err := g.Message(id); m != fetched || err != nil {
		t.Errorf("a fetched message is not stored: got %v, %v", m, err)
	}
	if got, ok := g.Named(id); !ok || got.Sequence != 70 {
		t.Errorf("a fetched message is not remembered: got %+v", got)
	}
}

// TestNamedBound: the newest are remembered, and no more.
func TestNamedBound(t *testing.T) {
	var n namedMessages
	for i := range int32(2*namedMost + 5) {
		n.add(i+1, Named{Sequence: uint64(i + 1)})
		n.add(i+1, Named{Sequence: uint64(i + 1)}) // again, which takes no place
		n.add(1, Named{Sequence: 77})              // the key of an id may change
	}
	if len(n.by) != namedMost || len(n.ids) != namedMost {
		t.Errorf("%d are remembered, %d ids; want %d", len(n.by), len(n.ids), namedMost)
	}
	for _, newest := range []int32{namedMost + 7, 2*namedMost + 5} {
		if m, ok := n.of(newest); !ok || m.Sequence != uint64(newest) {
			t.Errorf("%d: got %+v, %t; want it", newest, m, ok)
		}
	}
	if m, ok := n.of(namedMost); ok {
		t.Errorf("%d is still remembered as %+v", namedMost, m)
	}
}

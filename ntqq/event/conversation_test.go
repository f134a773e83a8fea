package event

import (
	"reflect"
	"testing"

	"libration/ntqq/message"
)

// TestConversationOf: an event about a group belongs to the group, one about people to the
// private chat with the first of them. Their order would be lost otherwise.
func TestConversationOf(t *testing.T) {
	for _, e := range All() {
		if m, ok := e.(*Message); ok {
			m.Chat = message.Chat{Kind: message.Group, Group: 5}
		}
		v := reflect.ValueOf(e).Elem()
		want := Conversation{}
		for i := range v.NumField() {
			switch f := v.Field(i).Addr().Interface().(type) {
			case *message.GroupCode:
				*f = 5
			case *Person:
				*f = Person{UIN: 6, UID: "u_6"}
				if want == (Conversation{}) {
					want = Conversation{UID: "u_6"}
				}
			case *message.Chat:
				*f = message.Chat{Kind: message.Friend, Peer: 6, PeerUID: "u_6"}
				want = Conversation{UID: "u_6"}
			case **message.Message:
				want = Conversation{Group: 5}
			}
		}
		if f := v.FieldByName("Group"); f.IsValid() {
			want = Conversation{Group: 5}
		}
		if got := ConversationOf(e)[0]; got != want {
			t.Errorf("%T belongs to %+v, want %+v: People, Stale or Moves must name it", e, got, want)
		}
	}
}

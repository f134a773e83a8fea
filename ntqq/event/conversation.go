package event

import (
	"cmp"

	"libration/ntqq/message"
)

// Conversation names a chat by one of its numbers: a group by its code, a private chat by
// the text id or the number of its other side. The zero value stands for no chat.
type Conversation struct {
	Group message.GroupCode
	UID   message.UID
	UIN   message.UIN
}

// Compare orders conversations.
func (c Conversation) Compare(d Conversation) int {
	return cmp.Or(cmp.Compare(c.Group, d.Group), cmp.Compare(c.UID, d.UID), cmp.Compare(c.UIN, d.UIN))
}

// ConversationOf returns the names of the chat that an event belongs to; at least one. The
// events of one chat reach the handler in the order of their pushes. A private chat has two
// names where both numbers of its other side are known.
func ConversationOf(e Event) []Conversation {
	if r, ok := e.(Referrer); ok {
		return ofChat(r.Refers().Chat)
	}
	people, stale := e.People(), e.Stale()
	group := cmp.Or(people.Group, stale.Members, stale.Left)
	switch e := e.(type) {
	case *Message:
		return ofChat(e.Chat)
	case Mover:
		return ofChat(e.Moves().Chat)
	case Updater:
		group = cmp.Or(group, e.Update().Group)
	}
	switch {
	case group != 0:
		return []Conversation{{Group: group}}
	case people.Chat != nil:
		return ofChat(*people.Chat)
	case len(people.Others) > 0:
		return ofPerson(*people.Others[0])
	}
	return []Conversation{{}}
}

func ofChat(c message.Chat) []Conversation {
	if c.Kind == message.Group {
		return []Conversation{{Group: c.Group}}
	}
	return ofPerson(Person{c.Peer, c.PeerUID})
}

func ofPerson(p Person) []Conversation {
	switch {
	case p.UID == "":
		return []Conversation{{UIN: p.UIN}}
	case p.UIN == 0:
		return []Conversation{{UID: p.UID}}
	}
	return []Conversation{{UID: p.UID}, {UIN: p.UIN}}
}

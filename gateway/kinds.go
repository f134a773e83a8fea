package gateway

import (
	"encoding/json"
	"fmt"

	"libration/internal/store"
	"libration/ntqq/event"
)

// kind is how events of one type are kept in the journal: under their name, as the JSON
// of the Go struct. Fields that are added need no new version, others do.
type kind struct {
	name    string
	version int
	fresh   func() Happening
}

// of makes the row of an event type.
func of[E any, P interface {
	*E
	Happening
}](version int) kind {
	return kind{P(nil).Name(), version, func() Happening { return P(new(E)) }}
}

// kinds has a row for each type of event that is kept. Messages are not: they are in
// the messages.
var kinds = byName(
	of[event.MessageRecalled](1),
	of[event.GroupMemberIncrease](1),
	of[event.GroupMemberDecrease](1),
	of[event.GroupLeft](1),
	of[event.GroupAdminChanged](1),
	of[event.GroupNameChanged](1),
	of[event.GroupTitleChanged](1),
	of[event.GroupCardChanged](1),
	of[event.GroupMuted](1),
	of[event.GroupReaction](1),
	of[event.GroupEssenceChanged](1),
	of[event.FriendRequest](1),
	of[event.GroupTodo](1),
	of[event.ChatPinChanged](1),
	of[event.GroupJoinRequest](1),
	of[event.GroupInvitedJoinRequest](1),
	of[event.GroupInvitation](1),
	of[event.GroupJoinRejected](1),
	of[event.FriendAdded](1),
	of[event.FriendRemoved](1),
	of[event.FriendRenamed](1),
	of[event.SelfRenamed](1),
	of[event.GroupPoked](1),
	of[event.FriendPoked](1),
	of[event.GroupPokeRecalled](1),
	of[event.FriendPokeRecalled](1),
	of[event.GroupSignIn](1),
	of[event.GroupHonorChanged](1),
	of[event.GroupBotAdded](1),
	of[event.GroupGrayTip](1),
	of[event.GroupLuckyKing](1),
	of[event.GroupMemberEntered](1),
	of[event.GroupAlbumUpdated](1),
	of[event.InputStatus](1),
	of[event.VoiceTextReady](1),
	of[event.OnlineFileNotice](1),
	of[event.ClientsOnline](1),
	of[event.GroupFileUploaded](1),
	of[event.FriendFileReceived](1),
	of[event.AccountRestricted](1),
	of[event.ProfileLiked](1),
	of[event.Kicked](1),
	of[Online](1),
	of[Offline](1),
)

func byName(rows ...kind) map[string]kind {
	m := make(map[string]kind, len(rows))
	for _, k := range rows {
		m[k.name] = k
	}
	return m
}

// body is what is kept of an event, as JSON.
type body struct {
	At        int64           `json:"at"`
	MessageID int32           `json:"message_id,omitempty"`
	Event     json.RawMessage `json:"event"`
}

// encode makes what is kept of an event.
func encode(e *Event) (*store.Event, error) {
	kept := &store.Event{ID: e.ID, Self: e.Self}
	if e.Message != nil {
		kept.MessageID, kept.Message = e.MessageID, e.Message
		return kept, nil
	}
	k, ok := kinds[e.Event.Name()]
	if !ok {
		return nil, fmt.Errorf("events %q have no encoding", e.Event.Name())
	}
	happened, err := json.Marshal(e.Event)
	if err != nil {
		return nil, err
	}
	kept.Kind, kept.Version = k.name, k.version
	kept.Body, err = json.Marshal(body{e.At, e.MessageID, happened})
	return kept, err
}

// decode reads what encode has made of an event that is no message.
func decode(kept *store.Event) (*Event, error) {
	k, ok := kinds[kept.Kind]
	switch {
	case !ok:
		return nil, fmt.Errorf("unknown kind %q", kept.Kind)
	case kept.Version != k.version:
		return nil, fmt.Errorf("kind %q has the unknown version %d", kept.Kind, kept.Version)
	}
	var b body
	happened := k.fresh()
	err := json.Unmarshal(kept.Body, &b)
	if err == nil {
		err = json.Unmarshal(b.Event, happened)
	}
	if err != nil {
		return nil, fmt.Errorf("kind %q: %w", kept.Kind, err)
	}
	return &Event{ID: kept.ID, At: b.At, Self: kept.Self, MessageID: b.MessageID, Event: happened}, nil
}

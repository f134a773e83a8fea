package event

import (
	"encoding/json"
	"strings"
	"testing"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/vectors"
	"libration/ntqq/message"
)

func TestVectorsCaptures(t *testing.T) {
	for _, v := range vectors.Of[capture](t, "captures.json") {
		t.Run(v.ID, func(t *testing.T) { checkCapture(t, &v) })
	}
}

type capture struct {
	ID       string          `json:"id"`
	Kind     string          `json:"kind"`
	Body     string          `json:"body"`
	Command  string          `json:"command"`
	Type     uint64          `json:"type"`
	SubType  *uint64         `json:"subtype"`
	Older    bool            `json:"older"`
	Expected json.RawMessage `json:"expected"`
}

// captureMeaning is what "expected" says of a push.
type captureMeaning struct {
	Event       *string           `json:"event"`
	Unknown     bool              `json:"unknown"`
	Ignored     bool              `json:"ignored"`
	Known       bool              `json:"known_ignored"`
	Count       []string          `json:"count"`
	Effect      string            `json:"effect"`
	Group       message.GroupCode `json:"group_code"`
	MemberUID   message.UID       `json:"member_uid"`
	MemberUIN   message.UIN       `json:"member_uin"`
	OperatorUID message.UID       `json:"operator_uid"`
	AuthorUIN   message.UIN       `json:"author_uin"`
	FriendUID   message.UID       `json:"friend_uid"`
	FriendUIN   message.UIN       `json:"friend_uin"`
	PeerUID     message.UID       `json:"peer_uid"`
	PeerUIN     message.UIN       `json:"peer_uin"`
	Tips        uint64            `json:"tips_sequence"`
	Style       uint32            `json:"style_id"`
	Kind        uint32            `json:"event_type"`
	Timestamp   int64             `json:"timestamp"`
	Text        string            `json:"text"`
	Nickname    string            `json:"nickname"`
	Message     string            `json:"message"`
	Method      JoinMethod        `json:"method"`
	Name        string            `json:"name"`
	Sequence    uint64            `json:"sequence"`
	Random      uint32            `json:"random"`
	MessageTime int64             `json:"message_time"`
	Time        int64             `json:"time"`
}

func checkCapture(t *testing.T, v *capture) {
	body := unhex(t, v.Body)
	command, payload := CommandMsgPush, body
	switch v.Kind {
	case "push":
	case "common_message":
		payload = envelope(t, body)
	case "msg_content", "msg_content_cut":
		payload = pushOf(t, v.Type, v.SubType, body)
	case "push_jce":
		command = v.Command
	case "routing_head", "content_head":
		var cm messagepb.CommonMessage
		if v.Kind == "routing_head" {
			cm.RoutingHead = new(messagepb.RoutingHead)
			if err := pb.Unmarshal(body, cm.RoutingHead); err != nil {
				t.Fatalf("Unmarshal: %v", err)
			}
			cm.ContentHead = &messagepb.ContentHead{Type: v.Type, SubType: v.SubType}
		} else {
			cm.ContentHead = new(messagepb.ContentHead)
			if err := pb.Unmarshal(body, cm.ContentHead); err != nil {
				t.Fatalf("Unmarshal: %v", err)
			}
			cm.RoutingHead = &messagepb.RoutingHead{FromUin: 2, Group: &messagepb.RoutingGroup{GroupCode: 3}}
		}
		cm.Body = &messagepb.MessageBody{RichText: new(messagepb.RichText), MsgContent: []byte{}}
		payload = envelope(t, marshal(t, &cm))
	}
	d := NewDecoder(func() Person { return Person{} })
	events := d.Decode(command, payload)
	if len(events) == 0 {
		t.Fatal("got no event at all")
	}
	if v.Kind == "routing_head" || v.Kind == "content_head" {
		return
	}
	got, want := events[0], new(captureMeaning)
	if err := json.Unmarshal(v.Expected, want); err != nil {
		t.Fatal(err)
	}
	n := d.Counters()
	for _, name := range want.Count {
		c := map[string]uint64{"short_header": n.ShortHeader, "decode_error": n.DecodeError}[name]
		if c != 1 {
			t.Errorf("counter %s: got %d, want 1", name, c)
		}
	}
	if want.Event == nil {
		u, isUnknown := got.(*Unknown)
		_, isStale := got.(*ListsChanged)
		switch {
		case !isUnknown && !isStale:
			t.Errorf("got %#v, want no event", got)
		case isUnknown && (want.Ignored || want.Known) && u.Reason != ReasonIgnored:
			t.Errorf("got reason %s, want %s", u.Reason, ReasonIgnored)
		case isUnknown && want.Unknown && u.Reason != ReasonUnknown:
			t.Errorf("got reason %s, want %s", u.Reason, ReasonUnknown)
		case strings.Contains(want.Effect, "friend list") && !isStale:
			t.Errorf("got %#v, want the friend list to be stale", got)
		}
		return
	}
	ok := false
	switch e := got.(type) {
	case *GroupMemberIncrease:
		ok = *want.Event == e.Name() && e.Group == want.Group && e.Member == (Person{want.MemberUIN, want.MemberUID}) &&
			e.Operator.UID == want.OperatorUID && e.Method == want.Method && e.Time == want.Time
	case *FriendRemoved:
		ok = *want.Event == e.Name() && e.Friend.UID == want.FriendUID && e.Time == want.Time
	case *GroupLeft:
		ok = *want.Event == e.Name() && e.Group == want.Group && e.Time == want.Time
	case *GroupNameChanged:
		ok = *want.Event == e.Name() && e.Group == want.Group && e.NewName == want.Name &&
			e.Operator.UID == want.OperatorUID && e.Time == want.Time
	case *FriendAdded:
		ok = *want.Event == e.Name() && e.Friend.UIN == want.FriendUIN && e.Nickname == want.Nickname &&
			e.Message == want.Message && e.Time == want.Time
	case *MessageRecalled:
		ok = *want.Event == e.Name() && e.Chat.Group == want.Group && e.Author.UIN == want.AuthorUIN && e.Author == e.Operator &&
			e.Sequence == want.Sequence && e.Random == want.Random && e.MessageTime == want.MessageTime
	case *Message:
		ok = strings.HasPrefix(*want.Event, "message") || strings.HasSuffix(*want.Event, "_message")
		ok = ok && e.Chat.Group == want.Group && (want.Sequence == 0 || e.Sequence == want.Sequence || e.ClientSequence == want.Sequence) &&
			(want.Random == 0 || e.Random == want.Random) && (want.Time == 0 || e.Time == want.Time) &&
			(want.AuthorUIN == 0 || e.Sender.UIN == want.AuthorUIN) && len(e.Content) > 0
	case *FriendPokeRecalled:
		ok = *want.Event == e.Name() && e.Peer == (Person{want.PeerUIN, want.PeerUID}) && e.Operator.UID == want.OperatorUID &&
			e.TipsSequence == want.Tips && e.Time == want.Time
	case *GroupMemberEntered:
		ok = *want.Event == e.Name() && e.Group == want.Group && e.Member.UIN == want.MemberUIN && e.Style == want.Style
	case *InputStatus:
		ok = *want.Event == e.Name() && e.Peer.UIN == want.PeerUIN && e.Kind == want.Kind && e.Text == want.Text && e.Time == want.Timestamp
	case *GroupGrayTip:
		ok = *want.Event == e.Name() && e.Text == want.Text
	case *Unknown:
		if v.Older && e.Reason == ReasonDecode {
			t.Skipf("the binary form of the older generation is not read")
		}
		if e.Reason != ReasonIgnored {
			t.Errorf("got reason %s, want %s", e.Reason, ReasonIgnored)
		}
		t.Skipf("event %s has no type yet", *want.Event)
	}
	if !ok {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

package event

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/vectors"
	"libration/internal/vectors/content"
	"libration/ntqq/message"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatalf("bad hex in test data: %v", err)
	}
	return b
}

func decoderFor(self Person) *Decoder { return NewDecoder(func() Person { return self }) }

// selfPerson is the account of the vectors.
var selfPerson = Person{10001, "u_selfselfselfselfselfAA"}

// parsed is a push's meaning as the vectors write it.
type parsed struct {
	Elements   content.List      `json:"elements"`
	ID         uint64            `json:"id"`
	GroupUIN   message.GroupCode `json:"group_uin"`
	UserUID    message.UID       `json:"user_uid"`
	UserUIN    message.UIN       `json:"user_uin"`
	OpUID      message.UID       `json:"operator_uid"`
	Answer     string            `json:"answer"`
	InvitorUID message.UID       `json:"invitor_uid"`
	JoinType   int               `json:"join_type"`
	ExitType   int               `json:"exit_type"`
	IsAdmin    bool              `json:"is_admin"`
	FromUID    message.UID       `json:"from_uid"`
	FromUIN    message.UIN       `json:"from_uin"`
	FromNick   string            `json:"from_nick"`
	SourceUID  message.UID       `json:"source_uid"`
	SourceUIN  message.UIN       `json:"source_uin"`
	Source     string            `json:"source"`
	Msg        string            `json:"msg"`
	UID        message.UID       `json:"uid"`
	Nickname   string            `json:"nickname"`
	SubType    int               `json:"sub_type"`
	Random     uint32            `json:"random"`
	Sequence   uint64            `json:"sequence"`
	Time       int64             `json:"time"`
	NewTitle   string            `json:"new_title"`
	Code       string            `json:"code"`
	IsAdd      bool              `json:"is_add"`
	IsEmoji    bool              `json:"is_emoji"`
	Count      uint32            `json:"count"`
	Target     uint64            `json:"target_seq"`
	MessageID  uint64            `json:"message_id"`
	InternalID uint32            `json:"internal_message_id"`
	OpUIN      message.UIN       `json:"operator_uin"`
	OpNick     string            `json:"operator_nick"`
	SenderNick string            `json:"sender_nick"`
	Operated   int64             `json:"operate_time"`
	Operation  uint32            `json:"operation_type"`
	NewName    string            `json:"new_name"`
	Duration   uint32            `json:"duration"`
	Message    string            `json:"message"`
	Action     string            `json:"action"`
	Suffix     string            `json:"suffix"`
	Receiver   message.UIN       `json:"receiver"`
	Sender     vectorSender

	message *messagepb.CommonMessage // of the push
}

// vectorSender is a person of a vector, or a number alone.
type vectorSender struct {
	UIN message.UIN `json:"uin"`
	UID message.UID `json:"uid"`
}

func (s *vectorSender) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return json.Unmarshal(b, &s.UIN)
	}
	type plain vectorSender
	return json.Unmarshal(b, (*plain)(s))
}

func TestVectorsPushEvents(t *testing.T) {
	type vector struct {
		ID, Command, Body string
		Event             *string
		Parsed            json.RawMessage
	}
	for _, v := range vectors.Of[vector](t, "push_events.json") {
		t.Run(v.ID, func(t *testing.T) {
			d := decoderFor(selfPerson)
			events := d.Decode(v.Command, unhex(t, v.Body))
			if len(events) == 0 {
				t.Fatal("got no event at all")
			}
			got := events[0]
			if v.ID == "group-decrease/kicked-plain-operator" { // its note: the operator is readable
				e, ok := got.(*GroupMemberDecrease)
				if !ok || e.Reason != LeaveKicked || e.Operator.UID == "" {
					t.Errorf("got %+v, want a kick with its operator", got)
				}
				return
			}
			want := parsed{message: messageIn(t, v.Command, unhex(t, v.Body))}
			if e, ok := got.(*Message); ok && v.Event == nil && e.Self {
				// The author has no event for what the account itself says, ours is a message.
				_ = json.Unmarshal(v.Parsed, &want)
				if problem := checkOwn(e, want, v.Parsed != nil); problem != "" {
					t.Error(problem)
				}
				return
			}
			if v.Event == nil {
				switch got.(type) {
				case *Unknown, *ListsChanged, *GroupGrayTip: // that client has no event for tips
				default:
					t.Errorf("got %#v, want no event", got)
				}
				return
			}
			check, ok := vectorChecks[*v.Event]
			if strings.HasSuffix(*v.Event, "_message") {
				check, ok = checkMessage, true
			}
			if !ok {
				if u, isUnknown := got.(*Unknown); !isUnknown {
					t.Fatalf("%s is decoded and has a vector %q: give it a row in vectorChecks", got.Name(), *v.Event)
				} else if u.Reason != ReasonIgnored {
					t.Errorf("got %#v, want it known but ignored", got)
				}
				t.Skipf("event %s has no type yet", *v.Event)
			}
			if err := json.Unmarshal(v.Parsed, &want); err != nil {
				t.Fatal(err)
			}
			if problem := check(events, want); problem != "" {
				t.Errorf("%s:\n got %+v\nwant %s", problem, got, v.Parsed)
			}
		})
	}
}

// vectorChecks say what differs from the vector, by the vector's event names.
var vectorChecks = map[string]func(events []Event, want parsed) string{
	"group_member_join": func(events []Event, want parsed) string {
		e, ok := events[0].(*GroupMemberIncrease)
		method := map[int]JoinMethod{130: JoinApproved, 131: JoinInvited}[want.JoinType]
		if !ok || e.Group != want.GroupUIN || e.Member.UID != want.UserUID || e.Operator.UID != want.InvitorUID || e.Method != method {
			return "join"
		}
		return ""
	},
	"group_join": func(events []Event, want parsed) string {
		e, ok := events[0].(*GroupMemberIncrease)
		if !ok || e.Group != want.GroupUIN || e.Member != (Person{want.UserUIN, want.UserUID}) || e.Operator.UID != want.InvitorUID {
			return "own join"
		}
		return ""
	},
	"group_member_leave": checkLeave,
	"group_leave":        checkLeave,
	"group_member_permission_changed": func(events []Event, want parsed) string {
		e, ok := events[0].(*GroupAdminChanged)
		if !ok || e.Group != want.GroupUIN || e.Member.UID != want.UserUID || e.Admin != want.IsAdmin {
			return "admin"
		}
		return ""
	},
	"friend_recall": func(events []Event, want parsed) string {
		e, ok := events[0].(*MessageRecalled)
		if !ok || e.Chat.Kind != message.Friend || e.Author.UID != want.FromUID || e.Author.UIN != want.FromUIN ||
			e.ClientSequence != want.Sequence || e.Random != want.Random || e.MessageTime != want.Time {
			return "recall"
		}
		return ""
	},
	"group_recall": func(events []Event, want parsed) string {
		e, ok := events[0].(*MessageRecalled)
		if !ok || e.Chat.Group != want.GroupUIN || e.Author.UID != want.UserUID || e.Operator.UID != want.OpUID ||
			e.Sequence != want.Sequence || e.Random != want.Random || e.MessageTime != want.Time {
			return "recall"
		}
		return ""
	},
	"rename": func(events []Event, want parsed) string {
		switch e := events[0].(type) {
		case *FriendRenamed:
			if want.SubType == 1 && e.Friend.UID == want.UID && e.Nickname == want.Nickname {
				return ""
			}
		case *SelfRenamed:
			if want.SubType == 0 && e.Nickname == want.Nickname {
				return ""
			}
		}
		return "rename"
	},
	"new_friend_request": func(events []Event, want parsed) string {
		e, ok := events[0].(*FriendRequest)
		if !ok || e.Requester != (Person{want.SourceUIN, want.SourceUID}) || e.Message != want.Msg || e.Source != want.Source {
			return "friend request"
		}
		return ""
	},
	"new_friend": func(events []Event, want parsed) string {
		e, ok := events[0].(*FriendAdded)
		if !ok || e.Friend != (Person{want.FromUIN, want.FromUID}) || e.Nickname != want.FromNick || e.Message != want.Msg {
			return "new friend"
		}
		return ""
	},
	"member_special_title_updated": func(events []Event, want parsed) string {
		e, ok := events[0].(*GroupTitleChanged)
		if !ok || e.Group != want.GroupUIN || e.Member.UIN != want.UserUIN || e.Title != want.NewTitle {
			return "title"
		}
		return ""
	},
	"group_name_updated": func(events []Event, want parsed) string {
		e, ok := events[0].(*GroupNameChanged)
		if !ok || e.Group != want.GroupUIN || e.NewName != want.NewName || e.Operator.UID != want.UserUID {
			return "name"
		}
		return ""
	},
	"group_mute": func(events []Event, want parsed) string {
		e, ok := events[0].(*GroupMuted)
		if !ok || e.Group != want.GroupUIN || e.Member.UID != want.UserUID || e.Operator.UID != want.OpUID ||
			e.Duration != want.Duration || e.All != (want.UserUID == "") {
			return "mute"
		}
		return ""
	},
	"group_notify": func(events []Event, want parsed) string {
		e, ok := events[0].(*GroupPoked)
		if !ok || e.Group != want.GroupUIN || e.Operator.UIN != want.UserUIN || e.Target.UIN != want.Receiver ||
			e.Look.Action != want.Action || e.Look.Suffix != want.Suffix {
			return "poke"
		}
		return ""
	},
	"friend_notify": func(events []Event, want parsed) string {
		e, ok := events[0].(*FriendPoked)
		if !ok || e.Operator.UIN != want.Sender.UIN || e.Target.UIN != want.Receiver ||
			e.Look.Action != want.Action || e.Look.Suffix != want.Suffix {
			return "poke"
		}
		return ""
	},
	"group_reaction": func(events []Event, want parsed) string {
		e, ok := events[0].(*GroupReaction)
		if !ok || e.Group != want.GroupUIN || e.Sequence != want.Target || e.Operator.UID != want.UserUID ||
			e.Added != want.IsAdd || e.Code != want.Code || e.Emoji != want.IsEmoji || e.Count != want.Count {
			return "reaction"
		}
		return ""
	},
	"group_digest": func(events []Event, want parsed) string {
		e, ok := events[0].(*GroupEssenceChanged)
		if !ok || e.Group != want.GroupUIN || e.Sequence != want.MessageID || e.Random != want.InternalID ||
			e.Author.UIN != want.UserUIN || e.AuthorName != want.SenderNick ||
			e.Operator.UIN != want.OpUIN || e.OperatorName != want.OpNick ||
			e.Set != (want.Operation == noticeSet) || e.Time != want.Operated {
			return "essence"
		}
		return ""
	},
	"group_member_join_request": checkJoinRequest,
	"group_invited": func(events []Event, want parsed) string {
		e, ok := events[0].(*GroupInvitation)
		if !ok || e.Group != want.GroupUIN || e.Inviter.UID != want.InvitorUID {
			return "invitation"
		}
		return ""
	},
	"disconnected": func(events []Event, want parsed) string {
		e, ok := events[0].(*Kicked)
		if !ok || e.Title+":"+e.Tips != want.Message {
			return "kick"
		}
		return ""
	},
}

func checkJoinRequest(events []Event, want parsed) string {
	switch e := events[0].(type) {
	case *GroupJoinRequest:
		if e.Group == want.GroupUIN && e.Applicant.UID == want.UserUID && e.Comment == want.Answer && want.InvitorUID == "" {
			return ""
		}
	case *GroupInvitedJoinRequest:
		if e.Group == want.GroupUIN && e.Target.UID == want.UserUID && e.Inviter.UID == want.InvitorUID {
			return ""
		}
	}
	return "join request"
}

func checkLeave(events []Event, want parsed) string {
	e, ok := events[0].(*GroupMemberDecrease)
	reason := map[int]LeaveReason{3: LeaveKickMe, 130: LeaveLeft, 131: LeaveKicked, 129: LeaveDisband}[want.ExitType]
	if !ok || e.Group != want.GroupUIN || e.Member.UID != want.UserUID || e.Operator.UID != want.OpUID || e.Reason != reason {
		return "leave"
	}
	return ""
}

// messageIn is the message of a push; nil for another push.
func messageIn(t *testing.T, command string, body []byte) *messagepb.CommonMessage {
	t.Helper()
	if command != CommandMsgPush {
		return nil
	}
	push := new(messagepb.MsgPush)
	if err := pb.Unmarshal(body, push); err != nil {
		t.Fatal(err)
	}
	return push.GetMessage()
}

// checkMessage is for all events whose name ends with "_message".
func checkMessage(events []Event, want parsed) string {
	e, ok := events[0].(*Message)
	if !ok || e.Sender.UIN != want.Sender.UIN || e.Sender.UID != want.Sender.UID {
		return "sender"
	}
	return checkSaid(e, want)
}

// checkOwn compares a message of the account itself with the push and with what the
// vector says of it, if that is known.
func checkOwn(e *Message, want parsed, known bool) string {
	head, route := want.message.GetContentHead(), want.message.GetRoutingHead()
	if e.Sender.UIN != message.UIN(route.GetFromUin()) || e.Sender.UID != message.UID(route.GetFromUid()) {
		return "sender"
	}
	if known {
		return checkSaid(e, want)
	}
	if e.Sequence != head.GetSequence() && e.ClientSequence != head.GetSequence() {
		return "sequence"
	}
	return ""
}

// checkSaid compares the chat, the numbers and the content. The vectors have that before
// the clean-up.
func checkSaid(e *Message, want parsed) string {
	if e.Sequence != want.ID && e.ClientSequence != want.ID {
		return "sequence"
	}
	if e.Self != (e.Sender.UIN == selfPerson.UIN) {
		return "self"
	}
	group := e.Chat.Kind == message.Group
	if group && e.Chat.Group != want.GroupUIN {
		return "group"
	}
	if len(e.Raw) == 0 {
		return "raw message"
	}
	body := want.message.GetBody()
	decoded := elements.Decode(body.GetRichText(), group)
	cleaned := message.Clean(slices.Clone(decoded), group)
	if n := len(cleaned); n < len(e.Content) { // what stands outside of the elements
		decoded, cleaned = append(decoded, e.Content[n:]...), append(cleaned, e.Content[n:]...)
	}
	if diff := cmp.Diff(cleaned, e.Content); diff != "" {
		return "content (-want +got):\n" + diff
	}
	return want.Elements.Compare(decoded, content.Read(body))
}

package elements

import (
	"errors"
	"fmt"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// Errors of [Parse] and [ParseCommon].
var (
	// ErrNotChat is returned when the content-head type is not that of a chat message.
	ErrNotChat = errors.New("not a chat message")
	// ErrNoBody is returned for a chat message without a body.
	ErrNoBody = errors.New("message has no body")
	// ErrDeleted is returned for a message without a sender. Answers about the history
	// have such messages in place of recalled ones.
	ErrDeleted = errors.New("message was deleted")
	// ErrIncomplete is returned for a group message that names no group.
	ErrIncomplete = errors.New("message is incomplete")
)

// ContentHead.type of chat messages (docs/protocol/messages.md 2.1).
const (
	TypeGroup       = 82  // a message in a group
	TypeTemp        = 141 // a private message through a shared group
	TypeFriend      = 166 // a private message of a friend
	TypeOfficialBot = 167 // a private message of an official bot
	TypeOldVoice    = 208 // a private voice message in the old form
	TypeFile        = 529 // a private file, when ContentHead.sub_type is SubTypeFile
)

// SubTypeFile is ContentHead.sub_type of a private file.
const SubTypeFile = 4

// ContentHead.c2c_cmd of two notices of TypeFriend that are no chat messages
// (docs/protocol/events.md 5.2).
const (
	CmdOnlineFileDone    = 131 // a file sent online has arrived
	CmdOnlineFileRefused = 133 // it was refused or cancelled
)

// The role bits of RoutingGroup.msg_flag.
const (
	FlagOwner = 8
	FlagAdmin = 16
)

// CardIsNickname is the RoutingGroup.group_card_type of a sender without a card: the
// field group_card then has the nickname.
const CardIsNickname = 2

// MaxRaw is how large an encoded message may be, in bytes. Larger ones are not read: a
// message takes up to twenty times its size in memory on its way to all bots. Messages
// of the real service have a few kilobytes.
const MaxRaw = 2 << 20

// Parse reads an encoded protobuf CommonMessage as [ParseCommon] does. The message's Raw
// is raw itself.
func Parse(raw []byte, self message.UIN) (*message.Message, error) {
	var cm messagepb.CommonMessage
	if err := pb.Unmarshal(raw, &cm); err != nil {
		return nil, fmt.Errorf("decode message: %w", err)
	}
	m, err := ParseCommon(&cm, self)
	if err != nil {
		return nil, err
	}
	m.Raw = raw
	return m, nil
}

// ParseCommon reads a chat message. self is the account's own number: Message.Self is
// true when it is the sender's. The content has been through [message.Clean] and may be
// empty. Raw stays nil. The error is ErrNotChat, ErrDeleted, ErrNoBody or ErrIncomplete.
func ParseCommon(cm *messagepb.CommonMessage, self message.UIN) (*message.Message, error) {
	route, head := cm.GetRoutingHead(), cm.GetContentHead()
	kind, ok := chatKind(head)
	if !ok && head.GetType() != 0 {
		return nil, ErrNotChat
	}
	if route.GetFromUin() == 0 {
		return nil, ErrDeleted
	}
	if !ok {
		return nil, ErrNotChat
	}
	if cm.GetBody() == nil {
		return nil, ErrNoBody
	}
	m := &message.Message{
		Sender: message.Sender{UIN: message.UIN(route.GetFromUin()), UID: message.UID(route.GetFromUid())},
		Self:   self != 0 && message.UIN(route.GetFromUin()) == self,
		Random: messageRandom(cm),
		Time:   int64(head.GetTime()),
	}
	if err := fillChat(m, kind, route, head); err != nil {
		return nil, err
	}
	rt := cm.GetBody().GetRichText()
	fillSender(m, route, rt)
	m.Content = message.Clean(Decode(rt, kind == message.Group), kind == message.Group)
	if file := cm.GetBody().GetMsgContent(); head.GetType() == TypeFile && len(file) > 0 {
		m.Content = append(m.Content, DecodeFileContent(file))
	}
	for _, seg := range m.Content {
		if f, ok := seg.(*message.FileSegment); ok && f.OfGroup() {
			f.Group = m.Chat.Group // 0 in a private chat
		}
	}
	return m, nil
}

// fillChat says in which chat the message is, and at which place. The sender is known.
func fillChat(m *message.Message, kind message.ChatKind, route *messagepb.RoutingHead, head *messagepb.ContentHead) error {
	m.Chat.Kind = kind
	m.Sequence = head.GetSequence()
	if kind == message.Group {
		m.Chat.Group = message.GroupCode(route.GetGroup().GetGroupCode())
		if m.Chat.Group == 0 {
			return ErrIncomplete
		}
		return nil
	}
	m.ClientSequence = head.GetSequence()
	if head.NtMsgSeq != nil {
		m.Sequence = head.GetNtMsgSeq()
	}
	m.Chat.Peer, m.Chat.PeerUID = m.Sender.UIN, m.Sender.UID
	if m.Self {
		m.Chat.Peer, m.Chat.PeerUID = message.UIN(route.GetToUin()), message.UID(route.GetToUid())
	}
	if kind == message.Temp {
		m.Chat.Group = message.GroupCode(route.GetC2C().GetFromTinyId())
		if m.Chat.Group == 0 {
			m.Chat.Group = message.GroupCode(route.GetGroup().GetGroupCode())
		}
	}
	return nil
}

func chatKind(head *messagepb.ContentHead) (message.ChatKind, bool) {
	switch head.GetType() {
	case TypeGroup:
		return message.Group, true
	case TypeTemp:
		return message.Temp, true
	case TypeOfficialBot, TypeOldVoice:
		return message.Friend, true
	case TypeFriend:
		cmd := head.GetC2CCmd()
		return message.Friend, cmd != CmdOnlineFileDone && cmd != CmdOnlineFileRefused
	case TypeFile:
		return message.Friend, head.GetSubType() == SubTypeFile
	}
	return 0, false
}

// messageRandom is the sender's random: in the head, in a group push also in the
// font attributes, and in the message uid.
func messageRandom(cm *messagepb.CommonMessage) uint32 {
	head := cm.GetContentHead()
	if head.Random != nil {
		return uint32(head.GetRandom())
	}
	if r := cm.GetBody().GetRichText().GetAttr().GetRandom(); r != 0 {
		return uint32(r)
	}
	return uidRandom(head.GetMsgUid())
}

// fillSender takes the sender's names, level and role from the routing head and,
// in groups, from the extra-info element.
func fillSender(m *message.Message, route *messagepb.RoutingHead, rt *messagepb.RichText) {
	s := &m.Sender
	if g := route.GetGroup(); g != nil {
		m.GroupName = g.GetGroupName()
		if name := g.GetGroupCard(); g.GetGroupCardType() == CardIsNickname {
			s.Nickname = name
		} else {
			s.Card = name
		}
		s.Level = g.GetGroupLevel()
		switch {
		case g.GetMsgFlag()&FlagOwner != 0:
			s.Role = message.RoleOwner
		case g.GetMsgFlag()&FlagAdmin != 0:
			s.Role = message.RoleAdmin
		}
	}
	if name := route.GetC2C().GetName(); name != "" {
		s.Nickname = name
	}
	if m.Chat.Kind != message.Group {
		return
	}
	for _, e := range rt.GetElems() {
		x := e.GetExtraInfo()
		if x == nil || x.GetUin() != 0 && message.UIN(x.GetUin()) != s.UIN {
			continue
		}
		if x.GetNick() != "" {
			s.Nickname = x.GetNick()
		}
		if s.Card == "" && route.GetGroup().GetGroupCardType() != CardIsNickname {
			s.Card = x.GetGroupCard()
		}
		if x.GetSenderTitle() != "" {
			s.Title = x.GetSenderTitle()
		}
		if s.Level == 0 && x.GetLevel() > 0 {
			s.Level = uint32(x.GetLevel())
		}
	}
}

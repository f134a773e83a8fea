package server

import (
	"log/slog"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// senderAppID stands in routing heads for the sender's app id.
const senderAppID = 1600001615

// chatWriter writes the world's messages as the protocol has them, in pushes and in
// histories.
type chatWriter struct {
	world *world.World
	log   *slog.Logger
}

// messages writes a history.
func (c *chatWriter) messages(list []*world.Message) []*messagepb.CommonMessage {
	out := make([]*messagepb.CommonMessage, len(list))
	for i, m := range list {
		out[i] = c.message(m)
	}
	return out
}

// message writes one message (docs/protocol/messages.md 11.2, 11.3). In private chats
// everybody gets the same heads: to is the receiver, whoever reads it.
func (c *chatWriter) message(m *world.Message) *messagepb.CommonMessage {
	routing := &messagepb.RoutingHead{
		FromUin: uint64(m.Sender.UIN), FromUid: proto.String(string(m.Sender.UID)), FromAppId: senderAppID,
	}
	text := &messagepb.RichText{Elems: c.elements(m), Ptt: voiceBeside(m)}
	body := &messagepb.MessageBody{RichText: text, MsgContent: c.fileContent(m.File)}
	var head *messagepb.ContentHead
	if m.Group != 0 {
		routing.Group = groupRouting(m)
		head = contentHead(elements.TypeGroup, m, m.Sequence)
		text.Attr = &messagepb.Attr{Random: m.Random, FontName: "Times New Roman"}
	} else {
		routing.ToUin, routing.ToUid = uint64(m.To), proto.String(string(m.ToUID))
		routing.C2C = &messagepb.RoutingC2C{}
		kind := uint64(elements.TypeFriend)
		switch {
		case m.File != nil:
			kind = elements.TypeFile
		case m.TempGroup != 0:
			kind = elements.TypeTemp
			routing.C2C.C2CType, routing.C2C.FromTinyId = 2, uint64(m.TempGroup)
		}
		head = contentHead(kind, m, m.ClientSequence)
		head.NtMsgSeq = proto.Uint64(m.Sequence)
	}
	return &messagepb.CommonMessage{RoutingHead: routing, ContentHead: head, Body: body}
}

// fileContent writes a private file as its sender's client did, or from what it says; nil
// for none.
func (c *chatWriter) fileContent(file *world.Part) []byte {
	if file == nil {
		return nil
	}
	if file.Form != nil {
		return file.Form
	}
	body, err := elements.Encode(message.Content{file.Segment}, elements.EncodeOptions{})
	if err != nil {
		c.log.Error("private file not encoded", "err", err)
	}
	return body.GetMsgContent()
}

// elements writes the parts of a message; in groups the sender's names follow them. A
// part that cannot be written is left out.
func (c *chatWriter) elements(m *world.Message) []*messagepb.Elem {
	var elems []*messagepb.Elem
	if n := len(m.Parts); n > 0 {
		elems = make([]*messagepb.Elem, 0, n+1)
	}
	for _, p := range m.Parts {
		var err error
		if elems, err = appendPart(elems, c.world, p, m.Group != 0); err != nil {
			c.log.Error("part of a message not encoded", "group", m.Group, "sequence", m.Sequence, "err", err)
		}
	}
	if m.Group == 0 {
		return elems
	}
	return append(elems, &messagepb.Elem{ExtraInfo: &messagepb.ExtraInfo{
		Nick: m.Sender.Nickname, GroupCard: m.Sender.Card, Level: int32(m.Sender.Level),
		SenderTitle: m.Sender.Title, Uin: uint64(m.Sender.UIN),
	}})
}

func groupRouting(m *world.Message) *messagepb.RoutingGroup {
	routing := &messagepb.RoutingGroup{
		GroupCode: uint64(m.Group), GroupCard: m.Sender.Card, GroupCardType: 1,
		GroupLevel: m.Sender.Level, GroupName: m.GroupName, MsgFlag: roleFlag(m.Sender.Role),
	}
	if m.Sender.Card == "" {
		routing.GroupCard, routing.GroupCardType = m.Sender.Nickname, elements.CardIsNickname
	}
	return routing
}

// contentHead fills the head as docs/protocol/messages.md 11.3 lists it.
func contentHead(kind uint64, m *world.Message, sequence uint64) *messagepb.ContentHead {
	head := &messagepb.ContentHead{
		Type: kind, Random: proto.Uint64(uint64(m.Random)), Sequence: proto.Uint64(sequence),
		Time: proto.Uint64(uint64(m.Time)), PkgNum: proto.Uint64(1), PkgIndex: proto.Uint64(0),
		DivSeq: proto.Uint64(0), MsgUid: proto.Uint64(elements.MsgUID(m.Random)),
	}
	switch kind {
	case elements.TypeFriend:
		head.SubType, head.C2CCmd = proto.Uint64(11), proto.Uint64(11)
	case elements.TypeTemp:
		head.SubType, head.C2CCmd = proto.Uint64(0), proto.Uint64(0)
	case elements.TypeFile:
		head.SubType, head.C2CCmd = proto.Uint64(elements.SubTypeFile), proto.Uint64(elements.SubTypeFile)
	}
	return head
}

// roleFlag is the sender's role as group messages carry it.
func roleFlag(r message.Role) uint32 {
	switch r {
	case message.RoleOwner:
		return elements.FlagOwner
	case message.RoleAdmin:
		return elements.FlagAdmin
	}
	return 0
}

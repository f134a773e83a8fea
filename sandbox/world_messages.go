package sandbox

import (
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// The result codes of a send (docs/protocol/messages.md 4.3).
const (
	sendTooLarge  = 10
	sendBlocked   = 55
	sendNotMember = 110
	sendMuted     = 120
	sendAtAll     = 121
	sendTooFast   = 299
)

// Limits of one message (docs/protocol/messages.md 13).
const (
	maxTextBytes   = 10000
	maxElements    = 100
	maxFileContent = 64 << 10
)

// senderAppID stands in routing heads for the sender's app id.
const senderAppID = 1600001615

// Send is one message to send. Either Group or To is set; TempGroup with To sends
// through a shared group.
type Send struct {
	From      message.UIN
	Group     message.GroupCode
	To        message.UIN
	TempGroup message.GroupCode
	// Elems are the content. They are kept: do not change them afterwards.
	Elems []*messagepb.Elem
	// MsgContent makes it a private file message; Elems are then ignored.
	MsgContent []byte
	// Random and ClientSequence are drawn when 0 (the latter in private chats).
	Random         uint32
	ClientSequence uint64
	// Origin is the sending client session, if any; private messages are not
	// echoed to it.
	Origin any
}

// Result is the answer to a Send. Code 0 is success; other codes are those of
// docs/protocol/messages.md 4.3, and then there is no Sequence.
type Result struct {
	Code int32
	Text string
	// Time is Unix seconds.
	Time int64
	// Sequence is the group or the conversation sequence.
	Sequence       uint64
	ClientSequence uint64
	Random         uint32
}

// Send sends one message: it is checked, stored and pushed to the receivers, and
// a group message also to its sender. ack, which may be nil, is called with the
// result before any push leaves, with the world locked: it must neither block nor
// call the world.
func (w *World) Send(s Send, ack func(Result)) Result {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	if s.Random == 0 {
		s.Random = w.rng.Uint32()
	}
	if s.ClientSequence == 0 && s.Group == 0 {
		s.ClientSequence = 10000 + w.rng.Uint64N(90000)
	}
	r := Result{Time: now.Unix(), Random: s.Random, ClientSequence: s.ClientSequence}
	if r.Code, r.Text = w.checkSend(&s, now); r.Code != 0 {
		if ack != nil {
			ack(r)
		}
		return r
	}
	if s.Group != 0 {
		return w.sendGroup(&s, r, ack)
	}
	return w.sendPrivate(&s, r, ack)
}

func (w *World) checkSend(s *Send, now time.Time) (int32, string) {
	if code, text := checkContent(s); code != 0 {
		return code, text
	}
	if s.Group == 0 {
		return w.checkPrivate(s)
	}
	g := w.groups[s.Group]
	if g == nil || g.members[s.From] == nil {
		return sendNotMember, "not a member of the group"
	}
	m := g.members[s.From]
	plain := m.role == message.RoleMember
	atAll := mentionsAll(s.Elems)
	switch {
	case m.muteUntil > now.Unix():
		return sendMuted, "muted in the group"
	case g.MuteAll && plain:
		return sendMuted, "the whole group is muted"
	case atAll && plain:
		return sendAtAll, "members may not mention everyone"
	case atAll && !g.atAll.left(s.From, now):
		return sendAtAll, "no mentions of everyone left today"
	case !g.rate.take(now):
		return sendTooFast, "too many messages per minute in the group"
	}
	if atAll {
		g.atAll.use(s.From)
	}
	return 0, ""
}

func checkContent(s *Send) (int32, string) {
	switch {
	case len(s.MsgContent) > maxFileContent:
		return sendTooLarge, "file content too large"
	case len(s.MsgContent) > 0 && s.Group == 0:
		return 0, ""
	case len(s.Elems) == 0:
		return sendTooLarge, "empty message"
	case len(s.Elems) > maxElements:
		return sendTooLarge, "too many elements"
	}
	text := 0
	for _, e := range s.Elems {
		text += len(e.GetText().GetStr())
	}
	if text > maxTextBytes {
		return sendTooLarge, "text too long"
	}
	return 0, ""
}

func (w *World) checkPrivate(s *Send) (int32, string) {
	if w.users[s.From] == nil || w.users[s.To] == nil {
		return sendBlocked, "no such user"
	}
	if s.TempGroup != 0 {
		g := w.groups[s.TempGroup]
		if g == nil || g.members[s.From] == nil || g.members[s.To] == nil {
			return sendBlocked, "no shared group"
		}
		return 0, ""
	}
	if s.From != s.To && !w.areFriends(s.From, s.To) {
		return sendBlocked, "not a friend"
	}
	return 0, ""
}

func (w *World) sendGroup(s *Send, r Result, ack func(Result)) Result {
	g, from := w.groups[s.Group], w.users[s.From]
	m := g.members[s.From]
	m.lastSpeak = r.Time
	r.Sequence = g.history.next

	elems := append(w.relay(s.Elems, 1), &messagepb.Elem{ExtraInfo: &messagepb.ExtraInfo{
		Nick: from.Nickname, GroupCard: m.card, Level: int32(m.level),
		SenderTitle: m.title, Uin: uint64(s.From),
	}})
	routing := &messagepb.RoutingGroup{
		GroupCode: uint64(g.Code), GroupCard: m.card, GroupCardType: 1,
		GroupLevel: m.level, GroupName: g.Name, MsgFlag: roleFlag(m.role),
	}
	if m.card == "" {
		routing.GroupCard, routing.GroupCardType = from.Nickname, 2
	}
	msg := &messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{
			FromUin: uint64(s.From), FromUid: proto.String(string(from.UID)),
			FromAppId: senderAppID, Group: routing,
		},
		ContentHead: contentHead(message.TypeGroup, r, r.Sequence),
		Body: &messagepb.MessageBody{RichText: &messagepb.RichText{
			Attr:  &messagepb.Attr{Random: r.Random, FontName: "Times New Roman"},
			Elems: elems,
		}},
	}
	g.history.add(&record{msg: msg, sequence: r.Sequence, random: r.Random, from: s.From, time: r.Time})
	if ack != nil {
		ack(r)
	}
	w.pushAll(g, newEnvelope(msg))
	w.note(Activity{Kind: ActivityMessage, Group: g.Code, User: s.From, Sequence: r.Sequence, Common: msg})
	return r
}

func (w *World) sendPrivate(s *Send, r Result, ack func(Result)) Result {
	key := keyOf(s.From, s.To)
	p := w.pairs[key]
	if p == nil {
		p = &pair{history: history{next: 1000 + w.rng.Uint64N(9000)}}
		w.pairs[key] = p
	}
	r.Sequence = p.history.next
	p.newest = r.Time

	from, to := w.users[s.From], w.users[s.To]
	routing := &messagepb.RoutingHead{
		FromUin: uint64(s.From), FromUid: proto.String(string(from.UID)), FromAppId: senderAppID,
		ToUin: uint64(s.To), ToUid: proto.String(string(to.UID)),
		C2C: &messagepb.RoutingC2C{},
	}
	kind, body := uint64(message.TypeFriend), &messagepb.MessageBody{RichText: &messagepb.RichText{}}
	switch {
	case len(s.MsgContent) > 0:
		kind, body.MsgContent = message.TypeFile, s.MsgContent
	case s.TempGroup != 0:
		kind = message.TypeTemp
		routing.C2C.C2CType, routing.C2C.FromTinyId = 2, uint64(s.TempGroup)
		body.RichText.Elems = w.relay(s.Elems, 0)
	default:
		body.RichText.Elems = w.relay(s.Elems, 0)
	}
	head := contentHead(kind, r, r.ClientSequence)
	head.NtMsgSeq = proto.Uint64(r.Sequence)
	msg := &messagepb.CommonMessage{RoutingHead: routing, ContentHead: head, Body: body}
	p.history.add(&record{
		msg: msg, sequence: r.Sequence, clientSeq: r.ClientSequence,
		random: r.Random, from: s.From, time: r.Time,
	})
	if ack != nil {
		ack(r)
	}
	// Every receiver gets the same heads: to is the peer, whoever reads it
	// (docs/protocol/messages.md 11.2).
	e := newEnvelope(msg)
	payload := e.payload(s.To, string(to.UID))
	if s.To != s.From && w.reachable(s.To) {
		w.push(Push{To: s.To, Payload: payload})
	}
	if w.reachable(s.From) {
		w.push(Push{To: s.From, Exclude: s.Origin, Payload: payload})
	}
	w.note(Activity{Kind: ActivityMessage, User: s.From, Peer: s.To, Sequence: r.Sequence, Common: msg})
	return r
}

// contentHead fills the head as docs/protocol/messages.md 11.3 lists it.
func contentHead(kind uint64, r Result, sequence uint64) *messagepb.ContentHead {
	head := &messagepb.ContentHead{
		Type: kind, Random: proto.Uint64(uint64(r.Random)), Sequence: proto.Uint64(sequence),
		Time: proto.Uint64(uint64(r.Time)), PkgNum: proto.Uint64(1), PkgIndex: proto.Uint64(0),
		DivSeq: proto.Uint64(0), MsgUid: proto.Uint64(message.MsgUID(r.Random)),
	}
	switch kind {
	case message.TypeFriend:
		head.SubType, head.C2CCmd = proto.Uint64(11), proto.Uint64(11)
	case message.TypeTemp:
		head.SubType, head.C2CCmd = proto.Uint64(0), proto.Uint64(0)
	case message.TypeFile:
		head.SubType, head.C2CCmd = proto.Uint64(4), proto.Uint64(4)
	}
	return head
}

// roleFlag is the sender's role as group messages carry it.
func roleFlag(r message.Role) uint32 {
	switch r {
	case message.RoleOwner:
		return 8
	case message.RoleAdmin:
		return 16
	}
	return 0
}

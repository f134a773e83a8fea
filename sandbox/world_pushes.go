package sandbox

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// Content head types of events (docs/protocol/events.md 5.2, 5.3).
const (
	typeMemberIn   = 33
	typeMemberOut  = 34
	typeAdmin      = 44
	typeSelfJoined = 85
	typeAccount    = 528
	typeNotice     = 732
)

// Subtypes of 528 and 732.
const (
	accountSync         = 39
	accountRecall       = 138
	accountOwnRecall    = 139
	accountNewFriend    = 179
	accountGroupRemoved = 212
	accountVerify       = 226

	noticeMute   = 12
	noticeText   = 16
	noticeRecall = 17
)

// Change types of GroupMemberChange.
const (
	inApproved   = 130
	inInvited    = 131
	outKickedMe  = 3
	outDissolved = 129
	outLeft      = 130
	outKicked    = 131
)

// muteAllSeconds is the duration that stands for the whole group's mute.
const muteAllSeconds = 4294967295

// eventUID marks the uid of an event push; a random number is added.
const eventUID = uint64(0x02000000) << 32

// event makes the push of an event (docs/protocol/events.md 2, 9.1), with fresh
// numbers.
func (w *World) event(kind, sub uint64, fromUIN uint64, fromUID string, content []byte) *envelope {
	w.events++
	random := uint64(w.rng.Uint32())
	head := &messagepb.ContentHead{
		Type: kind, Sequence: proto.Uint64(w.events),
		Time: proto.Uint64(uint64(w.now().Unix())), MsgUid: proto.Uint64(eventUID | random),
	}
	if sub != 0 {
		head.SubType, head.C2CCmd = proto.Uint64(sub), proto.Uint64(sub)
	}
	if kind == typeAccount {
		head.Random = proto.Uint64(random)
	}
	return newEnvelope(&messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: fromUIN, FromUid: proto.String(fromUID)},
		ContentHead: head,
		Body:        &messagepb.MessageBody{RichText: &messagepb.RichText{}, MsgContent: content},
	})
}

// groupEvent is an event from a group: its internal number is the sender.
func (w *World) groupEvent(g *group, kind, sub uint64, content []byte) *envelope {
	internal := internalNumber(uint64(g.Code))
	return w.event(kind, sub, internal, strconv.FormatUint(internal, 10), content)
}

// accountEvent is an event of type 528 about a person.
func (w *World) accountEvent(sub uint64, about *account, body proto.Message) *envelope {
	return w.event(typeAccount, sub, uint64(about.UIN), string(about.UID), encode(body))
}

// internalNumber is the account number behind a group code
// (docs/protocol/operations.md 4.6).
func internalNumber(code uint64) uint64 {
	left := code / 1000000
	switch {
	case left <= 10:
		left += 202
	case left <= 19:
		left += 469
	case left <= 66:
		left += 2080
	case left <= 156:
		left += 1943
	case left <= 209:
		left += 1990
	case left <= 309:
		left += 3890
	case left <= 499:
		left += 3490
	}
	return left*1000000 + code%1000000
}

// noticeContent puts the 7-byte header before a notice of subtype 16, 17, 20 or
// 21 (docs/protocol/events.md 2.1).
func noticeContent(sub uint64, n *pushpb.GroupNotify) []byte {
	body := encode(n)
	b := make([]byte, 7, 7+len(body))
	binary.BigEndian.PutUint32(b, uint32(n.GroupCode))
	b[4] = byte(sub)
	binary.BigEndian.PutUint16(b[5:], uint16(len(body)))
	return append(b, body...)
}

func (w *World) pushNotice(g *group, sub uint64, n *pushpb.GroupNotify) {
	n.GroupCode = uint64(g.Code)
	w.pushAll(g, w.groupEvent(g, typeNotice, sub, noticeContent(sub, n)))
}

func (w *World) pushJoined(g *group, uin, by message.UIN, invited bool) {
	change := &pushpb.GroupMemberChange{GroupCode: uint64(g.Code), MemberUid: w.uidOf(uin), ChangeType: inApproved}
	if invited {
		change.ChangeType = inInvited
	}
	change.JoinType = change.ChangeType // one client reads only this
	if by != 0 {
		change.Operator = []byte(w.uidOf(by))
	}
	w.pushAll(g, w.groupEvent(g, typeMemberIn, 0, encode(change)))
	if invited {
		return
	}
	w.pushTo(uin, w.groupEvent(g, typeSelfJoined, 0, encode(&pushpb.GroupSelfJoined{
		GroupCode: uint64(g.Code), F2Unk: 1, OperatorUid: w.uidOf(by), F4Unk: proto.Uint32(0),
		F6Unk: 48, Token: fmt.Sprintf("%016x%016x%016x", w.rng.Uint64(), w.rng.Uint64(), w.rng.Uint64()),
	})))
}

func (w *World) pushRemoved(g *group, uin message.UIN) {
	w.pushTo(uin, w.accountEvent(accountGroupRemoved, w.users[uin], &pushpb.GroupRemoved{GroupCode: uint64(g.Code)}))
}

func (w *World) pushLeft(g *group, uin message.UIN) {
	w.pushAll(g, w.groupEvent(g, typeMemberOut, 0, encode(&pushpb.GroupMemberChange{
		GroupCode: uint64(g.Code), MemberUid: w.uidOf(uin), ChangeType: outLeft,
	})))
	w.pushRemoved(g, uin)
}

// pushKicked names the operator in the protobuf form: all clients read it
// (docs/protocol/events.md 9.2).
func (w *World) pushKicked(g *group, uin, by message.UIN) {
	change := &pushpb.GroupMemberChange{
		GroupCode: uint64(g.Code), MemberUid: w.uidOf(uin), ChangeType: outKicked,
		Operator: encode(&pushpb.GroupOperatorInfo{Operator: &pushpb.GroupOperator{Uid: proto.String(w.uidOf(by))}}),
	}
	w.pushAll(g, w.groupEvent(g, typeMemberOut, 0, encode(change)))
	change.ChangeType = outKickedMe
	w.pushTo(uin, w.groupEvent(g, typeMemberOut, 0, encode(change)))
	w.pushRemoved(g, uin)
}

// pushDissolved tells every member with its own uid, as was seen
// (docs/protocol/events.md 10).
func (w *World) pushDissolved(g *group) {
	for _, uin := range g.roster {
		w.pushTo(uin, w.groupEvent(g, typeMemberOut, 0, encode(&pushpb.GroupMemberChange{
			GroupCode: uint64(g.Code), MemberUid: w.uidOf(uin), ChangeType: outDissolved,
		})))
	}
}

func (w *World) pushAdmin(g *group, uin message.UIN, admin bool) {
	change := &pushpb.GroupAdminChange{GroupCode: uint64(g.Code), Body: &pushpb.GroupAdminChangeBody{}}
	target := &pushpb.GroupAdminTarget{Uid: w.uidOf(uin), Promoted: admin}
	if admin {
		change.Promoted, change.Body.Set = proto.Bool(true), target
	} else {
		change.Body.Unset = target
	}
	w.pushAll(g, w.groupEvent(g, typeAdmin, 0, encode(change)))
}

func (w *World) pushMute(g *group, by, uin message.UIN, seconds uint32) {
	w.pushMuteState(g, by, &pushpb.GroupMuteState{
		TargetUid: proto.String(w.uidOf(uin)), Duration: proto.Uint32(seconds),
	})
}

// pushMuteAll leaves the target out: an empty one would not mean everybody.
func (w *World) pushMuteAll(g *group, by message.UIN, on bool) {
	state := &pushpb.GroupMuteState{Duration: proto.Uint32(0)}
	if on {
		state.Duration = proto.Uint32(muteAllSeconds)
	}
	w.pushMuteState(g, by, state)
}

func (w *World) pushMuteState(g *group, by message.UIN, state *pushpb.GroupMuteState) {
	w.pushAll(g, w.groupEvent(g, typeNotice, noticeMute, encode(&pushpb.GroupMute{
		GroupCode: uint64(g.Code), SubType: noticeMute, OperatorUid: proto.String(w.uidOf(by)),
		Data: &pushpb.GroupMuteData{Timestamp: uint32(w.now().Unix()), Type: 1, State: state},
	})))
}

func (w *World) pushRenamed(g *group, by message.UIN) {
	w.pushNotice(g, noticeText, &pushpb.GroupNotify{
		NotifyType: 1, ServiceType: proto.Uint32(12), OperatorUid: proto.String(w.uidOf(by)),
		EventParam: encode(&pushpb.GroupNameParam{Kind: proto.Uint32(1), Name: g.Name}),
	})
}

// insert is a linked part of a notice's text (docs/protocol/events.md 6.1).
type insert struct {
	Command int    `json:"cmd"`
	Data    string `json:"data"`
	Text    string `json:"text"`
}

func (i insert) String() string {
	b, err := json.Marshal(i)
	if err != nil { // a struct of texts always encodes
		panic(err)
	}
	return "<" + string(b) + ">"
}

// pushTitle writes exactly two inserts, which the Go client insists on.
func (w *World) pushTitle(g *group, uin message.UIN, title string) {
	text := "恭喜" + insert{5, strconv.FormatUint(uint64(uin), 10), w.users[uin].Nickname}.String() +
		"获得群主授予的" + insert{1, "", title}.String() + "头衔"
	w.pushNotice(g, noticeText, &pushpb.GroupNotify{
		NotifyType: 1, ServiceType: proto.Uint32(6),
		EventParam: encode(&pushpb.GroupTextParam{ShowLatest: 1, Text: text, Remind: 1, MemberUin: uint64(uin)}),
	})
}

func (w *World) pushGroupRecall(g *group, by message.UIN, r *record) {
	w.pushNotice(g, noticeRecall, &pushpb.GroupNotify{Recall: &pushpb.GroupRecall{
		OperatorUid: proto.String(w.uidOf(by)),
		Messages: []*pushpb.RecalledGroupMessage{{
			Sequence: r.sequence, Time: uint32(r.time), Random: r.random, AuthorUid: w.uidOf(r.from),
		}},
		Tip: &pushpb.RecallTip{Text: proto.String("")},
	}})
}

func (w *World) pushFriendRecall(author, peer *account, r *record) {
	body := &pushpb.FriendRecall{Info: &pushpb.FriendRecallInfo{
		FromUid: string(author.UID), ToUid: string(peer.UID), ClientSequence: uint32(r.clientSeq),
		MessageUid: message.MsgUID(r.random), Time: uint32(r.time), Random: r.random,
		PackageCount: proto.Uint32(1), PackageIndex: proto.Uint32(0), DivisionSequence: proto.Uint32(0),
		Tip: &pushpb.RecallTip{Text: proto.String("")}, Sequence: r.sequence,
	}}
	if peer != author {
		w.pushTo(peer.UIN, w.accountEvent(accountRecall, author, body))
	}
	w.pushTo(author.UIN, w.accountEvent(accountOwnRecall, author, body))
}

// pushNewFriend tells a that b accepted, and gives b the hint to read its list
// again (docs/protocol/operations.md 7.3, 0xb5d_44).
func (w *World) pushNewFriend(a, b *account) {
	w.pushTo(a.UIN, w.accountEvent(accountNewFriend, b, &pushpb.NewFriend{F1Unk: 1, Info: &pushpb.NewFriendInfo{
		Uid: string(b.UID), Time: uint32(w.now().Unix()), Nickname: b.Nickname, ToUid: string(a.UID),
	}}))
	w.pushTo(b.UIN, w.accountEvent(accountVerify, a, &pushpb.FriendVerifyNotice{Info: &pushpb.FriendVerifyInfo{
		Kind: proto.Uint32(0), Uin: uint64(a.UIN), Nickname: a.Nickname, F5Unk: 1,
	}}))
}

// pushFriendDeleted tells a's own clients.
func (w *World) pushFriendDeleted(a, b *account) {
	w.pushTo(a.UIN, w.accountEvent(accountSync, a, &pushpb.ProfileSync{Items: []*pushpb.ProfileSyncItem{{
		NotifyType: proto.Uint32(0), Operation: 5, FriendDeleted: &pushpb.FriendDeleted{Uid: string(b.UID)},
	}}}))
}

package server

import (
	"encoding/json"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
	"libration/sandbox/world"
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

func (p *pushes) notice(in world.InGroup, sub uint64, n *pushpb.GroupNotify) {
	n.GroupCode = uint64(in.Group)
	p.all(in, p.groupEvent(in.Group, typeNotice, sub, noticeContent(sub, n)))
}

func (p *pushes) change(code message.GroupCode, kind uint64, c *pushpb.GroupMemberChange) *envelope {
	c.GroupCode = uint64(code)
	return p.groupEvent(code, kind, 0, encode(c))
}

// joined is push 33 to all members, the new one included; who was not invited also
// gets push 85 (docs/protocol/operations.md 7.3).
func (p *pushes) joined(h *world.MemberJoined) {
	change := &pushpb.GroupMemberChange{MemberUid: string(h.Member.UID), ChangeType: inApproved}
	if h.Invited {
		change.ChangeType = inInvited
	}
	change.JoinType = change.ChangeType // one client reads only this
	if h.By.UIN != 0 {
		change.Operator = []byte(h.By.UID)
	}
	p.all(h.InGroup, p.change(h.Group, typeMemberIn, change))
	if !h.Invited {
		p.selfJoined(h.Group, h.Member, h.By)
	}
}

func (p *pushes) selfJoined(code message.GroupCode, member, by world.User) {
	p.to(member, p.groupEvent(code, typeSelfJoined, 0, encode(&pushpb.GroupSelfJoined{
		GroupCode: uint64(code), F2Unk: 1, OperatorUid: string(by.UID), F4Unk: proto.Uint32(0),
		F6Unk: 48, Token: p.token(),
	})))
}

// founded is push 85 to the owner, and push 33 to each other member about itself, whom the
// owner has invited: ours, not observed.
func (p *pushes) founded(h *world.GroupFounded) {
	p.selfJoined(h.Group, h.Owner, h.Owner)
	for _, uin := range h.Members {
		if uin == h.Owner.UIN {
			continue
		}
		u, _ := p.world.Users().Find(uin)
		p.to(u, p.change(h.Group, typeMemberIn, &pushpb.GroupMemberChange{
			MemberUid: string(u.UID), ChangeType: inInvited, JoinType: inInvited, Operator: []byte(h.Owner.UID),
		}))
	}
}

func (p *pushes) token() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("%016x%016x%016x", p.rng.Uint64(), p.rng.Uint64(), p.rng.Uint64())
}

// removed is push 528/212 to the clients of who is no longer in a group.
func (p *pushes) removed(in world.InGroup, u world.User) {
	p.to(u, p.accountEvent(accountGroupRemoved, u.UIN, u.UID, &pushpb.GroupRemoved{GroupCode: uint64(in.Group)}))
}

// left is push 34 to those who remain.
func (p *pushes) left(h *world.MemberLeft) {
	p.all(h.InGroup, p.change(h.Group, typeMemberOut, &pushpb.GroupMemberChange{
		MemberUid: string(h.Member.UID), ChangeType: outLeft,
	}))
	p.removed(h.InGroup, h.Member)
}

// kicked names the operator in the protobuf form: all clients read it
// (docs/protocol/events.md 9.2). Those who remain and the member get push 34.
func (p *pushes) kicked(h *world.MemberKicked) {
	change := &pushpb.GroupMemberChange{
		MemberUid: string(h.Member.UID), ChangeType: outKicked,
		Operator: encode(&pushpb.GroupOperatorInfo{Operator: &pushpb.GroupOperator{Uid: proto.String(string(h.By.UID))}}),
	}
	p.all(h.InGroup, p.change(h.Group, typeMemberOut, change))
	change.ChangeType = outKickedMe
	p.to(h.Member, p.change(h.Group, typeMemberOut, change))
	p.removed(h.InGroup, h.Member)
}

// dissolved is push 34 to every member with its own uid, as was seen
// (docs/protocol/events.md 10).
func (p *pushes) dissolved(h *world.GroupDissolved) {
	for _, uin := range h.Members {
		u, _ := p.world.Users().Find(uin)
		p.to(u, p.change(h.Group, typeMemberOut, &pushpb.GroupMemberChange{
			MemberUid: string(u.UID), ChangeType: outDissolved,
		}))
	}
}

// adminChanged is push 44 to all members.
func (p *pushes) adminChanged(h *world.AdminChanged) {
	change := &pushpb.GroupAdminChange{GroupCode: uint64(h.Group), Body: &pushpb.GroupAdminChangeBody{}}
	target := &pushpb.GroupAdminTarget{Uid: string(h.Member.UID), Promoted: h.Admin}
	if h.Admin {
		change.Promoted, change.Body.Set = proto.Bool(true), target
	} else {
		change.Body.Unset = target
	}
	p.all(h.InGroup, p.groupEvent(h.Group, typeAdmin, 0, encode(change)))
}

// ownerChanged is push 44 to all members that names nobody: which form the service sends is
// not known (docs/protocol/events.md 5.2). Clients may ask for the members again.
func (p *pushes) ownerChanged(h *world.OwnerChanged) {
	p.all(h.InGroup, p.groupEvent(h.Group, typeAdmin, 0, encode(&pushpb.GroupAdminChange{
		GroupCode: uint64(h.Group), Body: &pushpb.GroupAdminChangeBody{},
	})))
}

// muted is push 732/12 to all members.
func (p *pushes) muted(h *world.MemberMuted) {
	p.muteState(h.InGroup, h.By, &pushpb.GroupMuteState{
		TargetUid: proto.String(string(h.Member.UID)), Duration: proto.Uint32(h.Seconds),
	})
}

// groupMuted leaves the target out: an empty one would not mean everybody.
func (p *pushes) groupMuted(h *world.GroupMuted) {
	state := &pushpb.GroupMuteState{Duration: proto.Uint32(0)}
	if h.On {
		state.Duration = proto.Uint32(muteAllSeconds)
	}
	p.muteState(h.InGroup, h.By, state)
}

func (p *pushes) muteState(in world.InGroup, by world.User, state *pushpb.GroupMuteState) {
	p.all(in, p.groupEvent(in.Group, typeNotice, noticeMute, encode(&pushpb.GroupMute{
		GroupCode: uint64(in.Group), SubType: noticeMute, OperatorUid: proto.String(string(by.UID)),
		Data: &pushpb.GroupMuteData{Timestamp: uint32(p.world.Now().Unix()), Type: 1, State: state},
	})))
}

// renamed is push 732/16 to all members.
func (p *pushes) renamed(h *world.GroupRenamed) {
	p.notice(h.InGroup, noticeText, &pushpb.GroupNotify{
		NotifyType: 1, ServiceType: proto.Uint32(12), OperatorUid: proto.String(string(h.By.UID)),
		EventParam: encode(&pushpb.GroupNameParam{Kind: proto.Uint32(1), Name: h.Name}),
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

// titleChanged is push 732/16 to all members. It has exactly two inserts, which the Go
// client insists on.
func (p *pushes) titleChanged(h *world.TitleChanged) {
	text := "恭喜" + insert{5, strconv.FormatUint(uint64(h.Member.UIN), 10), h.Member.Nickname}.String() +
		"获得群主授予的" + insert{1, "", h.Title}.String() + "头衔"
	p.notice(h.InGroup, noticeText, &pushpb.GroupNotify{
		NotifyType: 1, ServiceType: proto.Uint32(6),
		EventParam: encode(&pushpb.GroupTextParam{ShowLatest: 1, Text: text, Remind: 1, MemberUin: uint64(h.Member.UIN)}),
	})
}

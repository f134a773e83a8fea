package server

import (
	"encoding/binary"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// Types of the pushes about requests, and the subtype of 528 that reports one as settled.
const (
	typeJoinRequest       = 84
	typeJoinRefused       = 86
	typeInvitation        = 87
	typeInvitedJoin       = 525
	accountRequestSettled = 68
)

// invitedJoinCommand marks a push 525 that is about a request.
const invitedJoinCommand = 87

// joinRequested is push 84 to the owner and the admins.
func (p *pushes) joinRequested(h *world.JoinRequested) {
	p.send(h.To, nil, p.groupEvent(h.Group, typeJoinRequest, 0, encode(&pushpb.GroupJoinRequest{
		GroupCode: uint64(h.Group), RequestType: 1, ApplicantUid: string(h.Applicant.UID), Source: proto.Uint32(0),
		Comment: []byte(h.Comment),
	})))
}

// invitedJoinRequested is push 525 to the owner and the admins.
func (p *pushes) invitedJoinRequested(h *world.InvitedJoinRequested) {
	inner := &pushpb.GroupInvitedJoinInner{
		GroupCode: uint64(h.Group), F2Unk: 1, F3Unk: 1, F4Unk: proto.Uint32(0),
		TargetUid: string(h.Invitee.UID), InviterUid: string(h.Inviter.UID),
	}
	p.send(h.To, nil, p.groupEvent(h.Group, typeInvitedJoin, 0, encode(&pushpb.GroupInvitedJoinRequest{
		Command: invitedJoinCommand, Info: &pushpb.GroupInvitedJoinInfo{Inner: inner},
	})))
}

// invited is push 87 to who was invited.
func (p *pushes) invited(h *world.InvitationSent) {
	p.to(h.Invitee, p.groupEvent(h.Group, typeInvitation, 0, encode(&pushpb.GroupInvitation{
		GroupCode: uint64(h.Group), F2Unk: 1, F3Unk: 4, F4Unk: proto.Uint32(0), InviterUid: string(h.Inviter.UID),
		Token: []byte{1},
	})))
}

// settled is push 86 to whose own request was refused, and push 528/68 to those who could
// decide about it: one from who did, one from the receiver, with the next sequence
// (docs/protocol/events.md 9.1). The flag is 1 in all captures; that it says how the
// request was decided is ours.
func (p *pushes) settled(h *world.RequestSettled) {
	n := h.Notice
	if n.Kind == world.NoticeJoin && n.State == world.NoticeRefused {
		p.to(n.Target, p.groupEvent(n.Group, typeJoinRefused, 0, binary.BigEndian.AppendUint32(nil, uint32(n.Group))))
	}
	if n.Kind == world.NoticeInvitation {
		return
	}
	sync := func(from world.User, sequence uint64) *envelope {
		return p.accountEvent(accountRequestSettled, from.UIN, from.UID, &pushpb.GroupRequestSync{
			Info: &pushpb.GroupRequestSyncInfo{
				MessageType: uint32(n.Kind), Sequence: sequence, GroupCode: uint64(n.Group),
				OperatorUid: string(h.By.UID), ProcessFlag: uint32(n.State) - 1,
			},
			Actor: &pushpb.GroupRequestSyncActor{Uid: string(h.By.UID), F3Unk: proto.Uint32(0)},
		})
	}
	p.send(h.To, nil, sync(h.By, n.Sequence))
	for _, uin := range h.To {
		u, _ := p.world.Users().Find(uin)
		p.send([]message.UIN{uin}, nil, sync(u, n.Sequence+1))
	}
}

package rpc

import "libration/internal/pb/oidbpb"

// Operations on groups (docs/protocol/operations.md 3.3).
var (
	GroupList = oidb[*oidbpb.GroupListReq, *oidbpb.GroupListResp](OpInfo{
		Cmd: 0xfe5, Sub: 2, ByUIN: true, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.3",
	})
	// GroupInfo answers for groups that the account is in.
	GroupInfo = oidb[*oidbpb.GroupInfoReq, *oidbpb.GroupInfoResp](OpInfo{
		Cmd: 0x88d, Sub: 0, Signed: SignedByMost, Repeat: true, Ref: "operations.md 3.3",
	})
	// AnyGroupInfo answers for all groups.
	AnyGroupInfo = oidb[*oidbpb.GroupInfoReq, *oidbpb.GroupInfoResp](OpInfo{
		Cmd: 0x88d, Sub: 14, Signed: SignedByMost, Repeat: true, Ref: "operations.md 3.3",
		Uncalled: "other clients ask about the group of an invitation", NoVectors: "none is known of it",
	})
	// StrangerGroupInfo is how some clients ask about groups they are not in.
	StrangerGroupInfo = oidb[*oidbpb.GroupInfoReq, *oidbpb.GroupInfoResp](OpInfo{
		Cmd: 0x88d, Sub: 110, Repeat: true, Ref: "operations.md 3.3",
		Uncalled: "some other clients ask in this form", NoVectors: "none is known of it",
	})
	// GroupContactCard makes the signed card that recommends a group.
	GroupContactCard = oidb[*oidbpb.GroupContactArkReq, *oidbpb.GroupContactArkResp](OpInfo{
		Cmd: 0x8b7, Sub: 5, Repeat: true, Ref: "operations.md 3.3", NoVectors: "none is known of it",
	})
	// GroupNotices are the requests about groups, and what happened around them.
	GroupNotices = oidb[*oidbpb.GroupNoticeListReq, *oidbpb.GroupNoticeListResp](OpInfo{
		Cmd: 0x10c0, Sub: 1, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 4.3",
	})
	// FilteredNotices are those of risky senders.
	FilteredNotices = oidb[*oidbpb.GroupNoticeListReq, *oidbpb.GroupNoticeListResp](OpInfo{
		Cmd: 0x10c0, Sub: 2, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 4.3",
	})
	// AnswerNotice decides about a request of GroupNotices.
	AnswerNotice = oidb[*oidbpb.AnswerGroupNoticeReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x10c8, Sub: 1, Signed: SignedByNewer, Ref: "operations.md 3.4",
	})
	// AnswerFilteredNotice decides about one of FilteredNotices.
	AnswerFilteredNotice = oidb[*oidbpb.AnswerGroupNoticeReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x10c8, Sub: 2, Signed: SignedByNewer, Ref: "operations.md 3.4",
	})
	// InviteToGroup invites accounts into a group.
	InviteToGroup = oidb[*oidbpb.InviteToGroupReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x758, Sub: 1, Signed: SignedByMost, Ref: "operations.md 3.4", NoVectors: "none is known of it",
	})
)

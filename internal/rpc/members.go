package rpc

import "libration/internal/pb/oidbpb"

// Operations on members of groups (docs/protocol/operations.md 3.3).
var (
	GroupMembers = oidb[*oidbpb.GroupMemberListReq, *oidbpb.GroupMemberListResp](OpInfo{
		Cmd: 0xfe7, Sub: 3, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.3",
	})
	GroupMember = oidb[*oidbpb.GroupMemberReq, *oidbpb.GroupMemberResp](OpInfo{
		Cmd: 0xfe7, Sub: 4, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.3",
	})
	// GroupMemberOrAll is GroupMember as a server answers it: the answer for one
	// member is, on the wire, a list of one, and a request that names no member is
	// answered with the list (docs/protocol/operations.md 7.1 rule 14).
	GroupMemberOrAll = oidb[*oidbpb.GroupMemberReq, *oidbpb.GroupMemberListResp](OpInfo{
		Cmd: 0xfe7, Sub: 4, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 7.1",
		Uncalled: "the server's form of GroupMember",
	})
	SetMemberCard = oidb[*oidbpb.ModifyMemberReq, *oidbpb.ModifyMemberResp](OpInfo{
		Cmd: 0x8fc, Sub: 3, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.4",
	})
)

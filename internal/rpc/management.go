package rpc

import "libration/internal/pb/oidbpb"

// Operations that manage groups and their members (docs/protocol/operations.md 3.4). Those
// whose repetition others would see, or that fail the second time, are not repeated.
var (
	RenameGroup = oidb[*oidbpb.ModifyGroupReq, *oidbpb.ModifyGroupResp](OpInfo{
		Cmd: 0x89a, Sub: 15, Signed: SignedByMost, Repeat: true, Ref: "operations.md 3.4",
	})
	MuteGroup = oidb[*oidbpb.ModifyGroupReq, *oidbpb.ModifyGroupResp](OpInfo{
		Cmd: 0x89a, Sub: 0, Signed: SignedByMost, Repeat: true, Ref: "operations.md 3.4",
	})
	MuteMember = oidb[*oidbpb.MuteMemberReq, *oidbpb.MuteMemberResp](OpInfo{
		Cmd: 0x1253, Sub: 1, Ref: "operations.md 3.4",
	})
	KickMembers = oidb[*oidbpb.KickMemberReq, *oidbpb.KickMemberResp](OpInfo{
		Cmd: 0x8a0, Sub: 1, Signed: SignedByNewer, Ref: "operations.md 3.4",
	})
	LeaveGroup = oidb[*oidbpb.LeaveGroupReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x1097, Sub: 1, Ref: "operations.md 3.4",
	})
	SetMemberTitle = oidb[*oidbpb.ModifyMemberReq, *oidbpb.ModifyMemberResp](OpInfo{
		Cmd: 0x8fc, Sub: 2, Repeat: true, Ref: "operations.md 3.4",
	})
	SetAdmin = oidb[*oidbpb.SetAdminReq, *oidbpb.SetAdminResp](OpInfo{
		Cmd: 0x1096, Sub: 1, Repeat: true, Ref: "operations.md 3.4",
	})
	TransferGroup = oidb[*oidbpb.TransferGroupByUinReq, *oidbpb.TransferGroupResp](OpInfo{
		Cmd: 0x89e, Sub: 0, Ref: "operations.md 3.4", NoVectors: "none is known of it",
	}, verdict{code: "result", text: "error_info"})
	// TransferGroupByUID is the older form of TransferGroup. A server tells them apart by the
	// wire type of field 2.
	TransferGroupByUID = oidb[*oidbpb.TransferGroupReq, *oidbpb.TransferGroupResp](OpInfo{
		Cmd: 0x89e, Sub: 0, Ref: "operations.md 3.4", NoVectors: "none is known of it",
		Uncalled: "older clients send this form of TransferGroup",
	}, verdict{code: "result", text: "error_info"})
	SetGroupRemark = oidb[*oidbpb.SetGroupRemarkReq, *oidbpb.SetGroupRemarkResp](OpInfo{
		Cmd: 0xf16, Sub: 1, Repeat: true, Ref: "operations.md 3.4", NoVectors: "none is known of it",
	}, verdict{code: "info.result"})
	SetGroupMask = oidb[*oidbpb.SetGroupMsgMaskReq, *oidbpb.SetGroupMsgMaskResp](OpInfo{
		Cmd: 0xa80, Sub: 1, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.4", NoVectors: "none is known of it",
	}, verdict{code: "body.error_code"})
	AtAllRemain = oidb[*oidbpb.AtAllRemainReq, *oidbpb.AtAllRemainResp](OpInfo{
		Cmd: 0x8a7, Sub: 0, ByUIN: true, Repeat: true, Ref: "operations.md 3.3", NoVectors: "none is known of it",
	})
)

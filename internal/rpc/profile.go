package rpc

import "libration/internal/pb/oidbpb"

// Operations on profiles and presence (docs/protocol/operations.md 3.1 and 3.2); SetStatus
// is one of the session's.
var (
	SetProfile = oidb[*oidbpb.ModifySelfProfileReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x112a, Sub: 2, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.1", NoVectors: "none is known of it",
	})
	// ConfirmSwitch says whether a quick login of this device needs a confirmation.
	ConfirmSwitch = oidb[*oidbpb.ConfirmSwitchReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x1277, Sub: 0, ByUIN: true, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.1", NoVectors: "none is known of it",
	})
	LoginDays = plain[*oidbpb.WebSsoReq, *oidbpb.WebSsoResp](OpInfo{
		Name: "MQUpdateSvc_com_qq_ti.web.OidbSvc.0xdef_1", Repeat: true, Ref: "operations.md 3.1", NoVectors: "none is known of it",
	})
	FriendStatuses = oidb[*oidbpb.FriendsStatusReq, *oidbpb.FriendsStatusResp](OpInfo{
		Cmd: 0x116d, Sub: 1, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.1", NoVectors: "none is known of it",
	})
	Likes = oidb[*oidbpb.ProfileLikeListReq, *oidbpb.ProfileLikeListResp](OpInfo{
		Cmd: 0x7ed, Sub: 13, Repeat: true, Ref: "operations.md 3.1", NoVectors: "none is known of it",
	})
	LikeCount = oidb[*oidbpb.ProfileLikeCountReq, *oidbpb.ProfileLikeCountResp](OpInfo{
		Cmd: 0x7ed, Sub: 12, Repeat: true, Ref: "operations.md 3.1", NoVectors: "none is known of it",
	})
	// ShowInput shows a friend that the account types or speaks.
	ShowInput = oidb[*oidbpb.InputStatusReq, *oidbpb.InputStatusResp](OpInfo{
		Cmd: 0xcd4, Sub: 1, Ref: "operations.md 3.2", NoVectors: "none is known of it",
	})
)

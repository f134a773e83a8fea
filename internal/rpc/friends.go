package rpc

import "libration/internal/pb/oidbpb"

// Operations on friends (docs/protocol/operations.md 3.1 and 3.2).
var (
	FriendList = oidb[*oidbpb.FriendListReq, *oidbpb.FriendListResp](OpInfo{
		Cmd: 0xfd4, Sub: 1, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.2",
	})
	OneWayFriends = plain[*oidbpb.WebSsoReq, *oidbpb.WebSsoResp](OpInfo{
		Name: "MQUpdateSvc_com_qq_ti.web.OidbSvc.0xe17_0", Repeat: true, Ref: "operations.md 3.2",
	})
	DeleteOneWayFriend = plain[*oidbpb.WebSsoReq, *oidbpb.WebSsoResp](OpInfo{
		Name: "MQUpdateSvc_com_qq_ti.web.OidbSvc.0x5d4_0", Ref: "operations.md 3.2", NoVectors: "none is known of it",
	})
	DeleteFriend = oidb[*oidbpb.DeleteFriendReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x126b, Sub: 0, Ref: "operations.md 3.2",
	})
	SetFriendRemark = oidb[*oidbpb.SetFriendRemarkReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x10cc, Sub: 1, Repeat: true, Ref: "operations.md 3.2", NoVectors: "none is known of it",
	})
	SetFriendCategory = oidb[*oidbpb.SetFriendCategoryReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x10eb, Sub: 1, Repeat: true, Ref: "operations.md 3.2", NoVectors: "none is known of it",
	})
	LikeProfile = oidb[*oidbpb.ProfileLikeReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x7e5, Sub: 104, Ref: "operations.md 3.1",
	})
	// SearchUser, AddFriendSetting and AddFriend are the three steps of asking somebody.
	SearchUser = oidb[*oidbpb.SearchUserReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x972, Sub: 6, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.2", NoVectors: "none is known of it",
	})
	AddFriendSetting = oidb[*oidbpb.AddFriendSettingReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x7c1, Sub: 1, Signed: SignedByMost, Repeat: true, Ref: "operations.md 3.2", NoVectors: "none is known of it",
	})
	AddFriend = oidb[*oidbpb.AddFriendReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x7c2, Sub: 5, ByUIN: true, Signed: SignedByMost, Ref: "operations.md 3.2", NoVectors: "none is known of it",
	})
	FriendRequests = oidb[*oidbpb.FriendRequestListReq, *oidbpb.FriendRequestListResp](OpInfo{
		Cmd: 0x5cf, Sub: 11, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.2", NoVectors: "none is known of it",
	})
	AnswerFriendRequest = oidb[*oidbpb.AnswerFriendRequestReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0xb5d, Sub: 44, Ref: "operations.md 3.2",
	})
	FilteredFriendRequests = oidb[*oidbpb.FilteredFriendRequestListReq, *oidbpb.FilteredFriendRequestListResp](OpInfo{
		Cmd: 0xd69, Sub: 0, Repeat: true, Ref: "operations.md 3.2", NoVectors: "none is known of it",
	})
	AcceptFilteredFriend = oidb[*oidbpb.AcceptFilteredFriendRequestReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0xd72, Sub: 0, Ref: "operations.md 3.2", NoVectors: "none is known of it",
	})
)

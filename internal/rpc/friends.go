package rpc

import "libration/internal/pb/oidbpb"

// Operations on friends (docs/protocol/operations.md 3.2).
var (
	FriendList = oidb[*oidbpb.FriendListReq, *oidbpb.FriendListResp](OpInfo{
		Cmd: 0xfd4, Sub: 1, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.2",
	})
	OneWayFriends = plain[*oidbpb.WebSsoReq, *oidbpb.WebSsoResp](OpInfo{
		Name: "MQUpdateSvc_com_qq_ti.web.OidbSvc.0xe17_0", Repeat: true, Ref: "operations.md 3.2",
		Uncalled: "one other client asks with each refresh of its friends",
	})
)

package rpc

import "libration/internal/pb/oidbpb"

// Operations on official robots (docs/protocol/operations.md 3.2 and 3.4).
var (
	AddRobotFriend = oidb[*oidbpb.AddRobotFriendReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x9078, Sub: 1, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.2",
	})
	SetGroupRobot = oidb[*oidbpb.SetGroupBotReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x907d, Sub: 1, Repeat: true, Ref: "operations.md 3.4", NoVectors: "none is known of it",
	})
	PressRobotButton = oidb[*oidbpb.GroupBotCallbackReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x112e, Sub: 1, Signed: SignedByNewer, Ref: "operations.md 3.4", NoVectors: "none is known of it",
	})
)

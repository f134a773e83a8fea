package rpc

import "libration/internal/pb/oidbpb"

// Operations on what members of groups do besides writing (docs/protocol/operations.md
// 3.5).
var (
	AddReaction = oidb[*oidbpb.GroupReactionReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x9082, Sub: 1, ByUIN: true, Repeat: true, Ref: "operations.md 3.5",
	})
	RemoveReaction = oidb[*oidbpb.GroupReactionReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x9082, Sub: 2, ByUIN: true, Repeat: true, Ref: "operations.md 3.5",
	})
	ReactionUsers = oidb[*oidbpb.ReactionUsersReq, *oidbpb.ReactionUsersResp](OpInfo{
		Cmd: 0x9083, Sub: 1, Repeat: true, Ref: "operations.md 3.5", NoVectors: "none is known of it",
	})
	SetEssence = oidb[*oidbpb.EssenceReq, *oidbpb.EssenceResp](OpInfo{
		Cmd: 0xeac, Sub: 1, Repeat: true, Ref: "operations.md 3.5",
	}, verdict{code: "error_code", text: "wording"})
	RemoveEssence = oidb[*oidbpb.EssenceReq, *oidbpb.EssenceResp](OpInfo{
		Cmd: 0xeac, Sub: 2, Repeat: true, Ref: "operations.md 3.5", NoVectors: "none is known of it",
	}, verdict{code: "error_code", text: "wording"})
)

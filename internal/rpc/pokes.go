package rpc

import "libration/internal/pb/oidbpb"

// Operations on pokes (docs/protocol/operations.md 3.5).
var (
	Poke = oidb[*oidbpb.NudgeReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0xed3, Sub: 1, Ref: "operations.md 3.5",
	})
	RecallPoke = oidb[*oidbpb.RecallNudgeReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0xf51, Sub: 1, Ref: "operations.md 3.5", NoVectors: "no client's request was recorded",
	})
)

package rpc

import "libration/internal/pb/oidbpb"

// Operations on faces (docs/protocol/operations.md 3.1 and 3.7).
var (
	FaceTable = oidb[*oidbpb.FaceListReq, *oidbpb.FaceListResp](OpInfo{
		Cmd: 0x9154, Sub: 1, Repeat: true, Ref: "operations.md 3.1", NoVectors: "none is known of it",
	})
	// MarketFaceKeys has no result: without keys the answer means that an id is none.
	MarketFaceKeys = plain[*oidbpb.MarketFaceKeyReq, *oidbpb.MarketFaceKeyResp](OpInfo{
		Name: "BQMallSvc.TabOpReq", Repeat: true, Ref: "operations.md 3.7",
	})
)

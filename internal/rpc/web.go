package rpc

import "libration/internal/pb/oidbpb"

// What the service's web pages know an account by (docs/protocol/operations.md 3.7, 5).
var (
	// ClientKey has an empty request.
	ClientKey = oidb[*oidbpb.EmptyResp, *oidbpb.ClientKeyResp](OpInfo{
		Cmd: 0x102a, Sub: 1, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.7",
	})
	PSkeys = oidb[*oidbpb.PsKeyReq, *oidbpb.PsKeyResp](OpInfo{
		Cmd: 0x102a, Sub: 0, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.7",
	})
)

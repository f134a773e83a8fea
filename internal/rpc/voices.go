package rpc

import "libration/internal/pb/oidbpb"

// Operations on the service's own voices (docs/protocol/operations.md 3.3).
var (
	AIVoices = oidb[*oidbpb.AiCharacterListReq, *oidbpb.AiCharacterListResp](OpInfo{
		Cmd: 0x929d, Sub: 0, Repeat: true, Ref: "operations.md 3.3",
	})
	// AIVoicesFlat lists the same without their sorts.
	AIVoicesFlat = oidb[*oidbpb.AiCharacterListReq, *oidbpb.AiCharacterFlatListResp](OpInfo{
		Cmd: 0x929c, Sub: 0, Repeat: true, Ref: "operations.md 3.3",
		Uncalled: "0x929d_0 has the same voices, with their sorts", NoVectors: "none is known of it",
	})
	// AISpeak is asked again, with the same random number, until the voice is there.
	AISpeak = oidb[*oidbpb.AiRecordReq, *oidbpb.AiRecordResp](OpInfo{
		Cmd: 0x929b, Sub: 0, Signed: SignedByNewer, Ref: "operations.md 3.3",
	})
)

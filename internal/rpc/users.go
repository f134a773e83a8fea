package rpc

import "libration/internal/pb/oidbpb"

// Operations on users (docs/protocol/operations.md 2 and 3.1).
var (
	UserByUID = oidb[*oidbpb.UserInfoByUidReq, *oidbpb.UserInfoResp](OpInfo{
		Cmd: 0xfe1, Sub: 2, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.1",
	})
	UserByUIN = oidb[*oidbpb.UserInfoByUinReq, *oidbpb.UserInfoResp](OpInfo{
		Cmd: 0xfe1, Sub: 2, ByUIN: true, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.1",
	})
	// UserByUIDOrUINs is 0xfe1_2 as a server answers it: field 1 is a text id, or one
	// number or several, and the answer has a record for each.
	UserByUIDOrUINs = oidb[*oidbpb.UserInfosByUinReq, *oidbpb.UserInfosResp](OpInfo{
		Cmd: 0xfe1, Sub: 2, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 2",
		Uncalled: "the server's form of UserByUID and UserByUIN",
	})
	// UsersByUID asks for several users at once.
	UsersByUID = oidb[*oidbpb.UserInfosByUidReq, *oidbpb.UserInfosResp](OpInfo{
		Cmd: 0xfe1, Sub: 8, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 2",
		Uncalled: "one other client asks in this form", NoVectors: "none is known of it",
	})
	// ContactCard makes the signed card that recommends an account.
	ContactCard = oidb[*oidbpb.FriendContactArkReq, *oidbpb.FriendContactArkResp](OpInfo{
		Cmd: 0x12b6, Sub: 0, Repeat: true, Ref: "operations.md 3.2", NoVectors: "none is known of it",
	})
)

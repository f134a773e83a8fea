package rpc

import "libration/internal/pb/oidbpb"

// Operations on the pictures that an account keeps among its faces
// (docs/protocol/operations.md 3.7). One command lists and deletes.
var (
	CustomFaces = plain[*oidbpb.FaceRoamReq, *oidbpb.FaceRoamListResp](OpInfo{
		Name: customFaces, Repeat: true, Ref: "operations.md 3.7",
	}, faceRoamVerdict)
	// DeleteCustomFaces has the answer of both, too: that of a server.
	DeleteCustomFaces = plain[*oidbpb.FaceRoamReq, *oidbpb.FaceRoamDeleteResp](OpInfo{
		Name: customFaces, Ref: "operations.md 3.7",
	}, faceRoamVerdict)
	// AddCustomFace reserves an upload. Each has a ticket of its own.
	AddCustomFace = plain[*oidbpb.FaceRoamAddReq, *oidbpb.FaceRoamAddResp](OpInfo{
		Name: "ImgStore.BDHExpressionRoam", Ref: "operations.md 3.7", NoVectors: "none is known of it",
	}, verdict{code: "body.ret_code"})
	MoveCustomFace = oidb[*oidbpb.CustomFaceMoveReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x902f, Sub: 1, ByUIN: true, Repeat: true, Ref: "operations.md 3.7",
	})
	// EditCustomFaces describes a face, or writes the order after MoveCustomFace.
	EditCustomFaces = oidb[*oidbpb.CustomFaceEditReq, *oidbpb.EmptyResp](OpInfo{
		Cmd: 0x902e, Sub: 1, ByUIN: true, Signed: SignedByNewer, Repeat: true, Ref: "operations.md 3.7",
		NoVectors: "none is known of it",
	})
)

const customFaces = "Faceroam.OpReq"

var faceRoamVerdict = verdict{code: "ret_code", text: "error_msg"}

package rpc

import "libration/internal/pb/oidbpb"

// Operations on what pictures show (docs/protocol/operations.md 3.7).
var (
	// ReadPicture finds the text in a picture. Words for people are a refusal, with a code
	// or without.
	ReadPicture = oidb[*oidbpb.OcrReq, *oidbpb.OcrResp](OpInfo{
		Cmd: 0xe07, Sub: 0, ByUIN: true, Repeat: true, Ref: "operations.md 3.7", NoVectors: "none is known of it",
	}, verdict{code: "ret_code", text: "wording", detail: "error_msg"}, verdict{text: "wording"})
	// SearchPictures has no result: nothing found is an answer without pictures.
	SearchPictures = plain[*oidbpb.PullPicsReq, *oidbpb.PullPicsResp](OpInfo{
		Name: "PicSearchSvr.PullPics", Repeat: true, Ref: "operations.md 3.7", NoVectors: "none is known of it",
	})
)

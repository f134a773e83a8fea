package rpc

import "libration/internal/pb/mediapb"

// MediaOp is an operation of the rich media family.
type MediaOp = Op[*mediapb.RichMediaReq, *mediapb.RichMediaResp]

// media describes an operation of the family: its result stands in the OIDB envelope or in
// the head of the answer.
func media(info OpInfo) *MediaOp {
	info.ByUIN = info.Cmd != 0x9067 // of that one, official clients write it, too
	return oidb[*mediapb.RichMediaReq, *mediapb.RichMediaResp](info, verdict{code: "head.ret_code", text: "head.message"})
}

// Reservations of uploads (docs/protocol/media.md 2). Each makes a new upload key, so that
// a second one is answered otherwise.
var (
	UploadPrivateImage  = media(OpInfo{Cmd: 0x11c5, Sub: 100, Signed: SignedByNewer, Ref: "media.md 2.1"})
	UploadGroupImage    = media(OpInfo{Cmd: 0x11c4, Sub: 100, Signed: SignedByNewer, Ref: "media.md 2.1"})
	UploadPrivateRecord = media(OpInfo{Cmd: 0x126d, Sub: 100, Ref: "media.md 2.1"})
	UploadGroupRecord   = media(OpInfo{Cmd: 0x126e, Sub: 100, Ref: "media.md 2.1"})
	UploadPrivateVideo  = media(OpInfo{Cmd: 0x11e9, Sub: 100, Signed: SignedByNewer, Ref: "media.md 2.1"})
	UploadGroupVideo    = media(OpInfo{Cmd: 0x11ea, Sub: 100, Ref: "media.md 2.1"})
)

// Addresses of what was uploaded (docs/protocol/media.md 5.1).
var (
	PrivateImageURL  = media(OpInfo{Cmd: 0x11c5, Sub: 200, Signed: SignedByNewer, Repeat: true, Ref: "media.md 5.1"})
	GroupImageURL    = media(OpInfo{Cmd: 0x11c4, Sub: 200, Signed: SignedByNewer, Repeat: true, Ref: "media.md 5.1"})
	PrivateRecordURL = media(OpInfo{Cmd: 0x126d, Sub: 200, Signed: SignedByNewer, Repeat: true, Ref: "media.md 5.1"})
	GroupRecordURL   = media(OpInfo{Cmd: 0x126e, Sub: 200, Signed: SignedByNewer, Repeat: true, Ref: "media.md 5.1"})
	PrivateVideoURL  = media(OpInfo{Cmd: 0x11e9, Sub: 200, Signed: SignedByNewer, Repeat: true, Ref: "media.md 5.1"})
	GroupVideoURL    = media(OpInfo{Cmd: 0x11ea, Sub: 200, Signed: SignedByNewer, Repeat: true, Ref: "media.md 5.1", NoVectors: "none is known of it"})

	// MediaKeys asks for the keys that are appended to addresses of images.
	MediaKeys = media(OpInfo{Cmd: 0x9067, Sub: 202, Repeat: true, Ref: "media.md 5.2"})
)

// HighwaySession asks for the addresses of the highway and a ticket for uploads. It has no
// result: a refusal is an answer without a ticket.
var HighwaySession = plain[*mediapb.HighwaySessionReq, *mediapb.HighwaySessionResp](OpInfo{
	Name: "HttpConn.0x6ff_501", Signed: SignedByNewer, Ref: "media.md 3.1",
})

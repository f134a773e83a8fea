package rpc

import "libration/internal/pb/oidbpb"

// Operations on links and cards that lead elsewhere (docs/protocol/operations.md 3.7).
var (
	CheckURL = oidb[*oidbpb.UrlCheckReq, *oidbpb.UrlCheckResp](OpInfo{
		Cmd: 0xbcb, Sub: 0, Repeat: true, Ref: "operations.md 3.7",
	})
	// MiniAppCard has no known result: a refusal has no card.
	MiniAppCard = plain[*oidbpb.MiniAppShareReq, *oidbpb.MiniAppShareResp](OpInfo{
		Name: "LightAppSvc.mini_app_share.AdaptShareInfo", Repeat: true,
		Ref: "operations.md 3.7", NoVectors: "none is known of it",
	})
)

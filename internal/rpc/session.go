package rpc

import (
	"libration/internal/pb/oidbpb"
	"libration/internal/pb/systempb"
)

const statusService = "trpc.qq_new_tech.status_svc.StatusService."

// Operations of the session itself (docs/protocol/login.md 9).
var (
	InfoSync = plain[*systempb.SsoInfoSyncRequest, *systempb.SsoInfoSyncResponse](OpInfo{
		Name: "trpc.msg.register_proxy.RegisterProxy.SsoInfoSync", Signed: SignedByNewer, Repeat: true,
		Ref: "login.md 9", NoVectors: "none is known of it",
	}, verdict{text: "register_response.message", success: "register success"})
	Register = plain[*systempb.RegisterInfo, *systempb.RegisterResponse](OpInfo{
		Name: statusService + "Register", Signed: SignedByNewer, Repeat: true,
		Ref: "login.md 9", Uncalled: "the older way to register; ours is InfoSync",
	}, verdict{text: "message", success: "register success"})
	UnRegister = plain[*systempb.UnRegisterRequest, *systempb.RegisterResponse](OpInfo{
		Name: statusService + "UnRegister", Signed: SignedByNewer, Repeat: true,
		Ref: "login.md 9", NoVectors: "none is known of it",
	}, verdict{text: "message", success: "unregister success"})
	Heartbeat = plain[*systempb.SsoHeartBeatRequest, *systempb.SsoHeartBeatResponse](OpInfo{
		Name: statusService + "SsoHeartBeat", Signed: SignedByNewer, Repeat: true,
		Ref: "login.md 9", NoVectors: "none is known of it",
	})
	SetStatus = plain[*oidbpb.SetStatusReq, *oidbpb.SetStatusResp](OpInfo{
		Name: statusService + "SetStatus", Signed: SignedByNewer, Repeat: true,
		Ref: "operations.md 3.1",
	}, verdict{code: "error_code", text: "message"})
)

package rpc

// Commands whose payload is not a bare protobuf message, or that are pushes.
const (
	HeartbeatAlive = "Heartbeat.Alive"
	CorrectTime    = "Client.CorrectTime"

	WtloginTransEmp = "wtlogin.trans_emp"
	WtloginLogin    = "wtlogin.login"

	KeyExchange              = "trpc.login.ecdh.EcdhService.SsoKeyExchange"
	NTLoginEasyLogin         = "trpc.login.ecdh.EcdhService.SsoNTLoginEasyLogin"
	NTLoginEasyLoginUnusual  = "trpc.login.ecdh.EcdhService.SsoNTLoginEasyLoginUnusualDevice"
	NTLoginPasswordLogin     = "trpc.login.ecdh.EcdhService.SsoNTLoginPasswordLogin"
	NTLoginPasswordNewDevice = "trpc.login.ecdh.EcdhService.SsoNTLoginPasswordLoginNewDevice"

	PushMessage  = "trpc.msg.olpush.OlPushService.MsgPush"
	PushKick     = "trpc.qq_new_tech.status_svc.StatusService.KickNT"
	PushInfoSync = "trpc.msg.register_proxy.RegisterProxy.InfoSyncPush"
	PushParams   = "trpc.msg.register_proxy.RegisterProxy.PushParams"
	// The older generation's kicks; their payloads are not protobuf.
	PushForceOffline = "MessageSvc.PushForceOffline"
	PushMSFOffline   = "StatSvc.ReqMSFOffline"
)

package rpc

import (
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
	"libration/internal/pb/systempb"
)

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

// Session.
var (
	InfoSync   = plain[*systempb.SsoInfoSyncRequest, *systempb.SsoInfoSyncResponse]("trpc.msg.register_proxy.RegisterProxy.SsoInfoSync")
	Register   = plain[*systempb.RegisterInfo, *systempb.RegisterResponse]("trpc.qq_new_tech.status_svc.StatusService.Register")
	UnRegister = plain[*systempb.UnRegisterRequest, *systempb.RegisterResponse]("trpc.qq_new_tech.status_svc.StatusService.UnRegister")
	Heartbeat  = plain[*systempb.SsoHeartBeatRequest, *systempb.SsoHeartBeatResponse]("trpc.qq_new_tech.status_svc.StatusService.SsoHeartBeat")
	SetStatus  = plain[*oidbpb.SetStatusReq, *oidbpb.SetStatusResp]("trpc.qq_new_tech.status_svc.StatusService.SetStatus")
)

// Messages.
var (
	SendMessage   = plain[*messagepb.PbSendMsgReq, *messagepb.PbSendMsgResp]("MessageSvc.PbSendMsg")
	RecallGroup   = plain[*messagepb.GroupRecallReq, *messagepb.GroupRecallResp]("trpc.msg.msg_svc.MsgService.SsoGroupRecallMsg")
	RecallFriend  = plain[*messagepb.C2CRecallReq, *messagepb.C2CRecallResp]("trpc.msg.msg_svc.MsgService.SsoC2CRecallMsg")
	ReadReport    = plain[*messagepb.ReadReportReq, *messagepb.ReadReportResp]("trpc.msg.msg_svc.MsgService.SsoReadedReport")
	PeerSequence  = plain[*messagepb.GetPeerSeqReq, *messagepb.GetPeerSeqResp]("trpc.msg.msg_svc.MsgService.SsoGetPeerSeq")
	GroupHistory  = plain[*messagepb.GetGroupMsgReq, *messagepb.GetGroupMsgResp]("trpc.msg.register_proxy.RegisterProxy.SsoGetGroupMsg")
	FriendHistory = plain[*messagepb.GetC2CMsgReq, *messagepb.GetC2CMsgResp]("trpc.msg.register_proxy.RegisterProxy.SsoGetC2cMsg")
	RoamHistory   = plain[*messagepb.GetRoamMsgReq, *messagepb.GetRoamMsgResp]("trpc.msg.register_proxy.RegisterProxy.SsoGetRoamMsg")
)

// Users, friends, groups.
var (
	UserByUID = oidb[*oidbpb.UserInfoByUidReq, *oidbpb.UserInfoResp](0xfe1, 2, 0)
	UserByUIN = oidb[*oidbpb.UserInfoByUinReq, *oidbpb.UserInfoResp](0xfe1, 2, 1)
	// UsersByUID asks for several users at once, as one client does.
	UsersByUID = oidb[*oidbpb.UserInfosByUidReq, *oidbpb.UserInfosResp](0xfe1, 8, 0)
	// UserByUIDOrUINs is 0xfe1_2 as a server answers it: field 1 is a text id, or one
	// number or several, and the answer has a record for each
	// (docs/protocol/operations.md 2).
	UserByUIDOrUINs = oidb[*oidbpb.UserInfosByUinReq, *oidbpb.UserInfosResp](0xfe1, 2, 0)
	FriendList      = oidb[*oidbpb.FriendListReq, *oidbpb.FriendListResp](0xfd4, 1, 0)
	GroupList       = oidb[*oidbpb.GroupListReq, *oidbpb.GroupListResp](0xfe5, 2, 1)
	GroupInfo       = oidb[*oidbpb.GroupInfoReq, *oidbpb.GroupInfoResp](0x88d, 0, 0)
	AnyGroupInfo    = oidb[*oidbpb.GroupInfoReq, *oidbpb.GroupInfoResp](0x88d, 14, 0)
	GroupMembers    = oidb[*oidbpb.GroupMemberListReq, *oidbpb.GroupMemberListResp](0xfe7, 3, 0)
	GroupMember     = oidb[*oidbpb.GroupMemberReq, *oidbpb.GroupMemberResp](0xfe7, 4, 0)
	GroupNotices    = oidb[*oidbpb.GroupNoticeListReq, *oidbpb.GroupNoticeListResp](0x10c0, 1, 0)
	// FilteredNotices are those of risky senders.
	FilteredNotices = oidb[*oidbpb.GroupNoticeListReq, *oidbpb.GroupNoticeListResp](0x10c0, 2, 0)
	// StrangerGroupInfo is how some clients ask about groups they are not in.
	StrangerGroupInfo = oidb[*oidbpb.GroupInfoReq, *oidbpb.GroupInfoResp](0x88d, 110, 0)
	// GroupMemberOrAll is GroupMember as a server answers it: the answer for one
	// member is, on the wire, a list of one, and a request that names no member is
	// answered with the list (docs/protocol/operations.md 7.1 rule 14).
	GroupMemberOrAll = oidb[*oidbpb.GroupMemberReq, *oidbpb.GroupMemberListResp](0xfe7, 4, 0)
	OneWayFriends    = plain[*oidbpb.WebSsoReq, *oidbpb.WebSsoResp]("MQUpdateSvc_com_qq_ti.web.OidbSvc.0xe17_0")
)

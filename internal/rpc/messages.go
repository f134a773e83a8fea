package rpc

import "libration/internal/pb/messagepb"

const (
	messageService = "trpc.msg.msg_svc.MsgService."
	historyService = "trpc.msg.register_proxy.RegisterProxy."
	longService    = "trpc.group.long_msg_interface.MsgService."
)

// Operations on messages (docs/protocol/messages.md).
var (
	SendMessage = plain[*messagepb.PbSendMsgReq, *messagepb.PbSendMsgResp](OpInfo{
		Name: "MessageSvc.PbSendMsg", Signed: SignedByMost, Ref: "messages.md 4",
	}, verdict{code: "result", text: "err_msg"})
	RecallGroup = plain[*messagepb.GroupRecallReq, *messagepb.GroupRecallResp](OpInfo{
		Name: messageService + "SsoGroupRecallMsg", Ref: "messages.md 12.1",
	}, verdict{code: "result", text: "err_msg"})
	RecallFriend = plain[*messagepb.C2CRecallReq, *messagepb.C2CRecallResp](OpInfo{
		Name: messageService + "SsoC2CRecallMsg", Signed: SignedByNewer, Ref: "messages.md 12.1",
	}, verdict{code: "result", text: "err_msg"})
	ReadReport = plain[*messagepb.ReadReportReq, *messagepb.ReadReportResp](OpInfo{
		Name: messageService + "SsoReadedReport", Signed: SignedByNewer, Repeat: true,
		Ref: "messages.md 12.2",
	}, verdict{code: "ret_code", text: "ret_msg"})
	PeerSequence = plain[*messagepb.GetPeerSeqReq, *messagepb.GetPeerSeqResp](OpInfo{
		Name: messageService + "SsoGetPeerSeq", Signed: SignedByNewer, Repeat: true,
		Ref: "messages.md 12.4", NoVectors: "none is known of it",
	}, verdict{code: "ret_code", text: "ret_msg"})
	GroupHistory = plain[*messagepb.GetGroupMsgReq, *messagepb.GetGroupMsgResp](OpInfo{
		Name: historyService + "SsoGetGroupMsg", Repeat: true, Ref: "messages.md 12.3",
		NoVectors: "none is known of it",
	}, verdict{code: "ret_code", text: "err_msg"}, verdict{code: "body.ret_code", text: "body.err_msg"})
	FriendHistory = plain[*messagepb.GetC2CMsgReq, *messagepb.GetC2CMsgResp](OpInfo{
		Name: historyService + "SsoGetC2cMsg", Repeat: true, Ref: "messages.md 12.4",
		NoVectors: "none is known of it",
	}, verdict{code: "ret_code", text: "err_msg"})
	// RoamHistory has no result: of somebody unknown there are no messages.
	RoamHistory = plain[*messagepb.GetRoamMsgReq, *messagepb.GetRoamMsgResp](OpInfo{
		Name: historyService + "SsoGetRoamMsg", Repeat: true, Ref: "messages.md 12.4",
	})
	// SendLongMessage and FetchLongMessage share their messages; each has its own part of
	// them. A refusal is an answer without that part.
	SendLongMessage = plain[*messagepb.LongMsgReq, *messagepb.LongMsgResp](OpInfo{
		Name: longService + "SsoSendLongMsg", Signed: SignedByNewer, Ref: "messages.md 10.1",
	})
	FetchLongMessage = plain[*messagepb.LongMsgReq, *messagepb.LongMsgResp](OpInfo{
		Name: longService + "SsoRecvLongMsg", Signed: SignedByNewer, Repeat: true, Ref: "messages.md 10.2",
	})
)

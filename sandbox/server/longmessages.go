package server

import (
	"libration/internal/elements"
	"libration/internal/pb/messagepb"
)

// sendLongMessage keeps the content of a forward (docs/protocol/messages.md 10.1, 10.6).
func (c *chats) sendLongMessage(_ *request, req *messagepb.LongMsgReq) (*messagepb.LongMsgResp, error) {
	payload := req.GetSend().GetPayload()
	if err := elements.CheckForward(payload); err != nil {
		return nil, err
	}
	id, err := c.world.Forwards().Keep(payload)
	if err != nil {
		return nil, err
	}
	return &messagepb.LongMsgResp{Send: &messagepb.LongMsgSendResp{ResId: id}, Attr: req.GetAttr()}, nil
}

// fetchLongMessage answers with attr alone where there is no such forward
// (docs/protocol/messages.md 10.6).
func (c *chats) fetchLongMessage(_ *request, req *messagepb.LongMsgReq) (*messagepb.LongMsgResp, error) {
	answer := &messagepb.LongMsgResp{Attr: req.GetAttr()}
	id := req.GetRecv().GetResId()
	if payload, ok := c.world.Forwards().Find(id); ok {
		answer.Recv = &messagepb.LongMsgRecvResp{ResId: id, Payload: payload}
	}
	return answer, nil
}

package ntqq

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// maxMessage bounds the encoded body of a message, in bytes. The service's own
// limit is lower and not known exactly (docs/protocol/messages.md 13); this one
// keeps a single message from holding up the connection, and with it the
// heartbeats, until the session is lost.
const maxMessage = 1 << 20

func groupRouting(group GroupCode) *messagepb.SendRouting {
	return &messagepb.SendRouting{Group: &messagepb.SendGroup{GroupCode: proto.Uint64(uint64(group))}}
}

func friendRouting(peer UID) *messagepb.SendRouting {
	return &messagepb.SendRouting{C2C: &messagepb.SendC2C{PeerUid: proto.String(string(peer))}}
}

func tempRouting(group GroupCode, peer UID) *messagepb.SendRouting {
	return &messagepb.SendRouting{GroupTemp: &messagepb.SendGroupTemp{
		GroupCode: proto.Uint64(uint64(group)), ToUid: proto.String(string(peer)),
	}}
}

func sendRequest(to *messagepb.SendRouting, body *messagepb.MessageBody, clientSequence uint64, random uint32) *messagepb.PbSendMsgReq {
	return &messagepb.PbSendMsgReq{
		RoutingHead: to,
		ContentHead: &messagepb.SendContentHead{
			PkgNum: proto.Uint32(1), PkgIndex: proto.Uint32(0), DivSeq: proto.Uint32(0),
		},
		Body:           body,
		ClientSequence: proto.Uint64(clientSequence), Random: proto.Uint32(random),
	}
}

// send runs the request and builds the message as others see it; routing has the
// receiver's part of the head.
func (c *Client) send(ctx context.Context, to *messagepb.SendRouting, body *messagepb.MessageBody, chat chatID, routing *messagepb.RoutingHead) (*message.Message, error) {
	if n := proto.Size(body); n > maxMessage {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, n, maxMessage)
	}
	if c.State().Online() { // else it fails at once
		if err := c.sending.wait(ctx, chat); err != nil {
			return nil, err
		}
	}
	random := rand.Uint32()
	clientSequence := 10000 + rand.Uint64N(90000)
	req := sendRequest(to, body, clientSequence, random)
	blind := routing.GetC2C().GetFromTinyId() != 0 // a temporary chat has no history
	var resp *messagepb.PbSendMsgResp
	found, err := c.carry(ctx, &outgoing{blind: blind, sendKey: sendKey{chat, random}, peer: UID(routing.GetToUid())}, func() (err error) {
		resp, err = c.sendOnce(ctx, req)
		return err
	})
	if err != nil || found != nil {
		return found, err
	}
	seq := sentSequence(resp)
	head := &messagepb.ContentHead{
		Type: elements.TypeGroup, Random: proto.Uint64(uint64(random)), Sequence: proto.Uint64(seq),
		Time: proto.Uint64(resp.GetSendTime()), MsgUid: proto.Uint64(elements.MsgUID(random)),
	}
	if routing.Group == nil {
		head.Type = elements.TypeFriend
		switch {
		case blind:
			head.Type = elements.TypeTemp
		case len(body.GetMsgContent()) > 0:
			head.Type, head.SubType = elements.TypeFile, proto.Uint64(elements.SubTypeFile)
		}
		head.Sequence, head.NtMsgSeq = proto.Uint64(clientSequence), proto.Uint64(seq)
	}
	return c.asSent(routing, head, body)
}

// carry has a message sent, and finds out what became of it. found is nil where the service
// has answered; where its answer was lost, it is the message.
func (c *Client) carry(ctx context.Context, out *outgoing, send func() error) (found *message.Message, err error) {
	out.after = c.order.delivered(out.chat)
	if t, ok := c.clock.Ago(clockSlack); ok && out.after == 0 {
		out.since = t.Unix()
	}
	c.sends.begin(out)
	err = send()
	c.restrictions.sent(out.chat, err)
	var lost *InFlightError
	if errors.As(err, &lost) {
		m, err := c.outcome(ctx, out, err)
		if refused, ok := errors.AsType[*ServerError](err); ok && errors.Is(err, ErrNotSent) {
			return nil, refused // it says more
		}
		if err == nil {
			c.restrictions.sent(out.chat, nil)
			m.Sender.Nickname = c.Self().Nickname
			c.stats.messagesSent.Add(1)
		}
		return m, err
	}
	c.sends.end(out, nil)
	if err != nil {
		return nil, unsent(ctx, err)
	}
	c.stats.messagesSent.Add(1)
	return nil, nil
}

// asSent returns a message that the account has sent as others see it. routing has the
// receiver's part of the head.
func (c *Client) asSent(routing *messagepb.RoutingHead, head *messagepb.ContentHead, body *messagepb.MessageBody) (*message.Message, error) {
	self := c.Self()
	routing.FromUin, routing.FromUid = uint64(self.UIN), proto.String(string(self.UID))
	raw, err := pb.Marshal(&messagepb.CommonMessage{RoutingHead: routing, ContentHead: head, Body: body})
	if err != nil {
		return nil, fmt.Errorf("%w: encode the sent message: %w", ErrUnknownOutcome, err)
	}
	m, err := elements.Parse(raw, self.UIN)
	if err != nil {
		return nil, fmt.Errorf("%w: read the sent message: %w", ErrUnknownOutcome, err)
	}
	m.Sender.Nickname = self.Nickname
	c.nameMentions(m, nil) // they are sent by uid alone
	return m, nil
}

// sendOnce sends one message. An answer that cannot be read, or says success without a
// sequence, leaves open what became of it, as one that is lost.
func (c *Client) sendOnce(ctx context.Context, req *messagepb.PbSendMsgReq) (*messagepb.PbSendMsgResp, error) {
	payload, err := rpc.SendMessage.EncodeRequest(req)
	if err != nil {
		return nil, err
	}
	answer, err := c.Call(ctx, rpc.SendMessage.Name, payload)
	if err != nil {
		return nil, err
	}
	resp, err := rpc.SendMessage.DecodeResponse(answer)
	if refused, ok := errors.AsType[*rpc.Refused](err); ok {
		return nil, serverError(err, sendCauses[refused.Code])
	}
	if err == nil && sentSequence(resp) == 0 {
		err = &ServerError{Command: rpc.SendMessage.Name, Code: sendBlocked, Message: resp.GetErrMsg(), Cause: ErrSwallowed}
	}
	if err != nil {
		return nil, &InFlightError{Err: err}
	}
	return resp, nil
}

// sentSequence is the number that the server gave a message; 0: none.
func sentSequence(resp *messagepb.PbSendMsgResp) uint64 {
	if seq := resp.GetPrivateSequence(); seq != 0 {
		return seq
	}
	return resp.GetGroupSequence()
}

// unsent makes an error plain that leaves open, of other requests, whether they were
// carried out: this message never left.
func unsent(ctx context.Context, err error) error {
	if errors.Is(err, ErrConnectionLost) || errors.Is(err, ErrTimeout) || ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	return err
}

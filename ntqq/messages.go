package ntqq

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

// maxMessage bounds the encoded body of a message, in bytes. The service's own
// limit is lower and not known exactly (docs/protocol/messages.md 13); this one
// keeps a single message from holding up the connection, and with it the
// heartbeats, until the session is lost.
const maxMessage = 1 << 20

// SendGroup sends content to a group and returns the message as the server
// numbered it. Mentions without a UID or display text are completed from the
// member list. When the answer is lost, the message is looked for in what the server
// pushes and in the chat's history, for at most Options.OutcomeWait, and never sent
// again. Errors: ErrUnknownOutcome when that could not be found out; with all others
// the message was not sent: ErrEmptyMessage, ErrTooLarge, ErrRateLimited, ErrNotSent,
// *message.SegmentError, ErrNoGroup, *ServerError when the server refused, ErrOffline,
// ErrSign.
// When ctx ended before the message left, that is an ErrNotSent with ctx's error.
func (c *Client) SendGroup(ctx context.Context, group GroupCode, content message.Content) (*message.Message, error) {
	if err := ctx.Err(); err != nil {
		return nil, unsent(ctx, err)
	}
	content, err := c.complete(ctx, group, content)
	if err != nil {
		return nil, err
	}
	o := message.EncodeOptions{Group: true, MentionQuoted: true, QuotedName: c.quotedName(ctx, group, content)}
	body, err := message.Encode(content, o)
	if err != nil {
		return nil, err
	}
	m, err := c.send(ctx, groupRouting(group), body, groupChat(group), &messagepb.RoutingHead{
		Group: &messagepb.RoutingGroup{GroupCode: uint64(group), GroupName: c.cache.groupName(group)},
	})
	if err != nil {
		return nil, c.inGroup(ctx, group, err)
	}
	// Its event is the echo. When that is lost, this says that it is missing; there is
	// always a next answer that does.
	c.own.TryPut(order.Named{Chat: groupChat(group), Sequence: m.Sequence}, namedSize)
	return m, nil
}

// SendFriend sends content to a friend; errors as SendGroup, and ErrNoFriend when
// peer is not a friend.
func (c *Client) SendFriend(ctx context.Context, peer UIN, content message.Content) (*message.Message, error) {
	if err := ctx.Err(); err != nil {
		return nil, unsent(ctx, err)
	}
	uid, err := c.friendUID(ctx, peer)
	if err != nil {
		return nil, unsent(ctx, err)
	}
	content, err = c.complete(ctx, 0, content)
	if err != nil {
		return nil, err
	}
	body, err := message.Encode(content, message.EncodeOptions{})
	if err != nil {
		return nil, err
	}
	m, err := c.send(ctx, friendRouting(uid), body, friendChat(peer), &messagepb.RoutingHead{
		ToUin: uint64(peer), ToUid: proto.String(string(uid)), C2C: &messagepb.RoutingC2C{},
	})
	if err != nil {
		return nil, err
	}
	// The server echoes group messages to the sender, private ones not.
	own := *m // m is the caller's
	c.emit(&event.Message{Message: &own})
	return m, nil
}

func groupRouting(group GroupCode) *messagepb.SendRouting {
	return &messagepb.SendRouting{Group: &messagepb.SendGroup{GroupCode: proto.Uint64(uint64(group))}}
}

func friendRouting(peer UID) *messagepb.SendRouting {
	return &messagepb.SendRouting{C2C: &messagepb.SendC2C{PeerUid: proto.String(string(peer))}}
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
	out := &outgoing{sendKey: sendKey{chat, random}, peer: UID(routing.GetToUid()), after: c.order.delivered(chat)}
	if t, ok := c.clock.Ago(clockSlack); ok && out.after == 0 {
		out.since = t.Unix()
	}
	c.sends.begin(out)
	resp, err := c.sendOnce(ctx, req)
	var lost *InFlightError
	if errors.As(err, &lost) {
		m, err := c.outcome(ctx, out, err)
		if refused, ok := errors.AsType[*ServerError](err); ok && errors.Is(err, ErrNotSent) {
			return nil, refused // it says more
		}
		if err == nil {
			m.Sender.Nickname = c.Self().Nickname
			c.stats.messagesSent.Add(1)
		}
		return m, err
	}
	c.sends.end(out, nil)
	if err != nil {
		return nil, unsent(ctx, err)
	}
	seq, self := sentSequence(resp), c.Self()
	routing.FromUin, routing.FromUid = uint64(self.UIN), proto.String(string(self.UID))
	head := &messagepb.ContentHead{
		Type: message.TypeGroup, Random: proto.Uint64(uint64(random)), Sequence: proto.Uint64(seq),
		Time: proto.Uint64(resp.GetSendTime()), MsgUid: proto.Uint64(message.MsgUID(random)),
	}
	if routing.Group == nil {
		head.Type, head.Sequence, head.NtMsgSeq = message.TypeFriend, proto.Uint64(clientSequence), proto.Uint64(seq)
	}
	raw, err := pb.Marshal(&messagepb.CommonMessage{RoutingHead: routing, ContentHead: head, Body: req.Body})
	if err != nil {
		return nil, fmt.Errorf("%w: encode the sent message: %w", ErrUnknownOutcome, err)
	}
	m, err := message.Parse(raw, self.UIN)
	if err != nil {
		return nil, fmt.Errorf("%w: read the sent message: %w", ErrUnknownOutcome, err)
	}
	m.Sender.Nickname = self.Nickname
	c.nameMentions(m, nil) // they are sent by uid alone
	c.stats.messagesSent.Add(1)
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

// Recall takes a message back; m needs Chat, Sequence and, in private chats,
// ClientSequence, Random and Time. The server gives no reason for a refusal in
// private chats: nothing happens then.
func (c *Client) Recall(ctx context.Context, m *message.Message) error {
	if m.Chat.Kind == message.Group {
		_, err := rpc.Call(ctx, c, rpc.RecallGroup, groupRecallRequest(m))
		return serverError(err, ErrNotRecallable)
	}
	uid := m.Chat.PeerUID
	if uid == "" {
		var err error
		if uid, err = c.friendUID(ctx, m.Chat.Peer); err != nil {
			return err
		}
	}
	_, err := rpc.Call(ctx, c, rpc.RecallFriend, friendRecallRequest(uid, m))
	return serverError(err, ErrNotRecallable)
}

func groupRecallRequest(m *message.Message) *messagepb.GroupRecallReq {
	return &messagepb.GroupRecallReq{
		Type: 1, GroupCode: uint64(m.Chat.Group),
		Info:     &messagepb.GroupRecallInfo{Sequence: m.Sequence},
		Settings: &messagepb.GroupRecallSettings{},
	}
}

func friendRecallRequest(peer UID, m *message.Message) *messagepb.C2CRecallReq {
	return &messagepb.C2CRecallReq{
		Type: 1, TargetUid: string(peer),
		Info: &messagepb.C2CRecallInfo{
			ClientSequence: m.ClientSequence, Random: m.Random, MsgUid: message.MsgUID(m.Random),
			Timestamp: uint64(m.Time), NtMsgSeq: m.Sequence,
		},
		Settings: &messagepb.C2CRecallSettings{},
	}
}

// complete makes content ready to be encoded, on a copy: it fills in what mentions and
// quotes lack, and uploads what has to be. This client uploads nothing yet.
func (c *Client) complete(ctx context.Context, group GroupCode, content message.Content) (message.Content, error) {
	if len(content) == 0 {
		return nil, ErrEmptyMessage
	}
	out := content
	copied := false
	set := func(i int, s message.Segment) {
		if !copied {
			out, copied = append(message.Content(nil), content...), true
		}
		out[i] = s
	}
	for i, seg := range content {
		switch s := seg.(type) {
		case *message.At:
			if s.All || s.UID != "" && s.Display != "" {
				continue
			}
			at := *s
			name := ""
			at.UID, name = c.lookUp(ctx, group, at.UIN, at.UID)
			if at.Display == "" {
				at.Display = "@" + name
			}
			set(i, &at)
		case *message.Reply:
			if s.SenderUID != "" || s.SenderUIN == 0 {
				continue
			}
			r := *s
			r.SenderUID, _ = c.lookUp(ctx, group, r.SenderUIN, "")
			set(i, &r)
		}
	}
	return message.Upload(ctx, nil, out)
}

// quotedName is the name of the quoted sender in a group, for the mention that
// goes with a quote.
func (c *Client) quotedName(ctx context.Context, group GroupCode, content message.Content) string {
	for _, seg := range content {
		if r, ok := seg.(*message.Reply); ok {
			_, name := c.lookUp(ctx, group, r.SenderUIN, r.SenderUID)
			return name
		}
	}
	return ""
}

// lookUp finds the uid and the shown name of somebody, as a member of group when
// it is not 0. What cannot be found stays as it is; the name is then the number or,
// without one, the uid.
func (c *Client) lookUp(ctx context.Context, group GroupCode, uin UIN, uid UID) (UID, string) {
	if uin == 0 && uid != "" {
		p := event.Person{UID: uid}
		known := c.resolveKnown(&p)
		if !known && group != 0 {
			_, err := c.Members(ctx, group, false)
			known = err == nil && c.resolveKnown(&p)
		}
		if !known {
			if u, err := c.UserByUID(ctx, uid); err == nil {
				return uid, u.Nickname
			}
			return uid, string(uid)
		}
		uin = p.UIN
	}
	name := fmt.Sprint(uint64(uin))
	if uin == 0 {
		return uid, name
	}
	if group != 0 {
		if m, err := c.Member(ctx, group, uin, false); err == nil {
			name = m.Nickname
			if m.Card != "" {
				name = m.Card
			}
			return m.UID, name
		}
	} else if f, ok := c.cache.friend(uin); ok {
		return f.UID, f.Nickname
	}
	if uin == c.Self().UIN {
		return c.Self().UID, c.Self().Nickname
	}
	return uid, name
}

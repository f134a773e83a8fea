package ntqq

import (
	"context"
	"errors"
	"math/rand/v2"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/text"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

// errNoFileInMessage is the error of a message that should have a file.
var errNoFileInMessage = text.Errorf("the message with the file has none", "文件消息中没有文件")

// feedApp is which part of a client has files shown.
const feedApp = 2

// publish has a file of a group shown in the chat. The service writes the message; what has
// become of it is found out as of other messages.
func (u *fileUploading) publish(ctx context.Context) (*message.Message, error) {
	c, chat := u.c, groupChat(u.to.group)
	body, err := elements.Encode(message.Content{u.segment()}, elements.EncodeOptions{Group: true})
	if err != nil {
		return nil, err
	}
	if c.State().Online() { // else it fails at once
		if err := c.sending.wait(ctx, chat); err != nil {
			return nil, err
		}
	}
	random, seq := rand.Uint32(), uint64(0)
	found, err := c.carry(ctx, &outgoing{sendKey: sendKey{chat, random}}, func() (err error) {
		seq, err = u.feed(ctx, random)
		return err
	})
	switch {
	case err != nil:
		return nil, c.inGroup(ctx, u.to.group, err)
	case found == nil:
		if found, err = u.shown(random, seq, body); err != nil {
			return nil, err
		}
	}
	// As of a message that was sent: its event is the echo.
	c.own.TryPut(order.Named{Chat: chat, Sequence: found.Sequence}, namedSize)
	return found, nil
}

// feed asks for the message, and returns its number.
func (u *fileUploading) feed(ctx context.Context, random uint32) (seq uint64, err error) {
	payload, err := rpc.PublishGroupFile.EncodeRequest(feedRequest(u.to.group, u.place.bus, u.place.id, random))
	if err != nil {
		return 0, err
	}
	answer, err := u.c.Call(ctx, rpc.PublishGroupFile.Name, payload)
	if err != nil {
		return 0, err
	}
	resp, err := rpc.PublishGroupFile.DecodeResponse(answer)
	if refused, ok := errors.AsType[*rpc.Refused](err); ok {
		return 0, serverError(err, sendCauses[refused.Code])
	}
	if err != nil {
		return 0, &InFlightError{Err: err}
	}
	for _, result := range resp.GetFeed().GetResults() {
		if code := int64(result.GetRetCode()); code != 0 {
			return 0, &ServerError{Command: rpc.PublishGroupFile.Name, Code: code, Message: result.GetDetail(), Cause: sendCauses[code]}
		}
		seq = uint64(result.GetMsgSeq())
	}
	if seq == 0 { // it is looked up
		return 0, &InFlightError{Err: errNoFileSequence}
	}
	return seq, nil
}

var errNoFileSequence = errors.New("the answer does not say which message the file is in")

func feedRequest(group GroupCode, bus uint32, id string, random uint32) *oidbpb.GroupFileTransReq {
	return &oidbpb.GroupFileTransReq{Feed: &oidbpb.GroupFileFeedReq{
		GroupCode: uint64(group), AppId: feedApp,
		Feeds: []*oidbpb.GroupFileFeed{{BusId: bus, FileId: id, MsgRandom: random, FeedFlag: 1}},
	}}
}

// shown is the message that the service has written.
func (u *fileUploading) shown(random uint32, seq uint64, body *messagepb.MessageBody) (*message.Message, error) {
	return u.c.asSent(&messagepb.RoutingHead{
		Group: &messagepb.RoutingGroup{GroupCode: uint64(u.to.group), GroupName: u.c.cache.groupName(u.to.group)},
	}, &messagepb.ContentHead{
		Type: elements.TypeGroup, Random: proto.Uint64(uint64(random)), Sequence: proto.Uint64(seq),
		Time: proto.Uint64(uint64(u.c.now().Unix())), MsgUid: proto.Uint64(elements.MsgUID(random)),
	}, body)
}

// deliver sends the message with a private file.
func (u *fileUploading) deliver(ctx context.Context) (*message.Message, error) {
	body, err := elements.Encode(message.Content{u.segment()}, elements.EncodeOptions{})
	if err != nil {
		return nil, err
	}
	peer := u.to.chat.Peer
	return u.c.sendPrivate(ctx, fileRouting(peer, u.to.peer), body, &messagepb.RoutingHead{
		ToUin: uint64(peer), ToUid: proto.String(string(u.to.peer)), C2C: &messagepb.RoutingC2C{},
	})
}

// fileCommand is the command of messages with private files.
const fileCommand = 4

func fileRouting(peer UIN, uid UID) *messagepb.SendRouting {
	return &messagepb.SendRouting{Trans211: &messagepb.SendTrans211{
		ToUin: proto.Uint64(uint64(peer)), CcCmd: proto.Uint32(fileCommand), ToUid: proto.String(string(uid)),
	}}
}

package ntqq

import (
	"context"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb/messagepb"
	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

// Messages are the operations on messages. They are safe for concurrent use.
type Messages struct{ c *Client }

// Messages returns the operations on messages.
func (c *Client) Messages() Messages { return Messages{c} }

// ParseMessage reads an encoded CommonMessage, such as a stored [message.Message.Raw].
// self is the account's own number: Message.Self is true when it is the sender's. The
// error says why it is no chat message.
func ParseMessage(raw []byte, self UIN) (*message.Message, error) { return elements.Parse(raw, self) }

// SendGroup sends content to a group and returns the message as the server numbered
// it. Mentions without a UID or a display text are completed from the member list.
//
// A file stands alone. One with a Source is uploaded, as [Files.Send] does; one of a group's
// files is forwarded, as [Files.Forward] does.
//
// When the answer is lost, the message is looked for in what the server pushes and in
// the chat's history, for at most Options.OutcomeWait. It is never sent again. The
// error is [ErrUnknownOutcome] when that could not be found out. With all other errors
// the message was not sent:
//   - [ErrEmptyMessage], [ErrTooLarge] and [*message.SegmentError]: the content cannot
//     be sent.
//   - [*media.StepError], within a [*message.SegmentError]: a picture, voice, video or file
//     could not be uploaded.
//   - [ErrNoForward]: a forward that is sent by its ID is not there any more.
//   - [ErrRateLimited]: too many messages wait, as Options.SendLimit says.
//   - [ErrOffline], [ErrSign]: the account is offline, or no signer works.
//   - [ErrNotSent]: the context or the time ended before the message left, or it is
//     not in the chat's history. What happened is wrapped.
//   - [ErrNoGroup]: the account is not in the group.
//   - [*ServerError]: the server refused it.
func (m Messages) SendGroup(ctx context.Context, group GroupCode, content message.Content) (*message.Message, error) {
	c := m.c
	if err := ctx.Err(); err != nil {
		return nil, unsent(ctx, err)
	}
	chat := message.Chat{Kind: message.Group, Group: group}
	if f, err := onlyFile(content); err != nil {
		return nil, err
	} else if f != nil {
		return c.sendFileMessage(ctx, chat, f)
	}
	content, err := c.complete(ctx, target{group: group, chat: chat}, content)
	if err != nil {
		return nil, err
	}
	o := elements.EncodeOptions{Group: true, MentionQuoted: true, QuotedName: c.quotedName(ctx, group, content)}
	body, err := elements.Encode(content, o)
	if err != nil {
		return nil, err
	}
	sent, err := c.send(ctx, groupRouting(group), body, groupChat(group), &messagepb.RoutingHead{
		Group: &messagepb.RoutingGroup{GroupCode: uint64(group), GroupName: c.cache.groupName(group)},
	})
	if err != nil {
		return nil, c.inGroup(ctx, group, err)
	}
	// Its event is the echo. When that is lost, this says that it is missing; there is
	// always a next answer that does.
	c.own.TryPut(order.Named{Chat: groupChat(group), Sequence: sent.Sequence}, namedSize)
	return sent, nil
}

// SendFriend sends content to a friend. The errors are those of [Messages.SendGroup],
// and [ErrNoFriend] when peer is none.
func (m Messages) SendFriend(ctx context.Context, peer UIN, content message.Content) (*message.Message, error) {
	c := m.c
	if err := ctx.Err(); err != nil {
		return nil, unsent(ctx, err)
	}
	uid, err := c.friendUID(ctx, peer)
	if err != nil {
		return nil, unsent(ctx, err)
	}
	chat := message.Chat{Kind: message.Friend, Peer: peer, PeerUID: uid}
	if f, err := onlyFile(content); err != nil {
		return nil, err
	} else if f != nil {
		return c.sendFileMessage(ctx, chat, f)
	}
	content, err = c.complete(ctx, target{peer: uid, chat: chat}, content)
	if err != nil {
		return nil, err
	}
	body, err := elements.Encode(content, elements.EncodeOptions{})
	if err != nil {
		return nil, err
	}
	return c.sendPrivate(ctx, friendRouting(uid), body, &messagepb.RoutingHead{
		ToUin: uint64(peer), ToUid: proto.String(string(uid)), C2C: &messagepb.RoutingC2C{},
	})
}

// SendTemp sends content to a member of a group, who need not be a friend: it answers
// messages of a [message.Temp] chat. The errors are those of [Messages.SendGroup] and
// [Members.Info], and [ErrTempContent], within a [*message.SegmentError]. When the answer
// is lost the error is [ErrUnknownOutcome]: such a chat has no history.
func (m Messages) SendTemp(ctx context.Context, group GroupCode, peer UIN, content message.Content) (*message.Message, error) {
	c := m.c
	if err := ctx.Err(); err != nil {
		return nil, unsent(ctx, err)
	}
	for i, seg := range content {
		_, file := seg.(*message.FileSegment)
		if _, forward := seg.(*message.ForwardSegment); forward || file || message.MediumOf(seg) != nil {
			return nil, &message.SegmentError{Index: i, Segment: seg, Err: ErrTempContent}
		}
	}
	member, err := c.Members().Info(ctx, group, peer, false)
	if err != nil {
		return nil, unsent(ctx, err)
	}
	chat := message.Chat{Kind: message.Temp, Group: group, Peer: peer, PeerUID: member.UID}
	content, err = c.complete(ctx, target{peer: member.UID, chat: chat}, content)
	if err != nil {
		return nil, err
	}
	body, err := elements.Encode(content, elements.EncodeOptions{})
	if err != nil {
		return nil, err
	}
	return c.sendPrivate(ctx, tempRouting(group, member.UID), body, &messagepb.RoutingHead{
		ToUin: uint64(peer), ToUid: proto.String(string(member.UID)),
		C2C: &messagepb.RoutingC2C{C2CType: 2, FromTinyId: uint64(group)},
	})
}

// sendPrivate sends a message to one person, and reports it: the server echoes group
// messages to the sender, private ones not.
func (c *Client) sendPrivate(ctx context.Context, to *messagepb.SendRouting, body *messagepb.MessageBody, routing *messagepb.RoutingHead) (*message.Message, error) {
	sent, err := c.send(ctx, to, body, friendChat(UIN(routing.GetToUin())), routing)
	if err != nil {
		return nil, err
	}
	own := *sent // sent is the caller's
	c.emit(&event.Message{Message: &own})
	return sent, nil
}

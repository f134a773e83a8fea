package ntqq

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// ForwardCache keeps the content of forwards by their ids, in the form in which the service
// has it. Its methods are safe for concurrent use, and quick.
type ForwardCache interface {
	// Forward returns what was kept, nil when there is nothing.
	Forward(id string) ([]byte, error)
	// PutForward keeps the content of a forward. It must not change payload.
	PutForward(id string, payload []byte) error
}

// maxForwardID bounds the resource ids of forwards, in bytes. Real ones have 64.
const maxForwardID = 1024

// Values of a long message (docs/protocol/messages.md 10.1, 10.2).
const (
	longMessageFriend = 1
	longMessageGroup  = 3
)

var errNoForwardID = errors.New("the answer has no resource id")

// Forward returns the messages of a forward, by the ID of a [message.ForwardSegment] or of
// a [message.LongMessageSegment]. Options.Forwards is asked first, then the service. A
// forward within it has Nodes, too, where the service keeps them together.
//
// The errors are those of [Client.Call] and:
//   - [ErrNoForward]: the service has none with this id, or not any more.
//   - [ErrTooLarge], a [*message.ForwardLimitError]: it is too large to be read.
//   - [ErrBadForward]: it cannot be read.
func (m Messages) Forward(ctx context.Context, id string) ([]message.Node, error) {
	c := m.c
	if id == "" || len(id) > maxForwardID {
		return nil, fmt.Errorf("forward %.64q: %w", id, ErrNoForward)
	}
	if nodes := c.keptForward(ctx, id); nodes != nil {
		return nodes, nil
	}
	resp, err := call(ctx, c, rpc.FetchLongMessage, fetchForwardRequest(c.Self().UID, id))
	payload := resp.GetRecv().GetPayload()
	if err == nil && len(payload) == 0 {
		err = ErrNoForward
	}
	var nodes []message.Node
	if err == nil {
		nodes, err = elements.DecodeForward(payload)
	}
	if err != nil {
		return nil, fmt.Errorf("forward %.64q: %w", id, err)
	}
	c.keepForward(id, payload)
	c.nameNodes(ctx, nodes)
	return nodes, nil
}

func fetchForwardRequest(self UID, id string) *messagepb.LongMsgReq {
	return &messagepb.LongMsgReq{
		Recv: &messagepb.LongMsgRecvReq{
			Peer:    &messagepb.LongMsgPeer{PeerUid: proto.String(string(self))},
			ResId:   proto.String(id),
			MsgType: longMessageFriend, // whatever the chat is
		},
		Attr: &messagepb.LongMsgAttr{SubCmd: proto.Uint32(2)},
	}
}

// Prepare completes content for a chat as sending does, and uploads what it brings along,
// but sends nothing. A [message.ForwardSegment] in the result has an ID. A zero chat stands
// for a private chat with the account itself. The errors are those of
// [Messages.SendGroup].
func (m Messages) Prepare(ctx context.Context, chat message.Chat, content message.Content) (message.Content, error) {
	to, err := m.c.target(ctx, chat)
	if err != nil {
		return nil, unsent(ctx, err)
	}
	return m.c.complete(ctx, to, content)
}

// UploadForward implements [elements.Uploader].
func (u *uploader) UploadForward(ctx context.Context, payload []byte) (string, error) {
	resp, err := call(ctx, u.c, rpc.SendLongMessage, sendForwardRequest(u.to.group, u.c.Self().UID, payload))
	id := resp.GetSend().GetResId()
	if err == nil && id == "" {
		err = errNoForwardID
	}
	if err != nil {
		return "", fmt.Errorf("upload a forward: %w", err)
	}
	u.c.keepForward(id, payload)
	return id, nil
}

func sendForwardRequest(group GroupCode, self UID, payload []byte) *messagepb.LongMsgReq {
	send := &messagepb.LongMsgSendReq{MsgType: longMessageFriend, GroupCode: proto.Uint64(uint64(group)), Payload: payload}
	peer := string(self)
	if group != 0 {
		send.MsgType, peer = longMessageGroup, strconv.FormatUint(uint64(group), 10)
	}
	send.Peer = &messagepb.LongMsgPeer{PeerUid: proto.String(peer)}
	return &messagepb.LongMsgReq{
		Send: send,
		Attr: &messagepb.LongMsgAttr{SubCmd: proto.Uint32(4), ClientType: proto.Uint32(1), Platform: proto.Uint32(7)},
	}
}

// keptForward reads a forward from the cache; nil when it is not there, or cannot be read.
func (c *Client) keptForward(ctx context.Context, id string) []message.Node {
	if c.opts.Forwards == nil {
		return nil
	}
	payload, err := c.opts.Forwards.Forward(id)
	if err != nil || payload == nil {
		if err != nil {
			c.notes.Warn("forward cache", "the cache of forwards cannot be read", "err", err)
		}
		return nil
	}
	nodes, err := elements.DecodeForward(payload)
	if err != nil {
		c.notes.Warn("forward cache", "a forward in the cache cannot be read", "err", err)
		return nil
	}
	c.nameNodes(ctx, nodes)
	return nodes
}

func (c *Client) keepForward(id string, payload []byte) {
	if c.opts.Forwards == nil {
		return
	}
	if err := c.opts.Forwards.PutForward(id, payload); err != nil {
		c.notes.Warn("forward cache", "a forward was not kept in the cache", "err", err)
	}
}

// nameNodes fills in the numbers of mentions, as far as they are known to those who have the
// lists of the account: right after a start they come first.
func (c *Client) nameNodes(ctx context.Context, nodes []message.Node) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	lists := sync.OnceFunc(func() {
		_, _ = c.Friends().List(ctx, false)
		_, _ = c.Groups().List(ctx, false)
	})
	c.nameNodesBy(nodes, func(group GroupCode) {
		lists()
		if c.cache.groupName(group) != "" { // of another one the members cannot be known
			_, _ = c.Members().List(ctx, group, false)
		}
	})
}

func (c *Client) nameNodesBy(nodes []message.Node, fetch func(GroupCode)) {
	for i := range nodes {
		m := message.Message{Content: nodes[i].Content}
		c.nameMentions(&m, func() { fetch(nodes[i].Group) })
		nodes[i].Content = m.Content
		for _, seg := range m.Content {
			if f, ok := seg.(*message.ForwardSegment); ok {
				c.nameNodesBy(f.Nodes, fetch)
			}
		}
	}
}

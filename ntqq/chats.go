package ntqq

import (
	"context"
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// Chats are the operations on the account's list of chats. They are safe for concurrent
// use.
type Chats struct{ c *Client }

// Chats returns the operations on the account's list of chats.
func (c *Client) Chats() Chats { return Chats{c} }

// Pin puts the chat of a group or with a friend at the top of the list, on all clients of
// the account, or with on false takes it from there. The errors are those of [Client.Call],
// [ErrNoGroup], [ErrNoFriend], and [ErrTempChat] of a temporary chat; a refusal is a
// [*ServerError].
func (h Chats) Pin(ctx context.Context, chat message.Chat, on bool) error {
	c := h.c
	var at int64
	if on {
		at = c.now().Unix()
	}
	switch chat.Kind {
	case message.Group:
		_, err := call(ctx, c, rpc.PinGroup, pinGroupRequest(chat.Group, at))
		return c.inGroup(ctx, chat.Group, err)
	case message.Friend:
		uid := chat.PeerUID
		if uid == "" {
			var err error
			if uid, err = c.friendUID(ctx, chat.Peer); err != nil {
				return err
			}
		}
		_, err := call(ctx, c, rpc.PinFriend, pinFriendRequest(uid, at))
		return err
	}
	return ErrTempChat
}

// The settings that are pins, and where they stand (docs/protocol/operations.md 3.5).
const (
	pinFriend    = 13578
	pinGroup     = 13569
	domainFriend = 1
	domainGroup  = 11
)

func pinFriendRequest(uid UID, at int64) *oidbpb.SnsUpdateReq {
	return snsRequest(&oidbpb.SnsUpdateBuffer{Uid: proto.String(string(uid))}, domainFriend, pinFriend, at)
}

func pinGroupRequest(code GroupCode, at int64) *oidbpb.SnsUpdateReq {
	return snsRequest(&oidbpb.SnsUpdateBuffer{GroupCode: proto.Uint64(uint64(code))}, domainGroup, pinGroup, at)
}

// snsRequest pins a chat at a time in Unix seconds; 0 takes the pin back.
func snsRequest(chat *oidbpb.SnsUpdateBuffer, domain, setting uint32, at int64) *oidbpb.SnsUpdateReq {
	value := []byte{}
	if at != 0 {
		value = binary.BigEndian.AppendUint32(value, uint32(at))
	}
	chat.Items = []*oidbpb.SnsUpdateItem{{SnsType: setting, Value: value}}
	return &oidbpb.SnsUpdateReq{Seq: proto.Uint32(0), Buffers: []*oidbpb.SnsUpdateBuffer{chat}, Domain: domain}
}

// Pinned returns the chats at the top of the list, those with friends first. Peer is 0 of a
// friend who is not found. The errors are those of [Client.Call].
func (h Chats) Pinned(ctx context.Context) ([]message.Chat, error) {
	c := h.c
	resp, err := call(ctx, c, rpc.PinnedChats, &oidbpb.EmptyResp{})
	if err != nil {
		return nil, fmt.Errorf("pinned chats: %w", err)
	}
	var chats []message.Chat
	if len(resp.GetFriends()) > 0 {
		friends, err := c.Friends().List(ctx, false)
		if err != nil {
			return nil, err
		}
		numbers := map[UID]UIN{c.Self().UID: c.Self().UIN}
		for _, f := range friends {
			numbers[f.UID] = f.UIN
		}
		for _, f := range resp.GetFriends() {
			uid := UID(f.GetUid())
			chats = append(chats, message.Chat{Kind: message.Friend, Peer: numbers[uid], PeerUID: uid})
		}
	}
	for _, g := range resp.GetGroups() {
		chats = append(chats, message.Chat{Kind: message.Group, Group: GroupCode(g.GetGroupCode())})
	}
	return chats, nil
}

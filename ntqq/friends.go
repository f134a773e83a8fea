package ntqq

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/wire"
)

// maxPages bounds lists that come in pages: a server that never ends is refused.
const maxPages = 1000

// pages adds up a list that comes in pages. Together they may have as much as one
// packet.
type pages struct{ entries, bytes int }

func (p *pages) add(entries int, page proto.Message) error {
	p.entries += entries
	p.bytes += proto.Size(page)
	if p.entries > pb.MaxEntries || p.bytes > wire.MaxInflated {
		return fmt.Errorf("more than %d entries or %d bytes", pb.MaxEntries, wire.MaxInflated)
	}
	return nil
}

// Keys of user properties (docs/protocol/operations.md 4.1).
const (
	keyAvatar   = 101
	keySign     = 102
	keyRemark   = 103
	keyLevel    = 105
	keyNickname = 20002
	keySex      = 20009
	keyRegister = 20026
	keyAge      = 20037
	keyStatus   = 27372
	keyQID      = 27394
)

// Friends is the friend list, sorted by number; fetched when it is not known or
// refresh is set.
func (c *Client) Friends(ctx context.Context, refresh bool) ([]Friend, error) {
	return cached(ctx, c, friendsKey, refresh, c.cache.friendList, c.fetchFriends)
}

// cached returns a list from the cache, or fetches it, once for all who ask at the
// same time; and once more when a push made it old before it came.
func cached[T any](ctx context.Context, c *Client, key string, refresh bool, get func() ([]T, bool), fetch func(context.Context) error) ([]T, error) {
	list, ok := get()
	for tries := 0; tries < 2 && (!ok || refresh); tries++ {
		done := c.cache.fetch.DoChan(key, func() (any, error) {
			c.cache.begin(key)
			defer c.cache.end(key)
			// Not the caller's context: others may be waiting for the same answer. Every
			// request has its own time limit.
			return nil, fetch(context.WithoutCancel(ctx))
		})
		select {
		case r := <-done:
			if r.Err != nil {
				return nil, r.Err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		refresh = false
		list, ok = get()
	}
	return list, nil
}

func friendListRequest(cookie []byte) *oidbpb.FriendListReq {
	return &oidbpb.FriendListReq{
		ReqCount: 300, Cookie: cookie, Flag: 1, ProxySeq: 2147483647,
		Biz: []*oidbpb.FriendListBiz{
			{Type: 1, Keys: &oidbpb.FriendListBizKeys{Keys: []int32{keyRemark, keySign, keyNickname, keyQID}}},
			{Type: 4, Keys: &oidbpb.FriendListBizKeys{Keys: []int32{100, 101, 102}}},
		},
		SnsFlagKeys:       []uint32{13578, 13579, 13573, 13572, 13568},
		PrivateIdListKeys: []uint32{4051},
	}
}

func (c *Client) fetchFriends(ctx context.Context) error {
	var (
		list   []Friend
		size   pages
		cookie []byte
	)
	for range maxPages {
		resp, err := call(ctx, c, rpc.FriendList, friendListRequest(cookie))
		if err != nil {
			return fmt.Errorf("friend list: %w", err)
		}
		if err := size.add(len(resp.GetFriends()), resp); err != nil {
			return fmt.Errorf("friend list: %w", err)
		}
		list = append(list, friendsOf(resp)...)
		if cookie = resp.GetCookie(); len(cookie) == 0 {
			c.cache.setFriends(list)
			return nil
		}
	}
	return fmt.Errorf("friend list: more than %d pages", maxPages)
}

func friendsOf(resp *oidbpb.FriendListResp) []Friend {
	categories := map[int32]string{}
	for _, k := range resp.GetCategories() {
		categories[k.GetId()] = k.GetName()
	}
	list := make([]Friend, 0, len(resp.GetFriends()))
	for _, f := range resp.GetFriends() {
		text := f.GetBiz()[1].GetStrings()
		list = append(list, Friend{
			UIN: UIN(f.GetUin()), UID: UID(f.GetUid()),
			Nickname: pb.Text(text[keyNickname]), Remark: pb.Text(text[keyRemark]),
			QID: pb.Text(text[keyQID]), Sign: pb.Text(text[keySign]),
			Category: f.GetCategoryId(), CategoryName: categories[f.GetCategoryId()],
		})
	}
	return list
}

// friendUID is what private messages are addressed by.
func (c *Client) friendUID(ctx context.Context, uin UIN) (UID, error) {
	if self := c.Self(); uin == self.UIN {
		return self.UID, nil
	}
	if f, ok := c.cache.friend(uin); ok {
		return f.UID, nil
	}
	if _, err := c.Friends(ctx, true); err != nil {
		return "", err
	}
	if f, ok := c.cache.friend(uin); ok {
		return f.UID, nil
	}
	return "", fmt.Errorf("friend %d: %w", uin, ErrNoFriend)
}

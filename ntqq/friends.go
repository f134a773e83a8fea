package ntqq

import (
	"context"
	"fmt"
	"slices"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
)

// Friend is an entry of the friend list.
type Friend struct {
	UIN      UIN
	UID      UID
	Nickname string
	// Remark is what the account calls the friend, "" for none.
	Remark string
	// QID is the name that the friend has chosen to be found by, "" for none.
	QID string
	// Sign is the friend's signature: a line about oneself.
	Sign string
	// Category is the id of the friend's category, 0 the default one.
	Category     int32
	CategoryName string
}

// Friends are the operations on friends. They are safe for concurrent use.
type Friends struct{ c *Client }

// Friends returns the operations on friends.
func (c *Client) Friends() Friends { return Friends{c} }

// List returns the friends, sorted by number. The list comes from memory; it is fetched
// when it is not known, a push has made it old, or refresh is true. The errors are those
// of [Client.Call].
func (f Friends) List(ctx context.Context, refresh bool) ([]Friend, error) {
	c := f.c
	return cached(ctx, c, friendsKey, refresh, c.cache.friendList, c.fetchFriends)
}

// maxCategories bounds the categories of friends that are kept.
const maxCategories = 1000

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
		list  []Friend
		kinds []FriendCategory
		page  pages
	)
	for range maxPages {
		resp, err := call(ctx, c, rpc.FriendList, friendListRequest(page.cookie))
		if err != nil {
			return fmt.Errorf("friend list: %w", err)
		}
		if err := page.add(len(resp.GetFriends()), resp, resp.GetCookie()); err != nil {
			return fmt.Errorf("friend list: %w", err)
		}
		list = append(list, friendsOf(resp)...)
		kinds = addCategories(kinds, resp)
		if len(page.cookie) == 0 {
			c.cache.setCategories(kinds)
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

// addCategories adds the categories of a page; each page may have all of them.
func addCategories(list []FriendCategory, page *oidbpb.FriendListResp) []FriendCategory {
	for _, k := range page.GetCategories() {
		known := slices.ContainsFunc(list, func(c FriendCategory) bool { return c.ID == k.GetId() })
		if !known && len(list) < maxCategories {
			list = append(list, FriendCategory{k.GetId(), k.GetName(), k.GetSortId()})
		}
	}
	return list
}

// friendUID is what private messages are addressed by.
func (c *Client) friendUID(ctx context.Context, uin UIN) (UID, error) {
	if self := c.Self(); uin == self.UIN {
		return self.UID, nil
	}
	known, fresh := c.cache.lookFriend(uin)
	if fresh && known.UID != "" {
		return known.UID, nil
	}
	// One who is in a stale list may be no friend any more; it serves when there is no other.
	if _, err := c.Friends().List(ctx, fresh); err != nil {
		if known.UID != "" && ctx.Err() == nil {
			return known.UID, nil
		}
		return "", err
	}
	if f, ok := c.cache.friend(uin); ok {
		return f.UID, nil
	}
	return "", fmt.Errorf("friend %d: %w", uin, ErrNoFriend)
}

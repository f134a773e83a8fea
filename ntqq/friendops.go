package ntqq

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/event"
)

// FriendCategory is a category that friends are sorted into.
type FriendCategory struct {
	ID   int32 // 0: the default one
	Name string
	// Sort is the place in the list that people see.
	Sort int32
}

// Categories returns the categories of friends, as the service lists them. It is fetched
// with the friends, as [Friends.List] says.
func (f Friends) Categories(ctx context.Context, refresh bool) ([]FriendCategory, error) {
	if _, err := f.List(ctx, refresh); err != nil {
		return nil, err
	}
	return f.c.cache.categoryList(), nil
}

// FriendRemoval says how a friend is removed. With its zero value the friend keeps the
// account among its own friends.
type FriendRemoval struct {
	Block bool // the other one may not ask again
	Both  bool // the account leaves the other one's friends, too
}

// Delete removes a friend. The other side gets no notice. Of somebody who is no friend the
// error is [ErrNoFriend]; the others are those of [Client.Call].
func (f Friends) Delete(ctx context.Context, user UIN, how FriendRemoval) error {
	known, err := f.find(ctx, user)
	if err == nil {
		_, err = call(ctx, f.c, rpc.DeleteFriend, deleteFriendRequest(known.UID, how))
	}
	if err == nil {
		f.c.cache.dropFriend(user)
	}
	return err
}

func deleteFriendRequest(user UID, how FriendRemoval) *oidbpb.DeleteFriendReq {
	return &oidbpb.DeleteFriendReq{Body: &oidbpb.DeleteFriendBody{
		TargetUid: string(user),
		Unknown2: &oidbpb.DeleteFriendUnknown{
			Unknown1: 130, Unknown2: 109, Unknown3: &oidbpb.DeleteFriendUnknown3{Unknown1: 8, Unknown2: 8, Unknown3: 50},
		},
		Block: proto.Bool(how.Block), BothDelete: proto.Bool(how.Both),
	}}
}

// SetRemark sets what the account calls a friend; "" takes it away. The errors are those
// of [Friends.Delete].
func (f Friends) SetRemark(ctx context.Context, user UIN, remark string) error {
	known, err := f.find(ctx, user)
	if err == nil {
		err = f.remark(ctx, known.UID, remark)
	}
	if err == nil {
		f.c.cache.editFriend(user, func(f *Friend) { f.Remark = remark })
	}
	return err
}

func (f Friends) remark(ctx context.Context, user UID, remark string) error {
	_, err := call(ctx, f.c, rpc.SetFriendRemark, &oidbpb.SetFriendRemarkReq{Uid: string(user), Remark: &remark})
	return err
}

// SetCategory moves a friend to a category, of which ID is the number. The errors are those
// of [Friends.Delete].
func (f Friends) SetCategory(ctx context.Context, user UIN, category int32) error {
	known, err := f.find(ctx, user)
	if err == nil {
		_, err = call(ctx, f.c, rpc.SetFriendCategory, &oidbpb.SetFriendCategoryReq{
			Uid: string(known.UID), CategoryId: proto.Uint32(uint32(category)),
		})
	}
	if err == nil {
		f.c.cache.outdate(event.Stale{Friends: true}) // the categories have changed, too
	}
	return err
}

// find returns a friend, after one look at the service where it is not known.
func (f Friends) find(ctx context.Context, user UIN) (Friend, error) {
	for _, refresh := range []bool{false, true} {
		if _, err := f.List(ctx, refresh); err != nil {
			return Friend{}, err
		}
		if known, ok := f.c.cache.friend(user); ok {
			return known, nil
		}
	}
	return Friend{}, fmt.Errorf("friend %d: %w", user, ErrNoFriend)
}

// FriendWish is what somebody is asked with. The zero value asks without a word.
type FriendWish struct {
	Text   string // what the other one reads
	Answer string // the answer to the question of who wants one answered
	// What the account gives to the new friend.
	Remark   string
	Category int32
}

// addPause is the time between the search for somebody and the request
// (docs/protocol/operations.md 3.2).
const addPause = 5 * time.Second

// Add asks somebody to be a friend; it takes 5 s. Whether they accept, an
// [event.FriendAdded] says. The errors are those of [Client.Call].
func (f Friends) Add(ctx context.Context, user UIN, wish FriendWish) error {
	c := f.c
	if _, err := call(ctx, c, rpc.SearchUser, searchRequest(user)); err != nil {
		return fmt.Errorf("search for %d: %w", user, err)
	}
	pause := time.NewTimer(addPause)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	self := uint64(c.Self().UIN)
	_, err := call(ctx, c, rpc.AddFriendSetting, &oidbpb.AddFriendSettingReq{
		Unknown1: 1, SelfUin: self, TargetUin: uint64(user), Unknown4: 3999, Unknown5: proto.Uint32(0),
	})
	if err == nil {
		_, err = call(ctx, c, rpc.AddFriend, addRequest(self, uint64(user), wish))
	}
	if err != nil {
		return fmt.Errorf("ask %d: %w", user, err)
	}
	return nil
}

func searchRequest(user UIN) *oidbpb.SearchUserReq {
	return &oidbpb.SearchUserReq{
		TargetUin: strconv.FormatUint(uint64(user), 10),
		Settings: &oidbpb.SearchUserSettings{
			Unknown4: 25, Unknown11: proto.String(""),
			SettingJson: `{"search_by_uid":true, "scenario":"related_people_and_groups_panel"}`,
		},
	}
}

func addRequest(self, target uint64, wish FriendWish) *oidbpb.AddFriendReq {
	return &oidbpb.AddFriendReq{
		SelfUin: &self, TargetUin: &target, Unknown3: proto.Uint32(1), Unknown4: proto.Uint32(1), Unknown5: proto.Uint32(0),
		Remark: &wish.Remark, SourceId: proto.Uint32(1), SubSourceId: proto.Uint32(3), Verify: &wish.Text,
		CategoryId: proto.Uint32(uint32(wish.Category)), Answer: &wish.Answer,
		Unknown28: proto.Uint32(1), Unknown29: proto.Uint32(1),
	}
}

// likeSource is where likes come from (docs/protocol/operations.md 3.1).
const likeSource = 71

// Like likes the profile of a friend, or of a member of a group whose members have been
// fetched, 1 to 20 times at once. The service limits likes a day; what is too much it
// refuses with a [*ServerError]. Of somebody else the error is [ErrNoFriend]: the service
// says nobody's text id by number. The others are those of [Client.Call].
func (u Users) Like(ctx context.Context, user UIN, times int) error {
	uid, err := u.c.knownUID(ctx, user)
	if err == nil {
		_, err = call(ctx, u.c, rpc.LikeProfile, likeRequest(uid, times))
	}
	return err
}

func likeRequest(user UID, times int) *oidbpb.ProfileLikeReq {
	return &oidbpb.ProfileLikeReq{TargetUid: proto.String(string(user)), Source: likeSource, Count: uint32(min(max(times, 1), 20))}
}

// knownUID is the text id of a friend or of a member of a known group.
func (c *Client) knownUID(ctx context.Context, user UIN) (UID, error) {
	if _, friend := c.cache.friend(user); !friend {
		if uid, ok := c.cache.memberUID(user); ok {
			return uid, nil
		}
	}
	return c.friendUID(ctx, user)
}

package onebot

import (
	"context"
	"math"
	"strconv"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

func likeActions() []row {
	return []row{
		table.Of("get_profile_like", common, Lookups,
			text.T("Lists whom the account has liked (users) and who has liked it (voteInfo). Of somebody else only how many likes they have got is known.",
				"返回账号赞过的人（users）和赞过账号的人（voteInfo）。其他用户只能查询获赞总数。"),
			getProfileLike, table.Fails(apiError, noFriend)),
		table.Of("get_profile_like_me", rare, Lookups, text.T("Lists who has liked the account.", "返回赞过账号的人。"),
			getProfileLikeMe, table.Fails(apiError)),
		table.Of("get_profile_like_count", rare, Lookups,
			text.T("Returns how many likes somebody has got: the account itself, a friend, or a member of a group whose members are known.",
				"返回获赞总数：可查询账号自己、好友，或已获取成员列表的群的成员。"),
			getProfileLikeCount, table.Fails(apiError, noFriend)),
	}
}

type likerParams struct {
	Start whole `param:"start,default=0" en:"Where to begin; -1 for all." zh:"起始位置；-1 表示全部。"`
	Count whole `param:"count,default=20" en:"How many, at most 30." zh:"数量，最多 30。"`
}

type likesParams struct {
	User message.UIN `param:"user_id,optional" en:"Whose likes; without it those of the account." zh:"查询的账号，省略则为账号自己。"`
	likerParams
}

// liker has the names of fields that clients of other services know.
type liker struct {
	UID       message.UID `json:"uid" en:"Text id." zh:"用户 uid。"`
	UIN       message.UIN `json:"uin" en:"Number; 0 when it is not found." zh:"QQ 号，未找到为 0。"`
	Source    uint32      `json:"src" en:"Where the like came from." zh:"来源。"`
	Latest    int64       `json:"latestTime" en:"The latest like, Unix seconds." zh:"最近一次点赞的时间，Unix 秒。"`
	Count     uint32      `json:"count" en:"How many likes." zh:"点赞次数。"`
	Gifts     uint32      `json:"giftCount" en:"As the service says it." zh:"服务器返回的值。"`
	Mark      uint32      `json:"customId" en:"As the service says it." zh:"服务器返回的值。"`
	Charged   uint32      `json:"lastCharged" en:"As the service says it." zh:"服务器返回的值。"`
	Available uint32      `json:"bAvailableCnt" en:"Always 0." zh:"固定为 0。"`
	Today     uint32      `json:"bTodayVotedCnt" en:"Likes of today." zh:"今日点赞次数。"`
	Nickname  string      `json:"nick" en:"Nickname; may be empty." zh:"昵称，可能为空。"`
	Gender    uint32      `json:"gender" en:"0 unknown, 1 male, 2 female." zh:"性别：0 未知、1 男、2 女。"`
	Age       uint32      `json:"age" en:"Age." zh:"年龄。"`
	Friend    bool        `json:"isFriend" en:"Whether they are a friend." zh:"是否为好友。"`
	VIP       bool        `json:"isvip" en:"Whether they pay for VIP." zh:"是否为会员。"`
	SuperVIP  bool        `json:"isSvip" en:"Whether they pay for the higher tier." zh:"是否为超级会员。"`
}

type likerPage struct {
	Users []liker `json:"users" en:"Accounts, the latest first." zh:"用户列表，最近的在前。"`
	Next  int64   `json:"nextStart" en:"The next start; -1 when there is no more." zh:"下一页的 start，没有更多则为 -1。"`
}

type voteInfo struct {
	Total     uint32  `json:"total_count" en:"Likes in all." zh:"总数。"`
	New       uint32  `json:"new_count" en:"Always 0." zh:"固定为 0。"`
	NewNearby uint32  `json:"new_nearby_count" en:"Always 0." zh:"固定为 0。"`
	LastVisit int64   `json:"last_visit_time" en:"Always 0." zh:"固定为 0。"`
	Users     []liker `json:"userInfos" en:"Who has liked the account, as users." zh:"赞过账号的人，同 users。"`
}

type favoriteInfo struct {
	Total uint32  `json:"total_count" en:"Always 0." zh:"固定为 0。"`
	Last  int64   `json:"last_time" en:"Always 0." zh:"固定为 0。"`
	Today uint32  `json:"today_count" en:"Always 0." zh:"固定为 0。"`
	Users []liker `json:"userInfos" en:"Always empty." zh:"固定为空。"`
}

type profileLikes struct {
	UID      message.UID  `json:"uid" en:"Text id of whose likes these are; empty when it is not known." zh:"查询对象的 uid，未知为空。"`
	Time     string       `json:"time" en:"When this was asked, Unix seconds." zh:"查询时间，Unix 秒。"`
	Favorite favoriteInfo `json:"favoriteInfo" en:"Not known here." zh:"暂无数据。"`
	Vote     voteInfo     `json:"voteInfo" en:"The likes that were received." zh:"收到的赞。"`
	likerPage
}

func getProfileLike(ctx context.Context, a *account, p likesParams) (profileLikes, error) {
	self := a.client.Self()
	out := profileLikes{
		UID: self.UID, Time: strconv.FormatInt(a.clock.Now().Unix(), 10),
		Favorite: favoriteInfo{Users: []liker{}}, Vote: voteInfo{Users: []liker{}}, likerPage: likerPage{Users: []liker{}, Next: -1},
	}
	if p.User != 0 && p.User != self.UIN {
		out.UID = ""
		var err error
		out.Vote.Total, err = a.client.Users().LikeCount(ctx, p.User)
		return out, err
	}
	received, total, err := p.list(ctx, a, a.client.Users().LikesReceived)
	if err != nil {
		return out, err
	}
	out.Vote.Users, out.Vote.Total = received.Users, total
	out.likerPage, _, err = p.list(ctx, a, a.client.Users().LikesGiven)
	return out, err
}

func getProfileLikeMe(ctx context.Context, a *account, p likerParams) (likerPage, error) {
	page, _, err := p.list(ctx, a, a.client.Users().LikesReceived)
	return page, err
}

// maxLikerPages bounds a list of all likes: 100 pages of 30.
const maxLikerPages = 100

// list fetches one page, or all of them.
func (p likerParams) list(ctx context.Context, a *account, fetch func(context.Context, uint32, int) (ntqq.LikePage, error)) (page likerPage, total uint32, err error) {
	if p.Start > math.MaxUint32 || p.Start < -1 {
		return page, 0, &table.Wrong{Name: "start", What: text.T("is too large or too small", "过大或过小")}
	}
	friends := map[message.UIN]bool{}
	list, err := a.client.Friends().List(ctx, false)
	if err != nil {
		return page, 0, err
	}
	for _, f := range list {
		friends[f.UIN] = true
	}
	page.Users = []liker{}
	start, count, all := uint32(max(p.Start, 0)), int(min(max(p.Count, 1), math.MaxInt32)), p.Start == -1
	if all {
		count = math.MaxInt32 // as many as go into a page
	}
	for range maxLikerPages {
		got, err := fetch(ctx, start, count)
		if err != nil {
			return page, 0, err
		}
		for _, l := range got.Users {
			page.Users = append(page.Users, likerOf(l, friends[l.UIN]))
		}
		start, total = got.Next, max(total, got.Total)
		if !all || start == 0 {
			break
		}
	}
	page.Next = int64(start)
	if start == 0 {
		page.Next = -1
	}
	return page, total, nil
}

func likerOf(l ntqq.Liker, friend bool) liker {
	return liker{
		UID: l.UID, UIN: l.UIN, Source: l.Source, Latest: l.Latest, Count: l.Times, Gifts: l.Gifts, Mark: l.Mark, Charged: l.Charged,
		Today: l.Today, Nickname: l.Nickname, Gender: uint32(l.Sex), Age: l.Age, Friend: friend, VIP: l.VIP, SuperVIP: l.SuperVIP,
	}
}

type likeCount struct {
	Count uint32 `json:"count" en:"Likes in all." zh:"获赞总数。"`
}

func getProfileLikeCount(ctx context.Context, a *account, p userParams) (likeCount, error) {
	n, err := a.client.Users().LikeCount(ctx, p.User)
	return likeCount{n}, err
}

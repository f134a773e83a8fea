package onebot

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

var (
	deleteFailed = cause("DELETE_API_ERROR", apiError.Text)
	answerFailed = cause("SYSTEM_MSG_API_ERROR", apiError.Text)
)

func friendActions() []row {
	return []row{
		table.Of("delete_friend", lagrange, Sends, text.T("Removes a friend. The other side is not told.", "删除好友，不会通知对方。"),
			deleteFriend, table.Fails(deleteFailed, noFriend)),
		table.Of("get_unidirectional_friend_list", common, Lookups,
			text.T("Lists who has the account among their friends without being one of its own: 99 at most.",
				"返回单向好友，即把账号加为好友、但不在账号好友列表中的人，最多 99 个。"), getOneWayFriends),
		table.Of("delete_unidirectional_friend", common, Sends,
			text.T("Takes the account out of the friends of a one-way friend.", "删除单向好友，即从对方的好友列表中移除账号。"),
			deleteOneWayFriend, table.Fails(apiError)),
		table.Of("set_friend_remark", common, Sends, text.T("Sets what the account calls a friend.", "设置好友备注。"),
			setFriendRemark, table.Fails(apiError, noFriend)),
		table.Of("set_friend_category", rare, Sends, text.T("Moves a friend to a category.", "移动好友到分组。"),
			setFriendCategory, table.Fails(apiError, noFriend)),
		table.Of("get_friends_with_category", common, Lookups, text.T("Lists the friends by their categories.", "按分组返回好友列表。"),
			getFriendsWithCategory),
		table.Of("send_like", standard, Sends,
			text.T("Likes the profile of a friend, or of a member of a group whose members are known. The service limits likes a day.",
				"给好友点赞，也可给已获取成员列表的群的成员点赞。每日次数由服务器限制。"),
			sendLike, table.Fails(apiError, noFriend)),
		table.Of("set_friend_add_request", standard, Sends,
			text.T("Answers a friend request. Filtered ones can be accepted so, too.", "处理好友请求，也可同意被过滤的请求。"),
			setFriendAddRequest, table.Fails(answerFailed, noFlag, onlyAccepted)),
		table.Of("get_doubt_friends_add_request", common, Lookups,
			text.T("Lists the filtered friend requests that wait for an answer.", "返回待处理的被过滤的好友请求。"), getDoubtRequests),
		table.Of("set_doubt_friends_add_request", common, Sends, text.T("Accepts a filtered friend request.", "同意被过滤的好友请求。"),
			setDoubtRequest, table.Fails(answerFailed, noFlag, onlyAccepted)),
	}
}

type deleteFriendParams struct {
	User  message.UIN `param:"user_id|friend_id|id"`
	Block bool        `param:"block|temp_block,default=false" en:"Whether the other one may not ask again." zh:"是否同时拉黑，使对方不能再次申请。"`
	Both  bool        `param:"temp_both_del,default=false" en:"Whether the account leaves the other one's friends, too." zh:"是否同时从对方的好友列表中删除。"`
}

func deleteFriend(ctx context.Context, a *account, p deleteFriendParams) (resultObject, error) {
	return resultObject{}, a.client.Friends().Delete(ctx, p.User, ntqq.FriendRemoval{Block: p.Block, Both: p.Both})
}

type friendRemarkParams struct {
	User   message.UIN `param:"user_id"`
	Remark string      `param:"remark,optional" en:"The remark; empty for none." zh:"备注，留空则删除。"`
}

func setFriendRemark(ctx context.Context, a *account, p friendRemarkParams) (table.None, error) {
	return table.None{}, a.client.Friends().SetRemark(ctx, p.User, p.Remark)
}

type categoryParams struct {
	User     message.UIN `param:"user_id"`
	Category whole       `param:"category_id" en:"Number of the category; 0 is the default one." zh:"分组编号，0 为默认分组。"`
}

func setFriendCategory(ctx context.Context, a *account, p categoryParams) (table.None, error) {
	if p.Category < 0 || p.Category > math.MaxInt32 {
		return table.None{}, &table.Wrong{Name: "category_id", What: text.T("is the number of no category", "不是分组编号")}
	}
	return table.None{}, a.client.Friends().SetCategory(ctx, p.User, int32(p.Category))
}

// categoryInfo is a category with its friends.
type categoryInfo struct {
	ID      int32        `json:"categoryId" en:"Number of the category." zh:"分组编号。"`
	Sort    int32        `json:"categorySortId" en:"Place among the categories." zh:"分组排序。"`
	Name    string       `json:"categoryName" en:"Name of the category." zh:"分组名称。"`
	Count   int          `json:"categoryMbCount" en:"How many friends are in it." zh:"好友数。"`
	Friends []friendInfo `json:"buddyList" en:"The friends, as in get_friend_list." zh:"好友，与 get_friend_list 相同。"`
}

func getFriendsWithCategory(ctx context.Context, a *account, _ table.None) ([]categoryInfo, error) {
	friends, err := getFriendList(ctx, a, listParams{})
	if err != nil {
		return nil, err
	}
	categories, err := a.client.Friends().Categories(ctx, false)
	if err != nil {
		return nil, err
	}
	list := []categoryInfo{}
	at := map[int32]int{}
	add := func(id, sort int32, name string) {
		if _, known := at[id]; !known {
			at[id] = len(list)
			list = append(list, categoryInfo{ID: id, Sort: sort, Name: name, Friends: []friendInfo{}})
		}
	}
	slices.SortStableFunc(categories, func(a, b ntqq.FriendCategory) int { return cmp.Compare(a.Sort, b.Sort) })
	for _, k := range categories {
		add(k.ID, k.Sort, k.Name)
	}
	for _, f := range friends {
		add(f.Group.ID, 0, f.Group.Name) // the list may be newer than the categories
		k := &list[at[f.Group.ID]]
		k.Friends = append(k.Friends, f)
		k.Count++
	}
	return list, nil
}

type likeParams struct {
	User  message.UIN `param:"user_id"`
	Times whole       `param:"times,default=1" en:"How often, 1 to 20." zh:"次数，1 到 20。"`
}

func sendLike(ctx context.Context, a *account, p likeParams) (table.None, error) {
	if p.Times < 1 || p.Times > 20 {
		return table.None{}, &table.Wrong{Name: "times", What: text.T("must be between 1 and 20", "必须在 1 到 20 之间")}
	}
	return table.None{}, a.client.Users().Like(ctx, p.User, int(p.Times))
}

type friendAnswerParams struct {
	Flag    string `param:"flag" en:"The flag of the event: the text id of who asks." zh:"事件中的 flag，即请求者的 uid。"`
	Approve bool   `param:"approve,default=true" en:"Whether to accept." zh:"是否同意。"`
	Remark  string `param:"remark,optional" en:"What the account calls the new friend." zh:"同意后设置的好友备注。"`
}

func setFriendAddRequest(ctx context.Context, a *account, p friendAnswerParams) (table.None, error) {
	if !isUID(p.Flag) {
		return table.None{}, failure(noFlag)
	}
	return table.None{}, a.client.Requests().AnswerFriend(ctx, message.UID(p.Flag), p.Approve, p.Remark)
}

// isUID reports whether a flag can be that of a friend request.
func isUID(flag string) bool { return strings.HasPrefix(flag, "u_") && len(flag) <= event.MaxUID }

type doubtParams struct {
	Count whole `param:"count,default=50" en:"How many at most." zh:"最多返回多少条。"`
}

// doubtRequest is a filtered friend request; all fields are texts.
type doubtRequest struct {
	Flag   string `json:"flag" en:"What set_doubt_friends_add_request takes: the text id of who asks." zh:"用于 set_doubt_friends_add_request，即请求者的 uid。"`
	UIN    string `json:"uin" en:"Number of who asks; 0 when it is not found." zh:"请求者 QQ 号，未找到为 0。"`
	Nick   string `json:"nick" en:"Nickname." zh:"昵称。"`
	Source string `json:"source" en:"Where the request came from." zh:"来源。"`
	Reason string `json:"reason" en:"Why the service filtered it." zh:"被过滤的原因。"`
	Msg    string `json:"msg" en:"What was written." zh:"验证消息。"`
	Group  string `json:"group_code" en:"The group that it came through; 0 for none." zh:"来源群号，无则为 0。"`
	Time   string `json:"time" en:"Unix seconds." zh:"时间，Unix 秒。"`
	Type   string `json:"type" enum:"doubt" en:"Always the same." zh:"固定为 doubt。"`
}

func getDoubtRequests(ctx context.Context, a *account, p doubtParams) ([]doubtRequest, error) {
	requests, err := a.client.Requests().FilteredFriends(ctx, int(min(p.Count, math.MaxInt32)))
	if err != nil {
		return nil, err
	}
	list := []doubtRequest{}
	for _, r := range requests {
		list = append(list, doubtRequest{
			Flag: string(r.UID), UIN: strconv.FormatUint(uint64(r.UIN), 10), Nick: r.Nickname, Source: r.Source,
			Reason: r.Warning, Msg: r.Text, Group: strconv.FormatUint(uint64(r.Group), 10),
			Time: strconv.FormatInt(r.Time, 10), Type: "doubt",
		})
	}
	return list, nil
}

type doubtAnswerParams struct {
	Flag    string `param:"flag" en:"The flag of get_doubt_friends_add_request." zh:"get_doubt_friends_add_request 返回的 flag。"`
	Approve bool   `param:"approve,default=true" en:"Has to be true: no way to refuse one is known." zh:"必须为 true：没有已知的拒绝方法。"`
}

func setDoubtRequest(ctx context.Context, a *account, p doubtAnswerParams) (table.None, error) {
	switch {
	case !isUID(p.Flag):
		return table.None{}, failure(noFlag)
	case !p.Approve:
		return table.None{}, failure(onlyAccepted)
	}
	return table.None{}, a.client.Requests().AcceptFilteredFriend(ctx, message.UID(p.Flag), "")
}

// oneWayFriend has the fields of go-cqhttp and those of NapCat.
type oneWayFriend struct {
	UserID   message.UIN `json:"user_id"`
	Nickname string      `json:"nickname" en:"Nickname." zh:"昵称。"`
	Source   string      `json:"source" en:"Where they know the account from, in the service's words." zh:"来源。"`
	UIN      message.UIN `json:"uin" en:"The number, once more." zh:"QQ 号，同上。"`
	UID      message.UID `json:"uid" en:"Text id." zh:"对方的 uid。"`
	NickName string      `json:"nick_name" en:"The nickname, once more." zh:"昵称，同上。"`
	Age      uint32      `json:"age" en:"Age." zh:"年龄。"`
}

func getOneWayFriends(ctx context.Context, a *account, _ table.None) ([]oneWayFriend, error) {
	friends, err := a.client.Friends().OneWay(ctx)
	if err != nil {
		return nil, err
	}
	list := []oneWayFriend{}
	for _, f := range friends {
		list = append(list, oneWayFriend{f.UIN, f.Nickname, f.Source, f.UIN, f.UID, f.Nickname, f.Age})
	}
	return list, nil
}

type oneWayParams struct {
	User message.UIN `param:"user_id"`
}

func deleteOneWayFriend(ctx context.Context, a *account, p oneWayParams) (table.None, error) {
	return table.None{}, a.client.Friends().DeleteOneWay(ctx, p.User)
}

package onebot

import (
	"context"
	"strconv"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

func userActions() []row {
	return []row{
		table.Of("get_login_info", standard, Local, text.T("Returns the account itself.", "返回登录的账号。"), getLoginInfo),
		table.Of("get_stranger_info", standard, Lookups, text.T("Returns what anybody's profile shows.", "返回任意用户的资料。"),
			getStrangerInfo, table.Fails(apiError, noUser)),
		table.Of("set_qq_avatar", lagrange, Sends, text.T("Gives the account another picture.", "设置账号头像。"),
			setQQAvatar, table.Fails(cause("SET_AVATAR_FAILED", apiError.Text), mediaCauses...)),
		table.Of("get_friend_list", standard, Lookups, text.T("Lists the friends.", "返回好友列表。"), getFriendList),
	}
}

type loginInfo struct {
	UserID   message.UIN `json:"user_id"`
	Nickname string      `json:"nickname" en:"Nickname." zh:"昵称。"`
}

func (i loginInfo) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"user_id":`...)
	dst = strconv.AppendUint(dst, uint64(i.UserID), 10)
	return append(textField(dst, "nickname", i.Nickname), '}')
}

func getLoginInfo(_ context.Context, a *account, _ table.None) (loginInfo, error) {
	self := a.client.Self()
	if self.UIN == 0 { // nobody has logged in yet
		return loginInfo{}, ntqq.ErrOffline
	}
	return loginInfo{self.UIN, self.Nickname}, nil
}

func setQQAvatar(ctx context.Context, a *account, p avatarParams) (table.None, error) {
	image, err := p.image(ctx, a)
	if err != nil {
		return table.None{}, err
	}
	return table.None{}, a.client.Users().SetAvatar(ctx, image)
}

// listParams are those of lists that the client keeps.
type listParams struct {
	NoCache bool `param:"no_cache,default=false" en:"Whether to ask the server, instead of using the list that is kept and kept current." zh:"是否重新向服务器获取，而不使用缓存。"`
}

type friendInfo struct {
	UserID   message.UIN    `json:"user_id"`
	Nickname string         `json:"nickname" en:"Nickname." zh:"昵称。"`
	Remark   string         `json:"remark" en:"What the account calls them." zh:"备注名。"`
	Sex      string         `json:"sex" en:"unknown: the list does not say; get_stranger_info does." zh:"好友列表不含性别，固定为 unknown；可用 get_stranger_info 获取。"`
	Age      int32          `json:"age" en:"0: the list does not say." zh:"好友列表不含年龄，固定为 0。"`
	QID      string         `json:"qid" en:"The id that people choose themselves." zh:"用户自设的 QID，可为空。"`
	QIDAlias string         `json:"q_id" en:"The same." zh:"同 qid 字段。"`
	LongNick string         `json:"long_nick" en:"Signature of the profile." zh:"个性签名。"`
	Group    friendCategory `json:"group" en:"The category that they are in." zh:"所在分组。"`
	Category int32          `json:"category_id" en:"Its number, once more." zh:"分组编号，同上。"`
	Number   int32          `json:"categoryId" en:"The same." zh:"同上。"`
	Named    string         `json:"categoryName" en:"Its name, once more." zh:"分组名称，同上。"`
}

type friendCategory struct {
	ID   int32  `json:"group_id" en:"Number of the category." zh:"分组编号。"`
	Name string `json:"group_name" en:"Name of the category." zh:"分组名称。"`
}

func getFriendList(ctx context.Context, a *account, p listParams) ([]friendInfo, error) {
	friends, err := a.client.Friends().List(ctx, p.NoCache)
	if err != nil {
		return nil, err
	}
	list := make([]friendInfo, 0, len(friends))
	for _, f := range friends {
		list = append(list, friendInfo{
			UserID: f.UIN, Nickname: f.Nickname, Remark: f.Remark, Sex: ntqq.SexUnknown.String(), QID: f.QID, QIDAlias: f.QID, LongNick: f.Sign,
			Group: friendCategory{f.Category, f.CategoryName}, Category: f.Category, Number: f.Category, Named: f.CategoryName,
		})
	}
	return list, nil
}

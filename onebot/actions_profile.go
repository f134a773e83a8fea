package onebot

import (
	"context"
	"math"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

func profileActions() []row {
	return []row{
		table.Of("set_qq_profile", common, Sends,
			text.T("Changes the account's profile. The service clears the place in it with any change.", "修改账号的资料。任何修改都会清空资料中的所在地。"),
			setQQProfile, table.Fails(apiError)),
		table.Of("set_self_longnick", rare, Sends,
			text.T("Sets the signature of the account's profile; it clears the place, too, as set_qq_profile does.",
				"设置账号的个性签名；与 set_qq_profile 一样会清空所在地。"),
			setSelfLongnick, table.Fails(apiError)),
		table.Of("set_online_status", common, Sends,
			text.T("Chooses how the account is online. It is not chosen again after a reconnect.", "设置在线状态。重连后不会自动重新设置。"),
			setOnlineStatus, table.Fails(apiError)),
		table.Of("set_diy_online_status", rare, Sends,
			text.T("Chooses a status in own words. It is not chosen again after a reconnect.", "设置自定义在线状态。重连后不会自动重新设置。"),
			setDIYOnlineStatus, table.Fails(apiError)),
		table.Of("nc_get_user_status", rare, Lookups, text.T("Returns how somebody is online.", "返回用户的在线状态。"),
			getUserStatus, table.Fails(apiError, noUser)),
		table.Of("set_input_status", common, Sends, text.T("Shows a friend that the account types or speaks.", "向好友显示“正在输入”或“正在讲话”。"),
			setInputStatus, table.Fails(apiError, noFriend)),
	}
}

type profileParams struct {
	Nickname *string `param:"nickname" en:"The nickname; without it, it stays." zh:"昵称，省略则不变。"`
	Sign     *string `param:"personal_note" en:"The signature; without it, it stays." zh:"个性签名，省略则不变。"`
	Sex      string  `param:"sex,optional" en:"0 or unknown, 1 or male, 2 or female; without it, it stays." zh:"性别：0 或 unknown、1 或 male、2 或 female，省略则不变。"`
	Company  string  `param:"company,optional" en:"Cannot be set: must be empty." zh:"无法设置，须留空。"`
	Mail     string  `param:"email,optional" en:"Cannot be set: must be empty." zh:"无法设置，须留空。"`
	College  string  `param:"college,optional" en:"Cannot be set: must be empty." zh:"无法设置，须留空。"`
}

var sexes = map[string]ntqq.Sex{
	"0": ntqq.SexUnknown, "unknown": ntqq.SexUnknown, "1": ntqq.SexMale, "male": ntqq.SexMale, "2": ntqq.SexFemale, "female": ntqq.SexFemale,
}

func setQQProfile(ctx context.Context, a *account, p profileParams) (resultObject, error) {
	for name, value := range map[string]string{"company": p.Company, "email": p.Mail, "college": p.College} {
		if value != "" {
			return resultObject{}, &table.Wrong{Name: name, What: text.T("cannot be set here", "无法设置")}
		}
	}
	change := ntqq.ProfileChange{Nickname: p.Nickname, Sign: p.Sign}
	if p.Sex != "" {
		sex, known := sexes[p.Sex]
		if !known {
			return resultObject{}, &table.Wrong{Name: "sex", What: text.T("must be 0, 1 or 2, unknown, male or female", "必须为 0、1、2 或 unknown、male、female")}
		}
		change.Sex = &sex
	}
	return resultObject{}, a.client.Profile().Set(ctx, change)
}

type longnickParams struct {
	Sign string `param:"longNick" en:"The signature; empty for none." zh:"个性签名，可为空。"`
}

func setSelfLongnick(ctx context.Context, a *account, p longnickParams) (resultObject, error) {
	return resultObject{}, a.client.Profile().Set(ctx, ntqq.ProfileChange{Sign: &p.Sign})
}

type statusParams struct {
	Status   whole `param:"status" en:"10 online, 30 away, 40 invisible, 50 busy, 60 open to talk, 70 do not disturb." zh:"10 在线、30 离开、40 隐身、50 忙碌、60 聊天、70 请勿打扰。"`
	Extended whole `param:"ext_status,default=0" en:"More of status 10, for instance 1028 for music; 0 for none." zh:"status 为 10 时的扩展状态，如 1028 听歌中；0 表示无。"`
	Battery  whole `param:"battery_status,default=0" en:"Battery, in per cent." zh:"电量百分比。"`
}

func setOnlineStatus(ctx context.Context, a *account, p statusParams) (table.None, error) {
	for name, n := range map[string]whole{"status": p.Status, "ext_status": p.Extended, "battery_status": p.Battery} {
		if n < 0 || n > math.MaxUint16 || name == "status" && n == 0 {
			return table.None{}, &table.Wrong{Name: name, What: text.T("is no number of a status", "不是有效的状态编号")}
		}
	}
	return table.None{}, a.client.Profile().SetStatus(ctx, ntqq.Status{Code: uint32(p.Status), Extended: uint32(p.Extended)}, uint32(p.Battery))
}

type customStatusParams struct {
	Face    whole  `param:"face_id" en:"The id of the face." zh:"表情 id。"`
	Kind    whole  `param:"face_type,default=1" en:"Without effect: always 1." zh:"没有作用：固定为 1。"`
	Wording string `param:"wording,default= " en:"The words." zh:"文字。"`
}

func setDIYOnlineStatus(ctx context.Context, a *account, p customStatusParams) (string, error) {
	if p.Face < 0 || p.Face > math.MaxUint32 {
		return "", &table.Wrong{Name: "face_id", What: text.T("is no id of a face", "不是有效的表情 id")}
	}
	return "", a.client.Profile().SetCustomStatus(ctx, ntqq.CustomStatus{Face: uint32(p.Face), Text: p.Wording})
}

type userParams struct {
	User message.UIN `param:"user_id"`
}

type userPresence struct {
	Status   uint32 `json:"status" en:"As in set_online_status; 0 when it is not known." zh:"同 set_online_status，未知为 0。"`
	Extended uint32 `json:"ext_status" en:"More of status 10; 0 for none." zh:"status 为 10 时的扩展状态，无则为 0。"`
}

func getUserStatus(ctx context.Context, a *account, p userParams) (userPresence, error) {
	u, err := a.client.Users().Info(ctx, p.User)
	s := u.Presence()
	return userPresence{s.Code, s.Extended}, err
}

type inputParams struct {
	User  message.UIN `param:"user_id"`
	Event whole       `param:"event_type" en:"1 types, 0 speaks, 2 neither any more." zh:"1 正在输入，0 正在讲话，2 结束。"`
}

func setInputStatus(ctx context.Context, a *account, p inputParams) (resultObject, error) {
	if p.Event < 0 || p.Event > 2 {
		return resultObject{}, &table.Wrong{Name: "event_type", What: text.T("must be 0, 1 or 2", "必须为 0、1 或 2")}
	}
	return resultObject{}, a.client.Friends().ShowInput(ctx, p.User, ntqq.Input(p.Event))
}

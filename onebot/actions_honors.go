package onebot

import (
	"context"
	"slices"
	"time"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

func honorActions() []row {
	return []row{
		table.Of("get_group_honor_info", standard, Lookups, text.T("Lists who has honours of a group. The result has the lists that were asked for.", "返回群荣誉信息，只包含请求的列表。"),
			getGroupHonorInfo, table.Fails(cause("GET_HONORS_FAILED", apiError.Text), noGroup, webLogin)),
		table.Of("get_group_signed_list", common, Lookups, text.T("Lists who has signed in to a group today, in order.", "按顺序返回今日在群内打卡的成员。"),
			getGroupSignedList, table.Fails(cause("GET_SIGNED_LIST_FAILED", apiError.Text), noGroup, webLogin)),
	}
}

type honorParams struct {
	Group message.GroupCode `param:"group_id"`
	Type  string            `param:"type,default=all" enum:"talkative,performer,legend,strong_newbie,emotion,all" en:"Which honour, or all." zh:"荣誉类型，all 表示全部。"`
}

type groupHonors struct {
	Group     message.GroupCode `json:"group_id"`
	Current   *talkativeObject  `json:"current_talkative,omitempty" en:"talkative: who is it today; missing when nobody is." zh:"talkative：当前龙王；没有时省略。"`
	Talkative *[]honorObject    `json:"talkative_list,omitempty" en:"Who were the most talkative ones." zh:"历史龙王。"`
	Performer *[]honorObject    `json:"performer_list,omitempty" en:"Who write for days in a row." zh:"群聊之火。"`
	Legend    *[]honorObject    `json:"legend_list,omitempty" en:"Who write for many days in a row." zh:"群聊炽焰。"`
	Newbie    *[]honorObject    `json:"strong_newbie_list,omitempty" en:"Who are new and write much." zh:"冒尖小春笋。"`
	Emotion   *[]honorObject    `json:"emotion_list,omitempty" en:"Who send many pictures." zh:"快乐之源。"`
}

type talkativeObject struct {
	User     message.UIN `json:"user_id"`
	Nickname string      `json:"nickname" en:"Nickname." zh:"昵称。"`
	Avatar   string      `json:"avatar" en:"URL of the picture." zh:"头像地址。"`
	Days     int32       `json:"day_count" en:"For how many days." zh:"持续天数。"`
}

type honorObject struct {
	User        message.UIN `json:"user_id"`
	Nickname    string      `json:"nickname" en:"Nickname." zh:"昵称。"`
	Avatar      string      `json:"avatar" en:"URL of the picture." zh:"头像地址。"`
	Description string      `json:"description" en:"For how many days, in words." zh:"天数的文字说明。"`
	Days        int32       `json:"day_count" en:"For how many days." zh:"天数。"`
}

const allHonors = "all"

func getGroupHonorInfo(ctx context.Context, a *account, p honorParams) (groupHonors, error) {
	out := groupHonors{Group: p.Group}
	for _, list := range []struct {
		honor ntqq.Honor
		to    **[]honorObject
	}{
		{ntqq.HonorTalkative, &out.Talkative}, {ntqq.HonorPerformer, &out.Performer}, {ntqq.HonorLegend, &out.Legend},
		{ntqq.HonorStrongNewbie, &out.Newbie}, {ntqq.HonorEmotion, &out.Emotion},
	} {
		if !slices.Contains([]string{allHonors, string(list.honor)}, p.Type) {
			continue
		}
		found, err := a.client.Groups().Honors(ctx, p.Group, list.honor)
		if err != nil {
			return groupHonors{}, err
		}
		if c := found.Current; c != nil {
			out.Current = &talkativeObject{c.User, c.Nickname, c.AvatarURL, int32(c.Days)}
		}
		objects := make([]honorObject, len(found.Members))
		for i, m := range found.Members {
			objects[i] = honorObject{m.User, m.Nickname, m.AvatarURL, inDays(m.Days).In(a.language), int32(m.Days)}
		}
		*list.to = &objects
	}
	return out, nil
}

func inDays(n int) text.Text {
	if n == 1 {
		return text.T("1 day", "1 天")
	}
	return text.T("%d days", "%d 天").Fill(n)
}

type signedObject struct {
	User     message.UIN `json:"user_id"`
	Nickname string      `json:"nick" en:"Name in the group." zh:"群内名称。"`
	Time     int64       `json:"time" en:"When, Unix seconds." zh:"打卡时间，Unix 秒。"`
	Rank     int32       `json:"rank" en:"Place among those of today, from 1." zh:"今日名次，从 1 开始。"`
}

func getGroupSignedList(ctx context.Context, a *account, p oneGroupParams) ([]signedObject, error) {
	list, err := a.client.Groups().SignIns(ctx, p.Group, time.Time{})
	if err != nil {
		return nil, err
	}
	objects := make([]signedObject, len(list))
	for i, m := range list {
		objects[i] = signedObject{m.User, m.Name, m.Time, int32(m.Rank)}
	}
	return objects, nil
}

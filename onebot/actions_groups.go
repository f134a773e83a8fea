package onebot

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

func groupActions() []row {
	return []row{
		table.Of("get_group_list", standard, Lookups, text.T("Lists the groups that the account is in.", "返回已加入的群列表。"), getGroupList),
		table.Of("get_group_info", standard, Lookups, text.T("Returns a group that the account is in.", "返回已加入的群的信息。"),
			getGroupInfo, table.Fails(apiError, noGroup)),
		table.Of("get_group_member_list", standard, Lookups, text.T("Lists the members of a group.", "返回群成员列表。"),
			getGroupMemberList, table.Fails(membersFailed, noGroup)),
		table.Of("get_group_member_info", standard, Lookups, text.T("Returns a member of a group.", "返回群成员的信息。"),
			getGroupMemberInfo, table.Fails(memberFailed, noGroup, noMember)),
		table.Of("set_group_card", standard, Sends, text.T("Gives a member a name in the group.", "设置群名片。"),
			setGroupCard, table.Fails(cause("SET_CARD_FAILED", apiError.Text), noGroup, noMember)),
	}
}

type groupInfo struct {
	GroupID        message.GroupCode `json:"group_id"`
	GroupName      string            `json:"group_name" en:"Name of the group." zh:"群名称。"`
	MemberCount    uint32            `json:"member_count" en:"How many members it has." zh:"成员数。"`
	MaxMemberCount uint32            `json:"max_member_count" en:"How many it may have." zh:"成员数上限。"`
	CreateTime     int64             `json:"group_create_time" en:"When it was made, Unix seconds." zh:"创建时间，Unix 秒。"`
	Remark         string            `json:"group_remark" en:"What the account calls it." zh:"群备注。"`
	RemarkName     string            `json:"remark_name" en:"The same." zh:"同上。"`
	AllShut        int               `json:"group_all_shut" en:"1 while only the owner and admins may write, else 0." zh:"全员禁言时为 1，否则为 0。"`
	Owner          message.UIN       `json:"owner_id,omitempty" en:"Who owns it; absent until the members of the group have been listed." zh:"群主 QQ 号；尚未获取群成员时没有此项。"`
}

func (a *account) groupInfo(g ntqq.Group) groupInfo {
	return groupInfo{
		GroupID: g.Code, GroupName: g.Name, MemberCount: g.MemberCount, MaxMemberCount: g.MemberMax,
		CreateTime: g.CreateTime, Remark: g.Remark, RemarkName: g.Remark, AllShut: oneIf(g.MuteAll), Owner: a.client.Groups().Owner(g),
	}
}

func getGroupList(ctx context.Context, a *account, p listParams) ([]groupInfo, error) {
	groups, err := a.client.Groups().List(ctx, p.NoCache)
	if err != nil {
		return nil, err
	}
	list := make([]groupInfo, 0, len(groups))
	for _, g := range groups {
		list = append(list, a.groupInfo(g))
	}
	return list, nil
}

// oneGroupParams name a group where nothing of it is cached.
type oneGroupParams struct {
	Group message.GroupCode `param:"group_id"`
}

type groupParams struct {
	Group message.GroupCode `param:"group_id" en:"Number of a group that the account is in." zh:"已加入的群的群号。"`
	listParams
}

func getGroupInfo(ctx context.Context, a *account, p groupParams) (groupInfo, error) {
	g, err := a.client.Groups().Info(ctx, p.Group, p.NoCache)
	if err != nil {
		return groupInfo{}, err
	}
	return a.groupInfo(g), nil
}

// memberInfo has all fields of the standard. What the service does not tell has
// the standard's value for unknown.
type memberInfo struct {
	GroupID         message.GroupCode `json:"group_id"`
	UserID          message.UIN       `json:"user_id"`
	Nickname        string            `json:"nickname" en:"Nickname." zh:"昵称。"`
	Card            string            `json:"card" en:"The name in the group." zh:"群名片。"`
	CardOrNickname  string            `json:"card_or_nickname" en:"The card, or else the nickname." zh:"群名片，没有则为昵称。"`
	Sex             string            `json:"sex" enum:"male,female,unknown" en:"Sex; unknown but in get_group_member_info with no_cache." zh:"性别；仅 get_group_member_info 在 no_cache 时提供，其他情况为 unknown。"`
	Age             uint32            `json:"age" en:"Age, in the same case; else 0." zh:"年龄，提供条件同上，其他情况为 0。"`
	Area            string            `json:"area" en:"Country and city, in the same case; else empty." zh:"国家和城市，提供条件同上，其他情况为空。"`
	QQLevel         uint32            `json:"qq_level,omitempty" en:"Level of the account, in the same case; else absent." zh:"账号等级，提供条件同上，其他情况没有此项。"`
	JoinTime        int64             `json:"join_time" en:"When they joined, Unix seconds." zh:"入群时间，Unix 秒。"`
	LastSentTime    int64             `json:"last_sent_time" en:"When they last spoke, Unix seconds." zh:"最后发言时间，Unix 秒。"`
	Level           string            `json:"level" en:"Level in the group." zh:"群等级。"`
	Role            string            `json:"role" enum:"owner,admin,member" en:"Role in the group." zh:"群内角色。"`
	Unfriendly      bool              `json:"unfriendly" en:"false" zh:"固定为 false。"`
	Title           string            `json:"title" en:"Special title." zh:"专属头衔。"`
	TitleExpireTime int64             `json:"title_expire_time" en:"0" zh:"固定为 0。"`
	CardChangeable  bool              `json:"card_changeable" en:"false" zh:"固定为 false。"`
	ShutUpTimestamp int64             `json:"shut_up_timestamp" en:"Until when they are muted, Unix seconds; 0 for not." zh:"禁言到期时间，Unix 秒；未禁言为 0。"`
}

func newMemberInfo(group message.GroupCode, m ntqq.Member) memberInfo {
	return memberInfo{
		GroupID: group, UserID: m.UIN, Nickname: m.Nickname, Card: m.Card, CardOrNickname: cmp.Or(m.Card, m.Nickname),
		Sex: ntqq.SexUnknown.String(), JoinTime: m.JoinTime, LastSentTime: m.LastSpeak,
		Level: strconv.FormatUint(uint64(m.Level), 10), Role: m.Role.String(),
		Title: m.Title, ShutUpTimestamp: m.MuteUntil,
	}
}

func getGroupMemberList(ctx context.Context, a *account, p groupParams) ([]memberInfo, error) {
	members, err := a.client.Members().List(ctx, p.Group, p.NoCache)
	if err != nil {
		return nil, err
	}
	list := make([]memberInfo, 0, len(members))
	for _, m := range members {
		list = append(list, newMemberInfo(p.Group, m))
	}
	return list, nil
}

type memberParams struct {
	Group message.GroupCode `param:"group_id"`
	User  message.UIN       `param:"user_id"`
	listParams
}

// profileWait bounds the question about a member's profile, without which most is known.
const profileWait = 3 * time.Second

func getGroupMemberInfo(ctx context.Context, a *account, p memberParams) (memberInfo, error) {
	m, err := a.client.Members().Info(ctx, p.Group, p.User, p.NoCache)
	if err != nil {
		return memberInfo{}, err
	}
	info := newMemberInfo(p.Group, m)
	if p.NoCache {
		ctx, cancel := context.WithTimeout(ctx, profileWait)
		defer cancel()
		if u, err := a.client.Users().Info(ctx, p.User); err == nil {
			info.Sex, info.Age, info.Area, info.QQLevel = u.Sex.String(), u.Age, strings.TrimSpace(u.Country+" "+cmp.Or(u.City, u.Region)), u.Level
		}
	}
	return info, nil
}

type cardParams struct {
	Group message.GroupCode `param:"group_id"`
	User  message.UIN       `param:"user_id"`
	Card  string            `param:"card,optional" en:"The name; empty for none." zh:"群名片，留空则删除。"`
}

func setGroupCard(ctx context.Context, a *account, p cardParams) (table.None, error) {
	return table.None{}, a.client.Members().SetCard(ctx, p.Group, p.User, p.Card)
}

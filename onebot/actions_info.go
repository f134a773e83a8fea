package onebot

import (
	"context"
	"strconv"
	"time"

	"libration/gateway/table"
	"libration/ntqq"
	"libration/ntqq/message"
)

type loginInfo struct {
	UserID   message.UIN `json:"user_id"`
	Nickname string      `json:"nickname" en:"Nickname." zh:"昵称。"`
}

func (i loginInfo) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"user_id":`...)
	dst = strconv.AppendUint(dst, uint64(i.UserID), 10)
	return append(textField(dst, "nickname", i.Nickname), '}')
}

func (s *Service) loginInfo(context.Context, table.None) (loginInfo, error) {
	self := s.client.Self()
	return loginInfo{self.UIN, self.Nickname}, nil
}

// strangerInfo has the fields of the standard, and names that clients of other
// services know for the same facts.
type strangerInfo struct {
	UserID   message.UIN `json:"user_id"`
	Nickname string      `json:"nickname" en:"Nickname." zh:"昵称。"`
	Sex      string      `json:"sex" enum:"male,female,unknown" en:"Sex." zh:"性别。"`
	Age      uint32      `json:"age" en:"Age." zh:"年龄。"`
	QID      string      `json:"qid" en:"The id that people choose themselves." zh:"用户自设的 QID，可为空。"`
	QIDAlias string      `json:"q_id" en:"The same." zh:"同 qid 字段。"`
	Sign     string      `json:"sign" en:"Signature of the profile." zh:"个性签名。"`
	Level    uint32      `json:"level" en:"Level of the account." zh:"账号等级。"`
	Remark   string      `json:"remark" en:"What the account calls them." zh:"备注名。"`
	Avatar   string      `json:"avatar" en:"URL of the picture." zh:"头像地址。"`
	RegTime  int64       `json:"reg_time" en:"When the account was made, Unix seconds; 0 when unknown." zh:"注册时间，Unix 秒；未知为 0。"`
	// RegisterTime is RegTime as ISO 8601, "" when unknown.
	RegisterTime string     `json:"RegisterTime" en:"The same as ISO 8601; empty when unknown." zh:"注册时间，ISO 8601 格式；未知为空。"`
	Status       userStatus `json:"status" en:"Whether and how they are online." zh:"在线状态。"`
}

type userStatus struct {
	StatusID uint32 `json:"status_id" en:"Number of the status." zh:"状态编号。"`
}

type strangerParams struct {
	User    message.UIN `param:"user_id"`
	NoCache bool        `param:"no_cache,default=false" en:"Without effect: nothing of strangers is cached." zh:"没有作用：不缓存陌生人的资料。"`
}

func (s *Service) strangerInfo(ctx context.Context, p strangerParams) (strangerInfo, error) {
	u, err := s.client.Users().Info(ctx, p.User)
	if err != nil {
		return strangerInfo{}, err
	}
	info := strangerInfo{
		UserID: p.User, Nickname: u.Nickname, Sex: u.Sex.String(), Age: u.Age,
		QID: u.QID, QIDAlias: u.QID, Sign: u.Sign, Level: u.Level, Remark: u.Remark,
		Avatar: u.AvatarURL, RegTime: u.RegisterTime, Status: userStatus{u.Status},
	}
	if u.RegisterTime > 0 {
		info.RegisterTime = time.Unix(u.RegisterTime, 0).UTC().Format(time.RFC3339)
	}
	return info, nil
}

// listParams are those of lists that the client keeps.
type listParams struct {
	NoCache bool `param:"no_cache,default=false" en:"Whether to ask the server, instead of using the list that is kept and kept current." zh:"是否重新向服务器获取，而不使用缓存。"`
}

type friendInfo struct {
	UserID   message.UIN    `json:"user_id"`
	Nickname string         `json:"nickname" en:"Nickname." zh:"昵称。"`
	Remark   string         `json:"remark" en:"What the account calls them." zh:"备注名。"`
	QID      string         `json:"q_id" en:"The id that people choose themselves." zh:"用户自设的 QID，可为空。"`
	Group    friendCategory `json:"group" en:"The category that they are in." zh:"所在分组。"`
}

type friendCategory struct {
	ID   int32  `json:"group_id" en:"Number of the category." zh:"分组编号。"`
	Name string `json:"group_name" en:"Name of the category." zh:"分组名称。"`
}

func (s *Service) friendList(ctx context.Context, p listParams) ([]friendInfo, error) {
	friends, err := s.client.Friends().List(ctx, p.NoCache)
	if err != nil {
		return nil, err
	}
	list := make([]friendInfo, 0, len(friends))
	for _, f := range friends {
		list = append(list, friendInfo{f.UIN, f.Nickname, f.Remark, f.QID, friendCategory{f.Category, f.CategoryName}})
	}
	return list, nil
}

type groupInfo struct {
	GroupID        message.GroupCode `json:"group_id"`
	GroupName      string            `json:"group_name" en:"Name of the group." zh:"群名称。"`
	MemberCount    uint32            `json:"member_count" en:"How many members it has." zh:"成员数。"`
	MaxMemberCount uint32            `json:"max_member_count" en:"How many it may have." zh:"成员数上限。"`
	CreateTime     int64             `json:"group_create_time" en:"When it was made, Unix seconds." zh:"创建时间，Unix 秒。"`
	Remark         string            `json:"group_remark" en:"What the account calls it." zh:"群备注。"`
}

func newGroupInfo(g ntqq.Group) groupInfo {
	return groupInfo{g.Code, g.Name, g.MemberCount, g.MemberMax, g.CreateTime, g.Remark}
}

func (s *Service) groupList(ctx context.Context, p listParams) ([]groupInfo, error) {
	groups, err := s.client.Groups().List(ctx, p.NoCache)
	if err != nil {
		return nil, err
	}
	list := make([]groupInfo, 0, len(groups))
	for _, g := range groups {
		list = append(list, newGroupInfo(g))
	}
	return list, nil
}

type groupParams struct {
	Group message.GroupCode `param:"group_id" en:"Number of a group that the account is in." zh:"已加入的群的群号。"`
	listParams
}

func (s *Service) groupInfo(ctx context.Context, p groupParams) (groupInfo, error) {
	g, err := s.client.Groups().Info(ctx, p.Group, p.NoCache)
	if err != nil {
		return groupInfo{}, err
	}
	return newGroupInfo(g), nil
}

// memberInfo has all fields of the standard. What the service does not tell has
// the standard's value for unknown.
type memberInfo struct {
	GroupID         message.GroupCode `json:"group_id"`
	UserID          message.UIN       `json:"user_id"`
	Nickname        string            `json:"nickname" en:"Nickname." zh:"昵称。"`
	Card            string            `json:"card" en:"The name in the group." zh:"群名片。"`
	Sex             string            `json:"sex" en:"unknown: the server does not say." zh:"服务器不提供性别，固定为 unknown。"`
	Age             int32             `json:"age" en:"0: the server does not say." zh:"服务器不提供年龄，固定为 0。"`
	Area            string            `json:"area" en:"Empty: the server does not say." zh:"服务器不提供地区，固定为空。"`
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
		GroupID: group, UserID: m.UIN, Nickname: m.Nickname, Card: m.Card,
		Sex: ntqq.SexUnknown.String(), JoinTime: m.JoinTime, LastSentTime: m.LastSpeak,
		Level: strconv.FormatUint(uint64(m.Level), 10), Role: m.Role.String(),
		Title: m.Title, ShutUpTimestamp: m.MuteUntil,
	}
}

func (s *Service) groupMemberList(ctx context.Context, p groupParams) ([]memberInfo, error) {
	members, err := s.client.Members().List(ctx, p.Group, p.NoCache)
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

func (s *Service) groupMemberInfo(ctx context.Context, p memberParams) (memberInfo, error) {
	m, err := s.client.Members().Info(ctx, p.Group, p.User, p.NoCache)
	if err != nil {
		return memberInfo{}, err
	}
	return newMemberInfo(p.Group, m), nil
}

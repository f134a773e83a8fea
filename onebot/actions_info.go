package onebot

import (
	"context"
	"strconv"
	"time"

	"libration/ntqq"
	"libration/ntqq/message"
)

type loginInfo struct {
	UserID   message.UIN
	Nickname string
}

func (i loginInfo) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"user_id":`...)
	dst = strconv.AppendUint(dst, uint64(i.UserID), 10)
	return append(textField(dst, "nickname", i.Nickname), '}')
}

func (s *Service) loginInfo(context.Context, *args) (any, error) {
	self := s.client.Self()
	return loginInfo{self.UIN, self.Nickname}, nil
}

// strangerInfo has the fields of the standard, and names that clients of other
// services know for the same facts.
type strangerInfo struct {
	UserID   message.UIN `json:"user_id"`
	Nickname string      `json:"nickname"`
	Sex      string      `json:"sex"`
	Age      uint32      `json:"age"`
	QID      string      `json:"qid"`
	QIDAlias string      `json:"q_id"`
	Sign     string      `json:"sign"`
	Level    uint32      `json:"level"`
	Remark   string      `json:"remark"`
	Avatar   string      `json:"avatar"`
	RegTime  int64       `json:"reg_time"`
	// RegisterTime is RegTime as ISO 8601, "" when unknown.
	RegisterTime string     `json:"RegisterTime"`
	Status       userStatus `json:"status"`
}

type userStatus struct {
	StatusID uint32 `json:"status_id"`
}

func (s *Service) strangerInfo(ctx context.Context, a *args) (any, error) {
	uin := a.user("user_id")
	a.flag("no_cache", false) // the client has no cache of strangers
	if a.err != nil {
		return nil, a.err
	}
	u, err := s.client.User(ctx, uin)
	if err != nil {
		return nil, err
	}
	info := strangerInfo{
		UserID: uin, Nickname: u.Nickname, Sex: u.Sex.String(), Age: u.Age,
		QID: u.QID, QIDAlias: u.QID, Sign: u.Sign, Level: u.Level, Remark: u.Remark,
		Avatar: u.AvatarURL, RegTime: u.RegisterTime, Status: userStatus{u.Status},
	}
	if u.RegisterTime > 0 {
		info.RegisterTime = time.Unix(u.RegisterTime, 0).UTC().Format(time.RFC3339)
	}
	return info, nil
}

type friendInfo struct {
	UserID   message.UIN    `json:"user_id"`
	Nickname string         `json:"nickname"`
	Remark   string         `json:"remark"`
	QID      string         `json:"q_id"`
	Group    friendCategory `json:"group"`
}

type friendCategory struct {
	ID   int32  `json:"group_id"`
	Name string `json:"group_name"`
}

func (s *Service) friendList(ctx context.Context, a *args) (any, error) {
	refresh := a.flag("no_cache", false)
	if a.err != nil {
		return nil, a.err
	}
	friends, err := s.client.Friends(ctx, refresh)
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
	GroupName      string            `json:"group_name"`
	MemberCount    uint32            `json:"member_count"`
	MaxMemberCount uint32            `json:"max_member_count"`
	CreateTime     int64             `json:"group_create_time"`
	Remark         string            `json:"group_remark"`
}

func newGroupInfo(g ntqq.Group) groupInfo {
	return groupInfo{g.Code, g.Name, g.MemberCount, g.MemberMax, g.CreateTime, g.Remark}
}

func (s *Service) groupList(ctx context.Context, a *args) (any, error) {
	refresh := a.flag("no_cache", false)
	if a.err != nil {
		return nil, a.err
	}
	groups, err := s.client.Groups(ctx, refresh)
	if err != nil {
		return nil, err
	}
	list := make([]groupInfo, 0, len(groups))
	for _, g := range groups {
		list = append(list, newGroupInfo(g))
	}
	return list, nil
}

func (s *Service) groupInfo(ctx context.Context, a *args) (any, error) {
	group, refresh := a.group(), a.flag("no_cache", false)
	if a.err != nil {
		return nil, a.err
	}
	g, err := s.client.Group(ctx, group, refresh)
	if err != nil {
		return nil, err
	}
	return newGroupInfo(g), nil
}

// memberInfo has all fields of the standard. What the service does not tell has
// the standard's value for unknown.
type memberInfo struct {
	GroupID         message.GroupCode `json:"group_id"`
	UserID          message.UIN       `json:"user_id"`
	Nickname        string            `json:"nickname"`
	Card            string            `json:"card"`
	Sex             string            `json:"sex"`
	Age             int32             `json:"age"`
	Area            string            `json:"area"`
	JoinTime        int64             `json:"join_time"`
	LastSentTime    int64             `json:"last_sent_time"`
	Level           string            `json:"level"`
	Role            string            `json:"role"`
	Unfriendly      bool              `json:"unfriendly"`
	Title           string            `json:"title"`
	TitleExpireTime int64             `json:"title_expire_time"`
	CardChangeable  bool              `json:"card_changeable"`
	ShutUpTimestamp int64             `json:"shut_up_timestamp"`
}

func newMemberInfo(group message.GroupCode, m ntqq.Member) memberInfo {
	return memberInfo{
		GroupID: group, UserID: m.UIN, Nickname: m.Nickname, Card: m.Card,
		Sex: ntqq.SexUnknown.String(), JoinTime: m.JoinTime, LastSentTime: m.LastSpeak,
		Level: strconv.FormatUint(uint64(m.Level), 10), Role: m.Role.String(),
		Title: m.Title, ShutUpTimestamp: m.MuteUntil,
	}
}

func (s *Service) groupMemberList(ctx context.Context, a *args) (any, error) {
	group, refresh := a.group(), a.flag("no_cache", false)
	if a.err != nil {
		return nil, a.err
	}
	members, err := s.client.Members(ctx, group, refresh)
	if err != nil {
		return nil, err
	}
	list := make([]memberInfo, 0, len(members))
	for _, m := range members {
		list = append(list, newMemberInfo(group, m))
	}
	return list, nil
}

func (s *Service) groupMemberInfo(ctx context.Context, a *args) (any, error) {
	group, user, refresh := a.group(), a.user("user_id"), a.flag("no_cache", false)
	if a.err != nil {
		return nil, a.err
	}
	m, err := s.client.Member(ctx, group, user, refresh)
	if err != nil {
		return nil, err
	}
	return newMemberInfo(group, m), nil
}

package sandbox

import (
	"net/http"

	"libration/ntqq/message"
)

// userView is an account in JSON.
type userView struct {
	UIN      message.UIN `json:"uin"`
	UID      message.UID `json:"uid"`
	Nickname string      `json:"nickname"`
	Sign     string      `json:"sign,omitempty"`
	QID      string      `json:"qid,omitempty"`
	Sex      uint32      `json:"sex"`
	Age      uint32      `json:"age"`
	Level    uint32      `json:"level"`
	// Friends and Groups are given by the state only.
	Friends []message.UIN       `json:"friends,omitempty"`
	Groups  []message.GroupCode `json:"groups,omitempty"`
}

func viewUser(u User) userView {
	return userView{
		UIN: u.UIN, UID: u.UID, Nickname: u.Nickname, Sign: u.Sign, QID: u.QID,
		Sex: u.Sex, Age: u.Age, Level: u.Level,
	}
}

// groupView is a group in JSON.
type groupView struct {
	Code         message.GroupCode `json:"code"`
	Name         string            `json:"name"`
	Owner        message.UIN       `json:"owner"`
	CreateTime   int64             `json:"create_time"`
	MemberMax    uint32            `json:"member_max"`
	MemberCount  uint32            `json:"member_count"`
	MuteAll      bool              `json:"mute_all"`
	LastSequence uint64            `json:"last_sequence"`
}

// memberView is a member of a group in JSON.
type memberView struct {
	UIN       message.UIN `json:"uin"`
	Nickname  string      `json:"nickname"`
	Card      string      `json:"card"`
	Title     string      `json:"title"`
	Role      string      `json:"role"`
	Level     uint32      `json:"level"`
	JoinTime  int64       `json:"join_time"`
	LastSpeak int64       `json:"last_speak"`
	MuteUntil int64       `json:"mute_until"`
}

func viewMember(m Member) memberView {
	return memberView{
		UIN: m.User.UIN, Nickname: m.User.Nickname, Card: m.Card, Title: m.Title, Role: m.Role.String(),
		Level: m.Level, JoinTime: m.JoinTime, LastSpeak: m.LastSpeak, MuteUntil: m.MuteUntil,
	}
}

// stateView is everything at a glance.
type stateView struct {
	Users   []userView   `json:"users"`
	Groups  []groupView  `json:"groups"`
	Clients []ClientInfo `json:"clients"`
	QR      []QRInfo     `json:"qr"`
	Keys    PublicKeys   `json:"keys"`
	// SSO is where clients connect, host:port.
	SSO []string `json:"sso"`
}

func (c *control) state(*http.Request) (any, error) {
	s := stateView{
		Users: []userView{}, Groups: c.groupViews(),
		Clients: notNil(c.server.Clients()), QR: notNil(c.server.PendingQR()), Keys: c.server.PublicKeys(),
		SSO: notNil(c.server.Addresses()),
	}
	for _, u := range c.world.Users() {
		v := viewUser(u)
		for _, f := range c.world.Friends(u.UIN) {
			v.Friends = append(v.Friends, f.User.UIN)
		}
		for _, g := range c.world.GroupsOf(u.UIN) {
			v.Groups = append(v.Groups, g.Code)
		}
		s.Users = append(s.Users, v)
	}
	return s, nil
}

func (c *control) groupViews() []groupView {
	views := []groupView{}
	for _, g := range c.world.Groups() {
		views = append(views, groupView(g))
	}
	return views
}

func (c *control) users(*http.Request) (any, error) {
	views := []userView{}
	for _, u := range c.world.Users() {
		views = append(views, viewUser(u))
	}
	return views, nil
}

func (c *control) addUser(r *http.Request) (any, error) {
	var v userView
	if err := readBody(r, &v); err != nil {
		return nil, err
	}
	if v.Friends != nil || v.Groups != nil {
		return nil, fail(http.StatusBadRequest, "friends and groups are added by their own requests")
	}
	u, err := c.world.AddUser(User{
		UIN: v.UIN, UID: v.UID, Nickname: v.Nickname, Sign: v.Sign, QID: v.QID,
		Sex: v.Sex, Age: v.Age, Level: v.Level,
	})
	return created{viewUser(u)}, err
}

func (c *control) setPassword(r *http.Request) (any, error) {
	uin, err := number[message.UIN]("uin", r.PathValue("uin"))
	if err != nil {
		return nil, err
	}
	var body struct {
		Password string `json:"password"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, c.world.SetPassword(uin, body.Password)
}

func (c *control) addFriend(r *http.Request) (any, error) {
	var body struct {
		A message.UIN `json:"a"`
		B message.UIN `json:"b"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return created{struct{}{}}, c.world.AddFriend(body.A, body.B)
}

func (c *control) groups(*http.Request) (any, error) { return c.groupViews(), nil }

func (c *control) addGroup(r *http.Request) (any, error) {
	var body struct {
		Code      message.GroupCode `json:"code"`
		Name      string            `json:"name"`
		Owner     message.UIN       `json:"owner"`
		MemberMax uint32            `json:"member_max"`
		Members   []message.UIN     `json:"members"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	g, err := c.world.AddGroup(Group{
		Code: body.Code, Name: body.Name, Owner: body.Owner, MemberMax: body.MemberMax,
	}, body.Members...)
	return created{groupView(g)}, err
}

// changeGroup renames or mutes a group as by, 0 for the owner.
func (c *control) changeGroup(r *http.Request) (any, error) {
	code, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	var body struct {
		By      message.UIN `json:"by"`
		Name    *string     `json:"name"`
		MuteAll *bool       `json:"mute_all"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if body.Name != nil {
		if err := c.world.Rename(code, body.By, *body.Name); err != nil {
			return nil, err
		}
	}
	if body.MuteAll != nil {
		if err := c.world.MuteAll(code, body.By, *body.MuteAll); err != nil {
			return nil, err
		}
	}
	g, ok := c.world.Group(code)
	if !ok {
		return nil, fail(http.StatusNotFound, "no group %d", code)
	}
	return groupView(g), nil
}

func (c *control) members(r *http.Request) (any, error) {
	code, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	members := c.world.Members(code)
	if members == nil {
		return nil, fail(http.StatusNotFound, "no group %d", code)
	}
	views := make([]memberView, len(members))
	for i, m := range members {
		views[i] = viewMember(m)
	}
	return views, nil
}

// addMember lets uin in: invited by somebody, or approved by somebody or nobody.
func (c *control) addMember(r *http.Request) (any, error) {
	code, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	var body struct {
		UIN     message.UIN `json:"uin"`
		By      message.UIN `json:"by"`
		Invited bool        `json:"invited"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if err := c.world.Join(code, body.UIN, body.By, body.Invited); err != nil {
		return nil, err
	}
	m, _ := c.world.Member(code, body.UIN)
	return created{viewMember(m)}, nil
}

// groupAndUIN reads the two numbers of a member's path.
func groupAndUIN(r *http.Request) (code message.GroupCode, uin message.UIN, err error) {
	if code, err = number[message.GroupCode]("group", r.PathValue("code")); err != nil {
		return 0, 0, err
	}
	uin, err = number[message.UIN]("uin", r.PathValue("uin"))
	return code, uin, err
}

// changeMember changes what is given, as by, 0 for the owner.
func (c *control) changeMember(r *http.Request) (any, error) {
	code, uin, err := groupAndUIN(r)
	if err != nil {
		return nil, err
	}
	var body struct {
		By          message.UIN `json:"by"`
		Admin       *bool       `json:"admin"`
		Card        *string     `json:"card"`
		Title       *string     `json:"title"`
		MuteSeconds *uint32     `json:"mute_seconds"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if body.Admin != nil {
		if err := c.world.SetAdmin(code, uin, body.By, *body.Admin); err != nil {
			return nil, err
		}
	}
	if body.Card != nil {
		if err := c.world.SetCard(code, uin, body.By, *body.Card); err != nil {
			return nil, err
		}
	}
	if body.Title != nil {
		if err := c.world.SetTitle(code, uin, body.By, *body.Title); err != nil {
			return nil, err
		}
	}
	if body.MuteSeconds != nil {
		if err := c.world.Mute(code, uin, body.By, *body.MuteSeconds); err != nil {
			return nil, err
		}
	}
	m, ok := c.world.Member(code, uin)
	if !ok {
		return nil, fail(http.StatusNotFound, "%d is not a member of group %d", uin, code)
	}
	return viewMember(m), nil
}

// removeMember kicks uin when the query says by whom; else uin leaves.
func (c *control) removeMember(r *http.Request) (any, error) {
	code, uin, err := groupAndUIN(r)
	if err != nil {
		return nil, err
	}
	by, err := queryNumber[message.UIN](r, "by")
	switch {
	case err != nil:
	case by != 0:
		err = c.world.Kick(code, uin, by)
	default:
		err = c.world.Leave(code, uin)
	}
	return struct{}{}, err
}

package control

import (
	"net/http"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

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

// members are those of the groups.
type members struct{ world *world.World }

func viewMember(m world.Member) memberView {
	return memberView{
		UIN: m.User.UIN, Nickname: m.User.Nickname, Card: m.Card, Title: m.Title, Role: m.Role.String(),
		Level: m.Level, JoinTime: m.JoinTime, LastSpeak: m.LastSpeak, MuteUntil: m.MuteUntil,
	}
}

func (h members) list(r *http.Request) (any, error) {
	code, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	members := h.world.Members().List(code)
	if members == nil {
		return nil, fail(http.StatusNotFound, "no group %d", code)
	}
	views := make([]memberView, len(members))
	for i, m := range members {
		views[i] = viewMember(m)
	}
	return views, nil
}

// add lets uin in: invited by somebody, or approved by somebody or nobody.
func (h members) add(r *http.Request) (any, error) {
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
	if err := h.world.Members().Join(code, body.UIN, body.By, body.Invited); err != nil {
		return nil, err
	}
	m, _ := h.world.Members().Find(code, body.UIN)
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

// change sets what is given, as by, 0 for the owner.
func (h members) change(r *http.Request) (any, error) {
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
		if err := h.world.Members().SetAdmin(code, uin, body.By, *body.Admin); err != nil {
			return nil, err
		}
	}
	if body.Card != nil {
		if err := h.world.Members().SetCard(code, uin, body.By, *body.Card); err != nil {
			return nil, err
		}
	}
	if body.Title != nil {
		if err := h.world.Members().SetTitle(code, uin, body.By, *body.Title); err != nil {
			return nil, err
		}
	}
	if body.MuteSeconds != nil {
		if err := h.world.Members().Mute(code, uin, body.By, *body.MuteSeconds); err != nil {
			return nil, err
		}
	}
	m, ok := h.world.Members().Find(code, uin)
	if !ok {
		return nil, fail(http.StatusNotFound, "%d is not a member of group %d", uin, code)
	}
	return viewMember(m), nil
}

// remove kicks uin when the query says by whom, with block for good; else uin leaves.
func (h members) remove(r *http.Request) (any, error) {
	code, uin, err := groupAndUIN(r)
	if err != nil {
		return nil, err
	}
	by, err := queryNumber[message.UIN](r, "by")
	block := r.URL.Query().Get("block")
	switch {
	case err != nil:
	case block != "" && block != "true" && block != "false":
		err = fail(http.StatusBadRequest, "block %q is neither true nor false", block)
	case by != 0:
		err = h.world.Members().KickAll(code, by, block == "true", uin)
	case block == "true":
		err = fail(http.StatusBadRequest, "who leaves is not blocked: by is missing")
	default:
		err = h.world.Members().Leave(code, uin)
	}
	return struct{}{}, err
}

package control

import (
	"encoding/hex"
	"net/http"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// groupView is a group in JSON.
type groupView struct {
	Code        message.GroupCode `json:"code"`
	Name        string            `json:"name"`
	Owner       message.UIN       `json:"owner"`
	CreateTime  int64             `json:"create_time"`
	MemberMax   uint32            `json:"member_max"`
	MemberCount uint32            `json:"member_count"`
	MuteAll     bool              `json:"mute_all"`
	// Avatar is the SHA-1 of the group's picture in hex; "" for none.
	Avatar       string `json:"avatar"`
	LastSequence uint64 `json:"last_sequence"`
	// Todo is the sequence of the message that is the group's to-do.
	Todo     uint64           `json:"todo,omitempty"`
	Join     world.JoinPolicy `json:"join"`
	Question string           `json:"question,omitempty"`
	Answer   string           `json:"answer,omitempty"`
	Robots   []robotView      `json:"robots,omitempty"`
}

func viewGroup(g world.Group) groupView {
	v := groupView{
		Code: g.Code, Name: g.Name, Owner: g.Owner, CreateTime: g.CreateTime, MemberMax: g.MemberMax,
		MemberCount: g.MemberCount, MuteAll: g.MuteAll, LastSequence: g.LastSequence, Todo: g.Todo,
		Join: g.Join, Question: g.Question, Answer: g.Answer,
	}
	if g.Avatar != (world.Blob{}) {
		v.Avatar = hex.EncodeToString(g.Avatar.SHA1[:])
	}
	return v
}

// groups are all that there are.
type groups struct{ world *world.World }

func (h groups) views() []groupView {
	views := []groupView{}
	for _, g := range h.world.Groups().List() {
		view := viewGroup(g)
		for _, r := range h.world.Robots().List(g.Code) {
			view.Robots = append(view.Robots, robotView{r.User.UIN, r.On})
		}
		views = append(views, view)
	}
	return views
}

func (h groups) list(*http.Request) (any, error) { return h.views(), nil }

func (h groups) add(r *http.Request) (any, error) {
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
	g, err := h.world.Groups().Add(world.Group{
		Code: body.Code, Name: body.Name, Owner: body.Owner, MemberMax: body.MemberMax,
	}, body.Members...)
	return created{viewGroup(g)}, err
}

// change renames or mutes a group, gives it away, or changes how people come into it, as
// by, 0 for the owner.
func (h groups) change(r *http.Request) (any, error) {
	code, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	var body struct {
		By      message.UIN `json:"by"`
		Name    *string     `json:"name"`
		MuteAll *bool       `json:"mute_all"`
		Owner   message.UIN `json:"owner"` // 0: the one there is
		// Question and Answer go with Join.
		Join     world.JoinPolicy `json:"join"`
		Question string           `json:"question"`
		Answer   string           `json:"answer"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if body.Name != nil {
		if err := h.world.Groups().Rename(code, body.By, *body.Name); err != nil {
			return nil, err
		}
	}
	if body.MuteAll != nil {
		if err := h.world.Groups().MuteAll(code, body.By, *body.MuteAll); err != nil {
			return nil, err
		}
	}
	if body.Owner != 0 {
		if err := h.world.Groups().Transfer(code, body.By, body.Owner); err != nil {
			return nil, err
		}
	}
	if body.Join != "" {
		if err := h.world.Groups().SetJoin(code, body.By, body.Join, body.Question, body.Answer); err != nil {
			return nil, err
		}
	} else if body.Question+body.Answer != "" {
		return nil, fail(http.StatusBadRequest, "question and answer go with join")
	}
	g, ok := h.world.Groups().Find(code)
	if !ok {
		return nil, fail(http.StatusNotFound, "no group %d", code)
	}
	return viewGroup(g), nil
}

func (h groups) remove(r *http.Request) (any, error) {
	code, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Groups().Remove(code)
}

package control

import (
	"net/http"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// robots are the official robots of groups.
type robots struct{ world *world.World }

// robotView is a robot of a group in JSON.
type robotView struct {
	UIN message.UIN `json:"uin"`
	On  bool        `json:"on"`
}

func (h robots) add(r *http.Request) (any, error) {
	var body struct {
		Group message.GroupCode `json:"group"`
		UIN   message.UIN       `json:"uin"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Robots().Add(body.Group, body.UIN)
}

// change lets a robot of a group work or not, as by, 0 for the owner.
func (h robots) change(r *http.Request) (any, error) {
	code, err := number[message.GroupCode]("group", r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	uin, err := number[message.UIN]("robot", r.PathValue("uin"))
	if err != nil {
		return nil, err
	}
	body := struct {
		By message.UIN `json:"by"`
		On bool        `json:"on"`
	}{On: true}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Robots().Set(code, uin, body.By, body.On)
}

// press presses a button of a robot; without a group in the private chat with it.
func (h robots) press(r *http.Request) (any, error) {
	var body struct {
		Group message.GroupCode `json:"group"`
		UIN   message.UIN       `json:"uin"`
		By    message.UIN       `json:"by"`
		ID    string            `json:"id"`
		Data  string            `json:"data"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Robots().Press(body.Group, body.UIN, body.By, body.ID, body.Data)
}

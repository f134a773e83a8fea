package control

import (
	"net/http"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// pokes are double clicks on pictures.
type pokes struct{ world *world.World }

// nudgeView is a poke in JSON.
type nudgeView struct {
	By     message.UIN       `json:"by"`
	Target message.UIN       `json:"target"`
	Group  message.GroupCode `json:"group,omitempty"`
	Peer   message.UIN       `json:"peer,omitempty"`
	Action string            `json:"action"`
	Suffix string            `json:"suffix"`
	Tips   uint64            `json:"tips"`
	Time   int64             `json:"time"`
}

// add pokes target in a group, or without one in the private chat with peer. Peer 0 is
// target.
func (h pokes) add(r *http.Request) (any, error) {
	var body struct {
		By     message.UIN       `json:"by"`
		Target message.UIN       `json:"target"`
		Group  message.GroupCode `json:"group"`
		Peer   message.UIN       `json:"peer"`
		Action string            `json:"action"`
		Suffix string            `json:"suffix"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	words := world.PokeWords{Action: body.Action, Suffix: body.Suffix}
	if body.Peer == 0 {
		body.Peer = body.Target
	}
	var p world.Poke
	var err error
	if body.Group != 0 {
		p, err = h.world.Pokes().InGroup(body.Group, body.By, body.Target, words)
	} else {
		p, err = h.world.Pokes().InPrivate(body.By, body.Peer, body.Target, words)
	}
	return created{nudgeView{
		p.Operator.UIN, p.Target.UIN, p.Group, p.Peer.UIN, p.Action, p.Suffix, p.Tips, p.Time,
	}}, err
}

// recall takes back the poke with the number tips in a group, or in the private chat with
// peer.
func (h pokes) recall(r *http.Request) (any, error) {
	var body struct {
		By    message.UIN       `json:"by"`
		Group message.GroupCode `json:"group"`
		Peer  message.UIN       `json:"peer"`
		Tips  uint64            `json:"tips"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if body.Group != 0 {
		return struct{}{}, h.world.Pokes().RecallInGroup(body.Group, body.By, body.Tips)
	}
	return struct{}{}, h.world.Pokes().RecallInPrivate(body.By, body.Peer, body.Tips)
}

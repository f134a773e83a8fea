package control

import (
	"net/http"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// friendRequestView is a friend request in JSON.
type friendRequestView struct {
	From     message.UIN `json:"from"`
	Nickname string      `json:"nickname"` // of From
	To       message.UIN `json:"to"`
	Text     string      `json:"text"`
	Time     int64       `json:"time"` // Unix seconds
	Filtered bool        `json:"filtered"`
	State    string      `json:"state"` // pending, accepted, refused
}

// friends are who is friends with whom, and who wants to be.
type friends struct{ world *world.World }

type pairBody struct {
	A message.UIN `json:"a"`
	B message.UIN `json:"b"`
}

func (h friends) add(r *http.Request) (any, error) {
	var body pairBody
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return created{struct{}{}}, h.world.Friends().Add(body.A, body.B)
}

// remove ends a friendship, as a. With one_way, b keeps a among its friends.
func (h friends) remove(r *http.Request) (any, error) {
	var body struct {
		pairBody
		OneWay bool `json:"one_way"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Friends().Delete(body.A, body.B, false, !body.OneWay)
}

func (h friends) ask(r *http.Request) (any, error) {
	var body struct {
		From     message.UIN `json:"from"`
		To       message.UIN `json:"to"`
		Text     string      `json:"text"`
		Filtered bool        `json:"filtered"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return created{struct{}{}}, h.world.Friends().Ask(world.FriendWish{
		From: body.From, To: body.To, Text: body.Text, Filtered: body.Filtered,
	})
}

// requests lists those from and to a user, newest first.
func (h friends) requests(r *http.Request) (any, error) {
	uin, err := queryNumber[message.UIN](r, "user")
	if err != nil {
		return nil, err
	}
	if _, known := h.world.Users().Find(uin); !known {
		return nil, fail(http.StatusNotFound, "no user %d", uin)
	}
	views := []friendRequestView{}
	for _, f := range h.world.Friends().Requests(uin) {
		views = append(views, friendRequestView{
			From: f.From.UIN, Nickname: f.From.Nickname, To: f.To.UIN, Text: f.Text, Time: f.Time,
			Filtered: f.Filtered, State: f.State.String(),
		})
	}
	return views, nil
}

func (h friends) answer(r *http.Request) (any, error) {
	var body struct {
		User   message.UIN `json:"user"`
		From   message.UIN `json:"from"`
		Accept bool        `json:"accept"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Friends().Answer(body.User, body.From, body.Accept)
}

// like likes a profile; times left out is once.
func (h friends) like(r *http.Request) (any, error) {
	body := struct {
		From  message.UIN `json:"from"`
		To    message.UIN `json:"to"`
		Times uint32      `json:"times"`
	}{Times: 1}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Users().Like(body.To, body.From, body.Times)
}

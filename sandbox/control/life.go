package control

import (
	"net/http"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// reactionView is a kind of reaction to a message in JSON.
type reactionView struct {
	// Code is the number of a face, or with Emoji the code point of a character, in decimal.
	Code  string        `json:"code"`
	Emoji bool          `json:"emoji"`
	Users []message.UIN `json:"users"`
}

func viewReactions(list []world.Reaction) (views []reactionView) {
	for _, r := range list {
		views = append(views, reactionView{r.Code, r.Emoji(), r.Users})
	}
	return views
}

// life is what members do with the messages of their groups, besides writing.
type life struct{ world *world.World }

// about names a message of a group and who does something with it, 0 for the owner. On is
// true where it is left out.
type about struct {
	Group    message.GroupCode `json:"group"`
	Sequence uint64            `json:"sequence"`
	By       message.UIN       `json:"by"`
	On       *bool             `json:"on"`
}

func (a *about) on() bool { return a.On == nil || *a.On }

func (h life) react(r *http.Request) (any, error) {
	var body struct {
		about
		Code string `json:"code"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Messages().React(body.Group, body.Sequence, body.By, body.Code, body.on())
}

func (h life) essence(r *http.Request) (any, error) {
	var body about
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Messages().SetEssence(body.Group, body.Sequence, 0, body.By, body.on())
}

func (h life) todo(r *http.Request) (any, error) {
	var body struct {
		Group    message.GroupCode `json:"group"`
		Sequence uint64            `json:"sequence"`
		By       message.UIN       `json:"by"`
		Do       world.TodoStep    `json:"do"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Groups().Todo(body.Group, body.Sequence, body.By, body.Do)
}

func (h life) honor(r *http.Request) (any, error) {
	var body struct {
		Group message.GroupCode `json:"group"`
		UIN   message.UIN       `json:"uin"`
		Honor world.Honor       `json:"honor"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Members().Honor(body.Group, body.UIN, body.Honor)
}

func (h life) signIn(r *http.Request) (any, error) {
	var body struct {
		Group message.GroupCode `json:"group"`
		UIN   message.UIN       `json:"uin"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	signed, err := h.world.Members().SignIn(body.Group, body.UIN)
	return map[string]int{"days": signed.Days, "rank": signed.Rank}, err
}

func (h life) pin(r *http.Request) (any, error) {
	var body struct {
		UIN   message.UIN       `json:"uin"`
		Peer  message.UIN       `json:"peer"`
		Group message.GroupCode `json:"group"`
		On    *bool             `json:"on"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	if (body.Group == 0) == (body.Peer == 0) {
		return nil, fail(http.StatusBadRequest, "give either group or peer")
	}
	on := body.On == nil || *body.On
	if body.Group != 0 {
		return struct{}{}, h.world.Chats().PinGroup(body.UIN, body.Group, on)
	}
	return struct{}{}, h.world.Chats().PinFriend(body.UIN, body.Peer, on)
}

package control

import (
	"net/http"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// tips are what appears in groups as a grey line, or as less.
type tips struct{ world *world.World }

// tipBody is what the requests about tips have.
type tipBody struct {
	Group  message.GroupCode `json:"group"`
	UIN    message.UIN       `json:"uin"`
	Sender message.UIN       `json:"sender"`
	Text   string            `json:"text"`
	Style  uint32            `json:"style"`
	Image  string            `json:"image"`
}

// tip is a request that shows something in a group.
func (h tips) tip(show func(world.Tips, *tipBody) error) action {
	return func(r *http.Request) (any, error) {
		var body tipBody
		if err := readBody(r, &body); err != nil {
			return nil, err
		}
		return struct{}{}, show(h.world.Tips(), &body)
	}
}

func tipKing(w world.Tips, b *tipBody) error  { return w.LuckyKing(b.Group, b.Sender, b.UIN) }
func tipText(w world.Tips, b *tipBody) error  { return w.Text(b.Group, b.Text) }
func tipEntry(w world.Tips, b *tipBody) error { return w.Enter(b.Group, b.UIN, b.Style) }
func tipAlbum(w world.Tips, b *tipBody) error { return w.Album(b.Group, b.Image) }

// private is what happens to accounts apart from messages.
type private struct {
	world  *world.World
	server Server
}

// restrict keeps an account from sending to groups, and says so in one; with on false it
// ends that.
func (h private) restrict(r *http.Request) (any, error) {
	var body struct {
		UIN   message.UIN       `json:"uin"`
		Group message.GroupCode `json:"group"`
		On    *bool             `json:"on"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Users().Restrict(body.UIN, body.Group, orTrue(body.On))
}

// typing shows that somebody types or speaks, or with on false does not any more.
func (h private) typing(r *http.Request) (any, error) {
	var body struct {
		From  message.UIN `json:"from"`
		To    message.UIN `json:"to"`
		Voice bool        `json:"voice"`
		On    *bool       `json:"on"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	input := world.InputText
	switch {
	case !orTrue(body.On):
		input = world.InputEnds
	case body.Voice:
		input = world.InputVoice
	}
	return struct{}{}, h.world.Users().Type(body.From, body.To, input)
}

func (h private) voiceText(r *http.Request) (any, error) {
	var body struct {
		UIN      message.UIN       `json:"uin"`
		Group    message.GroupCode `json:"group"`
		Peer     message.UIN       `json:"peer"`
		Sequence uint64            `json:"sequence"`
		Text     string            `json:"text"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Users().TurnIntoText(body.UIN, body.Group, body.Peer, body.Sequence, body.Text)
}

func (h private) onlineFile(r *http.Request) (any, error) {
	var body struct {
		From   message.UIN `json:"from"`
		To     message.UIN `json:"to"`
		Folder bool        `json:"folder"`
		End    string      `json:"end"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.world.Users().EndOnlineFile(body.From, body.To, body.Folder, body.End)
}

// device lets a made-up device come online on an account, or go offline.
func (h private) device(r *http.Request) (any, error) {
	var body struct {
		UIN  message.UIN `json:"uin"`
		Name string      `json:"name"`
		On   *bool       `json:"on"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return struct{}{}, h.server.SetDevice(body.UIN, body.Name, orTrue(body.On))
}

func orTrue(b *bool) bool { return b == nil || *b }

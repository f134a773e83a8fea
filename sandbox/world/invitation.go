package world

import (
	"encoding/json"
	"fmt"
	"net/url"

	"libration/ntqq/message"
)

// sendInvitation puts the card of an invitation into the private chat of two friends
// (docs/protocol/events.md 7); mu is held. What clients read of it is in jumpUrl; the rest
// of its form is ours.
func (w *state) sendInvitation(g *group, from, to message.UIN, sequence uint64) {
	query := url.Values{
		"groupcode": {fmt.Sprint(g.Code)}, "msgseq": {fmt.Sprint(sequence)},
		"senderuin": {fmt.Sprint(from)}, "receiveruin": {fmt.Sprint(to)},
	}
	type news struct {
		Title   string `json:"title"`
		Desc    string `json:"desc"`
		JumpURL string `json:"jumpUrl"`
	}
	card, err := json.Marshal(struct {
		App    string          `json:"app"`
		Source string          `json:"bizsrc"`
		Prompt string          `json:"prompt"`
		Ver    string          `json:"ver"`
		View   string          `json:"view"`
		Meta   map[string]news `json:"meta"`
	}{
		"com.tencent.qun.invite", "qun.invite", "邀请你加入群聊", "0.0.0.1", "news",
		map[string]news{"news": {"邀请你加入群聊", g.Name, "https://invitation.invalid/group?" + query.Encode()}},
	})
	if err != nil { // a struct of texts always encodes
		panic(err)
	}
	w.post(&Send{From: from, To: to, Parts: Parts(message.LightApp(string(card)))}, nil)
}

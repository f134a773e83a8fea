package ntqq

import (
	"encoding/json"
	"net/url"
	"strconv"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// invitationOf returns the invitation that the card of a private message is, nil for other
// messages (docs/protocol/events.md 7).
func invitationOf(m *message.Message, self UIN) *event.GroupInvitation {
	if m.Chat.Kind != message.Friend || m.Self || len(m.Content) == 0 {
		return nil
	}
	app, ok := m.Content[0].(*message.LightAppSegment)
	if !ok || app.App != "com.tencent.qun.invite" && app.App != "com.tencent.tuwen.lua" {
		return nil
	}
	var card struct {
		Source string `json:"bizsrc"`
		Meta   struct {
			News struct {
				JumpURL string `json:"jumpUrl"`
			} `json:"news"`
		} `json:"meta"`
	}
	if json.Unmarshal([]byte(app.JSON), &card) != nil {
		return nil
	}
	if card.Source != "qun.invite" && (card.Source != "" || app.App != "com.tencent.qun.invite") {
		return nil
	}
	link, err := url.Parse(card.Meta.News.JumpURL)
	if err != nil {
		return nil
	}
	query := link.Query()
	number := func(name string) uint64 {
		n, _ := strconv.ParseUint(query.Get(name), 10, 64)
		return n
	}
	group, sequence := number("groupcode"), number("msgseq")
	if group == 0 || sequence == 0 ||
		query.Has("receiveruin") && number("receiveruin") != uint64(self) ||
		query.Has("senderuin") && number("senderuin") != uint64(m.Sender.UIN) {
		return nil
	}
	return &event.GroupInvitation{
		Group: GroupCode(group), Inviter: event.Person{UIN: m.Sender.UIN, UID: m.Sender.UID}, Request: sequence, Time: m.Time,
	}
}

// invitations are those that were reported last: the service tells of each by a push, by
// a card, or by both. They are for the dispatcher's goroutine.
type invitations struct {
	ring [64]event.GroupInvitation
	next int
}

// invitationWithin is for how many seconds one report stands for all of the same inviter
// (docs/protocol/events.md 5.2).
const invitationWithin = 60

// again reports whether the invitation was reported. If it was not, again remembers it.
// Two whose sequences are known are the same when these are.
func (i *invitations) again(e *event.GroupInvitation) bool {
	for n := range i.ring {
		o := &i.ring[n]
		same := o.Request == e.Request
		if o.Request == 0 || e.Request == 0 {
			same = e.Time-o.Time < invitationWithin && o.Time-e.Time < invitationWithin
		}
		if same && o.Group == e.Group && o.Inviter.UID == e.Inviter.UID {
			return true
		}
	}
	i.ring[i.next] = *e
	i.next = (i.next + 1) % len(i.ring)
	return false
}

// invited returns the event that a message is: the card of an invitation is no message.
func (c *Client) invited(e event.Event) event.Event {
	if m, ok := e.(*event.Message); ok {
		if invitation := invitationOf(m.Message, c.Self().UIN); invitation != nil {
			return invitation
		}
	}
	return e
}

// reported reports whether an event is an invitation that was reported before.
func (c *Client) reported(e event.Event) bool {
	invitation, ok := e.(*event.GroupInvitation)
	return ok && c.invitations.again(invitation)
}

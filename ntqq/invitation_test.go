package ntqq

import (
	"fmt"
	"testing"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// TestInvitationCards: a card is an invitation when it names the group, the request, and
// the right people; else it stays a message.
func TestInvitationCards(t *testing.T) {
	const self, bob = UIN(10001), UIN(20002)
	const all = "groupcode=5&msgseq=1700000000000002&senderuin=20002&receiveruin=10001"
	card := func(app, source, query string) string {
		return fmt.Sprintf(`{"app":%q,"bizsrc":%q,"meta":{"news":{"jumpUrl":"https://example.invalid/a?%s"}}}`, app, source, query)
	}
	const first, second = "com.tencent.qun.invite", "com.tencent.tuwen.lua"
	friend := message.Chat{Kind: message.Friend, Peer: bob, PeerUID: "u_bob"}
	for _, tt := range []struct {
		name string
		card string
		chat message.Chat
		self bool
		want bool
	}{
		{"first app", card(first, "qun.invite", all), friend, false, true},
		{"first app without a source", card(first, "", all), friend, false, true},
		{"second app", card(second, "qun.invite", all), friend, false, true},
		{"second app without a source", card(second, "", all), friend, false, false},
		{"another source", card(first, "x", all), friend, false, false},
		{"another app", card("com.tencent.structmsg", "qun.invite", all), friend, false, false},
		{"without people", card(first, "qun.invite", "groupcode=5&msgseq=1700000000000002"), friend, false, true},
		{"for another one", card(first, "qun.invite", "groupcode=5&msgseq=1&receiveruin=7"), friend, false, false},
		{"of another one", card(first, "qun.invite", "groupcode=5&msgseq=1&senderuin=7"), friend, false, false},
		{"without a group", card(first, "qun.invite", "msgseq=1"), friend, false, false},
		{"without a request", card(first, "qun.invite", "groupcode=5"), friend, false, false},
		{"no numbers", card(first, "qun.invite", "groupcode=x&msgseq=-1"), friend, false, false},
		{"no address", `{"app":"com.tencent.qun.invite","meta":{"news":{"jumpUrl":"%"}}}`, friend, false, false},
		{"other members", `{"app":"com.tencent.qun.invite","meta":[]}`, friend, false, false},
		{"in a group", card(first, "qun.invite", all), message.Chat{Kind: message.Group, Group: 5}, false, false},
		{"of the account itself", card(first, "qun.invite", all), friend, true, false},
	} {
		m := &message.Message{
			Chat: tt.chat, Self: tt.self, Time: 7, Sender: message.Sender{UIN: bob, UID: "u_bob"},
			Content: message.Content{message.LightApp(tt.card)},
		}
		got := invitationOf(m, self)
		if (got != nil) != tt.want {
			t.Errorf("%s: got %+v", tt.name, got)
		}
		if got != nil && (got.Group != 5 || got.Request != 1700000000000002 || got.Inviter != event.Person{UIN: bob, UID: "u_bob"} || got.Time != 7) {
			t.Errorf("%s: got %+v", tt.name, got)
		}
	}
}

// TestInvitationsAreReportedOnce: by their sequences, or within a minute where one is not
// known.
func TestInvitationsAreReportedOnce(t *testing.T) {
	var i invitations
	bob, carol := event.Person{UID: "u_bob"}, event.Person{UID: "u_carol"}
	for n, tt := range []struct {
		e     event.GroupInvitation
		again bool
	}{
		{event.GroupInvitation{Group: 5, Inviter: bob, Request: 1, Time: 100}, false},
		{event.GroupInvitation{Group: 5, Inviter: bob, Request: 1, Time: 900}, true},
		{event.GroupInvitation{Group: 5, Inviter: bob, Time: 159}, true},
		{event.GroupInvitation{Group: 5, Inviter: bob, Time: 160}, false},
		{event.GroupInvitation{Group: 5, Inviter: bob, Request: 2, Time: 101}, true}, // the one without a sequence
		{event.GroupInvitation{Group: 5, Inviter: bob, Request: 3, Time: 300}, false},
		{event.GroupInvitation{Group: 5, Inviter: carol, Request: 4, Time: 100}, false},
		{event.GroupInvitation{Group: 6, Inviter: bob, Time: 100}, false},
	} {
		if got := i.again(&tt.e); got != tt.again {
			t.Errorf("%d: %+v again: %t", n, tt.e, got)
		}
	}
}

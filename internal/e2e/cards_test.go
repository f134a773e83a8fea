package e2e

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// TestCards: each kind of card comes to the other account as it was sent, in both kinds
// of chats, and lies in the sandbox as people see it there.
func TestCards(t *testing.T) {
	const json = `{"app":"com.tencent.structmsg","prompt":"[分享]\"x\" <y>","meta":{"news":{"title":"😀"}}}`
	old := message.LightApp(json)
	old.RichMessage = true
	bubble(t, func(t *testing.T) {
		s, b, a := two(t)
		for name, want := range map[string]message.Content{
			"light app":       {message.LightApp(json)},
			"light app, long": {message.LightApp(`{"app":"com.x","text":"` + strings.Repeat("字", 100_000) + `"}`)},
			"rich message":    {message.Text("RES-1"), old},
			"xml":             {&message.XMLSegment{ServiceID: 60, XML: "<msg><item><title>a &amp; b</title></item></msg>"}},
			"text of xml":     {&message.XMLSegment{ServiceID: 1, XML: "words"}},
			"location":        {message.Location(39.90872, -116.39748, "天安门 & <more>", "长安街")},
		} {
			relayed(t, s, a, b, name, want, want)
		}
	})
}

// TestContactIsSent: the segment becomes the card that the service makes.
func TestContactIsSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, a := two(t)
		person, err := a.Users().ContactCard(t.Context(), bot)
		if err != nil {
			t.Fatal(err)
		}
		club, err := a.Groups().ContactCard(t.Context(), group)
		if err != nil {
			t.Fatal(err)
		}
		for card, segment := range map[string]*message.ContactSegment{person: message.Contact(bot), club: message.ContactGroup(group)} {
			sent, err := a.Messages().SendGroup(t.Context(), group, message.Content{segment})
			if err != nil {
				t.Fatal(err)
			}
			got := eventsOf[*event.Message](b)
			last := got[len(got)-1]
			if diff := cmp.Diff(message.Content{message.LightApp(card)}, last.Content); diff != "" {
				t.Errorf("%+v (-want +received):\n%s", segment, diff)
			}
			quote := message.Content{message.ReplyTo(sent), message.Text("look")}
			if _, err := a.Messages().SendGroup(t.Context(), group, quote); err != nil {
				t.Errorf("quote of the card: %v", err)
			}
		}
	})
}

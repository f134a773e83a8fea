package e2e

import (
	"errors"
	"testing"

	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// TestPeopleSendForwardsAndContacts: what a client brings to the service before it sends,
// Sandbox.Parts brings there for people of the world. Without it the world refuses.
func TestPeopleSendForwardsAndContacts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		inner := message.Forward(message.Node{UIN: bob, Content: say("deep")})
		content := message.Content{message.Forward(
			message.Node{Content: say("mine")}, message.Node{UIN: 30001, Time: 1700000000, Content: message.Content{inner}},
		)}
		parts, err := s.Parts(alice, group, content...)
		if err != nil {
			t.Fatal(err)
		}
		card, err := s.Parts(alice, 0, message.Contact(bob))
		if err != nil {
			t.Fatal(err)
		}
		for _, send := range []world.Send{{From: alice, Group: group, Parts: parts}, {From: alice, To: bot, Parts: card}} {
			if _, err := s.World().Messages().Send(send, nil); err != nil {
				t.Fatal(err)
			}
		}
		got := eventsOf[*event.Message](b)
		if len(got) != 2 {
			t.Fatalf("the bot got %d messages, want 2", len(got))
		}
		nodes, err := b.Messages().Forward(t.Context(), forwardIn(t, got[0].Message).ID)
		if err != nil || len(nodes) != 2 {
			t.Fatalf("nodes %v, %v", nodes, err)
		}
		if n := nodes[0]; n.UIN != alice || n.Name != "Alice" || n.Time == 0 {
			t.Errorf("the first node is filled in as %+v", n)
		}
		if n := nodes[1]; n.Name != "30001" || n.Time != 1700000000 || n.Content[0].(*message.ForwardSegment).Nodes[0].Name != "Bob" {
			t.Errorf("the second node is %+v", n)
		}
		if app, ok := got[1].Content[0].(*message.LightAppSegment); !ok || app.Prompt() != "[推荐联系人]Bob" {
			t.Errorf("the contact came as %+v", got[1].Content)
		}

		// It may contain itself.
		loop := message.Forward(message.Node{})
		loop.Nodes[0].Content = message.Content{loop}
		if _, err := s.Parts(alice, group, loop); !errors.Is(err, message.ErrTooLarge) {
			t.Errorf("a forward in itself: %v, want ErrTooLarge", err)
		}
		for _, segment := range []message.Segment{inner, message.Contact(bob)} {
			_, err := s.World().Messages().Send(world.Send{From: alice, Group: group, Parts: world.Parts(segment)}, nil)
			if refused := new(world.Refusal); !errors.As(err, &refused) || refused.Reason != world.BadRequest {
				t.Errorf("%s: %v, want a refusal", segment.Name(), err)
			}
		}
	})
}

// A quote names its author by uid alone; the client knows the numbers of members.
func TestQuotesNameTheirAuthors(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, a := two(t)
		first, err := b.Messages().SendGroup(t.Context(), group, say("hello"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Messages().SendGroup(t.Context(), group, message.Content{message.ReplyTo(first), message.Text("hi")}); err != nil {
			t.Fatal(err)
		}
		got := eventsOf[*event.Message](b)
		quote := got[len(got)-1].Content[0].(*message.ReplySegment)
		if quote.SenderUIN != bot || quote.SenderUID != b.Self().UID {
			t.Errorf("the quote is of %d %q, want the bot", quote.SenderUIN, quote.SenderUID)
		}
	})
}

package e2e

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// two returns the bot and Alice online, as two clients.
func two(t *testing.T) (*service, *account, *account) {
	t.Helper()
	s := startService(t, sandbox.Options{MemberPage: 2, FriendPage: 2})
	var out []*account
	for _, uin := range []message.UIN{bot, alice} {
		a := s.account(t, nil)
		a.wait("a QR code", func(st ntqq.State) bool { return st.QR != nil })
		if err := s.ApproveQR(s.PendingQR()[0].ID, uin); err != nil {
			t.Fatal(err)
		}
		a.until(ntqq.Online)
		out = append(out, a)
	}
	return s, out[0], out[1]
}

func TestGroupMessageBothWays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, a := two(t)
		sent, err := a.Messages().SendGroup(t.Context(), group, message.Content{
			&message.AtSegment{UIN: bot}, message.Text(" 你好 😀\nline two "), &message.FaceSegment{ID: 14},
		})
		if err != nil {
			t.Fatal(err)
		}
		if sent.Sequence == 0 || sent.Time == 0 || sent.Random == 0 || !sent.Self {
			t.Errorf("receipt %+v", sent)
		}
		if at, ok := sent.Content[0].(*message.AtSegment); !ok || at.UIN != bot {
			t.Errorf("receipt mentions %+v, want the bot by number", sent.Content[0])
		}
		got := eventsOf[*event.Message](b)
		if len(got) != 1 {
			t.Fatalf("the bot got %d messages, want 1", len(got))
		}
		m := got[0]
		if m.Sequence != sent.Sequence || m.Random != sent.Random || m.Chat.Group != group || m.Sender.UIN != alice || m.Self {
			t.Errorf("received %+v, sent %+v", m.Message, sent)
		}
		at, ok := m.Content[0].(*message.AtSegment)
		if !ok || at.UIN != bot || at.Display == "" {
			t.Errorf("mention %+v, want the bot with a name", m.Content[0])
		}
		if text(m.Message) != " 你好 😀\nline two " {
			t.Errorf("text %q", text(m.Message))
		}
		// The echo comes to the sender as an own message, once.
		own := eventsOf[*event.Message](a)
		if len(own) != 1 || !own[0].Self || own[0].Sequence != sent.Sequence {
			t.Errorf("the sender got %d messages, want the echo alone", len(own))
		}

		reply, err := b.Messages().SendGroup(t.Context(), group, message.Content{
			&message.ReplySegment{Sequence: m.Sequence, SenderUIN: alice, Time: m.Time, Random: m.Random, Content: m.Content},
			message.Text("pong"),
		})
		if err != nil {
			t.Fatal(err)
		}
		answers := eventsOf[*event.Message](a)
		last := answers[len(answers)-1]
		if last.Sequence != reply.Sequence || text(last.Message) != "pong" {
			t.Errorf("answer %+v", last.Message)
		}
		quote, ok := last.Content[0].(*message.ReplySegment)
		if !ok || quote.Sequence != sent.Sequence || len(last.Content) != 2 {
			t.Errorf("content %v, want the quote and the text: the quote's mention is taken out", last.Content)
		}
	})
}

func TestPrivateMessageBothWays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, a := two(t)
		sent, err := a.Messages().SendFriend(t.Context(), bot, say("psst"))
		if err != nil {
			t.Fatal(err)
		}
		got := eventsOf[*event.Message](b)
		if len(got) != 1 {
			t.Fatalf("the bot got %d messages, want 1", len(got))
		}
		m := got[0]
		if m.Chat.Kind != message.Friend || m.Chat.Peer != alice || m.Sequence != sent.Sequence ||
			m.ClientSequence != sent.ClientSequence || m.Random != sent.Random || text(m.Message) != "psst" {
			t.Errorf("received %+v, sent %+v", m.Message, sent)
		}
		if _, err := b.Messages().SendFriend(t.Context(), alice, message.Content{
			&message.ReplySegment{Sequence: m.Sequence, ClientSequence: m.ClientSequence, SenderUIN: alice, Time: m.Time, Random: m.Random},
			message.Text("heard"),
		}); err != nil {
			t.Fatal(err)
		}
		answers := eventsOf[*event.Message](a)
		last := answers[len(answers)-1]
		quote, ok := last.Content[0].(*message.ReplySegment)
		if !ok || quote.ClientSequence != sent.ClientSequence || text(last.Message) != "heard" {
			t.Errorf("answer %+v", last.Content)
		}
		// A private message is not echoed by the server; the client reports it itself.
		if own := answers[0]; !own.Self || own.Chat.Peer != bot || own.Sequence != sent.Sequence {
			t.Errorf("own message %+v", own.Message)
		}
	})
}

func TestRecallBothWays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, a := two(t)
		inGroup, err := a.Messages().SendGroup(t.Context(), group, say("oops"))
		if err != nil {
			t.Fatal(err)
		}
		private, err := a.Messages().SendFriend(t.Context(), bot, say("oops again"))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []*message.Message{inGroup, private} {
			if err := a.Messages().Recall(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		got := eventsOf[*event.MessageRecalled](b)
		if len(got) != 2 {
			t.Fatalf("the bot saw %d recalls, want 2", len(got))
		}
		if g := got[0]; g.Chat.Group != group || g.Sequence != inGroup.Sequence || g.Author.UIN != alice || g.Operator.UIN != alice {
			t.Errorf("group recall %+v", g)
		}
		if p := got[1]; p.Chat.Peer != alice || p.ClientSequence != private.ClientSequence || p.Random != private.Random || p.Author.UIN != alice {
			t.Errorf("private recall %+v", p)
		}
		// Another member's message cannot be recalled by a plain member.
		own, err := a.Messages().SendGroup(t.Context(), group, say("stays"))
		if err != nil {
			t.Fatal(err)
		}
		var refused *ntqq.ServerError
		if err := b.Messages().Recall(t.Context(), own); !errors.As(err, &refused) {
			t.Errorf("recall of the owner's message: %v, want a ServerError", err)
		}
	})
}

func TestSendRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		if err := s.World().Members().Mute(group, bot, alice, 600); err != nil {
			t.Fatal(err)
		}
		var refused *ntqq.ServerError
		if _, err := b.Messages().SendGroup(t.Context(), group, say("x")); !errors.As(err, &refused) || refused.Code != 120 || !errors.Is(err, ntqq.ErrMuted) {
			t.Errorf("muted: %v, want code 120 and ErrMuted", err)
		}
		if _, err := b.Messages().SendGroup(t.Context(), 999, say("x")); !errors.Is(err, ntqq.ErrNoGroup) {
			t.Errorf("unknown group: %v, want ErrNoGroup", err)
		}
		if _, err := b.Messages().SendFriend(t.Context(), 99999, say("x")); !errors.Is(err, ntqq.ErrNoFriend) {
			t.Errorf("no friend: %v, want ErrNoFriend", err)
		}
		for _, empty := range []message.Content{nil, say(""), {message.Text(""), message.Text("")}} {
			if _, err := b.Messages().SendGroup(t.Context(), group, empty); !errors.Is(err, ntqq.ErrEmptyMessage) {
				t.Errorf("%v: %v, want ErrEmptyMessage", empty, err)
			}
		}
	})
}

func TestOrderIsKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		// The first message of a friend waits until it is known where the chat begins.
		for _, from := range []message.UIN{alice, bob} {
			s.World().Messages().Send(world.Send{From: from, To: bot, Parts: world.Text("first")}, nil)
		}
		want := b.texts()
		for i := range 500 {
			text := fmt.Sprint("message ", i)
			want = append(want, text)
			from := []message.UIN{alice, bob}[i%2]
			if i%10 == 9 {
				s.World().Messages().Send(world.Send{From: from, To: bot, Parts: world.Text(text)}, nil)
				continue
			}
			s.World().Messages().Send(world.Send{From: from, Group: group, Parts: world.Text(text)}, nil)
		}
		if got := b.texts(); !slices.Equal(got, want) {
			t.Errorf("got %d messages, want %d in order", len(got), len(want))
		}
	})
}

// A private message does not say its sender's name; the client knows it.
func TestPrivateSenderHasAName(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		s.World().Messages().Send(world.Send{From: bob, To: bot, Parts: world.Text("hi")}, nil)
		want, _ := s.World().Users().Find(bob)
		if got := eventsOf[*event.Message](b); len(got) != 1 || got[0].Sender.Nickname != want.Nickname {
			t.Errorf("got %+v, want one message from %s", got, want.Nickname)
		}
	})
}

// A handler may send: its own messages are reported without waiting for it.
func TestHandlerMaySend(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		var b *account
		b = s.account(t, nil, func(o *ntqq.Options) {
			keep := o.Handler
			o.Handler = func(e event.Event) {
				keep(e)
				if m, ok := e.(*event.Message); ok && !m.Self {
					if _, err := b.Messages().SendFriend(t.Context(), alice, say("re: "+text(m.Message))); err != nil {
						t.Error(err)
					}
				}
			}
		})
		b.until(ntqq.Online)
		for i := range 20 {
			s.World().Messages().Send(world.Send{From: alice, To: bot, Parts: world.Text(fmt.Sprint(i))}, nil)
		}
		if got := eventsOf[*event.Message](b); len(got) != 40 {
			t.Errorf("%d messages, want 20 received and 20 sent", len(got))
		}
	})
}

// A server that keeps the friend list back must not hold up the messages of people
// whose names would come from it.
func TestNamesDoNotHoldUpMessages(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		s.Faults().Mute(rpc.FriendList.Name, true)
		b := s.account(t, ks)
		b.until(ntqq.Online)
		const n = 20
		for range n {
			s.World().Messages().Send(world.Send{From: alice, To: bot, Parts: world.Text("hi")}, nil)
		}
		time.Sleep(30 * time.Second) // virtual
		if got := len(b.texts()); got != n {
			t.Errorf("%d messages after 30 s, want %d", got, n)
		}
	})
}

func TestHugeMessageIsNotSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, _ := two(t)
		before := b.Stats()
		_, err := b.Messages().SendGroup(t.Context(), group, say(strings.Repeat("x", 16<<20)))
		if !errors.Is(err, ntqq.ErrTooLarge) {
			t.Errorf("got %v, want ErrTooLarge", err)
		}
		if after := b.Stats(); after.PacketsSent != before.PacketsSent {
			t.Errorf("%d packets were sent, want none", after.PacketsSent-before.PacketsSent)
		}
	})
}

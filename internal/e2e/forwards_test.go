package e2e

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/internal/elements"
	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// chain is a forward with so many others within it, each in a node of the one before.
func chain(levels int, innermost message.Content) *message.ForwardSegment {
	f := message.Forward(message.Node{UIN: 30001, Name: "innermost", Time: 1700000000, Content: innermost})
	for i := range levels - 1 {
		f = message.Forward(message.Node{UIN: 30002, Name: fmt.Sprint("level ", i), Time: 1700000001, Content: message.Content{f}})
	}
	return f
}

// opened is what the receiver of a forward has of its nodes when it is opened: what the
// sender said. Pictures of authors and cards are made on the way.
func opened(nodes []message.Node) []message.Node {
	out := make([]message.Node, len(nodes))
	for i, n := range nodes {
		n.Avatar = ""
		n.Content = append(message.Content(nil), n.Content...)
		for j, seg := range n.Content {
			if f, ok := seg.(*message.ForwardSegment); ok {
				n.Content[j] = &message.ForwardSegment{Nodes: opened(f.Nodes)}
			}
		}
		out[i] = n
	}
	return out
}

// forwardIn is the forward that a message is.
func forwardIn(t *testing.T, m *message.Message) *message.ForwardSegment {
	t.Helper()
	if len(m.Content) == 1 {
		if f, ok := m.Content[0].(*message.ForwardSegment); ok {
			return f
		}
	}
	t.Fatalf("got %v, want a forward", m.Content)
	return nil
}

// TestForwards: a forward with others within it comes to the other account, in both kinds
// of chats, and is opened there with names, times and content as they were sent.
func TestForwards(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := two(t)
		quote := &message.ReplySegment{Sequence: 7, SenderUIN: 30001, SenderUID: "u_1", Time: 1700000000, Random: 9, Content: say("words")}
		nodes := []message.Node{
			{UIN: 30001, Name: "甲 & <乙>", Time: 1700000000, Group: group, Content: say("one\n\"two\"")},
			{UIN: 30002, Name: "丙", Time: 1700000001, Group: group, Content: message.Content{quote, message.Text("three")}},
			{UIN: 30003, Name: "", Time: 1700000002, Content: message.Content{message.Face(14), message.At(bot), message.AtAll()}},
			{UIN: 30004, Name: "丁", Time: 1700000003, Content: message.Content{chain(3, say("deep"))}},
			{UIN: 30005, Name: "戊", Time: 1700000004, Content: message.Content{message.Location(1.5, 2.5, "here", "there")}},
		}
		sent, err := a.Messages().SendGroup(t.Context(), group, message.Content{message.Forward(nodes...)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Messages().SendFriend(t.Context(), bot, message.Content{message.Forward(nodes...)}); err != nil {
			t.Fatal(err)
		}
		// What the client fills in.
		nodes[2].Name = "30003"
		at := *nodes[2].Content[1].(*message.AtSegment)
		got := eventsOf[*event.Message](b)
		if len(got) != 2 {
			t.Fatalf("the bot got %d messages, want 2", len(got))
		}
		for _, m := range got {
			f := forwardIn(t, m.Message)
			if len(f.ID) != 64 || f.Count != 5 || f.Summary != "查看5条转发消息" || f.Prompt != "[聊天记录]" || f.Source != "群聊的聊天记录" {
				t.Errorf("%s: the card shows %+v", m.Chat.Kind, f)
			}
			if diff := cmp.Diff([]string{"甲 & <乙>: one\n\"two\"", "丙: three", "30003: [表情]@" + b.Self().Nickname + "@全体成员", "丁: [聊天记录]"}, f.Preview); diff != "" {
				t.Errorf("%s: preview (-want +got):\n%s", m.Chat.Kind, diff)
			}
			received, err := b.Messages().Forward(t.Context(), f.ID)
			if err != nil {
				t.Fatal(err)
			}
			at.UID, at.Display = b.Self().UID, "@"+b.Self().Nickname
			all := &message.AtSegment{All: true, Display: message.AtAllText}
			nodes[2].Content = message.Content{message.Face(14), &at, all}
			if diff := cmp.Diff(opened(nodes), opened(received)); diff != "" {
				t.Errorf("%s: nodes (-sent +received):\n%s", m.Chat.Kind, diff)
			}
			if m.Chat.Kind == message.Group && f.ID != forwardIn(t, sent).ID {
				t.Errorf("sent %s, received %s", forwardIn(t, sent).ID, f.ID)
			}
			inner := received[3].Content[0].(*message.ForwardSegment)
			alone, err := b.Messages().Forward(t.Context(), inner.ID) // it lies there by itself, too
			if err != nil || len(alone) != 1 {
				t.Errorf("%s: the forward within: %v, %v", m.Chat.Kind, alone, err)
			}
		}
		kept := s.World().History().OfGroup(group, sent.Sequence, sent.Sequence)[0].Content()
		if f, ok := kept[0].(*message.ForwardSegment); !ok || f.ID != forwardIn(t, sent).ID || len(f.Preview) != 4 {
			t.Errorf("the sandbox keeps %v", kept)
		}
	})
}

// TestForwardOfID: one that exists is sent by its id alone; its card is made anew.
func TestForwardOfID(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, a := two(t)
		f := message.Forward(message.Node{UIN: 30001, Name: "甲", Content: say("one")}, message.Node{UIN: 30002, Name: "乙", Content: say("two")})
		ready, err := a.Messages().Prepare(t.Context(), message.Chat{}, message.Content{f})
		if err != nil {
			t.Fatal(err)
		}
		id := ready[0].(*message.ForwardSegment).ID
		if id == "" || f.ID != "" || f.Nodes[0].Time != 0 {
			t.Errorf("prepared %+v, the caller's is now %+v", ready[0], f)
		}
		if got := eventsOf[*event.Message](b); len(got) != 0 {
			t.Errorf("preparing sent %v", got)
		}
		for _, content := range []message.Content{{&message.ForwardSegment{ID: id}}, {message.Forward(message.Node{UIN: 1, Name: "x", Content: message.Content{&message.ForwardSegment{ID: id}}})}} {
			if _, err := a.Messages().SendGroup(t.Context(), group, content); err != nil {
				t.Fatal(err)
			}
		}
		got := eventsOf[*event.Message](b)
		if len(got) != 2 {
			t.Fatalf("got %d messages, want 2", len(got))
		}
		card := forwardIn(t, got[0].Message)
		if diff := cmp.Diff([]string{"甲: one", "乙: two"}, card.Preview); diff != "" || card.ID != id || card.Count != 2 {
			t.Errorf("got %+v\n%s", card, diff)
		}
		around, err := b.Messages().Forward(t.Context(), forwardIn(t, got[1].Message).ID)
		if err != nil {
			t.Fatal(err)
		}
		if inner, ok := around[0].Content[0].(*message.ForwardSegment); !ok || inner.ID != id || inner.Count != 2 {
			t.Errorf("within another one: got %+v", around[0].Content)
		}
	})
}

// TestForwardRefused: what cannot be sent or opened says why.
func TestForwardRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, _, a := two(t)
		many := make([]message.Node, message.MaxForwardNodes/2+1)
		for i := range many {
			many[i] = message.Node{UIN: 1, Name: "x", Content: say("x")}
		}
		around := message.Forward(append(many, message.Node{Content: message.Content{message.Forward(many...)}})...)
		own := message.Forward(message.Node{})
		own.Nodes[0].Content = message.Content{own}
		for what, f := range map[message.ForwardPart]*message.ForwardSegment{
			message.ForwardNodes: around, message.ForwardNesting: chain(message.MaxForwardDepth+1, say("x")),
		} {
			_, err := a.Messages().SendGroup(t.Context(), group, message.Content{f})
			var limit *message.ForwardLimitError
			if !errors.As(err, &limit) || limit.What != what || !errors.Is(err, ntqq.ErrTooLarge) {
				t.Errorf("%s: got %v", what, err)
			}
		}
		if _, err := a.Messages().SendGroup(t.Context(), group, message.Content{own}); !errors.Is(err, ntqq.ErrTooLarge) {
			t.Errorf("one that contains itself: got %v", err)
		}
		if _, err := a.Messages().SendGroup(t.Context(), group, message.Content{chain(message.MaxForwardDepth, say("x"))}); err != nil {
			t.Errorf("the deepest that is allowed: %v", err)
		}
		for _, id := range []string{"", "none", string(make([]byte, 2000))} {
			if _, err := a.Messages().Forward(t.Context(), id); !errors.Is(err, ntqq.ErrNoForward) || !errors.Is(err, ntqq.ErrNotFound) {
				t.Errorf("%.10q: got %v", id, err)
			}
		}
		if _, err := a.Messages().SendGroup(t.Context(), group, message.Content{&message.ForwardSegment{ID: "none"}}); !errors.Is(err, ntqq.ErrNoForward) {
			t.Errorf("one that does not exist: got %v", err)
		}
		if _, err := a.Messages().SendGroup(t.Context(), group, message.Content{&message.ForwardSegment{}}); err == nil {
			t.Error("an empty one was sent")
		}
	})
}

// TestForwardExpires: the service forgets a forward, the cache does not.
func TestForwardExpires(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := two(t)
		cache := &forwardCache{}
		c := s.account(t, nil, func(o *ntqq.Options) { o.Forwards = cache })
		c.wait("a QR code", func(st ntqq.State) bool { return st.QR != nil })
		if err := s.ApproveQR(s.PendingQR()[0].ID, bob); err != nil {
			t.Fatal(err)
		}
		c.until(ntqq.Online)
		ready, err := a.Messages().Prepare(t.Context(), message.Chat{}, message.Content{chain(2, say("x"))})
		if err != nil {
			t.Fatal(err)
		}
		id := ready[0].(*message.ForwardSegment).ID
		want, err := c.Messages().Forward(t.Context(), id)
		if err != nil || len(cache.kept) != 1 {
			t.Fatalf("got %v, %v, %d in the cache", want, err, len(cache.kept))
		}
		time.Sleep(3 * 24 * time.Hour)
		if _, err := b.Messages().Forward(t.Context(), id); !errors.Is(err, ntqq.ErrNoForward) {
			t.Errorf("without a cache: got %v", err)
		}
		got, err := c.Messages().Forward(t.Context(), id)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("with a cache: %v\n%s", err, diff)
		}
		cache.kept[id] = []byte("damaged")
		if _, err := c.Messages().Forward(t.Context(), id); !errors.Is(err, ntqq.ErrNoForward) {
			t.Errorf("with a damaged cache: got %v", err)
		}
		if _, err := c.Messages().Prepare(t.Context(), message.Chat{}, message.Content{chain(2, say("x"))}); err != nil || len(cache.kept) != 3 {
			t.Errorf("%v; %d in the cache, want those that were uploaded, too", err, len(cache.kept))
		}
	})
}

// TestForwardUploadLost: when the answer to the upload is lost the message has not been
// sent, whatever became of the upload.
func TestForwardUploadLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := two(t)
		s.Faults().Mute(rpc.SendLongMessage.Name, true)
		_, err := a.Messages().SendGroup(t.Context(), group, message.Content{chain(1, say("x"))})
		if !errors.Is(err, ntqq.ErrNotSent) || !errors.Is(err, ntqq.ErrTimeout) {
			t.Errorf("got %v", err)
		}
		s.Faults().Mute(rpc.SendLongMessage.Name, false)
		if _, err := a.Messages().SendGroup(t.Context(), group, message.Content{chain(1, say("x"))}); err != nil {
			t.Error(err)
		}
		if got := eventsOf[*event.Message](b); len(got) != 1 {
			t.Errorf("the bot got %d messages, want 1", len(got))
		}
	})
}

// TestForwardOfWorld: what the sandbox's people send without a client is written as the
// service writes it, each time the same.
func TestForwardOfWorld(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		nodes := []message.Node{{UIN: 30001, Name: "甲", Time: 1700000000, Content: say("a long text")}}
		payload, err := elements.EncodeForward(message.Forward(nodes...), elements.Scene{})
		if err != nil {
			t.Fatal(err)
		}
		id, err := s.World().Forwards().Keep(payload)
		if err != nil {
			t.Fatal(err)
		}
		f := &message.ForwardSegment{ID: id, Nodes: nodes}
		for _, seg := range []message.Segment{f, &message.LongMessageSegment{ID: id}} {
			m, err := s.World().Messages().Send(world.Send{From: alice, Group: group, Parts: world.Parts(seg)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			events := eventsOf[*event.Message](b)
			got := events[len(events)-1]
			want := message.Content{seg}
			if seg == message.Segment(f) {
				card := f.Card()
				card.Nodes, card.FileName = nil, forwardIn(t, got.Message).FileName
				if want[0] = card; card.FileName == "" {
					t.Error("the card has no file name")
				}
			}
			if diff := cmp.Diff(want, got.Content); diff != "" {
				t.Errorf("(-sent +received):\n%s", diff)
			}
			again, err := b.Messages().Get(t.Context(), message.Chat{Kind: message.Group, Group: group}, m.Sequence)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got.Content, again.Content); diff != "" {
				t.Errorf("in the history (-received +fetched):\n%s", diff)
			}
			opened, err := b.Messages().Forward(t.Context(), id)
			if err != nil || len(opened) != 1 || opened[0].Name != "甲" {
				t.Errorf("opened: %v, %v", opened, err)
			}
		}
	})
}

// forwardCache keeps forwards in memory.
type forwardCache struct{ kept map[string][]byte }

func (c *forwardCache) Forward(id string) ([]byte, error) { return c.kept[id], nil }

func (c *forwardCache) PutForward(id string, payload []byte) error {
	if c.kept == nil {
		c.kept = map[string][]byte{}
	}
	c.kept[id] = payload
	return nil
}

package e2e

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// spoken has 70 messages said in a group and in a private chat while the bot was not
// there yet, the third of which was taken back, and returns the bot.
func spoken(t *testing.T) (s *service, b *account, inGroup, private []*world.Message) {
	t.Helper()
	s = startService(t, sandbox.Options{AutoApprove: bot})
	w := s.World()
	for i := range 70 {
		for _, send := range []world.Send{{From: alice, Group: group}, {From: alice, To: bot}} {
			send.Parts = world.Text(fmt.Sprint(i))
			if i%7 == 6 && send.To != 0 {
				send.From, send.To = bot, alice
			}
			m, err := w.Messages().Send(send, nil)
			if err != nil {
				t.Fatal(err)
			}
			if send.Group != 0 {
				inGroup = append(inGroup, m)
			} else {
				private = append(private, m)
			}
		}
		time.Sleep(time.Second)
	}
	if err := w.Messages().RecallGroup(alice, group, inGroup[2].Sequence, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Messages().RecallFriend(alice, bot, private[2].ClientSequence, private[2].Random, private[2].Sequence, nil); err != nil {
		t.Fatal(err)
	}
	time.Sleep(48 * time.Hour) // too old to be caught up
	b = s.account(t, nil)
	b.until(ntqq.Online)
	return s, b, inGroup, private
}

// without leaves out the message that was taken back.
func without(said []*world.Message, first, last int) (texts []string) {
	for i := first; i <= last; i++ {
		if i != 2 {
			texts = append(texts, said[i].Text())
		}
	}
	return texts
}

func TestHistory(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, inGroup, private := spoken(t)
		for chat, said := range map[message.Chat][]*world.Message{
			{Kind: message.Group, Group: group}: inGroup,
			{Kind: message.Friend, Peer: alice}: private,
		} {
			for name, tt := range map[string]struct {
				q           ntqq.HistoryQuery
				first, last int
			}{
				"the newest":                   {ntqq.HistoryQuery{}, 50, 69},
				"the newest, more than a page": {ntqq.HistoryQuery{Count: 65}, 5, 69},
				"up to one":                    {ntqq.HistoryQuery{From: said[50].Sequence, Count: 40}, 11, 50},
				"up to one, to the beginning":  {ntqq.HistoryQuery{From: said[50].Sequence, Count: 100}, 0, 50},
				"from one on":                  {ntqq.HistoryQuery{From: said[10].Sequence, Count: 40, Newer: true}, 10, 49},
				"from one on, to the end":      {ntqq.HistoryQuery{From: said[10].Sequence, Count: 100, Newer: true}, 10, 69},
				"over the one taken back":      {ntqq.HistoryQuery{From: said[0].Sequence, Count: 3, Newer: true}, 0, 3},
			} {
				got, err := b.Messages().History(t.Context(), chat, tt.q)
				if err != nil {
					t.Errorf("%v, %s: %v", chat.Kind, name, err)
					continue
				}
				var texts []string
				for _, m := range got {
					texts = append(texts, text(m))
				}
				if want := without(said, tt.first, tt.last); !slices.Equal(texts, want) {
					t.Errorf("%v, %s: got %v, want %v", chat.Kind, name, texts, want)
				}
			}
			m, err := b.Messages().Get(t.Context(), chat, said[6].Sequence)
			if err != nil || text(m) != "6" || m.Time != said[6].Time || m.Self != (chat.Kind == message.Friend) || m.Sender.Nickname == "" {
				t.Errorf("%v: one message: got %+v, %v", chat.Kind, m, err)
			}
			if _, err := b.Messages().Get(t.Context(), chat, said[2].Sequence); !errors.Is(err, ntqq.ErrNoMessage) {
				t.Errorf("%v: the one taken back: got %v, want %v", chat.Kind, err, ntqq.ErrNoMessage)
			}
		}
		for newer, want := range map[bool][]string{false: {"29", "30"}, true: {"30", "31"}} {
			q := ntqq.HistoryQuery{Time: private[30].Time, Count: 2, Newer: newer}
			got, err := b.Messages().History(t.Context(), message.Chat{Kind: message.Friend, Peer: alice}, q)
			if err != nil || len(got) != 2 || text(got[0]) != want[0] || text(got[1]) != want[1] {
				t.Errorf("by time, newer %t: got %d messages, %v; want %v", newer, len(got), err, want)
			}
		}
		if got := eventsOf[*event.Message](b); len(got) != 0 {
			t.Errorf("%d messages of the history became events", len(got))
		}
		_, err := b.Messages().History(t.Context(), message.Chat{Kind: message.Group, Group: 1}, ntqq.HistoryQuery{})
		if !errors.Is(err, ntqq.ErrNoGroup) {
			t.Errorf("a group that the account is not in: got %v", err)
		}
		_, err = b.Messages().History(t.Context(), message.Chat{Kind: message.Friend, Peer: 99}, ntqq.HistoryQuery{})
		if !errors.Is(err, ntqq.ErrNoFriend) {
			t.Errorf("somebody who is no friend: got %v", err)
		}
	})
}

// TestHistoryIsNoProgress: what was missed comes all the same, once, after the history
// was read.
func TestHistoryIsNoProgress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		keystore, progress := &ntqq.MemoryKeystore{}, &memoryProgress{}
		o := func(o *ntqq.Options) { o.Progress = progress }
		b := s.account(t, keystore, o)
		b.until(ntqq.Online)
		say := func(text string) {
			t.Helper()
			if _, err := s.World().Messages().Send(world.Send{From: alice, Group: group, Parts: world.Text(text)}, nil); err != nil {
				t.Fatal(err)
			}
		}
		say("first")
		time.Sleep(10 * time.Second)
		b.stop()
		say("missed")
		b = s.account(t, keystore, o)
		b.wait("online", ntqq.State.Online)
		if _, err := b.Messages().History(t.Context(), message.Chat{Kind: message.Group, Group: group}, ntqq.HistoryQuery{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		say("last")
		if got, want := b.texts(), []string{"missed", "last"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestHistoryNames: people of fetched messages are known as those of pushed ones.
func TestHistoryNames(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := two(t)
		sent, err := a.Messages().SendGroup(t.Context(), group, message.Content{message.At(bob), message.Text(" look")})
		if err != nil {
			t.Fatal(err)
		}
		reply, err := a.Messages().SendGroup(t.Context(), group, message.Content{message.ReplyTo(sent), message.Text("again")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Messages().SendFriend(t.Context(), bot, say("hi")); err != nil {
			t.Fatal(err)
		}
		pushed := eventsOf[*event.Message](b)
		b.stop()
		b = s.account(t, nil)
		b.wait("a QR code", func(st ntqq.State) bool { return st.QR != nil })
		if err := s.ApproveQR(s.PendingQR()[0].ID, bot); err != nil {
			t.Fatal(err)
		}
		b.until(ntqq.Online)
		for _, want := range pushed {
			got, err := b.Messages().Get(t.Context(), want.Chat, want.Sequence)
			if err != nil {
				t.Fatal(err)
			}
			if !sameMessage(got, want.Message) {
				t.Errorf("fetched\n%+v\npushed\n%+v", got, want.Message)
			}
		}
		if len(pushed) != 3 || pushed[1].Sequence != reply.Sequence {
			t.Errorf("got %d messages", len(pushed))
		}
	})
}

func sameMessage(a, b *message.Message) bool {
	x, y := *a, *b
	x.Content, y.Content, x.Raw, y.Raw = nil, nil, nil, nil
	return fmt.Sprint(x) == fmt.Sprint(y) && cmp.Equal(a.Content, b.Content)
}

func TestReadMarks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, inGroup, private := spoken(t)
		reads := s.World().Messages()
		check := func(group_, private uint64) {
			t.Helper()
			if g, p := reads.ReadUpTo(group, bot), reads.PrivateReadUpTo(bot, alice); g != group_ || p != private {
				t.Errorf("read up to %d in the group and %d in the private chat, want %d and %d", g, p, group_, private)
			}
		}
		groupChat, privateChat := message.Chat{Kind: message.Group, Group: group}, message.Chat{Kind: message.Friend, Peer: alice}
		for _, m := range []*message.Message{
			{Chat: groupChat, Sequence: inGroup[5].Sequence}, {Chat: privateChat, Sequence: private[5].Sequence, Time: private[5].Time},
		} {
			if err := b.Messages().MarkRead(t.Context(), m); err != nil {
				t.Error(err)
			}
		}
		check(inGroup[5].Sequence, private[5].Sequence)
		if err := b.Messages().MarkRead(t.Context(), &message.Message{Chat: groupChat}); err == nil {
			t.Error("a message without a sequence was marked as read")
		}
		for _, chat := range []message.Chat{groupChat, privateChat} {
			if err := b.Messages().MarkChatRead(t.Context(), chat); err != nil {
				t.Error(err)
			}
		}
		check(inGroup[69].Sequence, private[69].Sequence)
	})
}

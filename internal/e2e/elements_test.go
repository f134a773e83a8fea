package e2e

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// element is a part of a message that the library does not make, as another client sends
// it.
func element(t *testing.T, e *messagepb.Elem) *message.UnknownSegment {
	t.Helper()
	raw, err := pb.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return &message.UnknownSegment{Element: "of another client", Raw: raw}
}

// oldDie is a die as clients before NT send it, with its text.
func oldDie(t *testing.T) message.Content {
	return message.Content{
		element(t, &messagepb.Elem{MarketFace: &messagepb.MarketFace{
			Summary: proto.String("[随机骰子]"), FaceId: []byte("\x48\x23\xd3\xad\xb1\x5d\xf0\x80\x14\xce\x5d\x67\x96\xb7\x6e\xe1"),
			TabId: proto.Uint32(11464), MobileParam: []byte("rscType?1;value=3"),
		}}),
		message.Text("[随机骰子]"),
	}
}

// flashTransfer is the card of a flash transfer with what follows it.
func flashTransfer(t *testing.T, content string) message.Content {
	raw, err := pb.Marshal(&messagepb.MarkdownElem{Content: content})
	if err != nil {
		t.Fatal(err)
	}
	return message.Content{
		element(t, &messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: 45, PbElem: raw, BusinessType: proto.Uint32(3)}}),
		message.Text("请使用最新版手机QQ查看"), element(t, &messagepb.Elem{GeneralFlags: &messagepb.GeneralFlags{PbReserve: []byte{8, 1}}}),
	}
}

// relayed sends content from a to the group and to the bot b. Both of b's messages and
// what the sandbox keeps have to be want. It returns b's message in the group.
func relayed(t *testing.T, s *service, a, b *account, name string, content, want message.Content) *message.Message {
	t.Helper()
	sent, err := a.Messages().SendGroup(t.Context(), group, content)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if _, err := a.Messages().SendFriend(t.Context(), bot, content); err != nil {
		t.Fatalf("%s to a friend: %v", name, err)
	}
	got := eventsOf[*event.Message](b)
	if len(got) < 2 {
		t.Fatalf("%s: the bot got %d messages, want 2", name, len(got))
	}
	got = got[len(got)-2:]
	for _, m := range got {
		if diff := cmp.Diff(want, m.Content); diff != "" {
			t.Errorf("%s in a %s chat (-sent +received):\n%s", name, m.Chat.Kind, diff)
		}
	}
	kept := s.World().History().OfGroup(group, sent.Sequence, sent.Sequence)
	if len(kept) != 1 {
		t.Fatalf("%s: the sandbox has %d messages", name, len(kept))
	}
	if diff := cmp.Diff(want, kept[0].Content()); diff != "" {
		t.Errorf("%s in the sandbox (-sent +kept):\n%s", name, diff)
	}
	return got[0].Message
}

// TestElements: each segment without a file and without a card comes to the other account
// as it was sent, in both kinds of chats, and lies in the sandbox as people see it there.
// So does what only other clients send. TestFacesAreCompleted has the faces.
func TestElements(t *testing.T) {
	sticker := message.MarketFace("db87f7c7f2ea26a26f67394ed6a1f042", 231182, "[shop face]")
	sticker.Key, sticker.Width, sticker.Height = "0123456789abcdef", 200, 300
	poke := message.Poke(3)
	poke.Strength = 2
	special := message.SpecialPoke(12)
	special.Count, special.Title = 4, "钞票"
	keyboard := message.Keyboard(message.KeyboardRow{Buttons: []message.KeyboardButton{{
		ID: "1", Label: "好", VisitedLabel: "好了", Style: 1, Action: 2, Permission: 3, Roles: []string{"r"}, Users: []string{"u"},
		Unsupported: "no", Data: "/yes", Reply: true, Enter: true,
	}, {ID: "2"}}})
	keyboard.BotAppID = 102000000
	flash := "[闪传](mqqapi://markdown/node?nodeType=richui&json=" + url.QueryEscape(
		`{"attributes":{"attributes":[{"viewId":"file","schema":"mqqapi://x?fileset_id=set-1&scene_type=103","attributes":[{"viewId":"title","text":"a.zip"}]}]}}`) + ")"
	bubble(t, func(t *testing.T) {
		s, b, a := two(t)
		for name, tt := range map[string]struct{ sent, want message.Content }{
			"sticker":      {sent: message.Content{sticker}},
			"poke":         {sent: message.Content{poke}},
			"special poke": {sent: message.Content{special}},
			"markdown":     {sent: message.Content{message.Markdown("# a\n[b](c) 😀")}},
			"keyboard":     {sent: message.Content{message.Text("choose"), keyboard}},
			"old die": {sent: oldDie(t), want: message.Content{
				&message.FaceSegment{ID: message.FaceDice, Large: true, Result: 4, Text: "/骰子"}}},
			"red packet": {
				sent: message.Content{element(t, &messagepb.Elem{QqWalletMsg: &messagepb.QQWalletMsg{
					Body: &messagepb.QQWalletAioBody{Receiver: &messagepb.QQWalletAioElem{Title: "恭喜发财"}}}})},
				want: message.Content{&message.RedPacketSegment{Title: "恭喜发财"}}},
			"flash transfer": {sent: flashTransfer(t, flash), want: message.Content{
				&message.FlashFileSegment{Title: "a.zip", FileSet: "set-1", Scene: 103, Markdown: flash}}},
			"flash transfer that cannot be read": {sent: flashTransfer(t, "[闪传]"), want: message.Content{message.Markdown("[闪传]")}},
		} {
			want := tt.want
			if want == nil {
				want = tt.sent
			}
			m := relayed(t, s, a, b, name, tt.sent, want)
			// The quote of it shows it, too, and can be answered.
			if _, err := b.Messages().SendGroup(t.Context(), group, message.Content{message.ReplyTo(m), message.Text("seen")}); err != nil {
				t.Errorf("%s quoted: %v", name, err)
				continue
			}
			all := eventsOf[*event.Message](a)
			quote, ok := all[len(all)-1].Content[0].(*message.ReplySegment)
			if !ok || quote.Sequence != m.Sequence || name != "red packet" && !cmp.Equal(want, quote.Content) {
				t.Errorf("%s quoted: got %+v", name, all[len(all)-1].Content)
			}
		}
	})
}

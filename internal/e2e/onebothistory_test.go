package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq"
	"libration/ntqq/message"
	"libration/onebot"
	"libration/sandbox"
	"libration/sandbox/world"
)

// told is a message as bots read it.
type told struct {
	ID       int32  `json:"message_id"`
	Sequence uint64 `json:"message_seq"`
	Time     int64  `json:"time"`
	PostType string `json:"post_type"`
	SelfID   uint64 `json:"self_id"`
	Kind     string `json:"message_type"`
	User     uint64 `json:"user_id"`
	Group    uint64 `json:"group_id"`
	Raw      string `json:"raw_message"`
	Sender   struct {
		Nickname string `json:"nickname"`
	} `json:"sender"`
}

// old has a program that has just come online to chats with 70 messages each.
type old struct {
	*program
	t       *testing.T
	group   []*world.Message
	private []*world.Message
}

func newOld(t *testing.T) *old {
	t.Helper()
	p, err := newProgram(t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.end(); err != nil {
			t.Error(err)
		}
	})
	if err := p.thief.Close(); err != nil { // the port is free
		t.Fatal(err)
	}
	o := &old{program: p, t: t}
	for i := range 70 {
		o.group = append(o.group, o.send(world.Send{From: alice, Group: group, Parts: world.Text(fmt.Sprint("group ", i))}))
		o.private = append(o.private, o.send(world.Send{From: alice, To: bot, Parts: world.Text(fmt.Sprint("private ", i))}))
		time.Sleep(time.Second)
	}
	time.Sleep(48 * time.Hour) // too old to be caught up
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	if err := p.ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *old) send(s world.Send) *world.Message {
	o.t.Helper()
	m, err := o.box.World().Messages().Send(s, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return m
}

// do calls an action over HTTP that must work, and reads its data into to.
func (o *old) do(to any, action string, params map[string]any) {
	o.t.Helper()
	answer, ok, err := o.call(o.t.Context(), action, params)
	if err != nil || !ok {
		o.t.Fatalf("%s %v: %s, %v", action, params, answer, err)
	}
	if err := json.Unmarshal(answer, &struct{ Data any }{to}); err != nil {
		o.t.Fatalf("%s %v: %s, %v", action, params, answer, err)
	}
}

func (o *old) page(action string, params map[string]any) (texts []string, page []told) {
	o.t.Helper()
	var data struct{ Messages []told }
	o.do(&data, action, params)
	for _, m := range data.Messages {
		texts = append(texts, m.Raw)
	}
	return texts, data.Messages
}

// TestHistoryOverHTTP pages through chats in both orders, and uses the ids on the pages.
func TestHistoryOverHTTP(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := newOld(t)
		for action, chat := range map[string]struct {
			name string
			id   map[string]any
			said []*world.Message
		}{
			"get_group_msg_history":  {"group", map[string]any{"group_id": group}, o.group},
			"get_friend_msg_history": {"private", map[string]any{"user_id": alice}, o.private},
		} {
			with := func(more ...any) map[string]any {
				params := map[string]any{}
				for k, v := range chat.id {
					params[k] = v
				}
				for i := 0; i < len(more); i += 2 {
					params[more[i].(string)] = more[i+1]
				}
				return params
			}
			want := func(name string, got []string, first, last int) {
				t.Helper()
				var texts []string
				for i := first; i <= last; i++ {
					texts = append(texts, fmt.Sprint(chat.name, " ", i))
				}
				if !slices.Equal(got, texts) {
					t.Errorf("%s, %s: got %v, want %d to %d", action, name, got, first, last)
				}
			}
			texts, newest := o.page(action, with())
			want("nothing given", texts, 50, 69)
			m := newest[0]
			if m.ID == 0 || m.Sequence != chat.said[50].Sequence || m.PostType != "message" || m.SelfID != uint64(bot) || m.Sender.Nickname == "" {
				t.Errorf("%s: got %+v, want an event", action, m)
			}
			for name, first := range map[string]map[string]any{
				"message_id":                  with("message_id", m.ID, "count", 40),
				"message_seq, an id":          with("message_seq", m.ID, "count", 40),
				"message_seq, a number":       with("message_seq", m.Sequence, "count", 40),
				"message_seq, a text":         with("message_seq", fmt.Sprint(m.Sequence), "count", "40"),
				"both the same":               with("message_id", m.ID, "message_seq", m.ID, "count", 40),
				"reverse_order":               with("message_id", m.ID, "count", 40, "reverse_order", true),
				"no id, and a number":         with("message_id", 0, "message_seq", m.Sequence, "count", 40),
				"both a number, as one sends": with("message_id", m.Sequence, "message_seq", m.Sequence, "count", 40),
			} {
				texts, _ := o.page(action, first)
				want(name, texts, 11, 50)
			}
			texts, page := o.page(action, with("message_id", m.ID, "count", 1000))
			want("to the beginning", texts, 0, 50)
			texts, _ = o.page(action, with("message_id", page[5].ID, "count", 40, "reverseOrder", false))
			want("newer ones", texts, 5, 44)
			texts, _ = o.page(action, with("message_id", page[5].ID, "count", 1000, "reverse_order", "false"))
			want("newer ones, to the end", texts, 5, 69)

			// What was on a page can be used.
			var got told
			o.do(&got, "get_msg", map[string]any{"message_id": page[7].ID})
			if got != page[7] {
				t.Errorf("get_msg: got %+v, want %+v", got, page[7])
			}
			reply := []map[string]any{{"type": "reply", "data": map[string]any{"id": page[7].ID}}, {"type": "text", "data": map[string]any{"text": "late"}}}
			o.do(nil, "send_msg", with("message", reply))
			sent := o.box.World().History().Newest(groupOf(chat.id), bot, alice, 1)[0].Content()
			if quote, ok := sent[0].(*message.ReplySegment); !ok || quote.Sequence != chat.said[7].Sequence {
				t.Errorf("%s: sent %v, want a quote of message 7", action, sent)
			}
			for name, wrong := range map[string]map[string]any{
				"MESSAGE_NOT_FOUND": with("message_id", 77),
				"BAD_PARAMS":        with("message_id", "x"),
			} {
				if answer, ok, _ := o.call(t.Context(), action, wrong); ok || !strings.Contains(string(answer), name) {
					t.Errorf("%s %v: got %s, want %s", action, wrong, answer, name)
				}
			}
		}
		// An id of one chat is none of the other.
		_, page := o.page("get_group_msg_history", map[string]any{"group_id": group})
		if answer, ok, _ := o.call(t.Context(), "get_friend_msg_history", map[string]any{"user_id": alice, "message_id": page[0].ID}); ok {
			t.Errorf("a message of another chat: got %s", answer)
		}
		if got := o.messages(eventPaths[0]); len(got) != 0 {
			t.Errorf("%d messages of the history became events", len(got))
		}
	})
}

func groupOf(id map[string]any) message.GroupCode {
	code, _ := id["group_id"].(message.GroupCode)
	return code
}

// messages are the messages that came as events.
func (o *old) messages(path string) (all []told) {
	o.mobile.mu.Lock()
	defer o.mobile.mu.Unlock()
	for _, frame := range o.mobile.frames[path] {
		var m told
		if json.Unmarshal(frame, &m) == nil && m.ID != 0 && m.Raw != "" {
			all = append(all, m)
		}
	}
	return all
}

// TestQuoteOfAnOldMessage: who gets a quote of a message from before there was a bot
// asks for it by its id, as NoneBot does for each quote.
func TestQuoteOfAnOldMessage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := newOld(t)
		for name, tt := range map[string]struct {
			send world.Send
			old  *world.Message
		}{
			"group":   {world.Send{From: bob, Group: group}, o.group[3]},
			"private": {world.Send{From: alice, To: bot}, o.private[3]},
		} {
			tt.send.Parts = world.Parts(&message.ReplySegment{
				Sequence: tt.old.Sequence, ClientSequence: tt.old.ClientSequence, SenderUIN: alice, SenderUID: tt.old.Sender.UID,
				Time: tt.old.Time, Random: tt.old.Random,
			}, message.Text("remember?"))
			o.send(tt.send)
			frames, err := o.mobile.await(t.Context(), eventPaths[0], func(frame []byte) bool {
				return strings.Contains(string(frame), "remember?") && strings.Contains(string(frame), `"message_type":"`+name)
			})
			if err != nil {
				t.Fatal(err)
			}
			var event struct {
				Message []struct {
					Type string
					Data struct{ ID string }
				}
			}
			if err := json.Unmarshal(frames[len(frames)-1], &event); err != nil || len(event.Message) == 0 || event.Message[0].Type != "reply" {
				t.Fatalf("%s: got %s, %v; want a quote", name, frames[len(frames)-1], err)
			}
			id := event.Message[0].Data.ID
			for range 2 { // fetched, then stored
				var got told
				o.do(&got, "get_msg", map[string]any{"message_id": id})
				if got.Raw != tt.old.Text() || fmt.Sprint(got.ID) != id || got.Time != tt.old.Time || got.User != uint64(alice) || got.Kind != name {
					t.Errorf("%s: got %+v, want %q", name, got, tt.old.Text())
				}
			}
		}
		// By chat and number, without an id.
		for name, params := range map[string]map[string]any{
			"group 9":   {"group_id": group, "message_seq": o.group[9].Sequence},
			"private 9": {"user_id": alice, "message_seq": o.private[9].Sequence},
		} {
			var got told
			if o.do(&got, "get_msg", params); got.Raw != name || got.ID == 0 {
				t.Errorf("%v: got %+v, want %q", params, got, name)
			}
		}
		for _, params := range []map[string]any{{"group_id": group, "message_seq": 999}, {"message_id": 12345}} {
			if answer, ok, _ := o.call(t.Context(), "get_msg", params); ok || !strings.Contains(string(answer), "MSG_NOT_FOUND") {
				t.Errorf("%v: got %s", params, answer)
			}
		}
	})
}

// TestQuoteByTheSendersNumber: older clients quote a private message by the number that
// its sender gave it, and by nothing else.
func TestQuoteByTheSendersNumber(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := newOld(t)
		m := o.private[3]
		o.send(world.Send{From: alice, To: bot, Parts: world.Parts(
			&message.ReplySegment{ClientSequence: m.ClientSequence, SenderUIN: alice, Time: m.Time}, message.Text("remember?"),
		)})
		frames, err := o.mobile.await(t.Context(), eventPaths[0], has("remember?"))
		if err != nil {
			t.Fatal(err)
		}
		_, id, _ := strings.Cut(string(frames[len(frames)-1]), `[CQ:reply,id=`)
		id, _, _ = strings.Cut(id, "]")
		var got told
		o.do(&got, "get_msg", map[string]any{"message_id": id})
		if got.Raw != "private 3" || got.Sequence != m.Sequence {
			t.Errorf("got %+v, want the quoted message", got)
		}
	})
}

// TestMarkAsRead marks chats as read in all ways.
func TestMarkAsRead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := newOld(t)
		reads := o.box.World().Messages()
		_, inGroup := o.page("get_group_msg_history", map[string]any{"group_id": group})
		_, private := o.page("get_friend_msg_history", map[string]any{"user_id": alice})
		for _, tt := range []struct {
			action         string
			params         map[string]any
			group, private int // of the pages; -1: not at all
		}{
			{"mark_msg_as_read", map[string]any{"message_id": inGroup[3].ID}, 3, -1},
			{"mark_msg_as_read", map[string]any{"message_id": private[4].ID}, 3, 4},
			{"mark_group_msg_as_read", map[string]any{"message_id": inGroup[5].ID}, 5, 4},
			{"mark_private_msg_as_read", map[string]any{"message_id": private[6].ID}, 5, 6},
			{"mark_group_msg_as_read", map[string]any{"group_id": group}, 19, 6},
			{"mark_private_msg_as_read", map[string]any{"user_id": alice}, 19, 19},
		} {
			o.do(nil, tt.action, tt.params)
			var g, p uint64
			if g = inGroup[tt.group].Sequence; tt.private >= 0 {
				p = private[tt.private].Sequence
			}
			if a, b := reads.ReadUpTo(group, bot), reads.PrivateReadUpTo(bot, alice); a != g || b != p {
				t.Errorf("%s %v: read up to %d and %d, want %d and %d", tt.action, tt.params, a, b, g, p)
			}
		}
		for params, want := range map[string]string{`{}`: "BAD_PARAMS", `{"message_id":5}`: "MESSAGE_NOT_FOUND", `{"group_id":5}`: "GROUP_NOT_FOUND", `{"user_id":5}`: "FRIEND_NOT_FOUND"} {
			var p map[string]any
			if err := json.Unmarshal([]byte(params), &p); err != nil {
				t.Fatal(err)
			}
			if answer, ok, _ := o.call(t.Context(), "mark_msg_as_read", p); ok || !strings.Contains(string(answer), want) {
				t.Errorf("%s: got %s, want %s", params, answer, want)
			}
		}
	})
}

// TestHistoryOfLargeCards: a page is cut off behind about 16 MiB, at the end that is
// furthest from where it begins.
func TestHistoryOfLargeCards(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		card := message.LightApp(`{"app":"x","a":"` + strings.Repeat(`\\\"`, 220<<10) + `"}`) // twice that as JSON, twice
		for range 20 {
			if _, err := s.World().Messages().Send(world.Send{From: alice, Group: group, Parts: world.Parts(card)}, nil); err != nil {
				t.Fatal(err)
			}
		}
		b := s.account(t, nil)
		b.until(ntqq.Online)
		call := b.oneBot(onebot.English)
		for params, last := range map[string]bool{``: true, `,"message_seq":1,"reverse_order":false`: false, `,"message_seq":20`: true} {
			answer := call("get_group_msg_history", fmt.Sprintf(`{"group_id":%d,"count":100%s}`, group, params)).AppendJSON(nil)
			var page struct{ Data struct{ Messages []told } }
			if err := json.Unmarshal(answer, &page); err != nil {
				t.Fatalf("%.300s: %v", answer, err)
			}
			found := page.Data.Messages
			n := len(found)
			if n < 2 || n > 12 || len(answer) > 24<<20 || found[0].Sequence+uint64(n)-1 != found[n-1].Sequence ||
				last && found[n-1].Sequence != 20 || !last && found[0].Sequence != 1 {
				t.Errorf("%s: got %d messages, %d bytes, from %d to %d", params, n, len(answer), found[0].Sequence, found[max(0, n-1)].Sequence)
			}
		}
	})
}

// TestForwardSingle: a message is sent again to another chat, also one that the program
// has to fetch, and what it does not understand of it byte for byte.
func TestForwardSingle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		unknown := &message.UnknownSegment{Element: "common_elem 999/0", Raw: []byte{0xAA, 0x03, 0x03, 0x08, 0xE7, 0x07}}
		old, err := s.World().Messages().Send(world.Send{From: alice, Group: group, Parts: world.Parts(
			&message.ReplySegment{Sequence: 1, SenderUIN: bob, Time: 1}, &message.AtSegment{UIN: bot, Display: "@Bot"}, message.Text(" see "), message.Face(14), unknown,
		)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(48 * time.Hour)
		b := s.account(t, nil)
		b.until(ntqq.Online)
		call := b.oneBot(onebot.English)
		page := call("get_group_msg_history", fmt.Sprintf(`{"group_id":%d}`, group))
		var history struct{ Data struct{ Messages []told } }
		if err := json.Unmarshal(page.AppendJSON(nil), &history); err != nil || len(history.Data.Messages) != 1 {
			t.Fatalf("got %s, %v", page.AppendJSON(nil), err)
		}
		id := history.Data.Messages[0].ID
		for action, to := range map[string]struct {
			params string
			group  message.GroupCode
			same   bool
		}{
			"forward_friend_single_msg": {fmt.Sprintf(`"user_id":%d`, alice), 0, false},
			"forward_group_single_msg":  {fmt.Sprintf(`"group_id":%d`, group), group, true},
		} {
			if r := call(action, fmt.Sprintf(`{"message_id":%d,%s}`, id, to.params)); r.Status != onebot.StatusOK || !strings.Contains(string(r.AppendJSON(nil)), `"message_id":`) {
				t.Fatalf("%s: got %s", action, r.AppendJSON(nil))
			}
			got := s.World().History().Newest(to.group, bot, alice, 1)[0].Content()
			want := message.Content{message.Text("@Bot see "), message.Face(14), unknown}
			if to.same {
				want = old.Content()
			}
			if names(got) != names(want) || !cmp.Equal(got[len(got)-1], want[len(want)-1]) {
				t.Errorf("%s: sent %s, want %s: %s", action, names(got), names(want), cmp.Diff(got[len(got)-1], want[len(want)-1]))
			}
		}
		if r := call("forward_friend_single_msg", fmt.Sprintf(`{"message_id":5,"user_id":%d}`, alice)); r.Msg != "MESSAGE_NOT_FOUND" {
			t.Errorf("a message that is not there: got %+v", r)
		}
	})
}

// names lists the segments of content; texts say what they say.
func names(content message.Content) string {
	var all []string
	for _, s := range content {
		if x, ok := s.(*message.TextSegment); ok {
			all = append(all, x.Text)
		} else {
			all = append(all, "<"+s.Name()+">")
		}
	}
	return strings.Join(all, "")
}

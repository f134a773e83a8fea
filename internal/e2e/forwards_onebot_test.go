package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/internal/config"
	"libration/ntqq/message"
	"libration/sandbox"
)

// talker is one of two programs on one sandbox.
type talker struct {
	*program
	t *testing.T
}

// twoPrograms are the programs of the bot and of Alice.
func twoPrograms(t *testing.T) (b, a *talker) {
	t.Helper()
	p, err := newProgram(t.TempDir(), 1, func(o *sandbox.Options) { o.AutoApprove = 0 })
	if err != nil {
		t.Fatal(err)
	}
	if err := p.thief.Close(); err != nil { // the port is free
		t.Fatal(err)
	}
	c := *p.config
	c.Data = t.TempDir()
	c.OneBot.Connections = []config.Connection{{Type: config.HTTP, Address: "127.0.0.1:0", AccessToken: token}}
	c.OneBot.LongText = config.LongTextForward
	other := &program{box: p.box, log: &logRecord{}, mobile: newListeningBot(), config: &c, net: p.net, client: p.client, ctx: p.ctx, cancel: func() {}}
	b, a = &talker{p, t}, &talker{other, t}
	t.Cleanup(func() {
		if err := other.end(); err != nil {
			t.Error(err)
		}
		if err := p.end(); err != nil {
			t.Error(err)
		}
	})
	b.logIn(bot)
	a.logIn(alice)
	return b, a
}

func (p *talker) logIn(uin message.UIN) {
	p.t.Helper()
	p.starts(func() {
		for len(p.box.PendingQR()) == 0 {
			time.Sleep(time.Second)
		}
		if err := p.box.ApproveQR(p.box.PendingQR()[0].ID, uin); err != nil {
			p.t.Fatal(err)
		}
	})
}

func (p *talker) starts(then func()) {
	p.t.Helper()
	if err := p.start(); err != nil {
		p.t.Fatal(err)
	}
	then()
	if err := p.ready(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// stops stops the program alone.
func (p *talker) stops() {
	p.t.Helper()
	last := len(p.ending) - 1
	stop := p.ending[last]
	p.ending = p.ending[:last]
	if err := stop(); err != nil {
		p.t.Fatal(err)
	}
}

// does calls an action over HTTP that must work, and returns its data.
func (p *talker) does(action, params string) json.RawMessage {
	p.t.Helper()
	answer, ok, err := p.asks(action, params)
	if err != nil || !ok {
		p.t.Fatalf("%s %.500s: %.500s, %v", action, params, answer, err)
	}
	var envelope struct{ Data json.RawMessage }
	if err := json.Unmarshal(answer, &envelope); err != nil {
		p.t.Fatal(err)
	}
	return envelope.Data
}

func (p *talker) asks(action, params string) (answer []byte, ok bool, err error) {
	var values map[string]any
	if err := json.Unmarshal([]byte(params), &values); err != nil {
		return nil, false, err
	}
	return p.call(p.t.Context(), action, values)
}

// hears returns the last of the bot's events with this text in it.
func (p *talker) hears(text string) (e struct {
	ID      int32           `json:"message_id"`
	Message json.RawMessage `json:"message"`
	Raw     string          `json:"raw_message"`
}) {
	p.t.Helper()
	frames, err := p.mobile.await(p.t.Context(), "/ws", func(frame []byte) bool { return strings.Contains(string(frame), text) })
	if err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal(frames[len(frames)-1], &e); err != nil {
		p.t.Fatal(err)
	}
	return e
}

type sentForward struct {
	MessageID int32  `json:"message_id"`
	ForwardID string `json:"forward_id"`
	ResID     string `json:"res_id"`
}

func (p *talker) sends(action, params string) (f sentForward) {
	p.t.Helper()
	if err := json.Unmarshal(p.does(action, params), &f); err != nil || f.ForwardID == "" || f.ForwardID != f.ResID {
		p.t.Fatalf("%s: got %+v, %v", action, f, err)
	}
	return f
}

// opens returns a forward as lines "who (number): segments", after both forms of it were
// compared, and the ids of the forwards within it.
func (p *talker) opens(id any) (lines, within []string) {
	p.t.Helper()
	var data struct {
		Message []struct {
			Type string
			Data struct {
				User     string `json:"user_id"`
				Nickname string
				Time     string
				Content  []part
			}
		}
		Messages []struct {
			Sender struct {
				User     uint64 `json:"user_id"`
				Nickname string
			}
			Time             int64
			Content, Message []part
		}
	}
	answer := p.does("get_forward_msg", fmt.Sprintf(`{"id":%q}`, fmt.Sprint(id)))
	if err := json.Unmarshal(answer, &data); err != nil || len(data.Message) != len(data.Messages) {
		p.t.Fatalf("%s: %v", answer, err)
	}
	for i, m := range data.Messages {
		n := data.Message[i]
		if d := n.Data; n.Type != "node" || d.User != fmt.Sprint(m.Sender.User) || d.Nickname != m.Sender.Nickname || d.Time != fmt.Sprint(m.Time) ||
			!cmp.Equal(d.Content, m.Content) || !cmp.Equal(m.Content, m.Message) {
			p.t.Errorf("message %d is told twice, and differs: %+v, %+v", i, n, m)
		}
		line := fmt.Sprintf("%s (%d)", m.Sender.Nickname, m.Sender.User)
		for _, s := range m.Message {
			if s.Type == "forward" {
				within = append(within, s.Data["id"].(string))
				line += " forward"
				continue
			}
			line += fmt.Sprintf(" %s%v", s.Type, s.Data)
		}
		lines = append(lines, line)
	}
	return lines, within
}

type part struct {
	Type string
	Data map[string]any
}

// TestForwardsOverHTTP: a forward within a forward goes from one program to the other, is
// opened there at all levels, and still after both were started anew and the service has
// forgotten it.
func TestForwardsOverHTTP(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, a := twoPrograms(t)
		var said struct {
			ID int32 `json:"message_id"`
		}
		if err := json.Unmarshal(a.does("send_group_msg", fmt.Sprintf(`{"group_id":%d,"message":"said before"}`, group)), &said); err != nil {
			t.Fatal(err)
		}
		b.hears("said before")

		sent := a.sends("send_group_forward_msg", fmt.Sprintf(`{"group_id":%d,"source":"the heading","messages":[
			{"type":"node","data":{"user_id":"30001","nickname":"One","time":"1700000000","content":"a &amp; b[CQ:face,id=14][CQ:at,qq=%d][CQ:at,qq=all]"}},
			{"type":"node","data":{"id":%d}},
			{"type":"node","data":{"uin":30002,"name":"Two","content":[{"type":"location","data":{"lat":1.5,"lon":2,"title":"here","content":"there"}}]}},
			{"type":"node","data":{"uin":30003,"name":"Three","content":[
				{"type":"text","data":{"text":"beside"}},
				{"type":"node","data":{"uin":30004,"name":"Four","content":{"type":"node","data":{"uin":30005,"name":"Five","content":"deep"}}}},
				{"type":"node","data":{"content":{"type":"json","data":{"data":"{\"app\":\"x\",\"prompt\":\"y\"}"}}}}
			]}},
			{"type":"text","data":{"text":"at the end"}}
		]}`, group, bot, said.ID))
		event := b.hears("[CQ:forward,")
		if event.ID != sent.MessageID || event.Raw != "[CQ:forward,id="+sent.ForwardID+"]" {
			t.Errorf("the bot got %+v of %+v", event, sent)
		}

		want := [][]string{{
			fmt.Sprintf("One (30001) text%v face%v at%v at%v", map[string]any{"text": "a & b"}, map[string]any{"id": "14"},
				map[string]any{"name": "@小振 Libration", "qq": fmt.Sprint(bot)}, map[string]any{"name": "@全体成员", "qq": "all"}),
			fmt.Sprintf("Alice (%d) text%v", alice, map[string]any{"text": "said before"}),
			"Two (30002) location" + fmt.Sprint(map[string]any{"lat": "1.5", "lon": "2", "title": "here", "content": "there"}),
			"Three (30003) forward",
			fmt.Sprintf("Alice (%d) text%v", alice, map[string]any{"text": "at the end"}),
		}, {
			"Three (30003) text" + fmt.Sprint(map[string]any{"text": "beside"}),
			"Four (30004) forward",
			fmt.Sprintf("Alice (%d) json%v", alice, map[string]any{"data": `{"app":"x","prompt":"y"}`}),
		}, {
			"Five (30005) text" + fmt.Sprint(map[string]any{"text": "deep"}),
		}}
		opened := func(when string, p *talker, id any) (ids []string) {
			t.Helper()
			for level, want := range want {
				lines, within := p.opens(id)
				if diff := cmp.Diff(want, lines); diff != "" {
					t.Errorf("%s, level %d (-want +got):\n%s", when, level, diff)
				}
				if len(within) == 0 {
					break
				}
				id, ids = within[0], append(ids, within[0])
			}
			return ids
		}
		ids := opened("as it came", b, event.ID)
		opened("by the resource id", b, sent.ResID)
		if len(ids) != 2 {
			t.Fatalf("the ids of those within are %v", ids)
		}

		// What lies within is sent again, and what was only uploaded.
		again := b.sends("send_private_forward_msg", fmt.Sprintf(`{"user_id":%d,"messages":{"type":"node","data":{"user_id":1,"nickname":"a","content":"[CQ:forward,id=%s]"}}}`, alice, ids[0]))
		if _, within := a.opens(again.ResID); len(within) != 1 {
			t.Errorf("a forward within that was sent again is %v", within)
		} else if lines, _ := a.opens(within[0]); !cmp.Equal(lines, want[1]) {
			t.Errorf("a forward within that was sent again has %q", lines)
		}
		uploaded := a.sends("send_forward_msg", `{"messages":[{"type":"node","data":{"user_id":7,"nickname":"only","content":"uploaded"}}]}`)
		if uploaded.MessageID != 0 {
			t.Errorf("without a target it has the message id %d", uploaded.MessageID)
		}
		a.does("send_group_msg", fmt.Sprintf(`{"group_id":%d,"message":[{"type":"forward","data":{"id":%q}}]}`, group, uploaded.ResID))
		only := []string{"only (7) text" + fmt.Sprint(map[string]any{"text": "uploaded"})}
		if lines, _ := b.opens(b.hears(uploaded.ResID).ID); !cmp.Equal(lines, only) {
			t.Errorf("what was uploaded first is %q", lines)
		}
		closed := a.sends("send_group_forward_msg", fmt.Sprintf(`{"group_id":%d,"messages":[{"type":"node","data":{"content":"never opened"}}]}`, group))
		b.hears(closed.ResID)

		b.stops()
		a.stops()
		time.Sleep(4 * 24 * time.Hour) // the service keeps forwards for three days
		b.starts(func() {})
		a.starts(func() {})
		for _, id := range []string{sent.ResID, uploaded.ResID, closed.ResID, again.ResID} {
			if _, ok := b.box.World().Forwards().Find(id); ok {
				t.Fatal("the service still has it")
			}
		}
		opened("after it was forgotten", b, event.ID)
		opened("after it was forgotten, where it was sent", a, sent.MessageID)
		if lines, _ := b.opens(ids[1]); !cmp.Equal(lines, want[2]) {
			t.Errorf("by its own id the innermost has %q", lines)
		}
		if answer, ok, err := b.asks("get_forward_msg", fmt.Sprintf(`{"message_id":%q}`, closed.ResID)); ok || err != nil || !has(`"msg":"FORWARD_NOT_FOUND"`)(answer) {
			t.Errorf("one that was never opened: %s, %v", answer, err)
		}
	})
}

// TestLongTextOverHTTP: one program refuses too long a text, the other sends it as a
// forward.
func TestLongTextOverHTTP(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, a := twoPrograms(t)
		long := strings.Repeat("长", message.MaxText/3+1)
		params := fmt.Sprintf(`{"group_id":%d,"message":"%s"}`, group, long)
		answer, ok, err := b.asks("send_group_msg", params)
		if ok || err != nil || !has(`"msg":"TEXT_TOO_LONG"`)(answer) ||
			!has("the message has 10002 bytes of text, the limit is 10000; with onebot.long_text: forward in the config it is sent as a forward")(answer) {
			t.Errorf("refused: %s, %v", answer, err)
		}
		var sent sentForward
		if err := json.Unmarshal(a.does("send_group_msg", params), &sent); err != nil {
			t.Fatal(err)
		}
		event := b.hears("[CQ:forward,")
		if event.ID != sent.MessageID {
			t.Errorf("the id is %d, the bot got %d", sent.MessageID, event.ID)
		}
		want := []string{fmt.Sprintf("Alice (%d) text%v", alice, map[string]any{"text": long})}
		if lines, _ := b.opens(event.ID); !cmp.Equal(lines, want) {
			t.Errorf("it opens as %.300q", lines)
		}
		// The longest text is still a message.
		a.does("send_group_msg", fmt.Sprintf(`{"group_id":%d,"message":"%s"}`, group, long[3:]))
		if e := b.hears(long[3:]); e.Raw != long[3:] {
			t.Errorf("the longest text came as %.100q", e.Raw)
		}
	})
}

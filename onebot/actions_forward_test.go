package onebot

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/internal/clienttest"
	"libration/internal/elements"
	"libration/ntqq"
	"libration/ntqq/message"
)

// fakeForwards is a ForwardCache in memory.
type fakeForwards map[string][]byte

func (f fakeForwards) Forward(id string) ([]byte, error)          { return f[id], nil }
func (f fakeForwards) PutForward(id string, payload []byte) error { f[id] = payload; return nil }

// put keeps a forward.
func (f fakeForwards) put(t testing.TB, id string, nodes ...message.Node) {
	t.Helper()
	payload, err := elements.EncodeForward(message.Forward(nodes...), elements.Scene{SelfUID: clienttest.UID})
	if err != nil {
		t.Fatal(err)
	}
	f[id] = payload
}

func withForwards(t testing.TB) (*testDialect, fakeForwards, *fakeStore) {
	t.Helper()
	kept := fakeForwards{}
	s, _, st := newTestDialect(t, func(_ *clienttest.Account, o *ntqq.Options) { o.Forwards = kept })
	return s, kept, st
}

// innerForwards are three forwards, each in the one before.
func innerForwards() []message.Node {
	third := &message.ForwardSegment{FileName: "third", Nodes: []message.Node{{UIN: 3, Name: "three", Time: 30, Content: message.Content{message.Text("3")}}}}
	second := &message.ForwardSegment{FileName: "second", ID: "uploaded", Nodes: []message.Node{{UIN: 2, Name: "two", Time: 20, Content: message.Content{third}}}}
	return []message.Node{
		{UIN: 1, Name: "一", Time: 10, Group: groupCode, Content: message.Content{message.Text("a&b"), message.Face(14)}},
		{UIN: 1, Name: "一", Time: 11, Content: message.Content{second}},
		{UIN: 1, Name: "一", Time: 12, Content: message.Content{&message.ForwardSegment{ID: "elsewhere"}}},
	}
}

func TestGetForwardMsg(t *testing.T) {
	s, kept, st := withForwards(t)
	kept.put(t, "OUTER", innerForwards()...)
	st.messages[5] = groupMessage(5, message.Text("x"), &message.ForwardSegment{ID: "OUTER"})
	st.messages[6] = groupMessage(6, &message.LongMessageSegment{ID: "OUTER"})
	const (
		text   = `[{"type":"text","data":{"text":"a&b"}},{"type":"face","data":{"id":"14"}}]`
		second = `[{"type":"forward","data":{"id":"OUTER:second"}}]`
		third  = `[{"type":"forward","data":{"id":"OUTER:third"}}]`
		other  = `[{"type":"forward","data":{"id":"elsewhere"}}]`
		three  = `[{"type":"text","data":{"text":"3"}}]`
	)
	node := func(uin int, name string, at int, content string) string {
		return fmt.Sprintf(`{"type":"node","data":{"user_id":"%d","nickname":%q,"time":"%d","content":%s}}`, uin, name, at, content)
	}
	entry := func(uin int, name string, at int, chat, content, cq string) string {
		return fmt.Sprintf(`{"sender":{"user_id":%d,"nickname":%q},"user_id":%[1]d,"time":%[3]d,%s,"content":%s,"message":%[5]s,"raw_message":%q,"message_format":"array"}`,
			uin, name, at, chat, content, cq)
	}
	const private = `"message_type":"private"`
	all := `{"message":[` + strings.Join([]string{node(1, "一", 10, text), node(1, "一", 11, second), node(1, "一", 12, other)}, ",") +
		`],"messages":[` + strings.Join([]string{
		entry(1, "一", 10, fmt.Sprintf(`"message_type":"group","group_id":%d`, groupCode), text, "a&amp;b[CQ:face,id=14]"),
		entry(1, "一", 11, private, second, "[CQ:forward,id=OUTER:second]"),
		entry(1, "一", 12, private, other, "[CQ:forward,id=elsewhere]"),
	}, ",") + `]}`
	one := func(uin int, name string, at int, content, cq string) string {
		return `{"message":[` + node(uin, name, at, content) + `],"messages":[` + entry(uin, name, at, private, content, cq) + `]}`
	}
	for params, want := range map[string]string{
		`{"id":"OUTER"}`:                  all,
		`{"message_id":"OUTER"}`:          all,
		`{"id":"","message_id":5}`:        all,
		`{"id":"5"}`:                      all,
		`{"id":6}`:                        all,
		`{"id":"OUTER","message_id":"x"}`: all,
		`{"id":"OUTER:second"}`:           one(2, "two", 20, third, "[CQ:forward,id=OUTER:third]"),
		`{"id":"OUTER:third"}`:            one(3, "three", 30, three, "3"),
	} {
		r := call(t, s, "get_forward_msg", params)
		if r.RetCode != RetOK {
			t.Errorf("%s: got %s %s", params, r.Msg, r.Message)
			continue
		}
		b, err := appendData(nil, r.Data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := diffJSON(t, want, b); diff != "" {
			t.Errorf("%s (-want +got):\n%s", params, diff)
		}
	}
	st.messages[7] = groupMessage(7, message.Text("x"))
	kept.put(t, "LARGE", message.Node{UIN: 1, Content: message.Content{message.Text(strings.Repeat("\x01", 2<<20))}}) // six bytes each, four times
	for params, want := range map[string]string{
		`{}`:                    `BAD_PARAMS: parameter "id" is missing`,
		`{"id":[]}`:             `BAD_PARAMS: parameter "id" must be a text`,
		`{"id":7}`:              `FORWARD_NOT_FOUND: message 7 has no forward in it`,
		`{"id":8}`:              `FORWARD_NOT_FOUND: there is no message with id 8`,
		`{"id":"LARGE"}`:        `FORWARD_TOO_LARGE: the forward has more than 16777216 bytes`,
		`{"id":"OUTER:fourth"}`: `FORWARD_NOT_FOUND: there is no such forward, or it has expired`,
		`{"id":"` + strings.Repeat("x", 1<<20) + `"}`: `FORWARD_NOT_FOUND: there is no such forward, or it has expired`,
	} {
		if r := call(t, s, "get_forward_msg", params); r.Msg+": "+r.Message != want {
			t.Errorf("%.100s: got %s: %.300s, want %s", params, r.Msg, r.Message, want)
		}
	}
}

// TestResend: a forward that exists is sent again by any of its ids.
func TestResend(t *testing.T) {
	s, kept, st := withForwards(t)
	kept.put(t, "OUTER", innerForwards()...)
	card := &message.ForwardSegment{ID: "OUTER", Source: "as it was", Preview: []string{"a: b"}}
	st.messages[5] = groupMessage(5, card)
	st.messages[6] = groupMessage(6, &message.LongMessageSegment{ID: "LONG"})
	read := func(id string) (message.Content, error) {
		return s.account.reader.content(t.Context(), message.Chat{Kind: message.Group, Group: groupCode},
			[]segment{{kind: "forward", data: []field{{"id", id}}}})
	}
	for id, want := range map[string]*message.ForwardSegment{
		"OUTER": {ID: "OUTER"}, "5": card, "6": {ID: "LONG"},
		"OUTER:third": {Nodes: []message.Node{{UIN: 3, Name: "three", Time: 30, Content: message.Content{message.Text("3")}}}},
	} {
		got, err := read(id)
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		for i := range got[0].(*message.ForwardSegment).Nodes { // is made on the way
			got[0].(*message.ForwardSegment).Nodes[i].Avatar = ""
		}
		if diff := cmp.Diff(message.Content{want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
	for _, id := range []string{"OUTER:fourth", "7", "nothing:third"} {
		if c, err := read(id); err == nil {
			t.Errorf("%s gives %+v", id, c)
		}
	}
}

// TestResendBounds: forwards that a message names many times are not all kept in memory.
func TestResendBounds(t *testing.T) {
	s, kept, _ := withForwards(t)
	within := &message.ForwardSegment{FileName: "within", Nodes: []message.Node{{UIN: 1, Content: message.Content{message.Text(strings.Repeat("x", 1<<20))}}}}
	kept.put(t, "OUTER", message.Node{UIN: 1, Content: message.Content{within}})
	forward := `{"type":"forward","data":{"id":"OUTER:within"}},`
	many := strings.TrimSuffix(strings.Repeat(forward, 20), ",")
	for name, params := range map[string]string{
		"":                          `"message":[` + many + `]`,
		"message[0].data.content: ": `"message":[{"type":"node","data":{"content":[` + many + `]}}]`,
		"message[7].data.content: ": `"message":[` + strings.TrimSuffix(strings.Repeat(`{"type":"node","data":{"content":[`+strings.TrimSuffix(forward, ",")+`]}},`, 20), ",") + `]`,
	} {
		r := call(t, s, "send_group_msg", `{"group_id":5,`+params+`}`)
		if r.Msg != "FORWARD_TOO_LARGE" || !strings.HasPrefix(r.Message, name+"the forward") {
			t.Errorf("%q: got %s: %s", name, r.Msg, r.Message)
		}
	}
}

// TestSendForward: the results, and what the card shows.
func TestSendForward(t *testing.T) {
	s, _, _ := newTestDialect(t)
	var sent message.Content
	s.account.deliver = func(_ context.Context, chat message.Chat, c message.Content) (*message.Message, error) {
		sent = c
		return &message.Message{Chat: chat, Sequence: 7, Self: true, Content: message.Content{&message.ForwardSegment{ID: "RES"}}}, nil
	}
	inGroup := testID(message.Chat{Kind: message.Group, Group: groupCode}, 7)
	private := testID(message.Chat{Kind: message.Friend, Peer: friendUIN}, 7)
	const node = `{"type":"node","data":{"uin":1,"name":"a","time":5,"content":"x"}}`
	nodes := func(g message.GroupCode) []message.Node {
		return []message.Node{{UIN: 1, Name: "a", Time: 5, Group: g, Content: message.Content{message.Text("x")}}}
	}
	for _, tt := range []struct {
		action, params string
		id             int32
		want           *message.ForwardSegment
	}{
		{"send_group_forward_msg", `"group_id":%[1]d,"messages":[%[3]s]`, inGroup, &message.ForwardSegment{Nodes: nodes(groupCode)}},
		{"send_group_forward_msg", `"group_id":"%[1]d","message":%[3]s`, inGroup, &message.ForwardSegment{Nodes: nodes(groupCode)}},
		{"send_private_forward_msg", `"user_id":%[2]d,"messages":[%[3]s]`, private, &message.ForwardSegment{Nodes: nodes(0)}},
		{"send_forward_msg", `"user_id":%[2]d,"messages":[%[3]s]`, private, &message.ForwardSegment{Nodes: nodes(0)}},
		{"send_forward_msg", `"user_id":%[2]d,"group_id":%[1]d,"messages":[%[3]s]`, inGroup, &message.ForwardSegment{Nodes: nodes(groupCode)}},
		{"send_forward_msg", `"user_id":%[2]d,"group_id":%[1]d,"message_type":"private","messages":[%[3]s]`, private, &message.ForwardSegment{Nodes: nodes(0)}},
		{"send_group_forward_msg", `"group_id":%[1]d,"messages":[%[3]s],"source":"s","summary":"u","prompt":"p","news":[{"text":"n"},"m",5]`, inGroup,
			&message.ForwardSegment{Nodes: nodes(groupCode), Source: "s", Summary: "u", Prompt: "p", Preview: []string{"n", "m", "5"}}},
		{"send_msg", `"group_id":%[1]d,"message":[%[3]s],"source":"s"`, inGroup, &message.ForwardSegment{Nodes: nodes(groupCode), Source: "s"}},
	} {
		params := "{" + fmt.Sprintf(tt.params, groupCode, friendUIN, node) + "}"
		r := call(t, s, tt.action, params)
		b, err := appendData(nil, r.Data)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`{"message_id":%d,"forward_id":"RES","res_id":"RES"}`, tt.id)
		if tt.action == "send_msg" {
			want = fmt.Sprintf(`{"message_id":%d}`, tt.id)
		}
		if string(b) != want {
			t.Errorf("%s %s: got %s %s, want %s", tt.action, params, b, r.Message, want)
		}
		if diff := cmp.Diff(message.Content{tt.want}, sent); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.action, params, diff)
		}
	}
	form, err := mustParams(t, `{}`).WithValues([]byte("group_id=5&messages="+strings.ReplaceAll(node, `"`, "%22")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := s.Call(t.Context(), Request{Action: "send_group_forward_msg", Params: form}); r.RetCode != RetOK {
		t.Errorf("a form: got %+v", r)
	}
	for params, want := range map[string]string{
		`{"group_id":5}`:                                                    `BAD_PARAMS: parameter "messages" is missing`,
		`{"group_id":5,"messages":[]}`:                                      `EMPTY_NODES: there is no node in the forward`,
		`{"group_id":5,"messages":"hello"}`:                                 `EMPTY_NODES: there is no node in the forward`,
		`{"group_id":5,"messages":[{"type":"text"}]}`:                       `EMPTY_NODES: there is no node in the forward`,
		`{"group_id":5,"messages":[` + node + `],"news":1}`:                 `BAD_PARAMS: parameter "news" must be a list`,
		`{"group_id":5,"messages":[` + node + `],"news":[{}]}`:              `BAD_PARAMS: parameter "news[0].text" is missing`,
		`{"group_id":5,"messages":[{"type":"node","data":{"content":[]}}]}`: `EMPTY_MSG_ERROR: messages[0].data.content: the message is empty`,
	} {
		if r := call(t, s, "send_group_forward_msg", params); r.Msg+": "+r.Message != want {
			t.Errorf("%s: got %s: %s, want %s", params, r.Msg, r.Message, want)
		}
	}
}

// TestForwardLimits: what is too much is said in both languages.
func TestForwardLimits(t *testing.T) {
	for what, want := range map[message.ForwardPart]string{
		message.ForwardNodes: "合并转发超过 5 条消息", message.ForwardBytes: "合并转发超过 5 字节", message.ForwardPayload: "合并转发超过 5 字节（压缩后）",
		message.ForwardNesting: "合并转发超过 5 层嵌套", message.ForwardElements: "合并转发超过 5 个元素",
	} {
		err := &message.NodeError{Err: &message.ForwardLimitError{What: what, Limit: 5}}
		if e := explain(err, sendFailed); e.code != largeForward.Code || e.text.ZH != want || !strings.Contains(e.text.EN, "more than 5 ") {
			t.Errorf("%s: got %+v", what, e)
		}
	}
}

package onebot

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq/message"
)

// readNodes reads a parameter "messages", as JSON.
func readNodes(t testing.TB, s *testDialect, in string) (*message.ForwardSegment, error) {
	t.Helper()
	segments, err := messageOf("messages", value{json: json.RawMessage(in)}, false)
	if err != nil {
		return nil, err
	}
	chat := message.Chat{Kind: message.Group, Group: groupCode}
	return s.account.reader.forward(t.Context(), chat, "messages", message.Node{Group: groupCode}, segments)
}

// TestNodes: every shape that clients send.
func TestNodes(t *testing.T) {
	s, _, st := newTestDialect(t)
	st.messages[5] = groupMessage(5, message.Text("kept"))
	own := friendMessage(6, message.Text("mine"))
	own.Self, own.Sender = true, message.Sender{}
	st.messages[-6] = own
	other := friendMessage(7, message.Text("theirs"))
	other.Sender = message.Sender{}
	st.messages[7] = other

	hello := message.Content{message.Text("hello")}
	fake := message.Node{UIN: 123, Name: "Bob", Group: groupCode, Content: hello}
	kept := message.Node{UIN: friendUIN, Name: "card", Time: testTime, Group: groupCode, Content: message.Content{message.Text("kept")}}
	mine := func(c ...message.Segment) message.Node { return message.Node{Group: groupCode, Content: c} }
	nested := func(f *message.ForwardSegment) message.Node {
		n := fake
		n.Content = message.Content{f}
		return n
	}
	timed := fake
	timed.Time = 1700000000
	for name, tt := range map[string]struct {
		in   string
		want []message.Node
	}{
		"names of go-cqhttp": {`[{"type":"node","data":{"uin":"123","name":"Bob","content":"hello"}}]`, []message.Node{fake}},
		"names of OneBot":    {`[{"type":"node","data":{"user_id":123,"nickname":"Bob","content":[{"type":"text","data":{"text":"hello"}}]}}]`, []message.Node{fake}},
		"one object":         {`{"type":"node","data":{"user_id":123.0,"nickname":"Bob","content":{"type":"text","data":{"text":"hello"}}}}`, []message.Node{fake}},
		"text with codes": {`[{"type":"node","data":{"uin":123,"name":"Bob","content":"hello[CQ:face,id=14]"}}]`,
			[]message.Node{nested(nil)}},
		"time as a text":      {`[{"type":"node","data":{"uin":123,"name":"Bob","time":"1700000000","content":"hello"}}]`, []message.Node{timed}},
		"time as a number":    {`[{"type":"node","data":{"time":1700000000,"uin":123,"name":"Bob","content":"hello"}}]`, []message.Node{timed}},
		"null and empty":      {`[{"type":"node","data":{"id":"","message_id":null,"time":"","uin":123,"user_id":"","name":"","nickname":"Bob","content":"hello"}}]`, []message.Node{fake}},
		"who and when left":   {`[{"type":"node","data":{"content":"hello"}}]`, []message.Node{mine(hello...)}},
		"id":                  {`[{"type":"node","data":{"id":5}}]`, []message.Node{kept}},
		"message_id":          {`[{"type":"node","data":{"message_id":"5"}}]`, []message.Node{kept}},
		"data before type":    {`[{"data":{"id":"5"},"type":"node"}]`, []message.Node{kept}},
		"private messages":    {`[{"type":"node","data":{"id":-6}},{"type":"node","data":{"id":7}}]`, []message.Node{{UIN: selfUIN, Time: testTime, Content: own.Content}, {UIN: friendUIN, Time: testTime, Content: other.Content}}},
		"codes":               {`"[CQ:node,id=5][CQ:node,uin=123,name=Bob,content=hello]"`, []message.Node{kept, fake}},
		"codes in a code":     {`"[CQ:node,uin=123,name=Bob,content=&#91;CQ:node&#44;id=5&#93;]"`, []message.Node{nested(&message.ForwardSegment{Nodes: []message.Node{kept}})}},
		"unknown data":        {`[{"type":"node","data":{"uin":123,"name":"Bob","seq":[{}],"message_style":{"a":1},"content":"hello"}}]`, []message.Node{fake}},
		"content is a number": {`[{"type":"node","data":{"uin":123,"name":"Bob","content":12}}]`, []message.Node{{UIN: 123, Name: "Bob", Group: groupCode, Content: message.Content{message.Text("12")}}}},
		"nested": {`[{"type":"node","data":{"uin":123,"name":"Bob","content":[{"type":"node","data":{"id":5}},{"type":"node","data":{"content":"hello"}}]}}]`,
			[]message.Node{nested(&message.ForwardSegment{Nodes: []message.Node{kept, mine(hello...)}})}},
		"a nested object": {`[{"type":"node","data":{"uin":123,"name":"Bob","content":{"type":"node","data":{"id":5}}}}]`,
			[]message.Node{nested(&message.ForwardSegment{Nodes: []message.Node{kept}})}},
		"looks of a nested one": {`[{"type":"node","data":{"uin":123,"name":"Bob","source":"s","summary":"u","prompt":"p","news":[{"text":"a"},"b"],"content":[{"type":"node","data":{"id":5}}]}}]`,
			[]message.Node{nested(&message.ForwardSegment{Source: "s", Summary: "u", Prompt: "p", Preview: []string{"a", "b"}, Nodes: []message.Node{kept}})}},
		"beside others": {`[{"type":"text","data":{"text":"a"}},{"type":"at","data":{"qq":"all"}},{"type":"node","data":{"id":5}},{"type":"node","data":{"id":5}},{"type":"face","data":{"id":1}}]`,
			[]message.Node{mine(message.Text("a"), message.AtAll()), kept, kept, mine(message.Face(1))}},
		"beside others in a node": {`[{"type":"node","data":{"uin":123,"name":"Bob","content":[{"type":"text","data":{"text":"hello"}},{"type":"node","data":{"id":5}}]}}]`,
			[]message.Node{nested(&message.ForwardSegment{Nodes: []message.Node{fake, kept}})}},
		"a forward that exists": {`[{"type":"node","data":{"uin":123,"name":"Bob","content":[{"type":"forward","data":{"id":"abc"}}]}}]`,
			[]message.Node{nested(&message.ForwardSegment{ID: "abc"})}},
	} {
		if name == "text with codes" {
			tt.want[0].Content = message.Content{message.Text("hello"), message.Face(14)}
		}
		f, err := readNodes(t, s, tt.in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, f.Nodes); diff != "" {
			t.Errorf("%s: nodes of %s (-want +got):\n%s", name, tt.in, diff)
		}
	}
}

// TestNodeErrors: an error says which node and which value of it is wrong.
func TestNodeErrors(t *testing.T) {
	s, _, st := newTestDialect(t)
	node := func(data string) string {
		return `[{"type":"node","data":{"content":"x"}},{"type":"node","data":` + data + `}]`
	}
	deep := `"x"`
	for range message.MaxForwardDepth {
		deep = `[{"type":"node","data":{"content":` + deep + `}}]`
	}
	st.messages[5] = groupMessage(5, message.Text(strings.Repeat("x", message.MaxForwardBytes/3)))
	for in, want := range map[string]string{
		node(`null`):                                           `parameter "messages[1].data.content" is missing`,
		node(`{}`):                                             `parameter "messages[1].data.content" is missing`,
		node(`{"content":"x","uin":"Bob"}`):                    `parameter "messages[1].data.uin" must be a whole number`,
		node(`{"content":"x","user_id":-1}`):                   `parameter "messages[1].data.user_id" must not be negative`,
		node(`{"content":"x","time":"now"}`):                   `parameter "messages[1].data.time" must be a whole number`,
		node(`{"content":"x","time":1e13}`):                    `parameter "messages[1].data.time" must be Unix seconds`,
		node(`{"content":"x","nickname":[]}`):                  `parameter "messages[1].data.nickname" must be a text`,
		node(`{"content":"x","news":"x"}`):                     `parameter "messages[1].data.news" must be a list`,
		node(`{"content":"x","news":["x",{}]}`):                `parameter "messages[1].data.news[1].text" is missing`,
		node(`{"id":77}`):                                      `messages[1].data.id: there is no message with id 77`,
		node(`{"id":"abc"}`):                                   `parameter "messages[1].data.id" must be a whole number`,
		node(`{"message_id":4294967296}`):                      `parameter "messages[1].data.message_id" is not a message id`,
		node(`{"content":""}`):                                 `parameter "messages[1].data.content" is missing`,
		node(`{"content":[]}`):                                 `messages[1].data.content: the message is empty`,
		node(`{"content":[{"type":"text"}]}`):                  `messages[1].data.content: the message is empty`,
		node(`{"content":[1]}`):                                `parameter "messages[1].data.content" is not a message: segment 0: not an object`,
		node(`{"content":[{"type":"at","data":{"qq":"x"}}]}`):  `messages[1].data.content: segment at: qq "x" must be an account number or "all"`,
		node(`{"content":"[CQ:at,qq]"}`):                       `messages[1].data.content: segment at: qq "" must be an account number or "all"`,
		node(`{"content":"[CQ:at,q q]"}`):                      `messages[1].data.content: the CQ code [CQ:at,q q] cannot be read`,
		node(`{"content":[{"type":"node","data":{"id":77}}]}`): `messages[1].data.content[0].data.id: there is no message with id 77`,
		node(`{"content":[{"type":"nothing"},{"type":"node","data":{"content":"x"}}]}`):            `messages[1].data.content[0]: segment type "nothing" cannot be sent`,
		node(`{"content":` + deep + `}`):                                                           `content": forwards`,
		`"[CQ:node,id=1,` + strings.Repeat("a=b,", maxValues) + `]"`:                               `the message is too long`,
		node(`{"content":"` + strings.Repeat("[CQ:face,id=1]", maxValues/2) + `"}`):                `messages[1].data.content: the message is too long`,
		node(`{"content":"` + strings.Repeat("x", maxText+1) + `"}`):                               `messages[1].data.content: the message is too long`,
		`[` + strings.TrimSuffix(strings.Repeat(`{"type":"node","data":{"id":5}},`, 4), ",") + `]`: `messages[2].data.id: the messages of the forward have more than`,
	} {
		f, err := readNodes(t, s, in)
		if strings.HasPrefix(want, `content"`) { // the whole path is long
			want = strings.TrimSuffix("messages[1]"+strings.Repeat(".data.content[0]", message.MaxForwardDepth), "[0]") + ": forwards are nested more than 10 deep"
			in = "ten levels"
		}
		if err == nil {
			t.Errorf("%.200s gives %+v", in, f)
			continue
		}
		e := explain(err, apiError)
		if e.retcode != RetBadParams && e.code != emptyMessage.Code || !strings.HasPrefix(e.text.EN, want) || e.text.ZH == "" {
			t.Errorf("%.200s: got %d %s %q %q, want %q", in, e.retcode, e.code, e.text.EN, e.text.ZH, want)
		}
	}

	// So many that not even the values of one request would do: texts are not counted there.
	codes := `"` + strings.Repeat("[CQ:node,content=x]", message.MaxForwardNodes+1) + `"`
	if _, err := readNodes(t, s, codes); err == nil || !strings.Contains(err.Error(), "messages[1000]: the forward has more than 1000 nodes") {
		t.Errorf("too many nodes: got %v", err)
	}
	// No single node is too large, all together are.
	parts := strings.TrimSuffix(strings.Repeat(`{"type":"node","data":{"content":"`+strings.Repeat("[CQ:face,id=1]", 1000)+`"}},`, 5), ",")
	if _, err := readNodes(t, s, "["+parts+"]"); err == nil || !strings.Contains(err.Error(), "messages[4].data.content: the message is too long") {
		t.Errorf("too many parts: got %v", err)
	}
}

// TestNodesInMessages: nodes make any message a forward, behind the first reply.
func TestNodesInMessages(t *testing.T) {
	s, _, st := newTestDialect(t)
	st.messages[5] = groupMessage(5, message.Text("quoted"))
	var sent message.Content
	s.account.deliver = func(_ context.Context, chat message.Chat, c message.Content) (*message.Message, error) {
		sent = c
		return &message.Message{Chat: chat, Sequence: 1, Time: testTime, Self: true, Content: c}, nil
	}
	const node = `{"type":"node","data":{"uin":1,"name":"a","content":"x"}}`
	forward := &message.ForwardSegment{Nodes: []message.Node{{UIN: 1, Name: "a", Group: groupCode, Content: message.Content{message.Text("x")}}}}
	reply := message.ReplyTo(st.messages[5])
	own := &message.ForwardSegment{Nodes: append(forward.Nodes[:1:1], message.Node{Group: groupCode, Content: message.Content{message.Text("y")}})}
	for in, want := range map[string]message.Content{
		node:                                 {forward},
		`[` + node + `]`:                     {forward},
		`"[CQ:node,uin=1,name=a,content=x]"`: {forward},
		`[` + node + `,{"type":"reply","data":{"id":5}}]`:                                                                      {reply, forward},
		`[{"type":"reply","data":{"id":5}},{"type":"reply","data":{"id":5}},` + node + `,{"type":"text","data":{"text":"y"}}]`: {reply, own},
	} {
		r := call(t, s, "send_group_msg", fmt.Sprintf(`{"group_id":%d,"message":%s}`, groupCode, in))
		if r.RetCode != RetOK {
			t.Errorf("%s: %s", in, r.Message)
			continue
		}
		if diff := cmp.Diff(want, sent); diff != "" {
			t.Errorf("sent for %s (-want +got):\n%s", in, diff)
		}
	}
	r := call(t, s, "send_group_msg", fmt.Sprintf(`{"group_id":%d,"message":[%s,{"type":"reply","data":{"id":6}}]}`, groupCode, node))
	if r.RetCode != RetBadParams || !strings.Contains(r.Message, "segment reply: there is no message with id 6") {
		t.Errorf("a reply to nothing: %+v", r)
	}
}

func FuzzNodes(f *testing.F) {
	s, _, st := newTestDialect(f)
	st.messages[5] = groupMessage(5, message.Text("kept"))
	for _, in := range []string{
		`[{"type":"node","data":{"id":5}}]`, `"[CQ:node,content=&#91;CQ:node&#44;id=5&#93;]"`, `{"type":"node"}`,
		`[{"type":"node","data":{"uin":"1","name":"a","time":1.5e9,"news":[{"text":"x"},1],"content":[{"type":"node","data":{"content":"x"}},{"type":"face","data":{"id":1}}]}}]`,
	} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if v, err := checked(in); err != nil || len(v) == 0 {
			return
		}
		forward, err := readNodes(t, s, string(in))
		if err != nil {
			if e := explain(err, apiError); e.text.EN == "" || e.text.ZH == "" {
				t.Errorf("%q: an error without words: %+v", in, e)
			}
			return
		}
		if err := forward.CheckLimits(); err != nil {
			t.Errorf("%q: %v", in, err)
		}
	})
}

package onebot

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

// TestLongText: what is too long for a message fails with the limit in its words, or goes
// out as a forward; a forward that is too large fails either way.
func TestLongText(t *testing.T) {
	s, _, st := newTestDialect(t)
	s.account.hints = map[string]text.Text{longText.Code: text.T("see a key", "见某配置项")}
	st.messages[5] = groupMessage(5, message.Text("quoted"))
	words := strings.Repeat("x", message.MaxText+1)
	long := message.Content{message.Text(words), message.Face(1)}
	reply := message.ReplyTo(st.messages[5])
	var tries []message.Content
	s.account.deliver = func(_ context.Context, chat message.Chat, c message.Content) (*message.Message, error) {
		tries = append(tries, c)
		for _, seg := range c {
			if f, ok := seg.(*message.ForwardSegment); ok {
				if len(f.Nodes) > 1 {
					return nil, &message.ForwardLimitError{What: message.ForwardBytes, Limit: 5}
				}
				return &message.Message{Chat: chat, Sequence: 7, Self: true, Content: c}, nil
			}
			if seg == message.Segment(long[1]) || message.Brief(c) == "refuse" {
				return nil, &ntqq.ServerError{Code: 10, Cause: ntqq.ErrTooLarge}
			}
		}
		return nil, &message.TextLimitError{Bytes: message.MaxText + 1}
	}
	const group = `{"group_id":%d,"message":%s}`
	parts := `{"type":"text","data":{"text":"` + words + `"}},{"type":"face","data":{"id":1}}`
	node := `{"type":"node","data":{"content":"x"}}`
	for name, tt := range map[string]struct {
		forward bool
		in      string
		code    string
		want    []message.Content
	}{
		"refused":          {false, "[" + parts + "]", longText.Code, []message.Content{long}},
		"as a forward":     {true, "[" + parts + "]", "", []message.Content{long, {message.Forward(message.Node{Group: groupCode, Content: long})}}},
		"behind a reply":   {true, "[" + parts + `,{"type":"reply","data":{"id":5}}]`, "", []message.Content{{reply, long[0], long[1]}, {reply, message.Forward(message.Node{Group: groupCode, Content: long})}}},
		"the service says": {true, `"refuse"`, "", []message.Content{{message.Text("refuse")}, {message.Forward(message.Node{Group: groupCode, Content: message.Content{message.Text("refuse")}})}}},
		"a forward already": {true, "[" + node + "," + node + "]", largeForward.Code, []message.Content{{message.Forward(
			message.Node{Group: groupCode, Content: message.Content{message.Text("x")}}, message.Node{Group: groupCode, Content: message.Content{message.Text("x")}})}}},
	} {
		tries, s.account.longText = nil, tt.forward
		r := call(t, s, "send_group_msg", fmt.Sprintf(group, groupCode, tt.in))
		if r.Msg != tt.code || tt.code == longText.Code && r.Message != "the message has 10001 bytes of text, the limit is 10000; see a key" {
			t.Errorf("%s: got %s %.300q", name, r.Msg, r.Message)
		}
		if sent, ok := r.Data.(messageIDResult); ok && sent.MessageID != testID(message.Chat{Kind: message.Group, Group: groupCode}, 7) {
			t.Errorf("%s: the id is %d", name, sent.MessageID)
		}
		if diff := cmp.Diff(tt.want, tries); diff != "" {
			t.Errorf("%s: sent (-want +got):\n%.2000s", name, diff)
		}
	}
}

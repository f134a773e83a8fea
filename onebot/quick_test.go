package onebot

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"libration/gateway"
	"libration/ntqq"
	"libration/ntqq/message"
)

const (
	groupContext   = `{"post_type":"message","message_type":"group","group_id":9007199254740993,"user_id":20002,"message_id":%d,"anonymous":null}`
	privateContext = `{"post_type":"message","message_type":"private","user_id":20002,"message_id":%d}`
)

func TestQuickOperation(t *testing.T) {
	const at = `[CQ:at,qq=20002]`
	for _, tt := range []struct {
		name, context, operation string
		sent                     string // as CQ codes; "" for nothing
		recalled                 bool
		msg                      string // of the response; "" when it worked
		text                     string // in its message
	}{
		{"nothing", groupContext, `{}`, "", false, "", ""},
		{"null", groupContext, `{"reply":null,"delete":null,"kick":null}`, "", false, "", ""},
		{"reply", groupContext, `{"reply":"hi [CQ:face,id=1]"}`, "hi [CQ:face,id=1]", false, "", ""},
		{"reply in private", privateContext, `{"reply":[{"type":"text","data":{"text":"hi"}}],"at_sender":true}`, "hi", false, "", ""},
		{"empty reply", groupContext, `{"reply":"","at_sender":true}`, "", false, "", ""},
		{"no segments", groupContext, `{"reply":[],"at_sender":true}`, "", false, "", ""},
		{"escaped", groupContext, `{"reply":"[CQ:face,id=1]","auto_escape":true}`, "&#91;CQ:face,id=1&#93;", false, "", ""},
		{"at", groupContext, `{"reply":"hi","at_sender":true}`, at + "hi", false, "", ""},
		{"at of nobody", strings.Replace(groupContext, "null", `{"id":1}`, 1), `{"reply":"hi","at_sender":true}`, "hi", false, "", ""},
		{"delete", groupContext, `{"delete":true}`, "", true, "", ""},
		{"both", groupContext, `{"delete":1,"reply":"hi"}`, "hi", true, "", ""},
		{"delete in private", privateContext, `{"delete":true}`, "", false, "", ""},
		{"not supported", strings.Replace(groupContext, "null", `{"id":1}`, 1), `{"kick":true,"ban":true,"reply":"out"}`, "out", false, "NOT_SUPPORTED", "kick, ban"},
		{"refused", groupContext, `{"kick":true,"ban":true,"ban_duration":"60","reply":"out"}`, "out", false, "BAN_FAILED", "0x1253_1"},
		{"too long", groupContext, `{"kick":true,"ban":true,"ban_duration":-5}`, "", false, "BAD_PARAMS", "duration"},
		{"no time", groupContext, `{"ban":true,"ban_duration":"x"}`, "", false, "BAD_PARAMS", "ban_duration"},
		{"not wanted", groupContext, `{"kick":false,"ban":false,"ban_duration":60}`, "", false, "", ""},
		{"group request, left alone", `{"post_type":"request","request_type":"group","flag":"1-5-1-0"}`, `{"reason":"x"}`, "", false, "", ""},
		{"group request of nobody", `{"post_type":"request","request_type":"group","flag":"1-5-3-0"}`, `{"approve":true}`, "", false, "FLAG_NOT_FOUND", ""},
		{"friend request, left alone", `{"post_type":"request","request_type":"friend","flag":"u_x"}`, `{"remark":"x"}`, "", false, "", ""},
		{"friend request of nobody", `{"post_type":"request","request_type":"friend","flag":"x"}`, `{"approve":true}`, "", false, "FLAG_NOT_FOUND", ""},
		{"notice", `{"post_type":"notice"}`, `{"reply":"x"}`, "", false, "", ""},
		{"bad reply", groupContext, `{"reply":[{"type":"video"}]}`, "", false, "BAD_PARAMS", "video"},
		{"bad reply, delete", groupContext, `{"reply":[{"type":"video"}],"delete":true}`, "", true, "BAD_PARAMS", "video"},
		{"bad flag", groupContext, `{"delete":"perhaps"}`, "", false, "BAD_PARAMS", `"delete"`},
		{"no group", `{"message_type":"group","user_id":1}`, `{"reply":"x"}`, "", false, "BAD_PARAMS", "group_id"},
		{"a text", groupContext, `"{}"`, "", false, "BAD_PARAMS", "operation"},
		{"UTF-16", groupContext, "{\x00}\x00", "", false, "BAD_PARAMS", "save it as UTF-8"},
		{"byte order mark", groupContext, "\xef\xbb\xbf" + `{"reply":"hi"}`, "hi", false, "", ""},
		{"not JSON", groupContext, `{`, "", false, "BAD_PARAMS", "not JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, c, st := newTestDialect(t)
			m := groupMessage(5, message.Text("x"))
			id, err := st.Put(m)
			if err != nil {
				t.Fatal(err)
			}
			context := tt.context
			if strings.Contains(context, "%d") {
				context = fmt.Sprintf(context, id)
			}
			r := s.QuickOperation(t.Context(), []byte(context), []byte(tt.operation), gateway.Hold{})
			if r.Msg != tt.msg || !strings.Contains(r.Message, tt.text) {
				t.Errorf("got %q %q, want %q %q", r.Msg, r.Message, tt.msg, tt.text)
			}
			got := ""
			if len(c.Sent()) > 0 {
				got = string(appendCQ(nil, s.account.writer.appendSegments(nil, m.Chat, c.Sent()[0].Content)))
			}
			if len(c.Sent()) > 1 || got != tt.sent {
				t.Errorf("sent %q (%d messages), want %q", got, len(c.Sent()), tt.sent)
			}
			if recalled := len(c.Recalled()) == 1; recalled != tt.recalled {
				t.Errorf("recalled %v, want %t", c.Recalled(), tt.recalled)
			}
		})
	}
}

// TestQuickVoice: a voice or a video is sent without a mention, which would have it refused.
func TestQuickVoice(t *testing.T) {
	for kind, want := range map[string]int{"record": 1, "video": 1, "image": 2} {
		q, err := parseQuick(quickParams{
			Context:   Params{json: fmt.Appendf(nil, groupContext, 1)},
			Operation: Params{json: []byte(`{"reply":[{"type":"` + kind + `","data":{"file":"http://a"}}],"at_sender":true}`)},
		})
		if err != nil || len(q.reply) != want || q.reply[want-1].kind != kind {
			t.Errorf("%s: got %v, %v, want %d segments", kind, q.reply, err, want)
		}
	}
}

// TestQuickReplyToOwnMessage: the reply goes to the chat of the event.
func TestQuickReplyToOwnMessage(t *testing.T) {
	for kind, rest := range map[string]string{
		"private": `"user_id":10001,"target_id":20002`, "group": `"user_id":10001,"group_id":9007199254740993`,
	} {
		s, c, _ := newTestDialect(t)
		r := s.QuickOperation(t.Context(), []byte(`{"post_type":"message_sent","message_type":"`+kind+`",`+rest+`}`), []byte(`{"reply":"hi"}`), gateway.Hold{})
		if private := kind == "private"; r.RetCode != 0 || len(c.Sent()) != 1 || (c.Sent()[0].Chat.Peer == friendUIN) != private || (c.Sent()[0].Chat.Group == groupCode) == private {
			t.Errorf("%s: got %+v, sent %+v", kind, r, c.Sent())
		}
	}
	s, c, _ := newTestDialect(t)
	r := s.QuickOperation(t.Context(), []byte(`{"post_type":"message_sent","message_type":"private","user_id":10001}`), []byte(`{"reply":"hi"}`), gateway.Hold{})
	if r.Msg != "BAD_PARAMS" || len(c.Sent()) != 0 {
		t.Errorf("without its target: got %+v, %d sent", r, len(c.Sent()))
	}
}

// TestQuickOperationFailures: of several steps that fail, each is told.
func TestQuickOperationFailures(t *testing.T) {
	s, c, st := newTestDialect(t)
	id, err := st.Put(groupMessage(5, message.Text("x")))
	if err != nil {
		t.Fatal(err)
	}
	c.err.Store(&ntqq.ServerError{Code: 1001, Message: "not allowed"})
	r := s.QuickOperation(t.Context(), fmt.Appendf(nil, groupContext, id), []byte(`{"delete":true,"kick":true}`), gateway.Hold{})
	if r.Msg != "RECALL_API_ERROR" || !strings.Contains(r.Message, "not allowed; ") {
		t.Errorf("got %q %q", r.Msg, r.Message)
	}
}

// FuzzQuickOperation: nothing that a bot answers may panic.
func FuzzQuickOperation(f *testing.F) {
	for _, op := range []string{
		`{}`, `{"reply":"a","at_sender":true,"delete":true,"kick":1,"ban":"yes","auto_escape":0}`,
		`{"reply":{"type":"text","data":{"text":1}}}`, `{"approve":true,"remark":[]}`, `{"reply":[]}`, `{"reply":[[]]}`,
	} {
		f.Add([]byte(fmt.Sprintf(groupContext, 5)), []byte(op))
		f.Add([]byte(`{"post_type":"request"}`), []byte(op))
	}
	f.Fuzz(func(t *testing.T, event, operation []byte) {
		if !json.Valid(event) || !json.Valid(operation) {
			return
		}
		context, err := ParamsJSON(event)
		params, err2 := ParamsJSON(operation)
		if err != nil || err2 != nil { // no objects, or more than the bounds allow
			return
		}
		q, err := parseQuick(quickParams{context, params})
		if err == nil && len(q.reply) > 0 && q.chat.Peer == 0 && q.chat.Group == 0 {
			t.Errorf("a reply to nobody: %+v", q)
		}
	})
}

package onebot

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/internal/clienttest"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

// asJSON decodes JSON for a comparison that ignores the order of keys; numbers
// keep all their digits.
func asJSON(t *testing.T, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, raw)
	}
	return v
}

func diffJSON(t *testing.T, want string, got []byte) string {
	t.Helper()
	return cmp.Diff(asJSON(t, []byte(want)), asJSON(t, got))
}

// call runs an action with params as JSON.
func call(t *testing.T, s *testDialect, name, params string) *Response {
	t.Helper()
	r, err := ParseRequest(fmt.Appendf(nil, `{"action":%q,"params":%s}`, name, params))
	if err != nil {
		t.Fatalf("request %s %s: %v", name, params, err)
	}
	return s.Call(t.Context(), r)
}

func mustParams(t *testing.T, params string) Params {
	t.Helper()
	p, err := ParamsJSON([]byte(params))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	friendJSON = `{"user_id":20002,"nickname":"friend","remark":"re","sex":"unknown","age":0,"qid":"q","q_id":"q","long_nick":"",
		"group":{"group_id":3,"group_name":"cat"},"category_id":3,"categoryId":3,"categoryName":"cat"}`
	groupJSON  = `{"group_id":9007199254740993,"group_name":"组","member_count":2,"max_member_count":200,"group_create_time":5,"group_remark":"gr","remark_name":"gr","group_all_shut":0}`
	memberJSON = `{"group_id":9007199254740993,"user_id":20002,"nickname":"n","card":"c","card_or_nickname":"c","sex":"unknown","age":0,"area":"","join_time":1,
		"last_sent_time":2,"level":"12","role":"admin","unfriendly":false,"title":"t","title_expire_time":0,"card_changeable":false,"shut_up_timestamp":3}`
)

// statusJSON is the status of an online client as it is now.
func statusJSON(c *fakeClient) string {
	st := c.Stats()
	return fmt.Sprintf(`{"app_initialized":true,"app_enabled":true,"plugins_good":null,"app_good":true,"online":true,"good":true,
		"stat":{"lost_times":0,"packet_received":%d,"packet_sent":%d,"packet_lost":%d,"message_received":%d,"message_sent":%d,"disconnect_times":%d,"last_message_time":%d}}`,
		st.PacketsReceived, st.PacketsSent, st.PacketsDropped, st.MessagesReceived, st.MessagesSent, st.Disconnects, st.LastMessageTime)
}

func TestInfoActions(t *testing.T) { synctest.Test(t, testInfoActions) }

func testInfoActions(t *testing.T) {
	s, client, _ := newTestDialect(t)
	call(t, s, "send_group_msg", `{"group_id":5,"message":"counted"}`)
	call(t, s, "get_group_member_list", fmt.Sprintf(`{"group_id":%d}`, groupCode))
	// One more packet was sent than received.
	client.takes = time.Second
	go s.Call(t.Context(), Request{Action: "send_group_msg", Params: mustParams(t, `{"group_id":5,"message":"x"}`)})
	defer time.Sleep(time.Minute) // virtual
	synctest.Wait()
	version := fmt.Sprintf(`{"app_name":"Libration","app_version":"1.2.3","protocol_version":"v11","app_full_name":"Libration-1.2.3_%s_%s","version":"1.2.3","nt_protocol":"Linux | %s","runtime_version":%q,"runtime_os":%q}`,
		runtime.GOOS, runtime.GOARCH, client.App().CurrentVersion, runtime.Version(), runtime.GOOS)
	names, err := json.Marshal(Table().Names())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, params, data string }{
		{"get_status", `{}`, statusJSON(client)},
		{"get_login_info", `null`, `{"user_id":10001,"nickname":"机器人<&>"}`},
		{"get_login_info", `{"unknown":[1],"_timeout":30}`, `{"user_id":10001,"nickname":"机器人<&>"}`},
		{"get_stranger_info", `{"user_id":"20002","no_cache":"yes"}`, `{"user_id":20002,"uin":"20002","uid":"u_20002","nickname":"u","nick":"u","sex":"female","age":20,"qid":"q","q_id":"q","sign":"s","long_nick":"s","longNick":"s",
			"level":64,"qqLevel":64,"remark":"r","avatar":"http://a/b?c&d=640","reg_time":1600000000,"regTime":1600000000,"RegisterTime":"2020-09-13T12:26:40Z","login_days":0,
			"birthday_year":0,"birthday_month":0,"birthday_day":0,"country":"","city":"","labels":[],"is_vip":false,"is_svip":false,"is_years_vip":false,"vip_level":0,"Business":[],"status":{"status_id":10}}`},
		{"get_friend_list", `{}`, `[` + friendJSON + `]`},
		{"get_group_list", `{}`, `[` + groupJSON + `]`},
		{"get_group_info", `{"group_id":9007199254740993}`, groupJSON},
		{"get_group_member_list", `{"group_id":"9007199254740993"}`, `[` + memberJSON + `]`},
		{"get_group_member_info", `{"group_id":9007199254740993,"user_id":20002,"no_cache":null}`, memberJSON},
		{"get_version_info", `{}`, version},
		{"can_send_image", `{}`, `{"yes":true}`},
		{"can_send_record", `{}`, `{"yes":true}`},
		{"get_supported_actions", `{}`, string(names)},
		{"get_guild_service_profile", `{}`, `{"nickname":"","tiny_id":"0","avatar_url":""}`},
		{"get_guild_list", `{}`, `[]`},
	} {
		r := call(t, s, c.name, c.params)
		want := `{"status":"ok","retcode":0,"message":"","wording":"","data":` + c.data + `}`
		if diff := diffJSON(t, want, r.AppendJSON(nil)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.name, c.params, diff)
		}
	}
}

// noSigner never signs.
type noSigner struct{}

func (noSigner) Sign(context.Context, *ntqq.SignRequest) (*ntqq.Signature, error) {
	return nil, ntqq.ErrSign
}

// TestStatusUnsigned: online, and yet nothing can be sent.
func TestStatusUnsigned(t *testing.T) {
	s, c, _ := newTestDialect(t, func(_ *clienttest.Account, o *ntqq.Options) { o.Signer = noSigner{} })
	s.account.hints = map[string]text.Text{"SIGN_ERROR": text.T("see the log", "请检查日志")}
	if r := call(t, s, "send_group_msg", `{"group_id":5,"message":"x"}`); r.Msg != "SIGN_ERROR" || r.Wording != "no signer gave a signature, nothing was sent; see the log" {
		t.Errorf("sending unsigned: got %+v", r)
	}
	got := string(call(t, s, "get_status", `{}`).AppendJSON(nil))
	want := `"online":true,"good":false,"trouble":"no signer gives signatures since ` + c.SignFailure().Since.Format(time.TimeOnly) +
		`: messages cannot be sent; see the log","stat":`
	if !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestActionsRefused(t *testing.T) {
	s, c, store := newTestDialect(t)
	friendID, _ := store.Put(friendMessage(5, message.Text("hi")))
	for _, c := range []struct {
		name, params string
		retcode      int
		msg, wording string
	}{
		{"get_stranger_info", `{}`, 1400, "BAD_PARAMS", `"user_id" is missing`},
		{"get_stranger_info", `{"user_id":null}`, 1400, "BAD_PARAMS", `"user_id" is missing`},
		{"get_stranger_info", `{"user_id":"abc"}`, 1400, "BAD_PARAMS", `whole number`},
		{"get_stranger_info", `{"user_id":{}}`, 1400, "BAD_PARAMS", `whole number`},
		{"get_stranger_info", `{"user_id":1}`, 100, "USER_NOT_FOUND", `no such user`},
		{"get_stranger_info", `{"user_id":20002,"no_cache":"perhaps"}`, 1400, "BAD_PARAMS", `no_cache`},
		{"get_friend_list", `{"no_cache":[]}`, 1400, "BAD_PARAMS", `no_cache`},
		{"get_group_list", `{"no_cache":5}`, 1400, "BAD_PARAMS", `no_cache`},
		{"get_group_info", `{"group_id":-1}`, 1400, "BAD_PARAMS", `negative`},
		{"get_group_info", `{"group_id":1}`, 100, "GROUP_NOT_FOUND", `no such group`},
		{"get_group_member_list", `{}`, 1400, "BAD_PARAMS", `group_id`},
		{"get_group_member_list", `{"group_id":1}`, 100, "GROUP_NOT_FOUND", `no such group`},
		{"get_group_member_info", `{"group_id":1}`, 1400, "BAD_PARAMS", `user_id`},
		{"get_group_member_info", `{"group_id":1,"user_id":1}`, 100, "GROUP_NOT_FOUND", `no such group`},
		{"get_group_member_info", fmt.Sprintf(`{"group_id":%d,"user_id":1}`, groupCode), 100, "MEMBER_NOT_FOUND", `no such member`},
		{"get_msg", `{}`, 1400, "BAD_PARAMS", `message_id`},
		{"get_msg", `{"message_id":"x"}`, 1400, "BAD_PARAMS", `message_id`},
		{"get_msg", `{"message_id":4294967296}`, 1400, "BAD_PARAMS", `32 bits`},
		{"get_msg", `{"message_id":0}`, 100, "MSG_NOT_FOUND", `id 0`},
		{"get_msg", `{"message_id":-77}`, 100, "MSG_NOT_FOUND", `id -77`},
		{"delete_msg", `{}`, 1400, "BAD_PARAMS", `message_id`},
		{"delete_msg", `{"message_id":"-77"}`, 100, "MESSAGE_NOT_FOUND", `id -77`},
		{"delete_msg", fmt.Sprintf(`{"message_id":%d}`, friendID), 100, "CANNOT_RECALL_FRIEND_MSG", `other side`},
		{"send_msg", `{}`, 1400, "BAD_PARAMS", `is missing`},
		{"send_msg", `{"message":"x"}`, 1400, "BAD_PARAMS", `"user_id" is missing`},
		{"send_msg", `{"group_id":"y","message":"x"}`, 1400, "BAD_PARAMS", `"group_id" must be a whole number`},
		{"send_msg", `{"message_type":"group","group_id":[],"message":"x"}`, 1400, "BAD_PARAMS", `"group_id" must be a whole number`},
		{"send_msg", `{"message_type":"private","user_id":-1,"group_id":"y","message":"x"}`, 1400, "BAD_PARAMS", `"user_id" must not be negative`},
		{"send_msg", `{"message_type":"guild","user_id":1,"message":"x"}`, 1400, "BAD_PARAMS", `message_type`},
		{"send_msg", `{"message_type":"private","group_id":1,"message":"x"}`, 1400, "BAD_PARAMS", `user_id`},
		{"send_msg", `{"message_type":"group","user_id":1,"message":"x"}`, 1400, "BAD_PARAMS", `group_id`},
		{"send_private_msg", `{"user_id":1}`, 1400, "BAD_PARAMS", `"message" is missing`},
		{"send_group_msg", `{"group_id":1,"message":null}`, 1400, "BAD_PARAMS", `"message" is missing`},
		{"send_group_msg", `{"group_id":1,"message":""}`, 100, "EMPTY_MSG_ERROR", `empty`},
		{"send_group_msg", `{"group_id":1,"message":[]}`, 100, "EMPTY_MSG_ERROR", `empty`},
		{"send_group_msg", `{"group_id":1,"message":[{"type":"text","data":{"text":""}}]}`, 100, "EMPTY_MSG_ERROR", `empty`},
		{"send_group_msg", `{"group_id":1,"message":[1]}`, 1400, "BAD_PARAMS", `segment 0`},
		{"send_group_msg", `{"group_id":1,"message":"x","auto_escape":"x"}`, 1400, "BAD_PARAMS", `auto_escape`},
		{"send_group_msg", `{"group_id":1,"message":"[CQ:image,file=a]"}`, 100, "MEDIA_NOT_FOUND", `no picture, voice, video or file of this name is known`},
		{"send_group_msg", `{"group_id":1,"message":{"type":"unknown","data":{"element":"x"}}}`, 1400, "BAD_PARAMS", `segment unknown cannot be sent`},
		{"send_group_msg", `{"group_id":1,"message":{"type":"at","data":null}}`, 1400, "BAD_PARAMS", `account number`},
		{"send_group_msg", `{"group_id":1,"message":{"type":"at","data":{"qq":"nobody"}}}`, 1400, "BAD_PARAMS", `nobody`},
		{"send_group_msg", `{"group_id":1,"message":{"type":"face","data":{"id":"x"}}}`, 1400, "BAD_PARAMS", `face number`},
		{"send_group_msg", `{"group_id":1,"message":{"type":"face","data":{"id":1,"large":"x"}}}`, 1400, "BAD_PARAMS", `large`},
		{"send_group_msg", `{"group_id":1,"message":"[CQ:reply,id=-99]x"}`, 1400, "MESSAGE_NOT_FOUND", `id -99`},
		{"send_group_msg", `{"group_id":1,"message":"[CQ:reply,id=x]x"}`, 1400, "BAD_PARAMS", `message id`},
		{"send_group_msg", fmt.Sprintf(`{"group_id":1,"message":"[CQ:reply,id=%d]x"}`, friendID), 1400, "BAD_PARAMS", `another chat`},
	} {
		r := call(t, s, c.name, c.params)
		if r.Status != StatusFailed || r.RetCode != c.retcode || r.Msg != c.msg || !strings.Contains(r.Wording, c.wording) || r.Data != nil {
			t.Errorf("%s %s: got %+v, want %d %s with %q", c.name, c.params, r, c.retcode, c.msg, c.wording)
		}
	}
	if len(c.Sent())+len(c.Recalled()) != 0 {
		t.Errorf("refused actions reached the client: %v, %v", c.Sent(), c.Recalled())
	}
}

// TestRefusedInChinese: no part of the wording is English.
func TestRefusedInChinese(t *testing.T) {
	s := newDialect(Options{Client: newFakeClient(t).Client, Language: Chinese}, &fakeStore{messages: map[int32]*message.Message{}})
	for message, want := range map[string]string{
		`[1]`:                         `参数 "message" 不是有效的消息：消息段 0：不是对象`,
		`[{"data":{}}]`:               `参数 "message" 不是有效的消息：消息段 0：没有字符串 "type"`,
		`[{"type":"text","data":[]}]`: `参数 "message" 不是有效的消息：消息段 0："data" 不是对象`,
		`null`:                        `参数 "message" 缺失`,
	} {
		if r := call(t, s, "send_group_msg", `{"group_id":1,"message":`+message+`}`); r.Wording != want {
			t.Errorf("%s: got %q, want %q", message, r.Wording, want)
		}
	}
	refused := string(s.Refuse(http.StatusForbidden, text.T("wrong", "错误")).Body)
	if !strings.Contains(refused, `"wording":"错误"`) || strings.Contains(refused, "wrong") {
		t.Errorf("a refused request: got %s", refused)
	}
	for frame, want := range map[string]string{
		`[]`:                        `请求无效：请求不是 JSON 对象：是其他类型`,
		`{"params":{}}`:             `请求无效：请求没有字符串 "action"`,
		`{"action":"a","params":5}`: `请求无效：params 不是 JSON 对象`,
	} {
		_, err := ParseRequest([]byte(frame))
		if r := s.badRequest([]byte(frame), err); r.Wording != want {
			t.Errorf("%s: got %q, want %q", frame, r.Wording, want)
		}
	}
	for params, want := range map[string]string{
		`{"message_type":"guild","message":"x"}`:                   `参数 "message_type" 必须是 "private" 或 "group"`,
		`{"message_type":"group","group_id":"y","message":"x"}`:    `参数 "group_id" 必须是 64 位以内的整数`,
		`{"message_type":"group","message":"x"}`:                   `参数 "group_id" 缺失`,
		`{"message_type":"group","message":"x","auto_escape":"y"}`: `参数 "auto_escape" 必须是布尔值`,
	} {
		if r := call(t, s, "send_msg", params); r.Wording != want {
			t.Errorf("%s: got %q, want %q", params, r.Wording, want)
		}
	}
}

func TestFailuresOfClientAndStore(t *testing.T) { synctest.Test(t, testFailuresOfClientAndStore) }

func testFailuresOfClientAndStore(t *testing.T) {
	s, c, store := newTestDialect(t)
	synctest.Wait() // it has asked for its own lists
	id, _ := store.Put(groupMessage(5, message.Text("hi")))
	params := fmt.Sprintf(`{"group_id":%d,"user_id":%d,"message_id":%d,"message":"x","no_cache":true}`, groupCode, friendUIN, id)
	c.err.Store(&ntqq.ServerError{Code: 34, Message: "no right"})
	for name, msg := range map[string]string{
		"send_group_msg": "SEND_MSG_API_ERROR", "send_private_msg": "SEND_MSG_API_ERROR", "delete_msg": "RECALL_API_ERROR",
		"get_stranger_info": "API_ERROR", "get_friend_list": "API_ERROR", "get_group_list": "API_ERROR", "get_group_info": "API_ERROR",
		"get_group_member_list": "GET_MEMBERS_API_ERROR", "get_group_member_info": "GET_MEMBER_INFO_API_ERROR",
	} {
		if r := call(t, s, name, params); r.RetCode != RetFailed || r.Msg != msg || !strings.Contains(r.Message, "code 34: no right") {
			t.Errorf("%s refused by the server: got %+v, want %s", name, r, msg)
		}
	}
	c.err.Store(nil)
	store.err = errDisk
	for _, name := range []string{"get_msg", "delete_msg"} {
		if r := call(t, s, name, params); r.RetCode != RetFailed || !strings.Contains(r.Message, "disk full") {
			t.Errorf("%s with a broken store: got %+v", name, r)
		}
	}
	reply := fmt.Sprintf(`{"group_id":%d,"message":"[CQ:reply,id=%d]x"}`, groupCode, id)
	if r := call(t, s, "send_group_msg", reply); r.RetCode != RetFailed || !strings.Contains(r.Message, "disk full") {
		t.Errorf("reply with a broken store: got %+v", r)
	}
	if r := call(t, s, "send_group_msg", params); r.RetCode != RetOK {
		t.Errorf("send with a broken store: got %+v, want ok: the message was sent", r)
	}
}

func TestSend(t *testing.T) {
	at := func(uin message.UIN) message.Segment {
		return &message.AtSegment{UIN: uin, Display: fmt.Sprint("@", uint64(uin))}
	}
	const big message.UIN = 9007199254740993 // above 2^53: only its uid fits into a mention
	text := func(s string) message.Segment { return message.Text(s) }
	for _, c := range []struct {
		name, params string
		want         message.Content
		group        message.GroupCode
		peer         message.UIN
	}{
		{"send_group_msg", `{"group_id":9007199254740993,"message":"a&amp;[CQ:at,qq=5] b"}`, message.Content{text("a&"), at(5), text(" b")}, groupCode, 0},
		{"send_group_msg", `{"group_id":"5","message":"[CQ:at,qq=5]","auto_escape":"true"}`, message.Content{text("[CQ:at,qq=5]")}, 5, 0},
		{"send_group_msg", `{"group_id":5,"message":123}`, message.Content{text("123")}, 5, 0},
		{"send_group_msg", `{"group_id":5,"message":{"type":"at","data":{"qq":9007199254740993,"name":null}}}`, message.Content{&message.AtSegment{UIN: big, UID: clienttest.UIDOf(big), Display: "@big"}}, 5, 0},
		{"send_group_msg", `{"group_id":5,"message":[{"type":"at","data":{"qq":"all"}},{"type":"at","data":{"target":7,"name":"x"}}]}`,
			message.Content{&message.AtSegment{All: true, Display: "@全体成员"}, &message.AtSegment{UIN: 7, Display: "@x"}}, 5, 0},
		{"send_group_msg", `{"group_id":5,"message":[{"type":"face","data":{"id":14}},{"type":"face","data":{"id":"5","large":true}},{"type":"face","data":{"id":"5","type":"sticker"}}]}`,
			message.Content{&message.FaceSegment{ID: 14}, &message.FaceSegment{ID: 5, Large: true}, &message.FaceSegment{ID: 5, Large: true}}, 5, 0},
		{"send_group_msg", `{"group_id":5,"message":"[CQ:dice]"}`, message.Content{&message.FaceSegment{ID: 358, Large: true, Text: "/骰子"}}, 5, 0},
		{"send_group_msg", `{"group_id":5,"message":"[CQ:rps]"}`, message.Content{&message.FaceSegment{ID: 359, Large: true, Text: "/包剪锤"}}, 5, 0},
		{"send_group_msg", `{"group_id":5,"message":"[CQ:anonymous]x"}`, message.Content{text("x")}, 5, 0},
		{"send_private_msg", `{"user_id":6,"group_id":null,"message":"x"}`, message.Content{text("x")}, 0, 6},
		{"send_msg", `{"message_type":"private","user_id":6,"group_id":5,"message":"x"}`, message.Content{text("x")}, 0, 6},
		{"send_msg", `{"message_type":"group","user_id":6,"group_id":5,"message":"x"}`, message.Content{text("x")}, 5, 0},
		{"send_msg", `{"user_id":6,"group_id":5,"message":"x"}`, message.Content{text("x")}, 5, 0},
		{"send_msg", `{"message_type":"private","user_id":6,"group_id":"nonsense","message":"x"}`, message.Content{text("x")}, 0, 6},
		{"send_msg", `{"message_type":"","user_id":6,"group_id":"","message":"x"}`, message.Content{text("x")}, 0, 6},
		{"send_msg", `{"user_id":6,"group_id":0,"message":"x"}`, message.Content{text("x")}, 0, 6},
		{"send_msg", `{"message_type":null,"user_id":6,"group_id":null,"message":[{"type":"text","data":{"text":"x"}}]}`, message.Content{text("x")}, 0, 6},
	} {
		s, client, store := newTestDialect(t, func(a *clienttest.Account, _ *ntqq.Options) {
			a.Friends = append(a.Friends, ntqq.Friend{UIN: 6})
			a.Members = append(a.Members, ntqq.Member{Group: 5, UIN: big, Nickname: "big"})
		})
		r := call(t, s, c.name, c.params)
		if r.Status != StatusOK || len(client.Sent()) != 1 {
			t.Errorf("%s %s: got %+v", c.name, c.params, r)
			continue
		}
		if diff := cmp.Diff(c.want, client.Sent()[0].Content); diff != "" {
			t.Errorf("%s %s sent (-want +got):\n%s", c.name, c.params, diff)
		}
		if client.Sent()[0].Chat.Group != c.group || client.Sent()[0].Chat.Peer != c.peer {
			t.Errorf("%s %s: sent to group %d, peer %d; want %d, %d", c.name, c.params, client.Sent()[0].Chat.Group, client.Sent()[0].Chat.Peer, c.group, c.peer)
		}
		id := r.Data.(messageIDResult).MessageID
		if m, _ := store.Get(id); m == nil || !reflect.DeepEqual(m.Content, c.want) {
			t.Errorf("%s %s: message %d is not in the store", c.name, c.params, id)
		}
		if want := fmt.Sprintf(`{"status":"ok","retcode":0,"data":{"message_id":%d},"message":"","wording":""}`, id); string(r.AppendJSON(nil)) != want {
			t.Errorf("%s: got %s, want %s", c.name, r.AppendJSON(nil), want)
		}
	}
}

func TestSendForm(t *testing.T) {
	for form, want := range map[string]string{
		"[CQ:at,qq=5] hi":                       "[CQ:at,qq=5] hi",
		`[{"type":"text","data":{"text":"x"}}]`: "x",
		`{"type":"at","data":{"qq":5}}`:         "[CQ:at,qq=5]",
		"[1, 2]":                                "&#91;1, 2&#93;",
		"plain":                                 "plain",
	} {
		s, c, _ := newTestDialect(t)
		r := s.Call(t.Context(), Request{Action: "send_msg", Params: withValues(t, Params{}, url.Values{"group_id": {"5"}, "user_id": {""}, "message": {form}, "auto_escape": {"0"}}.Encode(), "")})
		if r.Status != StatusOK || len(c.Sent()) != 1 {
			t.Errorf("form message %q: got %+v", form, r)
			continue
		}
		got := string(appendCQ(nil, s.account.writer.appendSegments(nil, message.Chat{}, c.Sent()[0].Content)))
		if got != want {
			t.Errorf("form message %q sent: got %q, want %q", form, got, want)
		}
	}
}

func TestSendReply(t *testing.T) {
	s, c, store := newTestDialect(t)
	quoted := groupMessage(77, &message.ReplySegment{Sequence: 1}, message.Text("quoted"))
	id, _ := store.Put(quoted)
	params := fmt.Sprintf(`{"group_id":%d,"message":[{"type":"text","data":{"text":"x"}},{"type":"reply","data":{"id":"%d"}},{"type":"reply","data":{"id":"%d"}}]}`, groupCode, id, id)
	if r := call(t, s, "send_msg", params); r.Status != StatusOK {
		t.Fatalf("reply to %d: got %+v", id, r)
	}
	want := message.Content{
		&message.ReplySegment{Sequence: 77, SenderUIN: friendUIN, SenderUID: clienttest.UIDOf(friendUIN), Time: testTime, Random: 9, Content: message.Content{message.Text("quoted")}},
		message.Text("x"),
	}
	if diff := cmp.Diff(want, c.Sent()[0].Content); diff != "" {
		t.Errorf("reply sent (-want +got):\n%s", diff)
	}
}

// TestReplyForms: a quote names its message by its number too, or says itself what it quotes.
func TestReplyForms(t *testing.T) {
	s, c, store := newTestDialect(t)
	_, _ = store.Put(groupMessage(77, message.Text("quoted")))
	known := &message.ReplySegment{Sequence: 77, SenderUIN: friendUIN, SenderUID: clienttest.UIDOf(friendUIN), Time: testTime, Random: 9, Content: message.Content{message.Text("quoted")}}
	made := &message.ReplySegment{Sequence: 5, SenderUIN: 10086, Time: 1700000000, Content: message.Content{message.Text("said")}}
	for _, tt := range []struct {
		data string
		want *message.ReplySegment
	}{
		{`{"seq":"77"}`, known},
		{`{"id":null,"seq":77,"text":null,"qq":null,"time":null}`, known},
		{`{"text":"said","qq":"10086","time":"1700000000","seq":"5"}`, made},
		{`{"text":"said","user_id":10086,"time":1700000000,"seq":5}`, made},
		{`{"text":"said","qq":1,"seq":"x"}`, nil},
		{`{"text":"said","qq":1,"seq":0}`, nil},
		{`{"text":"said","seq":5}`, nil},
		{`{"text":"said","qq":1,"seq":5,"time":-1}`, nil},
		{`{"text":"said","qq":1}`, nil},
		{`{}`, nil},
	} {
		before := len(c.Sent())
		r := call(t, s, "send_group_msg", fmt.Sprintf(`{"group_id":%d,"message":[{"type":"reply","data":%s},{"type":"text","data":{"text":"x"}}]}`, groupCode, tt.data))
		if tt.want == nil {
			if r.RetCode != RetBadParams || len(c.Sent()) != before {
				t.Errorf("%s: got %+v, want %d", tt.data, r, RetBadParams)
			}
			continue
		}
		if r.Status != StatusOK {
			t.Errorf("%s: got %+v", tt.data, r)
		} else if diff := cmp.Diff(message.Content{tt.want, message.Text("x")}, c.Sent()[before].Content); diff != "" {
			t.Errorf("%s: sent (-want +got):\n%s", tt.data, diff)
		}
	}
}

func TestEchoHasTheSameID(t *testing.T) {
	s, _, store := newTestDialect(t)
	sub := s.Subscribe(form(FormatArray, true))
	defer sub.Close()
	r := call(t, s, "send_group_msg", `{"group_id":5,"message":"x"}`)
	id := r.Data.(messageIDResult).MessageID
	sent, _ := store.Get(id)
	if s.Stats().Queued != 0 {
		t.Error("a group message was reported before its echo came")
	}
	echo := *sent
	handleMessage(s, &echo)
	if e := next(t, sub); e["message_id"] != json.Number(fmt.Sprint(id)) || e["post_type"] != "message_sent" {
		t.Errorf("echo of message %d: got %v", id, e)
	}
	r = call(t, s, "send_private_msg", `{"user_id":20002,"message":"y"}`)
	if s.Stats().Queued != 0 {
		t.Error("a private message was reported by the call: the client does it")
	}
	own, _ := store.Get(r.Data.(messageIDResult).MessageID)
	handleMessage(s, own)
	if e := next(t, sub); e["post_type"] != "message_sent" || e["target_id"] != json.Number("20002") || e["user_id"] != json.Number("10001") {
		t.Errorf("own private message: got %v", e)
	}
}

func TestDeleteAndGet(t *testing.T) {
	s, c, store := newTestDialect(t)
	own := friendMessage(6, message.Text("own"))
	own.Self, own.Sender.UIN = true, selfUIN
	for _, m := range []*message.Message{groupMessage(5, message.Text("hi")), own} {
		id, _ := store.Put(m)
		for _, params := range []string{`{"message_id":%d}`, `{"message_id":"%d"}`} {
			params := fmt.Sprintf(params, id)
			before := len(c.Recalled())
			if r := call(t, s, "delete_msg", params); r.Status != StatusOK || r.Data != nil || !slices.Equal(c.Recalled()[before:], []uint64{m.Sequence}) {
				t.Errorf("delete_msg %s: got %+v, recalled %v", params, r, c.Recalled())
			}
			if r := call(t, s, "get_msg", params); r.Status != StatusOK {
				t.Errorf("get_msg %s: got %+v", params, r)
			}
		}
	}
}

func TestGetMsg(t *testing.T) {
	s, _, store := newTestDialect(t)
	id, _ := store.Put(groupMessage(5, &message.AtSegment{UIN: 5, Display: "@x"}, message.Text(" a[b]")))
	r := call(t, s, "get_msg", fmt.Sprintf(`{"message_id":%d}`, id))
	want := fmt.Sprintf(`{"time":1700000000,"self_id":10001,"post_type":"message","group":true,"message_id_v2":"002000000000000100000005","message_type":"group","sub_type":"normal","message_id":%d,"message_seq":5,"real_id":5,"real_seq":"5",
		"user_id":20002,"group_id":9007199254740993,"group_name":"组","anonymous":null,"font":0,"message_format":"array",
		"message":[{"type":"at","data":{"qq":"5","name":"@x"}},{"type":"text","data":{"text":" a[b]"}}],"raw_message":"[CQ:at,qq=5] a&#91;b&#93;",
		"sender":{"user_id":20002,"nickname":"nick","card":"card","sex":"unknown","age":0,"area":"","level":"7","role":"owner","title":"title"}}`, id)
	raw, err := appendData(nil, r.Data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := diffJSON(t, want, raw); diff != "" {
		t.Errorf("get_msg (-want +got):\n%s", diff)
	}
}

func TestNoCachePassedOn(t *testing.T) {
	for _, name := range []string{"get_friend_list", "get_group_list", "get_group_info", "get_group_member_list", "get_group_member_info"} {
		for value, want := range map[string]int{`true`: 1, `"1"`: 1, `false`: 0, `null`: 0} {
			synctest.Test(t, func(t *testing.T) {
				s, c, _ := newTestDialect(t)
				synctest.Wait() // it has asked for its own lists
				get := func(value string) {
					call(t, s, name, fmt.Sprintf(`{"group_id":%d,"user_id":%d,"no_cache":%s}`, groupCode, friendUIN, value))
				}
				get(`false`)
				before := c.Calls()
				if name == "get_group_member_info" {
					want *= 2 // the profile, too
				}
				if get(value); c.Calls()-before != want {
					t.Errorf("%s with no_cache %s: %d requests, want %d", name, value, c.Calls()-before, want)
				}
			})
		}
	}
}

// onlyReads tells of an action, by its name, that it changes nothing.
func onlyReads(name string) bool {
	if name == "get_ai_record" { // it sends what it returns
		return false
	}
	return regexp.MustCompile(`^(nc_|_)?(get|can|fetch|check)_`).MatchString(name) ||
		// Those that make a card and send nothing.
		slices.Contains([]string{"send_ark_share", "ArkSharePeer", "send_group_ark_share", "ArkShareGroup"}, name)
}

// TestChanges: only what reads may be called by a link on a web page.
func TestChanges(t *testing.T) {
	s := newDialect(Options{}, nil)
	for _, name := range Table().Names() {
		want := !onlyReads(name)
		for _, suffix := range []string{"", "_async", "_rate_limited"} {
			if got := s.Changes(name + suffix); got != want {
				t.Errorf("%s%s: got %v, want %v", name, suffix, got, want)
			}
		}
	}
	if s.Changes("no_such_action") {
		t.Error("an action that does not exist changes something")
	}
}

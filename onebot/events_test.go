package onebot

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/gateway"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

func handleMessage(s *testDialect, m *message.Message) {
	s.Handle(context.Background(), &event.Message{Message: m})
}

// next takes the next event, which must be there already.
func next(t *testing.T, sub *gateway.Subscription) map[string]any {
	t.Helper()
	return asJSON(t, nextRaw(t, sub)).(map[string]any)
}

func nextRaw(t testing.TB, sub *gateway.Subscription) []byte {
	t.Helper()
	events, err := sub.Take(nil, 1)
	if err != nil || len(events) == 0 {
		t.Fatalf("no event: %v", err)
	}
	return events[0]
}

func TestMessageEvents(t *testing.T) {
	group := message.Chat{Kind: message.Group, Group: groupCode}
	friend := message.Chat{Kind: message.Friend, Peer: friendUIN}
	quotedInStore := friendMessage(50)
	own := friendMessage(8, message.Text("me"))
	own.Self, own.Sender = true, message.Sender{}
	temp := friendMessage(9, message.Text("t"))
	temp.Chat.Kind, temp.Chat.Group = message.Temp, 7
	unknownSender := groupMessage(10, message.Text("who"))
	unknownSender.Sender, unknownSender.GroupName = message.Sender{}, ""
	bare := friendMessage(11, message.Text("b"))
	bare.Sender, bare.Time = message.Sender{}, 0

	const (
		groupHead  = `"time":1700000000,"self_id":10001,"message_type":"group","sub_type":"normal","group_id":9007199254740993,"font":0,"anonymous":null`
		sender     = `,"post_type":"message","user_id":20002,"group_name":"组","sender":{"user_id":20002,"nickname":"nick","card":"card","sex":"unknown","age":0,"area":"","level":"7","role":"owner","title":"title"}`
		friendHead = `"self_id":10001,"message_type":"private","font":0`
		peer       = `,"sender":{"user_id":20002,"nickname":"nick","sex":"unknown","age":0,"card":""}`
	)
	for _, c := range []struct {
		name   string
		m      *message.Message
		common string // without message, raw_message, message_format, message_id
		array  string
		cq     string
	}{
		{"text", groupMessage(1, message.Text("a,b&[c]\n\"\\\t\x01你好\xff")),
			groupHead + sender + `,"message_seq":1,"real_id":1,"real_seq":"1"`,
			`[{"type":"text","data":{"text":"a,b&[c]\n\"\\\t\u0001你好\ufffd"}}]`, "a,b&amp;&#91;c&#93;\n\"\\\t\x01你好\ufffd"},
		{"at", groupMessage(2, &message.AtSegment{All: true, Display: "@全体成员"}, &message.AtSegment{UIN: selfUIN, Display: "@bot"}),
			groupHead + sender + `,"message_seq":2,"real_id":2,"real_seq":"2"`,
			`[{"type":"at","data":{"qq":"all","name":"@全体成员"}},{"type":"at","data":{"qq":"10001","name":"@bot"}}]`, "[CQ:at,qq=all][CQ:at,qq=10001]"},
		{"faces", groupMessage(3, &message.FaceSegment{ID: 14, Text: "/微笑"}, &message.FaceSegment{ID: 5, Large: true}, &message.FaceSegment{ID: 358, Large: true, Result: 6}, &message.FaceSegment{ID: 359, Result: 2}),
			groupHead + sender + `,"message_seq":3,"real_id":3,"real_seq":"3"`,
			`[{"type":"face","data":{"id":"14"}},{"type":"face","data":{"id":"5","large":"true"}},{"type":"dice","data":{"result":"6"}},{"type":"rps","data":{"result":"2"}}]`,
			"[CQ:face,id=14][CQ:face,id=5,large=true][CQ:dice,result=6][CQ:rps,result=2]"},
		{"unknown", groupMessage(4, &message.UnknownSegment{Element: "custom_face"}, nil, &message.UnknownSegment{Element: "common_elem 48/20"}),
			groupHead + sender + `,"message_seq":4,"real_id":4,"real_seq":"4"`,
			`[{"type":"unknown","data":{"element":"custom_face"}},{"type":"unknown","data":{"element":"common_elem 48/20"}}]`,
			"[CQ:unknown,element=custom_face][CQ:unknown,element=common_elem 48/20]"},
		{"group reply", groupMessage(5, &message.ReplySegment{Sequence: 3}, message.Text("x")),
			groupHead + sender + `,"message_seq":5,"real_id":5,"real_seq":"5"`,
			fmt.Sprintf(`[{"type":"reply","data":{"id":"%d"}},{"type":"text","data":{"text":"x"}}]`, testID(group, 3)),
			fmt.Sprintf("[CQ:reply,id=%d]x", testID(group, 3))},
		{"reply to nothing", groupMessage(1<<60, &message.ReplySegment{}),
			groupHead + sender + `,"message_seq":1152921504606846976,"real_id":1152921504606846976,"real_seq":"1152921504606846976"`,
			`[{"type":"reply","data":{"id":"0"}}]`, "[CQ:reply,id=0]"},
		{"unknown sender", unknownSender,
			groupHead + `,"post_type":"message","user_id":0,"group_name":"","message_seq":10,"real_id":10,"real_seq":"10","sender":{"user_id":0,"nickname":"","card":"","sex":"unknown","age":0,"area":"","level":"0","role":"member","title":""}`,
			`[{"type":"text","data":{"text":"who"}}]`, "who"},
		{"friend", friendMessage(7, &message.ReplySegment{ClientSequence: 1050, Random: 9}, &message.ReplySegment{Sequence: 3, ClientSequence: 4}, &message.ReplySegment{ClientSequence: 4}),
			friendHead + peer + `,"time":1700000000,"post_type":"message","sub_type":"friend","user_id":20002,"target_id":10001,"message_seq":7,"real_id":7,"real_seq":"7"`,
			fmt.Sprintf(`[{"type":"reply","data":{"id":"%d"}},{"type":"reply","data":{"id":"%d"}},{"type":"reply","data":{"id":"%d"}}]`, testID(friend, 50), testID(friend, 3), testID(friend, 4)),
			fmt.Sprintf("[CQ:reply,id=%d][CQ:reply,id=%d][CQ:reply,id=%d]", testID(friend, 50), testID(friend, 3), testID(friend, 4))},
		{"own", own,
			friendHead + `,"time":1700000000,"post_type":"message_sent","sub_type":"friend","user_id":10001,"target_id":20002,"message_seq":8,"real_id":8,"real_seq":"8","sender":{"user_id":10001,"nickname":"","sex":"unknown","age":0,"card":""}`,
			`[{"type":"text","data":{"text":"me"}}]`, "me"},
		{"temporary", temp,
			friendHead + `,"time":1700000000,"post_type":"message","sub_type":"group","temp_source":0,"user_id":20002,"target_id":10001,"message_seq":9,"real_id":9,"real_seq":"9","sender":{"user_id":20002,"nickname":"nick","sex":"unknown","age":0,"card":"","group_id":7}`,
			`[{"type":"text","data":{"text":"t"}}]`, "t"},
		{"bare", bare,
			friendHead + `,"time":1700000001,"post_type":"message","sub_type":"friend","user_id":20002,"target_id":10001,"message_seq":11,"real_id":11,"real_seq":"11","sender":{"user_id":20002,"nickname":"","sex":"unknown","age":0,"card":""}`,
			`[{"type":"text","data":{"text":"b"}}]`, "b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _, store := newTestDialect(t)
			if _, err := store.Put(quotedInStore); err != nil {
				t.Fatal(err)
			}
			array := s.Subscribe(form(FormatArray, true))
			defer array.Close()
			text := s.Subscribe(form(FormatString, true))
			defer text.Close()
			handleMessage(s, c.m)
			cq, err := appendData(nil, c.cq)
			if err != nil {
				t.Fatal(err)
			}
			rest := fmt.Sprintf(`,"raw_message":%s,"message_id":%d}`, cq, testID(c.m.Chat, c.m.Sequence))
			raw := nextRaw(t, array)
			if diff := diffJSON(t, `{`+c.common+`,"message_format":"array","message":`+c.array+rest, raw); diff != "" {
				t.Errorf("array format (-want +got):\n%s", diff)
			}
			if diff := diffJSON(t, `{`+c.common+`,"message_format":"string","message":`+string(cq)+rest, nextRaw(t, text)); diff != "" {
				t.Errorf("string format (-want +got):\n%s", diff)
			}
			if strings.Contains(string(raw), `": `) || strings.Contains(string(raw), `"echo"`) {
				t.Errorf("event is not compact or has an echo: %s", raw)
			}
		})
	}
}

func TestStoreFailureLosesNoMessage(t *testing.T) {
	s, _, store := newTestDialect(t)
	store.err = errDisk
	sub := s.Subscribe(form(FormatArray, false))
	defer sub.Close()
	handleMessage(s, groupMessage(5, &message.ReplySegment{Sequence: 3}, message.Text("x")))
	handleMessage(s, friendMessage(5, &message.ReplySegment{ClientSequence: 3}))
	for range 2 {
		if e := next(t, sub); e["message_id"] != json.Number("0") {
			t.Errorf("message that could not be stored: got %v", e)
		}
	}
}

func TestNotices(t *testing.T) {
	person := func(u message.UIN) event.Person { return event.Person{UIN: u} }
	group := message.Chat{Kind: message.Group, Group: groupCode}
	friend := message.Chat{Kind: message.Friend, Peer: friendUIN}
	const g = `"group_id":9007199254740993`
	for _, c := range []struct {
		name string
		e    event.Event
		want string // without time, self_id, post_type; "" for no event
	}{
		{"group recall", &event.MessageRecalled{Chat: group, Author: person(5), Operator: person(6), Sequence: 77, Time: testTime, Tip: "tip"},
			fmt.Sprintf(`"notice_type":"group_recall",%s,"user_id":5,"operator_id":6,"message_id":%d,"tip":"tip"`, g, testID(group, 77))},
		{"friend recall, stored", &event.MessageRecalled{Chat: friend, Author: person(friendUIN), Operator: person(friendUIN), ClientSequence: 1050, Random: 9, Time: testTime},
			fmt.Sprintf(`"notice_type":"friend_recall","user_id":20002,"operator_id":20002,"message_id":%d,"tip":""`, testID(friend, 50))},
		{"friend recall, not stored", &event.MessageRecalled{Chat: friend, Author: person(selfUIN), Sequence: 4, ClientSequence: 1, Time: testTime},
			fmt.Sprintf(`"notice_type":"friend_recall","user_id":20002,"operator_id":0,"message_id":%d,"tip":""`, testID(friend, 4))},
		{"recall of an unknown peer", &event.MessageRecalled{Author: person(5), Time: testTime},
			`"notice_type":"friend_recall","user_id":5,"operator_id":0,"message_id":0,"tip":""`},
		{"join", &event.GroupMemberIncrease{Group: groupCode, Member: person(5), Operator: person(6), Method: event.JoinApproved, Time: testTime},
			`"notice_type":"group_increase","sub_type":"approve",` + g + `,"operator_id":6,"user_id":5`},
		{"invite", &event.GroupMemberIncrease{Group: groupCode, Member: person(5), Operator: person(6), Method: event.JoinInvited, Time: testTime},
			`"notice_type":"group_increase","sub_type":"invite",` + g + `,"operator_id":6,"user_id":5`},
		{"join, unknown", &event.GroupMemberIncrease{Group: groupCode, Member: person(5), Method: event.JoinUnknown, Time: testTime},
			`"notice_type":"group_increase","sub_type":"approve",` + g + `,"operator_id":0,"user_id":5`},
		{"leave", &event.GroupMemberDecrease{Group: groupCode, Member: person(5), Reason: event.LeaveLeft, Time: testTime},
			`"notice_type":"group_decrease","sub_type":"leave",` + g + `,"operator_id":5,"user_id":5`},
		{"kick", &event.GroupMemberDecrease{Group: groupCode, Member: person(5), Operator: person(6), Reason: event.LeaveKicked, Time: testTime},
			`"notice_type":"group_decrease","sub_type":"kick",` + g + `,"operator_id":6,"user_id":5`},
		{"kick me", &event.GroupMemberDecrease{Group: groupCode, Operator: person(6), Reason: event.LeaveKickMe, Time: testTime},
			`"notice_type":"group_decrease","sub_type":"kick_me",` + g + `,"operator_id":6,"user_id":10001`},
		{"disband", &event.GroupMemberDecrease{Group: groupCode, Member: person(selfUIN), Operator: person(6), Reason: event.LeaveDisband, Time: testTime},
			`"notice_type":"group_decrease","sub_type":"disband",` + g + `,"operator_id":6,"user_id":10001`},
		{"leave, unknown", &event.GroupMemberDecrease{Group: groupCode, Member: person(5), Reason: event.LeaveUnknown, Time: testTime},
			`"notice_type":"group_decrease","sub_type":"leave",` + g + `,"operator_id":0,"user_id":5`},
		{"group left", &event.GroupLeft{Group: groupCode, Time: testTime},
			`"notice_type":"group_decrease","sub_type":"leave",` + g + `,"operator_id":10001,"user_id":10001`},
		{"admin", &event.GroupAdminChanged{Group: groupCode, Member: person(5), Admin: true, Time: testTime},
			`"notice_type":"group_admin","sub_type":"set",` + g + `,"user_id":5`},
		{"no admin", &event.GroupAdminChanged{Group: groupCode, Member: person(5), Time: testTime},
			`"notice_type":"group_admin","sub_type":"unset",` + g + `,"user_id":5`},
		{"mute", &event.GroupMuted{Group: groupCode, Member: person(5), Operator: person(6), Duration: 600, Time: testTime},
			`"notice_type":"group_ban","sub_type":"ban",` + g + `,"operator_id":6,"user_id":5,"duration":600`},
		{"mute lifted", &event.GroupMuted{Group: groupCode, Member: person(5), Operator: person(6), Time: testTime},
			`"notice_type":"group_ban","sub_type":"lift_ban",` + g + `,"operator_id":6,"user_id":5,"duration":0`},
		{"all muted", &event.GroupMuted{Group: groupCode, All: true, Operator: person(6), Duration: 1 << 28, Time: testTime},
			`"notice_type":"group_ban","sub_type":"ban",` + g + `,"operator_id":6,"user_id":0,"duration":-1`},
		{"all mute lifted", &event.GroupMuted{Group: groupCode, All: true, Operator: person(6), Time: testTime},
			`"notice_type":"group_ban","sub_type":"lift_ban",` + g + `,"operator_id":6,"user_id":0,"duration":0`},
		{"name", &event.GroupNameChanged{Group: groupCode, NewName: "新", Operator: person(6), Time: testTime},
			`"notice_type":"group_name_change",` + g + `,"name":"新","operator_id":6`},
		{"title", &event.GroupTitleChanged{Group: groupCode, Member: person(5), Title: "t", Time: testTime},
			`"notice_type":"notify","sub_type":"title",` + g + `,"user_id":5,"title":"t"`},
		{"card", &event.GroupCardChanged{Group: groupCode, Member: person(5), Old: "a", New: "b", Time: testTime},
			`"notice_type":"group_card",` + g + `,"user_id":5,"card_new":"b","card_old":"a"`},
		{"friend", &event.FriendAdded{Friend: person(5), Time: testTime}, `"notice_type":"friend_add","user_id":5`},
		{"friend removed", &event.FriendRemoved{Friend: person(5)}, ""},
		{"lists changed", &event.ListsChanged{}, ""},
		{"kicked", &event.Kicked{}, ""},
		{"unknown", &event.Unknown{}, ""},
		{"nil", nil, ""},
		{"nil message", &event.Message{}, ""},
		{"typed nil", (*event.GroupMuted)(nil), ""}, // a panic inside, which ends nothing
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _, store := newTestDialect(t)
			if _, err := store.Put(friendMessage(50)); err != nil {
				t.Fatal(err)
			}
			sub := s.Subscribe(form(FormatString, false))
			defer sub.Close()
			s.Handle(t.Context(), c.e)
			if c.want == "" {
				if n := s.Stats().Queued; n != 0 {
					t.Errorf("got %s, want no event", nextRaw(t, sub))
				}
				return
			}
			want := `{"time":1700000000,"self_id":10001,"post_type":"notice",` + c.want + `}`
			if diff := diffJSON(t, want, nextRaw(t, sub)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestGroupLeftToldOnce(t *testing.T) {
	s, _, _ := newTestDialect(t)
	sub := s.Subscribe(form(FormatArray, false))
	defer sub.Close()
	s.Handle(t.Context(), &event.GroupMemberDecrease{Group: 5, Reason: event.LeaveKickMe, Time: testTime})
	s.Handle(t.Context(), &event.GroupLeft{Group: 5, Time: testTime + 1})
	s.Handle(t.Context(), &event.GroupLeft{Group: 6, Time: testTime + 1})
	s.Handle(t.Context(), &event.GroupLeft{Group: 5, Time: testTime + 100})
	s.Handle(t.Context(), &event.GroupLeft{Group: 7, Time: 4_000_000_000})
	s.Handle(t.Context(), &event.GroupLeft{Group: 7, Time: testTime + 200})
	var got []string
	for s.Stats().Queued > 0 {
		e := next(t, sub)
		got = append(got, fmt.Sprint(e["sub_type"], e["group_id"]))
	}
	if want := "[kick_me5 leave6 leave5 leave7 leave7]"; fmt.Sprint(got) != want {
		t.Errorf("events: got %v, want %s", got, want)
	}
}

func TestMetaEvents(t *testing.T) { synctest.Test(t, testMetaEvents) }

func testMetaEvents(t *testing.T) {
	s, c, _ := newTestDialect(t)
	synctest.Wait() // it has asked for its own lists
	if diff := diffJSON(t, `{"time":1700000001,"self_id":10001,"post_type":"meta_event","meta_event_type":"lifecycle","sub_type":"connect"}`, s.Hello()); diff != "" {
		t.Errorf("lifecycle (-want +got):\n%s", diff)
	}
	const heartbeat = `{"time":1700000001,"self_id":10001,"post_type":"meta_event","meta_event_type":"heartbeat","interval":1500,"status":%s}`
	if diff := diffJSON(t, fmt.Sprintf(heartbeat, statusJSON(c)), s.Beat(1500*time.Millisecond)); diff != "" {
		t.Errorf("heartbeat (-want +got):\n%s", diff)
	}
	c.err.Store(&ntqq.ServerError{Code: -10001}) // the session is over
	_, _ = c.Client.Users().Info(t.Context(), friendUIN)
	synctest.Wait()
	offline := strings.Replace(strings.Replace(statusJSON(c), `"online":true`, `"online":false`, 1), `"good":true,
`, `"good":false,
`, 1)
	if diff := diffJSON(t, fmt.Sprintf(heartbeat, offline), s.Beat(1500*time.Millisecond)); diff != "" {
		t.Errorf("heartbeat while offline (-want +got):\n%s", diff)
	}
}

func TestStateEvents(t *testing.T) {
	s, _, _ := newTestDialect(t)
	s.HandleState(ntqq.State{Stage: ntqq.Online, OnlineCount: 1}) // nobody listens
	s.HandleState(ntqq.State{Stage: ntqq.Offline})
	sub := s.Subscribe(form(FormatArray, false))
	defer sub.Close()
	s.HandleState(ntqq.State{Stage: ntqq.Connecting})
	s.HandleState(ntqq.State{Stage: ntqq.Online, OnlineCount: 1})
	s.HandleState(ntqq.State{Stage: ntqq.Online, OnlineCount: 1})
	s.HandleState(ntqq.State{Stage: ntqq.Reconnecting, Err: fmt.Errorf("read: %w", ntqq.ErrConnectionLost)})
	s.HandleState(ntqq.State{Stage: ntqq.Connecting})
	s.HandleState(ntqq.State{Stage: ntqq.Online, OnlineCount: 2})
	s.HandleState(ntqq.State{Stage: ntqq.Stopped})
	for _, want := range []string{
		`"notice_type":"bot_online","reason":"Login"`,
		`"notice_type":"bot_offline","user_id":10001,"tag":"reconnecting","message":"the session is reconnecting: read: connection lost"`,
		`"notice_type":"bot_online","reason":"Reconnect"`,
		`"notice_type":"bot_offline","user_id":10001,"tag":"stopped","message":"the session is stopped"`,
	} {
		if diff := diffJSON(t, `{"time":1700000001,"self_id":10001,"post_type":"notice",`+want+`}`, nextRaw(t, sub)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if n := s.Stats().Queued; n != 0 {
		t.Errorf("%d events too many", n)
	}
}

// TestStrictTypes decodes message events the way clients with strict models do
// (docs/protocol/onebot11.md (g)).
func TestStrictTypes(t *testing.T) {
	type sender struct {
		UserID   *int64  `json:"user_id"`
		Nickname *string `json:"nickname"`
		Sex      *string `json:"sex"`
		Age      *int    `json:"age"`
		Card     string  `json:"card"`
		Level    string  `json:"level"`
		Role     string  `json:"role"`
		Title    string  `json:"title"`
	}
	type model struct {
		Time        *int64  `json:"time"`
		SelfID      *int64  `json:"self_id"`
		PostType    *string `json:"post_type"`
		MessageType *string `json:"message_type"`
		SubType     *string `json:"sub_type"`
		UserID      *int64  `json:"user_id"`
		MessageID   *int32  `json:"message_id"`
		RawMessage  *string `json:"raw_message"`
		Font        *int32  `json:"font"`
		Sender      *sender `json:"sender"`
		Message     []struct {
			Type string            `json:"type"`
			Data map[string]string `json:"data"`
		} `json:"message"`
	}
	s, _, _ := newTestDialect(t)
	sub := s.Subscribe(form(FormatArray, false))
	defer sub.Close()
	for _, m := range []*message.Message{groupMessage(1, &message.FaceSegment{ID: 1, Large: true}, &message.AtSegment{UIN: 5}), friendMessage(2, &message.ReplySegment{Sequence: 1})} {
		handleMessage(s, m)
		raw := nextRaw(t, sub)
		var e model
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatalf("%v\n%s", err, raw)
		}
		for name, missing := range map[string]bool{
			"time": e.Time == nil, "self_id": e.SelfID == nil, "post_type": e.PostType == nil, "message_type": e.MessageType == nil,
			"sub_type": e.SubType == nil, "user_id": e.UserID == nil, "message_id": e.MessageID == nil, "raw_message": e.RawMessage == nil,
			"font": e.Font == nil, "message": e.Message == nil, "sender": e.Sender == nil || e.Sender.UserID == nil || e.Sender.Nickname == nil || e.Sender.Age == nil,
		} {
			if missing {
				t.Errorf("%s is missing in %s", name, raw)
			}
		}
	}
}

func TestChineseOffline(t *testing.T) {
	s := newDialect(Options{Client: newFakeClient(t).Client, Language: Chinese}, &fakeStore{messages: map[int32]*message.Message{}})
	sub := s.Subscribe(form(FormatArray, false))
	defer sub.Close()
	s.HandleState(ntqq.State{Stage: ntqq.Online})
	s.HandleState(ntqq.State{Stage: ntqq.Kicked, Err: &ntqq.KickError{Title: "下线通知", Tips: "账号在别处登录"}})
	next(t, sub)
	if e := next(t, sub); e["tag"] != "kicked" || e["message"] != "下线通知: 账号在别处登录" {
		t.Errorf("kicked offline: got %v", e)
	}
}

func TestOfflineText(t *testing.T) {
	for _, tt := range []struct {
		e    gateway.Offline
		want string
	}{
		{gateway.Offline{Title: "下线通知", Tips: "账号在别处登录", Err: "kicked"}, "下线通知: 账号在别处登录"},
		{gateway.Offline{Title: "下线通知"}, "下线通知"},
		{gateway.Offline{Tips: "账号在别处登录"}, "账号在别处登录"},
		{gateway.Offline{Err: (&ntqq.KickError{}).Error()}, "会话状态：kicked：account was kicked offline (code 0)"},
		{gateway.Offline{}, "会话状态：kicked"},
	} {
		tt.e.Stage = ntqq.Kicked
		if got := offlineText(&tt.e).ZH; got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.e, got, tt.want)
		}
	}
}

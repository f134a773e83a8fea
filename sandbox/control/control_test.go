package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/webguard"
	"libration/ntqq/message"
	"libration/sandbox/fault"
	"libration/sandbox/server"
	"libration/sandbox/world"
)

// fakeServer has one client online and one login code, "c0de".
type fakeServer struct {
	calls  []string
	faults *fault.Set
	real   *server.Server // prepares
}

func (f *fakeServer) Faults() *fault.Set { return f.faults }

func (f *fakeServer) Clients() []server.ClientInfo {
	return []server.ClientInfo{{UIN: bot, DeviceName: "fake", Registered: true}}
}

func (f *fakeServer) PendingQR() []server.QRInfo {
	return []server.QRInfo{{ID: "c0de", State: "waiting"}}
}

func (f *fakeServer) call(id, format string, args ...any) error {
	if id != "c0de" {
		return errors.New("no such code")
	}
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
	return nil
}

func (f *fakeServer) ScanQR(id string, uin message.UIN) error { return f.call(id, "scan %d", uin) }
func (f *fakeServer) ApproveQR(id string, uin message.UIN) error {
	return f.call(id, "approve %d", uin)
}
func (f *fakeServer) RejectQR(id string) error      { return f.call(id, "reject") }
func (f *fakeServer) ExpireQR(id string) error      { return f.call(id, "expire") }
func (f *fakeServer) PublicKeys() server.PublicKeys { return server.PublicKeys{} }
func (f *fakeServer) Addresses() []string           { return []string{"127.0.0.1:8001"} }
func (f *fakeServer) MediaAddress() string          { return "192.0.2.7:80" }
func (f *fakeServer) Captchas() []server.CaptchaInfo {
	return []server.CaptchaInfo{{SID: "s1d", Ticket: "t", RandStr: "@r"}}
}

func (f *fakeServer) VerifyDevice(q server.VerifyQuestion) server.VerifyAnswer {
	return server.VerifyAnswer{URL: "code for " + q.DeviceName}
}

func (f *fakeServer) Face(id uint32) (message.FaceSegment, bool) {
	known := map[uint32]string{14: "/微笑", 311: "/打call", message.FaceDice: "/骰子", message.FaceRPS: "/包剪锤"}
	return message.FaceSegment{ID: id, Text: known[id], Pack: "1", Sticker: "1"}, known[id] != ""
}

func (f *fakeServer) MarketKey([]byte) string { return "0123456789abcdef" }

func (f *fakeServer) ExpireCookies(uin message.UIN) error { return f.real.ExpireCookies(uin) }
func (f *fakeServer) AnnouncedPicture(id string) (world.AnnouncedPicture, error) {
	return f.real.AnnouncedPicture(id)
}
func (f *fakeServer) MusicCard(request []byte) (string, error) {
	if !strings.Contains(string(request), `"title":"T`) {
		return "", errors.New("no title")
	}
	return `{"app":"com.tencent.structmsg","meta":{"music":{"title":"T"}}}`, nil
}

func (f *fakeServer) Prepare(ctx context.Context, from message.UIN, group message.GroupCode, content message.Content) (message.Content, error) {
	return f.real.Prepare(ctx, from, group, content)
}

func (f *fakeServer) Kick(uin message.UIN, title, tips string) int {
	f.calls = append(f.calls, fmt.Sprintf("kick %d %s %s", uin, title, tips))
	return 1
}

func (f *fakeServer) Reset() error { return f.real.Reset() }

func testControl(t testing.TB) (*world.World, *fakeServer, http.Handler) {
	w := defaultWorld(t)
	t.Cleanup(func() { must(t, w.Close()) })
	real, err := server.New(server.Options{World: w})
	must(t, err)
	f := &fakeServer{faults: fault.NewSet(fault.Options{Stages: server.Stages()}), real: real}
	return w, f, New(w, f, Options{Guard: webguard.New(webguard.Options{Remote: true}), Log: slog.New(slog.DiscardHandler)})
}

// do sends one request as a program on this machine would.
func do(h http.Handler, method, path, body string) (int, string) {
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	if body != "" || method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

// listed is a message in the answer of GET /api/messages.
type listed struct {
	messageView
	Segments []json.RawMessage `json:"segments"`
}

func decodeMessages(t *testing.T, answer string) []listed {
	t.Helper()
	var list []listed
	if err := json.Unmarshal([]byte(answer), &list); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	return list
}

func TestControl(t *testing.T) {
	t.Parallel()
	const group = "/api/groups/730000001"
	tests := []struct {
		method, path, body string
		status             int
		want               string // part of the answer
	}{
		{"GET", "/healthz", "", 200, `{"status":"ok"}`},
		{"GET", "/api/state", "", 200, `"friends":[10001,20002,20003],"groups":[730000001,730000002]`},
		{"GET", "/api/state", "", 200, `"clients":[{"uin":10001`},
		{"GET", "/api/state", "", 200, `"media":"192.0.2.7:80"`},
		{"GET", "/api/service", "", 200, `{"keys":{"`},
		{"GET", "/api/service", "", 200, `"media":"192.0.2.7:80"}`},
		{"GET", "/api/users", "", 200, `"nickname":"小振 Libration"`},
		{"POST", "/api/users", `{"nickname":"Dave"}`, 201, `{"uin":20004,"uid":"u_`},
		{"POST", "/api/users", `{"uin":20001}`, 400, `{"error":"user 20001 exists already"}`},
		{"POST", "/api/users", `{"friends":[1]}`, 400, "own requests"},
		{"POST", "/api/users", `{"name":"x"}`, 400, "unknown field"},
		{"POST", "/api/users", `{} {}`, 400, "more than one"},
		{"POST", "/api/users", `[`, 400, "bad body"},
		{"POST", "/api/users", "\xef\xbb\xbf" + `{"nickname":"Mark"}`, 201, `{"uin":20004,"uid":"u_`},
		{"POST", "/api/users", "\xff\xfe{\x00}\x00", 400, "save it as UTF-8"},
		{"POST", "/api/users", ``, 400, "bad body"},
		{"POST", "/api/users", `{"sign":"` + strings.Repeat("x", maxBody) + `"}`, 413, "larger than"},
		{"POST", "/api/users/20001/password", `{"password":"x"}`, 200, `{}`},
		{"POST", "/api/users/1/password", `{"password":"x"}`, 404, "no user 1"},
		{"POST", "/api/users/x/password", `{}`, 400, "not a number"},
		{"DELETE", "/api/users/20003", "", 200, `{}`},
		{"DELETE", "/api/users/1", "", 404, "no user 1"},
		{"DELETE", "/api/groups/730000001/members/20003?by=20001&block=x", "", 400, "neither true nor false"},
		{"DELETE", "/api/groups/730000001/members/20003?block=true", "", 400, "by is missing"},
		{"DELETE", "/api/groups/730000001", "", 200, `{}`},
		{"DELETE", "/api/groups/1", "", 404, "no group 1"},
		{"POST", "/api/reset", "", 200, `{}`},
		{"GET", "/api/captchas", "", 200, `[{"sid":"s1d"`},
		{"POST", "/cap_union_new_verify", `{"sid":"s1d"}`, 200, `{"errorCode":"0","randstr":"@r","ticket":"t","errMessage":""}`},
		{"POST", "/cap_union_new_verify", `{"sid":"gone"}`, 200, `{"errorCode":"50","randstr":"","ticket":""`},
		{"POST", "/v3/oidbinterface/oidb_0xc9e_8?uid=1", `{"uint32_flag":1,"str_dev_name":"d"}`, 200, `"str_url":"code for d"`},
		{"GET", "/captcha.html?sid=s1d", "", 200, "captcha.js"},
		{"POST", "/api/friends", `{"a":20001,"b":20002}`, 201, `{}`},
		{"POST", "/api/friends", `{"a":20001,"b":1}`, 404, "no user 1"},
		{"DELETE", "/api/friends", `{"a":20001,"b":20002}`, 200, `{}`},
		{"DELETE", "/api/friends", `{"a":20001,"b":1}`, 404, "1 is not a friend of 20001"},
		{"POST", "/api/friend-requests", `{"from":20001,"to":10001,"text":"hi"}`, 400, "are friends already"},
		{"POST", "/api/friend-requests", `{"from":20001,"to":1}`, 404, "no user 1"},
		{"GET", "/api/friend-requests?user=20002", "", 200, `[]`},
		{"GET", "/api/friend-requests?user=9", "", 404, "no user 9"},
		{"POST", "/api/friend-requests/answer", `{"user":20002,"from":20001,"accept":true}`, 404, "no pending request"},
		{"POST", "/api/likes", `{"from":20001,"to":20002,"times":20}`, 200, `{}`},
		{"POST", "/api/likes", `{"from":20001,"to":20002,"times":21}`, 409, "no more than 20 likes"},
		{"PATCH", "/api/users/20003", `{"sign":"here"}`, 200, `"nickname":"Carol","sign":"here"`},
		{"PATCH", "/api/users/20003", `{"nickname":""}`, 400, "cannot be empty"},
		{"PATCH", "/api/users/20003", `{"city":"here","birthday":"2001-02-03","labels":["a"],"vip":{"level":7}}`, 200, `"city":"here","birthday":"2001-02-03","labels":["a"],"vip":{"level":7,`},
		{"PATCH", "/api/users/20003", `{"sex":2,"login_days":5,"status":{"status":30}}`, 200, `"sex":2,"age":31,"level":8,"login_days":5,"status":{"status":30,`},
		{"PATCH", "/api/users/20003", `{"status":{"face":21,"text":"away"}}`, 200, `"status":{"status":10,"ext_status":2000,"battery":0,"face":21,"text":"away"}`},
		{"PATCH", "/api/users/20003", `{"birthday":"2001-02-30"}`, 400, "no day such as"},
		{"PATCH", "/api/users/20003", `{"sex":3}`, 400, "no sex 3"},
		{"PATCH", "/api/users/20003", `{"status":{"status":20}}`, 400, "no status 20"},
		{"PATCH", "/api/users/9", `{"sex":1}`, 404, "no user 9"},
		{"POST", "/api/users", `{"city":"here"}`, 400, "set by a change"},
		{"GET", "/api/groups", "", 200, `"code":730000001,"name":"Libration 沙盒","owner":20001`},
		{"POST", "/api/groups", `{"name":"third","owner":20003,"members":[20001]}`, 201, `"code":730000003`},
		{"POST", "/api/groups", `{"owner":20003}`, 400, "needs a name"},
		{"PATCH", group, `{"name":"renamed","mute_all":true}`, 200, `"mute_all":true`},
		{"PATCH", group, `{"by":20003,"name":"renamed"}`, 403, "may not"},
		{"PATCH", group, `{"by":20003,"mute_all":true}`, 403, "may not"},
		{"PATCH", group, `{"owner":20003}`, 200, `"owner":20003`},
		{"PATCH", group, `{"owner":20003,"by":20002}`, 403, "may not"},
		{"PATCH", group, `{"owner":20001}`, 400, "already"},
		{"PATCH", "/api/groups/1", `{}`, 404, "no group 1"},
		{"PATCH", "/api/groups/x", `{}`, 400, "not a number"},
		{"GET", group + "/members", "", 200, `{"uin":20001,"nickname":"Alice","card":"","title":"","role":"owner"`},
		{"GET", "/api/groups/1/members", "", 404, "no group"},
		{"GET", "/api/groups/x/members", "", 400, "not a number"},
		{"POST", "/api/groups/730000002/members", `{"uin":20003,"by":10001,"invited":true}`, 201, `"role":"member"`},
		{"POST", group + "/members", `{"uin":20003}`, 400, "already"},
		{"PATCH", group + "/members/20003", `{"admin":true,"card":"C","title":"T"}`, 200, `"card":"C","title":"T","role":"admin"`},
		{"PATCH", group + "/members/20003", `{"mute_seconds":60}`, 200, `"mute_until":1`},
		{"PATCH", group + "/members/20001", `{"by":20002,"mute_seconds":60}`, 403, "may not"},
		{"PATCH", group + "/members/1", `{}`, 404, "not a member"},
		{"DELETE", group + "/members/20003?by=20002", "", 200, `{}`},
		{"DELETE", group + "/members/20003?by=20002&block=true", "", 200, `{}`},
		{"DELETE", group + "/members/20003", "", 200, `{}`},
		{"DELETE", group + "/members/20001?by=20002", "", 403, "may not"},
		{"DELETE", group + "/members/20001?by=x", "", 400, "not a number"},
		{"DELETE", group + "/members/x", "", 400, "not a number"},
		{"POST", "/api/send", `{"as":20001,"group":730000001,"text":"hi"}`, 200, `"sequence":1`},
		{"POST", "/api/send", `{"as":20001,"to":10001,"text":"hi"}`, 200, `"client_sequence":`},
		{"POST", "/api/send", `{"as":20001,"text":"hi"}`, 400, "either group or to"},
		{"POST", "/api/send", `{"as":20001,"to":1,"group":1,"text":"hi"}`, 400, "either group or to"},
		{"POST", "/api/send", `{"as":20001,"to":10001}`, 400, "empty"},
		{"POST", "/api/send", `{"as":20003,"group":730000002,"text":"hi"}`, 403, "code 110"},
		{"POST", "/api/send", `{"as":20003,"group":730000001,"segments":[{"type":"at","all":true}]}`, 403, "code 121"},
		{"POST", "/api/send", `{"as":20003,"to":20001,"text":"` + strings.Repeat("x", 10001) + `"}`, 413, "code 10"},
		{"POST", "/api/send", `{"as":20003,"to":20001,"segments":[{"type":"video"}]}`, 400, "segment 0"},
		{"POST", "/api/send", `{"as":20003,"to":20001,"segments":[{"type":"at","uin":1}]}`, 404, "no user 1"},
		{"POST", "/api/send", `{"as":20003,"to":20001,"segments":[{"type":"reply","sequence":1}]}`, 404, "no message 1"},
		{"POST", "/api/recall", `{"as":20001,"group":730000001,"sequence":1}`, 404, "no message 1"},
		{"POST", "/api/recall", `{"as":20001,"peer":10001,"sequence":1}`, 404, "no message 1"},
		{"POST", "/api/recall", `{"as":20001,"sequence":1}`, 400, "either group or peer"},
		{"GET", "/api/messages?group=730000001", "", 200, `[]`},
		{"GET", "/api/messages?a=20001&b=10001&limit=5", "", 200, `[]`},
		{"GET", "/api/messages", "", 400, "either group"},
		{"GET", "/api/messages?group=1&limit=501", "", 400, "at most"},
		{"GET", "/api/messages?group=1&limit=-1", "", 400, "not a number"},
		{"GET", "/api/messages?group=x", "", 400, "not a number"},
		{"GET", "/api/messages?a=x&b=1", "", 400, "not a number"},
		{"GET", "/api/messages?a=1&b=x", "", 400, "not a number"},
		{"GET", "/api/qr", "", 200, `"id":"c0de"`},
		{"POST", "/api/qr/c0de/approve", `{"uin":10001}`, 200, `{}`},
		{"POST", "/api/qr/c0de/scan", `{"uin":10001}`, 200, `{}`},
		{"POST", "/api/qr/c0de/reject", `{}`, 200, `{}`},
		{"POST", "/api/qr/c0de/expire", `{}`, 200, `{}`},
		{"POST", "/api/qr/c0de/eat", `{}`, 404, "eat"},
		{"POST", "/api/qr/other/reject", `{}`, 400, "no such code"},
		{"GET", "/api/clients", "", 200, `"uin":10001`},
		{"POST", "/api/clients/10001/kick", `{"title":"a","tips":"b"}`, 200, `{"kicked":1}`},
		{"POST", "/api/clients/x/kick", `{}`, 400, "not a number"},
		{"POST", "/api/load", `{"group":730000001,"count":20,"text_size":100}`, 200, `"sent":20`},
		{"POST", "/api/load", `{"to":10001,"count":5,"rate":1000}`, 200, `"sent":5`},
		{"POST", "/api/load", `{"group":730000001,"count":5,"users":[99]}`, 403, "after 0 messages"},
		{"POST", "/api/load", `{"group":1,"count":5}`, 409, "nobody"},
		{"POST", "/api/load", `{"count":5}`, 400, "either group or to"},
		{"POST", "/api/load", `{"group":730000001}`, 400, "count"},
		{"POST", "/api/load", `{"group":730000001,"count":5,"rate":-1}`, 400, "rate"},
		{"POST", "/api/load", `{"group":730000001,"count":5,"text_size":9000}`, 400, "text_size"},
		{"PUT", "/api/state", `{}`, 404, "no endpoint PUT /api/state"},
		{"GET", "/api/nothing", "", 404, `{"error":"no endpoint GET /api/nothing"}`},
		{"GET", "/", "", 200, `id="messages"`},
		{"GET", "/app.js", "", 200, "import"},
		{"POST", "/", `{}`, 405, "only be read"},
		{"GET", "/nothing.html", "", 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			_, _, h := testControl(t)
			status, answer := do(h, tt.method, tt.path, tt.body)
			if status != tt.status || !strings.Contains(answer, tt.want) {
				t.Errorf("%s %s %.80s: got %d %.300s, want %d with %s", tt.method, tt.path, tt.body, status, answer, tt.status, tt.want)
			}
			if status >= 400 && strings.HasPrefix(tt.path, "/api/") && !strings.HasPrefix(answer, `{"error":`) {
				t.Errorf("%s %s: failure is not JSON: %s", tt.method, tt.path, answer)
			}
		})
	}
}

func TestControlServerCalls(t *testing.T) {
	t.Parallel()
	_, f, h := testControl(t)
	for _, verdict := range []string{"scan", "approve", "reject", "expire"} {
		do(h, "POST", "/api/qr/c0de/"+verdict, `{"uin":10001}`)
	}
	do(h, "POST", "/api/clients/10001/kick", `{"title":"a","tips":"b"}`)
	const want = "[scan 10001 approve 10001 reject expire kick 10001 a b]"
	if got := fmt.Sprint(f.calls); got != want {
		t.Errorf("got calls %s, want %s", got, want)
	}
}

func TestControlChat(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	must(t, w.Members().SetCard(mall, bob, 0, "Bobby"))
	steps := []string{
		`{"as":20002,"group":730000001,"text":"one"}`,
		`{"as":20003,"group":730000001,"segments":[{"type":"reply","sequence":1},{"type":"text","text":"two "},` +
			`{"type":"at","uin":20002},{"type":"face","id":14},{"type":"face","id":358,"large":true}]}`,
		`{"as":20001,"group":730000001,"segments":[{"type":"at","all":true}],"text":" three"}`,
		`{"as":20003,"group":730000001,"text":"four"}`,
	}
	for _, body := range steps {
		if status, answer := do(h, "POST", "/api/send", body); status != 200 {
			t.Fatalf("send %s: got %d %s", body, status, answer)
		}
	}
	if status, answer := do(h, "POST", "/api/recall", `{"as":20001,"group":730000001,"sequence":4}`); status != 200 {
		t.Fatalf("recall: got %d %s", status, answer)
	}
	_, answer := do(h, "GET", "/api/messages?group=730000001&limit=3", "")
	got := decodeMessages(t, answer)
	if len(got) != 3 || !got[2].Recalled || got[0].Recalled {
		t.Fatalf("got %s", answer)
	}
	two := got[0].Segments
	if len(two) != 5 {
		t.Fatalf("got segments %v", two)
	}
	for i, want := range []string{
		`{"type":"reply","sequence":1,"uin":20002,"text":"one"}`,
		`{"type":"text","text":"two "}`,
		`{"type":"at","uin":20002,"text":"@Bobby"}`,
		`{"type":"face","id":14,"text":"/微笑"}`,
	} {
		if got := string(two[i]); got != want {
			t.Errorf("segment %d: got %s, want %s", i, got, want)
		}
	}
	if die := regexp.MustCompile(`^{"type":"face","id":358,"text":"/骰子","large":true,"result":[1-6]}$`); !die.Match(two[4]) {
		t.Errorf("got %s, want a die that was thrown", two[4])
	}
	// Official clients mention the author of the quoted message; the list above does not.
	sent := w.History().OfGroup(mall, 2, 2)[0].Parts
	_, quoted := sent[0].Segment.(*message.ReplySegment)
	at, _ := sent[1].Segment.(*message.AtSegment)
	text, _ := sent[2].Segment.(*message.TextSegment)
	if !quoted || at == nil || at.Display != "@Bobby" || text == nil || text.Text != "two " {
		t.Errorf("got parts %+v, want a quote, the mention of Bobby, the text", sent)
	}
	if got[1].Text != "@全体成员 three" || got[1].Nickname != "Alice" {
		t.Errorf("got %q of %s", got[1].Text, got[1].Nickname)
	}
}

func TestControlPrivateChat(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	first, err := w.Messages().Send(world.Send{From: bot, To: carol, Parts: world.Text("hello")}, nil)
	must(t, err)
	status, answer := do(h, "POST", "/api/send", fmt.Sprintf(
		`{"as":20003,"to":10001,"segments":[{"type":"reply","sequence":%d},{"type":"text","text":"hi"}]}`, first.Sequence))
	if status != 200 {
		t.Fatalf("reply: got %d %s", status, answer)
	}
	quoting := w.History().OfPrivate(carol, bot, first.Sequence+1, first.Sequence+1)[0].Content()
	r, ok := quoting[0].(*message.ReplySegment)
	if !ok || r.Sequence != first.Sequence || r.ClientSequence != first.ClientSequence || r.Random != first.Random {
		t.Errorf("got quote %+v, want that of %+v", quoting[0], first)
	}
	if status, answer := do(h, "POST", "/api/recall", fmt.Sprintf(`{"as":20003,"peer":10001,"sequence":%d}`, first.Sequence)); status != 403 {
		t.Errorf("recall of the other's message: got %d %s, want 403", status, answer)
	}
	if status, answer := do(h, "POST", "/api/recall", fmt.Sprintf(`{"as":10001,"peer":20003,"sequence":%d}`, first.Sequence)); status != 200 {
		t.Errorf("recall: got %d %s", status, answer)
	}
	_, answer = do(h, "GET", "/api/messages?a=20003&b=10001", "")
	if !strings.Contains(answer, `"text":"hello"`) || !strings.Contains(answer, `"recalled":true`) ||
		!strings.Contains(answer, `"nickname":"Carol","text":"hi"`) {
		t.Errorf("got %s", answer)
	}
}

// TestControlQuoteByClientSequence has quotes as one client makes them in private
// chats: without the conversation sequence.
func TestControlQuoteByClientSequence(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	const clientSeq = 77
	first, err := w.Messages().Send(world.Send{From: carol, To: bot, Parts: world.Text("hello"), ClientSequence: clientSeq}, nil)
	must(t, err)
	w.Messages().Send(world.Send{From: bot, To: carol, Parts: world.Text("other"), ClientSequence: clientSeq}, nil)
	for _, tt := range []struct {
		quoted message.ReplySegment
		want   string
	}{
		{message.ReplySegment{ClientSequence: clientSeq, SenderUIN: carol}, fmt.Sprintf(`{"type":"reply","sequence":%d,"uin":20003}`, first.Sequence)},
		{message.ReplySegment{ClientSequence: clientSeq, SenderUIN: bot}, fmt.Sprintf(`{"type":"reply","sequence":%d,"uin":10001}`, first.Sequence+1)},
		{message.ReplySegment{ClientSequence: 78, SenderUIN: carol}, `{"type":"reply","uin":20003}`},
	} {
		w.Messages().Send(world.Send{From: bot, To: carol, Parts: world.Parts(&tt.quoted, message.Text("re"))}, nil)
		_, answer := do(h, "GET", "/api/messages?a=20003&b=10001&limit=1", "")
		got := decodeMessages(t, answer)
		if len(got) != 1 || len(got[0].Segments) != 2 || string(got[0].Segments[0]) != tt.want {
			t.Errorf("quote of %d by %d: got %s, want %s", tt.quoted.ClientSequence, tt.quoted.SenderUIN, answer, tt.want)
		}
	}
}

func TestControlGuard(t *testing.T) {
	t.Parallel()
	const send = `{"as":20001,"to":10001,"text":"hi"}`
	tests := []struct {
		name, method, host, body string
		header                   map[string]string
		want                     int
	}{
		{"localhost", "GET", "localhost:8080", "", nil, 200},
		{"upper case", "GET", "LOCALHOST", "", nil, 200},
		{"IPv4", "GET", "127.0.0.1:8080", "", nil, 200},
		{"IPv6", "GET", "[::1]:8080", "", nil, 200},
		{"IPv6 without port", "GET", "[::1]", "", nil, 200},
		{"rebound name", "GET", "evil.example:8080", "", nil, 403},
		{"name that begins well", "GET", "127.0.0.1.evil.example", "", nil, 403},
		{"other address", "GET", "192.0.2.1:8080", "", nil, 403},
		{"no host", "GET", "", "", nil, 403},
		{"program", "POST", "localhost", send, nil, 200},
		{"with character set", "POST", "localhost", send, map[string]string{"Content-Type": "application/json; charset=utf-8"}, 200},
		{"own page", "POST", "localhost:8080", send, map[string]string{"Origin": "http://localhost:8080"}, 200},
		{"foreign page", "POST", "localhost:8080", send, map[string]string{"Origin": "http://evil.example"}, 403},
		{"foreign page on this machine", "POST", "localhost:8080", send, map[string]string{"Origin": "http://localhost:9090"}, 403},
		{"hidden page", "POST", "localhost:8080", send, map[string]string{"Origin": "null"}, 403},
		{"cross-site without origin", "POST", "localhost:8080", send, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"form", "POST", "localhost", send, map[string]string{"Content-Type": "text/plain"}, 415},
		{"no content type", "POST", "localhost", send, map[string]string{"Content-Type": ""}, 415},
		{"foreign page deletes", "DELETE", "localhost", "", map[string]string{"Origin": "http://evil.example"}, 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, h := testControl(t)
			path := map[string]string{"GET": "/api/users", "POST": "/api/send", "DELETE": "/api/groups/730000001/members/20003"}[tt.method]
			r := httptest.NewRequest(tt.method, "http://localhost"+path, strings.NewReader(tt.body))
			r.Host = tt.host
			r.Header.Set("Content-Type", "application/json")
			for name, value := range tt.header {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, tt.want)
			}
		})
	}
}

func TestControlEvents(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	server := httptest.NewServer(h)
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "GET", server.URL+"/api/events", nil)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	defer response.Body.Close()
	if kind := response.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Errorf("got content type %q", kind)
	}
	lines := bufio.NewScanner(response.Body)
	next := func() string {
		for lines.Scan() {
			if lines.Text() != "" {
				return lines.Text()
			}
		}
		t.Fatalf("stream ended: %v", lines.Err())
		return ""
	}
	for _, want := range []string{": ping", "retry: 1000"} {
		if got := next(); got != want {
			t.Errorf("got %q first, want %q", got, want)
		}
	}
	w.Messages().Send(world.Send{From: carol, Group: mall, Parts: world.Text("live")}, nil)
	must(t, w.Groups().Rename(mall, 0, "new"))
	if got := next(); !strings.Contains(got, `"kind":"message"`) || !strings.Contains(got, `"nickname":"Carol","text":"live"`) {
		t.Errorf("got %q", got)
	}
	if got := next(); !strings.HasPrefix(got, `data: {"kind":"rename"`) {
		t.Errorf("got %q", got)
	}
	cancel()
	io.Copy(io.Discard, response.Body)
}

// streamWriter is a response that takes everything.
type streamWriter struct {
	*httptest.ResponseRecorder
	pings int
}

func (s *streamWriter) Write(b []byte) (int, error) {
	if string(b) == ": ping\n\n" {
		s.pings++
	}
	return len(b), nil
}

func TestControlEventPings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _, h := testControl(t)
		ctx, cancel := context.WithTimeout(context.Background(), 61*time.Second)
		defer cancel()
		out := &streamWriter{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequestWithContext(ctx, "GET", "http://localhost/api/events", nil)
		h.ServeHTTP(out, r)
		if out.pings != 4 {
			t.Errorf("got %d pings in 61 s, want 4", out.pings)
		}
		if w.Watchers() != 0 {
			t.Error("the watcher outlived its reader")
		}
	})
}

func TestLoadPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _, h := testControl(t)
		start := time.Now()
		status, answer := do(h, "POST", "/api/load", `{"group":730000001,"count":101,"rate":50,"text_size":64}`)
		if took := time.Since(start); status != 200 || took != 2*time.Second {
			t.Fatalf("got %d %s in %v, want 2s", status, answer, took)
		}
		senders := map[message.UIN]int{}
		sent := w.History().OfGroup(mall, 1, 1000)
		if len(sent) != 101 {
			t.Errorf("got %d messages, want 101", len(sent))
		}
		for i, m := range sent {
			text := m.Text()
			var n, nanos int64
			if _, err := fmt.Sscanf(text, "load %d %d ", &n, &nanos); err != nil || n != int64(i) || len(text) != 64 {
				t.Fatalf("message %d is %q: %v", i, text, err)
			}
			if at := start.Add(time.Duration(i) * 20 * time.Millisecond); nanos != at.UnixNano() {
				t.Errorf("message %d was sent at %d, want %d", i, nanos, at.UnixNano())
			}
			senders[m.Sender.UIN]++
		}
		if len(senders) != 3 || senders[bot] != 0 {
			t.Errorf("got senders %v, want everybody but the bot, which is online", senders)
		}
	})
}

func TestLoadStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _, h := testControl(t)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, "POST", "http://localhost/api/load",
			strings.NewReader(`{"group":730000001,"count":1000,"rate":1}`))
		r.Header.Set("Content-Type", "application/json")
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got := w.History().LastOfGroup(mall); got != 5 && got != 6 {
			t.Errorf("got %d messages in 5 s, want about 5: the reader went away", got)
		}
	})
}

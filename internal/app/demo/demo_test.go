package demo

import (
	"bytes"
	"context"
	"image"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"libration/internal/app/bot"
	"libration/internal/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAnswer(t *testing.T) {
	t.Parallel()
	at := bot.Segment{Type: "at", Data: map[string]any{"qq": "10001"}}
	hint := []bot.Segment{bot.Text(hint.EN)}
	first := []bot.Segment{bot.Image(picture(8 * math.Sin(1)))}
	for _, tt := range []struct {
		name  string
		frame bot.Frame
		want  []bot.Segment
	}{
		{"ping", bot.Frame{MessageType: "group", UserID: 5, Message: []bot.Segment{bot.Text("ping")}}, []bot.Segment{bot.Text("pong")}},
		{"ping in capitals", bot.Frame{MessageType: "private", UserID: 5, Message: []bot.Segment{bot.Text(" PING ")}}, []bot.Segment{bot.Text("pong")}},
		{"echo", bot.Frame{MessageType: "group", UserID: 5, MessageID: -7, Message: []bot.Segment{bot.Text("/echo a  b ")}},
			[]bot.Segment{bot.Reply(-7), bot.Text("a  b")}},
		{"echo of nothing", bot.Frame{MessageType: "group", UserID: 5, Message: []bot.Segment{bot.Text("/echo ")}}, nil},
		{"picture", bot.Frame{MessageType: "group", UserID: 5, Message: []bot.Segment{bot.Text("Picture ")}}, first},
		{"picture in Chinese", bot.Frame{MessageType: "private", UserID: 5, Message: []bot.Segment{bot.Text("图片")}}, first},
		{"talk in the group", bot.Frame{MessageType: "group", UserID: 5, Message: []bot.Segment{bot.Text("pings")}}, nil},
		{"talk in private", bot.Frame{MessageType: "private", UserID: 5, Message: []bot.Segment{bot.Text("hi")}}, hint},
		{"mention", bot.Frame{MessageType: "group", UserID: 5, SelfID: 10001, Message: []bot.Segment{at, bot.Text(" hi")}}, hint},
		{"mention with ping", bot.Frame{MessageType: "group", UserID: 5, SelfID: 10001, Message: []bot.Segment{at, bot.Text(" ping")}}, []bot.Segment{bot.Text("pong")}},
		{"mention of another", bot.Frame{MessageType: "group", UserID: 5, SelfID: 10002, Message: []bot.Segment{at}}, nil},
		{"own message", bot.Frame{MessageType: "private", UserID: 5, SelfID: 5, Message: []bot.Segment{bot.Text("ping")}}, nil},
		{"without content", bot.Frame{MessageType: "group", UserID: 5}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &echoBot{language: text.English}
			if diff := cmp.Diff(tt.want, b.answer(&tt.frame)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestChoosePort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()

	address, moved, err := choosePort(t.Context(), "--http", "", taken)
	if err != nil || !moved || address == taken || !strings.HasPrefix(address, "127.0.0.1:") {
		t.Errorf("default taken: got %q, moved %v, error %v, want another port", address, moved, err)
	}
	_, _, err = choosePort(t.Context(), "--http", taken, standardHTTP)
	if err == nil || !strings.Contains(err.Error(), "--http") || !strings.Contains(err.Error(), taken) {
		t.Errorf("given and taken: got %v, want an error that names flag and address", err)
	}
	address, moved, err = choosePort(t.Context(), "--http", "127.0.0.1:0", standardHTTP)
	if err != nil || moved || strings.HasSuffix(address, ":0") {
		t.Errorf("port 0: got %q, moved %v, error %v", address, moved, err)
	}
	for _, bad := range []string{"127.0.0.1", "0.0.0.0:0", "192.0.2.1:5700", "example.org:80", "127.0.0.1:99999"} {
		if _, _, err := choosePort(t.Context(), "--http", bad, standardHTTP); err == nil || !strings.Contains(err.Error(), "--http") {
			t.Errorf("%s: got %v, want an error that names the flag", bad, err)
		}
	}
}

func options(out *bytes.Buffer) Options {
	return Options{
		HTTP: "127.0.0.1:0", WS: "127.0.0.1:0", Page: "127.0.0.1:0", Admin: "127.0.0.1:0",
		Language: text.English, Out: out, Log: slog.New(slog.DiscardHandler), Version: "test",
	}
}

func TestOnce(t *testing.T) {
	var out bytes.Buffer
	o := options(&out)
	o.Once = true
	defer http.DefaultClient.CloseIdleConnections()
	if err := Run(t.Context(), o); err != nil {
		t.Fatalf("got %v after\n%s", err, out.String())
	}
	rest := out.String()
	for _, want := range []string{
		stepConnect.EN, `"lifecycle"`, stepAsk.EN, "POST /api/send", stepSeen.EN, onceQuestion.EN,
		stepReply.EN, `"send_group_msg"`, stepDone.EN, `"status":"ok"`,
		stepArrived.EN, onceAnswer.EN, stepPicture.EN, `"base64://`, stepShown.EN, ".png, 240 x 240", stepRecall.EN, "POST /api/recall", stepNotice.EN, `"group_recall"`, stepJoin.EN, stepJoined.EN, `"group_increase"`, stepWelcome.EN, welcomeMember.EN,
		stepMute.EN, `"set_group_ban"`, stepMuted.EN, `"group_ban"`, stepWish.EN, "POST /api/friend-requests",
		stepAccept.EN, `"request_type":"friend"`, `"set_friend_add_request"`, stepFriends.EN, "Done in",
	} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("no %q at its place in\n%s", want, out.String())
		}
		rest = after
	}
}

// TestStay talks to the built-in bot over the sandbox's API, has it welcome, mute and make
// friends, then ends the demo.
func TestStay(t *testing.T) {
	var out bytes.Buffer
	o := options(&out)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o.Page = freeAddress(t)
	defer http.DefaultClient.CloseIdleConnections()
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, o) }()

	p := &play{Options: options(&bytes.Buffer{}), control: "http://" + o.Page}
	deadline := time.After(20 * time.Second)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	asked := false
	post := func(path string, body map[string]any) {
		t.Helper()
		if err := p.post(ctx, path, body, nil); err != nil {
			t.Fatal(err)
		}
	}
	done := func() bool {
		return contains(t, p, "pong") && contains(t, p, "@Dave "+welcomeMember.EN) && contains(t, p, mayNotMute.EN) &&
			strings.Contains(answer(t, p, "/api/state"), `"friends":[10001]`) &&
			mutedMember.MatchString(answer(t, p, "/api/groups/730000001/members"))
	}
	for !done() {
		if !asked && contains(t, p, hello.EN) {
			asked = true
			post("/api/send", map[string]any{"as": alice, "group": group, "text": "ping"})
			post("/api/send", map[string]any{"as": alice, "group": group, "text": "mute me"})
			post("/api/users", map[string]any{"uin": 20004, "nickname": "Dave"})
			post("/api/groups/730000001/members", map[string]any{"uin": 20004})
			post("/api/friend-requests", map[string]any{"from": 20004, "to": account, "text": "hi"})
			post("/api/send", map[string]any{"as": 20004, "group": group, "text": "Mute me"})
		}
		select {
		case <-ticker.C:
		case err := <-ended:
			t.Fatalf("ended early: %v\n%s", err, out.String())
		case <-deadline:
			t.Fatalf("no answer to ping; asked: %v", asked)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("got %v, want none", err)
	}
	for _, want := range []string{"http://" + o.Page, "curl ", "built-in bot", "ws://127.0.0.1:"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// mutedMember is a member who may not speak.
var mutedMember = regexp.MustCompile(`"uin":20004,[^}]*"mute_until":[1-9]`)

// contains looks for a text in the group's messages.
func contains(t *testing.T, p *play, text string) bool {
	t.Helper()
	quoted := strings.ReplaceAll(text, `"`, `\"`)
	return strings.Contains(answer(t, p, "/api/messages?group=730000001"), `"text":"`+quoted+`"`)
}

// answer reads from the control API; "" while it is not up yet.
func answer(t *testing.T, p *play, path string) string {
	t.Helper()
	response, err := http.Get(p.control + path)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := probe(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// TestOnceNamesStep: a step that fails is named.
func TestOnceNamesStep(t *testing.T) {
	t.Parallel()
	p := &play{Options: options(&bytes.Buffer{}), ws: "ws://" + freeAddress(t)}
	if err := p.once(t.Context()); err == nil || !strings.Contains(err.Error(), stepConnect.EN) {
		t.Errorf("nobody listens: got %v, want the step named", err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err == nil {
			c.CloseNow()
		}
	}))
	defer server.Close()
	p.ws = strings.Replace(server.URL, "http", "ws", 1)
	if err := p.once(t.Context()); err == nil || !strings.Contains(err.Error(), stepConnect.EN) {
		t.Errorf("connection breaks: got %v, want the step named", err)
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &play{Options: options(&out)}
	p.show("<-", []byte(strings.Repeat("振", shownFrame)))
	want := "    <- " + strings.Repeat("振", shownFrame/3) + " ...\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// TestPicture: it is a small picture, and turns.
func TestPicture(t *testing.T) {
	t.Parallel()
	c, kind, err := image.DecodeConfig(bytes.NewReader(picture(0)))
	if err != nil || kind != "png" || c.Width != pictureSize || c.Height != pictureSize {
		t.Errorf("got %s %+v, %v", kind, c, err)
	}
	if n := len(picture(0)); n > 16<<10 {
		t.Errorf("it has %d bytes", n)
	}
	if bytes.Equal(picture(0), picture(5)) {
		t.Error("it does not turn")
	}
}

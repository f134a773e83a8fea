package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParams(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		pairs []string
		want  string // as JSON; "" for an error
	}{
		{"none", nil, `{}`},
		{"numbers, texts and JSON", []string{"group_id=730000001", "message=hello you", `list=[{"type":"text"}]`, "flag=true"},
			`{"flag":true,"group_id":730000001,"list":[{"type":"text"}],"message":"hello you"}`},
		{"empty value", []string{"message="}, `{"message":""}`},
		{"equals sign in the value", []string{"message=a=b"}, `{"message":"a=b"}`},
		{"quoted number", []string{`message="5"`}, `{"message":"5"}`},
		{"no equals sign", []string{"message"}, ""},
		{"no name", []string{"=5"}, ""},
		{"twice", []string{"a=1", "a=2"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			params, err := Params(tt.pairs)
			if (err != nil) != (tt.want == "") {
				t.Fatalf("Params(%q): got error %v, want %q", tt.pairs, err, tt.want)
			}
			if err != nil {
				return
			}
			got, err := json.Marshal(params)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("Params(%q): got %s, want %s", tt.pairs, got, tt.want)
			}
		})
	}
}

func TestPairs(t *testing.T) {
	t.Parallel()
	for _, params := range []string{`{}`, `{"b":"x y","a":5}`, `{"a":"5","b":"","c":"\"q\"","d":"true","e":"a=b"}`, `{"list":[{"type":"text"}],"object":{"k":null},"flag":false}`} {
		back, err := Params(Pairs(json.RawMessage(params)))
		got, _ := json.Marshal(back)
		var want map[string]json.RawMessage
		_ = json.Unmarshal([]byte(params), &want)
		if sorted, _ := json.Marshal(want); err != nil || string(got) != string(sorted) {
			t.Errorf("%s: %q are %s, %v", params, Pairs(json.RawMessage(params)), got, err)
		}
	}
}

func FuzzParams(f *testing.F) {
	f.Add("group_id=5")
	f.Add(`m={"a":[1,2]}`)
	f.Add("text=\xff")
	f.Fuzz(func(t *testing.T, pair string) {
		params, err := Params([]string{pair})
		if err != nil {
			return
		}
		if _, err := json.Marshal(params); err != nil {
			t.Errorf("Params(%q): not JSON: %v", pair, err)
		}
	})
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, frame string
		want        *Frame // nil for an error
	}{
		{"message", `{"post_type":"message","message_type":"group","message":[{"type":"text","data":{"text":"hi"}}],"user_id":5}`,
			&Frame{PostType: "message", MessageType: "group", UserID: 5, Message: []Segment{Text("hi")}}},
		{"message in the string format", `{"post_type":"message","message":"hi","raw_message":"hi"}`,
			&Frame{PostType: "message", RawMessage: "hi"}},
		{"heartbeat", `{"post_type":"meta_event","status":{"online":true}}`, &Frame{PostType: "meta_event"}},
		{"response", `{"status":"ok","retcode":0,"message":"","echo":"e"}`, &Frame{Status: "ok", Echo: json.RawMessage(`"e"`)}},
		{"not JSON", `hello`, nil},
		{"not an object", `[]`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse([]byte(tt.frame))
			if (err != nil) != (tt.want == nil) {
				t.Fatalf("Parse(%s): got error %v", tt.frame, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Parse(%s): -want +got\n%s", tt.frame, diff)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"status":"ok","message":"","echo":"e"}`))
	f.Add([]byte(`{"message":[{"type":"text","data":null}]}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		if parsed, err := Parse(frame); err == nil {
			parsed.IsEcho("x")
		}
	})
}

func TestPrintCall(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		answer string
		out    string
		err    string // part of the error, "" for none
	}{
		{"ok", 200, `{"status":"ok","retcode":0}`, "{\n  \"status\": \"ok\",\n  \"retcode\": 0\n}\n", ""},
		{"asynchronous", 200, `{"status":"async","retcode":1}`, "{\n  \"status\": \"async\",\n  \"retcode\": 1\n}\n", ""},
		{"failed", 404, `{"status":"failed","retcode":1404}`, "{\n  \"status\": \"failed\",\n  \"retcode\": 1404\n}\n", "action failed"},
		{"no token", 401, `{}`, "", "LIBRATION_TOKEN"},
		{"wrong token", 403, `{"message":"look"}`, "", `"look"`},
		{"wrong token again", 429, `{}`, "", "LIBRATION_TOKEN"},
		{"another server", 200, `<html>`, "", "is this the HTTP port"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var body map[string]any
				if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body["group_id"] != 5.0 ||
					r.URL.Path != "/send_group_msg" || r.Header.Get("Authorization") != "Bearer secret" {
					t.Errorf("got request %s %v, authorization %q, error %v", r.URL, body, r.Header.Get("Authorization"), err)
				}
				w.WriteHeader(tt.status)
				w.Write([]byte(tt.answer))
			}))
			defer server.Close()
			var out bytes.Buffer
			err := PrintCall(t.Context(), &out, Target{URL: server.URL + "/", Token: "secret"}, "send_group_msg", []string{"group_id=5"})
			if out.String() != tt.out {
				t.Errorf("got output %q, want %q", out.String(), tt.out)
			}
			checkError(t, err, tt.err)
		})
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	address := strings.TrimPrefix(server.URL, "http://")
	server.Close()
	err := PrintCall(t.Context(), &bytes.Buffer{}, Target{URL: "http://" + address, Token: ""}, "get_status", nil)
	if !errors.Is(err, ErrUnreachable) {
		t.Errorf("call: got %v, want %v", err, ErrUnreachable)
	}
	_, err = Dial(t.Context(), "ws://"+address+"/?access_token=secret", "secret")
	if !errors.Is(err, ErrUnreachable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("dial: got %v, want %v without the token", err, ErrUnreachable)
	}
	for _, bad := range []string{"", "127.0.0.1:5700", "ftp://127.0.0.1", "://"} {
		if _, err := Dial(t.Context(), bad, ""); err == nil {
			t.Errorf("dial %q: got no error", bad)
		}
		if err := PrintCall(t.Context(), &bytes.Buffer{}, Target{URL: bad, Token: ""}, "get_status", nil); err == nil {
			t.Errorf("call %q: got no error", bad)
		}
	}
}

// TestPrintEvents covers a token that is sent, a connection that breaks and comes
// back, and the end by the caller.
func TestPrintEvents(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		if connections.Add(1) == 1 {
			_ = c.Write(ctx, websocket.MessageText, []byte(`{"n":1}`))
			return // breaks
		}
		_ = c.Write(ctx, websocket.MessageText, []byte("{\"n\":2}\n"))
		_, _, _ = c.Read(context.WithoutCancel(ctx)) // until the client says goodbye
	}))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	address := strings.Replace(server.URL, "http", "ws", 1)
	log := slog.New(slog.DiscardHandler)

	checkError(t, PrintEvents(ctx, &bytes.Buffer{}, log, Target{URL: address, Token: "wrong"}), "access token")
	checkError(t, PrintEvents(ctx, &failingWriter{}, log, Target{URL: address, Token: "secret"}), "no room")

	connections.Store(0)
	out := &watched{until: 2, reached: cancel}
	checkError(t, PrintEvents(ctx, out, log, Target{URL: address, Token: "secret"}), "")
	if got, want := out.String(), "{\"n\":1}\n{\"n\":2}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("no room") }

// watched calls reached at the given write.
type watched struct {
	bytes.Buffer
	until   int
	reached func()
}

func (w *watched) Write(b []byte) (int, error) {
	if w.until--; w.until == 0 {
		w.reached()
	}
	return w.Buffer.Write(b)
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("got error %v, want none", err)
		}
	} else if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one with %q", err, want)
	}
}

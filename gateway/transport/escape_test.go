package transport

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// TestAutoEscape: with auto_escape a text is a text on every way in, whatever it
// looks like; without it, it is read on every way in.
func TestAutoEscape(t *testing.T) {
	root, _, client := startHTTP(t, HTTPOptions{AccessToken: token}, nil)
	wsRoot, _, _, wsClient := startWebSocket(t, WebSocketOptions{AccessToken: token}, nil, nil)
	ws, _, err := connect(t, wsRoot+"/api", http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		t.Fatal(err)
	}
	b, hookClient := newOneBot(t)
	bot, server := newHookBot(t)
	startWebhook(t, b, server.URL, WebhookOptions{}, new(logBuffer))
	bot.next(t)

	quoted := func(text string) string {
		q, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(q)
	}
	// values has the flag as a form or query writes it.
	values := func(text, flag string) string {
		return url.Values{"group_id": {"5"}, "message": {text}, "auto_escape": {strings.Trim(flag, `"`)}}.Encode()
	}
	params := func(text, flag string) string {
		return fmt.Sprintf(`{"group_id":5,"message":%s,"auto_escape":%s}`, quoted(text), flag)
	}
	post := func(path, kind, body string) string {
		resp, text := ask(t, "POST", root+path, authorized(kind), strings.NewReader(body))
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: got status %d: %s", path, resp.StatusCode, text)
		}
		return client.noted()
	}
	ways := []struct {
		name  string
		parse bool // takes segments written as text: a form or a query has nothing else
		send  func(text, flag string) string
	}{
		{"JSON", false, func(text, flag string) string { return post("/send_group_msg", jsonType, params(text, flag)) }},
		{"JSON at the root", false, func(text, flag string) string {
			return post("/", jsonType, `{"action":"send_group_msg","params":`+params(text, flag)+`}`)
		}},
		{"form", true, func(text, flag string) string { return post("/send_group_msg", formType, values(text, flag)) }},
		{"form at the root", false, func(text, flag string) string {
			return post("/", formType, url.Values{"action": {"send_group_msg"}, "params": {params(text, flag)}}.Encode())
		}},
		{"query", true, func(text, flag string) string { return post("/send_group_msg?"+values(text, flag), jsonType, "") }},
		{"query and JSON", true, func(text, flag string) string {
			return post("/send_group_msg?"+values(text, "false"), jsonType, `{"auto_escape":`+flag+`}`)
		}},
		{"WebSocket", false, func(text, flag string) string {
			send(t, ws, websocket.MessageText, `{"action":"send_group_msg","params":`+params(text, flag)+`}`)
			next(t, ws)
			return wsClient.noted()
		}},
		{"quick operation", false, func(text, flag string) string {
			return post("/.handle_quick_operation", jsonType, fmt.Sprintf(
				`{"context":{"message_type":"group","group_id":5},"operation":{"reply":%s,"auto_escape":%s}}`, quoted(text), flag))
		}},
		{"quick operation in a form", false, func(text, flag string) string {
			return post("/.handle_quick_operation", formType, url.Values{
				"context":   {`{"message_type":"group","group_id":5}`},
				"operation": {fmt.Sprintf(`{"reply":%s,"auto_escape":%s}`, quoted(text), flag)},
			}.Encode())
		}},
		{"webhook", false, func(text, flag string) (calls string) {
			bot.set(0, fmt.Sprintf(`{"reply":%s,"auto_escape":%s}`, quoted(text), flag))
			publish(b, "1")
			bot.texts(t, 1)
			eventually(t, "the operation", func() bool {
				calls += hookClient.noted()
				return calls != ""
			})
			return calls
		}},
	}
	for _, text := range []string{
		`{"type":"at","data":{"qq":"all"}}`, `[{"type":"at","data":{"qq":"all"}}]`, "[CQ:at,qq=all]", "&amp;[CQ:", "[1]",
	} {
		var read string // what it is without auto_escape
		switch {
		case strings.Contains(text, "all"):
			read = "<*message.AtSegment>"
		default:
			read = strings.Replace(text, "&amp;", "&", 1)
		}
		for _, w := range ways {
			for _, flag := range []string{"true", `"true"`, "1", `"1"`, `"yes"`} {
				if got, want := w.send(text, flag), fmt.Sprintf("send 5 %q", text); got != want {
					t.Errorf("%s, %s with auto_escape %s: got %s, want %s", w.name, text, flag, got, want)
				}
			}
			want := read
			if strings.Contains(text, `"type"`) && !w.parse {
				want = text
			}
			for _, flag := range []string{"false", `"false"`, "0", `"0"`, `""`} {
				if got, want := w.send(text, flag), fmt.Sprintf("send 5 %q", want); got != want {
					t.Errorf("%s, %s with auto_escape %s: got %s, want %s", w.name, text, flag, got, want)
				}
			}
		}
	}
}

// TestEchoAtTheRoot: it comes back byte for byte, also when there is a query.
func TestEchoAtTheRoot(t *testing.T) {
	root, _, _ := startHTTP(t, HTTPOptions{AccessToken: token}, nil)
	for _, body := range []string{
		`{"action":"get_status","echo":%s}`, `{"action":"nothing","echo":%s}`, `{"echo":%s}`, `{"action":"get_status","params":7,"echo":%s}`,
	} {
		for _, echo := range []string{`"<a>&\u003c\/é"`, `{"a": ["<", 1.50]}`} {
			for _, query := range []string{"", "?access_token=" + url.QueryEscape(token), "?x=%3C&echo=other"} {
				_, text := ask(t, "POST", root+"/"+query, authorized(jsonType), strings.NewReader(fmt.Sprintf(body, echo)))
				if !strings.HasSuffix(text, `"echo":`+echo+"}") {
					t.Errorf("%s to /%s: got %s, want the echo %s", body, query, text, echo)
				}
			}
		}
	}
}

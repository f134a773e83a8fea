package app_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libration/internal/app"
	"libration/internal/app/bot"
	"libration/internal/config"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// TestEventFilters: connections with a filter get what passes, by WebSocket and by webhook;
// what the first frame says passes always. The file is read again by the action and with
// the configuration, and one that is broken changes nothing.
func TestEventFilters(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	folder := t.TempDir()
	path := filepath.Join(folder, "filter.json")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("\xef\xbb\xbf" + `{"raw_message": {".regex": "^!"}}`)
	posts := make(chan string, 64)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		posts <- string(body)
	}))
	defer hook.Close()

	c := configuration(t.TempDir(), sim.ControlURL())
	c.File = filepath.Join(folder, "config.yaml")
	c.OneBot.Connections[1].Filter = path
	c.OneBot.Connections[1].Heartbeat = new(config.Duration(time.Second)) // left out, too
	c.OneBot.Heartbeat = 0
	c.OneBot.Connections = append(c.OneBot.Connections,
		config.Connection{Type: config.WebSocket, Address: "localhost:0"},
		config.Connection{Type: config.Webhook, URL: hook.URL, Filter: path})
	a, err := app.New(c, app.Options{Log: slog.New(slog.DiscardHandler), Version: "test", Load: func() (*config.Config, error) { return c, nil }})
	if err != nil {
		t.Fatal(err)
	}
	background(t, a.Run)
	await(t, a, "the account to be ready", func(s app.Status) bool { return s.Ready() })
	all, err := a.Endpoints(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dial := func(i int) *bot.Conn {
		t.Helper()
		conn, err := bot.Dial(t.Context(), "ws://"+all[i].Addr.String(), "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Drop)
		if frame, err := conn.Read(t.Context()); err != nil || !strings.Contains(string(frame), `"sub_type":"connect"`) {
			t.Fatalf("first frame: got %s, %v", frame, err)
		}
		return conn
	}
	filtered, everything := dial(1), dial(2)
	next := func(c *bot.Conn) (event string) {
		t.Helper()
		frame, err := c.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return textOf(t, frame)
	}
	posted := func() string {
		for {
			if body := <-posts; !strings.Contains(body, "meta_event") {
				return textOf(t, []byte(body))
			}
		}
	}
	say := func(words ...string) {
		t.Helper()
		for _, w := range words {
			parts, err := sim.Sandbox.Parts(20001, 730000001, message.Text(w))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := sim.Sandbox.World().Messages().Send(world.Send{From: 20001, Group: 730000001, Parts: parts}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	gets := func(words string, what ...string) {
		t.Helper()
		for _, want := range what {
			if got := next(filtered); got != want {
				t.Errorf("%s: WebSocket got %q, want %q", words, got, want)
			}
			if got := posted(); got != want {
				t.Errorf("%s: webhook got %q, want %q", words, got, want)
			}
		}
	}
	say("a", "!b", "c", "!d")
	gets("at first", "!b", "!d")
	for _, want := range []string{"a", "!b", "c", "!d"} {
		if got := next(everything); got != want {
			t.Errorf("without a filter: got %q, want %q", got, want)
		}
	}

	reload := func(file, want string) {
		t.Helper()
		params := map[string]json.RawMessage{}
		if file != "" {
			params["file"], _ = json.Marshal(file)
		}
		answer, _, err := bot.Call(t.Context(), "http://"+all[0].Addr.String(), "", "reload_event_filter", params)
		if err != nil || !strings.Contains(string(answer), want) {
			t.Errorf("reload_event_filter %q: got %s, %v, want %s", file, answer, err, want)
		}
	}
	write(`{"raw_message": {".regex": "^(?!!)"}}`)
	reload("", `"LOAD_FILE_ERROR"`)
	reload(path, `lookaround`)
	say("e", "!f")
	gets("after a broken one", "!f")
	if did, err := a.Reload(); err == nil || !strings.Contains(err.Error(), "onebot.connections: websocket 127.0.0.1:0: filter: event filter "+path+": line 1, column") {
		t.Errorf("reload: got %v, %v", did, err)
	}
	write(`{".not": {"raw_message": {".contains": "!"}}}`)
	reload("other.json", `"FILE_NOT_FOUND"`)
	reload(c.File, `"FILE_NOT_FOUND"`)
	reload("filter.json", `"status":"ok"`) // as the configuration beside it has it
	say("!g", "h")
	gets("read again by the action", "h")

	write(`{"user_id": "20001", "raw_message": {".in": ["i", "k"]}}`)
	did, err := a.Reload()
	if err != nil || len(did) != 1 || !strings.Contains(did[0].EN, "event filter "+path+": read again") {
		t.Errorf("reload: got %v, %v", did, err)
	}
	say("h", "i", "j", "k")
	gets("read again with the configuration", "i", "k")
	if did, err := a.Reload(); err != nil || did[0].EN != "nothing has changed" {
		t.Errorf("reload of what is the same: got %v, %v", did, err)
	}

	write(`{"a"`)
	if _, err := app.New(c, app.Options{Log: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), "filter: event filter "+path+": line 1") {
		t.Errorf("at the start: got %v", err)
	}
}

// textOf is the raw_message of an event.
func textOf(t *testing.T, event []byte) string {
	t.Helper()
	var e struct {
		Text string `json:"raw_message"`
		Type string `json:"post_type"`
	}
	if err := json.Unmarshal(event, &e); err != nil {
		t.Fatal(err)
	}
	if e.Type == "meta_event" {
		t.Errorf("got %s", event)
	}
	return e.Text
}

package transport

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/internal/network"
)

// shortDir is a folder whose path leaves room for the name of a socket.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lib")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// throughSocket is a client whose connections all go to a socket.
func throughSocket(t testing.TB, path string) *http.Client {
	t.Helper()
	web := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return network.Network{}.Dial(ctx, "unix", path)
	}}
	return &http.Client{Transport: web, Timeout: 10 * time.Second}
}

// TestUnixListeners: who may open the file needs no token, no Host and no JSON; a page
// behind a proxy is refused all the same.
func TestUnixListeners(t *testing.T) {
	b, c := newOneBot(t)
	dir := shortDir(t)
	for _, form := range []string{"unix:", "unix://"} {
		var log logBuffer
		path := filepath.Join(dir, "http.sock")
		h, err := NewHTTP(b.Dialect, HTTPOptions{Address: form + path}, log.logger())
		if err != nil {
			t.Fatal(err)
		}
		stop := start(t, h)
		if !strings.Contains(log.String(), "url=http+unix://"+path+":/") {
			t.Errorf("the log has no URL:\n%s", log.String())
		}
		if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("the socket has mode %v, %v", info.Mode(), err)
		}
		client := throughSocket(t, path)
		for name, tt := range map[string]struct {
			method, path, host, kind, body string
			header                         [2]string
			status                         int
		}{
			"get":            {method: "GET", path: "/get_login_info", status: 200},
			"any host":       {method: "GET", path: "/get_login_info", host: "bot.example", status: 200},
			"a change":       {method: "GET", path: "/send_group_msg?group_id=5&message=hello", status: 200},
			"a form":         {method: "POST", path: "/send_group_msg", kind: "application/x-www-form-urlencoded", body: "group_id=5&message=hello", status: 200},
			"a foreign page": {method: "GET", path: "/get_login_info", header: [2]string{"Origin", "https://other.example"}, status: 403},
			"a page's link":  {method: "GET", path: "/get_login_info", header: [2]string{"Sec-Fetch-Site", "cross-site"}, status: 403},
		} {
			r, err := http.NewRequest(tt.method, "http://localhost"+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if tt.host != "" {
				r.Host = tt.host
			}
			if tt.kind != "" {
				r.Header.Set("Content-Type", tt.kind)
			}
			if tt.header[0] != "" {
				r.Header.Set(tt.header[0], tt.header[1])
			}
			response, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != tt.status {
				t.Errorf("%s: got %d, want %d", name, response.StatusCode, tt.status)
			}
		}
		if got := c.noted(); strings.Count(got, "send 5") != 2 {
			t.Errorf("got %q", got)
		}
		stop()
		if _, err := os.Lstat(path); err == nil {
			t.Error("the socket is there after the end")
		}
	}

	path := filepath.Join(dir, "ws.sock")
	w, err := NewWebSocket(b.Dialect, WebSocketOptions{Address: "unix:" + path, AccessToken: token}, nil)
	if err != nil {
		t.Fatal(err)
	}
	start(t, w)
	dial := func(token string) (*websocket.Conn, error) {
		ws, _, err := websocket.Dial(t.Context(), "ws://bot.example/", &websocket.DialOptions{
			HTTPClient: throughSocket(t, path), HTTPHeader: http.Header{"Authorization": {"Bearer " + token}},
		})
		return ws, err
	}
	if _, err := dial("wrong"); err == nil {
		t.Error("a wrong token was taken")
	}
	ws, err := dial(token)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	wantLifecycle(t, ws)
	publish(b, "hello")
	if m := next(t, ws); m["raw_message"] != "hello" {
		t.Errorf("got %v, want the event", m)
	}
}

// TestUnixURLs: the log has the full path of a socket, for URLs have no relative ones.
func TestUnixURLs(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	s := newServer("onebot http", "http", nil, "", PortOptions{Address: "unix:bot.sock"}, nil)
	got := s.url(&net.UnixAddr{Net: "unix", Name: "bot.sock"})
	if want := "http+unix://" + filepath.Join(here, "bot.sock") + ":/"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestUnixSocketFile: the socket of a killed program is replaced. One in use, and any
// other file, stays.
func TestUnixSocketFile(t *testing.T) {
	b, _ := newOneBot(t)
	dir := shortDir(t)
	run := func(path string) error {
		h, err := NewHTTP(b.Dialect, HTTPOptions{Address: "unix:" + path}, nil)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- h.Run(ctx) }()
		select {
		case <-h.Ready():
			cancel()
			return <-ended
		case err := <-ended:
			return err
		}
	}
	path := filepath.Join(dir, "a.sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	if err := run(path); err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("a socket in use: got %v", err)
	}
	left.SetUnlinkOnClose(false)
	_ = left.Close()
	if err := run(path); err != nil {
		t.Errorf("a socket that was left behind: got %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("keep me"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(file); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("a file: got %v", err)
	}
	if kept, _ := os.ReadFile(file); string(kept) != "keep me" {
		t.Errorf("the file holds %q", kept)
	}
	for address, want := range map[string]string{
		filepath.Join(dir, "none", "a.sock"): "does not exist: make it",
		"":                                   "names no file",
		"@abstract":                          "names no file",
		filepath.Join(dir, strings.Repeat("x", 1000)): "takes at most",
	} {
		if err := run(address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: got %v, want %q", address, err, want)
		}
	}
}

// TestUnixDialers: bots on sockets get events, by both forms of the URL.
func TestUnixDialers(t *testing.T) {
	dir := shortDir(t)
	serve := func(name string, h http.Handler) string {
		path := filepath.Join(dir, name)
		ln, err := network.Network{}.Listen(t.Context(), "unix:"+path)
		if err != nil {
			t.Fatal(err)
		}
		web := &http.Server{Handler: h}
		ended := make(chan struct{})
		go func() { defer close(ended); _ = web.Serve(ln) }()
		t.Cleanup(func() { _ = web.Close(); <-ended })
		return path
	}
	hook := &hookBot{posts: make(chan *post, 16)}
	path := serve("hook.sock", hook)
	b, _ := newOneBot(t)
	for _, url := range []string{"http+unix://" + path + ":/post", "http+unix://" + strings.ReplaceAll(path, "/", "%2F") + "/post", "http+unix:" + path} {
		s, err := NewWebhook(b.Dialect, WebhookOptions{URL: url, Retry: 5 * time.Millisecond}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(s.Name(), "unix:"+path) || strings.Contains(s.Name(), "post") {
			t.Errorf("it is called %s", s.Name())
		}
		stop := start(t, s)
		until(t, s, "connected", func(c Condition) bool { return c.State == StateConnected })
		publish(b, "hello")
		if got := hook.texts(t, 1); got != "hello" {
			t.Errorf("%s: got %q", url, got)
		}
		stop()
	}
	bot := &fakeBot{conns: make(chan *websocket.Conn, 16)}
	path = serve("bot.sock", bot)
	r, b, _ := startReverse(t, ReverseOptions{URL: "ws+unix://" + path + ":/onebot/v11/ws"}, nil, nil)
	ws := bot.next(t)
	wantLifecycle(t, ws)
	until(t, r, "connected", func(c Condition) bool { return c.State == StateConnected })
	publish(b, "hello")
	if m := next(t, ws); m["raw_message"] != "hello" {
		t.Errorf("got %v, want the event", m)
	}
	for _, url := range []string{"ws+unix://", "ws+unix://relative", "http+unix://" + path, "wss+unix://" + path} {
		if _, err := NewReverse(b.Dialect, ReverseOptions{URL: url}, nil); err == nil {
			t.Errorf("%s: accepted", url)
		}
	}
}

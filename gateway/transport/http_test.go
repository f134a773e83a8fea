package transport

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"libration/ntqq/message"
)

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

func startHTTP(t testing.TB, o HTTPOptions, log *slog.Logger) (root string, h *HTTP, c *fakeClient) {
	t.Helper()
	b, c := newOneBot(t)
	o.Address = "127.0.0.1:0"
	h, err := NewHTTP(b.Dialect, o, log)
	if err != nil {
		t.Fatal(err)
	}
	start(t, h)
	return "http://" + h.Addr().String(), h, c
}

// ask sends one request and closes the connection.
func ask(t testing.TB, method, url string, header map[string]string, body io.Reader) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		if k == "Host" {
			r.Host = v
		}
		r.Header.Set(k, v)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

func TestHTTPRequests(t *testing.T) {
	// Without a token less may pass: pages_test.go.
	root, _, client := startHTTP(t, HTTPOptions{AccessToken: token}, nil)
	const asked = "user 123"
	for _, tt := range []struct {
		name, method, path, contentType, body string
		status, retcode                       int
		called                                string
	}{
		{"GET", "GET", "/get_stranger_info?user_id=123", "", "", 200, 0, asked},
		{"trailing slash", "GET", "/get_stranger_info/?user_id=123&no_cache=true", "", "", 200, 0, asked},
		{"POST without body", "POST", "/get_login_info", "", "", 200, 0, ""},
		{"POST without body but type", "POST", "/get_login_info", jsonType, "", 200, 0, ""},
		{"POST with white space", "POST", "/get_login_info", jsonType, " \r\n", 200, 0, ""},
		{"empty body, query fills in", "POST", "/get_stranger_info?user_id=123", jsonType, "", 200, 0, asked},
		{"JSON", "POST", "/get_stranger_info", jsonType, `{"user_id":123,"no_cache":true}`, 200, 0, asked},
		{"JSON null", "POST", "/get_login_info", jsonType, `null`, 200, 0, ""},
		{"JSON with charset", "POST", "/get_stranger_info", "application/json; charset=utf-8", `{"user_id":123}`, 200, 0, asked},
		{"JSON type in capitals", "POST", "/get_stranger_info", "Application/JSON;charset=UTF-8", `{"user_id":"123"}`, 200, 0, asked},
		{"JSON type with broken parameter", "POST", "/get_stranger_info", "application/json; charset", `{"user_id":"123"}`, 200, 0, asked},
		{"JSON with BOM", "POST", "/get_stranger_info", jsonType, "\xef\xbb\xbf" + `{"user_id":123}`, 200, 0, asked},
		{"JSON with BOM at the root", "POST", "/", jsonType, "\xef\xbb\xbf" + `{"action":"get_stranger_info","params":{"user_id":123}}`, 200, 0, asked},
		{"JSON with BOM and a query", "POST", "/?action=get_stranger_info", jsonType, "\xef\xbb\xbf" + `{"params":{"user_id":123}}`, 200, 0, asked},
		{"form with BOM", "POST", "/get_stranger_info", formType, "\xef\xbb\xbfuser_id=123", 200, 0, asked},
		{"JSON in UTF-16", "POST", "/get_stranger_info", jsonType, "\xff\xfe{\x00}\x00", 400, 1400, ""},
		{"form", "POST", "/get_stranger_info", formType, "user_id=123&no_cache=1", 200, 0, asked},
		{"form with charset", "POST", "/get_stranger_info", formType + "; charset=UTF-8", "user_id=123", 200, 0, asked},
		{"form decodes plus and percent", "POST", "/send_group_msg", formType, "group%5Fid=5&message=a+b%2Bc;d", 200, 0, `send 5 "a b+c;d"`},
		{"query with semicolon", "GET", "/send_group_msg?group_id=5&message=a;b", "", "", 200, 0, `send 5 "a;b"`},
		{"body wins over query", "POST", "/get_stranger_info?user_id=9&no_cache=true", jsonType, `{"user_id":123}`, 200, 0, asked},
		{"form wins over query", "POST", "/get_stranger_info?user_id=9&no_cache=true", formType, `user_id=123`, 200, 0, asked},
		{"first of a repeated key", "GET", "/get_stranger_info?user_id=123&user_id=9", "", "", 200, 0, asked},
		{"GET ignores a body", "GET", "/get_stranger_info?user_id=123", jsonType, `{"user_id":9}`, 200, 0, asked},
		{"structured value in form", "POST", "/send_group_msg", formType,
			"group_id=5&message=" + `[{"type":"text","data":{"text":"x"}},{"type":"at","data":{"qq":"7"}}]`, 200, 0, `send 5 "x<*message.AtSegment>"`},
		{"structured object in query", "GET", "/send_group_msg?group_id=5&message=" + `%7B%22type%22:%22text%22,%22data%22:%7B%22text%22:%22y%22%7D%7D`, "", "", 200, 0, `send 5 "y"`},
		{"bracket that is not JSON", "GET", "/send_group_msg?group_id=5&message=[hi", "", "", 200, 0, `send 5 "[hi"`},
		{"unknown parameters", "GET", "/get_stranger_info?user_id=123&_timeout=4", "", "", 200, 0, asked},

		{"root JSON", "POST", "/", jsonType, `{"action":"get_stranger_info","params":{"user_id":123}}`, 200, 0, asked},
		{"root null params", "POST", "/", jsonType, `{"action":"get_login_info","params":null}`, 200, 0, ""},
		{"root form", "POST", "/", formType, `action=get_stranger_info&params={"user_id":123}`, 200, 0, asked},
		{"root query", "GET", "/?action=get_stranger_info&params=%7B%22user_id%22:123%7D", "", "", 200, 0, asked},
		{"root body wins", "POST", "/?action=get_login_info&params={}", jsonType, `{"action":"get_stranger_info","params":{"user_id":123}}`, 200, 0, asked},
		{"root query fills in", "POST", "/?action=get_stranger_info", jsonType, `{"params":{"user_id":123}}`, 200, 0, asked},
		{"root without action", "GET", "/", "", "", 400, 1400, ""},
		{"root null with query", "POST", "/?action=get_login_info", jsonType, "null", 200, 0, ""},

		{"PUT", "PUT", "/get_login_info", jsonType, "{}", 405, 1405, ""},
		{"DELETE", "DELETE", "/get_login_info", "", "", 405, 1405, ""},
		{"OPTIONS", "OPTIONS", "/get_login_info", "", "", 405, 1405, ""},
		{"no type", "POST", "/get_stranger_info", "", `{"user_id":123}`, 200, 0, asked},
		{"no type, not JSON", "POST", "/get_stranger_info", "", "user_id=123", 400, 1400, ""},
		{"other type", "POST", "/get_login_info", "text/plain", "{}", 406, 1406, ""},
		{"multipart", "POST", "/get_login_info", "multipart/form-data; boundary=x", "--x--", 406, 1406, ""},
		{"malformed JSON", "POST", "/get_login_info", jsonType, `{"a":`, 400, 1400, ""},
		{"JSON array", "POST", "/get_login_info", jsonType, `[1]`, 400, 1400, ""},
		{"root array", "POST", "/?action=get_login_info", jsonType, `[1]`, 400, 1400, ""},
		{"malformed form", "POST", "/get_login_info", formType, `a=%zz`, 400, 1400, ""},
		{"malformed query", "GET", "/get_login_info?a=%zz", "", "", 400, 1400, ""},
		{"unknown action", "GET", "/no_such_action", "", "", 404, 1404, ""},
		{"two components", "GET", "/get_login_info/x", "", "", 404, 1404, ""},
		{"type comes before action", "POST", "/no_such_action", "text/plain", "{}", 406, 1406, ""},
		{"bad parameter", "GET", "/get_stranger_info?user_id=x", "", "", 200, 1400, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header := authorized(tt.contentType)
			resp, text := ask(t, tt.method, root+tt.path, header, strings.NewReader(tt.body))
			called := client.noted()
			if resp.StatusCode != tt.status || called != tt.called {
				t.Errorf("got status %d, calls %q, want %d, %q: %s", resp.StatusCode, called, tt.status, tt.called, text)
			}
			if got := resp.Header.Get("Content-Type"); got != "application/json; charset=utf-8" {
				t.Errorf("got Content-Type %q", got)
			}
			if got := resp.ContentLength; got != int64(len(text)) {
				t.Errorf("got Content-Length %d, want %d", got, len(text))
			}
			m := fields(t, []byte(text))
			wantStatus := "ok"
			if tt.retcode != 0 {
				wantStatus = "failed"
				if m["message"] == "" || m["wording"] != m["message"] || m["msg"] == "" {
					t.Errorf("failure without an explanation: %s", text)
				}
			}
			if m["retcode"] != float64(tt.retcode) || m["status"] != wantStatus {
				t.Errorf("got %s, want retcode %d status %s", text, tt.retcode, wantStatus)
			}
			if _, ok := m["data"]; !ok {
				t.Errorf("no data in %s", text)
			}
			if tt.status == 405 && resp.Header.Get("Allow") != "GET, POST" {
				t.Errorf("got Allow %q", resp.Header.Get("Allow"))
			}
		})
	}
}

func TestHTTPEchoAndFailure(t *testing.T) {
	root, _, _ := startHTTP(t, HTTPOptions{}, nil)
	header := map[string]string{"Content-Type": jsonType}
	for _, tt := range []struct{ body, want string }{
		{`{"action":"get_login_info","echo":{"a":[1, 2]}}`, `"echo":{"a":[1, 2]}`},
		{`{"action":"get_stranger_info","params":{"user_id":1}}`, `user <1>`}, // no HTML escapes
		{`{"echo":"e1","action":`, `"retcode":1400`},
	} {
		if _, text := ask(t, "POST", root+"/", header, strings.NewReader(tt.body)); !strings.Contains(text, tt.want) {
			t.Errorf("body %s: got %s, want %s in it", tt.body, text, tt.want)
		}
	}
	resp, text := ask(t, "POST", root+"/send_private_msg", header, strings.NewReader(`{"user_id":3,"message":"x"}`))
	if m := fields(t, []byte(text)); resp.StatusCode != 200 || m["status"] != "failed" {
		t.Errorf("failed action: got %d %s, want 200 and a failed envelope", resp.StatusCode, text)
	}
	resp, text = ask(t, "GET", root+"/get_stranger_info_async?user_id=1", nil, nil)
	if m := fields(t, []byte(text)); resp.StatusCode != 200 || m["status"] != "async" || m["retcode"] != 1.0 {
		t.Errorf("async: got %d %s", resp.StatusCode, text)
	}
}

// repeat is an endless body.
type repeat struct{}

func (repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestHTTPBodyLimit(t *testing.T) {
	root, _, _ := startHTTP(t, HTTPOptions{}, nil)
	header := map[string]string{"Content-Type": jsonType}
	t.Run("large enough", func(t *testing.T) {
		text := `{"group_id":5,"message":"` + strings.Repeat("x", 3<<20) + `"}`
		if resp, _ := ask(t, "POST", root+"/send_group_msg", header, strings.NewReader(text)); resp.StatusCode != 200 {
			t.Errorf("got %d, want 200", resp.StatusCode)
		}
	})
	// Written by hand: a client that sends on after the answer may miss it.
	t.Run("announced", func(t *testing.T) {
		c, err := net.Dial("tcp", strings.TrimPrefix(root, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST /get_login_info HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", MaxBody+1)
		head := make([]byte, 12)
		if _, err := io.ReadFull(c, head); err != nil || string(head) != "HTTP/1.1 413" {
			t.Errorf("got %q, %v, want status 413", head, err)
		}
	})
	t.Run("not announced", func(t *testing.T) {
		r, err := http.NewRequest("POST", root+"/get_login_info", io.LimitReader(repeat{}, MaxBody+1))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", jsonType)
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		resp, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != 413 {
			t.Errorf("got %d, want 413", resp.StatusCode)
		}
	})
}

func TestHTTPToken(t *testing.T) {
	var log logBuffer
	root, _, client := startHTTP(t, HTTPOptions{AccessToken: "s3cr3t"}, log.logger())
	for _, tt := range []struct {
		name, method, path, auth string
		status                   int
	}{
		{"Bearer", "GET", "/get_login_info", "Bearer s3cr3t", 200},
		{"Token", "GET", "/get_login_info", "Token s3cr3t", 200},
		{"bare", "GET", "/get_login_info", "s3cr3t", 200},
		{"query", "GET", "/get_login_info?access_token=s3cr3t", "", 200},
		{"query after empty scheme", "GET", "/get_login_info?access_token=s3cr3t", "Bearer ", 200},
		{"missing", "GET", "/get_login_info", "", 401},
		{"empty scheme", "GET", "/get_login_info", "Bearer ", 401},
		{"wrong", "GET", "/get_login_info", "Bearer wr0ng", 403},
		{"wrong query", "GET", "/get_login_info?access_token=wr0ng", "", 403},
		{"header before query", "GET", "/get_login_info?access_token=s3cr3t", "Bearer wr0ng", 403},
		{"token before method", "PUT", "/get_login_info", "", 401},
		{"token before action", "GET", "/no_such_action", "Bearer wr0ng", 403},
		{"token before type", "POST", "/get_login_info", "", 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header := map[string]string{}
			if tt.auth != "" {
				header["Authorization"] = tt.auth
			}
			resp, text := ask(t, tt.method, root+tt.path, header, nil)
			if resp.StatusCode != tt.status {
				t.Errorf("got %d, want %d", resp.StatusCode, tt.status)
			}
			challenge := resp.Header.Get("WWW-Authenticate")
			if want := map[int]string{401: "Bearer"}[tt.status]; challenge != want {
				t.Errorf("got WWW-Authenticate %q, want %q", challenge, want)
			}
			if tt.status != 200 && fields(t, []byte(text))["retcode"] != float64(1000+tt.status) {
				t.Errorf("got %s", text)
			}
		})
	}
	if calls := client.noted(); calls != "" {
		t.Errorf("refused requests reached the account: %s", calls)
	}
	for _, secret := range []string{"s3cr3t", "wr0ng"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is in the log:\n%s", secret, &log)
		}
	}
	if got := strings.Count(log.String(), "request refused"); got != 1 {
		t.Errorf("got %d lines about refused requests, want 1:\n%s", got, &log)
	}
}

func TestHTTPPanicAndStop(t *testing.T) {
	b, client := newOneBot(t)
	h, err := NewHTTP(b.Dialect, HTTPOptions{Address: "127.0.0.1:0"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.time.drain = 100 * time.Millisecond
	stop := start(t, h)
	root := "http://" + h.Addr().String()
	if h.State() != StateListening || h.Err() != nil || !strings.Contains(h.Name(), "127.0.0.1") {
		t.Errorf("got %s, %v, %s", h.State(), h.Err(), h.Name())
	}

	entered, end := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(end) })
	client.user = func(message.UIN) {
		close(entered)
		<-end
	}
	if _, text := ask(t, "GET", root+fmt.Sprintf("/get_msg?message_id=%d", brokenID), nil, nil); fields(t, []byte(text))["status"] != "failed" {
		t.Errorf("after a panic: got %s", text)
	}
	// A running action is cancelled when the drain time is over, and still answered.
	var wg sync.WaitGroup
	wg.Go(func() {
		_, text := ask(t, "GET", root+"/get_stranger_info?user_id=2", nil, nil)
		if fields(t, []byte(text))["status"] != "failed" {
			t.Errorf("cancelled action: got %s", text)
		}
	})
	<-entered
	if took := stop(); took > 4*time.Second {
		t.Errorf("stopping took %v", took)
	}
	wg.Wait()
	if h.State() != StateStopped || h.Addr() != nil {
		t.Errorf("after stop: got %s, %v", h.State(), h.Addr())
	}
	start(t, h) // a supervisor may run it again
	if resp, _ := ask(t, "GET", "http://"+h.Addr().String()+"/get_login_info", nil, nil); resp.StatusCode != 200 {
		t.Errorf("second run: got %d", resp.StatusCode)
	}
}

func TestListenFailures(t *testing.T) {
	b, _ := newOneBot(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	h, err := NewHTTP(b.Dialect, HTTPOptions{Address: taken.Addr().String()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = h.Run(t.Context())
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), taken.Addr().String()+" is in use") {
		t.Errorf("port taken: got %v", err)
	}
	if h.State() != StateFailed || !errors.Is(h.Err(), syscall.EADDRINUSE) {
		t.Errorf("got state %s, %v", h.State(), h.Err())
	}
	taken.Close()
	start(t, h)
	if err := h.Run(t.Context()); !errors.Is(err, errRunning) {
		t.Errorf("second Run: got %v, want %v", err, errRunning)
	}
	foreign, err := NewHTTP(b.Dialect, HTTPOptions{Address: "203.0.113.1:0", AccessToken: "t"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := foreign.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "does not belong to this machine") {
		t.Errorf("foreign address: got %v", err)
	}
}

func TestAddresses(t *testing.T) {
	for _, tt := range []struct{ address, token, want string }{
		{"127.0.0.1:5700", "", ""},
		{"127.9.9.9:5700", "", ""},
		{"[::1]:5700", "", ""},
		{"localhost:0", "", ""},
		{"0.0.0.0:5700", "t", ""},
		{":5700", "t", ""},
		{"0.0.0.0:5700", "", "no access token is set"},
		{":5700", "", "no access token is set"},
		{"[::]:5700", "", "no access token is set"},
		{"192.168.1.2:5700", "", "no access token is set"},
		{"bot.example:5700", "", "no access token is set"},
		{"127.0.0.1", "", "is not host:port"},
		{"", "", "is not host:port"},
		{"127.0.0.1:http", "", "is not a number"},
		{"127.0.0.1:", "", "is not a number"},
		{"127.0.0.1:70000", "", "is not a number"},
		{"127.0.0.1:00", "", "not a plain number"},
	} {
		err := checkAddress(tt.address, tt.token)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q with token %q: got %v, want %q", tt.address, tt.token, err, tt.want)
		}
		b, _ := newOneBot(t)
		if _, err := NewHTTP(b.Dialect, HTTPOptions{Address: tt.address, AccessToken: tt.token}, nil); (err != nil) != (tt.want != "") {
			t.Errorf("NewHTTP %q: got %v", tt.address, err)
		}
		if _, err := NewWebSocket(b.Dialect, WebSocketOptions{Address: tt.address, AccessToken: tt.token}, nil); (err != nil) != (tt.want != "") {
			t.Errorf("NewWebSocket %q: got %v", tt.address, err)
		}
	}
	b, _ := newOneBot(t)
	_, err := NewHTTP(b.Dialect, HTTPOptions{Address: "x", CORS: []string{"*", "example.org"}}, nil)
	for _, want := range []string{"host:port", `"*" lets every website`, `"example.org" is not an origin`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

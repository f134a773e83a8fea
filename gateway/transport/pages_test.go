package transport

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"libration/internal/webguard/webguardtest"
)

const remedy = "set an access_token"

// TestHTTPWithoutToken: what a web page can make a browser send changes nothing.
func TestHTTPWithoutToken(t *testing.T) {
	var log logBuffer
	root, _, client := startHTTP(t, HTTPOptions{}, log.logger())
	address := strings.TrimPrefix(root, "http://")
	check := func(t *testing.T, what string, may bool, call string, status int, text string) {
		t.Helper()
		called := client.noted()
		if may && (status != http.StatusOK || called != call) || !may && (status/100 != 4 || called != "" || !strings.Contains(text, remedy)) {
			t.Errorf("%s: may act %v; got %d, calls %q: %s", what, may, status, called, text)
		}
	}
	const body = `{"group_id":5,"message":"x"}`
	for _, h := range webguardtest.Heads(address) {
		status, text := webguardtest.Send(t, address, "GET", "/get_stranger_info?user_id=123", h, "", "")
		check(t, h.Name+", GET", h.May, "user 123", status, text)
		status, text = webguardtest.Send(t, address, "POST", "/send_group_msg", h, jsonType, body)
		check(t, h.Name+", POST", h.May, `send 5 "x"`, status, text)
	}
	program := webguardtest.Head{Host: address}
	for kind, may := range webguardtest.Types() {
		status, text := webguardtest.Send(t, address, "POST", "/send_group_msg", program, kind, body)
		check(t, "type "+kind, may, `send 5 "x"`, status, text)
		status, text = webguardtest.Send(t, address, "POST", "/send_group_msg?group_id=5&message=x", program, kind, "")
		check(t, "query only, type "+kind, may, `send 5 "x"`, status, text)
	}
	// Links, navigation and redirects are GETs that show nothing of a page.
	for _, suffix := range []string{"", "/", "_async", "_rate_limited", "_async?"} {
		for _, action := range []string{"send_msg", "send_private_msg", "send_group_msg", "delete_msg", ".handle_quick_operation"} {
			status, text := webguardtest.Send(t, address, "GET", "/"+action+suffix, program, "", "")
			check(t, action+suffix, false, "", status, text)
			status, text = webguardtest.Send(t, address, "GET", "/?action="+action+strings.Trim(suffix, "/?")+"&params=%7B%22group_id%22:5%7D", program, "", "")
			check(t, "root, "+action+suffix, false, "", status, text)
		}
	}
	if !strings.Contains(log.String(), "request refused") {
		t.Errorf("nothing in the log:\n%s", &log)
	}
}

func TestHTTPOrigins(t *testing.T) {
	open, h, _ := startHTTP(t, HTTPOptions{CORS: []string{"https://good.example"}}, nil)
	guarded, _, _ := startHTTP(t, HTTPOptions{AccessToken: "t", CORS: []string{"*"}}, nil)
	plain, _, _ := startHTTP(t, HTTPOptions{AccessToken: "t"}, nil)
	for _, tt := range []struct {
		name, root, method string
		header             map[string]string
		status             int
		allow              string
	}{
		{"no browser", open, "GET", nil, 200, ""},
		{"foreign origin", open, "POST", map[string]string{"Origin": "https://evil.example", "Content-Type": jsonType}, 403, ""},
		{"own origin", open, "POST", map[string]string{"Origin": "http://" + h.Addr().String(), "Content-Type": jsonType}, 200, ""},
		{"listed origin", open, "POST", map[string]string{"Origin": "https://good.example", "Content-Type": jsonType}, 200, "https://good.example"},
		{"listed origin, form", open, "POST", map[string]string{"Origin": "https://good.example", "Content-Type": formType}, 406, "https://good.example"},
		{"listed origin, browser", open, "GET", map[string]string{"Origin": "https://good.example", "Sec-Fetch-Site": "cross-site"}, 200, "https://good.example"},
		{"listed origin, other host", open, "GET", map[string]string{"Origin": "https://good.example", "Host": "good.example"}, 403, "https://good.example"},
		{"preflight", open, "OPTIONS", map[string]string{"Origin": "https://good.example", "Access-Control-Request-Method": "POST"}, 204, "https://good.example"},
		{"foreign preflight", open, "OPTIONS", map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}, 403, ""},
		{"any origin, preflight without token", guarded, "OPTIONS", map[string]string{"Origin": "https://x.example", "Access-Control-Request-Method": "POST"}, 204, "https://x.example"},
		{"any origin, with token", guarded, "GET", map[string]string{"Origin": "https://x.example", "Authorization": "Bearer t"}, 200, "https://x.example"},
		{"any origin, without token", guarded, "GET", map[string]string{"Origin": "https://x.example"}, 401, "https://x.example"},
		{"off by default", plain, "GET", map[string]string{"Origin": "https://x.example", "Authorization": "Bearer t"}, 200, ""},
		{"off by default, preflight", plain, "OPTIONS", map[string]string{"Origin": "https://x.example", "Access-Control-Request-Method": "POST"}, 401, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, text := ask(t, tt.method, tt.root+"/get_login_info", tt.header, nil)
			if allow := resp.Header.Get("Access-Control-Allow-Origin"); resp.StatusCode != tt.status || allow != tt.allow {
				t.Errorf("got %d, allowed origin %q, want %d, %q: %s", resp.StatusCode, allow, tt.status, tt.allow, text)
			}
		})
	}
}

func TestWebSocketWithoutToken(t *testing.T) {
	_, s, _, _ := startWebSocket(t, WebSocketOptions{}, nil, nil)
	address := s.Addr().String()
	for _, h := range webguardtest.Heads(address) {
		upgrade := map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
		}
		maps.Copy(upgrade, h.Header)
		h.Header = upgrade
		status, text := webguardtest.Send(t, address, "GET", "/", h, "", "")
		if h.May && status != http.StatusSwitchingProtocols || !h.May && (status != http.StatusForbidden || !strings.Contains(text, remedy)) {
			t.Errorf("%s: may connect %v; got %d %s", h.Name, h.May, status, text)
		}
	}
}

// TestHTTPBodyOfGet: what was not read is said, whatever the outcome.
func TestHTTPBodyOfGet(t *testing.T) {
	root, _, _ := startHTTP(t, HTTPOptions{}, nil)
	const said = "the body of a GET is not read"
	for _, tt := range []struct {
		path, body string
		status     int
		want       bool
	}{
		{"/get_stranger_info?user_id=1", `{"no_cache":true}`, 200, true},
		{"/get_stranger_info", `{"user_id":1}`, 200, true},
		{"/", `{"action":"get_login_info"}`, 400, true},
		{"/no_such_action", `{}`, 404, true},
		{"/get_stranger_info?user_id=1", "", 200, false},
	} {
		resp, text := ask(t, "GET", root+tt.path, map[string]string{"Content-Type": jsonType}, strings.NewReader(tt.body))
		m := fields(t, []byte(text))
		for _, name := range []string{"message", "wording"} {
			if got, _ := m[name].(string); resp.StatusCode != tt.status || strings.Contains(got, said) != tt.want {
				t.Errorf("%s with %q: got %d, %s %q", tt.path, tt.body, resp.StatusCode, name, got)
			}
		}
	}
}

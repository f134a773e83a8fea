package transport

import (
	"context"
	"net"
	"strings"
	"testing"

	"libration/gateway"
)

// TestPublicRequests: what an address proves needs no token and no page of ours; on a
// listener without a token the Host still has to be this machine's.
func TestPublicRequests(t *testing.T) {
	for _, kind := range []string{"http", "websocket"} {
		for _, secret := range []string{token, ""} {
			p := newParrot(t, known10001(), gateway.Options{})
			var s Service
			var err error
			if kind == "http" {
				s, err = NewHTTP(p, HTTPOptions{Address: "127.0.0.1:0", AccessToken: secret, CORS: []string{"https://bot.example"}}, nil)
			} else {
				s, err = NewWebSocket(p, WebSocketOptions{Address: "127.0.0.1:0", AccessToken: secret, Events: p.events}, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			if h, ok := s.(*HTTP); ok { // without a token no parrot's request passes, its own neither
				h.check = func(context.Context, net.Addr) error { return nil }
			}
			start(t, s)
			root := "http://" + s.(Listening).Addr().String()
			for _, c := range []struct {
				name, path string
				header     map[string]string
				status     int
			}{
				{"plain", "/feather/1", nil, 200},
				{"a page of another origin", "/feather/1", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://other.example"}, 200},
				{"wrong token", "/feather/1", map[string]string{"Authorization": "Bearer wrong"}, 200},
				{"foreign Host", "/feather/1", map[string]string{"Host": "rebound.example"}, map[bool]int{true: 200, false: 401}[secret != ""]},
				{"another path, foreign Host", "/feathers/1", map[string]string{"Host": "rebound.example"}, map[bool]int{true: 426, false: 401}[secret != "" && kind == "websocket"]},
			} {
				response, text := ask(t, "GET", root+c.path, c.header, nil)
				if response.StatusCode != c.status || (c.status == 200) != strings.HasPrefix(text, "a feather") {
					t.Errorf("%s, token %q, %s: got %d %q, want %d", kind, secret, c.name, response.StatusCode, text, c.status)
				}
			}
		}
	}
}

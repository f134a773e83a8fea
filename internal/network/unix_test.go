package network

import (
	"errors"
	"strings"
	"testing"
)

func TestUnixPath(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"unix:/run/bot.sock": "/run/bot.sock", "unix:///run/bot.sock": "/run/bot.sock", "unix:bot.sock": "bot.sock", "unix:": "",
		"127.0.0.1:80": "-", "/run/bot.sock": "-", "tcp://unix:80": "-",
	} {
		got, ok := UnixPath(address)
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
	for path, want := range map[string]error{
		"": ErrUnixPath, "@bot": ErrUnixPath, "/a\x00b": ErrUnixPath, "/run/@bot": nil,
		"/" + strings.Repeat("x", MaxUnixPath()): ErrUnixLong, "/" + strings.Repeat("x", MaxUnixPath()-1): nil,
	} {
		if err := CheckUnix(path); !errors.Is(err, want) {
			t.Errorf("%.20q: got %v, want %v", path, err, want)
		}
	}
}

func TestUnixURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][2]string{
		"ws+unix:///run/bot.sock:/onebot/v11/ws": {"/run/bot.sock", "ws://localhost/onebot/v11/ws"},
		"ws+unix:///run/bot.sock":                {"/run/bot.sock", "ws://localhost/"},
		"ws+unix:/run/bot.sock:/a?b=c":           {"/run/bot.sock", "ws://localhost/a?b=c"},
		"http+unix://%2Frun%2Fbot.sock/a/b?c":    {"/run/bot.sock", "http://localhost/a/b?c"},
		"http+unix://%2Frun%2Fbot.sock":          {"/run/bot.sock", "http://localhost/"},
		"http+unix://%2frun%2fa%3Ab.sock?x=1":    {"/run/a:b.sock", "http://localhost/?x=1"},
		"ws+unix:///run/bot.sock:a":              {"/run/bot.sock", "ws://localhost/a"},
		"ws+unix://host/path":                    {}, "ws+unix:": {}, "+unix:///a": {}, "ws://a/+unix:/b": {}, "http+unix://%zz/": {},
		"http+unix:///" + strings.Repeat("x", 200): {}, "ws://127.0.0.1:80": {}, "": {}, "http+unix:///a:\x01": {},
	} {
		socket, plain, ok := UnixURL(raw)
		if socket != want[0] || plain != want[1] || ok != (want[0] != "") {
			t.Errorf("%s: got %q %q %v, want %q", raw, socket, plain, ok, want)
		}
	}
}

func FuzzUnixURL(f *testing.F) {
	f.Add("ws+unix:///run/bot.sock:/onebot/v11/ws")
	f.Add("http+unix://%2Frun%2Fbot.sock/a/b?c")
	f.Fuzz(func(t *testing.T, raw string) {
		socket, plain, ok := UnixURL(raw)
		if ok && (CheckUnix(socket) != nil || !strings.Contains(plain, "://localhost/")) {
			t.Errorf("%q: got %q, %q", raw, socket, plain)
		}
	})
}

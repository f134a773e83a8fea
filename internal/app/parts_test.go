package app

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"libration/internal/config"
	"libration/internal/text"
)

func TestLocale(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		env  map[string]string
		want text.Language
	}{
		{nil, text.English},
		{map[string]string{"LANG": "C.UTF-8"}, text.English},
		{map[string]string{"LANG": "zh_CN.UTF-8"}, text.Chinese},
		{map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, text.English},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW"}, text.Chinese},
	} {
		if got := Locale(func(name string) string { return tt.env[name] }); got != tt.want {
			t.Errorf("Locale of %v: got %q, want %q", tt.env, got, tt.want)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	settings := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.modified", Value: "true"}}
	for _, tt := range []struct {
		info debug.BuildInfo
		want string
	}{
		{debug.BuildInfo{}, "dev"},
		{debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "dev"},
		{debug.BuildInfo{Main: debug.Module{Version: "v0.1.0"}, Settings: settings}, "v0.1.0"},
		{debug.BuildInfo{Settings: settings}, "dev-0123456789ab"},
	} {
		if got := versionOf(&tt.info); got != tt.want {
			t.Errorf("versionOf(%+v): got %q, want %q", tt.info, got, tt.want)
		}
	}
	if revision, _ := revisionOf(&debug.BuildInfo{Settings: settings}); revision != "0123456789abcdef0123-changed" {
		t.Errorf("got revision %q, want it marked as changed", revision)
	}
	if got := VersionDetails(); !strings.HasPrefix(got, "libration ") || strings.Contains(got, "\n") {
		t.Errorf("got details %q, want one line", got)
	}
}

func TestConfigFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	var out bytes.Buffer
	if err := InitConfig(&out, path, "", config.LanguageChinese); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	tokens := regexp.MustCompile(`access_token: "([A-Z2-7]{26})"`).FindAllSubmatch(got, -1)
	if len(tokens) != 3 || bytes.Equal(tokens[0][1], tokens[1][1]) || bytes.Equal(tokens[1][1], tokens[2][1]) {
		t.Fatalf("got tokens %q, want one for each listener", tokens)
	}
	first := string(tokens[0][1])
	next := func() string {
		token := tokens[0][1]
		tokens = tokens[1:]
		return string(token)
	}
	if err != nil || !bytes.Equal(got, config.Template(config.LanguageChinese, next)) {
		t.Errorf("got %d bytes, error %v, want the Chinese template", len(got), err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode: %v, %v", info.Mode(), err)
	}
	if text := out.String(); strings.Contains(text, first) {
		t.Errorf("a token was printed: %s", text)
	}
	if !strings.Contains(out.String(), "已写入") {
		t.Errorf("got output %q, want Chinese", out.String())
	}
	if err := InitConfig(&out, path, "", config.LanguageEnglish); err == nil {
		t.Error("second init: got no error")
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(after, got) {
		t.Error("second init changed the file")
	}
	out.Reset()
	if err := CheckConfig(&out, path); err != nil || !strings.Contains(out.String(), path+": ok") {
		t.Errorf("check: got error %v, output %q", err, out.String())
	}
}

func TestBotAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ connections, http, ws string }{
		{"[{type: http, address: '127.0.0.1:5700', access_token: a}, {type: websocket, address: ':6700', access_token: b}, {type: websocket, address: '127.0.0.1:1'}]",
			"http://127.0.0.1:5700 a", "ws://127.0.0.1:6700 b"},
		{"[{type: websocket, address: '[::]:6700', access_token: a-token-of-sixteen}]", "onebot.connections", "ws://[::1]:6700 a-token-of-sixteen"},
		{"[{type: http, address: '0.0.0.0:1', access_token: a-token-of-sixteen}, {type: websocket, address: 'localhost:0'}]", "http://127.0.0.1:1 a-token-of-sixteen", "--url"},
		{"[{type: http, address: '0.0.0.0:1'}]", "set access_token", "set access_token"},
		{"[{type: http, address: 'unix:/run/bot.sock', access_token: a}, {type: websocket, address: 'unix:///run/a:b.sock'}]", "http+unix://%2Frun%2Fbot.sock a", "ws+unix://%2Frun%2Fa%3Ab.sock"},
		{"[{type: http, address: '127.0.0.1:1', tls: {certificate: none.pem, key: none.pem}}]", "none.pem does not exist", "no connection"},
	} {
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, []byte("onebot: {connections: "+tt.connections+"}"), 0o600); err != nil {
			t.Fatal(err)
		}
		for kind, want := range map[config.ConnectionType]string{config.HTTP: tt.http, config.WebSocket: tt.ws} {
			target, err := BotAddress(path, "", kind)
			got := target.URL + " " + target.Token
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, want) {
				t.Errorf("%s, %s: got %q, want %q", tt.connections, kind, got, want)
			}
		}
	}
}

func TestBotAddressOfAnAccount(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(`
accounts: [{name: a, uin: 1, default: true}, {name: b, uin: 2, access_token: second}]
onebot: {connections: [{type: http, address: '127.0.0.1:1', access_token: first}, {type: websocket, address: '127.0.0.1:2', accounts: [b]}]}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		kind config.ConnectionType
		want string
	}{
		{"", config.HTTP, "http://127.0.0.1:1/a first"}, {"b", config.HTTP, "http://127.0.0.1:1/b second"},
		{"b", config.WebSocket, "ws://127.0.0.1:2 second"}, {"a", config.WebSocket, "no connection"}, {"c", config.HTTP, "no account"},
	} {
		target, err := BotAddress(path, tt.name, tt.kind)
		got := target.URL + " " + target.Token
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s of %q: got %q, want %q", tt.kind, tt.name, got, tt.want)
		}
	}
}

package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/internal/text"
)

// foreignFiles are configurations of other programs, with what carries over.
var foreignFiles = []struct{ program, file, want string }{
	{"go-cqhttp", `# comment
account:
  uin: 1233456
  password: 'hunter2'
heartbeat: {interval: 5}
message: {post-format: string, report-self-message: true}
default-middlewares: &default
  access-token: 'hunter2'
  filter: 'filter.json'
servers:
  - http:
      address: 0.0.0.0:5700
      long-polling: {enabled: true, max-queue-size: 500}
      middlewares:
        <<: *default
      post:
        - {url: 'http://127.0.0.1:5701/', secret: hunter2}
        - {url: 'http://127.0.0.1:5702/', secret: ''}
  - ws: {host: 127.0.0.1, port: 6700, disabled: true}
  - ws: {host: 127.0.0.1, port: 6701}
  - ws: {address: "127.0.0.1:6702", middlewares: {<<: *default, filter: ''}}
  - ws-reverse:
      universal: ws://your_websocket_universal.server?access_token=hunter2
      api: ws://127.0.0.1:8080/api
      event: ws://127.0.0.1:8080/event
      reconnect-interval: 3000
      middlewares: {access-token: hunter2, filter: data/mine.json}
`, `account:
  uin: 1233456
  password: ""  # copy it from account.password
onebot:
  format: "string"
  report_self: true
  connections:
    - type: http
      address: "0.0.0.0:5700"
      access_token: ""  # copy it from default-middlewares.access-token
      filter: "filter.json"  # relative to the folder of this file
      poll_queue: 500
    - type: webhook
      url: "http://127.0.0.1:5701/"
      secret: ""  # copy it from servers[0].http.post[0].secret
      filter: "filter.json"  # relative to the folder of this file
    - type: webhook
      url: "http://127.0.0.1:5702/"
      filter: "filter.json"  # relative to the folder of this file
    - type: websocket
      address: "127.0.0.1:6701"
      access_token: ""  # copy it from default-middlewares.access-token
    - type: websocket
      address: "127.0.0.1:6702"
      access_token: ""  # copy it from default-middlewares.access-token
    - type: reverse-websocket
      api_url: "ws://127.0.0.1:8080/api"
      event_url: "ws://127.0.0.1:8080/event"
      access_token: ""  # copy it from servers[4].ws-reverse.middlewares.access-token
      filter: "data/mine.json"  # relative to the folder of this file
      reconnect: 3s
`},
	{"go-cqhttp", `servers:
  - http: {address: "unix:///run/bot/http.sock", post: [{url: "http+unix:///run/bot/hook.sock:/event"}]}
  - ws: {address: "unix:///run/bot/ws.sock", middlewares: {access-token: hunter2}}
  - ws-reverse: {universal: "ws+unix://%2Frun%2Fbot%2Fws.sock/onebot/v11/ws"}
  - ws-reverse: {universal: "ws+unix:///run/bot/ws.sock:/?access_token=hunter2"}
message: {}
`, `onebot:
  connections:
    - type: http
      address: "unix:/run/bot/http.sock"
    - type: webhook
      url: "http+unix:///run/bot/hook.sock:/event"
    - type: websocket
      address: "unix:/run/bot/ws.sock"
      access_token: ""  # copy it from servers[1].ws.middlewares.access-token
    - type: reverse-websocket
      url: "ws+unix:///run/bot/ws.sock:/onebot/v11/ws"
`},
	{"Lagrange.OneBot", "\uFEFF{\n\t// comment\n\t\"SignServerUrl\": \"https://sign.invalid/api/sign\",\n" + `	"Account": {"Uin": 123, "Password": "hunter2"},
	"Message": {"StringPost": true},
	"Implementations": [
		{"Type": "ReverseWebSocket", "Host": "127.0.0.1", "Port": 8080, "Suffix": "/onebot/v11/ws", "ReconnectInterval": 5000, "AccessToken": "hunter2"},
		{"Type": "ReverseWebSocket", "Host": "wss://bot.invalid", "Port": 443, "Suffix": "/ws", "AccessToken": ""},
		{"Type": "ForwardWebSocket", "Host": "*", "Port": 8081, "AccessToken": ""},
		{"Type": "HttpPost", "Host": "127.0.0.1", "Port": 8082, "Suffix": "/", "Secret": "hunter2"},
		{"Type": "Http", "Host": "localhost", "Port": 8083, "AccessToken": "hunter2"}
	]
}`, `account:
  uin: 123
  password: ""  # copy it from Account.Password
signer:
  urls: ["https://sign.invalid/api/sign"]
onebot:
  format: "string"
  connections:
    - type: reverse-websocket
      url: "ws://127.0.0.1:8080/onebot/v11/ws"
      access_token: ""  # copy it from Implementations[0].AccessToken
      reconnect: 5s
    - type: reverse-websocket
      url: "wss://bot.invalid:443/ws"
    - type: websocket
      address: "0.0.0.0:8081"
      access_token: ""  # needed, for other machines reach this address: 16 characters or more
    - type: webhook
      url: "http://127.0.0.1:8082/"
      secret: ""  # copy it from Implementations[3].Secret
    - type: http
      address: "127.0.0.1:8083"
      access_token: ""  # copy it from Implementations[4].AccessToken
`},
	{"NapCat", `{"network": {
  "httpServers": [{"enable": true, "host": "::1", "port": 3000, "token": "hunter2"}],
  "httpClients": [{"enable": true, "url": "http://127.0.0.1:8080/event", "token": "hunter2", "messagePostFormat": "array"}],
  "websocketServers": [{"enable": false, "host": "0.0.0.0", "port": 3001}],
  "websocketClients": [{"enable": true, "url": "ws://localhost:8081/ws", "token": "hunter2", "messagePostFormat": "string", "reconnectInterval": 10000, "reportSelfMessage": true}]
}, "musicSignUrl": "https://music.invalid/card"}`, `onebot:
  music_sign_url: "https://music.invalid/card"
  connections:
    - type: http
      address: "[::1]:3000"
      access_token: ""  # copy it from network.httpServers[0].token
    - type: reverse-websocket
      url: "ws://localhost:8081/ws"
      access_token: ""  # copy it from network.websocketClients[0].token
      format: "string"
      report_self: true
      reconnect: 10s
    - type: webhook
      url: "http://127.0.0.1:8080/event"
      secret: ""  # copy it from network.httpClients[0].token
      format: "array"
`},
	{"NapCat", `{"http": {"enable": true, "host": "127.0.0.1", "port": 3000, "secret": "hunter2", "enablePost": true, "postUrls": ["http://127.0.0.1:9/"]},
  "ws": {"enable": true, "host": "127.0.0.1", "port": 3001}, "reverseWs": {"enable": true, "urls": ["ws://127.0.0.1:8/"]},
  "messagePostFormat": "array", "token": "hunter2"}`, `onebot:
  format: "array"
  connections:
    - type: http
      address: "127.0.0.1:3000"
      access_token: ""  # copy it from token
    - type: webhook
      url: "http://127.0.0.1:9/"
      secret: ""  # copy it from http.secret
    - type: websocket
      address: "127.0.0.1:3001"
      access_token: ""  # copy it from token
    - type: reverse-websocket
      url: "ws://127.0.0.1:8/"
      access_token: ""  # copy it from token
`},
	{"NapCat", `{"fileLog": false, "consoleLog": true, "packetBackend": "auto"}`, ""},
	{"LLBot", `{"webui": {"port": 3080}, "log": true, "satori": {}, "milky": {}, "ob11": {"enable": true, "connect": [
  {"type": "ws", "enable": true, "port": 3001, "token": "hunter2"},
  {"type": "ws-reverse", "enable": true, "url": "ws://127.0.0.1:8/x", "token": "", "messageFormat": "array"},
  {"type": "http-post", "enable": true, "url": "http://u:hunter2@127.0.0.1/"}, {"type": "sse", "enable": true, "port": 1}]}}`, `onebot:
  connections:
    - type: websocket
      address: "0.0.0.0:3001"
      access_token: ""  # copy it from ob11.connect[0].token
    - type: reverse-websocket
      url: "ws://127.0.0.1:8/x"
      format: "array"
`},
}

func TestForeignFiles(t *testing.T) {
	t.Parallel()
	for _, tt := range foreignFiles {
		path := filepath.Join(t.TempDir(), "appsettings.json")
		if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		wrong, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%s: got error %v", tt.program, err)
			continue
		}
		said := wrong.Error()
		if !strings.HasPrefix(said, path+": this is a configuration of "+tt.program+", not of libration; make") || strings.Contains(said, "\n") {
			t.Errorf("%s: got %s", tt.program, said)
		}
		_, got, _ := strings.Cut(wrong.Carried(text.English), "\n")
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s carries over (-want +got):\n%s", tt.program, diff)
		}
		if strings.Contains(got, "hunter2") {
			t.Errorf("%s: a secret is shown:\n%s", tt.program, got)
		}
		// It is a part of a file of ours: but for tokens that are to be copied nothing is wrong.
		_, problems := Parse([]byte(got), nil)
		for _, p := range problems {
			if !p.Warning && !strings.Contains(p.Message.EN, "access_token") {
				t.Errorf("%s: what carries over: %v", tt.program, p)
			}
		}
	}
}

// TestOwnFilesAreNotForeign: a file of ours with mistakes is one of ours.
func TestOwnFilesAreNotForeign(t *testing.T) {
	t.Parallel()
	token := func() string { return "x" }
	for _, file := range []string{
		string(Template(LanguageEnglish, token)), string(Template(LanguageChinese, token)), "", "- a", "{", "account: {uin: 1}\n",
		"account: {uin: 1}\nservers: []\n", "server: {mode: sandbox}\nservers: []\nmessage: {}\n", "onebot: {}\nob11: {}\n",
	} {
		if f := foreignFile([]byte(file)); f != nil {
			t.Errorf("taken for one of %s: %s", f.program, file)
		}
	}
}

func FuzzForeignFile(f *testing.F) {
	for _, tt := range foreignFiles {
		f.Add([]byte(tt.file))
	}
	f.Add([]byte("a: &a [*a]\nservers: *a\nmessage: *a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if found := foreignFile(data); found != nil {
			if len(found.carried.connections) > maxCarried {
				t.Errorf("%d connections", len(found.carried.connections))
			}
			for _, p := range first(Parse([]byte(found.carried.yaml(text.Chinese)), nil)) {
				if strings.Contains(p.Message.EN, "YAML") || strings.Contains(p.Message.EN, "unknown key") {
					t.Errorf("%v in\n%s", p, found.carried.yaml(text.Chinese))
				}
			}
		}
	})
}

func first(_ *Config, problems []Problem) []Problem { return problems }

func TestForeignTypes(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"ws": "websocket", "ws-reverse": "reverse-websocket", "http-post": "webhook", "websocket-server": "websocket",
		"websocket-client": "reverse-websocket", "http-server": "http", "http-client": "webhook", "httpPostUrls": "webhook",
		"forward-websocket": "websocket", "reverse_ws": "reverse-websocket", "ReverseWebSocket": "reverse-websocket", "HttpPost": "webhook",
		"websockt": "websocket", "WS": "websocket",
	} {
		_, problems := Parse([]byte("server: {mode: sandbox, sandbox: {control: 'http://127.0.0.1:1'}}\nadmin: {address: ''}\nonebot: {connections: [{type: "+written+"}]}"), nil)
		if len(problems) != 1 || !strings.Contains(problems[0].Remedy.EN, "did you mean "+want+"?") {
			t.Errorf("%s: got %v, want %s", written, problems, want)
		}
	}
	for file, want := range map[string]string{
		"onebot: {connections: [{ws-reverse: {universal: x}}]}": "write type: reverse-websocket, and its keys beside that",
		"onebot: {http-post: {}}":                               "write it as an entry of connections: [{type: webhook, ...}]",
	} {
		_, problems := Parse([]byte(file), nil)
		found := false
		for _, p := range problems {
			found = found || p.Remedy.EN == want
		}
		if !found {
			t.Errorf("%s: got %v, want %s", file, problems, want)
		}
	}
}

func TestStrangeVariables(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]string{
		"LIBRATION_LOGLEVEL=debug":              "LIBRATION_LOG__LEVEL",
		"LIBRATION_LOG_LEVEL=debug":             "LIBRATION_LOG__LEVEL",
		"LIBRATION_PASSWORD=hunter2":            "LIBRATION_ACCOUNT__PASSWORD",
		"LIBRATION_ACCOUNT_PASSWORD=hunter2":    "LIBRATION_ACCOUNT__PASSWORD",
		"LIBRATION_UIN=1":                       "LIBRATION_ACCOUNT__UIN",
		"LIBRATION_SERVER_MODE=sandbox":         "LIBRATION_SERVER__MODE",
		"LIBRATION_SIGNER_URLS=http://a":        "LIBRATION_SIGNER__URLS",
		"LIBRATION_ADMIN_ACCESS_TOKEN=hunter2":  "LIBRATION_ADMIN__ACCESS_TOKEN",
		"LIBRATION_LANGUGE=zh":                  "LIBRATION_LANGUAGE",
		"LIBRATION_TOKN=hunter2":                "LIBRATION_TOKEN",
		"LIBRATION_WHATEVER=hunter2":            "two underscores",
		"LIBRATION_CONFIG_FILE=hunter2":         "with -c",
		"LIBRATION_TOKEN=x":                     "",
		"LIBRATION_ADMIN_TOKEN=x":               "",
		"LIBRATION_VECTORS=x":                   "",
		"LIBRATION_LANGUAGE=zh":                 "",
		"LIBRATION_PORT=tcp://10.0.0.1:80":      "",
		"LIBRATION_SERVICE_HOST=10.0.0.1":       "",
		"LIBRATION_PORT_5700_TCP_ADDR=10.0.0.1": "",
		"LIBRATIONS=x":                          "",
	} {
		var problems []Problem
		for _, p := range first(Parse(nil, []string{variable})) {
			if p.Env != "" {
				problems = append(problems, p)
			}
		}
		if want == "" {
			if len(problems) > 0 {
				t.Errorf("%s: got %v", variable, problems)
			}
			continue
		}
		if len(problems) != 1 || !problems[0].Warning || !strings.Contains(problems[0].String(), want) || strings.Contains(problems[0].String(), "hunter2") {
			t.Errorf("%s: got %v, want %s", variable, problems, want)
		}
	}
}

// TestOtherVariables: a variable of ours that is no key is in otherVariables, so that nobody
// is warned of it.
func TestOtherVariables(t *testing.T) {
	t.Parallel()
	found := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") && d.Name() != "vectors_test.go" {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, name := range regexp.MustCompile(`\bLIBRATION_[A-Z0-9_]+\b`).FindAllString(string(source), -1) {
			found++
			for _, p := range first(Parse(nil, []string{name + "=x"})) {
				if p.Env == name && p.Warning {
					t.Errorf("%s: %v", path, p)
				}
			}
		}
		return nil
	})
	if err != nil || found < 10 {
		t.Errorf("found %d: %v", found, err)
	}
}

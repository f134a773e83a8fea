package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/internal/text"
)

// lines writes problems one per line.
func lines(ps []Problem) string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(p.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// quiet makes the warnings about missing signers, connections and tokens go away.
const (
	quiet      = "\nsigner: {urls: ['http://127.0.0.1:1']}\nonebot: {connections: [{type: http, address: '127.0.0.1:0', access_token: t}]}\n" + quietAdmin
	quietAdmin = "admin: {access_token: t}\n"
)

// numbered makes the tokens t1, t2 ...
func numbered() func() string {
	n := 0
	return func() string {
		n++
		return fmt.Sprintf("t%d", n)
	}
}

// TestKeystoreKey: it is taken from the environment, and must be a whole one.
func TestKeystoreKey(t *testing.T) {
	key := strings.Repeat("0a", 32)
	c, problems := Parse(nil, []string{"LIBRATION_KEYSTORE_KEY=" + key})
	for _, p := range problems {
		if !p.Warning {
			t.Errorf("a key: %v", p)
		}
	}
	if got := c.KeystoreKey.String(); got != key {
		t.Errorf("got %q", got)
	}
	for _, wrong := range []string{"0a0b", "hunter2"} {
		_, problems := Parse(nil, []string{"LIBRATION_KEYSTORE_KEY=" + wrong})
		got := lines(problems)
		if !strings.Contains(got, "LIBRATION_KEYSTORE_KEY: keystore_key: not ") || strings.Contains(got, wrong) {
			t.Errorf("%s: %s", wrong, got)
		}
	}
}

func TestTemplates(t *testing.T) {
	want := Default()
	want.Server.Addresses, want.Server.Hosts, want.Signer.URLs = []string{}, []string{}, []string{}
	want.Account.PasswordMD5, want.Media.Files.Allow = Hex{}, []string{}
	want.Server.Keys = ServerKeys{OICQ: Hex{}, Exchange: Hex{}, Verify: Hex{}}
	want.ConfigVersion = Version
	want.OneBot.Connections = []Connection{
		{Type: WebSocket, Address: "127.0.0.1:6700", AccessToken: "t1"},
		{Type: HTTP, Address: "127.0.0.1:5700", AccessToken: "t2", CORS: []string{}},
	}
	want.Admin.AccessToken = "t3"
	for _, l := range []Language{LanguageEnglish, LanguageChinese} {
		text := Template(l, numbered())
		got, problems := Parse(text, nil)
		if s := lines(problems); s != "55:9: warning: signer.urls: no signer is set; the real service refuses logins without one: add the address of a signer you trust\n" {
			t.Errorf("%s: the template has problems:\n%s", l, s)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: the template differs from the defaults (-want +got):\n%s", l, diff)
		}
		for _, typ := range []reflect.Type{reflect.TypeFor[Config](), reflect.TypeFor[Log](), reflect.TypeFor[LogFile](), reflect.TypeFor[Store](), reflect.TypeFor[Media](), reflect.TypeFor[MediaFiles](), reflect.TypeFor[MediaLimits](), reflect.TypeFor[MediaUploads](), reflect.TypeFor[Admin](), reflect.TypeFor[Account](), reflect.TypeFor[Server](),
			reflect.TypeFor[ServerKeys](), reflect.TypeFor[SandboxServer](), reflect.TypeFor[Signer](), reflect.TypeFor[Send](), reflect.TypeFor[SendRate](), reflect.TypeFor[OneBot](), reflect.TypeFor[Connection](),
			reflect.TypeFor[Notices](), reflect.TypeFor[NoticeTarget](), reflect.TypeFor[Update]()} {
			for _, key := range keysOf(typ) {
				if key != "keystore_key" && !bytes.Contains(text, []byte(key+":")) {
					t.Errorf("%s: %s is not in the template", l, key)
				}
			}
		}
		// What is commented out must be right too.
		all := regexp.MustCompile(`(?m)^    # (- |  )`).ReplaceAllString(string(text), "    $1")
		if _, problems := Parse([]byte(all), nil); len(problems) != 1 {
			t.Errorf("%s: with all lines active the template has problems:\n%s", l, lines(problems))
		}
		all = regexp.MustCompile(`(?ms)^account:.*?^$`).ReplaceAllString(regexp.MustCompile(`(?m)^  # (- |  )`).ReplaceAllString(all, "  $1"), "")
		if c, problems := Parse([]byte(all), nil); len(problems) != 1 || len(c.Accounts) != 1 {
			t.Errorf("%s: with accounts the template has problems:\n%s", l, lines(problems))
		}
	}
	if bytes.Equal(Template(LanguageEnglish, numbered()), Template(LanguageChinese, numbered())) || !bytes.Equal(Template(LanguageAuto, numbered()), Template(LanguageEnglish, numbered())) {
		t.Error("the languages do not have their own templates")
	}
}

func TestDefaultIsWhatAnEmptyFileGives(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n", "log:\n", "~", "log: {level: ~}\nserver: {addresses: }"} {
		got, problems := Parse([]byte(text), nil)
		if diff := cmp.Diff(Default(), got); diff != "" {
			t.Errorf("%q: differs from the default (-want +got):\n%s", text, diff)
		}
		for _, p := range problems {
			if !p.Warning {
				t.Errorf("%q: %s", text, p)
			}
		}
	}
	for _, p := range Default().Validate() {
		if !p.Warning {
			t.Errorf("Default: %s", p)
		}
	}
}

func TestNotices(t *testing.T) {
	c, problems := Parse([]byte(quiet+`
notices:
  after: 30s
  targets:
  - url: ntfy://ntfy.sh/topic
  - {url: "https://example.com/hook?token=hunter2", secret: s, body: '{"text":"$title\n$text"}'}
`), []string{"LIBRATION_NOTICES__TARGETS__0__URL=smtp://me:hunter2@mail.example.com:587/?from=a@example.com&to=b@example.com"})
	if len(problems) > 0 {
		t.Fatalf("problems:\n%s", lines(problems))
	}
	if n := c.Notices; len(n.Targets) != 2 || !strings.HasPrefix(n.Targets[0].URL, "smtp://") || n.Targets[1].Secret != "s" || n.After.Std() != 30*time.Second {
		t.Errorf("got %+v", c.Notices)
	}

	_, problems = Parse([]byte(quiet+`
notices:
  after: 48h
  targets:
  - url: hunter2
  - {url: "pigeon://hunter2@loft"}
  - {url: "telegram://hunter2@telegram"}
  - {url: "ntfy://ntfy.sh/hunter2", secret: x}
  - {url: "http://hunter2", body: "{text: $text}"}
  - {}
  - ntfy://ntfy.sh/hunter2
`), nil)
	want := []string{
		"notices.after \"48h\": out of range; use a time from 0s to 24h",
		"notices.targets[0]: not a URL: write scheme://",
		"notices.targets[1]: there is no service pigeon: use http, https, bark, discord, ",
		"notices.targets[2]: not a usable telegram:// URL: ",
		"notices.targets[3]: secret and body are for http:// and https:// only; ",
		"notices.targets[4]: the body is not JSON: ",
		"notices.targets[5].url: the URL is missing; ",
		"notices.targets[6]: keys are expected here, not a single value; known keys: url, secret, body",
	}
	got := lines(problems)
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%q is not among the problems", w)
		}
	}
	if len(problems) != len(want) || strings.Contains(got, "hunter2") {
		t.Errorf("got %d problems, want %d without secrets:\n%s", len(problems), len(want), got)
	}
}

// TestNoticesGuide: what the guide shows can be used.
func TestNoticesGuide(t *testing.T) {
	code := regexp.MustCompile("(?s)```yaml\n(.*?)```")
	url := regexp.MustCompile("`([a-z]+://[^`]*)`")
	for _, name := range []string{"notices.md", "notices.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		var examples []string
		for _, m := range code.FindAllSubmatch(text, -1) {
			examples = append(examples, string(m[1]))
		}
		for _, m := range url.FindAllSubmatch(text, -1) {
			// The library wants tokens that look like one.
			example := strings.NewReplacer("TOKEN@telegram", "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw@telegram", "host/TOKEN", "host/AzyoeNS.D4iJLVa").Replace(string(m[1]))
			examples = append(examples, fmt.Sprintf("notices: {targets: [{url: %q}]}", example))
		}
		if len(examples) < 12 {
			t.Errorf("%s: found %d examples only", name, len(examples))
		}
		for _, e := range examples {
			if _, problems := Parse([]byte(quiet+e), nil); len(problems) > 0 {
				t.Errorf("%s: %s\n%s", name, e, lines(problems))
			}
		}
	}
}

func TestParse(t *testing.T) {
	text := `
language: "zh"
data: /var/lib/libration
log: {level: debug, format: json}
account:
  uin: 123456789
  protocol: macos
server:
  mode: sandbox
  addresses: ["127.0.0.1:8080", "[::1]:9"]
  hosts:
  - msf.example.com
  keys:
    oicq: 024F66169b52c55aaef02abf5d5ab1be9228fb139fe7449b2f
    verify: e2733bf403149913cbf80c7a95168bd4ca6935ee53cd39764beebe2e007e3aee
signer:
  urls: [https://a.example/sign]
  token: 00123
  timeout: 1m30s
  commands: long
onebot:
  format: string
  report_self: TRUE
  heartbeat: 0
  start: at-once
  long_text: forward
  flavour: both
  music_sign_url: https://user:k@a.example/card
  connections:
    - &first
      type: http
      address: :5700
      access_token: 'secret # not a comment'
      cors: ["*", https://example.com]
    - type: websocket
      address: "0.0.0.0:6700"
      access_token: 1234567890123456
      report_self: false
      heartbeat: 15s
      format: array
    - {type: reverse-websocket, url: "wss://bot.example/ws?access_token=x", reconnect: 500ms, start: when-online, skip_tls_verify: true}
    - {type: reverse-websocket, api_url: "ws://a/api", event_url: "ws://a/event"}
    - {type: webhook, url: "https://user:k@bot.example/post?t=1", secret: hush, timeout: 3s, skip_tls_verify: true, journal: 1h, journal_limit: 50}
    - {type: webhook, url: "http://bot/", journal: 0}
    - {type: websocket, address: "127.0.0.1:6701", journal: 5m, access_token: t}
    - {type: reverse-websocket, api_url: "ws://a/only-api"}
admin: {access_token: t}
`
	text = strings.Replace(text, "secret # not a comment", "secret#not-a-comment", 1)
	got, problems := Parse([]byte(text), nil)
	if len(problems) > 0 {
		t.Fatalf("problems:\n%s", lines(problems))
	}
	want := Default()
	want.Admin.AccessToken = "t"
	want.Language, want.Data, want.Log.Level, want.Log.Format = LanguageChinese, "/var/lib/libration", LevelDebug, LogJSON
	want.Account = Account{UIN: 123456789, Protocol: ProtocolMacOS}
	want.Server = Server{
		Mode: ModeSandbox, Addresses: []string{"127.0.0.1:8080", "[::1]:9"}, Hosts: []string{"msf.example.com"},
		Keys: ServerKeys{OICQ: got.Server.Keys.OICQ, Verify: got.Server.Keys.Verify},
	}
	if s := want.Server.Keys.OICQ.String(); s != "024f66169b52c55aaef02abf5d5ab1be9228fb139fe7449b2f" {
		t.Errorf("oicq key: got %s", s)
	}
	if n := len(want.Server.Keys.Verify); n != 32 {
		t.Errorf("verify key: got %d bytes, want 32", n)
	}
	want.Signer = Signer{URLs: []string{"https://a.example/sign"}, Style: SignAuto, Token: "00123", Timeout: Duration(90 * time.Second), Commands: SignLong}
	want.OneBot = OneBot{Format: FormatString, ReportSelf: true, Start: StartAtOnce, LongText: LongTextForward, Flavour: FlavourBoth, MusicSignURL: "https://user:k@a.example/card", Connections: []Connection{
		{Type: HTTP, Address: ":5700", AccessToken: "secret#not-a-comment", CORS: []string{"*", "https://example.com"}},
		{Type: WebSocket, Address: "0.0.0.0:6700", AccessToken: "1234567890123456", ReportSelf: new(false), Heartbeat: new(Duration(15 * time.Second)), Format: FormatArray},
		{Type: ReverseWebSocket, URL: "wss://bot.example/ws?access_token=x", Reconnect: Duration(500 * time.Millisecond), Start: StartWhenOnline, SkipTLSVerify: true},
		{Type: ReverseWebSocket, APIURL: "ws://a/api", EventURL: "ws://a/event"},
		{Type: Webhook, URL: "https://user:k@bot.example/post?t=1", Secret: "hush", Timeout: Duration(3 * time.Second), SkipTLSVerify: true,
			Journal: new(Duration(time.Hour)), JournalLimit: 50},
		{Type: Webhook, URL: "http://bot/", Journal: new(Duration(0))},
		{Type: WebSocket, Address: "127.0.0.1:6701", AccessToken: "t", Journal: new(Duration(5 * time.Minute))},
		{Type: ReverseWebSocket, APIURL: "ws://a/only-api"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}

	all := got.OneBot.Resolved()
	wantAll := []Connection{
		{Type: HTTP, Address: ":5700", AccessToken: "secret#not-a-comment", CORS: []string{"*", "https://example.com"},
			Format: FormatString, ReportSelf: new(true), Heartbeat: new(Duration(0)), Journal: new(Duration(0)), Start: StartAtOnce},
		{Type: WebSocket, Address: "0.0.0.0:6700", AccessToken: "1234567890123456",
			Format: FormatArray, ReportSelf: new(false), Heartbeat: new(Duration(15 * time.Second)), Journal: new(Duration(0)), Start: StartAtOnce},
		{Type: ReverseWebSocket, URL: "wss://bot.example/ws?access_token=x", Reconnect: Duration(500 * time.Millisecond), SkipTLSVerify: true,
			Format: FormatString, ReportSelf: new(true), Heartbeat: new(Duration(0)),
			Journal: new(DefaultJournal), JournalLimit: DefaultJournalLimit, Start: StartWhenOnline},
		{Type: ReverseWebSocket, APIURL: "ws://a/api", EventURL: "ws://a/event", Reconnect: DefaultReconnect,
			Format: FormatString, ReportSelf: new(true), Heartbeat: new(Duration(0)),
			Journal: new(DefaultJournal), JournalLimit: DefaultJournalLimit, Start: StartAtOnce},
		{Type: Webhook, URL: "https://user:k@bot.example/post?t=1", Secret: "hush", Timeout: Duration(3 * time.Second), Reconnect: DefaultReconnect, SkipTLSVerify: true,
			Format: FormatString, ReportSelf: new(true), Heartbeat: new(Duration(0)),
			Journal: new(Duration(time.Hour)), JournalLimit: 50, Start: StartAtOnce},
		{Type: Webhook, URL: "http://bot/", Timeout: DefaultWebhookTimeout, Reconnect: DefaultReconnect,
			Format: FormatString, ReportSelf: new(true), Heartbeat: new(Duration(0)), Journal: new(Duration(0)), Start: StartAtOnce},
		{Type: WebSocket, Address: "127.0.0.1:6701", AccessToken: "t", Format: FormatString, ReportSelf: new(true), Heartbeat: new(Duration(0)),
			Journal: new(Duration(5 * time.Minute)), JournalLimit: DefaultJournalLimit, Start: StartAtOnce},
		{Type: ReverseWebSocket, APIURL: "ws://a/only-api", Reconnect: DefaultReconnect,
			Format: FormatString, ReportSelf: new(true), Heartbeat: new(Duration(0)), Journal: new(Duration(0)), Start: StartAtOnce},
	}
	if diff := cmp.Diff(wantAll, all); diff != "" {
		t.Errorf("Resolved differs (-want +got):\n%s", diff)
	}
	for i, want := range []string{"http :5700", "websocket 0.0.0.0:6700", "reverse-websocket wss://bot.example/#966c5d", "reverse-websocket ws://a/#62ca94", "webhook https://bot.example/#8e0f7e"} {
		if got := all[i].Name(); got != want {
			t.Errorf("connection %d is named %q, want %q", i, got, want)
		}
	}
}

func TestByteOrderMark(t *testing.T) {
	c, problems := Parse([]byte("\ufefflanguage: en\n"+quiet), nil)
	if len(problems) > 0 || c.Language != LanguageEnglish {
		t.Errorf("got language %s and problems:\n%s", c.Language, lines(problems))
	}
}

func TestNoKeysAtAll(t *testing.T) {
	for _, text := range []string{"# a comment\nlanguage:en\n", "# a comment\nlanguage： en\n", "# a comment\n- language\n"} {
		_, problems := Parse([]byte(text), nil)
		if len(problems) != 1 || problems[0].Line != 2 {
			t.Errorf("%q: got problems\n%swant one, in line 2", text, lines(problems))
		}
	}
}

func TestAnchors(t *testing.T) {
	c, problems := Parse([]byte("server: {addresses: [&a '127.0.0.1:5', *a]}\nsigner: {urls: [http://a]}\nonebot:\n  connections:\n  - &c {type: http, address: '127.0.0.1:0', access_token: t}\n  - *c\n"+quietAdmin), nil)
	if len(problems) > 0 || c.Server.Addresses[1] != "127.0.0.1:5" || len(c.OneBot.Connections) != 2 || c.OneBot.Connections[1].Type != HTTP {
		t.Errorf("got %+v, problems:\n%s", c, lines(problems))
	}
}

// TestAllProblemsAtOnce: one file with many mistakes gives one line for each.
func TestAllProblemsAtOnce(t *testing.T) {
	text := `lnguage: zh
log:
  level: loud
  format: yaml
account: {uin: -5, protocol: Mac}
data: ""
server:
  mode: sandbox
  hosts: [example.com:80]
  keys: {oicq: xyz, exchange: "00", verify: ""}
signer:
  url: http://a
  token: {a: b}
  timeout: 8
onebot:
  heartbeat: 1ms
  report_self: maybe
  connections:
    - type: http
      address: 0.0.0.0:5700
    - type: http
      adress: 127.0.0.1:5700
    - type: websockets
    - type: websocket
      address: http://127.0.0.1:1
      url: ws://user:hunter2@x/
    - type: reverse-websocket
      url: http://hunter2@x/
      access_token: "hunter2 "
      reconnect: 5s
      reconnect: 6s
    - type: reverse-websocket
      address: 127.0.0.1:1
    - 5
`
	want := `1:1: lnguage: unknown key; did you mean language?
3:10: log.level "loud": unknown value; use debug, info, warn or error
4:11: log.format "yaml": unknown value; use text or json
5:16: account.uin "-5": not a number; write digits only
5:30: account.protocol "Mac": unknown value; did you mean macos? Possible are linux, macos or windows
6:7: data: must not be empty; name a folder, such as ./data
8:3: server.sandbox.control: mode sandbox needs the address of a sandbox; start ` + "`libration sandbox`" + ` and write the address that it prints, or set server.addresses and server.keys
9:11: server.hosts[0] "example.com:80": not a host name; write the name alone, without port; host:port goes into server.addresses
10:16: server.keys.oicq "xyz": not hexadecimal: encoding/hex: invalid byte: U+0078 'x'; write two hexadecimal digits per byte
10:31: server.keys.exchange "00": not a public key on P-256: 1 bytes; write 33 or 65 bytes in hexadecimal, or leave it empty
12:3: signer.url: unknown key; did you mean urls?
13:10: signer.token: a single value is expected, not keys; write a text, in quotes if it has a colon
14:12: signer.timeout "8": not a duration; write a number with its unit, such as 500ms, 8s, 1m30s or 90d
16:14: onebot.heartbeat "1ms": out of range; use a time from 1s to 24h0m0s
17:16: onebot.report_self "maybe": not true or false; write true or false
20:16: onebot.connections[0].address "0.0.0.0:5700": anybody who reaches this address could use the account, for there is no access_token; set access_token, or listen on 127.0.0.1 only
21:7: onebot.connections[1].address: the address is missing; write host:port, such as 127.0.0.1:5700
22:7: onebot.connections[1].adress: unknown key; did you mean address?
23:13: onebot.connections[2].type "websockets": unknown value; did you mean websocket? Possible are http, websocket, reverse-websocket or webhook
25:16: onebot.connections[3].address "http://127.0.0.1:1": not an address with a port; leave out what stands before and after host:port
26:12: onebot.connections[3].url: does not apply to type websocket; use address, the service waits for bots there; or type: reverse-websocket
28:12: onebot.connections[4].url: not a usable URL; write it in full, starting with ws:// or wss://
29:21: onebot.connections[4].access_token: holds characters that a header cannot carry; use letters, digits and signs without spaces
31:7: onebot.connections[4].reconnect: the key is here twice; remove one of them
32:7: onebot.connections[5].url: the bot's address is missing; write its URL, such as ws://127.0.0.1:8080/onebot/v11/ws
33:16: onebot.connections[5].address "127.0.0.1:1": does not apply to type reverse-websocket; use url: the service connects to the bot
34:7: onebot.connections[6] "5": keys are expected here, not a single value; known keys: type, accounts, address, tls, url, api_url, event_url, access_token, secret, timeout, reconnect, skip_tls_verify, cors, format, report_self, heartbeat, journal, journal_limit, filter, poll_queue, start
`
	if diff := cmp.Diff(want, lines(check(text+quietAdmin))); diff != "" {
		t.Errorf("problems differ (-want +got):\n%s", diff)
	}
}

// check returns the problems of a file, without an environment.
func check(text string) []Problem {
	_, problems := Parse([]byte(text), nil)
	return problems
}

func TestOneProblem(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"poll queue":        {"onebot: {connections: [{type: http, address: '127.0.0.1:1', poll_queue: 1000001}]}", "out of range; use a number up to 1000000, or 0 to keep none"},
		"poll queue's type": {"onebot: {connections: [{type: websocket, address: '127.0.0.1:1', poll_queue: 1}]}", "does not apply to type websocket; remove it"},
		"UTF-16":            {"\xff\xfel\x00o\x00g\x00:\x00", "not UTF-8 but UTF-16; save the file as UTF-8"},
		"tab":               {"log:\n\tlevel: info", "2:1: not valid YAML: "},
		"open bracket":      {"log: {level: info", "not valid YAML: "},
		"a list":            {"- a", "keys are expected here, not a list"},
		"a text":            {"hello", "keys are expected here, not a single value"},
		"two documents":     {"language: zh\n---\nlanguage: en", "more than one YAML document"},
		"deep flow":         {"data: " + strings.Repeat("[", 20_000), "nested too deeply"},
		"deep list":         {strings.Repeat("- ", 20_000), "nested too deeply"},
		"deep keys":         {strings.Repeat("? ", 20_000), "nested too deeply"},
		"deep tags":         {"data: " + strings.Repeat("!a ", 20_000), ""},
		"too large":         {strings.Repeat("#", maxFile+1), "too large"},
		"long list":         {"server: {addresses: [" + strings.Repeat("a,", 300) + "]}", "the list has 300 entries"},
		"cors with a path":  {"onebot: {connections: [{type: http, address: '127.0.0.1:1', cors: ['https://example.com/']}]}", "cors[0] \"https://example.com/\": not an origin"},
		"cors for all":      {"onebot: {connections: [{type: http, address: '127.0.0.1:1', cors: ['*']}]}", "set access_token, or list the origins"},
		"card signer":       {"onebot: {music_sign_url: 'ws://a/b', connections: []}", "music_sign_url: not a usable URL; write it in full, starting with http:// or https://"},
		"short heartbeat":   {"onebot: {connections: [{type: websocket, address: '127.0.0.1:1', heartbeat: 999ms}]}", "use a time from 1s"},
		"no burst":          {"send: {chat: {burst: 0}}", "send.chat.burst \"0\": out of range; use 1 to 1000000 messages"},
		"senseless rate":    {"send: {account: {per_minute: 1000001}}", "send.account.per_minute \"1000001\": out of range; use 1 to 1000000 messages a minute, or 0 for no limit"},
		"long max_wait":     {"send: {max_wait: 1h}", "send.max_wait \"1h\": out of range; use a time from 100ms to 5m0s"},
		"merge":             {"log: &l {level: info}\nsigner:\n  <<: *l", "merging is not supported"},
		"unknown alias":     {"data: *nothing", "the alias *nothing has no anchor before it"},
		"twice":             {"data: a\ndata: b", "2:1: data: the key is here twice; remove one of them"},
		"same port":         {"onebot: {connections: [{type: http, address: 'localhost:1'}, {type: websocket, address: 'localhost:1'}]}", "connection 0 listens there already"},
		"public name":       {"onebot: {connections: [{type: http, address: 'example.com:1'}]}", "set access_token, or listen on 127.0.0.1 only"},
		"public IPv6":       {"onebot: {connections: [{type: websocket, address: '[::]:1'}]}", "set access_token, or listen on 127.0.0.1 only"},
		"no type":           {"onebot: {connections: [{address: '127.0.0.1:1'}]}", "type: the type is missing; use http, websocket, reverse-websocket or webhook"},
		"url and event_url": {"onebot: {connections: [{type: reverse-websocket, url: 'ws://a', event_url: 'ws://b'}]}", "exclude each other"},
		"short reconnect":   {"onebot: {connections: [{type: reverse-websocket, url: 'ws://a', reconnect: 1ms}]}", "out of range"},
		"same bot":          {"onebot: {connections: [{type: webhook, url: 'http://a/b?c'}, {type: webhook, url: 'http://a/b?d'}]}", "connections[1]: connection 0 goes to this bot already"},
		"same reverse bot":  {"onebot: {connections: [{type: reverse-websocket, api_url: 'ws://a'}, {type: reverse-websocket, url: 'ws://a'}]}", "connection 0 goes to this bot already"},
		"webhook url":       {"onebot: {connections: [{type: webhook, url: 'ws://a'}]}", "write it in full, starting with http:// or https://"},
		"webhook no url":    {"onebot: {connections: [{type: webhook}]}", "the bot's address is missing"},
		"webhook token":     {"onebot: {connections: [{type: webhook, url: 'http://a', access_token: b}]}", "does not apply to type webhook; use secret"},
		"webhook address":   {"onebot: {connections: [{type: webhook, url: 'http://a', api_url: 'ws://b'}]}", "use url: events are posted there"},
		"short timeout":     {"onebot: {connections: [{type: webhook, url: 'http://a', timeout: 1ms}]}", "use a time from 100ms"},
		"webhook reconnect": {"onebot: {connections: [{type: webhook, url: 'http://a', reconnect: 2h}]}", "out of range"},
		"long journal":      {"onebot: {connections: [{type: webhook, url: 'http://a', journal: 200h}]}", "use a time from 1s to 168h"},
		"no journal limit":  {"onebot: {connections: [{type: webhook, url: 'http://a', journal_limit: 0}]}", "`journal: 0` turns the journal off"},
		"http timeout":      {"onebot: {connections: [{type: http, address: '127.0.0.1:1', timeout: 1s}]}", "does not apply to type http; remove it"},
		"short age":         {"store: {max_age: 59m}", "store.max_age \"59m\": too short: messages could not even be quoted; use at least 1h, or 0 for no limit"},
		"small size":        {"store: {max_size: 15MB}", "store.max_size \"15MB\": too small; use at least 16MB, or 0 for no limit"},
		"public URL":        {"media: {public_url: 'bot.example.com'}", "media.public_url: not a usable URL; write it in full, starting with http:// or https://"},
		"public query":      {"media: {public_url: 'https://a.example/?x'}", "links cannot begin with a query"},
		"few members":       {"cache: {members: 1000KB}", "cache.members \"1000KB\": out of range; use a size from 1MB to 1024GB"},
		"small cache":       {"media: {cache_size: 15MB}", "media.cache_size \"15MB\": too small; use at least 16MB"},
		"no folder":         {"media: {files: {allow: ['']}}", "media.files.allow[0]: must not be empty"},
		"short download":    {"media: {timeout: 999ms}", "media.timeout \"999ms\": out of range; use a time from 1s to 1h0m0s"},
		"long voice":        {"media: {limits: {voice: 11m}}", "media.limits.voice \"11m\": out of range"},
		"large video":       {"media: {limits: {video: 4GB}}", "media.limits.video \"4GB\": out of range; use a size above 0 and below 4GB"},
		"small upload":      {"media: {uploads: {max_size: 900KB}}", "media.uploads.max_size \"900KB\": out of range; use a size from 1MB"},
		"small uploads":     {"media: {uploads: {max_total: 1GB}}", "media.uploads.max_total \"1GB\": smaller than one file may be"},
		"short upload":      {"media: {uploads: {keep: 10s}}", "media.uploads.keep \"10s\": out of range"},
		"dotted key":        {"media.allow_private: true", "media.allow_private: unknown key; write its parts within one another: media: {allow_private: ...}"},
		"no file":           {"media: {limits: {file: 0}}", "media.limits.file \"0\": out of range; use a size from 1B to 1024GB"},
		"large file":        {"media: {limits: {file: 1025GB}}", "media.limits.file \"1025GB\": out of range"},
		"no picture":        {"media: {limits: {image: 0}}", "media.limits.image \"0\": out of range"},
		"half a day":        {"store: {max_age: 0.5d}", "not a duration; write a number with its unit"},
		"too many days":     {"store: {max_age: 70000d}", "not a duration"},
		"bad port":          {"server: {addresses: ['a:0']}", "not an address with a port"},
		"uin":               {"account: {uin: 4294967296}", "not an account number"},
		"Chinese columns":   {"data: 数据 # 注释\nlog: {format: 文本}", `2:15: log.format "文本": unknown value`},
		"key of a list":     {"server: {addresses: a:1}", "a list is expected, not a single value"},
		"foreign name":      {"onebot: {post-format: array}", "did you mean format?"},
		"no similar name":   {"zzzzzzzzz: 1", "known keys here: config_version, language, data, keystore_key, store, log, account, accounts, server, proxy, signer, onebot"},
		"proxy scheme":      {"proxy: 'socks4://u:hunter2@a:1'", "1:8: proxy: proxies are socks5://, http:// and https://, not \"socks4://\"; write such as socks5://127.0.0.1:1080"},
		"proxy of one":      {"account: {proxy: '127.0.0.1:1080'}", "account.proxy: not the URL of a proxy: write socks5://HOST:PORT"},
		"cors":              {"onebot: {connections: [{type: http, address: '127.0.0.1:1', cors: [example.com]}]}", "cors[0] \"example.com\": not a usable URL"},
		"password alone":    {"account: {password: hunter2}", "1:21: account.password: whose password it is, is not known; set account.uin"},
		"key in the file":   {"keystore_key: " + strings.Repeat("0a", 32), "1:15: keystore_key: the key stands beside what it encrypts"},
		"two passwords":     {"account: {uin: 1, password: a, password_md5: 0cc175b9c0f1b6a831c399e269772661}", "account.password_md5: password and password_md5 exclude each other"},
		"short MD5":         {"account: {uin: 1, password_md5: 0cc1}", "account.password_md5: not an MD5: 2 bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var wrong []Problem
			for _, p := range check(tt.text) {
				if !p.Warning {
					wrong = append(wrong, p)
				}
			}
			if got := lines(wrong); len(wrong) == 0 || !strings.Contains(got, tt.want) || len(wrong) > 1 && tt.want != "" {
				t.Errorf("input %.80q\ngot  %s\nwant %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestStoreLimits(t *testing.T) {
	for text, want := range map[string]Store{
		"":                                        {MaxAge: Duration(90 * day), MaxSize: 2 << 30},
		"store: {max_age: 7d, max_size: 16MB}":    {MaxAge: Duration(7 * day), MaxSize: 16 << 20},
		"store: {max_age: 36h, max_size: 0B}":     {MaxAge: Duration(36 * time.Hour)},
		"store: {max_age: 0, max_size: 4GB}":      {MaxSize: 4 << 30},
		"store: {max_age: 0, max_size: 0}":        {},
		"store: {max_age: 65535d, max_size: 1gb}": {MaxAge: Duration(65535 * day), MaxSize: 1 << 30},
	} {
		c, problems := Parse([]byte(text+quiet), nil)
		if len(problems) > 0 || c.Store != want {
			t.Errorf("%q gives %+v, want %+v, problems:\n%s", text, c.Store, want, lines(problems))
		}
	}
	if got := Duration(36*time.Hour).String() + Duration(48*time.Hour).String() + Duration(0).String(); got != "36h2d0s" {
		t.Errorf("durations are written as %q", got)
	}
}

func TestManyProblemsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		b.WriteString("key" + strings.Repeat("x", i%50) + ": 1\n")
	}
	if n := len(check(b.String())); n > maxProblems+2 {
		t.Errorf("got %d problems", n)
	}
}

func TestEnvironment(t *testing.T) {
	file := "log: {level: warn}" + quiet
	c, problems := Parse([]byte(file), []string{
		"PATH=/bin", "LIBRATION_VECTORS=x", "LIBRATION_TOKEN=y",
		"LIBRATION_LANGUAGE=en",
		"LIBRATION_LOG__LEVEL=debug",
		"LIBRATION_ACCOUNT__UIN=10001",
		"LIBRATION_SIGNER__URLS=http://a, http://b",
		"LIBRATION_SERVER__ADDRESSES=[\"127.0.0.1:1\"]",
		"LIBRATION_SERVER__KEYS={oicq: ''}",
		"LIBRATION_ONEBOT__HEARTBEAT=0",
		"LIBRATION_ONEBOT__CONNECTIONS__0__ACCESS_TOKEN=secret",
		"LIBRATION_ONEBOT__CONNECTIONS__1__ADDRESS=127.0.0.1:6700",
		"LIBRATION_ONEBOT__CONNECTIONS__1__TYPE=websocket",
		"LIBRATION_ONEBOT__CONNECTIONS__1__ACCESS_TOKEN=secret",
		"LIBRATION_ONEBOT__CONNECTIONS__1__REPORT_SELF=true",
	})
	if len(problems) > 0 {
		t.Errorf("problems:\n%s", lines(problems))
	}
	want := Default()
	want.Admin.AccessToken = "t"
	want.Language, want.Log.Level, want.Account.UIN = LanguageEnglish, LevelDebug, 10001
	want.Signer.URLs, want.Server.Addresses = []string{"http://a", "http://b"}, []string{"127.0.0.1:1"}
	want.Server.Keys.OICQ = Hex{}
	want.OneBot.Heartbeat = 0
	want.OneBot.Connections = []Connection{
		{Type: HTTP, Address: "127.0.0.1:0", AccessToken: "secret"},
		{Type: WebSocket, Address: "127.0.0.1:6700", AccessToken: "secret", ReportSelf: new(true)},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}

	var environ []string
	for i := range 12 {
		environ = append(environ, "LIBRATION_ONEBOT__CONNECTIONS__"+string(append([]byte(nil), "0123456789ab"[i]))+"__TYPE=http")
	}
	environ = append(environ[:10], "LIBRATION_ONEBOT__CONNECTIONS__10__TYPE=websocket")
	if c, _ := Parse(nil, environ); len(c.OneBot.Connections) != 11 || c.OneBot.Connections[10].Type != WebSocket {
		t.Errorf("got %d connections, want 11 in order", len(c.OneBot.Connections))
	}
	c, problems = Parse([]byte(quiet), []string{"LIBRATION_ONEBOT={connections: [{type: reverse-websocket, url: ws://a}]}"})
	if len(problems) > 0 || len(c.OneBot.Connections) != 1 || c.OneBot.Connections[0].URL != "ws://a" || c.OneBot.Format != FormatArray {
		t.Errorf("a structure: got %+v\n%s", c.OneBot, lines(problems))
	}
}

func TestEnvironmentProblems(t *testing.T) {
	_, problems := Parse([]byte(quiet), []string{
		"LIBRATION_LOG__LEVEL=loud",
		"LIBRATION_LOG__LEVEL__X=1",
		"LIBRATION_LOG__LEVLE=debug",
		"LIBRATION_SIGNER__TOKNE=hunter2",
		"LIBRATION_SIGNER__URLS=http://ok, hunter2",
		"LIBRATION_ACCOUNT__PASSWORD=hunter2",
		"LIBRATION_ONEBOT__CONNECTIONS__7__TYPE=http",
		"LIBRATION_ONEBOT__CONNECTIONS__0__ADDRESS=0.0.0.0:1",
		"LIBRATION_ONEBOT__CONNECTIONS__0__ACCESS_TOKEN=",
		"LIBRATION_SERVER={addresses: [",
	})
	want := `LIBRATION_LOG__LEVEL: log.level "loud": unknown value; use debug, info, warn or error
LIBRATION_LOG__LEVEL__X: log.level: has no keys below it; shorten the name
LIBRATION_LOG__LEVLE: log.levle: unknown key; did you mean level?
LIBRATION_ONEBOT__CONNECTIONS__0__ADDRESS: onebot.connections[0].address "0.0.0.0:1": anybody who reaches this address could use the account, for there is no access_token; set access_token, or listen on 127.0.0.1 only
LIBRATION_ONEBOT__CONNECTIONS__7__TYPE: onebot.connections[7]: not an index of this list; use a number from 0 to 1; the last one adds an entry
LIBRATION_SERVER: server: not valid YAML: `
	got := lines(problems)
	for line := range strings.Lines(want) {
		if !strings.Contains(got, line) {
			t.Errorf("got\n%s\nwant %s", got, line)
		}
	}
	if strings.Contains(got, "hunter2") {
		t.Errorf("a secret is shown:\n%s", got)
	}
}

// TestListenerTokens: what is missing is a warning, and what others could guess is an
// error in files that config init wrote.
func TestListenerTokens(t *testing.T) {
	t.Parallel()
	const long, short = "0123456789abcdef", "0123456789abcde"
	for _, tt := range []struct {
		address, token string
		old, new       string // "", "warning" or "error"
	}{
		{"127.0.0.1:1", "", "warning", "warning"},
		{"localhost:1", "", "warning", "warning"},
		{"[::1]:1", "", "warning", "warning"},
		{"127.0.0.1:1", "t", "", ""},
		{"0.0.0.0:1", "", "error", "error"},
		{"0.0.0.0:1", short, "warning", "error"},
		{":1", short, "warning", "error"},
		{"bot.lan:1", short, "warning", "error"},
		{"192.0.2.1:1", long, "", ""},
	} {
		for _, version := range []int{0, 1} {
			want := tt.old
			if version == 1 {
				want = tt.new
			}
			for key, written := range map[string]string{
				"onebot.connections[0].": fmt.Sprintf("onebot: {connections: [{type: websocket, address: %q, access_token: %q}]}\n%s", tt.address, tt.token, quietAdmin),
				"admin.":                 fmt.Sprintf("onebot: {connections: [{type: websocket, address: '127.0.0.1:2', access_token: t}]}\nadmin: {address: %q, access_token: %q}", tt.address, tt.token),
			} {
				got := ""
				for _, p := range check(fmt.Sprintf("config_version: %d\nsigner: {urls: ['http://a']}\n%s", version, written)) {
					got = "error"
					if p.Warning {
						got = "warning"
					}
					if !strings.HasPrefix(p.Key, key) || p.Remedy == (text.Text{}) || tt.token != "" && strings.Contains(p.String(), tt.token) {
						t.Errorf("%+v: %s", tt, p)
					}
				}
				if got != want {
					t.Errorf("%s, %+v, version %d: got %q, want %q", key, tt, version, got, want)
				}
			}
		}
	}
	if problems := check("config_version: 2" + quiet); len(problems) != 1 || problems[0].Warning || problems[0].Key != "config_version" {
		t.Errorf("a newer version: %s", lines(problems))
	}
}

func TestHasSecrets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"{}": false,
		"account: {uin: 10001, password: secret}":                                                     true,
		"signer: {urls: ['http://a/sign']}":                                                           false,
		"signer: {urls: ['http://a/sign?key=secret']}":                                                true,
		"onebot: {music_sign_url: 'http://a/card'}":                                                   false,
		"onebot: {music_sign_url: 'http://user:secret@a/card'}":                                       true,
		"onebot: {connections: [{type: webhook, url: 'http://a'}]}":                                   false,
		"onebot: {connections: [{type: webhook, url: 'http://a', secret: s}]}":                        true,
		"onebot: {connections: [{type: reverse-websocket, event_url: 'ws://a?access_token=secret'}]}": true,
		"onebot: {connections: [{type: reverse-websocket, url: 'ws://user:secret@a'}]}":               true,
	} {
		c, problems := Parse([]byte(text), nil)
		if c == nil {
			t.Fatalf("%s: %v", text, problems)
		}
		if got := c.hasSecrets(); got != want {
			t.Errorf("%s: got %t", text, got)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "libration.yaml")
	_, err := Load(path)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "config init") {
		t.Errorf("a missing file gives %v", err)
	}
	if _, err := Load(dir); err == nil {
		t.Error("a folder was read")
	}

	text := "data: state\naccount: {keystore: k.json, device: /abs/d.json}\nmedia: {files: {allow: [pics, /abs]}, ffmpeg: bin/ffmpeg}\nserver: {mode: sandbox, sandbox: {control: http://127.0.0.1:1}}\n" +
		"onebot: {connections: [{type: http, address: ':1', access_token: a-secret-of-sixteen}]}\nadmin: {access_token: t}\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LIBRATION_LOG__LEVEL", "error")
	c, err := Load(path)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	if c.Data != filepath.Join(dir, "state") || c.Account.Keystore != filepath.Join(dir, "k.json") || c.Account.Device != "/abs/d.json" || c.Account.AppInfo != "" {
		t.Errorf("got paths %q, %+v", c.Data, c.Account)
	}
	if m := &c.Media; !slices.Equal(m.Files.Allow, []string{filepath.Join(dir, "pics"), "/abs"}) || m.FFmpeg != filepath.Join(dir, "bin", "ffmpeg") {
		t.Errorf("got paths %+v", m)
	}
	if c.Log.Level != LevelError {
		t.Errorf("the environment was not used: level %s", c.Log.Level)
	}
	if runtime.GOOS != "windows" {
		want := "warning: the file holds tokens or passwords and can be read by other users (mode 0644); run: chmod 600 " + path + "\n"
		if got := lines(c.Warnings); got != want {
			t.Errorf("got warnings %q, want %q", got, want)
		}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err = Load(path); err != nil || len(c.Warnings) > 0 {
		t.Errorf("with mode 0600: %v, warnings %v", err, c.Warnings)
	}

	t.Setenv("LIBRATION_LOG__LEVEL", "loud")
	if err := os.WriteFile(path, []byte("data: ''\nlgo: 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Load(path)
	e, ok := errors.AsType[*Error](err)
	if !ok || len(e.Problems) != 6 {
		t.Fatalf("got %v, want an *Error with three warnings and three problems", err)
	}
	for _, want := range []string{path + ":1:7: data: must not be empty", "\n" + path + ":2:1: lgo", "\nLIBRATION_LOG__LEVEL: log.level", "\n" + path + ": warning: signer.urls: no signer"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got\n%v\nwant %q in it", err, want)
		}
	}
}

func TestValidateInCode(t *testing.T) {
	c := Default()
	c.Log.Level = "LOUD"
	c.OneBot.Connections = []Connection{{Type: WebSocket, Address: ":1"}, {Type: "x"}}
	got := lines(c.Validate())
	for _, want := range []string{`log.level: unknown value "LOUD"`, "connections[0].address: anybody", `connections[1].type: unknown value "x"`} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %s", got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Template(LanguageEnglish, numbered()), "LIBRATION_LOG__LEVEL=debug")
	f.Add(Template(LanguageChinese, numbered()), "LIBRATION_ONEBOT__CONNECTIONS__0__URL=a")
	f.Add([]byte("a: &x [*x, !t {b: 'c'}]\n<<: *x\n? k\n: |\n  v"), "LIBRATION_SERVER__KEYS={")
	f.Add([]byte("onebot: {connections: [{type: http, address: 5}]}"), "LIBRATION_SIGNER__URLS=,,")
	f.Fuzz(func(t *testing.T, data []byte, env string) {
		c, problems := Parse(data, []string{env})
		for _, p := range problems {
			if p.Message == (text.Text{}) || strings.ContainsRune(p.Key, '\n') {
				t.Errorf("bad problem %+v", p)
			}
			if p.String() == "" {
				t.Error("empty problem")
			}
			if !p.Warning {
				return
			}
		}
		// What passes once must pass as a value too.
		for _, p := range c.Validate() {
			if !p.Warning {
				t.Errorf("Validate finds what Parse did not: %s", p)
			}
		}
		for _, conn := range c.OneBot.Resolved() {
			if conn.ReportSelf == nil || conn.Heartbeat == nil || conn.Start == "" || conn.Format == "" || conn.Name() == "" {
				t.Errorf("not resolved: %+v", conn)
			}
		}
	})
}

// TestWebServer: cookies go over https, or to this machine, but for those of a sandbox.
func TestWebServer(t *testing.T) {
	for web, want := range map[string]string{
		"":                        "",
		"https://pages.example":   "",
		"http://127.0.0.1:5788":   "",
		"http://pages.example:80": "without https anybody on the way can read the account's cookies",
		"pages.example":           "not a usable URL",
		"ftp://pages.example":     "not a usable URL",
	} {
		text := fmt.Appendf(nil, "%sserver: {web: %q}\n", quiet, web)
		_, problems := Parse(text, nil)
		if got := lines(problems); !strings.Contains(got, want) || want == "" && strings.Contains(got, "server.web") {
			t.Errorf("%q: got %q, want %q", web, got, want)
		}
		if _, problems := Parse(bytes.Replace(text, []byte("{web"), []byte("{mode: sandbox, sandbox: {control: 'http://127.0.0.1:1'}, web"), 1), nil); strings.Contains(lines(problems), "https anybody") {
			t.Errorf("%q in a sandbox: got %q", web, lines(problems))
		}
	}
}

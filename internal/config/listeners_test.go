package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTLSAndSockets: each mistake is one problem that says what to do.
func TestTLSAndSockets(t *testing.T) {
	t.Parallel()
	const pair = "tls: {certificate: a.pem, key: a.key}"
	for name, tt := range map[string]struct{ connection, want string }{
		"listener":              {"{type: http, address: '127.0.0.1:1', access_token: t, " + pair + "}", ""},
		"off loopback":          {"{type: http, address: '0.0.0.0:1', " + pair + "}", "set access_token"},
		"dialer":                {"{type: webhook, url: 'https://a/', tls: {ca: a.pem, certificate: a.pem, key: a.key}}", ""},
		"no key":                {"{type: http, address: '127.0.0.1:1', access_token: t, tls: {certificate: a.pem}}", "onebot.connections[0].tls.key: the key of the certificate is missing"},
		"no certificate":        {"{type: reverse-websocket, url: 'wss://a/', tls: {key: a.pem}}", "onebot.connections[0].tls.certificate: the certificate of the key is missing"},
		"authority of listener": {"{type: http, address: '127.0.0.1:1', access_token: t, tls: {ca: a.pem}}", "does not apply to type http; remove it"},
		"true":                  {"{type: http, address: '127.0.0.1:1', access_token: t, tls: true}", "known keys: certificate, key, ca"},
		"socket":                {"{type: http, address: 'unix:/run/bot.sock'}", ""},
		"socket as a URL":       {"{type: websocket, address: 'unix:///run/bot.sock'}", ""},
		"socket, relative":      {"{type: websocket, address: 'unix:bot.sock'}", ""},
		"socket with TLS":       {"{type: http, address: 'unix:/run/bot.sock', " + pair + "}", "onebot.connections[0].tls: a Unix socket needs no TLS"},
		"no path":               {"{type: http, address: 'unix:'}", "write the path of a file, such as unix:/run/libration/bot.sock"},
		"no file":               {"{type: http, address: 'unix:@bot'}", "not the path of a socket"},
		"long":                  {"{type: http, address: 'unix:/" + strings.Repeat("x", 200) + "'}", "the path of the socket is too long: 201 bytes; use at most"},
		"twice":                 {"{type: http, address: 'unix:/run/bot.sock'}, {type: websocket, address: 'unix:///run/bot.sock'}", "connection 0 listens there already"},
		"twice, written apart":  {"{type: http, address: 'unix:/run/bot.sock'}, {type: websocket, address: 'unix:/run//x/../bot.sock'}", "connection 0 listens there already; use another port, or another path of a socket"},
		"bot on a socket":       {"{type: webhook, url: 'http+unix:///run/bot.sock:/event'}", ""},
		"two paths of a socket": {"{type: webhook, url: 'http+unix:///run/bot.sock:/a'}, {type: webhook, url: 'http+unix:///run/bot.sock:/b'}", ""},
		"one path in two forms": {"{type: webhook, url: 'http+unix:///run/bot.sock:/a'}, {type: webhook, url: 'http+unix://%2Frun%2Fbot.sock/a'}", "connection 0 goes to this bot already"},
		"reverse on a socket":   {"{type: reverse-websocket, url: 'ws+unix://%2Frun%2Fbot.sock/ws'}", ""},
		"bot without a path":    {"{type: webhook, url: 'http+unix://run'}", "write http+unix://, the full path of the socket, a colon"},
		"wrong scheme":          {"{type: webhook, url: 'ws+unix:///run/bot.sock'}", "not a usable URL"},
		"bot's socket with TLS": {"{type: webhook, url: 'http+unix:///run/bot.sock', tls: {ca: a.pem}}", "onebot.connections[0].tls: a Unix socket needs no TLS"},
	} {
		got := lines(check("config_version: 1\nsigner: {urls: ['http://a']}\nonebot: {connections: [" + tt.connection + "]}\n" + quietAdmin))
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) || strings.Count(got, "\n") > 1 {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
	public := "config_version: 1\nsigner: {urls: ['http://a']}\nmedia: {public_url: 'http://bot.example:1'}\nonebot: {connections: [{type: http, address: '127.0.0.1:1', access_token: t, " + pair + "}]}\n" + quietAdmin
	if got := lines(check(public)); !strings.Contains(got, "write https://") {
		t.Errorf("links to a listener with TLS: got %q", got)
	}
	if got := lines(check(strings.Replace(public, "http://bot", "https://bot", 1))); got != "" {
		t.Errorf("right links: got %q", got)
	}
}

// TestRelativeTLSAndSockets: paths are those of the file's folder, as all others.
func TestRelativeTLSAndSockets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	content := "onebot: {connections: [{type: http, address: '127.0.0.1:1', tls: {certificate: a.pem, key: /keys/a.key}}, {type: http, address: 'unix:bot.sock'}, {type: http, address: 'unix:///run/b.sock'}]}"
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	all := c.OneBot.Connections
	for got, want := range map[string]string{
		all[0].TLS.Certificate: filepath.Join(dir, "a.pem"), all[0].TLS.Key: "/keys/a.key",
		all[1].Address: "unix:" + filepath.Join(dir, "bot.sock"), all[2].Address: "unix:/run/b.sock",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestSocketHasOneName: the doctor, in another folder than the service, knows its sockets by
// their names. A full path that is too long for the system stays as it was.
func TestSocketHasOneName(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	deep := filepath.Join(dir, strings.Repeat("x", 100))
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{dir: filepath.Join(dir, "bot.sock"), deep: "bot.sock"} {
		t.Chdir(folder)
		if err := os.WriteFile("config.yaml", []byte("onebot: {connections: [{type: http, address: 'unix:bot.sock'}]}"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load("config.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if got := c.OneBot.Connections[0].Address; got != "unix:"+want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestTLSByEnvironment: keys within a connection are set as all others.
func TestTLSByEnvironment(t *testing.T) {
	t.Parallel()
	c, problems := Parse(nil, []string{
		"LIBRATION_ONEBOT__CONNECTIONS__0__TYPE=http", "LIBRATION_ONEBOT__CONNECTIONS__0__ADDRESS=127.0.0.1:1", "LIBRATION_ONEBOT__CONNECTIONS__0__ACCESS_TOKEN=t",
		"LIBRATION_ONEBOT__CONNECTIONS__0__TLS__CERTIFICATE=/a.pem", "LIBRATION_ONEBOT__CONNECTIONS__0__TLS__KEY=/a.key",
		"LIBRATION_ADMIN__ACCESS_TOKEN=t", "LIBRATION_SIGNER__URLS=http://a",
	})
	if want := (ConnectionTLS{Certificate: "/a.pem", Key: "/a.key"}); len(problems) > 0 || c.OneBot.Connections[0].TLS != want {
		t.Errorf("got %+v, %s", c.OneBot.Connections, lines(problems))
	}
}

package notice

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/goleak"

	"libration/internal/network"
	"libration/internal/proxytest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultClient.CloseIdleConnections() // the library's
		os.Exit(code)
	}))
}

// received is one request of a server of a test.
type received struct {
	path   string
	header http.Header
	body   string
}

// server notes what it gets and answers as told.
type server struct {
	url    string
	mu     sync.Mutex // guards what follows
	got    []received
	answer func(n int, w http.ResponseWriter) // to the n-th request; nil: 200
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		s.got = append(s.got, received{r.URL.RequestURI(), r.Header, string(body)})
		n, answer := len(s.got), s.answer
		s.mu.Unlock()
		if answer != nil {
			answer(n, w)
		}
	}))
	t.Cleanup(h.Close)
	s.url = h.URL
	return s
}

func (s *server) requests() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.got...)
}

// one returns the only request.
func (s *server) one(t *testing.T) received {
	t.Helper()
	all := s.requests()
	if len(all) != 1 {
		t.Fatalf("got %d requests, want 1", len(all))
	}
	return all[0]
}

// within is long enough for a busy machine.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

var sample = &Notice{
	Kind: Kicked, Level: "error", Account: 10001, Subject: "account", Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	Reason: "code 5", Title: `账号 "10001"`, Text: "line <1>\nline 2\\",
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	if err := newSender(Target{URL: s.url + "/hook?token=x", Secret: "hunter2"}, "v1", network.Network{}).send(within(t), sample); err != nil {
		t.Fatal(err)
	}
	r := s.one(t)
	mac := hmac.New(sha256.New, []byte("hunter2"))
	mac.Write([]byte(r.body))
	if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); r.header.Get(SignatureHeader) != want {
		t.Errorf("got signature %q, want %q", r.header.Get(SignatureHeader), want)
	}
	if r.path != "/hook?token=x" || r.header.Get("User-Agent") != "Libration/v1" || !strings.HasPrefix(r.header.Get("Content-Type"), "application/json") {
		t.Errorf("got %s %v", r.path, r.header)
	}
	var got Notice
	if err := json.Unmarshal([]byte(r.body), &got); err != nil || got != *sample {
		t.Errorf("got %+v, error %v, want %+v", got, err, sample)
	}
}

func TestWebhookBody(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	target := Target{URL: s.url, Body: `{"msgtype":"text","text":{"content":"$title\n$text"},"level":"$level $kind"}`}
	if err := target.Check(); err != nil {
		t.Fatal(err)
	}
	if err := newSender(target, "", network.Network{}).send(within(t), sample); err != nil {
		t.Fatal(err)
	}
	r := s.one(t)
	var got struct {
		Text  struct{ Content string }
		Level string
	}
	if err := json.Unmarshal([]byte(r.body), &got); err != nil || got.Text.Content != sample.Title+"\n"+sample.Text || got.Level != "error kicked" {
		t.Errorf("got %s, error %v", r.body, err)
	}
	if r.header.Get(SignatureHeader) != "" {
		t.Error("it is signed without a secret")
	}
}

func TestWebhookFailures(t *testing.T) {
	t.Parallel()
	elsewhere := newServer(t)
	for _, tt := range []struct {
		name      string
		answer    func(w http.ResponseWriter)
		want      string
		permanent bool
	}{
		{"not found", func(w http.ResponseWriter) { w.WriteHeader(404) }, "the answer is HTTP 404 Not Found", true},
		{"broken", func(w http.ResponseWriter) { w.WriteHeader(502) }, "the answer is HTTP 502 Bad Gateway", false},
		{"too many", func(w http.ResponseWriter) { w.WriteHeader(429) }, "the answer is HTTP 429 Too Many Requests", false},
		{"redirect", func(w http.ResponseWriter) {
			w.Header().Set("Location", elsewhere.url)
			w.WriteHeader(307)
		}, "the answer is HTTP 307 Temporary Redirect", true},
		{"refused with status 200", func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, `{"errcode":310000,"errmsg":"keywords not in content"}`)
		}, "refused with code 310000: keywords not in content", false},
		{"accepted in words", func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`) }, "", false},
		{"accepted with garbage", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>") }, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.answer = func(_ int, w http.ResponseWriter) { tt.answer(w) }
			err := newSender(Target{URL: s.url}, "", network.Network{}).send(within(t), sample)
			_, permanent := errors.AsType[*backoff.PermanentError](err)
			if got := errorText(err); got != tt.want || permanent != tt.permanent {
				t.Errorf("got %q, permanent %t, want %q, %t", got, permanent, tt.want, tt.permanent)
			}
		})
	}
	if n := len(elsewhere.requests()); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestServices sends to servers of this machine.
func TestServices(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		url  string // with HOST
		ok   func(r received) bool
	}{
		{"ntfy", "ntfy://HOST/topic?scheme=http", func(r received) bool {
			return r.path == "/topic" && r.header.Get("Title") == sample.Title && r.body == sample.Text
		}},
		{"generic", "generic://HOST/x?disabletls=yes&template=json", func(r received) bool {
			return r.path == "/x" && strings.Contains(r.body, `"message":"line`) && strings.Contains(r.body, `"title":`)
		}},
		{"bark", "bark://:devicekey@HOST/?scheme=http", func(r received) bool {
			return strings.Contains(r.body, "devicekey") && strings.Contains(r.body, "line 2")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.answer = func(_ int, w http.ResponseWriter) { _, _ = io.WriteString(w, `{"id":"1","code":200}`) }
			target := Target{URL: strings.Replace(tt.url, "HOST", strings.TrimPrefix(s.url, "http://"), 1)}
			if err := target.Check(); err != nil {
				t.Fatal(err)
			}
			err := newSender(target, "", network.Network{}).send(within(t), sample)
			if r := s.one(t); err != nil || !tt.ok(r) {
				t.Errorf("got %+v, error %v", r, err)
			}
		})
	}
}

// mailServer takes one mail at a time, as little of SMTP as that needs; silent ones
// accept connections and say nothing.
func mailServer(t *testing.T, silent bool) (address string, mails <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 8)
	var serving sync.WaitGroup
	var mu sync.Mutex // guards conns
	var conns []net.Conn
	hangUp := func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range conns {
			c.Close()
		}
	}
	t.Cleanup(func() {
		l.Close()
		hangUp()
		serving.Wait()
	})
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			if !silent {
				serving.Go(func() { takeMail(c, got) })
			}
		}
	})
	return l.Addr().String(), got
}

func takeMail(c net.Conn, got chan<- string) {
	defer c.Close()
	say := func(s string) { _, _ = io.WriteString(c, s+"\r\n") }
	say("220 ready")
	in := bufio.NewScanner(c)
	for in.Scan() {
		switch command, _, _ := strings.Cut(in.Text(), " "); command {
		case "EHLO":
			say("250-here")
			say("250 AUTH PLAIN")
		case "AUTH":
			say("235 welcome")
		case "DATA":
			say("354 go on")
			var mail strings.Builder
			for in.Scan() && in.Text() != "." {
				mail.WriteString(in.Text() + "\r\n")
			}
			got <- mail.String()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func TestMail(t *testing.T) {
	t.Parallel()
	address, mails := mailServer(t, false)
	target := Target{URL: "smtp://me:hunter2@" + address + "/?from=bot@example.com&to=owner@example.com"}
	if err := target.Check(); err != nil {
		t.Fatal(err)
	}
	if err := newSender(target, "", network.Network{}).send(within(t), sample); err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(strings.NewReader(<-mails))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != sample.Title || m.Header.Get("To") != "owner@example.com" {
		t.Errorf("got subject %q, error %v, headers %v", subject, err, m.Header)
	}
	if body, err := io.ReadAll(m.Body); err != nil || !strings.Contains(string(body), "line <1>\r\nline 2\\") {
		t.Errorf("got body %q, error %v", body, err)
	}
}

// TestSilentServer: what hangs ends with the caller's patience, and its connection with it.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	address, _ := mailServer(t, true)
	s := newSender(Target{URL: "smtp://" + address + "/?from=bot@example.com&to=owner@example.com"}, "", network.Network{})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.send(ctx, sample); err == nil || !strings.Contains(err.Error(), "no answer: context deadline exceeded") {
		t.Errorf("got %v", err)
	}
}

// TestMailForms: more than one receiver, HTML, and a server without what is required.
func TestMailForms(t *testing.T) {
	t.Parallel()
	address, mails := mailServer(t, false)
	send := func(query string) error { // with a name that must be quoted
		return newSender(Target{URL: "smtp://" + address + "/?from=bot@example.com&fromname=Bot,%20the%20first&" + query}, "", network.Network{}).send(within(t), sample)
	}
	if err := send("to=a@example.com,b@example.com&usehtml=yes"); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"a@example.com", "b@example.com"} {
		m, err := mail.ReadMessage(strings.NewReader(<-mails))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(m.Body)
		from, errFrom := m.Header.AddressList("From")
		if err != nil || errFrom != nil || from[0].Name != "Bot, the first" || m.Header.Get("To") != to || !strings.Contains(string(body), "<pre>line &lt;1&gt;") ||
			!strings.HasPrefix(m.Header.Get("Content-Type"), "text/html") {
			t.Errorf("got %v %q, %v, %v", m.Header, body, err, errFrom)
		}
	}
	if err := send("to=a@example.com&requirestarttls=yes"); err == nil {
		t.Error("it was sent without STARTTLS")
	}
	if err := send("to=a@example.com&encryption=ImplicitTLS"); err == nil {
		t.Error("it was sent without TLS")
	}
}

// TestByProxy: whatever a target is, its notice goes through the proxy, and never by that of
// the environment.
func TestByProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	mailAt, mails := mailServer(t, false)
	s := newServer(t)
	s.answer = func(_ int, w http.ResponseWriter) { _, _ = io.WriteString(w, `{"id":"1","code":200}`) }
	at := strings.TrimPrefix(s.url, "http://")
	proxy := proxytest.Start(t, "me", "hunter2", map[string]string{"mail.example:25": mailAt, "web.example:80": at})
	var by network.Network
	var err error
	if by.Proxy, err = network.ParseProxy(proxy.URL("socks5")); err != nil {
		t.Fatal(err)
	}
	all := []string{
		"http://web.example/hook", "ntfy://web.example/topic?scheme=http", "bark://:key@web.example/?scheme=http",
		"generic://web.example/x?disabletls=yes&template=json", "gotify://web.example/AzyoeNS.D4iJLVa?disabletls=yes",
	}
	for _, url := range all {
		if err := newSender(Target{URL: url}, "", by).send(within(t), sample); err != nil {
			t.Errorf("%s: %v", url, err)
		}
		if err := newSender(Target{URL: strings.Replace(url, "web.example", at, 1)}, "", network.Network{}).send(within(t), sample); err != nil {
			t.Errorf("%s, directly: %v", url, err)
		}
	}
	if err := newSender(Target{URL: "smtp://mail.example/?from=bot@example.com&to=owner@example.com"}, "", by).send(within(t), sample); err != nil {
		t.Fatal(err)
	}
	<-mails
	if asked := proxy.Asked(); len(asked) != len(all)+1 || asked[len(all)] != "mail.example:25" || asked[0] != "web.example:80" {
		t.Errorf("the proxy was asked for %q", asked)
	}
}

func TestNothingSecretInErrors(t *testing.T) {
	t.Parallel()
	const token, password = "t0kent0ken", "hunter2"
	for _, url := range []string{
		"http://" + token + ":" + password + "@127.0.0.1:1/" + token + "/x?access_token=" + token,
		"smtp://" + token + ":" + password + "@127.0.0.1:1/?from=" + token + "@example.com&to=b@example.com",
		"ntfy://" + token + ":" + password + "@127.0.0.1:1/" + token + "?scheme=http",
		"gotify://127.0.0.1:1/" + token + "?disabletls=yes",
		"bark://:" + token + "@127.0.0.1:1/?scheme=http",
		"generic://127.0.0.1:1/" + token + "?disabletls=yes&password=" + password,
		"mattermost://127.0.0.1:1/" + token + "?disabletls=yes",
	} {
		target := Target{URL: url, Secret: password}
		err := newSender(target, "", network.Network{}).send(within(t), sample)
		if err == nil || strings.Contains(err.Error(), token) || strings.Contains(err.Error(), password) {
			t.Errorf("%s: got %v, want an error without secrets", target.Name(), err)
		}
	}
	target := Target{URL: "ifttt://" + token + "/?events=" + password}
	for _, text := range []string{
		`Post "https://maker.ifttt.com/trigger/a/with/key/` + token + `": refused`, "key " + token + " is wrong", "event " + password,
		`parse "https://%zz` + token + `": bad`,
	} {
		if got := target.redact(text); strings.Contains(got, token) || strings.Contains(got, password) {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// FuzzCheck: whatever is written, a check does not panic, and what may be shown is
// shown.
func FuzzCheck(f *testing.F) {
	for _, url := range []string{
		"", "x", "http://a", "https://a/b?c=d", "ntfy://ntfy.sh/t", "telegram://110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw@telegram?chats=12345",
		"lark://open.feishu.cn/token?secret=x", "wecom://key123456", "discord://token@123", "teams://a@b/c/d?host=x",
		"slack://hook:WNA3PBYV6-F20DUQND3RQ-Webc4MAvoacrpPakR8phF0zi@webhook", "pushover://shoutrrr:apitoken@userkey", "zulip://a:b@c/?stream=x",
		"matrix://user:pass@host", "signal://h/1/2", "notifiarr://k", "pagerduty:///k", "opsgenie://h/t", "teams+https://a",
	} {
		f.Add(url, "")
	}
	f.Add("https://a", `{"a":"$text"}`)
	f.Fuzz(func(t *testing.T, url, body string) {
		target := Target{URL: url, Body: body}
		_ = target.Check()
		if name := target.Name(); name != "(no scheme)" && !strings.HasPrefix(url, name+"://") {
			t.Errorf("the name of %q is %q", url, name)
		}
	})
}

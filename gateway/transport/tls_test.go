package transport

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/gateway"
	"libration/internal/tlsfiles"
	"libration/internal/tlsfiles/tlsfilestest"
)

// trusting is a client that trusts an authority alone. Each request has a connection of
// its own.
func trusting(t testing.TB, a *tlsfilestest.Authority) *http.Client {
	t.Helper()
	web := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool()}, DisableKeepAlives: true, ForceAttemptHTTP2: true}
	t.Cleanup(web.CloseIdleConnections)
	return &http.Client{Transport: web, Timeout: 10 * time.Second}
}

// secured are an HTTP and a WebSocket listener with a certificate.
func secured(t *testing.T, files tlsfiles.Files, log *logBuffer) (*HTTP, *WebSocket, *bot) {
	t.Helper()
	b, _ := newOneBot(t)
	h, err := NewHTTP(b.Dialect, HTTPOptions{Address: "127.0.0.1:0", AccessToken: token, TLS: TLS(files)}, log.logger())
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWebSocket(b.Dialect, WebSocketOptions{Address: "127.0.0.1:0", AccessToken: token, TLS: TLS(files)}, log.logger())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*server{&h.server, &w.server} {
		p.time.look = 5 * time.Millisecond
	}
	return h, w, b
}

func dialSecured(t testing.TB, a *tlsfilestest.Authority, w *WebSocket) *websocket.Conn {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), "wss://"+w.Addr().String()+"/", &websocket.DialOptions{
		HTTPClient: trusting(t, a), HTTPHeader: http.Header{"Authorization": {"Bearer " + token}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.CloseNow() })
	return ws
}

// TestTLSListeners: actions and events go through TLS; without TLS, and with other
// certificates, nothing does.
func TestTLSListeners(t *testing.T) {
	a := tlsfilestest.NewAuthority(t)
	var log logBuffer
	h, w, b := secured(t, a.Pair(t, "bot"), &log)
	stopHTTP, stopWebSocket := start(t, h), start(t, w)
	for _, want := range []string{"url=https://" + h.Addr().String(), "url=wss://" + w.Addr().String()} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, log.String())
		}
	}

	large := bytes.Repeat([]byte("x"), 1<<20) // its deadlines move
	r, err := http.NewRequest(http.MethodPost, "https://"+h.Addr().String()+"/get_login_info", strings.NewReader(`{"x":"`+string(large)+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range authorized("application/json") {
		r.Header.Set(k, v)
	}
	response, err := trusting(t, a).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || fields(t, answer)["status"] != "ok" || response.ProtoMajor != 1 {
		t.Errorf("got %s, HTTP/%d, %v", answer, response.ProtoMajor, err)
	}

	ws := dialSecured(t, a, w)
	wantLifecycle(t, ws)
	publish(b, "hello")
	if m := next(t, ws); m["raw_message"] != "hello" {
		t.Errorf("got %v, want the event", m)
	}
	send(t, ws, websocket.MessageText, `{"action":"get_login_info","echo":1}`)
	if m := next(t, ws); m["echo"] != 1.0 || m["status"] != "ok" {
		t.Errorf("got %v, want the response", m)
	}

	plain, text := ask(t, "GET", "http://"+h.Addr().String()+"/get_login_info", authorized(""), nil)
	if plain.StatusCode != http.StatusBadRequest || !strings.Contains(text, "HTTPS") {
		t.Errorf("without TLS: got %d %q", plain.StatusCode, text)
	}
	if _, err := trusting(t, tlsfilestest.NewAuthority(t)).Get("https://" + h.Addr().String()); err == nil {
		t.Error("the certificate is of another authority, too")
	}

	stopHTTP()
	go stopWebSocket()
	if _, _, err := ws.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("got %v, want close code 1001", err)
	}
	stopWebSocket()
}

// TestTLSReload: a new certificate is shown to new connections, and open ones go on. A
// broken one changes nothing.
func TestTLSReload(t *testing.T) {
	a, dir := tlsfilestest.NewAuthority(t), t.TempDir()
	issue := func(name string) tlsfiles.Files {
		return a.Issue(t, dir, name, time.Now().Add(-time.Hour), time.Now().Add(89*24*time.Hour))
	}
	var log logBuffer
	files := issue("bot")
	h, w, b := secured(t, files, &log)
	start(t, h)
	start(t, w)
	open := dialSecured(t, a, w)
	wantLifecycle(t, open)
	shown := func(s Listening) string {
		c, err := tls.Dial("tcp", s.Addr().String(), &tls.Config{RootCAs: a.Pool(), ServerName: "localhost"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	first := shown(h)
	issue("bot")
	eventually(t, "the new certificate", func() bool { return shown(h) != first && shown(w) != first })
	second := shown(h)
	if err := os.WriteFile(files.Key, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "one line of each listener", func() bool { return strings.Count(log.String(), "stays in use") == 2 })
	if shown(h) != second || strings.Count(log.String(), "holds no key") != 2 {
		t.Errorf("a broken key: got\n%s", log.String())
	}
	publish(b, "still here")
	if m := next(t, open); m["raw_message"] != "still here" {
		t.Errorf("got %v, want the event", m)
	}
	issue("bot")
	eventually(t, "the third certificate", func() bool { return shown(w) != second })
}

// TestTLSListenerBroken: what is wrong with the files is why the service does not run.
func TestTLSListenerBroken(t *testing.T) {
	a := tlsfilestest.NewAuthority(t)
	good, other := a.Pair(t, "good"), a.Pair(t, "other")
	var log logBuffer
	h, w, _ := secured(t, tlsfiles.Files{Certificate: good.Certificate, Key: other.Key}, &log)
	for _, s := range []Listening{h, w} {
		if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "is not the key of") || !strings.Contains(err.Error(), other.Key) {
			t.Errorf("%s: got %v", s.Name(), err)
		}
	}
}

// TestTLSNoHandshake: who opens connections and shows no TLS, or stops in the middle of
// it, is let go when a head would be due.
func TestTLSNoHandshake(t *testing.T) {
	a := tlsfilestest.NewAuthority(t)
	var log logBuffer
	h, _, _ := secured(t, a.Pair(t, "bot"), &log)
	h.time.read = 50 * time.Millisecond
	start(t, h)
	for _, said := range []string{"", "\x16\x03\x01", "\x16\x03\x01\x40\x00" + strings.Repeat("x", 100), strings.Repeat("garbage", 1000)} {
		c, err := net.Dial("tcp", h.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, said)
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("%.10q: the connection stays open", said)
		}
		_ = c.Close()
	}
}

// TestPortChangesItsTLS: a port gets a certificate while another service goes on.
func TestPortChangesItsTLS(t *testing.T) {
	a := tlsfilestest.NewAuthority(t)
	var log logBuffer
	b, _ := newOneBot(t)
	port := NewPort(PortOptions{Address: "127.0.0.1:0", Log: log.logger()})
	port.Share(sharers(true), nil)
	of := func(key string) *HTTP {
		h, err := NewHTTP(b.Dialect, HTTPOptions{Address: "127.0.0.1:0", AccessToken: token, Port: port, Account: key}, log.logger())
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	all := sharers(true)
	first, second := of(all[0].Key), of(all[1].Key)
	start(t, first)
	port.Secure(TLS(a.Pair(t, "bot")))
	if response, _ := ask(t, "GET", "http://"+first.Addr().String()+"/"+all[0].Name+"/get_login_info", authorized(""), nil); response.StatusCode != 200 {
		t.Errorf("before the other one starts: got %d", response.StatusCode)
	}
	stop := start(t, second)
	for _, s := range all[:2] {
		r, _ := http.NewRequest("GET", "https://"+first.Addr().String()+"/"+s.Name+"/get_login_info", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := trusting(t, a).Do(r)
		if err != nil || response.StatusCode != 200 {
			t.Fatalf("%s: got %v, %v", s.Name, response, err)
		}
		_ = response.Body.Close()
	}
	stop()
	port.Secure(TLS{})
	start(t, of(all[1].Key))
	if response, _ := ask(t, "GET", "http://"+first.Addr().String()+"/"+all[0].Name+"/get_login_info", authorized(""), nil); response.StatusCode != 200 {
		t.Errorf("without TLS again: got %d", response.StatusCode)
	}
}

// secureBot is a bot with a certificate of an authority. With clients it wants one, too.
func secureBot(t *testing.T, handler http.Handler, a *tlsfilestest.Authority, clients bool) (url string) {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.TLS = a.Server(t, clients)
	s.Config.ErrorLog = (&logBuffer{}).stdLogger()
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// TestTLSDialers: the bot's authority is trusted when it is named, and the service shows
// its certificate. Else the condition says what to do, and it goes on when that is mended.
func TestTLSDialers(t *testing.T) {
	a := tlsfilestest.NewAuthority(t)
	own := a.Pair(t, "libration")
	for _, kind := range []string{"reverse websocket", "webhook"} {
		for name, tt := range map[string]struct {
			files    tlsfiles.Files
			insecure bool
			clients  bool
			want     string // of the reason; "": it connects
		}{
			"system":            {want: "set skip_tls_verify"},
			"authority":         {files: tlsfiles.Files{CA: a.CA}},
			"skip":              {insecure: true},
			"certificate":       {files: tlsfiles.Files{CA: a.CA, Certificate: own.Certificate, Key: own.Key}, clients: true},
			"skip, certificate": {files: own, clients: true, insecure: true},
			"no certificate":    {files: tlsfiles.Files{CA: a.CA}, clients: true, want: "set tls.certificate and tls.key"},
			"missing authority": {files: tlsfiles.Files{CA: a.CA + "x"}, want: "tls.ca " + a.CA + "x does not exist"},
			"another authority": {files: tlsfiles.Files{CA: tlsfilestest.NewAuthority(t).CA}, want: "authority that is not known here"},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				b, _ := newOneBot(t)
				var s Service
				var err error
				var hook *hookBot
				var socket *fakeBot
				if kind == "webhook" {
					hook = &hookBot{posts: make(chan *post, 16)}
					s, err = NewWebhook(b.Dialect, WebhookOptions{
						URL: secureBot(t, hook, a, tt.clients) + "/post", TLS: TLS(tt.files), InsecureSkipVerify: tt.insecure, Retry: 5 * time.Millisecond,
					}, nil)
				} else {
					socket = &fakeBot{conns: make(chan *websocket.Conn, 16)}
					s, err = NewReverse(b.Dialect, ReverseOptions{
						URL: strings.Replace(secureBot(t, socket, a, tt.clients), "http", "ws", 1), TLS: TLS(tt.files), InsecureSkipVerify: tt.insecure, ReconnectInterval: 5 * time.Millisecond,
					}, nil)
				}
				if err != nil {
					t.Fatal(err)
				}
				start(t, s)
				if tt.want != "" {
					c := until(t, s, "why", func(c Condition) bool { return c.Err != nil })
					if !strings.Contains(c.Err.Error(), tt.want) {
						t.Errorf("got %v, want %q", c.Err, tt.want)
					}
					return
				}
				until(t, s, "connected", func(c Condition) bool { return c.State == StateConnected })
				if hook != nil {
					publish(b, "hello")
					if got := hook.texts(t, 1); got != "hello" {
						t.Errorf("got %q", got)
					}
					return
				}
				ws := socket.next(t)
				wantLifecycle(t, ws)
				publish(b, "hello")
				if m := next(t, ws); m["raw_message"] != "hello" {
					t.Errorf("got %v, want the event", m)
				}
			})
		}
	}
}

// TestTLSDialerFilesAppear: the files are read again for each try.
func TestTLSDialerFilesAppear(t *testing.T) {
	a := tlsfilestest.NewAuthority(t)
	ca, err := os.ReadFile(a.CA)
	if err != nil {
		t.Fatal(err)
	}
	late := a.CA + ".late"
	b := newBot(newFakeClient(t), gateway.Options{})
	hook := &hookBot{posts: make(chan *post, 16)}
	s, err := NewWebhook(b.Dialect, WebhookOptions{URL: secureBot(t, hook, a, false), TLS: TLS{CA: late}, Retry: 5 * time.Millisecond}, nil)
	if err != nil {
		t.Fatal(err)
	}
	start(t, s)
	until(t, s, "why", func(c Condition) bool { return c.Err != nil })
	if err := os.WriteFile(late, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, s, "connected", func(c Condition) bool { return c.State == StateConnected })
}

package network

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/proxytest"
	"libration/internal/text"
)

// greeter is a server that speaks first, and repeats what it gets.
func greeter(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.WriteString(c, "hello ")
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return ln.Addr().String()
}

func talk(t *testing.T, c net.Conn) {
	t.Helper()
	defer c.Close()
	if _, err := io.WriteString(c, "you"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len("hello you"))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello you" {
		t.Errorf("got %q, %v", got, err)
	}
}

func proxied(t *testing.T, written string) Network {
	t.Helper()
	p, err := ParseProxy(written)
	if err != nil {
		t.Fatal(err)
	}
	return Network{Proxy: p}
}

// TestProxies: both kinds, with and without a login, to names and to addresses of both
// families, which reach the proxy as they are.
func TestProxies(t *testing.T) {
	t.Parallel()
	end := greeter(t)
	targets := []string{"far.example:8080", "203.0.113.5:80", "[2001:db8::5]:443"}
	to := map[string]string{targets[0]: end, targets[1]: end, targets[2]: end}
	for _, user := range []string{"", "me"} {
		server := proxytest.Start(t, user, "s3cret:/@", to)
		for _, scheme := range []string{"socks5", "socks5h", "http"} {
			written := scheme + "://" + server.Address
			if user != "" {
				written = scheme + "://me:s3cret%3A%2F%40@" + server.Address
			}
			n := proxied(t, written)
			for _, target := range targets {
				c, err := n.Dial(t.Context(), "tcp", target)
				if err != nil {
					t.Errorf("%s to %s: %v", written, target, err)
					continue
				}
				talk(t, c)
				if asked := server.Asked(); asked[len(asked)-1] != target {
					t.Errorf("%s: the proxy was asked for %q", written, asked)
				}
			}
			// What is near is reached directly.
			before := len(server.Asked())
			c, err := n.Dial(t.Context(), "tcp", end)
			if err != nil {
				t.Fatal(err)
			}
			talk(t, c)
			if len(server.Asked()) != before {
				t.Errorf("%s: loopback went through the proxy", written)
			}
		}
	}
}

// TestSecureProxy: an HTTP proxy behind TLS.
func TestSecureProxy(t *testing.T) {
	t.Parallel()
	end := greeter(t)
	server := proxytest.Start(t, "me", "hunter2", map[string]string{"far.example:80": end})
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	defer certified.Close()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certified.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				inner, err := net.Dial("tcp", server.Address)
				if err != nil {
					return
				}
				defer inner.Close()
				go func() { _, _ = io.Copy(inner, c) }()
				_, _ = io.Copy(c, inner)
			}()
		}
	}()
	n := proxied(t, "https://me:hunter2@"+ln.Addr().String())
	_, err = n.Dial(t.Context(), "tcp", "far.example:80")
	if !errors.Is(err, ErrProxy) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody vouches for: got %v", err)
	}
	n.Proxy.roots = x509.NewCertPool()
	n.Proxy.roots.AddCert(certified.Certificate())
	c, err := n.Dial(t.Context(), "tcp", "far.example:80")
	if err != nil {
		t.Fatal(err)
	}
	talk(t, c)
}

// raw is a proxy that answers everything with the same bytes, and then hangs up, or waits.
func raw(t *testing.T, answer string, wait bool) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.ReadAtLeast(c, make([]byte, 512), 3)
				_, _ = io.WriteString(c, answer)
				if wait {
					_, _ = io.Copy(io.Discard, c)
				}
			}()
		}
	}()
	return ln.Addr().String()
}

// TestProxyRefuses: each failure is told apart, in both languages, and without secrets.
func TestProxyRefuses(t *testing.T) {
	t.Parallel()
	end := greeter(t)
	open := proxytest.Start(t, "", "", map[string]string{"far.example:80": end})
	locked := proxytest.Start(t, "me", "right", map[string]string{"far.example:80": end})
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	for name, tt := range map[string]struct {
		proxy  string
		fault  Fault
		en, zh string
	}{
		"nobody":            {"socks5://me:hunter2@" + nobody.Addr().String(), Unreachable, "cannot be reached", "无法连接代理"},
		"socks: wrong":      {"socks5://me:hunter2@" + locked.Address, Refuses, "wrong user or password", "用户名或密码错误"},
		"socks: none":       {"socks5://" + locked.Address, Refuses, "wants a user and a password", "需要用户名和密码"},
		"http: wrong":       {"http://me:hunter2@" + locked.Address, Refuses, "407 Proxy Authentication Required", "拒绝了用户名和密码"},
		"http: none":        {"http://" + locked.Address, Refuses, "407", "407"},
		"socks: no target":  {"socks5://" + open.Address, "", "makes no connection to other.example:80: host unreachable", "没有连接到 other.example:80"},
		"http: no target":   {"http://" + open.Address, "", "makes no connection to other.example:80: 502 Bad Gateway", "没有连接到"},
		"http: another":     {"http://" + raw(t, "SSH-2.0-OpenSSH\r\n", false), Unreachable, "no HTTP proxy", "不是 HTTP 代理"},
		"http: endless":     {"http://" + raw(t, "HTTP/1.1 200 OK\r\n"+strings.Repeat("A: b\r\n", maxProxyHead), true), Unreachable, "cannot be reached", "无法连接代理"},
		"http: hangs up":    {"http://" + raw(t, "HTTP/1.1 200 OK\r\n", false), Unreachable, "closes the connection", "关闭了连接"},
		"socks: another":    {"socks5://" + raw(t, "HTTP/1.1 400 Bad Request\r\n", false), Unreachable, "no SOCKS5 proxy", "不是 SOCKS5 代理"},
		"socks: hangs up":   {"socks5://" + raw(t, "\x05", false), Unreachable, "closes the connection", "关闭了连接"},
		"socks: cut":        {"socks5://" + raw(t, "\x05\x00\x05\x00\x00\x03\xff", false), Unreachable, "closes the connection", "关闭了连接"},
		"https without TLS": {"https://" + open.Address, Unreachable, "cannot be reached", "无法连接代理"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := proxied(t, tt.proxy).Dial(t.Context(), "tcp", "other.example:80")
			failed, ok := errors.AsType[*ProxyError](err)
			if c != nil || !ok || failed.Fault != tt.fault || errors.Is(err, ErrProxy) != (tt.fault != "") {
				t.Fatalf("got %v, %#v, want the fault %q", c, err, tt.fault)
			}
			said := text.Of(err)
			if !strings.Contains(said.EN, tt.en) || !strings.Contains(said.ZH, tt.zh) {
				t.Errorf("got %q and %q, want %q and %q", said.EN, said.ZH, tt.en, tt.zh)
			}
			if strings.Contains(said.EN+said.ZH, "hunter2") || !strings.Contains(said.EN, failed.Proxy) {
				t.Errorf("got %q, without secrets and with the proxy", said.EN)
			}
		})
	}
}

// TestSilentProxy: a caller without patience of his own waits for a while only, and one who
// goes is not held up.
func TestSilentProxy(t *testing.T) {
	for _, scheme := range []string{"socks5", "http", "https"} {
		synctest.Test(t, func(t *testing.T) {
			n := proxied(t, scheme+"://far.example:1080")
			var ends []net.Conn
			n.DialFunc = func(context.Context, string, string) (net.Conn, error) {
				here, there := net.Pipe()
				ends = append(ends, there)
				go func() { _, _ = io.Copy(io.Discard, there) }()
				return here, nil
			}
			began := time.Now()
			_, err := n.Dial(t.Context(), "tcp", "203.0.113.5:80")
			if took := time.Since(began); took != proxyTimeout || errors.Is(err, ErrProxy) || !strings.Contains(err.Error(), "makes no connection to 203.0.113.5:80: no answer within 15s") {
				t.Errorf("%s: got %v after %v", scheme, err, took)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := n.Dial(ctx, "tcp", "203.0.113.5:80"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrProxy) {
				t.Errorf("%s: got %v, want the caller's own end", scheme, err)
			}
			// One that takes no connection is at fault itself.
			n.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			ctx, cancel = context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := n.Dial(ctx, "tcp", "203.0.113.5:80"); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrProxy) {
				t.Errorf("%s: got %v, want the caller's end, and the proxy", scheme, err)
			}
			gone, leave := context.WithCancel(t.Context())
			leave()
			if _, err := n.Dial(gone, "tcp", "203.0.113.5:80"); !errors.Is(err, context.Canceled) || errors.Is(err, ErrProxy) {
				t.Errorf("%s: got %v for who has gone", scheme, err)
			}
			for _, c := range ends {
				c.Close()
			}
		})
	}
}

func TestParseProxy(t *testing.T) {
	t.Parallel()
	for written, shown := range map[string]string{
		"": "", "direct": "", "socks5://a": "socks5://a:1080", "socks5h://a.b:9": "socks5://a.b:9", "http://u:p@a/": "http://a:80",
		"https://[::1]": "https://[::1]:443", "http://u@a:1": "http://a:1",
	} {
		if p, err := ParseProxy(written); err != nil || p.Shown() != shown {
			t.Errorf("%q: got %q, %v", written, p.Shown(), err)
		}
	}
	for _, written := range []string{
		"a:1080", "a", "socks4://a:1", "ftp://hunter2@a:1", "http://", "socks5://:1080", "http://a:0", "http://a:70000", "http://a/hunter2", "http://a?hunter2",
		"http://:hunter2@a", "socks5://u:" + strings.Repeat("hunter2", 40) + "@a", "://hunter2", "http://%zz:hunter2@a", "Direct",
	} {
		if p, err := ParseProxy(written); err == nil || p != nil || strings.Contains(err.Error(), "hunter2") || text.Of(err).ZH == text.Of(err).EN {
			t.Errorf("%q: got %v, %v", written, p, err)
		}
	}
}

// TestEnvironment: which variable counts, and what NO_PROXY leaves out.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	for want, values := range map[string]map[string]string{
		"":                    {"NO_PROXY": "*"},
		"http://a:1":          {"HTTPS_PROXY": "a:1", "ALL_PROXY": "socks5://b:2", "HTTP_PROXY": "c:3"},
		"socks5://b:2":        {"all_proxy": "socks5://b:2", "HTTP_PROXY": "c:3"},
		"http://u:p@c:3":      {"http_proxy": "http://u:p@c:3/"},
		"direct":              {"HTTPS_PROXY": "a:1", "NO_PROXY": "other.example,.far.example"},
		"http://direct.too:1": {"HTTPS_PROXY": "direct.too:1", "no_proxy": "other.example"},
	} {
		p, err := environment(func(name string) string { return values[name] })
		if err != nil {
			t.Errorf("%v: %v", values, err)
			continue
		}
		got := "direct"
		if u := p.For("www.far.example:443"); u != nil {
			got = u.String()
		}
		if got != want && (want != "" || p != nil) {
			t.Errorf("%v: got %s, want %s", values, got, want)
		}
	}
	if p, err := environment(func(name string) string { return map[string]string{"ALL_PROXY": "gopher://hunter2@a"}[name] }); err == nil ||
		strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "ALL_PROXY") {
		t.Errorf("got %v, %v", p, err)
	}
}

// TestNear: what is never asked of a proxy.
func TestNear(t *testing.T) {
	t.Parallel()
	p, err := ParseProxy("socks5://127.0.0.1:1080")
	if err != nil {
		t.Fatal(err)
	}
	for address, direct := range map[string]bool{
		"localhost:1": true, "a.localhost:1": true, "signer:80": true, "signer.:80": true, "127.0.0.1:1": true, "127.9.9.9:1": true, "[::1]:1": true,
		"[::ffff:127.0.0.1]:1": true, "10.1.2.3:1": true, "192.168.0.1:1": true, "[fd00::1]:1": true, "169.254.169.254:80": true, "0.0.0.0:1": true,
		"a.example:1": false, "8.8.8.8:1": false, "[2001:db8::1]:1": false, "100.64.0.1:1": false,
	} {
		if got := p.For(address) == nil; got != direct {
			t.Errorf("%s: direct is %v, want %v", address, got, direct)
		}
	}
	// What a name was resolved to counts, too.
	var dialed []string
	n := Network{Proxy: p, DialFunc: func(_ context.Context, _, address string) (net.Conn, error) {
		dialed = append(dialed, address)
		return nil, io.EOF
	}}
	_, _ = n.DialAs(t.Context(), "tcp", "a.example:80", "10.1.2.3:80")
	_, _ = n.DialAs(t.Context(), "tcp", "a:80", "203.0.113.5:80")
	_, _ = n.DialAs(t.Context(), "tcp", "a.example:80", "203.0.113.5:80")
	if want := []string{"10.1.2.3:80", "203.0.113.5:80", "127.0.0.1:1080"}; !slices.Equal(dialed, want) {
		t.Errorf("dialled %q, want %q", dialed, want)
	}
}

// FuzzProxyAnswers: whatever a proxy says, there is a connection or a *ProxyError.
func FuzzProxyAnswers(f *testing.F) {
	for _, answer := range []string{"\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50", "\x05\x02\x01\x00\x05\x00\x00\x03\x01a\x00\x50", "HTTP/1.1 200 OK\r\n\r\nmore", "HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\nhello", "\x05\xff"} {
		f.Add([]byte(answer))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		for _, written := range []string{"socks5://u:p@far.example:1", "socks5://far.example:1", "http://far.example:1"} {
			n := proxied(t, written)
			n.DialFunc = func(context.Context, string, string) (net.Conn, error) {
				return &scripted{answer: append([]byte(nil), answer...)}, nil
			}
			c, err := n.Dial(t.Context(), "tcp", "203.0.113.5:80")
			if _, ok := errors.AsType[*ProxyError](err); (c == nil) != ok {
				t.Errorf("%s: got %v, %v", written, c, err)
			}
		}
	})
}

// scripted is a connection that says one thing.
type scripted struct {
	net.Conn
	answer []byte
}

func (s *scripted) Read(b []byte) (int, error) {
	if len(s.answer) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.answer)
	s.answer = s.answer[n:]
	return n, nil
}

func (s *scripted) Write(b []byte) (int, error)     { return len(b), nil }
func (s *scripted) Close() error                    { return nil }
func (s *scripted) SetDeadline(time.Time) error     { return nil }
func (s *scripted) LocalAddr() net.Addr             { return &net.TCPAddr{} }
func (s *scripted) RemoteAddr() net.Addr            { return &net.TCPAddr{} }
func (s *scripted) SetReadDeadline(time.Time) error { return nil }

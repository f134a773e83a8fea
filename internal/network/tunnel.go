package network

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/net/proxy"

	"libration/internal/text"
)

const (
	// proxyTimeout bounds what a proxy does before it has made a connection.
	proxyTimeout = 15 * time.Second
	// maxProxyHead bounds its answer to CONNECT in bytes.
	maxProxyHead = 16 << 10
)

// ErrProxy: the proxy itself cannot be reached, or does not take its user and password. All
// connections that go through it fail in the same way. It is a *[ProxyError].
var ErrProxy error = text.Errorf("the proxy cannot be used", "代理无法使用")

// ProxyError is a connection that a proxy did not make.
type ProxyError struct {
	Proxy  string // without user and password
	Target string // host:port
	// Fault is what is wrong with the proxy itself. "": it works, but does not connect to
	// this target.
	Fault Fault
	Err   error
}

// Fault is what is wrong with a proxy.
type Fault string

// The faults.
const (
	Unreachable Fault = "unreachable" // it does not answer, or is none
	Refuses     Fault = "refuses"     // it does not take the user and password, or wants them
)

func (e *ProxyError) Error() string { return e.Text().EN }

// Text is Error in English and Chinese.
func (e *ProxyError) Text() text.Text {
	switch e.Fault {
	case Unreachable:
		return text.T("the proxy %s cannot be reached: %v", "无法连接代理 %s：%v").Fill(e.Proxy, e.Err)
	case Refuses:
		return text.T("the proxy %s refuses the user and password: %v", "代理 %s 拒绝了用户名和密码：%v").Fill(e.Proxy, e.Err)
	}
	return text.T("the proxy %s makes no connection to %s: %v", "代理 %s 没有连接到 %s：%v").Fill(e.Proxy, e.Target, e.Err)
}

// Unwrap returns the cause.
func (e *ProxyError) Unwrap() error { return e.Err }

// Is reports whether target is [ErrProxy] and the proxy itself is at fault.
func (e *ProxyError) Is(target error) bool { return target == ErrProxy && e.Fault != "" }

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// through connects to address through a proxy. Names are looked up by the proxy. Its errors
// are *ProxyError, but where ctx was cancelled.
func (p *Proxy) through(ctx context.Context, to *url.URL, direct dialFunc, network, address string) (net.Conn, error) {
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, proxyTimeout)
	defer cancel()
	fail := func(fault Fault, err error) (net.Conn, error) {
		if errors.Is(err, os.ErrDeadlineExceeded) { // the connection noticed it first
			<-ctx.Done()
		}
		switch {
		case errors.Is(outer.Err(), context.Canceled):
			return nil, outer.Err()
		case outer.Err() != nil:
			err = outer.Err()
		case ctx.Err() != nil:
			err = text.Errorf("no answer within %v", "%v 内没有应答", proxyTimeout)
		}
		return nil, &ProxyError{Proxy: shown(to), Target: address, Fault: fault, Err: err}
	}
	conn, err := direct(ctx, network, to.Host)
	if err != nil {
		return fail(Unreachable, err)
	}
	var fault Fault
	tunnel := conn
	if to.Scheme == "socks5" {
		fault, err = socks(ctx, conn, to, network, address)
	} else {
		tunnel, fault, err = connect(ctx, conn, to, address, p.roots)
	}
	if err != nil {
		conn.Close()
		if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) { // it may be waiting for the target
			fault = ""
		}
		return fail(fault, err)
	}
	return tunnel, nil
}

// given is a connection that is there already.
type given struct{ net.Conn }

func (g given) Dial(string, string) (net.Conn, error) { return g.Conn, nil }
func (g given) DialContext(context.Context, string, string) (net.Conn, error) {
	return g.Conn, nil
}

// socks asks a SOCKS5 proxy (RFC 1928, 1929) for a connection, on conn.
func socks(ctx context.Context, conn net.Conn, to *url.URL, network, address string) (Fault, error) {
	var auth *proxy.Auth
	if to.User != nil {
		password, _ := to.User.Password()
		auth = &proxy.Auth{User: to.User.Username(), Password: password}
	}
	d, err := proxy.SOCKS5(network, to.Host, auth, given{conn})
	if err != nil {
		return Unreachable, err
	}
	_, err = d.(proxy.ContextDialer).DialContext(ctx, network, address)
	if err == nil {
		return "", nil
	}
	if at, ok := errors.AsType[*net.OpError](err); ok { // it repeats both addresses
		err = at.Err
	}
	switch said := err.Error(); {
	case strings.Contains(said, "username/password"):
		return Refuses, text.Errorf("wrong user or password", "用户名或密码错误")
	case strings.Contains(said, "no acceptable authentication methods"):
		return Refuses, text.Errorf("it takes no login of this kind, or wants a user and a password", "不接受这种登录方式，或需要用户名和密码")
	case strings.HasPrefix(said, "unknown error "): // a reply that is no success
		return "", errors.New(strings.TrimPrefix(said, "unknown error "))
	case strings.Contains(said, "unexpected protocol version"):
		return Unreachable, text.Errorf("what answers is no SOCKS5 proxy", "应答的不是 SOCKS5 代理")
	}
	return Unreachable, broken(err)
}

// connect asks an HTTP proxy for a connection (RFC 9110 9.3.6), on conn.
func connect(ctx context.Context, conn net.Conn, to *url.URL, address string, roots *x509.CertPool) (net.Conn, Fault, error) {
	below := conn
	stop := context.AfterFunc(ctx, func() { _ = below.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if to.Scheme == "https" {
		secure := tls.Client(conn, &tls.Config{MinVersion: tls.VersionTLS12, ServerName: to.Hostname(), RootCAs: roots})
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, Unreachable, err
		}
		conn = secure
	}
	head := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n"
	if to.User != nil {
		password, _ := to.User.Password()
		head += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(to.User.Username()+":"+password)) + "\r\n"
	}
	if _, err := io.WriteString(conn, head+"\r\n"); err != nil {
		return nil, Unreachable, err
	}
	r := bufio.NewReader(io.LimitReader(conn, maxProxyHead))
	response, err := http.ReadResponse(r, &http.Request{Method: http.MethodConnect})
	if err != nil {
		if _, ok := errors.AsType[net.Error](err); ok || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, Unreachable, broken(err)
		}
		return nil, Unreachable, text.Errorf("what answers is no HTTP proxy", "应答的不是 HTTP 代理")
	}
	switch code := response.StatusCode; {
	case code == http.StatusProxyAuthRequired:
		return nil, Refuses, status(code)
	case code < 200 || code > 299:
		return nil, "", status(code)
	}
	if !stop() { // its deadline would hit what comes
		return nil, Unreachable, ctx.Err()
	}
	early, err := r.Peek(r.Buffered()) // what the other end has said already
	if err != nil {
		return nil, Unreachable, err
	}
	if len(early) > 0 {
		return &earlyConn{Conn: conn, early: early}, "", nil
	}
	return conn, "", nil
}

// status is a refusal in the words of the standard: those of the proxy may be anything.
func status(code int) error { return fmt.Errorf("%d %s", code, http.StatusText(code)) }

// broken says it of a proxy that hangs up.
func broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return text.Errorf("it closes the connection, or is no proxy of this kind", "它关闭了连接，或不是这种代理")
	}
	return err
}

// earlyConn is a connection of which something was read. One goroutine reads it.
type earlyConn struct {
	net.Conn
	early []byte
}

func (c *earlyConn) Read(b []byte) (int, error) {
	if len(c.early) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.early)
	c.early = c.early[n:]
	return n, nil
}

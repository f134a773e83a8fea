package server

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"

	"libration/internal/highway"
)

// httpPatience is how long an HTTP request's head may take, and how long a connection may
// stay without a request.
const (
	httpPatience = 30 * time.Second
	httpIdle     = 2 * time.Minute
	maxHTTPHead  = 64 << 10
)

// protocol is how a connection is served once its first byte has come.
type protocol struct {
	first func(byte) bool
	serve func(ctx context.Context, c *conn)
}

func exactly(b byte) func(byte) bool { return func(first byte) bool { return first == b } }

// protocols are what one listener serves besides NTQQ frames, which begin with 0x00.
func (s *Server) protocols() []protocol {
	return []protocol{
		{exactly(highway.First), s.serveHighway},
		{exactly(0x16), s.serveTLS},
		{func(first byte) bool { return first >= 'A' && first <= 'Z' }, s.serveHTTP}, // a method
	}
}

// serveTLS serves HTTP in TLS: foreign clients download from https addresses only
// (docs/protocol/media.md 10.5).
func (s *Server) serveTLS(ctx context.Context, c *conn) {
	certificate, err := s.certificate()
	if err != nil {
		s.log.Error("no certificate", "err", err)
		return
	}
	s.http(ctx, c, tls.Server(bufferedConn{c.nc, c.in}, &tls.Config{
		Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"},
	}))
}

func (s *Server) serveHTTP(ctx context.Context, c *conn) { s.http(ctx, c, bufferedConn{c.nc, c.in}) }

// connKey is where the contexts of HTTP requests have their connection.
type connKey struct{}

func connOf(ctx context.Context) *conn { return ctx.Value(connKey{}).(*conn) }

// http serves the requests of one connection, and returns when the last handler has
// returned. What nc reads and writes goes over c.
func (s *Server) http(ctx context.Context, c *conn, nc net.Conn) {
	ctx = context.WithValue(ctx, connKey{}, c)
	one := &singleListener{conn: nc, ended: make(chan struct{})}
	web := &http.Server{
		Handler: s.handler, BaseContext: func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: httpPatience, IdleTimeout: httpIdle, MaxHeaderBytes: maxHTTPHead,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	_ = web.Serve(one) // it ends with the connection
}

// webHandler is what the listener serves over HTTP, with and without TLS.
func (s *Server) webHandler() http.Handler {
	uploads, files := s.highwayHandler(), http.NewServeMux()
	s.handleFiles(files)
	s.handlePages(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == highwayPath {
			uploads.ServeHTTP(w, r)
			return
		}
		files.ServeHTTP(w, r)
	})
}

// bufferedConn is a connection whose first bytes are in a buffer.
type bufferedConn struct {
	net.Conn
	in *bufio.Reader
}

func (c bufferedConn) Read(p []byte) (int, error) { return c.in.Read(p) }

// singleListener accepts one connection, and ends when that is closed.
type singleListener struct {
	conn  net.Conn
	given bool
	once  sync.Once
	ended chan struct{}
}

func (l *singleListener) Accept() (net.Conn, error) {
	if !l.given {
		l.given = true
		return &endingConn{l.conn, l}, nil
	}
	<-l.ended
	return nil, net.ErrClosed
}

func (l *singleListener) Close() error   { return nil }
func (l *singleListener) Addr() net.Addr { return l.conn.LocalAddr() }

// endingConn ends its listener when it is closed.
type endingConn struct {
	net.Conn
	of *singleListener
}

func (c *endingConn) Close() error {
	c.of.once.Do(func() { close(c.of.ended) })
	return c.Conn.Close()
}

// newCertificate makes a certificate for this machine that nobody else has signed.
func newCertificate(now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Libration sandbox"},
		NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(10, 0, 0),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sign certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

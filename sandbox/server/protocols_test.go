package server

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"testing"
)

// TestProtocols asks over HTTP, with and without TLS, on the listener of the clients.
func TestProtocols(t *testing.T) {
	for _, listener := range []struct {
		name string
		open func(t *testing.T) (net.Listener, func(ctx context.Context, network, address string) (net.Conn, error))
	}{
		{"socket", func(t *testing.T) (net.Listener, func(context.Context, string, string) (net.Conn, error)) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			return l, func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, l.Addr().String())
			}
		}},
		{"memory", func(*testing.T) (net.Listener, func(context.Context, string, string) (net.Conn, error)) {
			l := NewMemoryListener()
			return l, l.DialContext
		}},
	} {
		t.Run(listener.name, func(t *testing.T) {
			s := newServer(t, Options{})
			l, dial := listener.open(t)
			ctx, cancel := context.WithCancel(t.Context())
			served := make(chan error, 1)
			go func() { served <- s.Serve(ctx, l) }()
			transport := &http.Transport{DialContext: dial, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
			for _, address := range []string{"http://127.0.0.1:1/nothing", "https://127.0.0.1:1/nothing"} {
				for range 2 { // on the same connection
					answer, err := (&http.Client{Transport: transport}).Get(address)
					if err != nil {
						t.Fatal(err)
					}
					answer.Body.Close()
					if answer.StatusCode != http.StatusNotFound {
						t.Errorf("%s: got %s, want 404", address, answer.Status)
					}
				}
			}
			cancel() // the connections are kept: the server ends them
			if err := <-served; err != nil {
				t.Errorf("Serve: got %v, want nil", err)
			}
			transport.CloseIdleConnections()
		})
	}
}

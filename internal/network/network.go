// Package network is where the program and the library make their connections, so that
// tests can put another network below them.
//
// Of this module it imports package text only.
package network

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"testing"
	"time"
)

// Network makes connections. The zero value is the system's network. In test binaries
// of this module the system's network refuses to connect to anything but loopback
// addresses.
type Network struct {
	// ListenFunc listens on an address as Listen has it; nil: the system does.
	ListenFunc func(ctx context.Context, address string) (net.Listener, error)
	// DialFunc connects as net.Dialer.DialContext does; nil: the system does.
	DialFunc func(ctx context.Context, network, address string) (net.Conn, error)
	// Proxy is what connections are made through, by DialFunc or by the system; nil: they
	// are direct. Nothing of the environment counts but what it says.
	Proxy *Proxy
}

// Listen listens on host:port, or on a Unix socket, unix:/path, that only its owner may
// open.
func (n Network) Listen(ctx context.Context, address string) (net.Listener, error) {
	if n.ListenFunc != nil {
		return n.ListenFunc(ctx, address)
	}
	if path, ok := UnixPath(address); ok {
		return listenUnix(ctx, path)
	}
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", address)
}

// Dial connects to host:port, or with the network "unix" to the path of a socket.
func (n Network) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if to := n.Proxy.For(address); to != nil && network != "unix" {
		return n.Proxy.through(ctx, to, n.direct, network, address)
	}
	return n.direct(ctx, network, address)
}

// DialAs connects to address, which is what asked stands for: both are host:port. Whether
// there is a proxy goes by both.
func (n Network) DialAs(ctx context.Context, network, asked, address string) (net.Conn, error) {
	if to := n.Proxy.For(asked); to != nil && n.Proxy.For(address) != nil {
		return n.Proxy.through(ctx, to, n.direct, network, address)
	}
	return n.direct(ctx, network, address)
}

func (n Network) direct(ctx context.Context, network, address string) (net.Conn, error) {
	if n.DialFunc != nil {
		return n.DialFunc(ctx, network, address)
	}
	var d net.Dialer
	if network == "unix" {
		return d.DialContext(ctx, network, address)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if err := guard(host); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return d.DialContext(ctx, network, address)
}

// Transport returns an HTTP transport like http.DefaultTransport, but with the network's
// proxy only. Plain HTTP goes through a connection by CONNECT, too.
func (n Network) Transport() *http.Transport {
	return &http.Transport{
		DialContext: n.Dial, ForceAttemptHTTP2: true,
		MaxIdleConns: 100, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
	}
}

// Client returns an HTTP client with a transport of its own. The caller closes its idle
// connections.
func (n Network) Client() *http.Client { return &http.Client{Transport: n.Transport()} }

// HostClient is Client for who asks one host only, often many times at once: it keeps the
// connections of all of these requests for the next ones, and not two.
func (n Network) HostClient() *http.Client {
	t := n.Transport()
	t.MaxIdleConnsPerHost = t.MaxIdleConns
	return &http.Client{Transport: t}
}

// Lookup returns the addresses of a host, as the system resolves it.
func Lookup(ctx context.Context, host string) ([]string, error) {
	if err := guard(host); err != nil {
		return nil, err
	}
	return net.DefaultResolver.LookupHost(ctx, host)
}

// guard refuses a host in tests, unless it is this machine.
func guard(host string) error {
	if !ownTest() || host == "localhost" {
		return nil
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("tests connect to loopback addresses only, not to %q", host)
}

// ownTest tells whether this is a test binary of this module: those of programs that
// use the library may do as they like.
var ownTest = sync.OnceValue(func() bool {
	info, ok := debug.ReadBuildInfo()
	return testing.Testing() && ok && info.Main.Path == "libration"
})

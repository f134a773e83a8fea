package e2e

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"libration/internal/network"
	"libration/sandbox"
)

// memoryNetwork is the loopback interface of one bubble, without sockets.
type memoryNetwork struct {
	mu    sync.Mutex // guards what follows
	ports map[netip.AddrPort]*memoryPort
	last  uint16 // port given away
}

func newMemoryNetwork() *memoryNetwork {
	return &memoryNetwork{ports: map[netip.AddrPort]*memoryPort{}, last: 40000}
}

func (n *memoryNetwork) network() network.Network {
	return network.Network{ListenFunc: n.listen, DialFunc: n.dial}
}

// memoryPort listens.
type memoryPort struct {
	*sandbox.MemoryListener
	n       *memoryNetwork
	address netip.AddrPort
}

// listen takes a free port for port 0.
func (n *memoryNetwork) listen(_ context.Context, address string) (net.Listener, error) {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if a.Port() == 0 {
		n.last++
		a = netip.AddrPortFrom(a.Addr(), n.last)
	}
	if n.ports[a] != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: net.TCPAddrFromAddrPort(a), Err: syscall.EADDRINUSE}
	}
	p := &memoryPort{sandbox.NewMemoryListener(), n, a}
	n.ports[a] = p
	return p, nil
}

func (n *memoryNetwork) dial(ctx context.Context, _, address string) (net.Conn, error) {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	p := n.ports[a]
	n.last++
	own := netip.AddrPortFrom(a.Addr(), n.last)
	n.mu.Unlock()
	if p == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(a), Err: syscall.ECONNREFUSED}
	}
	c, err := p.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return memoryConn{c, own, a}, nil
}

// Accept implements net.Listener.
func (p *memoryPort) Accept() (net.Conn, error) {
	c, err := p.MemoryListener.Accept()
	if err != nil {
		return nil, err
	}
	return memoryConn{c, p.address, netip.AddrPortFrom(p.address.Addr(), 1)}, nil
}

// Addr implements net.Listener.
func (p *memoryPort) Addr() net.Addr { return net.TCPAddrFromAddrPort(p.address) }

// Close implements net.Listener.
func (p *memoryPort) Close() error {
	p.n.mu.Lock()
	if p.n.ports[p.address] == p {
		delete(p.n.ports, p.address)
	}
	p.n.mu.Unlock()
	return p.MemoryListener.Close()
}

// memoryConn is a connection that says where it leads.
type memoryConn struct {
	net.Conn
	local, remote netip.AddrPort
}

// LocalAddr implements net.Conn.
func (c memoryConn) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.local) }

// RemoteAddr implements net.Conn.
func (c memoryConn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

package server

import (
	"context"
	"net"
	"sync"
)

// MemoryListener is a listener without sockets, for tests in one process: what
// DialContext returns is served like a TCP connection. It works in
// testing/synctest bubbles, where it must be made inside the bubble. Connections
// have no buffer: a write waits for the other side's read.
type MemoryListener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

// NewMemoryListener returns an open listener.
func NewMemoryListener() *MemoryListener {
	return &MemoryListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for the next DialContext. After Close it returns net.ErrClosed.
func (l *MemoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and DialContext; connections stay open. It may be called more
// than once.
func (l *MemoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns an address of network "memory".
func (l *MemoryListener) Addr() net.Addr { return memoryAddr{} }

// DialContext connects to the listener, whatever network and addr say. It waits
// until the connection is accepted, ctx ends, or the listener is closed
// (net.ErrClosed).
func (l *MemoryListener) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: memoryAddr{}, Err: err}
	}
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-ctx.Done():
		return fail(ctx.Err())
	case <-l.closed:
		return fail(net.ErrClosed)
	}
}

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }

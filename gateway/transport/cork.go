package transport

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"libration/internal/tlsfiles"
)

// corkLimit is how many bytes a corked connection holds before it writes them.
const corkLimit = 64 << 10

const (
	// sendBuffer is how many bytes the system may hold, and about twice of it does. It
	// takes more when a good part has left only: of megabytes that would be hidden for
	// longer than a peer may do nothing.
	sendBuffer = 256 << 10
	// longWrite is how long a write takes that had to wait for the peer.
	longWrite = 100 * time.Millisecond
)

// corkConn is a connection whose writes can be held back for a moment, so that
// many small WebSocket frames leave with one system call: the WebSocket library
// writes every frame on its own. Between Cork and Uncork writes are collected;
// at other times they go straight out. Unless the caller set a deadline, a write fails
// when the peer takes nothing for the timeout. A read deadline reaches the network with the next read:
// net/http sets several for each request, and what is read is mostly there already.
//
// Write, Cork and Uncork may be called by several goroutines; bytes keep the order
// of the Write calls.
type corkConn struct {
	net.Conn
	timeout time.Duration

	life        atomic.Int64 // rises with each sign of life of the peer
	readMu      sync.Mutex   // guards the next three
	reading     bool         // a Read is under way
	readBy      time.Time    // the read deadline
	readChanged bool         // it is not the network's yet

	ownDeadline   atomic.Bool // the caller has set a write deadline
	mu            sync.Mutex  // guards the fields below; held during a write
	corked        bool
	held          []byte
	networkWrites int // writes to the network, for tests
}

func newCorkConn(c net.Conn, timeout time.Duration) *corkConn {
	for below := c; ; {
		if b, ok := below.(interface{ SetWriteBuffer(bytes int) error }); ok {
			_ = b.SetWriteBuffer(sendBuffer) // it is of use only
			break
		}
		n, ok := below.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		below = n.NetConn()
	}
	return &corkConn{Conn: c, timeout: timeout}
}

func (c *corkConn) Read(p []byte) (int, error) {
	c.readMu.Lock()
	if c.readChanged {
		if err := c.Conn.SetReadDeadline(c.readBy); err != nil {
			c.readMu.Unlock()
			return 0, err
		}
		c.readChanged = false
	}
	c.reading = true
	c.readMu.Unlock()
	n, err := c.Conn.Read(p)
	c.readMu.Lock()
	c.reading = false
	c.readMu.Unlock()
	c.life.Add(int64(n))
	return n, err
}

// SetReadDeadline implements net.Conn.
func (c *corkConn) SetReadDeadline(t time.Time) error {
	c.readMu.Lock()
	defer c.readMu.Unlock()
	c.readBy, c.readChanged = t, !c.reading
	if c.reading {
		return c.Conn.SetReadDeadline(t)
	}
	return nil
}

// NetConn is the connection below.
func (c *corkConn) NetConn() net.Conn { return c.Conn }

func (c *corkConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.corked && len(c.held)+len(p) <= corkLimit {
		c.held = append(c.held, p...)
		return len(p), nil
	}
	if err := c.flush(); err != nil {
		return 0, err
	}
	return c.out(p)
}

// Cork holds back the following writes until Uncork, or until there are many.
func (c *corkConn) Cork() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.corked = true
}

// Uncork writes what was held back.
func (c *corkConn) Uncork() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.corked = false
	return c.flush()
}

// Close writes what is held back, for at most a second, and closes the connection.
// A Write that is under way is broken off.
func (c *corkConn) Close() error {
	// Without the lock a write is blocked on the network; then nothing more will
	// get through.
	if c.mu.TryLock() {
		c.corked = false
		if len(c.held) > 0 {
			_ = c.SetWriteDeadline(time.Now().Add(time.Second))
			_ = c.flush()
		}
		c.mu.Unlock()
	}
	return c.Conn.Close()
}

// SetDeadline implements net.Conn.
func (c *corkConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetWriteDeadline implements net.Conn.
func (c *corkConn) SetWriteDeadline(t time.Time) error {
	c.ownDeadline.Store(!t.IsZero())
	return c.Conn.SetWriteDeadline(t)
}

// flush needs the lock.
func (c *corkConn) flush() error {
	if len(c.held) == 0 {
		return nil
	}
	_, err := c.out(c.held)
	c.held = c.held[:0]
	return err
}

// out needs the lock.
func (c *corkConn) out(p []byte) (n int, err error) {
	c.networkWrites++
	for {
		own := c.ownDeadline.Load()
		began := time.Now()
		if !own {
			if err := c.Conn.SetWriteDeadline(began.Add(c.timeout)); err != nil {
				return n, err
			}
		}
		some, err := c.Conn.Write(p[n:])
		n += some
		if some > 0 && time.Since(began) >= longWrite {
			c.life.Add(1)
		}
		if own || some == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
}

// corkListener hands out corkConns.
type corkListener struct {
	net.Listener
	timeout time.Duration
}

func (l corkListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newCorkConn(c, l.timeout), nil
}

// tlsListener hands out connections with TLS above the cork while there is a certificate.
// The handshake is made by package net/http, within its time for heads.
type tlsListener struct {
	corkListener
	keeper *atomic.Pointer[tlsfiles.Keeper]
}

func (l *tlsListener) Accept() (net.Conn, error) {
	c, err := l.corkListener.Accept()
	if err != nil {
		return nil, err
	}
	if k := l.keeper.Load(); k != nil {
		return tls.Server(c, k.Server()), nil
	}
	return c, nil
}

// Package inbound bounds the connections that others open to the program's listeners,
// so that enough file descriptors are left for what the program opens itself.
//
// It knows no protocol beyond the states that net/http gives its connections.
package inbound

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// freshFor is how long a connection is spared after it was opened, or after a
	// request: its next one may be on the way.
	freshFor = time.Second
	// logPause is the least time between two log lines.
	logPause = time.Minute
	// refusalTime bounds the writing of a refusal.
	refusalTime = time.Second
)

// refusal is the answer to a connection that is too many.
const refusal = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

// Pool counts the open connections of one or several listeners. When the pool is full,
// a new connection takes the place of the one that has been idle for the longest time.
// When none is idle, the new connection is answered with status 503 and closed. It is
// safe for concurrent use.
type Pool struct {
	most  int
	log   *slog.Logger
	start time.Time // the times of the connections count from here

	refused, evicted atomic.Uint64

	mu     sync.Mutex // guards what follows
	open   map[*conn]struct{}
	told   time.Duration // of the last log line; 0: none
	untold uint64        // connections refused since
}

// NewPool returns a pool of at most most connections. log may be nil.
func NewPool(most int, log *slog.Logger) *Pool {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	// One second ahead, so that no connection is opened at 0, which means busy.
	return &Pool{most: most, log: log, start: time.Now().Add(-time.Second), open: map[*conn]struct{}{}}
}

// Stats are the numbers of a Pool.
type Stats struct {
	Open, Most int
	Refused    uint64 // connections that were too many
	Evicted    uint64 // idle connections that were closed for new ones
}

// Stats returns the numbers of the pool.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{Open: len(p.open), Most: p.most, Refused: p.refused.Load(), Evicted: p.evicted.Load()}
}

// Listener returns a listener that counts the connections of ln.
func (p *Pool) Listener(ln net.Listener) net.Listener { return &listener{ln, p} }

// ConnState notes which connections are idle. Set it as http.Server.ConnState.
func (p *Pool) ConnState(c net.Conn, state http.ConnState) {
	for {
		switch own := c.(type) {
		case *conn:
			if state == http.StateIdle {
				own.idle.Store(int64(time.Since(p.start)))
			} else if state != http.StateNew {
				own.idle.Store(0)
			}
			return
		case interface{ NetConn() net.Conn }:
			c = own.NetConn()
		default:
			return
		}
	}
}

// listener is a listener of a pool.
type listener struct {
	net.Listener
	pool *Pool
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if own := l.pool.enter(c); own != nil {
			return own, nil
		}
		l.pool.refuse(c)
	}
}

// enter counts a connection, in the place of an idle one when it has to be; nil when
// there is no room.
func (p *Pool) enter(c net.Conn) *conn {
	now := time.Since(p.start)
	own := &conn{Conn: c, pool: p}
	own.idle.Store(int64(now))
	var oldest *conn
	p.mu.Lock()
	if len(p.open) >= p.most {
		since := int64(now - freshFor)
		for c := range p.open {
			if idle := c.idle.Load(); idle != 0 && idle <= since {
				oldest, since = c, idle
			}
		}
		if oldest == nil {
			p.mu.Unlock()
			return nil
		}
		delete(p.open, oldest)
	}
	p.open[own] = struct{}{}
	p.mu.Unlock()
	if oldest != nil {
		p.evicted.Add(1)
		_ = oldest.Close()
	}
	return own
}

// refuse answers and closes a connection that is too many.
func (p *Pool) refuse(c net.Conn) {
	p.refused.Add(1)
	if c.SetWriteDeadline(time.Now().Add(refusalTime)) == nil {
		_, _ = c.Write([]byte(refusal)) // it is closed either way
	}
	_ = c.Close()
	now := time.Since(p.start)
	p.mu.Lock()
	p.untold++
	n := p.untold
	tell := p.told == 0 || now-p.told >= logPause
	if tell {
		p.told, p.untold = now, 0
	}
	p.mu.Unlock()
	if tell {
		p.log.Warn("connections refused: too many are open", "refused", n, "open", p.most, "last_from", c.RemoteAddr().String())
	}
}

// conn is a counted connection.
type conn struct {
	net.Conn
	pool *Pool
	idle atomic.Int64 // since when, from the pool's start; 0 while it is busy
}

// NetConn is the connection below.
func (c *conn) NetConn() net.Conn { return c.Conn }

// Close implements net.Conn.
func (c *conn) Close() error {
	c.pool.mu.Lock()
	delete(c.pool.open, c)
	c.pool.mu.Unlock()
	return c.Conn.Close()
}

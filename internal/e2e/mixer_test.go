package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"

	"libration/ntqq"
)

// mixer is a network that hands on the server's next frames in another order.
type mixer struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu    sync.Mutex
	order []int
}

// mix lets the next frames come in an order: each number is the place of a frame
// among the next ones. A number that comes twice is a duplicate, one that is left
// out a loss.
func (m *mixer) mix(order ...int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.order = order
}

// through makes an account use the mixer.
func (m *mixer) through(o *ntqq.Options) {
	m.dial = o.Dial
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		nc, err := m.dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &mixedConn{Conn: nc, m: m}, nil
	}
}

type mixedConn struct {
	net.Conn
	m     *mixer
	ready bytes.Buffer
	kept  [][]byte
}

// Read is for one goroutine.
func (c *mixedConn) Read(b []byte) (int, error) {
	for c.ready.Len() == 0 {
		frame, err := c.frame()
		if err != nil {
			return 0, err
		}
		c.m.mu.Lock()
		most := -1
		for _, n := range c.m.order {
			most = max(most, n)
		}
		if most < 0 {
			c.ready.Write(frame)
		} else if c.kept = append(c.kept, frame); len(c.kept) > most {
			for _, n := range c.m.order {
				c.ready.Write(c.kept[n])
			}
			c.m.order, c.kept = nil, nil
		}
		c.m.mu.Unlock()
	}
	return c.ready.Read(b)
}

// frame reads one frame; its length word counts itself.
func (c *mixedConn) frame() ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(c.Conn, head); err != nil {
		return nil, err
	}
	frame := make([]byte, binary.BigEndian.Uint32(head))
	copy(frame, head)
	_, err := io.ReadFull(c.Conn, frame[4:])
	return frame, err
}

// mixed returns an account behind a mixer, online.
func (s *service) mixed(t *testing.T, change ...func(*ntqq.Options)) (*account, *mixer) {
	t.Helper()
	m := &mixer{}
	a := s.account(t, nil, append(change, m.through)...)
	a.until(ntqq.Online)
	return a, m
}

package transport

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// tcpPair is a corkConn and its peer.
func tcpPair(t testing.TB) (*corkConn, net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	peer, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); peer.Close() })
	return newCorkConn(c, 200*time.Millisecond), peer
}

func wantRead(t *testing.T, c net.Conn, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
		t.Errorf("got %.40q, %v, want %.40q", b, err, want)
	}
}

func TestCork(t *testing.T) {
	c, peer := tcpPair(t)
	write := func(s string) {
		t.Helper()
		if n, err := c.Write([]byte(s)); err != nil || n != len(s) {
			t.Fatalf("write: got %d, %v", n, err)
		}
	}
	write("a")
	wantRead(t, peer, "a")
	c.Cork()
	write("b")
	write("c")
	if c.networkWrites != 1 {
		t.Errorf("corked: got %d writes to the network, want 1", c.networkWrites)
	}
	if err := c.Uncork(); err != nil {
		t.Fatal(err)
	}
	wantRead(t, peer, "bc")
	write("d")
	wantRead(t, peer, "d")
	if c.networkWrites != 3 {
		t.Errorf("got %d writes to the network, want 3", c.networkWrites)
	}
	// More than the limit does not wait, and keeps the order.
	big := strings.Repeat("x", corkLimit)
	c.Cork()
	write("e")
	write(big)
	wantRead(t, peer, "e"+big)
	write("f")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	wantRead(t, peer, "f") // what was held back leaves before the connection closes
	if _, err := peer.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("after Close: got %v, want EOF", err)
	}
	if _, err := c.Write([]byte("g")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write after Close: got %v", err)
	}
}

func TestCorkDeadline(t *testing.T) {
	c, peer := tcpPair(t)
	chunk := make([]byte, 1<<20)
	var err error
	for i := 0; err == nil && i < 100; i++ {
		_, err = c.Write(chunk)
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("peer that does not read: got %v, want a deadline error", err)
	}
	// Close does not wait for what cannot be written.
	c.Cork()
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("Close took %v", took)
	}
	_ = peer

	// A deadline of the caller stays.
	c, _ = tcpPair(t)
	if err := c.SetWriteDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("own deadline: got %v", err)
	}
	if err := c.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("x")); err != nil {
		t.Errorf("deadline removed: got %v", err)
	}
}

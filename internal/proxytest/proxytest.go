// Package proxytest is a proxy for tests: SOCKS5 and HTTP CONNECT on one port of this
// machine. It notes what it is asked for, and leads every host to where the test says.
package proxytest

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Server is a proxy that runs.
type Server struct {
	// Address is its host:port.
	Address string
	// User and Password are what it wants; "" for nothing.
	User, Password string

	to      map[string]string
	mu      sync.Mutex // guards what follows
	refuse  string
	asked   []string
	conns   map[net.Conn]bool
	ln      net.Listener
	serving sync.WaitGroup
}

// Start starts a proxy that wants user and password, where they are not "". A host, or a
// host:port, is led to what to has for it; what it has not is refused.
func Start(t *testing.T, user, password string, to map[string]string) *Server {
	t.Helper()
	s := &Server{User: user, Password: password, to: to, conns: make(map[net.Conn]bool), Address: "127.0.0.1:0"}
	s.Up(t)
	t.Cleanup(s.Down)
	return s
}

// URL is what a configuration has for the proxy; scheme is "socks5" or "http".
func (s *Server) URL(scheme string) string {
	if s.User == "" {
		return scheme + "://" + s.Address
	}
	return scheme + "://" + s.User + ":" + s.Password + "@" + s.Address
}

// Up has it listen, at the same address as before.
func (s *Server) Up(t *testing.T) {
	t.Helper()
	ln, err := net.Listen("tcp", s.Address)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.ln, s.Address = ln, ln.Addr().String()
	s.mu.Unlock()
	s.serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s.serving.Go(func() { s.serve(c) })
		}
	})
}

// Down ends it with all its connections.
func (s *Server) Down() {
	s.mu.Lock()
	s.ln.Close()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.serving.Wait()
}

// Refuse has it make no connection to this host:port; "" for all that it knows.
func (s *Server) Refuse(target string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = target
}

// Asked returns each host:port that it was asked for, in order.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *Server) keep(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = true
}

func (s *Server) serve(c net.Conn) {
	s.keep(c)
	defer c.Close()
	r := bufio.NewReader(c)
	first, err := r.Peek(1)
	if err != nil {
		return
	}
	var out net.Conn
	if first[0] == 5 {
		out, err = s.socks(c, r)
	} else {
		out, err = s.connect(c, r)
	}
	if err != nil || out == nil {
		return
	}
	s.keep(out)
	s.serving.Go(func() {
		_, _ = io.Copy(out, r)
		_ = out.(*net.TCPConn).CloseWrite()
	})
	_, _ = io.Copy(c, out)
	out.Close()
}

// dial connects to what is asked for.
func (s *Server) dial(target string) (net.Conn, error) {
	s.mu.Lock()
	s.asked = append(s.asked, target)
	refused := s.refuse == target
	s.mu.Unlock()
	host, port, err := net.SplitHostPort(target)
	if err != nil || refused {
		return nil, errors.New("refused")
	}
	address := s.to[target]
	if address == "" && s.to[host] != "" {
		address = net.JoinHostPort(s.to[host], port)
	}
	if address == "" {
		return nil, errors.New("unknown")
	}
	var d net.Dialer
	return d.DialContext(context.Background(), "tcp", address)
}

func (s *Server) socks(c net.Conn, r *bufio.Reader) (net.Conn, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	methods := make([]byte, head[1])
	if _, err := io.ReadFull(r, methods); err != nil {
		return nil, err
	}
	method := byte(0)
	if s.User != "" {
		method = 2
	}
	if !slices.Contains(methods, method) {
		_, err := c.Write([]byte{5, 0xff})
		return nil, err
	}
	if _, err := c.Write([]byte{5, method}); err != nil {
		return nil, err
	}
	if method == 2 {
		if version, _ := r.ReadByte(); version != 1 {
			return nil, errors.New("version")
		}
		user, err := counted(r)
		if err != nil {
			return nil, err
		}
		password, err := counted(r)
		if err != nil {
			return nil, err
		}
		if user != s.User || password != s.Password {
			_, err := c.Write([]byte{1, 1})
			return nil, err
		}
		if _, err := c.Write([]byte{1, 0}); err != nil {
			return nil, err
		}
	}
	var request [4]byte
	if _, err := io.ReadFull(r, request[:]); err != nil {
		return nil, err
	}
	var host string
	switch request[3] {
	case 1, 4:
		ip := make(net.IP, map[byte]int{1: 4, 4: 16}[request[3]])
		if _, err := io.ReadFull(r, ip); err != nil {
			return nil, err
		}
		host = ip.String()
	case 3:
		name, err := counted(r)
		if err != nil {
			return nil, err
		}
		host = name
	}
	var port [2]byte
	if _, err := io.ReadFull(r, port[:]); err != nil {
		return nil, err
	}
	out, err := s.dial(net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(port[:])))))
	reply := []byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	if err != nil {
		reply[1] = 4 // host unreachable
	}
	_, err = c.Write(reply)
	return out, err
}

// counted reads a length and as many bytes.
func counted(r *bufio.Reader) (string, error) {
	n, err := r.ReadByte()
	if err != nil {
		return "", err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r, b)
	return string(b), err
}

func (s *Server) connect(c net.Conn, r *bufio.Reader) (net.Conn, error) {
	request, err := http.ReadRequest(r)
	if err != nil {
		return nil, err
	}
	say := func(status string) error {
		_, err := io.WriteString(c, "HTTP/1.1 "+status+"\r\n\r\n")
		return err
	}
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(s.User+":"+s.Password))
	switch {
	case request.Method != http.MethodConnect || strings.Contains(request.RequestURI, "/"):
		return nil, say("405 no")
	case s.User != "" && request.Header.Get("Proxy-Authorization") != want:
		return nil, say("407 who are you, hunter2?")
	}
	out, err := s.dial(request.RequestURI)
	if err != nil {
		return nil, say("502 no")
	}
	return out, say("200 fine")
}

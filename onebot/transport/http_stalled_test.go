package transport

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestHTTPStalledBodies(t *testing.T) {
	b, _ := newOneBot(t)
	h, err := NewHTTP(b, HTTPOptions{Address: "127.0.0.1:0"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.time.read = 200 * time.Millisecond
	start(t, h)
	root := "http://" + h.Addr().String()
	stalled := make([]net.Conn, 2*MaxConcurrent)
	for i := range stalled {
		c, err := net.Dial("tcp", h.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		length := 100
		if i%2 == 0 {
			length = smallBody + 1
		}
		fmt.Fprintf(c, "POST /get_login_info HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{", length)
		stalled[i] = c
	}
	if resp, _ := ask(t, "POST", root+"/get_login_info", map[string]string{"Content-Type": jsonType}, strings.NewReader("{}")); resp.StatusCode != 200 {
		t.Errorf("while others stall: got %d, want 200", resp.StatusCode)
	}
	for i, c := range stalled {
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		head := make([]byte, 12)
		if _, err := io.ReadFull(c, head); err != nil || string(head) != "HTTP/1.1 408" {
			t.Errorf("stalled %d: got %q, %v, want status 408", i, head, err)
		}
	}
}

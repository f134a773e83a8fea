package transport

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/gateway"
	"libration/onebot"
)

// slowest calls get_status n times and returns the slowest.
func slowest(t *testing.T, root string, n int) time.Duration {
	t.Helper()
	var most time.Duration
	for range n {
		began := time.Now()
		if resp, body := ask(t, "GET", root+"/get_status", nil, nil); resp.StatusCode != 200 {
			t.Fatalf("get_status: got %d %s", resp.StatusCode, body)
		}
		most = max(most, time.Since(began))
	}
	return most
}

// TestHTTPSlowBodies: callers who stall, or send a byte now and then, hold up nobody
// and do not last, whatever they announce.
func TestHTTPSlowBodies(t *testing.T) {
	b, _ := newOneBot(t)
	h, err := NewHTTP(b.Dialect, HTTPOptions{Address: "127.0.0.1:0"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.time.read = 700 * time.Millisecond
	start(t, h)
	root := "http://" + h.Addr().String()
	const head = "POST /send_group_msg HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
	began := time.Now()
	trickle, stop := context.WithCancel(t.Context())
	defer stop()
	slow := make([]net.Conn, 3*MaxConcurrent)
	for i := range slow {
		c, err := net.Dial("tcp", h.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		slow[i] = c
		piece := "1\r\n \r\n" // of a chunked body
		switch i % 3 {
		case 0:
			fmt.Fprint(c, head+"Content-Length: 100\r\n\r\n{")
			piece = " "
		case 1: // what comes is enough to count as large
			fmt.Fprintf(c, head+"Content-Length: %d\r\n\r\n{%s", gateway.MaxRequest, strings.Repeat(" ", 80<<10))
			piece = " "
		case 2:
			fmt.Fprint(c, head+"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
		}
		go func() {
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					if _, err := io.WriteString(c, piece); err != nil {
						return
					}
				case <-trickle.Done():
					return
				}
			}
		}()
	}
	latency := slowest(t, root, 20)
	t.Logf("get_status while %d bodies trickle: at most %v", len(slow), latency)
	if latency > 500*time.Millisecond {
		t.Errorf("get_status took %v", latency)
	}
	if resp, body := ask(t, "POST", root+"/send_group_msg", map[string]string{"Content-Type": jsonType},
		strings.NewReader(`{"group_id":5,"message":"through"}`)); resp.StatusCode != 200 {
		t.Errorf("a send while they trickle: got %d %s", resp.StatusCode, body)
	}
	statuses := map[string]int{}
	for _, c := range slow {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		answer := make([]byte, 12)
		if _, err := io.ReadFull(c, answer); err != nil {
			answer = []byte("reset")
		}
		statuses[string(answer)]++
	}
	t.Logf("after %v: %v", time.Since(began), statuses)
	if n := statuses["HTTP/1.1 408"]; n < 2*len(slow)/3 || n+statuses["HTTP/1.1 503"]+statuses["reset"] != len(slow) {
		t.Errorf("got %v, want 408 for all, or 503 for the large ones", statuses)
	}
	eventually(t, "their part of the budget", func() bool { return b.Stats().RequestBytes == 0 })
}

// TestUnansweredSends: sends that the server does not answer hold up neither lookups
// nor what is answered from memory, by HTTP and on a WebSocket; and what waits for
// them is bounded.
func TestUnansweredSends(t *testing.T) {
	root, h, client := startHTTP(t, HTTPOptions{}, nil)
	ws, err := NewWebSocket(h.dialect.(gateway.Talker), WebSocketOptions{Address: "127.0.0.1:0"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	start(t, ws)
	release := make(chan struct{})
	var sending atomic.Int32
	client.send = func() {
		sending.Add(1)
		<-release
	}
	c := mustConnect(t, "ws://"+ws.Addr().String()+"/api")
	const params = `{"group_id":5,"message":"x","message_id":1}`
	json := map[string]string{"Content-Type": jsonType}
	var callers sync.WaitGroup
	defer callers.Wait()
	defer close(release)
	for range MaxConcurrent + maxWaiting {
		callers.Go(func() { ask(t, "POST", root+"/send_group_msg", json, strings.NewReader(params)) })
	}
	for range MaxConcurrent + 10 {
		send(t, c, websocket.MessageText, `{"action":"send_group_msg","params":`+params+`}`)
	}
	eventually(t, "all places taken", func() bool {
		return sending.Load() == 2*MaxConcurrent && h.lanes.waiting[onebot.Sends].Load() == maxWaiting
	})
	latency := slowest(t, root, 20)
	t.Logf("get_status while sends hang: at most %v", latency)
	if latency > 500*time.Millisecond {
		t.Errorf("get_status took %v", latency)
	}
	for _, action := range []string{"get_status", "get_login_info", "get_version_info", "get_msg", "get_group_info", "send_group_msg_async"} {
		began := time.Now()
		send(t, c, websocket.MessageText, `{"action":"`+action+`","params":`+params+`,"echo":"`+action+`"}`)
		if m := next(t, c); m["echo"] != action {
			t.Errorf("got %v", m)
		}
		t.Logf("%s on the WebSocket took %v", action, time.Since(began))
		if resp, text := ask(t, "POST", root+"/"+action, json, strings.NewReader(params)); resp.StatusCode != 200 {
			t.Errorf("%s by HTTP: got %d %s", action, resp.StatusCode, text)
		}
	}
	resp, text := ask(t, "POST", root+"/send_group_msg", json, strings.NewReader(params))
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(text, `"retcode":1503`) {
		t.Errorf("one more: got %d %s", resp.StatusCode, text)
	}
}

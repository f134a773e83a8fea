package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/ntqq/message"
)

func TestWebSocketMessageLimit(t *testing.T) {
	root, _, _, _ := startWebSocket(t, WebSocketOptions{MaxMessage: 1000}, nil, nil)
	ws := mustConnect(t, root+"/api")
	send(t, ws, websocket.MessageText, `{"action":"get_login_info","echo":"`+strings.Repeat("x", 900)+`"}`)
	next(t, ws)
	send(t, ws, websocket.MessageText, strings.Repeat("x", 2000))
	if _, _, err := ws.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("got %v, want close code 1009", err)
	}
}

// A subscriber that takes nothing is cut off with a reason, and disturbs nobody.
func TestWebSocketSlowSubscriber(t *testing.T) {
	var log logBuffer
	root, _, b, _ := startWebSocket(t, WebSocketOptions{}, log.logger(), nil)
	slow, fast := mustConnect(t, root), mustConnect(t, root)
	wantLifecycle(t, slow)
	wantLifecycle(t, fast)
	for text := strings.Repeat("x", 200<<10); !strings.Contains(log.String(), "event subscribers cut off"); {
		publish(b, text)
		next(t, fast)
	}
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		_, _, err := slow.Read(ctx)
		cancel()
		if err == nil {
			continue
		}
		var closed websocket.CloseError
		if !errors.As(err, &closed) || closed.Code != websocket.StatusTryAgainLater || !strings.Contains(closed.Reason, "slow") {
			t.Errorf("got %v, want close code 1013 with a reason", err)
		}
		break
	}
	eventually(t, "the log line", func() bool { return strings.Contains(log.String(), "reads events too slowly") })
	// The other connection is not disturbed.
	send(t, fast, websocket.MessageText, `{"action":"get_login_info","echo":"still here"}`)
	if m := next(t, fast); m["echo"] != "still here" {
		t.Errorf("other connection: got %v", m)
	}
}

// A peer that takes nothing is dropped after the write deadline.
func TestWebSocketWriteDeadline(t *testing.T) {
	var log logBuffer
	root, _, b, _ := startWebSocket(t, WebSocketOptions{}, log.logger(),
		func(s *WebSocket) { s.time.write = 100 * time.Millisecond })
	mustConnect(t, root)
	eventually(t, "the connection", func() bool { return strings.Contains(log.String(), "client connected") })
	text := strings.Repeat("x", 1<<20)
	eventually(t, "the end of the connection", func() bool {
		if strings.Contains(log.String(), "did not take anything") {
			return true
		}
		publish(b, text)
		return false
	})
}

// rawUpgrade opens a WebSocket by hand: a peer that never answers anything.
func rawUpgrade(t *testing.T, root string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(root, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	fmt.Fprint(c, "GET /api HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	head := make([]byte, 12)
	if _, err := io.ReadFull(c, head); err != nil || string(head) != "HTTP/1.1 101" {
		t.Fatalf("got %q, %v", head, err)
	}
	return c
}

func TestWebSocketPings(t *testing.T) {
	var log logBuffer
	root, _, _, _ := startWebSocket(t, WebSocketOptions{}, log.logger(), func(s *WebSocket) {
		s.time.ping, s.time.pong = 20*time.Millisecond, 200*time.Millisecond
	})
	silent := rawUpgrade(t, root)
	ws := mustConnect(t, root+"/api")
	answering := make(chan error, 1)
	go func() {
		_, _, err := ws.Read(context.Background()) // answers pings
		answering <- err
	}()
	if _, err := io.Copy(io.Discard, silent); err != nil {
		t.Logf("silent peer: %v", err)
	}
	eventually(t, "the log line", func() bool { return strings.Contains(log.String(), "no sign of life") })
	select {
	case err := <-answering:
		t.Fatalf("the answering peer was dropped: %v", err)
	default:
	}
	// The service answers pings, too.
	if err := ws.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
}

func TestWebSocketClose(t *testing.T) {
	var log logBuffer
	root, _, _, client := startWebSocket(t, WebSocketOptions{}, log.logger(), nil)
	ws := mustConnect(t, root)
	wantLifecycle(t, ws)
	began := time.Now()
	if err := ws.Close(4000, "bye"); err != nil {
		t.Errorf("close handshake: %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("close took %v", took)
	}
	eventually(t, "the log line", func() bool { return strings.Contains(log.String(), "closed by the peer with code 4000: bye") })

	// A request of a client that is gone is carried out all the same.
	ws = mustConnect(t, root+"/api")
	send(t, ws, websocket.MessageText, `{"action":"send_group_msg","params":{"group_id":5,"message":"last words"}}`)
	_ = ws.CloseNow()
	eventually(t, "the message", func() bool { return strings.Contains(client.noted(), "last words") })
}

func TestWebSocketStop(t *testing.T) {
	b, client := newOneBot(t)
	s, err := NewWebSocket(b.Dialect, WebSocketOptions{Address: "127.0.0.1:0"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.time.drain = 500 * time.Millisecond
	stop := start(t, s)
	root := "ws://" + s.Addr().String()
	entered, release, end := make(chan struct{}, 2), make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(end) })
	client.user = func(uin message.UIN) {
		entered <- struct{}{}
		if uin == 1 {
			<-release
		} else {
			<-end
		}
	}
	ending, hanging := mustConnect(t, root+"/api"), mustConnect(t, root)
	wantLifecycle(t, hanging)
	silent := rawUpgrade(t, root)
	send(t, ending, websocket.MessageText, `{"action":"get_stranger_info","params":{"user_id":1},"echo":1}`)
	send(t, hanging, websocket.MessageText, `{"action":"get_stranger_info","params":{"user_id":2},"echo":2}`)
	<-entered
	<-entered
	stopped := make(chan time.Duration, 1)
	go func() { stopped <- stop() }()
	eventually(t, "the port to be closed", func() bool {
		c, err := net.Dial("tcp", strings.TrimPrefix(root, "ws://"))
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	close(release)
	for i, ws := range []*websocket.Conn{ending, hanging} {
		m := next(t, ws)
		if want := []string{"ok", "failed"}[i]; m["echo"] != float64(i+1) || m["status"] != want {
			t.Errorf("connection %d: got %v, want the response %s", i, m, want)
		}
		if _, _, err := ws.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
			t.Errorf("connection %d: got %v, want close code 1001", i, err)
		}
	}
	_, _ = io.Copy(io.Discard, silent)
	if took := <-stopped; took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

// Pings and the close handshake work while events are being written in batches.
func TestWebSocketCloseWhileEventsFlow(t *testing.T) {
	var log logBuffer
	root, _, b, _ := startWebSocket(t, WebSocketOptions{}, log.logger(), nil)
	for i := range 10 {
		ws := mustConnect(t, root)
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				default:
					publish(b, "x")
				}
			}
		}()
		var reading sync.WaitGroup
		reading.Go(func() {
			for {
				if _, _, err := ws.Read(context.Background()); err != nil {
					return
				}
			}
		})
		if err := ws.Ping(t.Context()); err != nil {
			t.Errorf("ping: %v", err)
		}
		if err := ws.Close(4001, "enough"); err != nil {
			t.Errorf("close handshake: %v", err)
		}
		close(stop)
		<-stopped
		reading.Wait()
		eventually(t, "the reason in the log", func() bool {
			return strings.Count(log.String(), "closed by the peer with code 4001: enough") == i+1
		})
	}
}

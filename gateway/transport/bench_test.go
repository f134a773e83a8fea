package transport

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/gateway"
	"libration/ntqq/event"
)

// drainBytes reads with as little work as possible, so that the benchmark measures
// the writer.
func drainBytes(c io.Reader, n int64) error {
	_, err := io.CopyN(io.Discard, c, n)
	return err
}

// firstEvent takes an event that is there already.
func firstEvent(b *testing.B, sub *gateway.Subscription) []byte {
	b.Helper()
	<-sub.Ready()
	events, err := sub.Take(nil, 1)
	if err != nil || len(events) == 0 {
		b.Fatalf("no event: %v", err)
	}
	return events[0]
}

// BenchmarkEvents sends small group messages to one WebSocket client, encoding
// included.
func BenchmarkEvents(b *testing.B) {
	benchmarkEvents(b, func(t testing.TB) *bot {
		return newBot(newFakeClient(t), gateway.Options{})
	}, WebSocketOptions{Address: "127.0.0.1:0"})
}

// BenchmarkJournaledEvents does so by way of a journal on disk.
func BenchmarkJournaledEvents(b *testing.B) {
	benchmarkEvents(b, func(t testing.TB) *bot {
		service, _, _ := newJournaled(t)
		return service
	}, WebSocketOptions{Address: "127.0.0.1:0", Journal: JournalOptions{Window: time.Hour}})
}

func benchmarkEvents(b *testing.B, newService func(testing.TB) *bot, o WebSocketOptions) {
	for _, bm := range []struct {
		name  string
		burst int // events handed over before waiting for the client
	}{{"one-at-a-time", 1}, {"burst-16", 16}, {"burst-1024", 1024}} {
		b.Run(bm.name, func(b *testing.B) {
			service := newService(b)
			s, err := NewWebSocket(service.Dialect, o, nil)
			if err != nil {
				b.Fatal(err)
			}
			start(b, s)
			c, err := net.Dial("tcp", s.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			fmt.Fprint(c, "GET /event HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
			head := make([]byte, 4096)
			if _, err := c.Read(head); err != nil {
				b.Fatal(err)
			}
			_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			_, _ = io.Copy(io.Discard, c) // the lifecycle event
			_ = c.SetReadDeadline(time.Time{})

			e := &event.Message{Message: groupMessage(5, "hello, world")}
			sub := service.Gateway.Subscribe(gateway.Selection{})
			service.Handle(b.Context(), e)
			frame := int64(len(firstEvent(b, sub))) + 4
			sub.Close()
			if err := drainBytes(c, frame); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for sent := 0; sent < b.N; {
				n := min(bm.burst, b.N-sent)
				for range n {
					service.Handle(context.Background(), e)
				}
				if err := drainBytes(c, int64(n)*frame); err != nil {
					b.Fatal(err)
				}
				sent += n
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
		})
	}
}

// BenchmarkFrameWrites compares the WebSocket library alone with corked writes.
func BenchmarkFrameWrites(b *testing.B) {
	frame := []byte(strings.Repeat("x", 400))
	for _, batch := range []int{1, 2, 16, 256} {
		b.Run(fmt.Sprintf("batch-%d", batch), func(b *testing.B) {
			accepted := make(chan *corkConn, 1)
			conns := make(chan *websocket.Conn, 1)
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			release := make(chan struct{})
			server := &http.Server{
				ConnContext: withConn, ReadHeaderTimeout: time.Minute,
				Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					ws, err := websocket.Accept(w, r, nil)
					if err != nil {
						return
					}
					accepted <- connOf(r.Context())
					conns <- ws
					<-release
				}),
			}
			go server.Serve(corkListener{ln, 15 * time.Second})
			defer server.Close()
			defer close(release)
			c, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
			go io.Copy(io.Discard, c)
			wire, ws := <-accepted, <-conns
			before := wire.networkWrites
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i += batch {
				if batch > 1 {
					wire.Cork()
				}
				for range min(batch, b.N-i) {
					if err := ws.Write(context.Background(), websocket.MessageText, frame); err != nil {
						b.Fatal(err)
					}
				}
				if batch > 1 {
					if err := wire.Uncork(); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(wire.networkWrites-before)/float64(b.N), "writes/op")
			_ = ws.CloseNow()
		})
	}
}

// BenchmarkHTTPActions calls a quick action over kept connections.
func BenchmarkHTTPActions(b *testing.B) {
	root, _, _ := startHTTP(b, HTTPOptions{AccessToken: "t"}, nil)
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, _ := http.NewRequest("POST", root+"/get_login_info", strings.NewReader("{}"))
			r.Header.Set("Authorization", "Bearer t")
			r.Header.Set("Content-Type", jsonType)
			resp, err := transport.RoundTrip(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "actions/s")
}

// BenchmarkWebSocketActions calls a quick action with 32 requests under way.
func BenchmarkWebSocketActions(b *testing.B) {
	root, _, _, _ := startWebSocket(b, WebSocketOptions{}, nil, nil)
	ws := mustConnect(b, root+"/api")
	request := []byte(`{"action":"get_login_info","params":{},"echo":"1"}`)
	tokens := make(chan struct{}, 32)
	b.ReportAllocs()
	b.ResetTimer()
	go func() {
		for range b.N {
			tokens <- struct{}{}
			if ws.Write(context.Background(), websocket.MessageText, request) != nil {
				return
			}
		}
	}()
	for range b.N {
		if _, _, err := ws.Read(context.Background()); err != nil {
			b.Fatal(err)
		}
		<-tokens
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "actions/s")
}

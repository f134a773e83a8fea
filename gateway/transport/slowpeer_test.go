package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"libration/gateway"
	"libration/internal/store"
	"libration/ntqq/message"
)

// TestWriteGoesOnWithProgress: the deadline of a write is for the peer to take
// something, however long the whole takes.
func TestWriteGoesOnWithProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := net.Pipe()
		defer peer.Close()
		c := newCorkConn(ours, 15*time.Second)
		defer c.Close()
		const steps = 20
		go func() {
			for range steps {
				time.Sleep(10 * time.Second)
				if _, err := io.ReadFull(peer, make([]byte, 100)); err != nil {
					t.Error(err)
				}
			}
		}()
		began := time.Now()
		n, err := c.Write(make([]byte, 100*steps+1))
		if n != 100*steps || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%d bytes written, %v, want %d and the deadline", n, err, 100*steps)
		}
		if took := time.Since(began); took < steps*10*time.Second || took > steps*10*time.Second+30*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestWriteBuffer: the system holds little, so that a slow peer that takes something is
// seen to.
func TestWriteBuffer(t *testing.T) {
	c, peer := tcpPair(t)
	_ = peer.(*net.TCPConn).SetReadBuffer(16 << 10)
	n, err := c.Write(make([]byte, 64<<20))
	if !errors.Is(err, os.ErrDeadlineExceeded) || n > 2<<20 {
		t.Errorf("%d bytes went to a peer that reads nothing, %v, want fewer", n, err)
	}
}

// slowly is a connection that takes so many bytes each 10 ms, or any.
type slowly struct {
	net.Conn
	rate atomic.Int64
}

func (c *slowly) Read(p []byte) (int, error) {
	if n := c.rate.Load(); n > 0 {
		time.Sleep(10 * time.Millisecond)
		p = p[:min(len(p), int(n))]
	}
	return c.Conn.Read(p)
}

// pipes is a listener of one connection in memory.
type pipes struct {
	conn chan net.Conn
	over chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conn:
		return c, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.over); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// pipeSession runs a session with a peer in memory; stop has it end, ended gets why it
// did.
func pipeSession(t *testing.T, b *bot, journal JournalOptions) (ws *websocket.Conn, peer *slowly, stop func(), ended <-chan error) {
	t.Helper()
	ours, theirs := net.Pipe()
	ln := &pipes{make(chan net.Conn, 1), make(chan struct{})}
	ln.conn <- ours
	peer = &slowly{Conn: theirs}
	ctx, cancel := context.WithCancel(t.Context())
	calls, cancelCalls := outlive(ctx, defaultTiming().drain)
	end := make(chan error, 1)
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ws, err := websocket.Accept(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			s := newSession(b.Dialect, (&logBuffer{}).logger(), ws, connOf(r.Context()), gateway.Line{Requests: true, Events: true}, MaxBody, defaultTiming())
			if s.feed, err = openFeed(b.Dialect, feedOptions{journal: journal}, nil); err != nil {
				t.Error(err)
			}
			var requests sync.WaitGroup
			end <- s.run(ctx, calls, &requests)
			requests.Wait()
		}),
		ConnContext: withConn,
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(corkListener{ln, defaultTiming().write})
	}()
	t.Cleanup(func() {
		cancel()
		cancelCalls()
		_ = theirs.Close()
		_ = server.Close()
		<-served
	})
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return peer, nil }}
	ws, _, err := websocket.Dial(t.Context(), "ws://bot", &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(-1)
	return ws, peer, cancel, end
}

// TestSlowPeerStays: one that takes 50 KB/s without pause gets an event that takes it
// two minutes, through several pings.
func TestSlowPeerStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newOneBot(t)
		ws, peer, _, ended := pipeSession(t, b, JournalOptions{})
		if _, _, err := ws.Read(t.Context()); err != nil { // the lifecycle event
			t.Fatal(err)
		}
		peer.rate.Store(500)
		began := time.Now()
		publish(b, strings.Repeat("x", 3<<20))
		_, frame, err := ws.Read(t.Context())
		if err != nil {
			t.Fatalf("after %v: %v, and the session ended with %v", time.Since(began), err, <-ended)
		}
		if took := time.Since(began); len(frame) < 6<<20 || took < 2*time.Minute {
			t.Errorf("%d bytes came in %v", len(frame), took)
		}
		_ = ws.CloseNow()
		<-ended
	})
}

// TestAnswersBeforeTheEnd: answers that come while a connection drains are written, also
// when more events come than the peer takes.
func TestAnswersBeforeTheEnd(t *testing.T) {
	for _, journal := range []JournalOptions{{}, someJournal} {
		t.Run(journal.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, client := newOneBot(t)
				if journal.Window > 0 {
					b, client, _ = newJournaled(t)
				}
				const requests = 20
				entered, release := make(chan struct{}, requests), make(chan struct{})
				client.user = func(message.UIN) {
					entered <- struct{}{}
					<-release
				}
				ws, peer, stop, ended := pipeSession(t, b, journal)
				for i := range requests {
					send(t, ws, websocket.MessageText, fmt.Sprintf(`{"action":"get_stranger_info","params":{"user_id":%d},"echo":"mine"}`, 100+i))
				}
				for range requests {
					<-entered
				}
				peer.rate.Store(10_000) // 1 MB/s
				over, flooded := make(chan struct{}), make(chan struct{})
				go func() { // 2 MB/s
					defer close(flooded)
					text := strings.Repeat("x", 20_000)
					for {
						select {
						case <-over:
							return
						case <-time.After(20 * time.Millisecond):
							publish(b, text)
						}
					}
				}()
				answers, closed := 0, make(chan error, 1)
				go func() {
					for {
						_, frame, err := ws.Read(t.Context())
						if err != nil {
							closed <- err
							return
						}
						if bytes.Contains(frame, []byte(`"echo":"mine"`)) {
							answers++
						}
					}
				}()
				time.Sleep(10 * time.Second)
				stop()
				time.Sleep(time.Second)
				close(release)
				if err := <-closed; websocket.CloseStatus(err) != websocket.StatusGoingAway || answers != requests {
					t.Errorf("%d of %d answers came, then %v", answers, requests, err)
				}
				<-ended
				close(over)
				<-flooded
			})
		})
	}
}

// unreadable is a store that cannot be read for a while, as during a repair.
type unreadable struct {
	*store.Store
	bad atomic.Bool
}

func (u *unreadable) Events(ctx context.Context, after int64, most int) ([]store.Event, error) {
	if u.bad.Load() {
		return nil, errors.New("the file is being repaired")
	}
	return u.Store.Events(ctx, after, most)
}

// TestSessionOutlivesARepair: it answers meanwhile, and no event is lost.
func TestSessionOutlivesARepair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "journal.db")})
		if err != nil {
			t.Fatal(err)
		}
		defer kept.Close()
		journal := &unreadable{Store: kept}
		b := newBot(newFakeClient(t), gateway.Options{Journal: journal})
		ws, _, _, ended := pipeSession(t, b, someJournal)
		read := func(want string) {
			t.Helper()
			if _, frame, err := ws.Read(t.Context()); err != nil || !bytes.Contains(frame, []byte(want)) {
				t.Fatalf("got %s, %v, want %s", frame, err, want)
			}
		}
		read("lifecycle")
		journal.bad.Store(true)
		publish(b, "said meanwhile")
		time.Sleep(10 * time.Second)
		send(t, ws, websocket.MessageText, `{"action":"get_status","echo":"mine"}`)
		read(`"echo":"mine"`)
		journal.bad.Store(false)
		read("said meanwhile")
		_ = ws.CloseNow()
		<-ended
	})
}

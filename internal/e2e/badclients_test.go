//go:build endurance && linux

package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/internal/tlsfiles/tlsfilestest"
	"libration/sandbox/world"
)

// How much the bad clients do.
const (
	badPhase    = 6 * time.Second
	badRequests = 10_000
	badGarbage  = 1 << 20
)

// latencies are how long something took, each time.
type latencies struct {
	mu  sync.Mutex
	all []time.Duration
}

func (m *latencies) add(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, d)
}

// take returns and forgets them.
func (m *latencies) take() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.all
	m.all = nil
	if len(all) == 0 {
		return "none"
	}
	slices.Sort(all)
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)) }
	return fmt.Sprintf("%d: %s / %s / %s ms", len(all), ms(all[len(all)/2]), ms(all[len(all)*99/100]), ms(all[len(all)-1]))
}

// goodClients call actions and get events all the time, by a connection each, and by new
// ones. None of them fails.
type goodClients struct {
	*built
	byHTTP, byTLS, byWebSocket, fresh latencies // from a request to its answer
	hook, pushed                      latencies // from a message to its event

	mu      sync.Mutex
	said    map[string]time.Time // messages, by their text
	hooked  int                  // events of the webhook
	told    int                  // events of the WebSocket
	sent    int
	refused int // new connections that got 503, and came again
}

// ServeHTTP is the bot of the webhook.
func (g *goodClients) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	w.WriteHeader(http.StatusNoContent)
	g.heard(b, &g.hook, &g.hooked)
}

func (g *goodClients) heard(frame []byte, into *latencies, count *int) {
	var e struct {
		Text string `json:"raw_message"`
	}
	if json.Unmarshal(frame, &e) != nil || e.Text == "" {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if want := fmt.Sprint("message ", *count); e.Text != want {
		g.t.Errorf("event %q, want %q", e.Text, want)
	}
	*count++
	into.add(time.Since(g.said[e.Text]))
}

// every calls f again and again until ctx ends.
func every(ctx context.Context, period time.Duration, f func()) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f()
		}
	}
}

// request asks for an action that needs no server; 0 is no answer.
func (g *goodClients) request(client *http.Client, root string) int {
	r, err := http.NewRequest("GET", root+"/get_login_info", nil)
	if err != nil {
		g.t.Error(err)
		return 0
	}
	r.Header.Set("Authorization", "Bearer "+bombToken)
	response, err := client.Do(r)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0
	}
	return response.StatusCode
}

// run does what needs no open WebSocket, until ctx ends.
func (g *goodClients) run(ctx context.Context, secure string, authority *tlsfilestest.Authority) {
	var working sync.WaitGroup
	defer working.Wait()
	for _, kept := range []struct {
		root string
		to   *latencies
	}{{"http://" + g.http, &g.byHTTP}, {"https://" + secure, &g.byTLS}} {
		web := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool()}}
		defer web.CloseIdleConnections()
		client := &http.Client{Transport: web, Timeout: processPatience}
		working.Go(func() {
			every(ctx, 20*time.Millisecond, func() {
				began := time.Now()
				if status := g.request(client, kept.root); status != 200 {
					g.t.Errorf("a kept connection to %s: status %d", kept.root, status)
				}
				kept.to.add(time.Since(began))
			})
		})
	}
	fresh := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: processPatience}
	working.Go(func() {
		every(ctx, 100*time.Millisecond, func() {
			began := time.Now()
			for g.request(fresh, "http://"+g.http) != 200 { // full: it comes again
				g.mu.Lock()
				g.refused++
				g.mu.Unlock()
				if time.Since(began) > processPatience || ctx.Err() != nil {
					g.t.Error("a new connection gets no answer")
					return
				}
				pause(ctx, 100*time.Millisecond)
			}
			g.fresh.add(time.Since(began))
		})
	})
	working.Go(func() {
		every(ctx, 50*time.Millisecond, func() {
			g.mu.Lock()
			text := fmt.Sprint("message ", g.sent)
			g.sent++
			g.said[text] = time.Now()
			g.mu.Unlock()
			g.box.World().Messages().Send(world.Send{From: alice, To: bot, Parts: world.Text(text)}, nil)
		})
	})
}

// open opens the WebSocket of a good client; its frames are read until the end.
func (g *goodClients) open(ctx context.Context) (call func(), closed <-chan struct{}) {
	ws, _, err := websocket.Dial(ctx, "ws://"+g.webSocket, &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + bombToken}}})
	if err != nil {
		g.t.Fatal(err)
	}
	ws.SetReadLimit(1 << 20)
	answers, ended := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			_, frame, err := ws.Read(ctx)
			if err != nil {
				if ctx.Err() == nil {
					g.t.Errorf("the good WebSocket ended: %v", err)
				}
				return
			}
			if bytes.Contains(frame, []byte(`"echo"`)) {
				answers <- struct{}{}
				continue
			}
			g.heard(frame, &g.pushed, &g.told)
		}
	}()
	return func() {
		began := time.Now()
		if err := ws.Write(ctx, websocket.MessageText, []byte(`{"action":"get_login_info","echo":1}`)); err != nil {
			return
		}
		select {
		case <-answers:
			g.byWebSocket.add(time.Since(began))
		case <-ctx.Done():
		}
	}, ended
}

// dials opens connections and has each say something, until ctx ends or n were opened.
// Those that are open stay so until then.
func dials(ctx context.Context, n int, address string, speak func(i int, c net.Conn)) {
	var all sync.WaitGroup
	defer all.Wait()
	d := net.Dialer{Timeout: 5 * time.Second}
	for i := range n {
		all.Go(func() {
			c, err := d.DialContext(ctx, "tcp", address)
			if err != nil {
				return
			}
			defer c.Close()
			defer context.AfterFunc(ctx, func() { _ = c.Close() })()
			speak(i, c)
		})
	}
}

// slowly writes a byte at a time until it fails.
func slowly(c net.Conn, text string) {
	for i := range len(text) {
		if _, err := io.WriteString(c, text[i:i+1]); err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	_, _ = io.Copy(io.Discard, c)
}

// upgrade is the handshake of a WebSocket.
func upgrade(host, token string) string {
	return "GET / HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + token + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
}

// TestBadClients: whatever strangers and broken bots do at the listeners, the session and
// the good clients go on. The figures are those of docs/reliability.md.
func TestBadClients(t *testing.T) {
	authority := tlsfilestest.NewAuthority(t)
	files := authority.Pair(t, "bot")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	secure := ln.Addr().String()
	g := &goodClients{said: map[string]time.Time{}}
	hook := httptest.NewServer(g)
	t.Cleanup(hook.Close)
	g.built = startBuiltWith(t, 0, fmt.Sprintf(`
    - {type: http, address: %q, access_token: %q, tls: {certificate: %q, key: %q}}
    - {type: webhook, url: %q}
`, secure, bombToken, files.Certificate, files.Key, hook.URL+"/hook"))
	_ = ln.Close()
	g.built.start()
	g.wait("the listener with TLS", func() bool {
		c, err := tls.Dial("tcp", secure, &tls.Config{RootCAs: authority.Pool()})
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})

	ctx, cancel := context.WithCancel(t.Context())
	call, closed := g.open(ctx)
	var good sync.WaitGroup
	good.Go(func() { g.run(ctx, secure, authority) })
	good.Go(func() { every(ctx, 20*time.Millisecond, call) })
	t.Cleanup(func() { cancel(); good.Wait(); <-closed })

	garbage := make([]byte, badGarbage)
	_, _ = rand.Read(garbage)
	head := "POST /send_group_msg HTTP/1.1\r\nHost: " + g.http + "\r\nContent-Type: application/json\r\n"
	token := "Authorization: Bearer " + bombToken + "\r\n"
	var answered atomic.Int64 // of the 10,000
	for _, phase := range []struct {
		name   string
		attack func(ctx context.Context)
	}{
		{"nobody", func(ctx context.Context) { <-ctx.Done() }},
		{"slow heads, 1,500", func(ctx context.Context) {
			dials(ctx, 1500, g.http, func(_ int, c net.Conn) { slowly(c, head+strings.Repeat("X-More: more\r\n", 100)) })
		}},
		{"slow bodies with the token, 300", func(ctx context.Context) {
			dials(ctx, 300, g.http, func(_ int, c net.Conn) {
				_, _ = io.WriteString(c, head+token+"Content-Length: 1000000\r\n\r\n")
				slowly(c, strings.Repeat("{", 1000))
			})
		}},
		{"TLS handshakes that stop, 500", func(ctx context.Context) {
			dials(ctx, 500, secure, func(_ int, c net.Conn) { slowly(c, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc") })
		}},
		{"half-open WebSockets, 300", func(ctx context.Context) {
			dials(ctx, 300, g.webSocket, func(i int, c net.Conn) {
				said := upgrade(g.webSocket, bombToken)
				if i%3 == 0 {
					said = said[:len(said)-2] // the head has no end
				}
				_, _ = io.WriteString(c, said)
				<-ctx.Done() // it reads nothing, and answers no ping
			})
		}},
		{"1 MiB of garbage, 300 times", func(ctx context.Context) {
			for i, address := range []string{g.http, g.webSocket, secure} {
				dials(ctx, 100, address, func(n int, c net.Conn) {
					if i == 1 && n%2 == 0 { // after the handshake
						_, _ = io.WriteString(c, upgrade(address, bombToken))
					}
					_, _ = c.Write(garbage)
					_, _ = io.Copy(io.Discard, c)
				})
			}
		}},
		{"10,000 requests at once", func(ctx context.Context) {
			dials(ctx, badRequests, g.http, func(_ int, c net.Conn) {
				_, _ = io.WriteString(c, "GET /get_login_info HTTP/1.1\r\nHost: "+g.http+"\r\n"+token+"Connection: close\r\n\r\n")
				if answer, _ := io.ReadAll(c); bytes.HasPrefix(answer, []byte("HTTP/1.1 ")) {
					answered.Add(1)
				}
			})
		}},
		{"wrong tokens, 64 connections", func(ctx context.Context) {
			dials(ctx, 64, g.http, func(_ int, c net.Conn) {
				for ctx.Err() == nil {
					again, err := net.Dial("tcp", g.http)
					if err != nil {
						return
					}
					_, _ = io.WriteString(again, "GET /get_login_info HTTP/1.1\r\nHost: "+g.http+"\r\nAuthorization: Bearer wrong\r\n\r\n")
					_, _ = again.Read(make([]byte, 1<<10))
					_ = again.Close()
				}
			})
		}},
		{"clients that never read, 100", func(ctx context.Context) {
			frame := []byte{0x81, 0xfe, 0, 0, 0, 0, 0, 0} // masked, with a mask of zeros
			body := `{"action":"get_group_member_list","params":{"group_id":730000001},"echo":"x"}`
			frame[2], frame[3] = byte(len(body)>>8), byte(len(body))
			frame = append(frame, body...)
			dials(ctx, 100, g.webSocket, func(_ int, c net.Conn) {
				_, _ = io.WriteString(c, upgrade(g.webSocket, bombToken))
				for {
					if _, err := c.Write(frame); err != nil {
						return
					}
				}
			})
		}},
	} {
		for _, m := range []*latencies{&g.byHTTP, &g.byTLS, &g.byWebSocket, &g.fresh, &g.hook, &g.pushed} {
			m.take()
		}
		attack, end := context.WithTimeout(ctx, badPhase)
		phase.attack(attack)
		<-attack.Done()
		end()
		g.mu.Lock()
		refused := g.refused
		g.refused = 0
		g.mu.Unlock()
		t.Logf("| %s | http %s | tls %s | ws %s | new %s, %d refused | webhook %s | event %s | peak %d MiB |", phase.name, g.byHTTP.take(), g.byTLS.take(), g.byWebSocket.take(),
			g.fresh.take(), refused, g.hook.take(), g.pushed.take(), peakOf(t, g.process)>>20)
	}
	t.Logf("%d of %d requests at once were answered", answered.Load(), badRequests)
	g.wait("all events", func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.sent > 100 && g.sent-g.hooked < 20 && g.sent-g.told < 20
	})
	if peak := peakOf(t, g.process); peak > mostResident {
		t.Errorf("it took %d MiB", peak>>20)
	}
	if log := g.stderr.String(); strings.Contains(log, "panic") || strings.Contains(log, "connection lost") {
		t.Error("the log tells of a panic, or of a lost session")
	}
	if status, body := g.get("http://" + g.own + "/readyz"); status != 200 {
		t.Errorf("it is not ready: %d %s", status, body)
	}
}

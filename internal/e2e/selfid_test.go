package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/internal/app"
	"libration/internal/config"
	"libration/ntqq"
	"libration/sandbox"
)

// selfIDs notes the account's number in all that bots get.
type selfIDs struct {
	next http.Handler
	mu   sync.Mutex
	seen map[string]int // by path and number
}

func (s *selfIDs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen[r.URL.Path+" "+r.Header.Get("X-Self-ID")]++
	s.mu.Unlock()
	s.next.ServeHTTP(w, r)
}

func (s *selfIDs) count(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[key]
}

// TestSelfIDIsNever0: with connections that start at once, before the first login. A
// configured number is the account's from the start; without one connections that say
// whose they are open when it is known, and actions answer that the account is offline.
func TestSelfIDIsNever0(t *testing.T) {
	t.Parallel()
	for _, configured := range []bool{false, true} {
		beside(t, fmt.Sprintf("configured %v", configured), func(t *testing.T) { testSelfID(t, configured) })
	}
}

func testSelfID(t *testing.T, configured bool) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := newProgram(t.TempDir(), 1, func(o *sandbox.Options) { o.AutoApprove = 0 })
	if err != nil {
		t.Fatal(err)
	}
	p.thief.Close()
	bots := &selfIDs{next: p.mobile, seen: map[string]int{}}
	address, err := p.serve(bots)
	if err != nil {
		t.Fatal(err)
	}
	p.config.OneBot.Start = config.StartAtOnce
	for i := range p.config.OneBot.Connections { // to the bot that notes
		c := &p.config.OneBot.Connections[i]
		for _, u := range []*string{&c.URL, &c.EventURL} {
			if *u != "" {
				_, rest, _ := strings.Cut(*u, "://")
				scheme, _, _ := strings.Cut(*u, "://")
				*u = scheme + "://" + address + rest[strings.Index(rest, "/"):]
			}
		}
	}
	if configured {
		p.config.Account.UIN = bot
	}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(ctx, func(s app.Status) bool { return s.Account.QR != nil }); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	all, err := p.Endpoints(ctx)
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{"/ws", "/observe", "/hook"}
	forward := func(path string) (*websocket.Conn, *http.Response, error) {
		return websocket.Dial(ctx, "ws://"+all[1].Addr.String()+path, &websocket.DialOptions{
			HTTPClient: p.client, HTTPHeader: http.Header{"Authorization": {"Bearer " + token}},
		})
	}
	lifecycle := func() {
		t.Helper()
		ws, _, err := forward("/")
		if err != nil {
			t.Fatal(err)
		}
		defer ws.CloseNow()
		if _, frame, err := ws.Read(ctx); err != nil || !bytes.Contains(frame, []byte(`"self_id":10001`)) {
			t.Errorf("first frame %s, %v", frame, err)
		}
	}
	answer, ok, err := p.call(ctx, "get_login_info", nil)
	if configured {
		if err != nil || !ok || !bytes.Contains(answer, []byte(`"user_id":10001`)) {
			t.Errorf("get_login_info: %s, %v", answer, err)
		}
		lifecycle()
		for _, path := range paths {
			if bots.count(path+" 10001") == 0 {
				t.Errorf("%s is not connected: %v", path, bots.seen)
			}
		}
	} else {
		if err != nil || ok || !bytes.Contains(answer, []byte(`"msg":"ACCOUNT_OFFLINE"`)) {
			t.Errorf("get_login_info: %s, %v", answer, err)
		}
		if _, response, err := forward("/"); err == nil || response == nil || response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
			t.Errorf("a WebSocket with events: %+v, %v", response, err)
		} else if body, _ := io.ReadAll(response.Body); !bytes.Contains(body, []byte("not known")) {
			t.Errorf("a WebSocket with events: %s", body)
		}
		ws, _, err := forward("/api")
		if err != nil {
			t.Fatal(err)
		}
		if err := ws.Write(ctx, websocket.MessageText, []byte(`{"action":"get_login_info"}`)); err != nil {
			t.Fatal(err)
		}
		if _, frame, err := ws.Read(ctx); err != nil || !bytes.Contains(frame, []byte(`"msg":"ACCOUNT_OFFLINE"`)) {
			t.Errorf("get_login_info on a WebSocket: %s, %v", frame, err)
		}
		ws.CloseNow()
		if len(bots.seen) != 0 {
			t.Errorf("connected before the number is known: %v", bots.seen)
		}
	}
	if err := p.box.ApproveQR(p.box.PendingQR()[0].ID, bot); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(ctx, func(s app.Status) bool { return s.Account.Stage == ntqq.Online && s.Ready() }); err != nil {
		t.Fatal(err)
	}
	lifecycle()
	if err := p.answers(ctx); err != nil {
		t.Error(err)
	}
	for _, path := range paths {
		if bots.count(path+" 10001") == 0 {
			t.Errorf("%s is not connected: %v", path, bots.seen)
		}
	}
	for key := range bots.seen {
		if !strings.HasSuffix(key, " 10001") {
			t.Errorf("a bot saw %q", key)
		}
	}
	p.mobile.mu.Lock()
	for path, frames := range p.mobile.frames {
		for _, frame := range frames {
			if bytes.Contains(frame, []byte(`"self_id":`)) && !bytes.Contains(frame, []byte(`"self_id":10001`)) {
				t.Errorf("%s got %s", path, frame)
			}
		}
	}
	p.mobile.mu.Unlock()
	if _, err := p.mobile.await(ctx, "/observe", has(`"notice_type":"bot_online"`)); err != nil {
		t.Errorf("bot_online: %v", err)
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

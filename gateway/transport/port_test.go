package transport

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/gateway"
	"libration/internal/network"
	"libration/internal/text"
)

// sharers are two accounts; the second has a number that is not known at first.
func sharers(first bool) []Sharer {
	return []Sharer{
		{Key: "a", Name: "a", Default: first, Self: func() uint64 { return 1 }},
		{Key: "b", Name: "b", Self: func() uint64 { return 2 }},
		{Key: "c", Name: "c", Self: func() uint64 { return 0 }},
	}
}

// TestPortTellsAccountsApart: by path or number, each with its own token.
func TestPortTellsAccountsApart(t *testing.T) {
	p := NewPort(PortOptions{Address: "127.0.0.1:0"})
	p.Share(sharers(false), []string{"api", "event"})
	clients := make(map[string]*fakeClient)
	stops := make(map[string]func() time.Duration)
	var root string
	begin := func(name, token string) {
		b, c := newOneBot(t)
		h, err := NewHTTP(b.Dialect, HTTPOptions{Address: "127.0.0.1:0", Port: p, Account: name, AccessToken: token}, nil)
		if err != nil {
			t.Fatal(err)
		}
		stops[name], clients[name] = start(t, h), c
		root = "http://" + h.Addr().String()
	}
	begin("a", "token-a")
	begin("b", "token-b")
	who := func() (called string) {
		for _, name := range []string{"a", "b"} {
			if clients[name].noted() != "" {
				called += name
			}
		}
		return called
	}
	who() // their own checks
	for _, tt := range []struct {
		path, self, token string
		status            int
		called, text      string
	}{
		{"/a/get_stranger_info?user_id=123", "", "token-a", 200, "a", ""},
		{"/b/get_stranger_info?user_id=123", "", "token-b", 200, "b", ""},
		{"/get_stranger_info?user_id=123", "1", "token-a", 200, "a", ""},
		{"/get_stranger_info?user_id=123", "2", "token-b", 200, "b", ""},
		{"/b/get_stranger_info?user_id=123", "1", "token-b", 200, "b", ""},
		{"/b/get_stranger_info?user_id=123", "", "token-a", 403, "", "token"},
		{"/b/get_stranger_info?user_id=123", "", "", 401, "", "token"},
		{"/get_stranger_info?user_id=123", "2", "token-a", 403, "", "token"},
		{"/get_stranger_info?user_id=123", "", "token-a", 400, "", "a, b, c"},
		{"/", "", "token-a", 400, "", "a, b, c"},
		{"/get_stranger_info?user_id=123", "3", "token-a", 404, "", "no such account"},
		{"/get_stranger_info?user_id=123", "0", "token-a", 404, "", "no such account"},
		{"/other/get_stranger_info?user_id=123", "", "token-a", 404, "", "no such account: a, b, c"},
		{"/c/get_stranger_info?user_id=123", "", "token-a", 503, "", "account c does not run"},
		{"/a/b/get_stranger_info?user_id=123", "", "token-a", 404, "", ""},
	} {
		header := map[string]string{"Authorization": "Bearer " + tt.token}
		if tt.self != "" {
			header["X-Self-ID"] = tt.self
		}
		if tt.token == "" {
			delete(header, "Authorization")
		}
		response, text := ask(t, "GET", root+tt.path, header, nil)
		if called := who(); response.StatusCode != tt.status || called != tt.called || !strings.Contains(text, tt.text) {
			t.Errorf("%s, X-Self-ID %q, %q: got %d, called %q: %s; want %d, %q", tt.path, tt.self, tt.token, response.StatusCode, called, text, tt.status, tt.called)
		}
	}

	// The default one keeps the paths without a name.
	p.Share(sharers(true), nil)
	for path, want := range map[string]string{"/get_stranger_info?user_id=123": "a", "/b/get_stranger_info?user_id=123": ""} {
		ask(t, "GET", root+path, map[string]string{"Authorization": "Bearer token-a"}, nil)
		if called := who(); called != want {
			t.Errorf("with a default, %s: called %q, want %q", path, called, want)
		}
	}

	// One that stops is missed by nobody else; the last one closes the port.
	if took := stops["a"](); took > time.Second {
		t.Errorf("stopping took %v", took)
	}
	if response, text := ask(t, "GET", root+"/a/get_status", nil, nil); response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
		t.Errorf("stopped: got %d %s", response.StatusCode, text)
	}
	if response, text := ask(t, "GET", root+"/b/get_status", map[string]string{"Authorization": "Bearer token-b"}, nil); response.StatusCode != 200 {
		t.Errorf("the other one: got %d %s", response.StatusCode, text)
	}
	stops["b"]()
	if response, err := http.Get(root + "/b/get_status"); err == nil {
		response.Body.Close()
		t.Errorf("closed: got %d", response.StatusCode)
	}
	begin("a", "")
	if response, text := ask(t, "GET", root+"/a/get_status", nil, nil); response.StatusCode != 200 {
		t.Errorf("open again: got %d %s", response.StatusCode, text)
	}
}

// TestPortOfWebSockets: as with HTTP, before the upgrade. A stopped account's connections
// end, those of the others stay.
func TestPortOfWebSockets(t *testing.T) {
	p := NewPort(PortOptions{Address: "127.0.0.1:0"})
	p.Share(sharers(false), []string{"api", "event"})
	bots := make(map[string]*bot)
	stops := make(map[string]func() time.Duration)
	var root string
	for _, name := range []string{"a", "b"} {
		b, _ := newOneBot(t)
		w, err := NewWebSocket(b.Dialect, WebSocketOptions{Address: "127.0.0.1:0", Port: p, Account: name}, nil)
		if err != nil {
			t.Fatal(err)
		}
		stops[name], bots[name] = start(t, w), b
		root = "ws://" + w.Addr().String()
	}
	dial := func(path, self string) (*websocket.Conn, int) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		header := http.Header{}
		if self != "" {
			header.Set("X-Self-ID", self)
		}
		ws, response, err := websocket.Dial(ctx, root+path, &websocket.DialOptions{HTTPHeader: header})
		if err != nil {
			return nil, response.StatusCode
		}
		t.Cleanup(func() { _ = ws.CloseNow() })
		return ws, response.StatusCode
	}
	for _, tt := range []struct {
		path, self string
		status     int
	}{
		{"/", "", 400}, {"/event", "", 400}, {"/other", "", 404}, {"/other/event", "", 404}, {"/", "3", 404}, {"/c", "", 503},
		{"/a", "", 101}, {"/a/event", "", 101}, {"/b/api", "", 101}, {"/event", "2", 101},
	} {
		if _, status := dial(tt.path, tt.self); status != tt.status {
			t.Errorf("%s, X-Self-ID %q: got %d, want %d", tt.path, tt.self, status, tt.status)
		}
	}
	first, _ := dial("/a", "")
	second, _ := dial("/b/", "")
	read := func(ws *websocket.Conn) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, frame, err := ws.Read(ctx)
		return string(frame), err
	}
	for _, ws := range []*websocket.Conn{first, second} {
		if frame, err := read(ws); err != nil || !strings.Contains(frame, "lifecycle") {
			t.Fatalf("got %s, %v", frame, err)
		}
	}
	publish(bots["b"], "for b")
	if frame, err := read(second); err != nil || !strings.Contains(frame, "for b") {
		t.Errorf("got %s, %v", frame, err)
	}
	stops["a"]()
	if frame, err := read(first); err == nil {
		t.Errorf("stopped: got %s", frame)
	}
	publish(bots["b"], "again for b")
	if frame, err := read(second); err != nil || !strings.Contains(frame, "again for b") {
		t.Errorf("the other one: got %s, %v", frame, err)
	}
}

// TestPortTellsStrangersNoNames: who has no token must not learn the accounts from a
// listener that other machines reach.
func TestPortTellsStrangersNoNames(t *testing.T) {
	for _, tt := range []struct {
		address, host string
		named         bool
	}{
		{"127.0.0.1:0", "127.0.0.1:5700", true},
		{"0.0.0.0:0", "127.0.0.1:5700", false},
		{"127.0.0.1:0", "page.example:5700", false}, // a page whose name leads here
	} {
		p := NewPort(PortOptions{Address: tt.address})
		p.Share(sharers(false), nil)
		p.mounts["a"] = &mount{key: "a", calls: true, refuse: func(status int, why text.Text) gateway.Answer {
			return gateway.Answer{Status: status, Body: []byte(why.EN)}
		}}
		for path, want := range map[string]int{"/get_status": 400, "/other/get_status": 404} {
			r := httptest.NewRequest("GET", path, nil)
			r.Host = tt.host
			if _, _, _, refused := p.find(r); refused.Status != want || strings.Contains(string(refused.Body), ": a, b") != tt.named {
				t.Errorf("%s at %s, Host %s: got %d %s", path, tt.address, tt.host, refused.Status, refused.Body)
			}
		}
	}
}

// TestPortOfWhoStays: while the others of a port are on their way out, the only account
// that is left gets what names none, and nobody gets it in its place.
func TestPortOfWhoStays(t *testing.T) {
	p := NewPort(PortOptions{Address: "127.0.0.1:0"})
	p.Share(sharers(false), nil)
	clients := make(map[string]*fakeClient)
	stops := make(map[string]func() time.Duration)
	var root string
	for _, name := range []string{"a", "b"} {
		b, c := newOneBot(t)
		h, err := NewHTTP(b.Dialect, HTTPOptions{Address: "127.0.0.1:0", Port: p, Account: name}, nil)
		if err != nil {
			t.Fatal(err)
		}
		stops[name], clients[name] = start(t, h), c
		root = "http://" + h.Addr().String()
	}
	clients["b"].noted()
	p.Share(sharers(false)[:1], nil)
	for range 20 {
		response, text := ask(t, "GET", root+"/get_stranger_info?user_id=123", nil, nil)
		if response.StatusCode != 200 || clients["a"].noted() == "" || clients["b"].noted() != "" {
			t.Fatalf("got %d %s from another account", response.StatusCode, text)
		}
	}
	if response, text := ask(t, "GET", root+"/a/get_stranger_info?user_id=123", nil, nil); response.StatusCode != 200 {
		t.Errorf("by its name: got %d %s", response.StatusCode, text)
	}
	stops["a"]()
	if response, text := ask(t, "GET", root+"/get_stranger_info?user_id=123", nil, nil); response.StatusCode != 503 || strings.Contains(text, "account a") || clients["b"].noted() != "" {
		t.Errorf("while it does not run: got %d %s", response.StatusCode, text)
	}
}

// TestPortThatIsSharedLater: connections that were open before there was a second account
// end with the first one too.
func TestPortThatIsSharedLater(t *testing.T) {
	p := NewPort(PortOptions{Address: "127.0.0.1:0"})
	p.Share(sharers(false)[:1], nil)
	begin := func(name string) (func() time.Duration, string) {
		b, _ := newOneBot(t)
		w, err := NewWebSocket(b.Dialect, WebSocketOptions{Address: "127.0.0.1:0", Port: p, Account: name}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return start(t, w), "ws://" + w.Addr().String()
	}
	stop, root := begin("a")
	ws, _, err := websocket.Dial(t.Context(), root, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.CloseNow() })
	p.Share(sharers(false)[:2], nil)
	begin("b")
	ended := make(chan error, 1)
	go func() {
		for {
			if _, _, err := ws.Read(context.Background()); err != nil {
				ended <- err
				return
			}
		}
	}()
	stop()
	select {
	case err := <-ended:
		if websocket.CloseStatus(err) != websocket.StatusGoingAway {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the connection of the stopped account is still open")
	}
}

// TestPortOpensAgainAtOnce: one service may come while the last one goes.
func TestPortOpensAgainAtOnce(t *testing.T) {
	free, err := listen(t.Context(), network.Network{}, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closing := make(chan struct{}, 100)
	p := NewPort(PortOptions{Address: free.Addr().String(), Network: network.Network{
		ListenFunc: func(ctx context.Context, address string) (net.Listener, error) {
			ln, err := network.Network{}.Listen(ctx, address)
			return slowToClose{ln, closing}, err
		},
	}})
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	b, _ := newOneBot(t)
	begin := func(account string) func() time.Duration {
		h, err := NewHTTP(b.Dialect, HTTPOptions{Address: p.o.Address, Port: p, Account: account}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return start(t, h)
	}
	stop := begin("0")
	for i := range 5 {
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			stop()
		}()
		<-closing
		next := begin(strconv.Itoa(i + 1))
		<-stopped
		stop = next
		for len(closing) > 0 { // it is closed more than once
			<-closing
		}
	}
}

// slowToClose says that it is being closed some time before it is.
type slowToClose struct {
	net.Listener
	closing chan<- struct{}
}

func (l slowToClose) Close() error {
	l.closing <- struct{}{}
	time.Sleep(5 * time.Millisecond)
	return l.Listener.Close()
}

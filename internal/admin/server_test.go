package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReadiness(t *testing.T) {
	t.Parallel()
	good := func() Status {
		return Status{
			Account: Account{Online: true, State: "online"}, Store: Store{OK: true}, Folder: Folder{OK: true},
			Services: []Service{{Name: "http a", Running: true, State: "running"}},
		}
	}
	for _, tt := range []struct {
		name          string
		change        func(*Status)
		ready, health int
	}{
		{"all well", func(*Status) {}, 200, 200},
		{"no services", func(s *Status) { s.Services = nil }, 200, 200},
		{"account offline", func(s *Status) { s.Account = Account{State: "kicked", Reason: "another login"} }, 503, 200},
		{"service failed", func(s *Status) { s.Services[0].Running = false }, 503, 200},
		{"folder gone", func(s *Status) { s.Folder = Folder{Reason: "removed"} }, 503, 503},
		{"little space", func(s *Status) { s.Folder = Folder{OK: true, Reason: "3 MiB are free"} }, 200, 200},
		{"store cannot write", func(s *Status) { s.Store = Store{Reason: "disk full", Backlog: 3} }, 503, 503},
		{"signers down", func(s *Status) { s.Signing = &Signing{Reason: "all signers are down"} }, 503, 200},
		{"signers up", func(s *Status) { s.Signing = &Signing{OK: true} }, 200, 200},
		{"said to be ready", func(s *Status) { s.Ready, s.Account.Online = true, false }, 503, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status := good()
			tt.change(&status)
			s := New(Options{Accounts: only(Owned{Status: func() Status { return status }})})
			if code, body := get(s, "/readyz", nil); code != tt.ready || !strings.Contains(body, fmt.Sprintf(`"ready": %t`, tt.ready == 200)) {
				t.Errorf("/readyz: got %d %s, want %d", code, body, tt.ready)
			} else if !json.Valid([]byte(body)) {
				t.Errorf("/readyz: %s is not JSON", body)
			}
			if code, body := get(s, "/healthz", nil); code != tt.health {
				t.Errorf("/healthz: got %d %s, want %d", code, body, tt.health)
			}
		})
	}
}

func get(s *Server, path string, change func(*http.Request)) (int, string) {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+path, nil)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestAccess(t *testing.T) {
	t.Parallel()
	status := func() Status {
		return Status{Account: Account{Online: true}, Store: Store{OK: true}, Folder: Folder{OK: true}}
	}
	open := New(Options{Accounts: only(Owned{Status: status}), Metrics: prometheus.NewRegistry()})
	closed := New(Options{Accounts: only(Owned{Status: status}), Metrics: prometheus.NewRegistry(), AccessToken: "secret"})
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	token := func(h string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", h) }
	}
	for _, tt := range []struct {
		name   string
		s      *Server
		path   string
		change func(*http.Request)
		want   int
	}{
		{"open", open, "/readyz", nil, 200},
		{"metrics", open, "/metrics", nil, 200},
		{"localhost", open, "/readyz", host("localhost:5780"), 200},
		{"IPv6", open, "/readyz", host("[::1]:5780"), 200},
		{"rebound name", open, "/readyz", host("evil.example:5780"), 403},
		{"rebound name, metrics", open, "/metrics", host("evil.example"), 403},
		{"no token", closed, "/readyz", nil, 401},
		{"no token, metrics", closed, "/metrics", nil, 401},
		{"wrong token", closed, "/readyz", token("Bearer public"), 403},
		{"other scheme", closed, "/readyz", token("Basic secret"), 403},
		{"token in the query", closed, "/readyz?access_token=secret", nil, 200},
		{"token", closed, "/readyz", token("bearer secret"), 200},
		{"token, any name", closed, "/readyz", func(r *http.Request) { token("Bearer secret")(r); host("box.lan")(r) }, 200},
		{"health needs none", closed, "/healthz", nil, 200},
		{"other path", open, "/", nil, 404},
		{"other method", open, "/readyz", func(r *http.Request) { r.Method = http.MethodPost }, 405},
	} {
		if got, body := get(tt.s, tt.path, tt.change); got != tt.want {
			t.Errorf("%s: got %d %s, want %d", tt.name, got, body, tt.want)
		}
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	asked, given := 0, ""
	o := Options{Accounts: only(Owned{
		Status: func() Status {
			return Status{Account: Account{State: "kicked", Prompt: &Prompt{Kind: "kicked", Text: "do something"}}}
		},
		Login: func() { asked++ },
		Captcha: func(ticket, randStr string) error {
			if ticket == "wrong" {
				return errors.New("no captcha waits")
			}
			given = ticket + " " + randStr
			return nil
		},
	})}
	open := New(o)
	o.AccessToken = "secret"
	closed := New(o)
	jsonType := func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }
	for _, tt := range []struct {
		name       string
		s          *Server
		path, body string
		change     func(*http.Request)
		want       int
		part       string
	}{
		{"login", open, "/login", "{}", jsonType, 202, `"state": "kicked"`},
		{"prompt", open, "/login", "{}", jsonType, 202, `"text": "do something"`},
		{"no token", closed, "/login", "{}", jsonType, 401, "error"},
		{"token", closed, "/login", "{}", func(r *http.Request) { jsonType(r); r.Header.Set("Authorization", "Bearer secret") }, 202, ""},
		{"rebound name", open, "/login", "{}", func(r *http.Request) { jsonType(r); r.Host = "evil.example" }, 403, "error"},
		{"web page", open, "/login", "{}", func(r *http.Request) { jsonType(r); r.Header.Set("Origin", "http://evil.example") }, 403, "error"},
		{"web page of nowhere", open, "/login", "{}", func(r *http.Request) { jsonType(r); r.Header.Set("Origin", "null") }, 403, "error"},
		{"form", open, "/login", "a=b", func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415, "error"},
		{"captcha", open, "/login/captcha", `{"ticket":"t","randstr":"r"}`, jsonType, 202, "kicked"},
		{"captcha, no token", closed, "/login/captcha", `{"ticket":"t","randstr":"r"}`, jsonType, 401, "error"},
		{"captcha not asked for", open, "/login/captcha", `{"ticket":"wrong","randstr":"r","sess":"x"}`, jsonType, 409, "no captcha waits"},
		{"captcha, other names", open, "/login/captcha", `{"tickets":"t"}`, jsonType, 400, "randstr"},
		{"captcha, large", open, "/login/captcha", `{"ticket":"` + strings.Repeat("x", maxBody) + `"}`, jsonType, 400, "error"},
		{"another account", open, "/login?account=b", "{}", jsonType, 404, "no such account"},
	} {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1"+tt.path, strings.NewReader(tt.body))
		tt.change(r)
		w := httptest.NewRecorder()
		tt.s.handler.ServeHTTP(w, r)
		if w.Code != tt.want || !strings.Contains(w.Body.String(), tt.part) {
			t.Errorf("%s: got %d %s, want %d with %q", tt.name, w.Code, w.Body, tt.want, tt.part)
		}
	}
	if asked != 3 || given != "t r" {
		t.Errorf("asked %d times for a login, got captcha %q; want 3, and one", asked, given)
	}
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/login", nil)
	w := httptest.NewRecorder()
	if open.handler.ServeHTTP(w, r); w.Code != 405 || asked != 3 {
		t.Errorf("GET: got %d", w.Code)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	s := New(Options{Address: "127.0.0.1:0", Accounts: only(Owned{Status: func() Status { return Status{Store: Store{OK: true}, Folder: Folder{OK: true}} }})})
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for range 2 { // it may be run again
		ctx, cancel := context.WithCancel(t.Context())
		listening, ended := make(chan struct{}), make(chan error, 1)
		go func() { ended <- s.Run(ctx, func() { close(listening) }) }()
		<-listening
		<-s.Ready()
		response, err := client.Get("http://" + s.Addr().String() + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != 200 || response.Header.Get("Server") != ServerHeader {
			t.Errorf("got %s %v %s", response.Status, response.Header, body)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	err = New(Options{Address: busy.Addr().String()}).Run(t.Context(), func() { t.Error("ready on a busy port") })
	if err == nil || !strings.Contains(err.Error(), "admin.address") {
		t.Errorf("busy port: got %v, want an error with a remedy", err)
	}
}

// TestSeveralAccounts: each is asked by its name, and a sound one keeps the process
// healthy.
func TestSeveralAccounts(t *testing.T) {
	t.Parallel()
	sound := Status{Version: "v", Account: Account{Online: true}, Store: Store{OK: true}, Folder: Folder{OK: true}}
	first, second := sound, sound
	asked := ""
	all := []Owned{
		{Name: "a", Status: func() Status { return first }, Login: func() { asked += "a" }},
		{Name: "b", Status: func() Status { return second }, Login: func() { asked += "b" }},
	}
	s := New(Options{Accounts: func() []Owned { return all }})
	do := func(method, path string) (int, string) {
		r := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	check := func(method, path string, want int, part string) {
		t.Helper()
		if code, body := do(method, path); code != want || !strings.Contains(body, part) {
			t.Errorf("%s %s: got %d %s, want %d with %s", method, path, code, body, want, part)
		}
	}
	check("GET", "/readyz", 200, `"name": "b",`)
	second.Folder.OK, second.Account.State = false, "kicked"
	check("GET", "/healthz", 200, "ok")
	code, body := do("GET", "/readyz")
	var together Together
	if err := json.Unmarshal([]byte(body), &together); err != nil || code != 503 || together.Ready || len(together.Accounts) != 2 ||
		!together.Accounts[0].Ready || together.Accounts[1].Ready || together.Accounts[1].Account.State != "kicked" {
		t.Errorf("got %d %s, %v", code, body, err)
	}
	first.Store.OK = false
	check("GET", "/healthz", 503, "data folder")
	check("POST", "/login", 400, "add ?account= and a name: a, b")
	check("POST", "/login?account=c", 404, "no such account; there are: a, b")
	check("POST", "/login?account=b", 202, "kicked")
	all[0].Default = true
	check("POST", "/login", 202, "online")
	if asked != "ba" {
		t.Errorf("logins of %q", asked)
	}
}

// TestReload: what was done, and why not more. Nothing of the request matters.
func TestReload(t *testing.T) {
	t.Parallel()
	var failure error
	o := Options{Accounts: only(Owned{Status: func() Status { return Status{} }}), AccessToken: "secret", Reload: func() ([]string, error) {
		return []string{"account b: added"}, failure
	}}
	s := New(o)
	ask := func(method, token string) (int, string) {
		r := httptest.NewRequest(method, "http://127.0.0.1/reload", strings.NewReader(`{"config":"/etc/passwd"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	if code, body := ask("POST", "secret"); code != 200 || !strings.Contains(body, "account b: added") {
		t.Errorf("got %d %s", code, body)
	}
	if code, _ := ask("POST", "wrong"); code != 403 {
		t.Errorf("wrong token: got %d", code)
	}
	if code, _ := ask("GET", "secret"); code != 405 {
		t.Errorf("GET: got %d", code)
	}
	failure = errors.New("not valid YAML")
	if code, body := ask("POST", "secret"); code != 409 || !strings.Contains(body, "not valid YAML") || !strings.Contains(body, "account b: added") {
		t.Errorf("got %d %s", code, body)
	}
}

package ntqq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/sessiontest"
)

// webService has one account with web pages. All but jump and pages is answered.
type webService struct {
	clientKeys, pskeys, jumps atomic.Int32

	jump  func(w http.ResponseWriter, r *http.Request) // nil: it gives a key
	pages func(w http.ResponseWriter, r *http.Request)
}

func (s *webService) start(t *testing.T, change ...func(*Options)) *Client {
	t.Helper()
	var mux rpc.Mux[struct{}]
	rpc.Handle(&mux, rpc.ClientKey, func(struct{}, *oidbpb.EmptyResp) (*oidbpb.ClientKeyResp, error) {
		return &oidbpb.ClientKeyResp{KeyIndex: 19, ClientKey: fmt.Sprintf("s3cr3t-client-%d", s.clientKeys.Add(1))}, nil
	})
	rpc.Handle(&mux, rpc.PSkeys, func(_ struct{}, req *oidbpb.PsKeyReq) (*oidbpb.PsKeyResp, error) {
		resp := &oidbpb.PsKeyResp{}
		for _, domain := range req.GetDomains() {
			resp.Keys = append(resp.Keys, &oidbpb.PsKey{Domain: domain, PSkey: fmt.Sprintf("s3cr3t-p-%d", s.pskeys.Add(1))})
		}
		return resp, nil
	})
	service := sessiontest.New(t)
	service.Answer = func(command string, payload []byte) ([]byte, error) { return mux.Serve(struct{}{}, command, payload) }
	web := newPipeListener()
	server := &http.Server{Handler: http.HandlerFunc(s.serve), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	go func() { _ = server.Serve(web) }()
	t.Cleanup(func() { _ = server.Close() })
	o := Options{
		Servers: Servers{Web: "http://127.0.0.1:80"},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == "127.0.0.1:80" {
				return web.dial()
			}
			return service.Dial(ctx, network, address)
		},
	}
	for _, f := range change {
		f(&o)
	}
	c := start(t, service, o)
	if _, err := c.Wait(t.Context(), State.Online); err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *webService) serve(w http.ResponseWriter, r *http.Request) {
	if from := r.Header.Get("Referer"); from != "" {
		panic("a page learns from where it was come to, which may be a secret: " + from)
	}
	switch {
	case r.Host != webLoginHost:
		s.pages(w, r)
	case s.jump != nil:
		s.jump(w, r)
	default:
		s.giveKey(w, r)
	}
}

// giveKey answers as the service: with cookies, and a redirect to the page that was asked
// for.
func (s *webService) giveKey(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if r.URL.Path != "/jump" || q.Get("clientuin") != "10001" || q.Get("clientkey") != fmt.Sprintf("s3cr3t-client-%d", s.clientKeys.Load()) || q.Get("keyindex") != "19" {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "skey", Value: fmt.Sprintf("@s3cr3t-%d", s.jumps.Add(1)), Domain: "qq.com"})
	http.Redirect(w, r, q.Get("u1"), http.StatusFound)
}

// answers makes pages that answer one thing after the other, and the last one for ever.
func answers(steps ...func(http.ResponseWriter)) func(http.ResponseWriter, *http.Request) {
	var at atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Host == webQzone { // the end of a login
			return
		}
		steps[min(int(at.Add(1)), len(steps))-1](w)
	}
}

func status(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(code) }
}

func body(text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { _, _ = io.WriteString(w, text) }
}

func toLogin(w http.ResponseWriter) {
	w.Header().Set("Location", "https://ui.ptlogin2.qq.com/login")
	w.WriteHeader(http.StatusFound)
}

var aPage = webCall{host: webNotices, path: "/page", token: "bkn", query: url.Values{"a": {"b"}}, refused: webResult("em", "ec")}

func TestWebToken(t *testing.T) {
	for key, want := range map[string]int32{
		"": 5381, "a": 177670, "@AbCdEfGhI": 1358553458, "0123456789012345678901234567890123456789": 1003271097,
	} {
		if got := webToken(key); got != want {
			t.Errorf("%q: got %d, want %d", key, got, want)
		}
	}
}

// TestWebRequest: what a page is asked with.
func TestWebRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &webService{}
		var got []string
		s.pages = func(w http.ResponseWriter, r *http.Request) {
			if r.Host == webQzone {
				return
			}
			content, _ := io.ReadAll(r.Body)
			got = append(got, fmt.Sprintf("%s %s%s %s %q %s", r.Method, r.Host, r.RequestURI, r.Header.Get("Content-Type"), content, r.Header.Get("Cookie")))
			body(`{"ec":0}`)(w)
		}
		c := s.start(t)
		const cookies = "p_uin=o10001; p_skey=s3cr3t-p-1; skey=@s3cr3t-1; uin=o10001"
		bkn := fmt.Sprint(webToken("@s3cr3t-1"))
		post := aPage
		post.form = url.Values{"text": {"ä&"}}
		object := aPage
		object.token, object.json = "g_tk", map[string]int{"x": 1}
		other := webCall{host: webNotices, path: "/upload", body: func(k webKeys) ([]byte, string, error) { return []byte(k.bkn()), "x/y", nil }}
		for _, call := range []webCall{aPage, post, object, other} {
			if _, err := c.web(t.Context(), call); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{
			fmt.Sprintf(`GET web.qun.qq.com/page?a=b&bkn=%s  "" %s`, bkn, cookies),
			fmt.Sprintf(`POST web.qun.qq.com/page?a=b&bkn=%s application/x-www-form-urlencoded "bkn=%s&text=%%C3%%A4%%26" %s`, bkn, bkn, cookies),
			fmt.Sprintf(`POST web.qun.qq.com/page?a=b&g_tk=%s application/json "{\"x\":1}" %s`, bkn, cookies),
			fmt.Sprintf(`POST web.qun.qq.com/upload x/y %q %s`, bkn, cookies),
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// TestWebRenewal: cookies that a page refuses are replaced, once, and not because of each
// refusal.
func TestWebRenewal(t *testing.T) {
	good := body(`{"ec":0,"em":""}`)
	no := body(`{"ec":"7","em":"no"}`)
	for name, tt := range map[string]struct {
		age   time.Duration // of the cookies that are there
		steps []func(http.ResponseWriter)
		jumps int32
		err   string
	}{
		"first":                {0, []func(http.ResponseWriter){good}, 1, ""},
		"first refused":        {0, []func(http.ResponseWriter){no}, 1, "web.qun.qq.com/page: server code 7: no"},
		"secrets repeated":     {0, []func(http.ResponseWriter){body(`{"ec":7,"em":"skey=@s3cr3t-1; p_skey=s3cr3t-p-1; bkn=` + fmt.Sprint(webToken("@s3cr3t-1")) + `"}`)}, 1, "web.qun.qq.com/page: server code 7: skey=***; p_skey=***; bkn=***"},
		"first not logged in":  {0, []func(http.ResponseWriter){toLogin}, 1, "web.qun.qq.com/page: server code 302 (the service's web pages do not take the account's login): Found"},
		"kept":                 {23 * time.Hour, []func(http.ResponseWriter){good}, 1, ""},
		"old":                  {24 * time.Hour, []func(http.ResponseWriter){good}, 2, ""},
		"forbidden":            {time.Second, []func(http.ResponseWriter){status(403), good}, 2, ""},
		"unauthorized":         {time.Second, []func(http.ResponseWriter){status(401), good}, 2, ""},
		"sent to log in":       {time.Second, []func(http.ResponseWriter){toLogin, good}, 2, ""},
		"refused":              {2 * time.Minute, []func(http.ResponseWriter){no, good}, 2, ""},
		"refused for a reason": {2 * time.Minute, []func(http.ResponseWriter){no}, 2, "web.qun.qq.com/page: server code 7: no"},
		"refused at once":      {time.Second, []func(http.ResponseWriter){no, good}, 1, "web.qun.qq.com/page: server code 7: no"},
		"always forbidden":     {time.Hour, []func(http.ResponseWriter){status(403)}, 2, "web.qun.qq.com/page: server code 403 (the service's web pages do not take the account's login): Forbidden"},
		"broken":               {time.Hour, []func(http.ResponseWriter){status(500)}, 2, "web.qun.qq.com/page: server code 500: Internal Server Error"},
		"no JSON":              {time.Hour, []func(http.ResponseWriter){body("<html>")}, 1, "web.qun.qq.com/page: the answer is no JSON object: invalid character '<' looking for beginning of value"},
		"no result":            {time.Hour, []func(http.ResponseWriter){body("{}")}, 1, `web.qun.qq.com/page: the answer has no "ec"`},
		"without end": {time.Hour, []func(http.ResponseWriter){body(strings.Repeat(" ", maxWebAnswer) + "{}")}, 1,
			"web.qun.qq.com/page: the answer has more than 4194304 bytes"},
		"too many values": {time.Hour, []func(http.ResponseWriter){body(`{"ec":0,"feeds":[` + strings.Repeat("{},", 1<<20) + "{}]}")}, 1,
			"web.qun.qq.com/page: the answer has more than 65536 values"},
		"many words": {0, []func(http.ResponseWriter){body(`{"ec":7,"em":"` + strings.Repeat("[,", 1<<20) + `"}`)}, 1,
			"web.qun.qq.com/page: server code 7: " + strings.Repeat("[,", 250)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &webService{pages: answers(good)}
				c := s.start(t)
				if tt.age > 0 {
					if _, err := c.web(t.Context(), aPage); err != nil {
						t.Fatal(err)
					}
					time.Sleep(tt.age)
				}
				s.pages = answers(tt.steps...)
				_, err := c.web(t.Context(), aPage)
				if got := errText(err); got != tt.err {
					t.Errorf("got %q, want %q", got, tt.err)
				}
				if got := s.jumps.Load(); got != tt.jumps || got != s.clientKeys.Load() || got != s.pskeys.Load() {
					t.Errorf("%d logins with %d client keys, %d p_skeys, want %d of each", got, s.clientKeys.Load(), s.pskeys.Load(), tt.jumps)
				}
			})
		})
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// raw answers with these bytes.
func raw(answer string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, err = io.WriteString(conn, answer)
		}
		if err = errors.Join(err, conn.Close()); err != nil {
			panic(err)
		}
	}
}

// TestWebLogin: what a login may answer. No key is in an error.
func TestWebLogin(t *testing.T) {
	cookie := func(value, to string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Set-Cookie", "skey="+value)
			if to != "" {
				w.Header().Set("Location", to)
				w.WriteHeader(http.StatusFound)
			}
		}
	}
	hops := 0
	for name, tt := range map[string]struct {
		jump func(w http.ResponseWriter, r *http.Request)
		err  string
	}{
		"no redirect":       {cookie("@x", ""), ""},
		"to a foreign host": {cookie("@x", "https://example.com/s3cr3t"), ""},
		"without TLS":       {cookie("@x", "http://qun.qq.com/s3cr3t"), ""},
		"no key":            {cookie("", ""), "ssl.ptlogin2.qq.com/jump: server code 200 (the service's web pages do not take the account's login): OK"},
		"refused":           {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, "ssl.ptlogin2.qq.com/jump: server code 403 (the service's web pages do not take the account's login): Forbidden"},
		"no cookie":         {cookie(`a"b c`, ""), "ssl.ptlogin2.qq.com/jump: server code 200 (the service's web pages do not take the account's login): OK"},
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			hops++
			cookie("", "https://"+webLoginHost+"/again")(w, r)
		}, "ssl.ptlogin2.qq.com/jump: server code 302 (the service's web pages do not take the account's login): Found"},
		"in the end": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/jump" {
				cookie("", "https://"+webLoginHost+"/next")(w, r)
				return
			}
			cookie("@x", "")(w, r)
		}, ""},
		"silent":          {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "ssl.ptlogin2.qq.com: no answer in time"},
		"a broken header": {raw("HTTP/1.1 302 Found\r\nSet-Cookie: skey=@s3cr3t\x01\r\nContent-Length: 0\r\n\r\n"), "ssl.ptlogin2.qq.com: the head of the answer cannot be read"},
		"no HTTP":         {raw("@s3cr3t\r\n\r\n"), "ssl.ptlogin2.qq.com: the head of the answer cannot be read"},
		"cut":             {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "ssl.ptlogin2.qq.com: EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &webService{jump: tt.jump, pages: func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was asked", r.Host) }}
				_, err := s.start(t).Web().CSRFToken(t.Context())
				got := strings.TrimPrefix(errText(err), "cookies: ")
				if got != tt.err || strings.Contains(got, "s3cr3t") {
					t.Errorf("got %q, want %q", got, tt.err)
				}
			})
		})
	}
	if hops != maxJumps {
		t.Errorf("%d requests in a circle, want %d", hops, maxJumps)
	}
}

// TestWebKeysAreShared: who asks at the same time waits for one login, and each domain has
// its key. Another session has other keys.
func TestWebKeysAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &webService{pages: answers(body(`{"ec":0}`))}
		c := s.start(t)
		var asking sync.WaitGroup
		for range 20 {
			asking.Go(func() {
				if _, err := c.web(t.Context(), aPage); err != nil {
					t.Error(err)
				}
				if _, err := c.Web().Credentials(t.Context(), "VIP.qq.com"); err != nil {
					t.Error(err)
				}
			})
		}
		asking.Wait()
		if s.jumps.Load() != 1 || s.pskeys.Load() != 2 {
			t.Errorf("%d logins and %d p_skeys, want 1 and 2", s.jumps.Load(), s.pskeys.Load())
		}
		for i := range 2 * maxWebKeys {
			if _, err := c.Web().Credentials(t.Context(), fmt.Sprintf("d%d.qq.com", i)); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(c.webLogin.keys); n > maxWebKeys {
			t.Errorf("%d keys are kept", n)
		}
		if n := s.jumps.Load(); n != 1 {
			t.Errorf("%d logins for many domains", n)
		}
		before := s.pskeys.Load()
		c.webLogin.of = "another session"
		if _, err := c.web(t.Context(), aPage); err != nil || s.pskeys.Load() != before+1 {
			t.Errorf("in another session: %v, %d new keys", err, s.pskeys.Load()-before)
		}
		if _, err := c.Web().Credentials(t.Context(), strings.Repeat("a", maxDomain+1)); err == nil {
			t.Error("a long domain has cookies")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.web(ctx, aPage); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

// FuzzWebLogin reads what a login page answers.
func FuzzWebLogin(f *testing.F) {
	f.Add("skey=@abc; Path=/; Domain=qq.com")
	f.Add("skey=; skey=\"a b\"")
	f.Add("skey=a,b\x00;;;")
	f.Fuzz(func(t *testing.T, header string) {
		found := skeyFinder{}
		found.note(&http.Response{Header: http.Header{"Set-Cookie": {header}}})
		if found.skey != "" && (len(found.skey) > maxWebKey || strings.ContainsAny(found.skey, "; \r\n\x00")) {
			t.Errorf("%q gives %q", header, found.skey)
		}
	})
}

// TestWebServer: only at the real service pages are at its hosts.
func TestWebServer(t *testing.T) {
	key := make([]byte, 32)
	for name, c := range map[string]struct {
		servers Servers
		at      string // "": the real service
	}{
		"real":            {},
		"real addresses":  {Servers{Addresses: []string{"h:1"}}, ""},
		"a sandbox":       {Servers{Addresses: []string{"h:1"}, VerifyKey: key}, "http://h:1"},
		"media elsewhere": {Servers{Addresses: []string{"h:1"}, Media: "192.0.2.7:80"}, "http://192.0.2.7:80"},
		"elsewhere":       {Servers{Addresses: []string{"h:1"}, Media: "192.0.2.7:80", Web: "https://w.example/"}, "https://w.example/"},
	} {
		client, err := New(Options{Servers: c.servers}) // it does not run
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := client.session.WebServer(); got != c.at {
			t.Errorf("%s: pages are at %q, want %q", name, got, c.at)
		}
	}
	for _, bad := range []string{"h:1", "ftp://h", "http://", "http://u@h", "http://h/x", "http://h?x", "http://%zz"} {
		if _, err := New(Options{Servers: Servers{Web: bad}}); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

// TestWebSecrets: no key is in the log, at any level, whatever fails.
func TestWebSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := &webService{pages: answers(status(403), body(`{"ec":7}`), body(`{"ec":0}`))}
		c := s.start(t, func(o *Options) {
			o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		for range 3 {
			_, _ = c.web(t.Context(), aPage)
			time.Sleep(time.Hour)
		}
		synctest.Wait()
		if text := log.String(); strings.Contains(text, "s3cr3t") || !strings.Contains(text, "web /page") {
			t.Errorf("the log: %s", text)
		}
	})
}

package admin

import (
	"net/http"
	"strings"
	"testing"
)

func TestProfiles(t *testing.T) {
	t.Parallel()
	o := Options{Accounts: only(Owned{Status: func() Status { return Status{} }})}
	open := New(o)
	o.AccessToken = "secret"
	closed := New(o)
	with := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer secret")
			r.Header.Set(name, value)
		}
	}
	program := with("Accept", "*/*")
	for _, tt := range []struct {
		name   string
		s      *Server
		path   string
		change func(*http.Request)
		want   int
		part   string
	}{
		{"no token is set", open, "/debug/pprof/", nil, 403, "admin.access_token"},
		{"no token is set, heap", open, "/debug/pprof/heap", program, 403, "admin.access_token"},
		{"no token is given", closed, "/debug/pprof/", nil, 401, "error"},
		{"wrong token", closed, "/debug/pprof/heap", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 403, "wrong"},
		{"index", closed, "/debug/pprof/", program, 200, "goroutine"},
		{"goroutines", closed, "/debug/pprof/goroutine?debug=1", program, 200, "goroutine profile"},
		{"token in the query", closed, "/debug/pprof/goroutine?debug=1&access_token=secret", nil, 200, "goroutine profile"},
		{"cmdline", closed, "/debug/pprof/cmdline", program, 200, "admin"},
		{"web page", closed, "/debug/pprof/heap", with("Origin", "https://evil.example"), 403, "web pages"},
		{"image in a web page", closed, "/debug/pprof/heap?access_token=secret", with("Sec-Fetch-Site", "cross-site"), 403, "web pages"},
		{"typed into a browser", closed, "/debug/pprof/", with("Sec-Fetch-Site", "none"), 200, "goroutine"},
		{"for days", closed, "/debug/pprof/trace?seconds=86400", program, 400, "300"},
		{"for no number", closed, "/debug/pprof/profile?seconds=NaN", program, 400, "300"},
		{"other method", closed, "/debug/pprof/heap", func(r *http.Request) { program(r); r.Method = http.MethodPost }, 405, ""},
	} {
		if got, body := get(tt.s, tt.path, tt.change); got != tt.want || !strings.Contains(body, tt.part) {
			t.Errorf("%s: got %d %.200s, want %d with %q", tt.name, got, body, tt.want, tt.part)
		}
	}
}

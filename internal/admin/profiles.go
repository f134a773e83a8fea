package admin

import (
	"net/http"
	"net/http/pprof"
	"strconv"

	"libration/internal/text"
)

// maxProfile bounds how long a profile or a trace may be recorded.
const maxProfile = 300 // seconds

// profiles serves what package net/http/pprof has, here alone: nothing of this program
// serves the default mux.
func (s *Server) profiles(mux *http.ServeMux) {
	for path, handler := range map[string]http.HandlerFunc{
		"/debug/pprof/": pprof.Index, "/debug/pprof/cmdline": pprof.Cmdline, "/debug/pprof/profile": pprof.Profile,
		"/debug/pprof/symbol": pprof.Symbol, "/debug/pprof/trace": pprof.Trace,
	} {
		mux.Handle("GET "+path, s.guarded(s.profiled(handler)))
	}
}

// profiled lets pass who may see the program's inside: a program with the token. A heap
// profile names what is in memory, so loopback alone is not enough.
func (s *Server) profiled(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seconds := r.FormValue("seconds")
		n, err := strconv.ParseFloat(seconds, 64)
		switch site := r.Header.Get("Sec-Fetch-Site"); {
		case s.o.AccessToken == "":
			answer(w, http.StatusForbidden, s.failure(text.T("profiles are served only where admin.access_token is set in the configuration: set it, and send it",
				"仅在配置中设置了 admin.access_token 时提供性能剖析：请设置并随请求发送它")))
		case r.Header.Get("Origin") != "", site != "" && site != "none":
			answer(w, http.StatusForbidden, s.failure(text.T("profiles are not for web pages: ask with go tool pprof or curl", "性能剖析不向网页提供：请用 go tool pprof 或 curl 获取")))
		case seconds != "" && (err != nil || !(n >= 0 && n <= maxProfile)):
			answer(w, http.StatusBadRequest, s.failure(text.T("seconds is a number up to %d", "seconds 应为不超过 %d 的数字").Fill(maxProfile)))
		default:
			next.ServeHTTP(w, r)
		}
	})
}

package server

import (
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

const (
	// maxPageBody bounds what is posted to a page, in bytes, where its row says nothing.
	maxPageBody = 1 << 20
	// notLoggedIn is the result of a page for who has no valid cookies (ours).
	notLoggedIn  = -100
	pagePatience = 30 * time.Second
)

// webPage is a page of the service's web interface (docs/protocol/operations.md 6).
type webPage struct {
	method string // "": any
	host   string // where the real page is; a p_skey is for it or for a domain above it
	path   string // a pattern of [http.ServeMux]
	limit  int64  // of what is posted, in bytes; 0: maxPageBody
	// noToken pages are asked without bkn.
	noToken bool
	// refusal makes the answer of a refusal; nil: the page is HTML.
	refusal func(code int64, text string) any
	// do returns what the answer has in JSON, or a webHTML.
	do func(s *Server, by world.User, r *http.Request) (any, error)
}

// webHTML is an answer that is HTML.
type webHTML string

// webPages are all pages that need cookies.
func webPages() []webPage {
	return slices.Concat(announcementPages(), albumPages(), essencePages(), groupPages())
}

// refusalIn answers with the result and its text under these names.
func refusalIn(code, words string) func(int64, string) any {
	return func(result int64, text string) any { return map[string]any{code: result, words: text} }
}

// handlePages adds the pages. They are found by their path, whatever host is asked; one
// with the real host before it is the same.
func (s *Server) handlePages(mux *http.ServeMux) {
	add := func(method, host, path string, do http.HandlerFunc) {
		mux.HandleFunc(strings.TrimSpace(method+" "+path), do)
		mux.HandleFunc(strings.TrimSpace(method+" /"+host+path), do)
	}
	for _, p := range webPages() {
		add(p.method, p.host, p.path, func(w http.ResponseWriter, r *http.Request) { s.page(&p, w, r) })
	}
	add("GET", "ssl.ptlogin2.qq.com", "/jump", s.jump)
	// These are where clients let it lead to: most to the first.
	nothing := func(http.ResponseWriter, *http.Request) {}
	add("GET", "h5.qzone.qq.com", "/qqnt/qzoneinpcqq/friend", nothing)
	for _, host := range []string{qunHost, announcementsHost, albumsHost, "qzone.qq.com", "user.qzone.qq.com", "vip.qq.com", "cgi.vip.qq.com"} {
		mux.HandleFunc("GET "+host+"/{uin}/infocenter", nothing)
		mux.HandleFunc("GET /"+host+"/{uin}/infocenter", nothing)
	}
}

// page answers one request.
func (s *Server) page(p *webPage, w http.ResponseWriter, r *http.Request) {
	limit := p.limit
	if limit == 0 {
		limit = maxPageBody
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(pagePatience))
	err := readForm(r, limit) // a form that is cut would say something else
	by, ok := s.pageCaller(p, r)
	var answer any
	code, text := int64(notLoggedIn), "not logged in"
	if ok && err == nil {
		answer, err = p.do(s, by, r)
	}
	if ok || err != nil {
		code, text = result(err)
	}
	path, _, _ := strings.Cut(p.path, "/{")
	s.log.Debug("answered", "operation", "web "+path, "code", code, "text", text, "uin", by.UIN)
	html, isHTML := answer.(webHTML)
	switch {
	case p.refusal == nil && code == notLoggedIn:
		w.Header().Set("Location", "/cgi-bin/login")
		w.WriteHeader(http.StatusFound)
		return
	case p.refusal == nil && code != 0:
		http.Error(w, text, http.StatusNotFound)
		return
	case code != 0:
		answer = p.refusal(code, text)
	case isHTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(html))
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(answer)
}

// readForm reads the form in a body, if it is one, and refuses what is not read to its end.
func readForm(r *http.Request, limit int64) error {
	err := errors.Join(r.ParseForm(), r.ParseMultipartForm(limit))
	if _, large := errors.AsType[*http.MaxBytesError](err); large || errors.Is(err, multipart.ErrMessageTooLarge) {
		return world.Refuse(world.BadRequest, "the form is too large")
	}
	return nil
}

// result is the code and the text of an error of the world, 0 for none.
func result(err error) (code int64, text string) {
	if err == nil {
		return 0, ""
	}
	if refused, ok := errors.AsType[*world.Refusal](err); ok {
		return refused.Refusal()
	}
	return int64(world.BadRequest), err.Error()
}

// pageCaller finds whose cookies a request has: an skey, which one client leaves out, a
// p_skey for the page, and the account, with "o" or without, in one of two cookies. With
// them goes the token of the skey, where there is none of the p_skey.
func (s *Server) pageCaller(p *webPage, r *http.Request) (world.User, bool) {
	cookie := func(name string) string {
		c, err := r.Cookie(name)
		if err != nil {
			return ""
		}
		return c.Value
	}
	name := cookie("uin")
	if name == "" {
		name = cookie("p_uin")
	}
	uin, _ := strconv.ParseUint(strings.TrimPrefix(name, "o"), 10, 64)
	user, known := s.world.Users().Find(message.UIN(uin))
	keys, valid := s.web.valid(s.web.cookies, user.UIN)
	if !known || !valid {
		return user, false
	}
	skey, pskey := cookie("skey"), cookie("p_skey")
	if skey != "" && !sameKey(skey, keys.skey()) || !pskeyFor(keys, p.host, pskey) {
		return user, false
	}
	tokens := []string{skey}
	if skey == "" {
		tokens = []string{pskey, pskey[:10]}
	}
	given := r.FormValue("bkn")
	if given == "" {
		given = r.FormValue("g_tk")
	}
	return user, p.noToken || slices.ContainsFunc(tokens, func(key string) bool { return given == strconv.Itoa(int(pageToken(key))) })
}

// pskeyFor reports whether a p_skey is for a host: for itself, or for a domain above it.
func pskeyFor(keys webGrant, host, pskey string) bool {
	for domain := host; ownDomain(domain); _, domain, _ = strings.Cut(domain, ".") {
		if sameKey(pskey, keys.pskey(domain)) {
			return true
		}
	}
	return false
}

// pageToken is bkn, g_tk or csrf token (docs/protocol/operations.md 5).
func pageToken(key string) uint32 {
	h := uint32(5381)
	for _, c := range []byte(key) {
		h = h*33 + uint32(c)
	}
	return h & 0x7fffffff
}

// jump makes cookies of a client key, and leads on to a page of the service
// (docs/protocol/operations.md 5).
func (s *Server) jump(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	uin, _ := strconv.ParseUint(query.Get("clientuin"), 10, 64)
	target, err := url.Parse(query.Get("u1"))
	granted, ok := s.web.valid(s.web.clientKeys, message.UIN(uin))
	switch {
	case err != nil || !ownDomain(target.Hostname()):
		http.Error(w, "u1 is no page of the service", http.StatusBadRequest)
		return
	case !ok || !sameKey(query.Get("clientkey"), granted.clientKey()) || query.Get("keyindex") != strconv.Itoa(clientKeyIndex):
		http.Error(w, "the client key is wrong or has expired", http.StatusForbidden)
		return
	}
	keys := s.web.granted(s.web.cookies, message.UIN(uin), s.web.lifetime)
	domain := ""
	at := *target
	if ownDomain(r.Host) {
		domain = "qq.com"
	} else { // a client that has this very address for a host must not leave it
		at = url.URL{Path: "/" + target.Hostname() + target.Path, RawQuery: target.RawQuery}
	}
	for _, c := range []struct{ name, value string }{
		{"uin", "o" + strconv.FormatUint(uin, 10)}, {"skey", keys.skey()},
		{"p_uin", "o" + strconv.FormatUint(uin, 10)}, {"p_skey", keys.pskey(target.Hostname())},
	} {
		http.SetCookie(w, &http.Cookie{Name: c.name, Value: c.value, Path: "/", Domain: domain})
	}
	http.Redirect(w, r, at.String(), http.StatusFound)
}

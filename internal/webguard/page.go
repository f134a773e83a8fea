package webguard

import (
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"libration/internal/text"
)

// checkPage refuses what a web page can make a browser send to a service without a
// token. Programs send neither Origin nor Sec-Fetch-Site. body is the media type that
// bodies must have.
func (g *Guard) checkPage(r *http.Request, body string) *Refusal {
	if refusal := g.checkHost(r); refusal != nil {
		return refusal
	}
	if refusal := g.CheckForeign(r); refusal != nil {
		return refusal
	}
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		if onSocket(r) {
			return nil
		}
		// A page needs the browser's leave to send these types, and gets none.
		if MediaType(r) != body {
			return &Refusal{http.StatusUnsupportedMediaType,
				g.remedy(bodies[body]), ContentType}
		}
	}
	return nil
}

// The types of bodies, and what to do about another one.
const (
	typeJSON  = "application/json"
	typeBytes = "application/octet-stream"
)

var bodies = map[string]text.Text{
	typeJSON: text.T("send JSON with the header Content-Type: application/json", "请发送 JSON，并带上请求头 Content-Type: application/json"),
	typeBytes: text.T("send the bytes as they are with the header Content-Type: application/octet-stream",
		"请发送原始字节，并带上请求头 Content-Type: application/octet-stream"),
}

func (g *Guard) checkHost(r *http.Request) *Refusal {
	if g.hostAllowed(r) {
		return nil
	}
	return &Refusal{http.StatusForbidden, g.remedy(text.T("the host %q is not this machine for certain: address the service as 127.0.0.1, [::1] or localhost",
		"无法确定主机 %q 就是本机：请用 127.0.0.1、[::1] 或 localhost 访问").Fill(r.Host)), ForeignHost}
}

// CheckForeign refuses a request whose headers show that a page of another origin has
// caused it. It neither logs nor counts the refusal.
func (g *Guard) CheckForeign(r *http.Request) *Refusal {
	if g.foreign(r) {
		return &Refusal{http.StatusForbidden, g.remedy(text.T("a web page of another origin caused this request: call the service from a program",
			"此请求由其他来源的网页发起：请从程序中调用")), ForeignPage}
	}
	return nil
}

// foreign tells whether a page of an origin that is not listed has caused the
// request. A file, a sandboxed frame and a redirect have the origin null, which is
// foreign too.
func (g *Guard) foreign(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin != "" && Listed(g.o.Origins, origin) {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return true
	}
	return origin != "" && !sameOrigin(origin, r.Host)
}

// Listed reports whether origins contains origin, or "*".
func Listed(origins []string, origin string) bool {
	return slices.ContainsFunc(origins, func(o string) bool {
		return o == "*" || strings.EqualFold(o, origin)
	})
}

// IsLocalProgram tells whether a program on this machine sent a request: it came in over
// loopback, without headers that browsers or proxies add. What such a program may read or
// ask for itself it may have done for it.
func IsLocalProgram(r *http.Request) bool {
	for _, name := range []string{"Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Referer", "Forwarded", "X-Forwarded-For", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback()
}

func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

func (g *Guard) hostAllowed(r *http.Request) bool {
	return IsLoopbackHost(r.Host) || onSocket(r) || g.o.Remote && !toLoopback(r)
}

// onSocket tells whether a request came by a Unix socket. No browser opens one, and names
// play no part: who may open the file may act. What a proxy hands on of pages still shows
// by their headers.
func onSocket(r *http.Request) bool {
	_, ok := r.Context().Value(http.LocalAddrContextKey).(*net.UnixAddr)
	return ok
}

// toLoopback is true when the request came in on a loopback address, and when that
// is not known.
func toLoopback(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return !ok || addr.IP.IsLoopback()
}

// IsLoopbackHost tells whether a Host header is a loopback address as browsers write
// it, or localhost: nothing that a DNS server decides about. Some systems take
// 0.0.0.0 and mapped addresses for this machine, and browsers do not protect them.
// A missing Host proves nothing.
func IsLoopbackHost(host string) bool {
	if literal, ok := strings.CutPrefix(host, "["); ok {
		literal, port, closed := strings.Cut(literal, "]")
		addr, err := netip.ParseAddr(literal)
		return closed && (port == "" || port[0] == ':') && err == nil && addr == netip.IPv6Loopback()
	}
	host, _, _ = strings.Cut(host, ":")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Is4() && addr.IsLoopback()
}

// MediaType returns the media type of a request's body without parameters, even where
// these are malformed. It is "" when the request names none.
func MediaType(r *http.Request) string {
	header := r.Header.Get("Content-Type")
	if header == typeJSON { // nearly always
		return header
	}
	if t, _, err := mime.ParseMediaType(header); err == nil {
		return t
	}
	t, _, _ := strings.Cut(header, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

package transport

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// verdict is the outcome of a check of a request before anything else is done.
type verdict struct {
	status int    // the HTTP status to refuse with, 0 when the request may pass
	reason string // for the caller and the log
}

// guard decides who may talk to a listening service.
type guard struct {
	token string
	// origins are the web origins besides the service's own whose pages may use the
	// service, "*" for all.
	origins []string
}

// check looks at the access token and, without one, at the browser: a page of any
// website can send requests to 127.0.0.1, and nothing else would keep it out.
func (g guard) check(r *http.Request) verdict {
	if g.token == "" {
		return g.checkBrowser(r)
	}
	given := tokenOf(r.Header.Get("Authorization"))
	if len(given) == 0 {
		// r.URL.Query would drop what it cannot parse, which is right here.
		if q := r.URL.Query().Get("access_token"); q != "" {
			given = []string{q}
		}
	}
	if len(given) == 0 {
		return verdict{http.StatusUnauthorized, "access token missing: send the header Authorization: Bearer <token>"}
	}
	for _, t := range given {
		if sameToken(t, g.token) {
			return verdict{}
		}
	}
	return verdict{http.StatusForbidden, "access token wrong"}
}

// tokenOf reads an Authorization header: "Bearer t", "Token t" or the bare token
// (docs/protocol/onebot11.md a.6). A token may look like a scheme, so there may be
// two readings. A scheme without a token is no token: some clients always send it.
func tokenOf(header string) []string {
	header = strings.TrimSpace(header)
	if header == "" {
		return nil
	}
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "Token") {
		return []string{header}
	}
	rest = strings.TrimSpace(rest)
	if rest == "" {
		return nil
	}
	return []string{rest, header}
}

// sameToken takes the same time whatever the tokens have in common; hashing hides
// the length too.
func sameToken(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// checkBrowser refuses requests that a foreign web page caused. Programs send
// neither Origin nor Sec-Fetch-Site and call the service by address or localhost.
func (g guard) checkBrowser(r *http.Request) verdict {
	// A name that an attacker's DNS points to this machine makes the page look local.
	if !isLocalName(r.Host) {
		return verdict{http.StatusForbidden,
			"set an access token, or address the service by its IP address or as localhost"}
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		switch r.Header.Get("Sec-Fetch-Site") {
		case "", "none", "same-origin":
			return verdict{}
		}
	} else if sameOrigin(origin, r.Host) || g.allows(origin) {
		return verdict{}
	}
	return verdict{http.StatusForbidden, "requests from web pages of other origins need an access token"}
}

// allows tells whether the origin is on the list of origins.
func (g guard) allows(origin string) bool {
	return slices.ContainsFunc(g.origins, func(o string) bool {
		return o == "*" || strings.EqualFold(o, origin)
	})
}

func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

// isLocalName tells whether a Host header is an address or a name that no DNS
// server decides about. Browsers always send one.
func isLocalName(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	return host == "" || strings.EqualFold(host, "localhost") || net.ParseIP(host) != nil
}

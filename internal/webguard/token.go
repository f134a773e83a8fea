package webguard

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// secret is a token that is compared in the same time whatever is given. Hashing
// hides the length too.
type secret struct{ hash [sha256.Size]byte }

func newSecret(token string) *secret { return &secret{sha256.Sum256([]byte(token))} }

func (s *secret) is(token string) bool {
	hash := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(hash[:], s.hash[:]) == 1
}

// given tells whether a request has a token, and whether it is the right one. The
// header Authorization counts, else the query parameter access_token
// (docs/protocol/onebot11.md a.6).
func (s *secret) given(r *http.Request) (given, right bool) {
	header := strings.TrimSpace(r.Header.Get("Authorization"))
	// A token may look like a scheme, so there are two readings of "Bearer t". A scheme
	// alone is no token: some clients always send it.
	scheme, rest, _ := strings.Cut(header, " ")
	known := strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "Token")
	if rest = strings.TrimSpace(rest); known && rest != "" {
		return true, s.is(rest) || s.is(header)
	}
	if header != "" && !known {
		return true, s.is(header)
	}
	if r.URL.RawQuery == "" {
		return false, false
	}
	// Query drops what it cannot parse, which is right here.
	token := r.URL.Query().Get("access_token")
	return token != "", token != "" && s.is(token)
}

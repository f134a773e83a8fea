// Package redact removes secrets from URLs, and from texts with URLs, before these are
// shown in logs, metrics, status pages and errors. Not only a user, a password and a
// query may be secret: the path of a webhook or a signer is often its only key. Of this
// module it imports internal/network only.
package redact

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"libration/internal/network"
)

// URL returns scheme and host of a URL, and a fingerprint in place of the rest, so that
// two URLs of one host can be told apart: http://host:port/#a1b2c3. Of one that leads to
// a Unix socket the host is that: unix:/run/bot.sock/#a1b2c3.
func URL(raw string) string {
	if socket, plain, ok := network.UnixURL(raw); ok {
		scheme, _, _ := strings.Cut(plain, "://")
		return "unix:" + socket + strings.TrimPrefix(URL(plain), scheme+"://localhost")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "(unreadable URL)"
	}
	shown := u.Scheme + "://" + u.Host
	if rest := u.String(); rest != shown && rest != shown+"/" {
		sum := sha256.Sum256([]byte(rest))
		shown += "/#" + hex.EncodeToString(sum[:3])
	}
	return shown
}

// mostSaid is how many bytes the text of an error of package net/http has. It quotes what
// the other end has sent: a first line that is none of HTTP, or the target of a redirect,
// of as many bytes as a head may have.
const mostSaid = 1000

// Err returns the cause of an error without the URL that package net/http puts before
// it. What is quoted of the other end is shortened.
func Err(err error) error {
	if inURL, ok := errors.AsType[*url.Error](err); ok {
		err = inURL.Err
		if said := err.Error(); len(said) > mostSaid {
			return &shortened{beginning(said), err}
		}
	}
	return err
}

// beginning is as much of a text as is shown.
func beginning(said string) string {
	if len(said) <= mostSaid {
		return said
	}
	return strings.ToValidUTF8(said[:mostSaid], "") + "..."
}

// shortened is an error with the beginning of its text.
type shortened struct {
	said  string
	whole error
}

func (s *shortened) Error() string { return s.said }
func (s *shortened) Unwrap() error { return s.whole }

var anyURL = regexp.MustCompile(`([a-z][a-z+]*)://[^\s"'<>]+`)

// Text removes all URLs, all parts of the URL raw and the other secrets from a text
// that this program did not write, and shortens it. It removes the host too, which for some
// services is the key.
func Text(text, raw string, secrets ...string) string {
	text = anyURL.ReplaceAllString(text, "$1://***")
	for _, secret := range append(parts(raw), secrets...) {
		if len(secret) >= 4 { // shorter ones would take words apart, and no token is so short
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return beginning(text) // now: a part of a secret would not be found
}

// parts are the parts of a URL, the longest first.
func parts(raw string) []string {
	u, err := url.Parse(raw)
	if err != nil {
		return []string{raw}
	}
	password, _ := u.User.Password()
	all := []string{raw, u.Host, u.Hostname(), u.User.Username(), password, u.User.String(), u.RawQuery, u.RequestURI()}
	for _, path := range []string{u.Path, u.EscapedPath(), u.Fragment} {
		all = append(all, strings.Split(path, "/")...)
	}
	for _, values := range u.Query() {
		for _, v := range values {
			all = append(all, v, url.QueryEscape(v))
			all = append(all, strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(",;: ", r) })...)
		}
	}
	all = slices.DeleteFunc(all, func(s string) bool { return s == u.Scheme })
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(all)
}

package world

import (
	"net/url"
	"strings"
)

// LinkVerdict is what the service thinks of a web address.
type LinkVerdict string

// The values of LinkVerdict.
const (
	LinkUnknown   LinkVerdict = "unknown"
	LinkSafe      LinkVerdict = "safe"
	LinkDangerous LinkVerdict = "dangerous"
)

// maxJudged is how many hosts a world has verdicts about.
const maxJudged = 1000

// Links are the operations on web addresses.
type Links struct{ *state }

// Links returns the operations on web addresses.
func (w *World) Links() Links { return Links{&w.state} }

// Judge sets the verdict about a host and those below it. The refusals are BadRequest and
// Quota.
func (w Links) Judge(host string, v LinkVerdict) error {
	w.mu.Lock()
	defer w.done()
	host = strings.ToLower(host)
	switch {
	case host == "" || len(host) > maxName || strings.ContainsAny(host, "/:@ "):
		return Refuse(BadRequest, "%q is no host", host)
	case v != LinkSafe && v != LinkDangerous && v != LinkUnknown:
		return Refuse(BadRequest, "%q is no verdict: safe, dangerous or unknown", string(v))
	case w.judged[host] == "" && len(w.judged) >= maxJudged:
		return Refuse(Quota, "there are verdicts about %d hosts already", maxJudged)
	}
	w.judged[host] = v
	return nil
}

// Verdict returns what the service thinks of an address: the verdict about its host, or the
// nearest above it that has one. The service's own are safe. The refusal is BadRequest, of
// what is no web address.
func (w Links) Verdict(address string) (LinkVerdict, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", Refuse(BadRequest, "no web address")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for host, more := strings.ToLower(u.Hostname()), true; more; _, host, more = strings.Cut(host, ".") {
		if v := w.judged[host]; v != "" {
			return v, nil
		}
		if host == "qq.com" {
			return LinkSafe, nil
		}
	}
	return LinkUnknown, nil
}

package ntqq

import (
	"maps"
	"sync"
	"time"
)

// webLogin keeps the keys of web pages. It is safe for concurrent use.
type webLogin struct {
	mu   sync.Mutex         // guards what follows
	of   string             // the ticket of the session that they belong to
	keys map[string]webKey  // the skey under "", p_skeys under their domains
	vain map[string]webHold // by the names of pages
}

// webHold is until when keys are not replaced again because of a page.
type webHold struct {
	wait  time.Duration
	until time.Time
	err   error // of the last login
}

type webKey struct {
	value string
	got   time.Time
}

// get returns a key of the session that is not too old.
func (l *webLogin) get(of, domain string, now time.Time) (webKey, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k, ok := l.keys[domain]
	age := now.Sub(k.got)
	return k, ok && of == l.of && age >= 0 && age < webKeyAge
}

func (l *webLogin) put(of, domain string, k webKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.keys == nil || l.of != of:
		l.of, l.keys, l.vain = of, map[string]webKey{}, nil
	case len(l.keys) >= maxWebKeys:
		maps.DeleteFunc(l.keys, func(at string, _ webKey) bool { return at != "" }) // another skey would cost a login
	}
	l.keys[domain] = k
}

// renew drops the keys of a domain because a page has refused them, unless others have
// come since. It reports whether the page is to be asked again.
func (l *webLogin) renew(page, domain string, keys webKeys, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keys[""].value != keys.skey || l.keys[domain].value != keys.pskey {
		return true
	}
	if now.Before(l.vain[page].until) {
		return false
	}
	delete(l.keys, "")
	delete(l.keys, domain)
	l.hold(page, nil, now)
	return true
}

// hold makes the time longer in which new keys are not tried for a page; mu is held.
func (l *webLogin) hold(page string, err error, now time.Time) {
	if l.vain == nil || len(l.vain) >= maxWebKeys {
		l.vain = map[string]webHold{}
	}
	wait := min(max(2*l.vain[page].wait, webDoubt), maxWebDoubt)
	l.vain[page] = webHold{wait, now.Add(wait), err}
}

// helped notes that a page takes the new keys.
func (l *webLogin) helped(page string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.vain, page)
}

// refused notes that a login was refused.
func (l *webLogin) refused(err error, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hold(webLoginHost, err, now)
	return err
}

// early returns the refusal of the last login, while it is too early for another one.
func (l *webLogin) early(now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h := l.vain[webLoginHost]; now.Before(h.until) {
		return h.err
	}
	return nil
}

package signer

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"libration/internal/redact"
	"libration/internal/text"
)

// A circuit breaker of our own: the libraries' have one fixed pause without jitter,
// and refuse while they are open; here a session that has no other signer must be
// able to ask all the same.
const (
	retryFirst = 5 * time.Second
	retryMost  = 5 * time.Minute
	jitter     = 0.2
	// downAfter failures in a row a provider is left alone: only when its pause is
	// over a single request asks it, or any when all are left alone.
	downAfter = 3
	// forcedTimeout is what the latter may take: callers learn soon that nothing can be
	// signed.
	forcedTimeout = 2 * time.Second
)

// State says how one signer of an [HTTP] is.
type State string

// The states.
const (
	OK      State = "ok"
	Failing State = "failing" // failed last time: others are asked first
	Down    State = "down"    // failed several times in a row: left alone
	// WrongVersion: it signs for another version than the session claims. It is not used.
	WrongVersion State = "wrong_version"
)

// Health is what is known of one signer of an [HTTP].
type Health struct {
	Name  string // the host, with a number where two have the same
	URL   string // without what may be secret
	State State
	Since time.Time // when State began; zero when it was not asked yet
	// Latency is a moving average over its answers. 0: there was none yet.
	Latency  time.Duration
	Failures int       // in a row
	Err      error     // the last failure; nil when State is OK
	Until    time.Time // the end of its pause; zero: it has none
}

// Health returns what is known of each signer, in the order of URLs.
func (h *HTTP) Health() []Health {
	h.init()
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]Health, len(h.providers))
	for i, p := range h.providers {
		all[i] = p.Health
	}
	return all
}

// provider is one address of an HTTP.
type provider struct {
	Health
	name    string // as in Health, which the mutex guards
	address string
	pause   time.Duration // before jitter
	noted   time.Time     // when the last answer or failure came
	probed  bool          // one request looks whether it works again
}

func newProviders(urls []string) []*provider {
	seen := map[string]int{}
	all := make([]*provider, len(urls))
	for i, address := range urls {
		name := "unreadable"
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			name = u.Host
		}
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s#%d", name, seen[name])
		}
		all[i] = &provider{
			Health: Health{Name: name, URL: redact.URL(address), State: OK},
			name:   name, address: address,
		}
	}
	return all
}

// question is one that is put to a provider.
type question struct {
	*provider
	began   time.Time
	timeout time.Duration
	forced  bool // nobody else is left to ask
	probe   bool
}

// next chooses whom a request asks, which has tried some already: those that work
// or whose pause is over, in order; then those that failed; and when all are left
// alone, the one whose last failure is the oldest. nil: nobody.
func (h *HTTP) next(tried []*provider) *question {
	h.mu.Lock()
	defer h.mu.Unlock()
	q := &question{began: time.Now(), timeout: h.Timeout}
	var failing, oldest *provider
	for _, p := range h.providers {
		if slices.Contains(tried, p) {
			continue
		}
		leftAlone := p.State == Down || p.State == WrongVersion
		if !q.began.Before(p.Until) && (!leftAlone || !p.probed) {
			q.provider, q.probe = p, leftAlone
			p.probed = leftAlone
			return q
		}
		switch {
		case p.State == Failing && failing == nil:
			failing = p
		case p.State == Down && (oldest == nil || p.noted.Before(oldest.noted)):
			oldest = p
		}
	}
	switch {
	case failing != nil:
		q.provider = failing
	case oldest != nil && len(tried) == 0:
		q.provider, q.forced, q.timeout = oldest, true, min(q.timeout, forcedTimeout)
	default:
		return nil
	}
	return q
}

// unasked explains why those that were not tried could not be.
func (h *HTTP) unasked(tried []*provider) []error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var errs []error
	for _, p := range h.providers {
		if !slices.Contains(tried, p) && p.Err != nil {
			errs = append(errs, text.Errorf("%s: not asked: %s since %s: %v", "%s：未询问，自 %[3]s 起为 %[2]s：%[4]v", p.name, p.State, p.Since.Format(time.TimeOnly), p.Err))
		}
	}
	return errs
}

// givenUp ends a question whose asker did not wait.
func (h *HTTP) givenUp(q *question) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if q.probe {
		q.probed = false
	}
}

// note takes down how a question ended, and logs what changed.
func (h *HTTP) note(q *question, err error) {
	now := time.Now()
	h.mu.Lock()
	was := q.Health
	if q.probe {
		q.probed = false
	}
	switch {
	case err == nil:
		q.works(now, now.Sub(q.began))
	case q.began.Before(q.noted): // one hiccup of many questions at once is one failure
	default:
		h.fails(q, now, err)
	}
	is := q.Health
	h.mu.Unlock()

	changed := is.State != was.State
	switch {
	case err != nil && changed && is.State == WrongVersion:
		h.log.Error("signer failed: it signs for another version, so it is not used", "signer", q.name,
			"until", is.Until.Format(time.TimeOnly), "err", err)
	case err != nil && changed && is.State == Down:
		h.log.Warn("signer failed: it is left alone for a while", "signer", q.name,
			"until", is.Until.Format(time.TimeOnly), "err", err)
	case err != nil && changed: // it may come and go
		h.notes.Warn(q.name, "signer failed", "signer", q.name, "err", err)
	case err != nil:
		h.log.Debug("signer failed again", "signer", q.name, "err", err)
	case changed && was.State != Failing:
		h.log.Info("signer works again", "signer", q.name, "was", was.State, "for", now.Sub(was.Since).Round(time.Second))
	}
}

func (p *provider) works(now time.Time, took time.Duration) {
	if p.State != OK || p.Since.IsZero() {
		p.State, p.Since = OK, now
	}
	if p.Latency == 0 {
		p.Latency = took
	}
	p.Latency += (took - p.Latency) / 5
	p.Failures, p.Err, p.Until, p.pause, p.noted = 0, nil, time.Time{}, 0, now
}

func (h *HTTP) fails(q *question, now time.Time, err error) {
	p, was := q.provider, q.State
	p.noted, p.Err = now, err
	if _, wrong := errors.AsType[*versionError](err); wrong {
		p.State, p.Failures, p.pause = WrongVersion, 0, h.RetryMost
	} else {
		p.State = Failing
		if p.Failures++; p.Failures >= downAfter {
			p.State = Down
		}
		if q.forced { // asked before its time: that makes no pause longer
			return
		}
		p.pause = min(max(h.RetryFirst, 2*p.pause), h.RetryMost)
	}
	if p.State != was {
		p.Since = now
	}
	p.Until = now.Add(time.Duration(float64(p.pause) * (1 - jitter + 2*jitter*h.rand())))
}

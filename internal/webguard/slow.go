package webguard

import (
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// How refused tokens are slowed down. The figures are ours: a bot with a wrong token
// that connects every few seconds is never delayed.
const (
	freeRefusals = 10          // of an address at once
	refusalPause = time.Second // between the others
	maxDelayed   = 8           // wait at once, of an address; further ones get 429
	maxWaiting   = 64          // wait at once, of all addresses
	maxAddresses = 1024        // known at once; further ones count as one
	retryAfter   = "8"         // seconds: when all that wait have been answered
	logPeriod    = time.Minute // between log lines about refusals
)

// slowdown delays the answers to refused tokens, per address. A request with the
// right token never comes here.
type slowdown struct {
	mu      sync.Mutex // guards the fields below
	due     map[netip.Prefix]time.Time
	swept   time.Time
	waiting int
}

// wait returns when a refusal may be answered. It is false when too many wait.
func (s *slowdown) wait(r *http.Request) bool {
	delay, ok := s.book(origin(r.RemoteAddr), time.Now())
	if !ok || delay == 0 {
		return ok
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.waiting--
	}()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
	return true
}

// book returns after which delay an address gets its next answer. Each answer takes
// a pause of the address's time, of which it has freeRefusals to begin with.
func (s *slowdown) book(address netip.Prefix, now time.Time) (delay time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := now.Add(-(freeRefusals - 1) * refusalPause)
	if _, known := s.due[address]; !known && len(s.due) >= maxAddresses {
		s.sweep(now, oldest)
		if len(s.due) >= maxAddresses {
			address = netip.Prefix{}
		}
	}
	due := s.due[address]
	if due.Before(oldest) {
		due = oldest
	}
	if delay = max(0, due.Sub(now)); delay > maxDelayed*refusalPause || delay > 0 && s.waiting >= maxWaiting {
		return 0, false
	}
	if s.due == nil {
		s.due = make(map[netip.Prefix]time.Time)
	}
	s.due[address] = due.Add(refusalPause)
	if delay > 0 {
		s.waiting++
	}
	return delay, true
}

// sweep forgets addresses whose time has passed, at most once a pause.
func (s *slowdown) sweep(now, oldest time.Time) {
	if now.Sub(s.swept) < refusalPause {
		return
	}
	s.swept = now
	for address, due := range s.due {
		if !due.After(oldest) {
			delete(s.due, address)
		}
	}
}

// origin is whom refusals are counted for: an IPv4 address, or the /64 that one
// household or machine has in IPv6. What is no address counts as one.
func origin(remote string) netip.Prefix {
	pair, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	addr := pair.Addr().Unmap().WithZone("")
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	prefix, _ := addr.Prefix(bits) // the number of bits is right
	return prefix
}

// refusalLog writes about refused requests, at most once per period, so that a
// client with a wrong token cannot fill the log.
type refusalLog struct {
	log     *slog.Logger
	service string

	mu     sync.Mutex // guards the fields below
	last   time.Time
	missed int
}

func (l *refusalLog) add(remote string, r *Refusal) {
	missed, due := l.next(time.Now())
	if due {
		l.log.Warn("request refused", "service", l.service, "remote", remote, "status", r.Status,
			"reason", r.Text.EN, "not_logged_before", missed)
	}
}

// next tells whether a line is due, and how many refusals had none since the last.
func (l *refusalLog) next(now time.Time) (missed int, due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.last.IsZero() && now.Sub(l.last) < logPeriod {
		l.missed++
		return 0, false
	}
	missed = l.missed
	l.last, l.missed = now, 0
	return missed, true
}

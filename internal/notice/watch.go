package notice

import (
	"time"

	"libration/internal/text"
)

// quiet is how long a kind of notice about one subject is not repeated.
const quiet = 10 * time.Minute

// watcher decides what is told, and when. One goroutine uses it.
type watcher struct {
	after     time.Duration
	language  text.Language
	includeQR bool
	subjects  map[string]*subject
	at        func(time.Time) time.Time // Options.At
	name      string                    // Options.Name
}

// subject is what is known of one.
type subject struct {
	since  time.Time // when the trouble began; zero while there is none
	told   Kind      // the last notice of this trouble, or one held back; "" for none
	reason string    // the last one of this trouble; a new try has none at first
	sent   map[Kind]time.Time
	held   int       // changes that were not told
	due    time.Time // when they are, in one

	// bad is the time spent in trouble, at most watcher.after, less half of the time
	// that was well since. So something that fails for a third of the time or more, in
	// however short pieces, becomes trouble.
	bad     time.Duration
	looked  time.Time // the last look
	wasBad  bool      // then
	returns int       // how often the present trouble came back before bad was paid off
}

// pass counts the time since the last look.
func (s *subject) pass(now time.Time, isBad bool, most time.Duration) {
	if passed := now.Sub(s.looked); s.wasBad {
		s.bad = min(s.bad+passed, most)
	} else {
		s.bad = max(s.bad-passed/2, 0)
	}
	if isBad && !s.wasBad && s.bad > 0 {
		s.returns++
	}
	s.looked, s.wasBad = now, isBad
}

// look compares a condition with what was told, and returns the notice that is to
// be sent now, if any.
func (w *watcher) look(now time.Time, account uint64, c Condition) *Notice {
	s := w.subjects[c.Subject]
	if s == nil {
		s = &subject{sent: make(map[Kind]time.Time), looked: now}
		w.subjects[c.Subject] = s
	}
	s.pass(now, !c.Kind.well(), w.after)
	n := &Notice{
		Kind: c.Kind, Level: c.Kind.level(), Account: account, Name: w.name, Subject: c.Subject,
		Time: now, Since: s.since, Returns: s.returns,
	}
	if c.Reason != "" {
		s.reason = c.Reason
	}
	n.Reason = s.reason
	changed := false
	if c.Kind.well() {
		if s.returns > 0 && s.bad > 0 {
			return nil // a good moment: it has not been well for long enough
		}
		changed = s.told != ""
		s.since, s.told, s.reason, s.returns = time.Time{}, "", "", 0
	} else {
		if s.since.IsZero() {
			s.since = now
		}
		n.Since = s.since
		changed = c.Kind.urgent() && s.told != c.Kind || s.told == "" && s.bad >= w.after
		if changed {
			s.told = c.Kind
		}
	}
	free := s.sent[c.Kind].Add(quiet)
	switch {
	case changed && now.Before(free):
		if s.held++; s.due.IsZero() {
			s.due = free
		}
		return nil
	case changed:
	case s.held > 0 && !now.Before(s.due) && s.since.IsZero() == (s.told == ""):
		s.held-- // the last of them is told now, as the present state
	default:
		return nil
	}
	n.Untold = s.held
	s.sent[c.Kind], s.held, s.due = now, 0, time.Time{}
	if w.includeQR {
		n.QR = c.QR
	}
	if w.at != nil {
		n.Time = w.at(n.Time)
		if !n.Since.IsZero() {
			n.Since = w.at(n.Since)
		}
	}
	n.fill(w.language, c)
	return n
}

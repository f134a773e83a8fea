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
	doctor    string                    // Options.DoctorCommand
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
	s := w.subject(c.Subject, now)
	s.pass(now, !c.Kind.well(), w.after)
	if c.Reason != "" {
		s.reason = c.Reason
	}
	if c.Kind.well() && s.returns > 0 && s.bad > 0 {
		return nil // a good moment: it has not been well for long enough
	}
	n := &Notice{
		Kind: c.Kind, Level: c.Kind.level(), Account: account, Name: w.name, Subject: c.Subject,
		Time: now, Since: s.since, Returns: s.returns,
	}
	var changed bool
	if c.Kind.well() {
		changed = s.recovered()
	} else {
		changed = s.troubled(c.Kind, now, w.after)
		n.Since, n.Reason = s.since, s.reason
	}
	if !s.mayTell(c.Kind, changed, now) {
		return nil
	}
	n.Untold = s.tell(c.Kind, now)
	w.finish(n, c)
	return n
}

// subject returns what is known of one, which may be nothing yet.
func (w *watcher) subject(name string, now time.Time) *subject {
	s := w.subjects[name]
	if s == nil {
		s = &subject{sent: make(map[Kind]time.Time), looked: now}
		w.subjects[name] = s
	}
	return s
}

// recovered ends the trouble, and returns whether the owner was told of it.
func (s *subject) recovered() (changed bool) {
	changed = s.told != ""
	s.since, s.told, s.reason, s.returns = time.Time{}, "", "", 0
	return changed
}

// troubled begins the trouble or goes on with it. It returns whether the owner should
// be told now: trouble that needs a person at once and each time it is another kind,
// other trouble once it has lasted.
func (s *subject) troubled(k Kind, now time.Time, after time.Duration) (changed bool) {
	if s.since.IsZero() {
		s.since = now
	}
	changed = k.urgent() && s.told != k || s.told == "" && s.bad >= after
	if changed {
		s.told = k
	}
	return changed
}

// mayTell returns whether a notice is sent now. A change that comes too soon after a
// notice of the same kind is held back. When it is due it is told, if what it says is
// still true.
func (s *subject) mayTell(k Kind, changed bool, now time.Time) bool {
	free := s.sent[k].Add(quiet)
	switch {
	case changed && now.Before(free):
		if s.held++; s.due.IsZero() {
			s.due = free
		}
		return false
	case changed:
		return true
	case s.held > 0 && !now.Before(s.due) && s.since.IsZero() == (s.told == ""):
		s.held-- // the last of them is told now, as the present state
		return true
	}
	return false
}

// tell notes that a notice is sent now, and returns how many changes were held back
// before it.
func (s *subject) tell(k Kind, now time.Time) (untold int) {
	untold = s.held
	s.sent[k], s.held, s.due = now, 0, time.Time{}
	return untold
}

// finish writes the texts of a notice, with the times that the owner sees.
func (w *watcher) finish(n *Notice, c Condition) {
	if w.includeQR {
		n.QR = c.QR
	}
	if w.at != nil {
		n.Time = w.at(n.Time)
		if !n.Since.IsZero() {
			n.Since = w.at(n.Since)
		}
	}
	n.fill(w.language, c, w.doctor)
}

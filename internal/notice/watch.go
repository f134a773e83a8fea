package notice

import "time"

// quiet is how long a kind of notice about one subject is not repeated.
const quiet = 10 * time.Minute

// watcher decides what is told, and when. One goroutine uses it.
type watcher struct {
	after     time.Duration
	chinese   bool
	includeQR bool
	subjects  map[string]*subject
}

// subject is what is known of one.
type subject struct {
	since  time.Time // when it ceased to be well; zero while it is
	told   Kind      // the last notice of this trouble, or one held back; "" for none
	reason string    // the last one of this trouble; a new try has none at first
	sent   map[Kind]time.Time
	held   int       // changes that were not told
	due    time.Time // when they are, in one
}

// look compares a condition with what was told, and returns the notice that is to
// be sent now, if any.
func (w *watcher) look(now time.Time, account uint64, c Condition) *Notice {
	s := w.subjects[c.Subject]
	if s == nil {
		s = &subject{sent: make(map[Kind]time.Time)}
		w.subjects[c.Subject] = s
	}
	n := &Notice{
		Kind: c.Kind, Level: c.Kind.level(), Account: account, Subject: c.Subject,
		Time: now, Since: s.since,
	}
	if c.Reason != "" {
		s.reason = c.Reason
	}
	n.Reason = s.reason
	changed := false
	if c.Kind.well() {
		changed = s.told != ""
		s.since, s.told, s.reason = time.Time{}, "", ""
	} else {
		if s.since.IsZero() {
			s.since = now
		}
		n.Since = s.since
		changed = c.Kind.urgent() && s.told != c.Kind || s.told == "" && now.Sub(s.since) >= w.after
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
	n.fill(w.chinese, c)
	return n
}

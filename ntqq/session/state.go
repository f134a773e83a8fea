package session

import (
	"context"
	"time"

	"libration/ntqq/session/link"
)

// Stage is where a session is. Everything that depends on the session follows its stage,
// never the reason of an event.
type Stage string

// The stages. docs/session.md has the diagram.
const (
	Offline      Stage = "offline"     // not started
	Probing      Stage = "probing"     // choosing a server
	Connecting   Stage = "connecting"  // dialling it
	LoggingIn    Stage = "logging_in"  // Step says how
	Registering  Stage = "registering" // announcing the session
	Online       Stage = "online"
	Reconnecting Stage = "reconnecting" // waiting before the next try; Err and Until say more
	Kicked       Stage = "kicked"       // ended by the server; needs a person
	NeedsLogin   Stage = "needs_login"  // no automatic login is left; needs a person
	Stopped      Stage = "stopped"      // ended on request
)

// Step refines LoggingIn.
type Step string

// The steps of LoggingIn.
const (
	StepKeyExchange   Step = "key_exchange"
	StepEasyLogin     Step = "easy_login"
	StepUnusualDevice Step = "unusual_device" // the phone is asked
	StepPassword      Step = "password"
	StepCaptcha       Step = "captcha"    // of the password login
	StepNewDevice     Step = "new_device" // of the password login
	StepQR            Step = "qr"
	StepWtlogin       Step = "wtlogin"
)

// State is a session's state at one moment.
type State struct {
	Stage Stage
	Step  Step
	// Err is why the session is not Online, when something failed.
	Err error
	// Until is when a waiting stage goes on by itself. Zero: it does not.
	Until time.Time
	// Server is the address that is dialled or connected. In Reconnecting, Kicked and
	// NeedsLogin it is the last one.
	Server string
	// Since is when this stage began.
	Since time.Time
	// OnlineCount counts the entries into Online since the start.
	OnlineCount int
	// Prompt is what a person has to do. nil: nothing.
	Prompt *Prompt
	// QR is the code to scan while Step is StepQR or StepNewDevice.
	QR *QRCode
}

// Online reports whether the account can be used now.
func (s State) Online() bool { return s.Stage == Online }

// QRCode is a code waiting for a phone.
type QRCode struct {
	URL     string // the text of the code
	PNG     []byte // the server's picture of it; nil when it gives none (StepNewDevice)
	Expires time.Time
	Scanned bool // scanned, waiting for the confirmation on the phone
}

// State returns the session's state now.
func (s *Session) State() State {
	st, _ := s.watch()
	return st
}

func (s *Session) watch() (State, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.changed
}

// Wait returns the first state for which ok is true; the present state counts. A state
// that passes quickly may be missed. The error is ctx's.
func (s *Session) Wait(ctx context.Context, ok func(State) bool) (State, error) {
	for {
		st, changed := s.watch()
		if ok(st) {
			return st, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return st, ctx.Err()
		}
	}
}

// setState is called by the session's goroutine only.
func (s *Session) setState(st State, online *link.Conn) {
	st.Since = time.Now()
	switch st.Stage {
	case Offline, Probing, Stopped:
	default:
		st.Server = s.server
	}
	s.mu.Lock()
	st.OnlineCount = s.state.OnlineCount
	if st.Stage == Online && s.state.Stage != Online {
		st.OnlineCount++
	}
	s.state, s.online = st, online
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	s.opts.OnState(st)
}

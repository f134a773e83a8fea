package ntqq

import "time"

// Stage is where a session is. Everything that depends on the session follows
// its stage, never the reason of an event.
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
	// Until is when a waiting stage goes on by itself; zero when it does not.
	Until time.Time
	// Server is the address that is dialled or connected, and of Reconnecting, Kicked
	// and NeedsLogin the last one.
	Server string
	// Since is when this stage began.
	Since time.Time
	// OnlineCount counts the entries into Online since the start.
	OnlineCount int
	// Prompt is what a person has to do; nil: nothing.
	Prompt *Prompt
	// QR is the code to scan while Step is StepQR or StepNewDevice.
	QR *QRCode
}

// Online tells whether the account can be used now.
func (s State) Online() bool { return s.Stage == Online }

// QRCode is a code waiting for a phone.
type QRCode struct {
	URL     string // the text of the code
	PNG     []byte // the server's picture of it; nil when it gives none (StepNewDevice)
	Expires time.Time
	Scanned bool // scanned, waiting for the confirmation on the phone
}

package admin

import "time"

// Owned is one account as the owner's service has it.
type Owned struct {
	Name    string
	Default bool // it is meant where no account is named
	// Status says how it is; Ready is derived.
	Status func() Status
	// Login asks for a new login, and Captcha gives the answer to a captcha.
	Login   func()
	Captcha func(ticket, randStr string) error
}

// Together is the state of several accounts. Its JSON form is the answer of /readyz then.
type Together struct {
	Ready    bool    `json:"ready"` // all are
	Version  string  `json:"version"`
	Accounts []Named `json:"accounts"`
}

// Named is one of several accounts.
type Named struct {
	Name string `json:"name"`
	Status
}

// Status is the true state of an account at one moment. Its JSON form is the answer of
// /readyz where it is the only one.
type Status struct {
	// Ready: the account is online, every service runs, messages can be signed, the
	// store can write and the data folder is there.
	Ready    bool      `json:"ready"`
	Version  string    `json:"version"`
	Account  Account   `json:"account"`
	Services []Service `json:"services"`
	Store    Store     `json:"store"`
	Folder   Folder    `json:"folder"`
	// Signing is nil when no signer is configured.
	Signing *Signing `json:"signing,omitempty"`
}

// Account is the state of the session.
type Account struct {
	UIN    uint64 `json:"uin"` // 0 before the first login
	Online bool   `json:"online"`
	State  string `json:"state"`          // an ntqq.Stage
	Step   string `json:"step,omitempty"` // of a login
	// Server is the one that is connected, or was the last.
	Server string `json:"server,omitempty"`
	// Reason is why it is not online, Until when it goes on by itself.
	Reason string    `json:"reason,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	Since  time.Time `json:"since,omitzero"`
	Prompt *Prompt   `json:"prompt,omitempty"`
}

// Prompt is what a person has to do before the account can be online.
type Prompt struct {
	Kind string `json:"kind"` // an ntqq.PromptKind
	Text string `json:"text"`
	// URL is the address of a captcha, or the text of the code to scan.
	URL     string    `json:"url,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
}

// Service is the state of one connection.
type Service struct {
	Name    string `json:"name"`
	Running bool   `json:"running"`
	State   string `json:"state"` // a supervise.State, or that of the connection to the bot
	// Reason is why it does not run, Retry when it is tried again.
	Reason string    `json:"reason,omitempty"`
	Retry  time.Time `json:"retry,omitzero"`
	Since  time.Time `json:"since,omitzero"`
}

// Store is the state of the message store.
type Store struct {
	OK      bool   `json:"ok"`
	Reason  string `json:"reason,omitempty"`
	Backlog int    `json:"backlog"` // messages that wait to be written
}

// Folder is the state of the data folder.
type Folder struct {
	// OK: it is the one that the program has locked, with all its files.
	OK bool `json:"ok"`
	// Reason is why it is not, or that little space is left.
	Reason string `json:"reason,omitempty"`
	Free   uint64 `json:"free_bytes,omitempty"` // on its disk; 0 when not known
}

// Signing is the state of the signers. Without signatures the account stays online
// and receives, but nothing can be sent.
type Signing struct {
	OK      bool      `json:"ok"`
	Reason  string    `json:"reason,omitempty"`
	Since   time.Time `json:"since,omitzero"` // of the trouble
	Signers []Signer  `json:"signers"`
}

// Signer is the state of one signer.
type Signer struct {
	Name     string    `json:"name"`
	URL      string    `json:"url"`   // without what may be secret
	State    string    `json:"state"` // an ntqq.SignerState
	Since    time.Time `json:"since,omitzero"`
	Latency  float64   `json:"latency"`  // moving average, seconds
	Failures int       `json:"failures"` // in a row
	Reason   string    `json:"reason,omitempty"`
	Until    time.Time `json:"until,omitzero"` // when it is asked again although there are others
}

// settle derives Ready, the one place that decides it.
func (s *Status) settle() {
	s.Ready = s.Account.Online && s.Store.OK && s.Folder.OK && (s.Signing == nil || s.Signing.OK)
	for _, v := range s.Services {
		s.Ready = s.Ready && v.Running
	}
}

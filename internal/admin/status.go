package admin

import "time"

// Owned is one account: its state, and what its owner can do about its login.
type Owned struct {
	Name    string
	Default bool // it answers requests that name no account
	// Status returns the account's state. Its field Ready is ignored: the server derives
	// it.
	Status func() Status
	// Login asks for a new login, and Captcha gives the answer to a captcha.
	Login   func()
	Captcha func(ticket, randStr string) error
	// Transfers returns what changed after a version among the uploads and downloads, all of
	// them after 0, and the present version. CancelTransfer ends one, and reports whether it
	// ran. Both may be nil.
	Transfers      func(after uint64) (changed []Transfer, version uint64)
	CancelTransfer func(id uint64) bool
}

// Together is the state of several accounts. Its JSON form is the answer of /readyz
// where there are several.
type Together struct {
	Ready    bool    `json:"ready"` // all are
	Version  string  `json:"version"`
	Accounts []Named `json:"accounts"`
}

// Named is the state of one of several accounts.
type Named struct {
	Name string `json:"name"`
	Status
}

// Status is the state of an account at one moment. Its JSON form is the answer of
// /readyz where there is one account.
type Status struct {
	// Ready means that the account is online, every connection works, messages can be
	// signed and sent, the store can write and the data folder is there.
	Ready    bool      `json:"ready"`
	Version  string    `json:"version"`
	Account  Account   `json:"account"`
	Services []Service `json:"services"`
	Store    Store     `json:"store"`
	Folder   Folder    `json:"folder"`
	// Signing is nil when no signer is configured.
	Signing *Signing `json:"signing,omitempty"`
	// Restriction is nil unless the service refuses messages of the account.
	Restriction *Restriction `json:"restriction,omitempty"`
}

// Account is the state of the session.
type Account struct {
	UIN    uint64 `json:"uin"` // 0 before the first login
	Online bool   `json:"online"`
	State  string `json:"state"`          // an ntqq.Stage
	Step   string `json:"step,omitempty"` // of a login
	// Server is the address of the connected server, or of the last one.
	Server string `json:"server,omitempty"`
	// Reason says why the account is not online. Until is when the next step happens
	// without a person.
	Reason string    `json:"reason,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	Since  time.Time `json:"since,omitzero"`
	Prompt *Prompt   `json:"prompt,omitempty"`
}

// Prompt is what a person has to do before the account can be online.
type Prompt struct {
	Kind string `json:"kind"` // an ntqq.PromptKind
	Text string `json:"text"`
	// Why is what came before it, an ntqq.PromptWhy.
	Why string `json:"why,omitempty"`
	// URL is the address of a captcha, or the text of the code to scan.
	URL     string    `json:"url,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
}

// Service is the state of one connection to bots.
type Service struct {
	Name    string `json:"name"`
	Running bool   `json:"running"`
	State   string `json:"state"` // a supervise.State, or that of the connection to the bot
	// Reason says why the connection does not work. Retry is when it is tried again.
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
	// OK means that the folder at the configured path is the one that the program has
	// locked, with all its files.
	OK bool `json:"ok"`
	// Reason says why OK is false, or that little space is left on the disk.
	Reason string `json:"reason,omitempty"`
	Free   uint64 `json:"free_bytes,omitempty"` // on its disk; 0 when not known
}

// Restriction says that the account may not send until a person passes a verification.
type Restriction struct {
	Reason string    `json:"reason"` // what is refused, in the owner's language
	Since  time.Time `json:"since"`
	URL    string    `json:"url,omitempty"` // of the verification, where it is known
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
	Until    time.Time `json:"until,omitzero"` // a signer that fails is not asked before this time while others work
}

// settle derives Ready, the one place that decides it.
func (s *Status) settle() {
	s.Ready = s.Account.Online && s.Store.OK && s.Folder.OK && (s.Signing == nil || s.Signing.OK) && s.Restriction == nil
	for _, v := range s.Services {
		s.Ready = s.Ready && v.Running
	}
}

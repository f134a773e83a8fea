package notice

import "time"

// Kind is what a notice is about.
type Kind string

// The kinds. At any moment one subject has one kind.
const (
	Online  Kind = "online"
	Offline Kind = "offline"
	// These need a person. Condition.Do says what to do.
	Kicked       Kind = "kicked"
	NeedsLogin   Kind = "needs_login"
	ScanCode     Kind = "scan_code"
	ConfirmLogin Kind = "confirm_login"
	SolveCaptcha Kind = "solve_captcha"
	CaptchaWrong Kind = "captcha_wrong" // a new one waits
	CodeDeclined Kind = "code_declined" // a new one waits
	NewDevice    Kind = "new_device"

	ServiceRunning Kind = "service_running"
	ServiceFailed  Kind = "service_failed"

	SignersWork Kind = "signers_work"
	SignersDown Kind = "signers_down"

	Unrestricted Kind = "unrestricted"
	Restricted   Kind = "restricted"

	StoreWorks   Kind = "store_works"
	StoreFailing Kind = "store_failing"

	FolderWorks Kind = "folder_works"
	FolderLost  Kind = "folder_lost"

	SpaceEnough Kind = "space_enough"
	SpaceLow    Kind = "space_low"

	Test Kind = "test"
)

// well tells whether nothing is wrong.
func (k Kind) well() bool {
	switch k {
	case Online, ServiceRunning, SignersWork, Unrestricted, StoreWorks, FolderWorks, SpaceEnough:
		return true
	}
	return false
}

// urgent tells whether only a person can mend it: it is told at once.
func (k Kind) urgent() bool {
	switch k {
	case Kicked, NeedsLogin, ScanCode, ConfirmLogin, SolveCaptcha, CaptchaWrong, CodeDeclined, NewDevice, Restricted:
		return true
	}
	return false
}

// level is what the owner may sort by.
func (k Kind) level() string {
	switch {
	case k.urgent():
		return "error"
	case k.well() || k == Test:
		return "info"
	}
	return "warning"
}

// Condition is how one subject is doing at one moment.
type Condition struct {
	// Subject is "account", "signers", "sending", "store", "folder", "space" or the name of a service.
	Subject string
	Kind    Kind
	// Reason is why, in words; "" while all is well.
	Reason string
	// Do is what the owner should do, in the owner's language, where the kind alone does
	// not say it.
	Do string
	// Picture is the path of the picture of the login code, with ScanCode, CodeDeclined and
	// NewDevice.
	// QR is the text of that code.
	Picture, QR string
}

// Notice is one message to the owner. Its JSON form is what a webhook gets.
type Notice struct {
	Kind  Kind   `json:"kind"`
	Level string `json:"level"` // info, warning or error
	// Account is the number of the account; 0 before the first login.
	Account uint64 `json:"account"`
	// Name is the account's name in the configuration; "" where it is the only account.
	Name string `json:"name,omitempty"`
	// Subject is [Condition.Subject].
	Subject string `json:"subject"`
	// Time is when the condition was seen. Since is when the trouble began, zero for a
	// notice without trouble.
	Time  time.Time `json:"time"`
	Since time.Time `json:"since,omitzero"`
	// Reason is the cause of the trouble; "" in the notice about its end.
	Reason string `json:"reason,omitempty"`
	// Returns counts how often the trouble came back after a short time without it.
	Returns int `json:"returns,omitempty"`
	// Untold counts the changes since the last notice that were not sent, because there
	// were too many.
	Untold int `json:"untold,omitempty"`
	// Title and Text are for people: what happened, why, what happens next, what to do.
	Title string `json:"title"`
	Text  string `json:"text"`
	// QR is the text of the login code, where the owner wants it sent.
	QR string `json:"qr,omitempty"`

	accounts string // of a test; "" for Account
}

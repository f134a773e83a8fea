package media

import "errors"

// Step is a part of the way of a medium to its chat.
type Step string

// The steps, in their order.
const (
	StepFetch   Step = "fetch"   // its bytes are read, or downloaded
	StepConvert Step = "convert" // it is measured, and made what the service takes
	StepHash    Step = "hash"
	StepReserve Step = "reserve" // the service is asked for a place
	StepBlock   Step = "block"   // a block is uploaded
	StepPublish Step = "publish" // the service is asked to show the upload
	StepSend    Step = "send"    // the message with it is sent
)

// StepError says at which step a medium failed. Err is the reason.
type StepError struct {
	Step Step
	Err  error
}

func (e *StepError) Error() string { return string(e.Step) + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *StepError) Unwrap() error { return e.Err }

// Reasons that callers can test for. The errors that wrap one of them say more.
var (
	ErrTooLarge  = errors.New("too large or too long")
	ErrFormat    = errors.New("a format that cannot be sent")
	ErrForbidden = errors.New("a file that is not read")
)

// because returns err with one of the reasons.
func because(reason, err error) error { return &reasoned{reason, err} }

type reasoned struct{ reason, err error }

func (r *reasoned) Error() string   { return r.err.Error() }
func (r *reasoned) Unwrap() []error { return []error{r.err, r.reason} }

// at returns err as that of a step; nil stays nil.
func at(step Step, err error) error {
	if err == nil {
		return nil
	}
	return &StepError{step, err}
}

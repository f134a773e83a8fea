package world

import "fmt"

// Reason says why the world refused an operation.
type Reason uint32

// The reasons. Their numbers are the result codes of OIDB answers, where an operation
// has no code of its own (docs/protocol/operations.md 7.1).
const (
	BadRequest   Reason = iota + 1
	NotFound            // no such user, group or message
	NotMember           // somebody is not a member of the group
	NoPermission        // somebody may not do it
	Quota               // something is full
	TooLarge            // a message has no content, or too much
	TooFast             // more messages than the group takes
)

// Refusal is the error of an operation that the world has refused. Nothing has changed
// then.
type Refusal struct {
	Reason Reason
	// Code is the code of the server's answer. Of a message it is one of
	// docs/protocol/messages.md 4.3, of all else the number of Reason.
	Code uint32
	Text string
	// Format and Args have made Text. Who shows it in another language looks up Format.
	Format string
	Args   []any
}

// Error returns the text.
func (r *Refusal) Error() string { return r.Text }

// Refusal returns the code and the text of the server's answer.
func (r *Refusal) Refusal() (code int64, text string) { return int64(r.Code), r.Text }

// Refuse returns a *[Refusal] with the code of its reason. format and args make its text,
// as in package fmt.
func Refuse(reason Reason, format string, args ...any) error {
	return &Refusal{Reason: reason, Code: uint32(reason), Text: fmt.Sprintf(format, args...), Format: format, Args: args}
}

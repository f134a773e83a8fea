package world

import (
	"slices"

	"libration/ntqq/message"
)

// Status is the presence that an account has chosen, in the numbers of
// docs/protocol/operations.md 4.5. The zero value is online.
type Status struct {
	Status, Extended uint32
	Battery          uint32 // per cent
	// Face and Text are those of a status in own words, StatusCustom.
	Face uint32
	Text string
}

// Values of Status.
const (
	StatusOnline = 10
	StatusCustom = 2000 // Extended
)

var statuses = []uint32{0, StatusOnline, 30, 40, 50, 60, 70}

// IsStatus reports whether a number is that of a status.
func IsStatus(n uint32) bool { return n != 0 && slices.Contains(statuses, n) }

// StatusChanged is sent when User has chosen another presence.
type StatusChanged struct {
	User   User
	Status Status
}

// Activity implements Happening.
func (h *StatusChanged) Activity() Activity {
	return Activity{Kind: ActivityStatus, User: h.User.UIN, Text: h.Status.Text}
}

// SetStatus sets the presence of an account. The refusals are NotFound, and BadRequest: no
// such status, extended although it is not online, a battery of more than 100 per cent, or
// a text of more than 127 bytes.
func (w Users) SetStatus(uin message.UIN, status Status) error {
	w.mu.Lock()
	defer w.done()
	a, err := w.account(uin)
	if err != nil {
		return err
	}
	switch {
	case !slices.Contains(statuses, status.Status):
		return Refuse(BadRequest, "no status %d", status.Status)
	case status.Extended != 0 && status.Status != StatusOnline, status.Extended > 0xFFFF:
		return Refuse(BadRequest, "no status %d, %d", status.Status, status.Extended)
	case status.Battery > 100:
		return Refuse(BadRequest, "a battery of %d per cent", status.Battery)
	}
	if err := checkName(status.Text); err != nil {
		return err
	}
	if status != a.status {
		a.status = status
		w.happened(&StatusChanged{a.User, status})
	}
	return nil
}

// Status returns the presence that an account has chosen, the zero value of an unknown
// account.
func (w Users) Status(uin message.UIN) Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.users[uin]; a != nil {
		return a.status
	}
	return Status{}
}

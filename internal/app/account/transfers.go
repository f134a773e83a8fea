package account

import (
	"errors"

	"libration/internal/admin"
	"libration/ntqq/media/transfer"
	"libration/ntqq/message"
)

// Transfers are the uploads and downloads that changed after a version, 0 for all that are
// listed, and the present version.
func (a *Account) Transfers(after uint64) (changed []admin.Transfer, version uint64) {
	all, version, _ := a.transfers.Changes(after)
	for _, s := range all {
		changed = append(changed, shownTransfer(s))
	}
	return changed, version
}

// CancelTransfer ends an upload or a download, and reports whether there was one.
func (a *Account) CancelTransfer(id uint64) bool { return a.transfers.Cancel(id) }

func shownTransfer(s transfer.Status) admin.Transfer {
	t := admin.Transfer{
		ID: s.ID, Direction: string(s.Direction), Kind: s.Kind, Name: s.Name, Step: s.Step, Done: s.Done, Total: s.Total,
		State: admin.TransferRunning, Began: s.Began, Ended: s.Ended,
	}
	if c := s.Chat; c != nil && c.Kind == message.Group {
		t.Chat = &admin.TransferChat{Type: "group", ID: uint64(c.Group)}
	} else if c != nil {
		t.Chat = &admin.TransferChat{Type: "private", ID: uint64(c.Peer)}
	}
	switch {
	case s.Ended.IsZero():
	case s.Err == nil:
		t.State = admin.TransferDone
	case errors.Is(s.Err, transfer.ErrCancelled):
		t.State = admin.TransferCancelled
	default:
		t.State, t.Error = admin.TransferFailed, s.Err.Error()
	}
	return t
}

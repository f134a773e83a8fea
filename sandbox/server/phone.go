package server

import (
	"cmp"
	"encoding/hex"
	"slices"
	"time"

	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// QRInfo describes a login code that waits to be scanned or confirmed.
type QRInfo struct {
	// ID names the code: the hex digits of its signature.
	ID         string `json:"id"`
	URL        string `json:"url"`
	DeviceName string `json:"device_name"`
	// Purpose is "login", "unusual_device" or "new_device".
	Purpose string `json:"purpose"`
	// State is "waiting" or "scanned".
	State string `json:"state"`
	// BoundUIN is the account that scanned the code, or the only one that may confirm it;
	// 0 for none.
	BoundUIN message.UIN `json:"bound_uin"`
	// LastUIN is the account that logged in from the same device last; 0 for none.
	LastUIN message.UIN `json:"last_uin"`
	// RemoteAddr is where the client has connected from, host:port.
	RemoteAddr string `json:"remote_addr"`
	// Created and Expires are in Unix seconds.
	Created int64 `json:"created"`
	Expires int64 `json:"expires"`
}

// PendingQR returns the login codes that wait to be scanned or confirmed, oldest
// first. Those whose client is gone are not among them until it asks for them again.
func (q *qrCodes) PendingQR() []QRInfo {
	q.mu.Lock()
	defer q.mu.Unlock()
	pending := []QRInfo{}
	for _, code := range q.bySignature.entries {
		switch q.stateOf(code) {
		case wire.QRWaiting, wire.QRScanned:
			if !code.isAwaited() {
				continue
			}
			pending = append(pending, QRInfo{
				ID: hex.EncodeToString(code.signature), URL: code.url, DeviceName: code.device.name,
				Purpose: string(code.purpose), State: code.state.String(), BoundUIN: code.uin,
				LastUIN: code.last, RemoteAddr: code.device.remote(),
				Created: code.created.Unix(), Expires: code.expires.Unix(),
			})
		default:
			if time.Since(code.expires) > qrKept {
				q.forgetCode(code)
			}
		}
	}
	slices.SortFunc(pending, func(a, b QRInfo) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID))
	})
	return pending
}

// ScanQR scans a code with the phone of uin. It may be scanned again by another account.
// The error is a *[world.Refusal]: BadRequest of a bad id or a code that is done,
// NotFound of a code or account, NoPermission where another account must confirm.
func (q *qrCodes) ScanQR(id string, uin message.UIN) error {
	return q.changeCode(id, uin, func(code *qrCode) { code.state, code.uin = wire.QRScanned, uin })
}

// ApproveQR confirms a code with the phone of uin; it need not be scanned. The errors are
// those of ScanQR.
func (q *qrCodes) ApproveQR(id string, uin message.UIN) error {
	return q.changeCode(id, uin, func(code *qrCode) { q.confirm(code, uin) })
}

// RejectQR refuses a login on the phone. The errors are those of ScanQR.
func (q *qrCodes) RejectQR(id string) error {
	return q.changeCode(id, 0, func(code *qrCode) { code.state = wire.QRCancelled })
}

// ExpireQR lets a code expire now. The errors are those of ScanQR.
func (q *qrCodes) ExpireQR(id string) error {
	return q.changeCode(id, 0, func(code *qrCode) { code.state = wire.QRExpired })
}

// changeCode applies change to a pending code. uin is who does it, 0 when that
// does not matter. Errors are *world.Refusal.
func (q *qrCodes) changeCode(id string, uin message.UIN, change func(*qrCode)) error {
	if uin != 0 {
		if _, ok := q.world.Users().Find(uin); !ok {
			return world.Refuse(world.NotFound, "no user %d", uin)
		}
	}
	signature, err := hex.DecodeString(id)
	if err != nil {
		return world.Refuse(world.BadRequest, "bad login code id %q", id)
	}
	q.mu.Lock()
	code, known := q.bySignature.get(signature)
	if !known {
		q.mu.Unlock()
		return world.Refuse(world.NotFound, "no login code %s", id)
	}
	switch state := q.stateOf(code); {
	case state != wire.QRWaiting && state != wire.QRScanned:
		err = world.Refuse(world.BadRequest, "login code is %s", state)
	case code.purpose != forLogin && uin != 0 && uin != code.uin:
		err = world.Refuse(world.NoPermission, "only %d may confirm this login", code.uin)
	default:
		change(code)
	}
	state := code.state
	q.mu.Unlock()
	if err == nil {
		q.note(code, state)
	}
	return err
}

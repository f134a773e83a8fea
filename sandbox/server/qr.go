package server

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"libration/internal/crypto"
	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

const (
	qrSignatureSize = 24
	// qrKept is how long a code that can no longer be scanned is still known, so
	// that its client gets that answer.
	qrKept = 10 * time.Minute
)

// codePurpose is what the confirmation of a code is for.
type codePurpose string

const (
	forLogin     codePurpose = "login"
	forUnusual   codePurpose = "unusual_device" // it confirms an easy login
	forNewDevice codePurpose = "new_device"     // it confirms a password login
)

// qrCode is one attempt to log in by scanning a code (docs/protocol/login.md 4).
// logins.mu guards what changes.
type qrCode struct {
	signature        []byte
	text, url        string
	device           device
	created, expires time.Time
	purpose          codePurpose

	state           wire.QRState
	uin             message.UIN // who scanned it; 0 for nobody
	a1              []byte      // once confirmed; with forNewDevice a text
	tgtgt, noPicSig crypto.Key
}

// QRInfo describes a login code.
type QRInfo struct {
	// ID names the code: the hex digits of its signature.
	ID         string `json:"id"`
	URL        string `json:"url"`
	DeviceName string `json:"device_name"`
	// Purpose is "login", "unusual_device" or "new_device".
	Purpose string `json:"purpose"`
	// State is "waiting", "scanned", "confirmed", "cancelled" or "expired".
	State string `json:"state"`
	// BoundUIN is who scanned it, or who alone may confirm it; 0 for nobody.
	BoundUIN message.UIN `json:"bound_uin"`
	// Unix seconds.
	Created int64 `json:"created"`
	Expires int64 `json:"expires"`
}

// newCode makes a code for a device. bound alone may confirm it, unless it is for a
// login. About an unusual device the phone is asked: the code counts as scanned
// (docs/protocol/login.md 8).
func (l *logins) newCode(d device, appID uint32, purpose codePurpose, bound message.UIN) *qrCode {
	random := make([]byte, qrSignatureSize)
	rand.Read(random)
	now := time.Now()
	// The address has the form of the real one and is never opened; its key is 32
	// characters, and all of it below 128 bytes.
	text := base64.RawURLEncoding.EncodeToString(random)
	code := &qrCode{
		signature: random, text: text, url: fmt.Sprintf("https://txz.qq.com/p?k=%s&f=%d", text, appID),
		device: d, created: now, expires: now.Add(l.qrLifetime),
		state: wire.QRWaiting, purpose: purpose, uin: bound,
	}
	if purpose == forUnusual {
		code.state = wire.QRScanned
	}
	l.mu.Lock()
	if purpose == forNewDevice {
		code.url = l.control + "/?str_url=" + text
	}
	l.codes.put(code.signature, code)
	if auto := l.autoApprove; auto != 0 && (bound == 0 || bound == auto) {
		l.confirm(code, auto)
	}
	state := code.state
	l.mu.Unlock()
	l.noteQR(code, state)
	return code
}

// confirm lets the device of a code log in as uin; mu is held.
func (l *logins) confirm(code *qrCode, uin message.UIN) {
	code.state, code.uin = wire.QRConfirmed, uin
	code.a1, code.tgtgt, code.noPicSig = newTicket(), newKey(), newKey()
	if code.purpose == forNewDevice {
		code.a1 = hex.AppendEncode(nil, code.a1)
	}
	l.codeA1s.put(code.a1, code)
}

// forgetCode drops a code that has been used; mu is held.
func (l *logins) forgetCode(code *qrCode) {
	l.codes.drop(code.signature)
	l.codeA1s.drop(code.a1)
}

// stateOf is the state of a code now; mu is held.
func (l *logins) stateOf(code *qrCode) wire.QRState {
	if (code.state == wire.QRWaiting || code.state == wire.QRScanned) && !time.Now().Before(code.expires) {
		code.state = wire.QRExpired
	}
	return code.state
}

func (l *logins) noteQR(code *qrCode, state wire.QRState) {
	l.mu.Lock()
	uin := code.uin
	l.mu.Unlock()
	l.log.Info("login code", "state", state, "device", code.device.name, "url", code.url)
	l.world.Note(world.Activity{Kind: world.ActivityQR, ID: hex.EncodeToString(code.signature), User: uin, Text: state.String()})
}

// qrFetch answers sub command 0x31.
func (l *logins) qrFetch(rq *request, packet *wire.Code2D) ([]byte, error) {
	fetch, err := wire.ParseQRFetch(packet.Data)
	if err != nil {
		return nil, err
	}
	purpose, bound := forLogin, message.UIN(0)
	if len(fetch.UnusualSig) > 0 {
		l.mu.Lock()
		asked, known := l.unusual.get(fetch.UnusualSig)
		l.mu.Unlock()
		if !known {
			return (&wire.QRFetchReply{AppID: packet.AppID, Code: 1}).Encode()
		}
		purpose, bound = forUnusual, asked.uin
	}
	d := device{guid: guidText(fetch.GUID[:]), name: fetch.DeviceName, class: classOf(rq.SubAppID)}
	code := l.newCode(d, packet.AppID, purpose, bound)
	picture, err := drawQR(code.url)
	if err != nil {
		return nil, fmt.Errorf("draw login code: %w", err)
	}
	return (&wire.QRFetchReply{
		AppID: packet.AppID, Signature: code.signature, Image: picture,
		LifetimeSeconds: uint32(l.qrLifetime / time.Second), URL: code.url, SignatureText: code.text,
	}).Encode()
}

// qrPoll answers sub command 0x12. A code that is not known, or was used, is
// invalid.
func (l *logins) qrPoll(packet *wire.Code2D) ([]byte, error) {
	poll, err := wire.ParseQRPoll(packet.Data)
	if err != nil {
		return nil, err
	}
	answer := &wire.QRPollReply{AppID: packet.AppID, State: wire.QRInvalid}
	l.mu.Lock()
	if code, known := l.codes.get(poll.Signature); known {
		answer.State = l.stateOf(code)
		if answer.State == wire.QRConfirmed {
			answer.UIN = uint64(code.uin)
			answer.A1, answer.TgtgtKey, answer.NoPicSig = code.a1, code.tgtgt, code.noPicSig
		}
	}
	l.mu.Unlock()
	return answer.Encode()
}

// PendingQR returns the login codes that wait to be scanned or confirmed, oldest
// first.
func (l *logins) PendingQR() []QRInfo {
	l.mu.Lock()
	defer l.mu.Unlock()
	pending := []QRInfo{}
	for _, code := range l.codes.entries {
		switch l.stateOf(code) {
		case wire.QRWaiting, wire.QRScanned:
			pending = append(pending, QRInfo{
				ID: hex.EncodeToString(code.signature), URL: code.url, DeviceName: code.device.name,
				Purpose: string(code.purpose), State: code.state.String(), BoundUIN: code.uin,
				Created: code.created.Unix(), Expires: code.expires.Unix(),
			})
		default:
			if time.Since(code.expires) > qrKept {
				l.forgetCode(code)
			}
		}
	}
	slices.SortFunc(pending, func(a, b QRInfo) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID))
	})
	return pending
}

// ScanQR does what scanning a code with the phone of uin does.
func (l *logins) ScanQR(id string, uin message.UIN) error {
	return l.changeCode(id, uin, func(code *qrCode) { code.state, code.uin = wire.QRScanned, uin })
}

// ApproveQR confirms a code, scanned or not, with the phone of uin.
func (l *logins) ApproveQR(id string, uin message.UIN) error {
	return l.changeCode(id, uin, func(code *qrCode) { l.confirm(code, uin) })
}

// RejectQR refuses a login on the phone.
func (l *logins) RejectQR(id string) error {
	return l.changeCode(id, 0, func(code *qrCode) { code.state = wire.QRCancelled })
}

// ExpireQR lets a code expire now.
func (l *logins) ExpireQR(id string) error {
	return l.changeCode(id, 0, func(code *qrCode) { code.state = wire.QRExpired })
}

// changeCode applies change to a pending code. uin is who does it, 0 when that
// does not matter. Errors are *world.Refusal.
func (l *logins) changeCode(id string, uin message.UIN, change func(*qrCode)) error {
	if uin != 0 {
		if _, ok := l.world.Users().Find(uin); !ok {
			return world.Refuse(world.NotFound, "no user %d", uin)
		}
	}
	signature, err := hex.DecodeString(id)
	if err != nil {
		return world.Refuse(world.BadRequest, "bad login code id %q", id)
	}
	l.mu.Lock()
	code, known := l.codes.get(signature)
	if !known {
		l.mu.Unlock()
		return world.Refuse(world.NotFound, "no login code %s", id)
	}
	switch state := l.stateOf(code); {
	case state != wire.QRWaiting && state != wire.QRScanned:
		err = world.Refuse(world.BadRequest, "login code is %s", state)
	case code.purpose != forLogin && uin != 0 && uin != code.uin:
		err = world.Refuse(world.NoPermission, "only %d may confirm this login", code.uin)
	default:
		change(code)
	}
	state := code.state
	l.mu.Unlock()
	if err == nil {
		l.noteQR(code, state)
	}
	return err
}

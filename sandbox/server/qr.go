package server

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"sync"
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
	// verifyPause is how long the client of a new device is taken to be there after it has
	// asked whether its code is confirmed: it asks over HTTP, without its connection.
	verifyPause = 10 * time.Second
)

// codePurpose is what the confirmation of a code is for.
type codePurpose string

const (
	forLogin     codePurpose = "login"
	forUnusual   codePurpose = "unusual_device" // it confirms an easy login
	forNewDevice codePurpose = "new_device"     // it confirms a password login
)

// qrCode is one attempt to log in by scanning a code (docs/protocol/login.md 4).
// qrCodes.mu guards what changes.
type qrCode struct {
	signature        []byte
	text, url        string
	device           device // its connection changes
	created, expires time.Time
	verified         time.Time // when the service that verifies devices was asked last
	purpose          codePurpose
	last             message.UIN // who logged in from the device before; 0 for nobody

	state           wire.QRState
	uin             message.UIN // who scanned it; 0 for nobody
	a1              []byte      // once confirmed; with forNewDevice a text
	tgtgt, noPicSig crypto.Key
}

// qrCodes are the login codes, and what people do with them on their phones.
type qrCodes struct {
	world       *world.World
	log         *slog.Logger
	clients     *registry
	autoApprove message.UIN
	lifetime    time.Duration

	// mu guards everything below.
	mu          sync.Mutex
	bySignature table[*qrCode]
	byA1        table[*qrCode]     // confirmed codes by the A1 handed out
	unusual     table[message.UIN] // whose login waits, by unusual-device signature
}

// newCode makes a code for a device; url makes the address that it shows of its text. bound
// alone may confirm it, unless it is for a login. About an unusual device the phone is
// asked: the code counts as scanned (docs/protocol/login.md 8).
func (q *qrCodes) newCode(d device, purpose codePurpose, bound message.UIN, url func(text string) string) *qrCode {
	random := make([]byte, qrSignatureSize)
	rand.Read(random)
	now := time.Now()
	text := base64.RawURLEncoding.EncodeToString(random)
	code := &qrCode{
		signature: random, text: text, url: url(text),
		device: d, created: now, expires: now.Add(q.lifetime),
		state: wire.QRWaiting, purpose: purpose, uin: bound, last: q.clients.lastFrom(d.guid),
	}
	if purpose == forUnusual {
		code.state = wire.QRScanned
	}
	q.mu.Lock()
	q.bySignature.put(code.signature, code)
	if auto := q.autoApprove; auto != 0 && (bound == 0 || bound == auto) {
		q.confirm(code, auto)
	}
	state := code.state
	q.mu.Unlock()
	q.note(code, state)
	return code
}

// askUnusual notes that the login of uin from an unusual device waits for a confirmation,
// and returns the signature with which its code is fetched.
func (q *qrCodes) askUnusual(uin message.UIN) []byte {
	signature := newTicket()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.unusual.put(signature, uin)
	return signature
}

// askedUnusual returns who waits with a signature of askUnusual.
func (q *qrCodes) askedUnusual(signature []byte) (message.UIN, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.unusual.get(signature)
}

// poll returns the state of a code to the client at over and, once it is confirmed, what its
// device gets. A code that is not known, or was used, is invalid.
func (q *qrCodes) poll(signature []byte, over *conn) *wire.QRPollReply {
	q.mu.Lock()
	defer q.mu.Unlock()
	code, known := q.bySignature.get(signature)
	if !known {
		return &wire.QRPollReply{State: wire.QRInvalid}
	}
	code.device.over = over
	answer := &wire.QRPollReply{State: q.stateOf(code)}
	if answer.State == wire.QRConfirmed {
		answer.UIN = uint64(code.uin)
		answer.A1, answer.TgtgtKey, answer.NoPicSig = code.a1, code.tgtgt, code.noPicSig
	}
	return answer
}

// confirmed returns the code of a login that gave out an A1, nil for none.
func (q *qrCodes) confirmed(a1 []byte) *qrCode {
	q.mu.Lock()
	defer q.mu.Unlock()
	if code, known := q.byA1.get(a1); known && code.purpose == forLogin {
		return code
	}
	return nil
}

// verified returns what the code of a new device gives once it is confirmed, before that
// nothing. known is false where there is no such code.
func (q *qrCodes) verified(signature []byte) (token string, known bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	code, known := q.bySignature.get(signature)
	if !known || code.purpose != forNewDevice {
		return "", false
	}
	code.verified = time.Now()
	if q.stateOf(code) == wire.QRConfirmed {
		token = string(code.a1)
	}
	return token, true
}

// use drops a code that has given a session.
func (q *qrCodes) use(code *qrCode) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.forgetCode(code)
}

// confirm lets the device of a code log in as uin; mu is held.
func (q *qrCodes) confirm(code *qrCode, uin message.UIN) {
	code.state, code.uin = wire.QRConfirmed, uin
	code.a1, code.tgtgt, code.noPicSig = newTicket(), newKey(), newKey()
	if code.purpose == forNewDevice {
		code.a1 = hex.AppendEncode(nil, code.a1)
	}
	q.byA1.put(code.a1, code)
}

// forgetCode drops a code that has been used; mu is held.
func (q *qrCodes) forgetCode(code *qrCode) {
	q.bySignature.drop(code.signature)
	q.byA1.drop(code.a1)
}

// isAwaited reports whether the client that shows a code is there; mu is held.
func (c *qrCode) isAwaited() bool {
	return c.device.isThere() || c.purpose == forNewDevice && time.Since(c.verified) < verifyPause
}

// stateOf is the state of a code now; mu is held.
func (q *qrCodes) stateOf(code *qrCode) wire.QRState {
	if (code.state == wire.QRWaiting || code.state == wire.QRScanned) && !time.Now().Before(code.expires) {
		code.state = wire.QRExpired
	}
	return code.state
}

func (q *qrCodes) note(code *qrCode, state wire.QRState) {
	q.mu.Lock()
	uin := code.uin
	q.mu.Unlock()
	q.log.Info("login code", "state", state, "device", code.device.name, "url", code.url)
	q.world.Note(world.Activity{Kind: world.ActivityQR, ID: hex.EncodeToString(code.signature), User: uin, Text: state.String()})
}

// redeem uses up what a confirmed code gave to a device of its account.
func (q *qrCodes) redeem(ticket []byte, purpose codePurpose, user world.User, d device) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	code, known := q.byA1.get(ticket)
	if !known || code.purpose != purpose || code.uin != user.UIN || code.device.guid != d.guid {
		return false
	}
	q.forgetCode(code)
	return true
}

package server

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"libration/internal/pb/loginpb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// defaultControl is the default address of `libration sandbox`.
const defaultControl = "http://127.0.0.1:7800"

// captchaKept is how long a captcha can be solved: no client waits longer.
const captchaKept = 10 * time.Minute

// checks are what a login may be asked for besides its password or ticket.
type checks struct {
	codes *qrCodes

	// mu guards everything below.
	mu        sync.Mutex
	captchas  table[*captcha]      // that wait to be solved, by sid
	newcomers table[newcomer]      // new devices, by signature
	control   string               // where the control API is served
	cautious  map[message.UIN]bool // whose easy logins count as from an unusual device
	confirmed table[bool]          // devices whose easy logins the account wants to confirm
}

// captcha is one that a password login has to bring solved.
type captcha struct {
	uin             message.UIN
	device          device
	ticket, randStr string
	created         time.Time
}

// newcomer is a device that asked for a password login and has to be verified.
type newcomer struct {
	uin    message.UIN
	token  string
	device device
}

// CaptchaInfo is a captcha that waits to be solved. A client that sends Ticket and
// RandStr with its SID has solved it.
type CaptchaInfo struct {
	SID        string      `json:"sid"`
	UIN        message.UIN `json:"uin"` // of the account that logs in
	DeviceName string      `json:"device_name"`
	// Connected: the client still has the connection on which it was asked. One that has lost
	// it may bring the solution on another.
	Connected bool   `json:"connected"`
	URL       string `json:"url"` // of its page, which the client shows
	Ticket    string `json:"ticket"`
	RandStr   string `json:"randstr"`
	Created   int64  `json:"created"` // Unix seconds
}

// SetControlURL sets where the control API is served, without a slash at the end. The
// addresses of captchas and of verifications begin with it. Default:
// http://127.0.0.1:7800.
func (k *checks) SetControlURL(url string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.control = url
}

// UnusualDevice sets whether the easy logins of an account count as from an unusual
// device. Such a login needs a confirmation by a code (docs/protocol/login.md 8).
func (k *checks) UnusualDevice(uin message.UIN, on bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cautious[uin] = on
}

// confirmLogins sets whether the account confirms each easy login from a device.
func (k *checks) confirmLogins(uin message.UIN, guid string, on bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.confirmed.drop(deviceOf(uin, guid))
	if on {
		k.confirmed.put(deviceOf(uin, guid), true)
	}
}

func deviceOf(uin message.UIN, guid string) []byte { return fmt.Appendf(nil, "%d %s", uin, guid) }

// isCautious reports whether an easy login from a device needs a confirmation.
func (k *checks) isCautious(uin message.UIN, guid string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	confirms, _ := k.confirmed.get(deviceOf(uin, guid))
	return confirms || k.cautious[uin]
}

// newCaptcha makes a captcha for a login from a device and returns the address of its page.
func (k *checks) newCaptcha(uin message.UIN, d device) string {
	sid := rand.Text()
	defer k.codes.world.Note(world.Activity{Kind: world.ActivityCaptcha, ID: sid, User: uin, Text: "waiting"})
	k.mu.Lock()
	defer k.mu.Unlock()
	k.captchas.put([]byte(sid), &captcha{uin: uin, device: d, ticket: "t03" + rand.Text(), randStr: "@" + rand.Text()[:3], created: time.Now()})
	return k.captchaURL(sid)
}

// captchaURL is the address of a captcha's page; mu is held.
func (k *checks) captchaURL(sid string) string {
	return k.control + "/captcha.html?" + url.Values{"sid": {sid}}.Encode()
}

// useCaptcha reports whether a captcha is solved right. It can be used once, right or
// wrong.
func (k *checks) useCaptcha(uin message.UIN, solved *loginpb.NtIframe) bool {
	defer k.codes.world.Note(world.Activity{Kind: world.ActivityCaptcha, ID: solved.GetSid(), User: uin, Text: "used"})
	k.mu.Lock()
	defer k.mu.Unlock()
	asked, known := k.captchas.get([]byte(solved.GetSid()))
	k.captchas.drop([]byte(solved.GetSid()))
	return known && time.Since(asked.created) < captchaKept && asked.uin == uin && subtle.ConstantTimeCompare([]byte(asked.ticket), []byte(solved.GetTicket())) == 1 &&
		asked.randStr == solved.GetRandStr()
}

// Captchas returns the captchas that wait to be solved, oldest first.
func (k *checks) Captchas() []CaptchaInfo {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := []CaptchaInfo{}
	for sid, c := range k.captchas.entries {
		if time.Since(c.created) >= captchaKept {
			k.captchas.drop([]byte(sid))
			continue
		}
		list = append(list, CaptchaInfo{
			SID: sid, UIN: c.uin, DeviceName: c.device.name, Connected: c.device.isThere(), URL: k.captchaURL(sid), Ticket: c.ticket, RandStr: c.randStr, Created: c.created.Unix(),
		})
	}
	slices.SortFunc(list, func(a, b CaptchaInfo) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.SID, b.SID))
	})
	return list
}

// newNewcomer makes a verification and returns the address that names it.
func (k *checks) newNewcomer(uin message.UIN, d device) string {
	sig, token := rand.Text(), rand.Text()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.newcomers.put([]byte(sig), newcomer{uin: uin, token: token, device: d})
	return k.control + "/?" + url.Values{"sig": {sig}, "uin-token": {token}}.Encode()
}

// VerifyQuestion is the body of a request to the service that verifies new devices
// (docs/protocol/login.md 6.2). Flag 1 asks for a code. Flag 0 asks whether the code with
// Token is confirmed.
type VerifyQuestion struct {
	Flag       uint32 `json:"uint32_flag"`
	AuthToken  string `json:"str_dev_auth_token"`
	UINToken   string `json:"str_uin_token"`
	URLType    uint32 `json:"uint32_url_type"`
	DeviceType string `json:"str_dev_type"`
	DeviceName string `json:"str_dev_name"`
	Token      string `json:"bytes_token"` // of the code, base64
}

// VerifyAnswer is the answer to a [VerifyQuestion]. Action is "OK" or "FAIL". URL is the
// address of the code, Success the token of a confirmed one.
type VerifyAnswer struct {
	Status  uint32 `json:"uint32_guarantee_status"`
	URL     string `json:"str_url"`
	Action  string `json:"ActionStatus"`
	Success string `json:"str_nt_succ_token"`
	Code    int    `json:"ErrorCode"`
	Text    string `json:"ErrorInfo"`
}

// VerifyDevice answers as the service that verifies new devices does
// (docs/protocol/login.md 6.2). Unknown tokens have Action "FAIL" and Code 1.
func (k *checks) VerifyDevice(q VerifyQuestion) VerifyAnswer {
	refused := VerifyAnswer{Action: "FAIL", Code: 1, Text: "unknown token"}
	if q.Flag == 0 {
		text, _ := base64.StdEncoding.DecodeString(q.Token)
		signature, _ := base64.RawURLEncoding.DecodeString(string(text))
		token, known := k.codes.verified(signature)
		if !known {
			return refused
		}
		return VerifyAnswer{Action: "OK", Success: token}
	}
	k.mu.Lock()
	asked, known := k.newcomers.get([]byte(q.AuthToken))
	control := k.control
	k.mu.Unlock()
	if !known || asked.token != q.UINToken {
		return refused
	}
	code := k.codes.newCode(asked.device, forNewDevice, asked.uin,
		func(text string) string { return control + "/?str_url=" + text })
	return VerifyAnswer{Action: "OK", URL: code.url}
}

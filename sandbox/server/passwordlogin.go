package server

import (
	"cmp"
	"crypto/md5"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/loginpb"
	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// passwordClock is how far a client's clock may be off in a password login
// (docs/protocol/login.md 6.2).
const passwordClock = 10 * time.Minute

// captcha is one that a password login has to bring solved.
type captcha struct {
	uin             message.UIN
	ticket, randStr string
	created         time.Time
}

// newcomer is a device that asked for a password login and has to be verified.
type newcomer struct {
	uin    message.UIN
	token  string
	device device
}

// CaptchaInfo is a captcha that waits, with its solution.
type CaptchaInfo struct {
	SID     string      `json:"sid"`
	UIN     message.UIN `json:"uin"`
	URL     string      `json:"url"`
	Ticket  string      `json:"ticket"`
	RandStr string      `json:"randstr"`
	Created int64       `json:"created"` // Unix seconds
}

// passwordLogin checks the captcha first, then the password, then the device
// (docs/protocol/login.md 6.2; the order is a rule of the sandbox).
func (l *logins) passwordLogin(user world.User, d device, body []byte, wrong requestFault) (proto.Message, error) {
	req := &loginpb.PasswordLoginReqBody{}
	if err := pb.Unmarshal(body, req); err != nil {
		return nil, err
	}
	password := l.world.Users().Password(user.UIN)
	if password == "" {
		return nil, &ntRefusal{code: ntNoPassword}
	}
	if solved := req.GetIframe(); solved.GetTicket() != "" {
		if !l.useCaptcha(user.UIN, solved) {
			return nil, &ntRefusal{code: ntWrongCaptcha}
		}
	} else if wrong.captcha {
		return nil, &ntRefusal{code: ntCaptcha, captcha: l.newCaptcha(user.UIN)}
	}
	sum := md5.Sum([]byte(password))
	a1, err := wire.ParsePasswordA1(req.GetA1(), sum, uint32(user.UIN))
	if err != nil || a1.PasswordMD5 != sum || a1.UIN != uint32(user.UIN) || guidText(a1.GUID[:]) != d.guid ||
		l.world.Now().Sub(time.Unix(int64(a1.Time), 0)).Abs() > passwordClock {
		return nil, &ntRefusal{code: ntWrongPassword}
	}
	if wrong.newDevice {
		return nil, &ntRefusal{code: ntNewDevice, jump: l.newNewcomer(user.UIN, d)}
	}
	l.log.Info("logged in", "uin", user.UIN, "device", d.name, "way", "password")
	return &loginpb.PasswordLoginRspBody{Tickets: ntTicketsOf(l.clients.issue(user, d, nil)), Account: ntAccountOf(user)}, nil
}

// newDeviceLogin takes the token of a verification.
func (l *logins) newDeviceLogin(user world.User, d device, body []byte) (proto.Message, error) {
	req := &loginpb.PasswordLoginNewDeviceReqBody{}
	if err := pb.Unmarshal(body, req); err != nil {
		return nil, err
	}
	if !l.redeem(req.GetNewDeviceCheckSuccessSig(), forNewDevice, user, d) {
		return nil, &ntRefusal{code: ntIllegalTicket}
	}
	l.log.Info("logged in", "uin", user.UIN, "device", d.name, "way", "password, new device")
	return &loginpb.PasswordLoginNewDeviceRspBody{Tickets: ntTicketsOf(l.clients.issue(user, d, nil)), Account: ntAccountOf(user)}, nil
}

func ntAccountOf(user world.User) *loginpb.NtAccount {
	return &loginpb.NtAccount{
		Uin: proto.Uint64(uint64(user.UIN)), Uid: proto.String(string(user.UID)),
		Profile: &loginpb.NtUserProfile{NickName: proto.String(user.Nickname)},
	}
}

// newCaptcha makes a captcha and returns the address of its page.
func (l *logins) newCaptcha(uin message.UIN) string {
	sid := rand.Text()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.captchas.put([]byte(sid), &captcha{uin: uin, ticket: "t03" + rand.Text(), randStr: "@" + rand.Text()[:3], created: time.Now()})
	return l.captchaURL(sid)
}

// captchaURL is the address of a captcha's page; mu is held.
func (l *logins) captchaURL(sid string) string {
	return l.control + "/captcha.html?" + url.Values{"sid": {sid}}.Encode()
}

// useCaptcha reports whether a captcha is solved right. It can be used once, right or
// wrong.
func (l *logins) useCaptcha(uin message.UIN, solved *loginpb.NtIframe) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	asked, known := l.captchas.get([]byte(solved.GetSid()))
	l.captchas.drop([]byte(solved.GetSid()))
	return known && asked.uin == uin && subtle.ConstantTimeCompare([]byte(asked.ticket), []byte(solved.GetTicket())) == 1 &&
		asked.randStr == solved.GetRandStr()
}

// Captchas returns the captchas that wait to be solved, oldest first.
func (l *logins) Captchas() []CaptchaInfo {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := []CaptchaInfo{}
	for sid, c := range l.captchas.entries {
		list = append(list, CaptchaInfo{
			SID: sid, UIN: c.uin, URL: l.captchaURL(sid), Ticket: c.ticket, RandStr: c.randStr, Created: c.created.Unix(),
		})
	}
	slices.SortFunc(list, func(a, b CaptchaInfo) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.SID, b.SID))
	})
	return list
}

// newNewcomer makes a verification and returns the address that names it.
func (l *logins) newNewcomer(uin message.UIN, d device) string {
	sig, token := rand.Text(), rand.Text()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newcomers.put([]byte(sig), newcomer{uin: uin, token: token, device: d})
	return l.control + "/?" + url.Values{"sig": {sig}, "uin-token": {token}}.Encode()
}

// VerifyQuestion is the body of a request to the service that verifies new devices:
// with Flag 1 for a code, with 0 whether it is confirmed.
type VerifyQuestion struct {
	Flag       uint32 `json:"uint32_flag"`
	AuthToken  string `json:"str_dev_auth_token"`
	UINToken   string `json:"str_uin_token"`
	URLType    uint32 `json:"uint32_url_type"`
	DeviceType string `json:"str_dev_type"`
	DeviceName string `json:"str_dev_name"`
	Token      string `json:"bytes_token"` // of the code, base64
}

// VerifyAnswer is the answer.
type VerifyAnswer struct {
	Status  uint32 `json:"uint32_guarantee_status"`
	URL     string `json:"str_url"`
	Action  string `json:"ActionStatus"`
	Success string `json:"str_nt_succ_token"`
	Code    int    `json:"ErrorCode"`
	Text    string `json:"ErrorInfo"`
}

// VerifyDevice answers like the service that verifies new devices
// (docs/protocol/login.md 6.2).
func (l *logins) VerifyDevice(q VerifyQuestion) VerifyAnswer {
	refused := VerifyAnswer{Action: "FAIL", Code: 1, Text: "unknown token"}
	if q.Flag == 0 {
		text, _ := base64.StdEncoding.DecodeString(q.Token)
		signature, _ := base64.RawURLEncoding.DecodeString(string(text))
		l.mu.Lock()
		defer l.mu.Unlock()
		code, known := l.codes.get(signature)
		if !known || code.purpose != forNewDevice {
			return refused
		}
		answer := VerifyAnswer{Action: "OK"}
		if l.stateOf(code) == wire.QRConfirmed {
			answer.Success = string(code.a1)
		}
		return answer
	}
	l.mu.Lock()
	asked, known := l.newcomers.get([]byte(q.AuthToken))
	l.mu.Unlock()
	if !known || asked.token != q.UINToken {
		return refused
	}
	code := l.newCode(asked.device, 0, forNewDevice, asked.uin)
	return VerifyAnswer{Action: "OK", URL: code.url}
}

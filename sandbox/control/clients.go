package control

import (
	"net/http"

	"libration/ntqq/message"
	"libration/sandbox/server"
)

// logins is what people do while a client logs in.
type logins struct{ server Server }

// codes lists the login codes that wait.
func (h logins) codes(*http.Request) (any, error) { return notNil(h.server.PendingQR()), nil }

// captchas lists the captchas that wait to be solved.
func (h logins) captchas(*http.Request) (any, error) { return h.server.Captchas(), nil }

// passed is what the real page of a captcha gets when the captcha was passed. Code is "0"
// then.
type passed struct {
	Code    string `json:"errorCode"`
	RandStr string `json:"randstr"`
	Ticket  string `json:"ticket"`
	Text    string `json:"errMessage"`
}

// passCaptcha answers the page of a captcha. Nothing changes: the answer is used up when a
// client brings it.
func (h logins) passCaptcha(r *http.Request) (any, error) {
	var body struct {
		SID string `json:"sid"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	for _, c := range h.server.Captchas() {
		if c.SID == body.SID {
			return passed{Code: "0", RandStr: c.RandStr, Ticket: c.Ticket}, nil
		}
	}
	return passed{Code: "50", Text: "no such captcha waits"}, nil
}

// clients are those that are online.
type clients struct{ server Server }

// list lists who is connected and logged in.
func (h clients) list(*http.Request) (any, error) { return notNil(h.server.Clients()), nil }

func (h logins) decide(r *http.Request) (any, error) {
	var body struct {
		UIN message.UIN `json:"uin"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	var err error
	switch verdict := r.PathValue("verdict"); verdict {
	case "scan":
		err = h.server.ScanQR(id, body.UIN)
	case "approve":
		err = h.server.ApproveQR(id, body.UIN)
	case "reject":
		err = h.server.RejectQR(id)
	case "expire":
		err = h.server.ExpireQR(id)
	default:
		err = fail(http.StatusNotFound, "a login code can be scanned, approved, rejected or expired, not %q", verdict)
	}
	return struct{}{}, err
}

func (h clients) kick(r *http.Request) (any, error) {
	uin, err := number[message.UIN]("uin", r.PathValue("uin"))
	if err != nil {
		return nil, err
	}
	var body struct {
		Title string `json:"title"`
		Tips  string `json:"tips"`
	}
	if err := readBody(r, &body); err != nil {
		return nil, err
	}
	return map[string]int{"kicked": h.server.Kick(uin, body.Title, body.Tips)}, nil
}

func (h clients) expireCookies(r *http.Request) (any, error) {
	uin, err := number[message.UIN]("uin", r.PathValue("uin"))
	if err != nil {
		return nil, err
	}
	return struct{}{}, h.server.ExpireCookies(uin)
}

// verifyDevice answers as the service that verifies new devices
// (docs/protocol/login.md 6.2).
func (h logins) verifyDevice(r *http.Request) (any, error) {
	var question server.VerifyQuestion
	if err := readBody(r, &question); err != nil {
		return nil, err
	}
	return h.server.VerifyDevice(question), nil
}

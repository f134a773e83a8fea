package control

import (
	"net/http"

	"libration/ntqq/message"
	"libration/sandbox/server"
)

// qr lists the login codes that wait.
func (c *control) qr(*http.Request) (any, error) { return notNil(c.server.PendingQR()), nil }

// captchas lists the captchas that wait to be solved.
func (c *control) captchas(*http.Request) (any, error) { return c.server.Captchas(), nil }

// clients lists who is connected and logged in.
func (c *control) clients(*http.Request) (any, error) { return notNil(c.server.Clients()), nil }

func (c *control) decideQR(r *http.Request) (any, error) {
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
		err = c.server.ScanQR(id, body.UIN)
	case "approve":
		err = c.server.ApproveQR(id, body.UIN)
	case "reject":
		err = c.server.RejectQR(id)
	case "expire":
		err = c.server.ExpireQR(id)
	default:
		err = fail(http.StatusNotFound, "a login code can be scanned, approved, rejected or expired, not %q", verdict)
	}
	return struct{}{}, err
}

func (c *control) kickClient(r *http.Request) (any, error) {
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
	return map[string]int{"kicked": c.server.Kick(uin, body.Title, body.Tips)}, nil
}

// verifyDevice answers as the service that verifies new devices
// (docs/protocol/login.md 6.2).
func (c *control) verifyDevice(r *http.Request) (any, error) {
	var question server.VerifyQuestion
	if err := readBody(r, &question); err != nil {
		return nil, err
	}
	return c.server.VerifyDevice(question), nil
}

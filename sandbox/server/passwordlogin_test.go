package server

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/loginpb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/message"
)

// passwordLogin is one attempt of the client's account.
func (c *client) passwordLogin(password string, at time.Time, solved *loginpb.NtIframe) (*loginpb.NtLoginHead, *loginpb.PasswordLoginRspBody) {
	c.t.Helper()
	a1 := encoded(c.t, &wire.PasswordA1{
		AppID: uint32(c.app.AppId), UIN: uint32(c.uin), Time: uint32(at.Unix()), PasswordMD5: md5.Sum([]byte(password)), GUID: c.guid,
	})
	return c.ntLogin(rpc.NTLoginPasswordLogin, &loginpb.PasswordLoginReqBody{A1: a1, Iframe: solved}, nil)
}

func TestPasswordLogin(t *testing.T) {
	h := start(t, Options{Passwords: map[message.UIN]string{bot: "secret"}})
	c := h.dial()
	c.uin = bot
	c.keyExchange()
	for name, refused := range map[string]struct {
		password string
		uin      message.UIN
		at       time.Time
		want     uint64
	}{
		"wrong password": {"other", bot, time.Now(), ntWrongPassword},
		"old":            {"secret", bot, time.Now().Add(-time.Hour), ntWrongPassword},
		"no password":    {"secret", 20001, time.Now(), ntNoPassword},
	} {
		c.uin = refused.uin
		if head, body := c.passwordLogin(refused.password, refused.at, nil); head.GetError().GetCode() != refused.want || body.GetTickets() != nil {
			t.Errorf("%s: got %v, want code %d", name, head.GetError(), refused.want)
		}
	}
	c.uin = bot
	_, body := c.passwordLogin("secret", time.Now(), nil)
	c.take(body.GetTickets())
	if body.GetAccount().GetUin() != uint64(bot) || body.GetAccount().GetUid() == "" {
		t.Errorf("account: got %v", body.GetAccount())
	}
	c.register()
}

// A captcha can be used once, right or wrong, by its account only.
func TestCaptcha(t *testing.T) {
	h := start(t, Options{Passwords: map[message.UIN]string{bot: "secret", 20001: "other"}})
	h.SetControlURL("http://127.0.0.1:1234")
	c := h.dial()
	c.uin = bot
	c.keyExchange()
	h.fault("captcha")
	ask := func() *loginpb.NtIframe {
		t.Helper()
		head, body := c.passwordLogin("secret", time.Now(), nil)
		address := body.GetSecCheck().GetIframeUrl()
		u, err := url.Parse(address)
		all := h.Captchas()
		if head.GetError().GetCode() != ntCaptcha || err != nil || len(all) != 1 || all[0].URL != address || all[0].UIN != bot ||
			!strings.HasPrefix(address, "http://127.0.0.1:1234/captcha.html?sid=") || u.Query().Get("sid") != all[0].SID {
			t.Fatalf("got %v %v, captchas %+v", head, body, all)
		}
		return &loginpb.NtIframe{Ticket: proto.String(all[0].Ticket), RandStr: proto.String(all[0].RandStr), Sid: proto.String(all[0].SID)}
	}
	attempt := func(what string, solved *loginpb.NtIframe, want uint64) *loginpb.PasswordLoginRspBody {
		t.Helper()
		head, body := c.passwordLogin("secret", time.Now(), solved)
		if head.GetError().GetCode() != want || (want == 0) != (body.GetTickets() != nil) {
			t.Errorf("%s: got %v, want code %d", what, head.GetError(), want)
		}
		return body
	}
	solved := ask()
	wrong := proto.CloneOf(solved)
	wrong.Ticket = proto.String("t03wrong")
	attempt("wrong ticket", wrong, ntWrongCaptcha)
	attempt("right ticket after a wrong one", solved, ntWrongCaptcha)
	solved = ask()
	solved.RandStr = proto.String("@xyz")
	attempt("wrong randstr", solved, ntWrongCaptcha)
	solved = ask()
	c.uin = 20001
	if head, _ := c.passwordLogin("other", time.Now(), solved); head.GetError().GetCode() != ntWrongCaptcha {
		t.Errorf("captcha of another account: got %v", head.GetError())
	}
	c.uin = bot
	solved = ask()
	c.take(attempt("right ticket", solved, 0).GetTickets())
	attempt("used ticket", solved, ntWrongCaptcha)
}

func TestNewDevice(t *testing.T) {
	h := start(t, Options{Passwords: map[message.UIN]string{bot: "secret"}})
	verify := func(question map[string]any) VerifyAnswer {
		t.Helper()
		body, err := json.Marshal(question)
		must(t, err)
		var q VerifyQuestion
		must(t, json.Unmarshal(body, &q))
		return h.VerifyDevice(q)
	}
	c := h.dial()
	c.uin = bot
	c.keyExchange()
	h.fault("new-device")
	head, body := c.passwordLogin("secret", time.Now(), nil)
	jump, err := url.Parse(head.GetError().GetJumpUrl())
	must(t, err)
	if head.GetError().GetCode() != ntNewDevice || body.GetTickets() != nil {
		t.Fatalf("got %v, want code %d", head.GetError(), ntNewDevice)
	}
	question := map[string]any{
		"str_dev_auth_token": jump.Query().Get("sig"), "uint32_flag": 1, "uint32_url_type": 0,
		"str_uin_token": jump.Query().Get("uin-token"), "str_dev_type": "Linux", "str_dev_name": "d",
	}
	asked := verify(question)
	question["str_uin_token"] = "other"
	if got := verify(question); got.URL != "" || got.Code == 0 {
		t.Errorf("wrong token: got %+v", got)
	}
	code, err := url.Parse(asked.URL)
	must(t, err)
	poll := map[string]any{"uint32_flag": 0, "bytes_token": base64.StdEncoding.EncodeToString([]byte(code.Query().Get("str_url")))}
	if got := verify(poll); got.Code != 0 || got.Success != "" {
		t.Errorf("before the scan: got %+v", got)
	}
	if got := verify(map[string]any{"uint32_flag": 0, "bytes_token": "eHg="}); got.Code == 0 {
		t.Errorf("unknown code: got %+v", got)
	}
	pending := h.PendingQR()
	if len(pending) != 1 || pending[0].Purpose != "new_device" || pending[0].BoundUIN != bot || pending[0].DeviceName != c.name || pending[0].State != "waiting" {
		t.Fatalf("pending: %+v", pending)
	}
	if err := h.ApproveQR(pending[0].ID, 20001); err == nil {
		t.Error("another account let the device in")
	}
	must(t, h.ApproveQR(pending[0].ID, bot))
	token := verify(poll).Success
	if _, err := hex.DecodeString(token); err != nil || token == "" {
		t.Fatalf("token %q, want a text", token)
	}
	last := func(token string) (*loginpb.NtLoginHead, *loginpb.PasswordLoginRspBody) {
		return c.ntLogin(rpc.NTLoginPasswordNewDevice, &loginpb.PasswordLoginNewDeviceReqBody{NewDeviceCheckSuccessSig: []byte(token)},
			func(h *loginpb.NtLoginHead) { h.Sdk = nil })
	}
	if head, _ := last("other"); head.GetError().GetCode() != ntIllegalTicket {
		t.Errorf("unknown token: got %v", head.GetError())
	}
	c.guid[0]++
	if head, _ := last(token); head.GetError().GetCode() != ntIllegalTicket {
		t.Errorf("other device: got %v", head.GetError())
	}
	c.guid[0]--
	head, body = last(token)
	if head.GetError() != nil {
		t.Errorf("got %v, want no error", head.GetError())
	}
	c.take(body.GetTickets())
	c.register()
	if head, _ = last(token); head.GetError().GetCode() != ntIllegalTicket {
		t.Errorf("token used twice: got %v", head.GetError())
	}
}

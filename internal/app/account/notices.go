package account

import (
	"errors"
	"path/filepath"
	"time"

	"libration/internal/config"
	"libration/internal/network"
	"libration/internal/notice"
	"libration/internal/paste"
	"libration/internal/supervise"
	"libration/internal/text"
	"libration/ntqq"
)

// NoticeTargets are those of a configuration.
func NoticeTargets(c *config.Config) []notice.Target {
	var all []notice.Target
	for _, t := range c.Notices.Targets {
		all = append(all, notice.Target{URL: t.URL, Secret: t.Secret, Body: t.Body})
	}
	return all
}

// OwnersNetwork is what notices and questions for newer versions go by: the proxy of the
// installation, not that of an account, which may be what the notice is about.
func OwnersNetwork(c *config.Config, n network.Network) (network.Network, error) {
	var err error
	if n.Proxy, err = network.ParseProxy(c.Proxy); err != nil {
		return n, text.Errorf("proxy: %v", "proxy 无法使用：%v", err)
	}
	return n, nil
}

// notifier makes what reports trouble to the owner.
func (a *Account) notifier(p *parts) *notice.Notifier {
	picture := p.screen.picture
	if whole, err := filepath.Abs(picture); err == nil {
		picture = whole
	}
	service := a.cfg.Service().Anywhere() // a notice is read elsewhere
	return notice.New(notice.Options{
		Targets: NoticeTargets(a.cfg), Name: a.o.Name(), After: time.Duration(a.cfg.Notices.After), IncludeQR: a.cfg.Notices.IncludeQR,
		Language: a.o.Language, Version: a.o.Version, Network: a.owners, Log: a.log,
		At: a.clock.At, TestCommand: service.Command("notices", "test"), DoctorCommand: service.Command("doctor"),
		Look: func() (uint64, []notice.Condition, <-chan struct{}) {
			s, changed := a.watch()
			uin := s.Self.UIN
			if uin == 0 {
				uin = a.cfg.Account.UIN
			}
			var signs error
			if f := p.client.SignFailure(); f != nil {
				signs = f.Err
			}
			var limited error
			if r := p.client.Restriction(); r != nil {
				limited = errors.New(restriction(r).In(a.o.Language))
			}
			_, low := p.folder.Space()
			wrong := wrong{signs: signs, sending: limited, messages: p.messages.Err(), folder: p.folder.Err(), space: low}
			return uint64(uin), conditions(s, wrong, picture, a.o.Name(), service, a.o.Language), changed
		},
	})
}

// wrong is what is not well besides the account and the services; nil: nothing is.
type wrong struct{ signs, sending, messages, folder, space error }

// conditions says how everything is doing, in words of the owner's language.
func conditions(s Status, w wrong, picture, name string, at paste.Service, l text.Language) []notice.Condition {
	var all []notice.Condition
	add := func(subject string, bad error, ifBad, ifWell notice.Kind) {
		c := notice.Condition{Subject: subject, Kind: ifWell}
		if bad != nil {
			c.Kind, c.Reason = ifBad, text.Line(bad).In(l)
		}
		all = append(all, c)
	}
	account := notice.Condition{Subject: "account", Kind: notice.Offline, Reason: why(s.Account.Err, l)}
	switch a := &s.Account; {
	case a.Online():
		account.Kind, account.Reason = notice.Online, ""
	case a.Prompt != nil:
		account.Kind, account.Do = promptNotice(a.Prompt), whatToDo(a.Prompt, name, at).In(l)
		if a.QR != nil {
			account.Picture, account.QR = picture, a.QR.URL
		}
	}
	if s.Account.Stage != ntqq.Stopped { // as it was told to
		all = append(all, account)
	}
	add("signers", w.signs, notice.SignersDown, notice.SignersWork)
	add("sending", w.sending, notice.Restricted, notice.Unrestricted)
	add("store", w.messages, notice.StoreFailing, notice.StoreWorks)
	add("folder", w.folder, notice.FolderLost, notice.FolderWorks)
	add("space", w.space, notice.SpaceLow, notice.SpaceEnough)
	for _, v := range s.Services {
		if v.State != supervise.Stopped {
			add(v.Name, v.Err, notice.ServiceFailed, notice.ServiceRunning) // Err stays while it tries again
		}
	}
	return all
}

// restriction says what an account may not do, and where that is lifted.
func restriction(r *ntqq.Restriction) text.Text {
	what := text.T("messages to groups are refused", "群消息被拒绝")
	if r.Private {
		what = text.T("private messages are refused", "私聊消息被拒绝")
	}
	if r.Kind != "" {
		what = text.T("%s (%s)", "%s（%s）").Fill(what, r.Kind)
	}
	if r.Group != 0 {
		what = text.T("%s, in group %d", "%s，群 %d").Fill(what, r.Group)
	}
	if r.URL != "" {
		what = text.T("%s; the verification: %s", "%s；验证地址：%s").Fill(what, r.URL)
	}
	return what
}

// promptKinds are the notices about what a person has to do.
var promptKinds = map[ntqq.PromptKind]notice.Kind{
	ntqq.PromptScan: notice.ScanCode, ntqq.PromptConfirm: notice.ScanCode,
	ntqq.PromptUnusualDevice: notice.ConfirmLogin, ntqq.PromptCaptcha: notice.SolveCaptcha, ntqq.PromptNewDevice: notice.NewDevice,
	ntqq.PromptKicked: notice.Kicked, ntqq.PromptNeedsLogin: notice.NeedsLogin,
}

// promptNotice is the notice about a prompt. One that follows another of its kind for a
// reason has a kind of its own, so that the owner hears of it.
func promptNotice(p *ntqq.Prompt) notice.Kind {
	switch {
	case p.Kind == ntqq.PromptCaptcha && p.Why == ntqq.WhyWrongAnswer:
		return notice.CaptchaWrong
	case (p.Kind == ntqq.PromptScan || p.Kind == ntqq.PromptConfirm) && p.Why == ntqq.WhyDeclined:
		return notice.CodeDeclined
	}
	return promptKinds[p.Kind]
}

// causes are the words for ntqq.CauseOf, where the error alone would not be clear.
var causes = map[string]text.Text{
	"connection_lost":  text.T("the connection to the server broke", "与服务器的连接中断"),
	"timeout":          text.T("the server did not answer in time", "服务器没有及时应答"),
	"proxy":            text.T("the proxy cannot be used: see proxy in the config", "代理无法使用：见配置项 proxy"),
	"no_server":        text.T("no server can be reached", "无法连接任何服务器"),
	"key_exchange":     text.T("the key exchange with the server failed", "与服务器的密钥交换失败"),
	"session_expired":  text.T("the session expired", "登录会话已过期"),
	"register_refused": text.T("the server refused to register the session", "服务器拒绝注册会话"),
	"login_refused":    text.T("the server refused the login", "服务器拒绝登录"),
	"kicked":           text.T("the server ended the session", "服务器结束了会话"),
	"needs_login":      text.T("no automatic login is left", "无法再自动登录"),
	"signer":           text.T("no signer gave a signature", "签名服务不可用"),
}

// why explains what keeps an account from being online.
func why(err error, l text.Language) string {
	if err == nil {
		return ""
	}
	cause, ok := causes[ntqq.CauseOf(err)]
	if !ok {
		return text.Line(err).In(l)
	}
	return text.T("%s: %s", "%s：%s").Fill(cause, text.Line(err)).In(l)
}

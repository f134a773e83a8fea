package session

import (
	"time"

	"libration/internal/text"
)

// PromptKind is what a person has to do.
type PromptKind string

// The prompts.
const (
	PromptScan          PromptKind = "scan"           // scan State.QR with the phone of the account
	PromptConfirm       PromptKind = "confirm"        // it was scanned: confirm the login on the phone
	PromptUnusualDevice PromptKind = "unusual_device" // confirm the login on the phone; nothing to scan
	PromptCaptcha       PromptKind = "captcha"        // solve the captcha at URL, then call Answer
	PromptNewDevice     PromptKind = "new_device"     // scan State.QR with the phone, to let this device in
	PromptKicked        PromptKind = "kicked"         // decide whether to call Relogin
	PromptNeedsLogin    PromptKind = "needs_login"    // the same
)

// Prompt is what a person has to do for the session to go on. Prompts are shared: do not
// change one.
type Prompt struct {
	Kind PromptKind
	// URL is the address of a captcha, to be opened in a browser.
	URL string
	// Expires is when it is too late. Zero: never.
	Expires time.Time
}

// Text says what to do, in English and Chinese. The reason is in [State.Err].
func (p *Prompt) Text() (english, chinese string) {
	t := p.words()
	return t.EN, t.ZH
}

func (p *Prompt) words() text.Text {
	switch p.Kind {
	case PromptScan:
		return text.T("scan the login code with QQ on the phone of the account",
			"请用该账号的手机 QQ 扫码登录")
	case PromptConfirm:
		return text.T("the code was scanned: confirm the login on the phone",
			"已扫描，请在手机上确认登录")
	case PromptUnusualDevice:
		return text.T("the service does not trust this login: confirm it with QQ on the phone of the account",
			"服务器认为本次登录异常：请在该账号的手机 QQ 上确认登录")
	case PromptCaptcha:
		return text.T("solve the captcha at %s and give its ticket and randstr",
			"请打开 %s 完成验证，并提交得到的 ticket 和 randstr").Fill(p.URL)
	case PromptNewDevice:
		return text.T("a new device for this account: scan the code with QQ on its phone, and confirm",
			"这是该账号的新设备：请用手机 QQ 扫描二维码并确认")
	case PromptKicked:
		return text.T("the account was logged out by the service or by another login: end the other one, then log in again",
			"账号被服务器或其他登录挤下线：请先停掉对方，再重新登录")
	case PromptNeedsLogin:
		return text.T("the account cannot log in by itself any more: mend the reason, then log in again",
			"账号已无法自动登录：请排除原因后重新登录")
	}
	return text.Text{}
}

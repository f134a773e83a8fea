package session

import (
	"errors"
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
	// Why is why it is asked for once more, or why a login is needed. "": there is nothing
	// to say.
	Why PromptWhy
	// Expires is when it is too late. Zero: never.
	Expires time.Time
}

// PromptWhy says what came before a prompt.
type PromptWhy string

// What may have come before.
const (
	WhyWrongAnswer PromptWhy = "wrong_answer" // the answer to the captcha before was wrong
	WhyNoAnswer    PromptWhy = "no_answer"    // nobody solved the captcha in time
	WhyDeclined    PromptWhy = "declined"     // the login was declined on the phone
)

// whyPerson says what came before a login that a person has to ask for.
func whyPerson(err error) PromptWhy {
	captcha, ok := errors.AsType[*CaptchaError](err)
	switch {
	case ok && captcha.Wrong == captchaTries:
		return WhyWrongAnswer
	case ok && errors.Is(err, errNoAnswer):
		return WhyNoAnswer
	case errors.Is(err, errConfirmRefused), errors.Is(err, errDeclined):
		return WhyDeclined
	}
	return ""
}

// Text says what to do, in English and Chinese. The reason is in [State.Err].
func (p *Prompt) Text() (english, chinese string) {
	t := p.words()
	return t.EN, t.ZH
}

func (p *Prompt) words() text.Text {
	switch p.Kind {
	case PromptScan:
		if p.Why == WhyDeclined {
			return text.T("declined on the phone; here is a new code: scan it with QQ on the phone of the account",
				"手机上拒绝了登录，已换新的二维码：请用该账号的手机 QQ 扫码登录")
		}
		return text.T("scan the login code with QQ on the phone of the account",
			"请用该账号的手机 QQ 扫码登录")
	case PromptConfirm:
		return text.T("the code was scanned: confirm the login on the phone",
			"已扫描，请在手机上确认登录")
	case PromptUnusualDevice:
		return text.T("the service does not trust this login: confirm it with QQ on the phone of the account",
			"服务器认为本次登录异常：请在该账号的手机 QQ 上确认登录")
	case PromptCaptcha:
		what := text.T("solve the captcha at %s in a browser, with its developer tools open (F12, Network); ticket and randstr are in the answer of cap_union_new_verify, see docs/captcha.md",
			"请在浏览器中打开 %s 完成验证，事先按 F12 打开开发者工具的网络面板；ticket 和 randstr 在 cap_union_new_verify 的响应里，见 docs/captcha.zh-CN.md").Fill(p.URL)
		if p.Why == WhyWrongAnswer {
			return text.T("wrong answer to the captcha; here is a new one: %s", "验证码答案错误，已换新的验证码：%s").Fill(what)
		}
		return what
	case PromptNewDevice:
		return text.T("a new device for this account: scan the code with QQ on its phone, and confirm",
			"这是该账号的新设备：请用手机 QQ 扫描二维码并确认")
	case PromptKicked:
		return text.T("the account was logged out by the service or by another login: end the other one, then log in again",
			"账号被服务器或其他登录挤下线：请先停掉对方，再重新登录")
	case PromptNeedsLogin:
		switch p.Why {
		case WhyWrongAnswer:
			return text.T("the captcha was answered wrong three times; the next login asks for a new one: log in again",
				"验证码连续三次回答错误，下次登录会给出新的验证码：请重新登录")
		case WhyNoAnswer:
			return text.T("nobody solved the captcha in time; the next login asks for a new one: log in again",
				"没有在时限内完成验证码，下次登录会给出新的验证码：请重新登录")
		case WhyDeclined:
			return text.T("declined on the phone: log in again, and confirm it there",
				"手机上拒绝了登录：请重新登录，并在手机上确认")
		}
		return text.T("the account cannot log in by itself any more: mend the reason, then log in again",
			"账号已无法自动登录：请排除原因后重新登录")
	}
	return text.Text{}
}

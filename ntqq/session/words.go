package session

import (
	"strings"

	"libration/internal/text"
)

// Text is the state of an account in English and Chinese, with the step of a login:
// "logging in: captcha", "登录中：验证码".
func (s Stage) Text(step Step) (english, chinese string) {
	t, ok := stageWords[s]
	if !ok {
		t = text.Same(string(s))
	}
	if how, ok := stepWords[step]; ok && s == LoggingIn {
		t = text.T("%s: %s", "%s：%s").Fill(t, how)
	}
	return t.EN, t.ZH
}

var stageWords = map[Stage]text.Text{
	Offline:      text.T("offline", "离线"),
	Probing:      text.T("choosing a server", "选择服务器"),
	Connecting:   text.T("connecting", "连接中"),
	LoggingIn:    text.T("logging in", "登录中"),
	Registering:  text.T("registering", "注册会话"),
	Online:       text.T("online", "在线"),
	Reconnecting: text.T("reconnecting", "重新连接中"),
	Kicked:       text.T("kicked", "被踢下线"),
	NeedsLogin:   text.T("needs login", "需要重新登录"),
	Stopped:      text.T("stopped", "已停止"),
}

var stepWords = map[Step]text.Text{
	StepKeyExchange:   text.T("key exchange", "密钥交换"),
	StepEasyLogin:     text.T("saved session", "使用已保存的登录"),
	StepUnusualDevice: text.T("confirmation on the phone", "在手机上确认"),
	StepPassword:      text.T("password", "密码"),
	StepCaptcha:       text.T("captcha", "验证码"),
	StepNewDevice:     text.T("new device", "新设备验证"),
	StepQR:            text.T("QR code", "扫码"),
	StepWtlogin:       text.T("confirmed code", "扫码确认后登录"),
}

// Text is Error in English and Chinese.
func (e *LoginError) Text() (english, chinese string) {
	step := text.Same(string(e.Step))
	if words, ok := stepWords[e.Step]; ok {
		step.ZH = words.ZH
	}
	t := text.T("login step %s refused with code %d", "登录步骤“%s”被拒绝，代码 %d").Fill(step, e.Code)
	if e.Hint != "" {
		t = text.T("%s (%s)", "%s（%s）").Fill(t, hintWords(e.Hint))
	}
	for _, said := range []string{e.Title, e.Message} {
		if said != "" {
			t = text.T("%s: %.500s", "%s：%.500s").Fill(t, said)
		}
	}
	return t.EN, t.ZH
}

// hintWords puts what is known of a code into words: the whole, or two parts with a colon
// between them.
func hintWords(hint string) text.Text {
	if t, ok := hints[hint]; ok {
		return t
	}
	if first, second, ok := strings.Cut(hint, ": "); ok {
		if a, b := hints[first], hints[second]; a.EN != "" && b.EN != "" {
			return text.T("%s: %s", "%s：%s").Fill(a, b)
		}
	}
	return text.Same(hint)
}

// hints are the texts of the codes of logins (docs/protocol/login.md) and of this package.
var hints = byEnglish(
	text.T("success", "成功"),
	text.T("login failed", "登录失败"),
	text.T("invalid parameter", "参数无效"),
	text.T("system failure, try again later", "系统故障，请稍后再试"),
	text.T("timeout, try again", "超时，请重试"),
	text.T("client version too old: update the app info", "客户端版本过旧：请更新 app info"),
	text.T("account frozen", "账号已冻结"),
	text.T("account protected", "账号处于保护状态"),
	text.T("strict check failed or wrong captcha", "严格校验未通过，或验证码错误"),
	text.T("captcha needed", "需要验证码"),
	text.T("password login refused, use the qr code", "密码登录被拒绝，请扫码登录"),
	text.T("new device needs verification", "新设备需要验证"),
	text.T("unusual device needs confirmation", "异常登录需要确认"),
	text.T("invalid cookie", "cookie 无效"),
	text.T("account or password wrong", "账号或密码错误"),
	text.T("ticket expired", "票据已过期"),
	text.T("ticket revoked", "票据已撤销"),
	text.T("illegal ticket", "票据不合法"),
	text.T("security refusal: missing or wrong signature, or the signer's client version differs", "安全策略拒绝：缺少签名或签名错误，或签名服务的客户端版本不同"),
	text.T("account is not a uin", "账号不是 QQ 号"),
	text.T("real-name verification needed", "需要实名认证"),
	text.T("nice account expired", "靓号已过期"),
	text.T("account black-listed", "账号已列入黑名单"),
	text.T("too many attempts", "尝试次数过多"),
	text.T("too many attempts today", "今日尝试次数过多"),
	text.T("account not registered", "账号未注册"),
	text.T("account expired (parent-child)", "账号已过期（亲子账号）"),
	text.T("sms code invalid", "短信验证码无效"),
	text.T("exchange of the ticket forbidden", "禁止换取票据"),
	text.T("account cancelled", "账号已注销"),
	text.T("wrong password repeatedly", "多次输入错误密码"),

	text.T("wrong password", "密码错误"),
	text.T("receive issue", "接收异常"),
	text.T("token expired", "令牌已过期"),
	text.T("account banned", "账号已被封禁"),
	text.T("login forbidden: missing or wrong signature, or the signer's client version differs", "禁止登录：缺少签名或签名错误，或签名服务的客户端版本不同"),
	text.T("operation timeout", "处理超时"),
	text.T("sms code needed", "需要短信验证码"),
	text.T("sms sending failed", "短信发送失败"),
	text.T("wrong sms code", "短信验证码错误"),
	text.T("login denied", "登录被拒绝"),
	text.T("device lock", "设备锁"),
	text.T("client version outdated or device banned", "客户端版本过旧，或设备已被封禁"),
	text.T("risky environment, or too many attempts", "环境存在风险，或尝试次数过多"),
	text.T("device lock: sms code needed in a new area", "设备锁：在新地区需要短信验证码"),

	text.T("the server gives no code", "服务器没有给出二维码"),
	text.T("correct it and restart, or log in by a code; a clock that is wrong by minutes gives the same", "请改正后重新启动，或扫码登录；时钟相差数分钟也会如此"),
)

func byEnglish(all ...text.Text) map[string]text.Text {
	m := make(map[string]text.Text, len(all))
	for _, t := range all {
		m[t.EN] = t
	}
	return m
}

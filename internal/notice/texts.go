package notice

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"libration/internal/text"
)

// words are the texts of one kind: what happened, what happens next, what to do.
type words struct{ what, next, do text.Text }

// wordsOf has %[1]s for the account, %[2]s for the subject, %[3]s for the command that
// finds out what is wrong.
var wordsOf = map[Kind]words{
	Offline: {
		text.T("account %[1]s is offline", "账号 %[1]s 已离线"),
		text.T("Libration keeps trying by itself.", "Libration 会自动重试。"),
		text.T("nothing yet; if it lasts, run: %[3]s", "暂时不用处理；若一直不恢复，请执行：%[3]s"),
	},
	Online: {text.T("account %[1]s is online", "账号 %[1]s 已上线"), text.Text{}, text.Text{}},
	Kicked: {
		text.T("account %[1]s was logged out by the server", "账号 %[1]s 被服务器强制下线"),
		text.T("It does not come back by itself.", "不会自动恢复。"),
		text.Text{},
	},
	NeedsLogin: {
		text.T("account %[1]s needs a new login", "账号 %[1]s 需要重新登录"),
		text.T("It does not come back by itself.", "不会自动恢复。"),
		text.Text{},
	},
	ScanCode: {
		text.T("account %[1]s: a login code waits to be scanned", "账号 %[1]s：登录二维码等待扫描"),
		text.T("The code is replaced when it expires, a few times.", "二维码过期后会自动更换若干次。"),
		text.Text{},
	},
	ConfirmLogin: {
		text.T("account %[1]s: a login waits to be confirmed on the phone", "账号 %[1]s：登录等待在手机上确认"),
		text.Text{}, text.Text{},
	},
	SolveCaptcha: {
		text.T("account %[1]s: a login asks for a captcha", "账号 %[1]s：登录需要完成验证码"),
		text.T("Nothing else happens without it. After 5 minutes the login ends.", "完成之前登录不会继续；5 分钟后本次登录结束。"),
		text.Text{},
	},
	CaptchaWrong: {
		text.T("account %[1]s: the answer to the captcha was wrong, and a new captcha waits", "账号 %[1]s：验证码答案错误，新的验证码等待完成"),
		text.T("After three wrong answers the login ends.", "三次答错后本次登录结束。"),
		text.Text{},
	},
	CodeDeclined: {
		text.T("account %[1]s: the login was declined on the phone, and a new login code waits", "账号 %[1]s：手机上拒绝了登录，新的登录二维码等待扫描"),
		text.T("The code is replaced when it expires, a few times.", "二维码过期后会自动更换若干次。"),
		text.Text{},
	},
	NewDevice: {
		text.T("account %[1]s: a new device has to be let in", "账号 %[1]s：新设备等待授权"),
		text.Text{}, text.Text{},
	},
	ServiceFailed: {
		text.T("account %[1]s: %[2]s does not work", "账号 %[1]s：%[2]s 不可用"),
		text.T("It is tried again by itself.", "会自动重试。"),
		text.T("see whether the bot runs and the port is free; this tells more: %[3]s", "检查机器人是否在运行、端口是否被占用；可执行：%[3]s"),
	},
	ServiceRunning: {text.T("account %[1]s: %[2]s works", "账号 %[1]s：%[2]s 正常"), text.Text{}, text.Text{}},
	SignersDown: {
		text.T("account %[1]s: no signer works", "账号 %[1]s：签名服务全部不可用"),
		text.T("Nothing can be sent until one works again.", "恢复之前无法发送消息。"),
		text.T("check the signers in signer.urls, or add another one", "检查 signer.urls 中的签名服务，或再加一个"),
	},
	SignersWork: {text.T("account %[1]s: a signer works", "账号 %[1]s：签名服务正常"), text.Text{}, text.Text{}},
	Restricted: {
		text.T("account %[1]s is restricted from sending", "账号 %[1]s 被限制发送消息"),
		text.T("It still receives. The service lifts it when a person has passed its verification; a message that is sent shows that.",
			"仍可接收消息。由人工完成安全验证后解除；之后有消息发送成功即视为已解除。"),
		text.T("open the account in the official app and pass the verification", "请在官方客户端登录该账号并完成安全验证"),
	},
	Unrestricted: {text.T("account %[1]s may send again", "账号 %[1]s 已恢复发送"), text.Text{}, text.Text{}},
	StoreFailing: {
		text.T("account %[1]s: messages cannot be written", "账号 %[1]s：消息无法写入磁盘"),
		text.T("The newest stay in memory and are written when it works again.", "最新的消息保留在内存中，恢复后再写入。"),
		text.T("free some space on the disk, or check it", "请清理或检查磁盘"),
	},
	StoreWorks: {text.T("account %[1]s: messages are written again", "账号 %[1]s：消息可以正常写入"), text.Text{}, text.Text{}},
	FolderLost: {
		text.T("account %[1]s: the data folder cannot be used", "账号 %[1]s：数据文件夹不可用"),
		text.T("It is made anew by itself where that is possible.", "如有可能会自动重建。"),
		text.T("see whether it was removed or moved; if this stays, restart libration", "检查文件夹是否被删除或移动；若一直如此，请重启 libration"),
	},
	FolderWorks: {text.T("account %[1]s: the data folder can be used again", "账号 %[1]s：数据文件夹恢复正常"), text.Text{}, text.Text{}},
	SpaceLow: {
		text.T("account %[1]s: little space is left on the disk", "账号 %[1]s：磁盘空间不足"),
		text.T("When none is left, messages stay in memory only.", "空间用尽后，消息只能保留在内存中。"),
		text.T("free some space on the disk", "请清理磁盘"),
	},
	SpaceEnough: {text.T("account %[1]s: there is space on the disk again", "账号 %[1]s：磁盘空间已恢复"), text.Text{}, text.Text{}},
	Test: {
		text.T("this is a test", "这是一条测试通知"),
		text.T("Notices of account %[1]s will arrive here.", "账号 %[1]s 的通知会发到这里。"),
		text.T("nothing", "无需处理"),
	},
}

const clock = "2006-01-02 15:04:05"

// called is what an account is called in a notice.
func called(name string, number uint64, l text.Language) string {
	called := text.T("(not logged in yet)", "（尚未登录）").In(l)
	if number != 0 {
		called = fmt.Sprint(number)
	}
	if name != "" {
		called = name + " " + called
	}
	return called
}

// fill writes the title and the text of a notice about a condition. doctor is the command
// that finds out what is wrong.
func (n *Notice) fill(l text.Language, c Condition, doctor string) {
	account := cmp.Or(n.accounts, called(n.Name, n.Account, l))
	names := strings.NewReplacer("%[1]s", account, "%[2]s", n.Subject, "%[3]s", doctor)
	say := func(t text.Text) string { return names.Replace(t.In(l)) }
	w := wordsOf[n.Kind]
	what := say(w.what)
	n.Title = text.T("%s: %s", "%s：%s").Fill("Libration", what).In(l)

	var b strings.Builder
	line := func(t text.Text, args ...any) { fmt.Fprintf(&b, t.In(l)+"\n", args...) }
	line(text.T("%s: %s", "%s：%s"), n.Time.Local().Format(clock), what)
	lasted := n.Time.Sub(n.Since).Round(time.Second)
	switch {
	case n.Since.IsZero():
	case n.Kind.well():
		line(text.T("The trouble lasted %[2]v, since %[1]s.", "故障持续了 %[2]v，始于 %[1]s。"), n.Since.Local().Format(clock), lasted)
	case lasted > 0:
		line(text.T("Since %s, for %v.", "自 %s 起，已 %v。"), n.Since.Local().Format(clock), lasted)
	}
	if n.Returns > 0 {
		line(text.T("It comes and goes: it came back %d times after a short while.", "时好时坏：短暂恢复后又出现了 %d 次。"), n.Returns)
	}
	if n.Reason != "" {
		line(text.T("Why: %s", "原因：%s"), n.Reason)
	}
	if n.Untold > 0 {
		line(text.T("Changes before this that were not told, so as not to flood you: %d.", "此前还有 %d 次变化，为避免刷屏没有逐条通知。"), n.Untold)
	}
	if next := say(w.next); next != "" {
		fmt.Fprintln(&b, next)
	}
	if do := cmp.Or(c.Do, say(w.do)); do != "" {
		line(text.T("What to do: %s", "建议：%s"), do)
	}
	if c.Picture != "" {
		line(text.T("The code is a picture: %s, and on the terminal of libration.", "二维码图片：%s，也显示在 libration 的终端中。"), c.Picture)
	}
	n.Text = strings.TrimSuffix(b.String(), "\n")
}

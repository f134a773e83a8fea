package session

import (
	"fmt"
	"strings"
	"testing"

	"libration/internal/text"
	"libration/internal/wire"
	"libration/ntqq/session/link"
)

func TestEveryCodeHasWordsInChinese(t *testing.T) {
	t.Parallel()
	var found int
	check := func(hint string) {
		if hint == "" {
			return
		}
		found++
		if words := hintWords(hint); words.ZH == words.EN || words.EN != hint {
			t.Errorf("%q: got %+v", hint, words)
		}
	}
	for _, base := range []uint64{140022000, 150022000} {
		for code := range uint64(100) {
			check(wire.NTLoginErrorText(base + code))
		}
	}
	for state := range 256 {
		check(wire.WtLoginStateText(uint8(state)))
	}
	if found < 45 {
		t.Errorf("found %d codes", found)
	}
}

func TestErrorsInChinese(t *testing.T) {
	t.Parallel()
	refused := &LoginError{Step: StepPassword, Code: 140022013, Title: "标题", Message: "话",
		Hint: "account or password wrong: correct it and restart, or log in by a code; a clock that is wrong by minutes gives the same"}
	for want, err := range map[string]error{
		"登录步骤“密码”被拒绝，代码 140022013（账号或密码错误：请改正后重新启动，或扫码登录；时钟相差数分钟也会如此）：标题：话": refused,
		"需要重新登录：验证码未完成：3 次回答错误：登录步骤“密码”被拒绝，代码 140022008": fmt.Errorf("%w: %w", ErrNeedsLogin,
			&CaptchaError{Wrong: 3, Err: &LoginError{Step: StepPassword, Code: codeCaptcha}}),
		"验证码未完成：没有人完成验证":    &CaptchaError{Err: errNoAnswer},
		"需要重新登录：密钥交换被拒绝":    fmt.Errorf("%w: %w", ErrNeedsLogin, errVerification),
		"账号被踢下线（代码 1）：下线":   &KickError{Title: "下线", Code: 1},
		"a：服务器代码 5（连接中断）：b": &ServerError{Command: "a", Code: 5, Message: "b", Cause: link.ErrConnectionLost},
		"连接中断：被服务器关闭":       fmt.Errorf("%w: %w", ErrConnectionLost, text.Errorf("closed by the server", "被服务器关闭")),
	} {
		if got := text.Of(err); got.ZH != want || got.EN != err.Error() {
			t.Errorf("got %+v, want %s", got, want)
		}
	}
	if n := len((&LoginError{Title: strings.Repeat("长", 1<<20)}).Error()); n > 2<<10 {
		t.Errorf("a refused login has a text of %d bytes", n)
	}
}

func TestEveryStateHasWords(t *testing.T) {
	t.Parallel()
	for _, s := range []Stage{Offline, Probing, Connecting, LoggingIn, Registering, Online, Reconnecting, Kicked, NeedsLogin, Stopped} {
		if en, zh := s.Text(""); en == "" || en == zh {
			t.Errorf("%s: got %q, %q", s, en, zh)
		}
	}
	if en, zh := LoggingIn.Text(StepCaptcha); en != "logging in: captcha" || zh != "登录中：验证码" {
		t.Errorf("got %q, %q", en, zh)
	}
}

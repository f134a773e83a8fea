package text_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"

	"libration/internal/text"
)

func TestText(t *testing.T) {
	t.Parallel()
	said := text.T("%s: %d left", "%s：剩余 %d").Fill(text.T("disk", "磁盘"), 3)
	for l, want := range map[text.Language]string{text.English: "disk: 3 left", text.Chinese: "磁盘：剩余 3", "fr": "disk: 3 left"} {
		if got := said.In(l); got != want {
			t.Errorf("in %q: got %q, want %q", l, got, want)
		}
	}
}

func TestErrorsWrapAndTranslateTheirCauses(t *testing.T) {
	t.Parallel()
	cause := text.Errorf("nobody there", "无人应答")
	err := text.Errorf("call %s: %v", "调用 %s: %v", "x", cause)
	if !errors.Is(err, cause) || err.Error() != "call x: nobody there" || text.Of(err).ZH != "调用 x: 无人应答" {
		t.Errorf("got %v, %+v", err, text.Of(err))
	}
	if got := text.Of(fmt.Errorf("first: %w", err)); got != text.T("first: call x: nobody there", "first：调用 x: 无人应答") {
		t.Errorf("within another error: got %+v", got)
	}
	if got := text.Of(errors.Join(err, cause)); got.ZH != "调用 x: 无人应答\n无人应答" {
		t.Errorf("joined: got %+v", got)
	}
	if got := text.Of(errors.New("odd")); got != text.Same("odd") {
		t.Errorf("another error: got %+v", got)
	}
	if got := text.Of(fmt.Errorf("first: %w", said{})); got.ZH != "first：我说" {
		t.Errorf("a type of its own: got %+v", got)
	}
}

type said struct{}

func (said) Error() string   { return "I say" }
func (said) Text() text.Text { return text.T("I say", "我说") }

func TestErrorsOfTheSystemAreTranslated(t *testing.T) {
	t.Parallel()
	_, missing := os.Open("/nowhere/at all")
	for want, err := range map[string]error{
		"打开 /nowhere/at all：没有该文件或文件夹":        missing,
		"read a：打开 /nowhere/at all：没有该文件或文件夹": fmt.Errorf("read a: %w", missing),
		"监听 127.0.0.1:80：地址已被占用": &net.OpError{Op: "listen", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80},
			Err: os.NewSyscallError("bind", syscall.EADDRINUSE)},
		`Get "http://x"：连接 [::1]:5：连接被拒绝`: &url.Error{Op: "Get", URL: "http://x", Err: &net.OpError{Op: "dial", Net: "tcp",
			Addr: &net.TCPAddr{IP: net.IPv6loopback, Port: 5}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}},
		"连接：找不到主机 nobody": &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "nobody", IsNotFound: true}},
		"重命名 a → b：磁盘已满":  &os.LinkError{Op: "rename", Old: "a", New: "b", Err: syscall.ENOSPC},
		"after 3：超时":      fmt.Errorf("after 3: %w", context.DeadlineExceeded),
		"read：超时":         fmt.Errorf("read: %w", os.ErrDeadlineExceeded),
		"没有权限":            syscall.EACCES,
	} {
		if got := text.Of(err); got.ZH != want || got.EN != err.Error() {
			t.Errorf("%v: got %+v, want %s", err, got, want)
		}
	}
}

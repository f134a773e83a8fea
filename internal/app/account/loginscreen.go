package account

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"libration/internal/paste"
	"libration/internal/text"
	"libration/ntqq"
)

// loginScreen tells a person at the terminal what to do for the login: the code to
// scan, which is also written as a picture, or what else the state asks for. One
// goroutine uses it.
type loginScreen struct {
	log      *slog.Logger
	out      io.Writer // nil: no drawing
	style    QRStyle
	language text.Language
	name     func() string // before each line; "" for none
	service  paste.Service // whose commands are shown
	picture  string        // path of qr.png
	page     string        // the sandbox's page, where a code can be approved; "" for none
	typing   bool          // whether answers to captchas can be typed here

	shown string // the URL of the code on show
	asked ntqq.Prompt
}

// follow brings the screen up to date with the state.
func (q *loginScreen) follow(s ntqq.State) {
	if s.QR == nil {
		q.clear()
	}
	if s.Prompt == nil {
		q.asked = ntqq.Prompt{}
		return
	}
	fresh := s.QR != nil && s.QR.URL != q.shown
	if *s.Prompt == q.asked && !fresh {
		return
	}
	q.asked = *s.Prompt
	if fresh {
		q.shown = s.QR.URL
		q.draw(s.QR)
	}
	q.ask(s.Prompt)
	if q.typing && s.Prompt.Kind == ntqq.PromptCaptcha {
		q.say(text.T("or type or paste them here: TICKET RANDSTR", "也可以直接在此输入或粘贴：TICKET RANDSTR"))
	}
	if fresh {
		q.say(text.T("the same as a picture: %s", "二维码图片：%s").Fill(q.picture))
	}
	if q.page != "" && (fresh || s.Prompt.Kind == ntqq.PromptUnusualDevice) {
		q.say(text.T("sandbox: no phone needed, approve it at %s", "沙盒：无需手机，可在 %s 上确认").Fill(q.page))
	}
}

// draw shows a code and writes it as a picture.
func (q *loginScreen) draw(code *ntqq.QRCode) {
	picture, err := qrPNG(code.URL)
	if err == nil {
		err = writePrivate(q.picture, picture)
	}
	if err != nil {
		q.log.Warn("login code not written as a picture", "path", q.picture, "err", err)
	} else {
		q.log.Info("login code written as a picture", "path", q.picture) // where only the log is kept
	}
	if q.out == nil {
		return
	}
	fmt.Fprintln(q.out)
	if err := DrawQR(q.out, code.URL, q.style, q.language); err != nil {
		q.log.Warn("login code not drawn", "err", err)
	}
}

// ask says what to do, and until when.
func (q *loginScreen) ask(p *ntqq.Prompt) {
	what, command := text.T(p.Text()), commandFor(p, q.name(), q.service)
	if !p.Expires.IsZero() && p.Kind != ntqq.PromptConfirm {
		what = text.T("%s (until %s)", "%s（有效期至 %s）").Fill(what, p.Expires.Local().Format("15:04:05"))
	}
	if command == "" {
		q.say(what)
		return
	}
	q.say(text.T("%s:", "%s：").Fill(what))
	if q.out != nil {
		fmt.Fprintln(q.out, "    "+command) // a line of its own, to be copied
	}
}

func (q *loginScreen) say(what text.Text) {
	if q.out != nil {
		if name := q.name(); name != "" {
			what = text.T("%s: %s", "%s：%s").Fill(name, what)
		}
		fmt.Fprintln(q.out, text.Shown(what.In(q.language)))
	}
}

// clear removes the picture: whoever finds it later could not use it, but might
// try.
func (q *loginScreen) clear() {
	if q.shown == "" {
		return
	}
	q.shown = ""
	if err := os.Remove(q.picture); err != nil && !os.IsNotExist(err) {
		q.log.Warn("login code picture not removed", "path", q.picture, "err", err)
	}
}

// writePrivate replaces path with a file of mode 0600, so that a viewer never sees
// half a picture.
func writePrivate(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

package app

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"libration/ntqq"
	"libration/onebot"
)

// qrScreen shows the login code of the session's state: in the terminal and as a
// picture. One goroutine uses it.
type qrScreen struct {
	log      *slog.Logger
	out      io.Writer // nil: no drawing
	plain    bool
	language onebot.Language
	picture  string // path of qr.png
	page     string // the sandbox's page, where a code can be approved; "" for none

	shown   string // the URL of the code on show
	scanned bool
}

// follow brings the screen up to date with the state.
func (q *qrScreen) follow(s ntqq.State) {
	if s.QR == nil {
		q.clear()
		return
	}
	if s.QR.URL != q.shown {
		q.shown, q.scanned = s.QR.URL, false
		q.draw(s.QR)
	}
	if s.QR.Scanned && !q.scanned {
		q.scanned = true
		q.say("scanned: confirm the login on the phone", "已扫描，请在手机上确认登录")
	}
}

func (q *qrScreen) draw(code *ntqq.QRCode) {
	picture, err := qrPNG(code.URL)
	if err == nil {
		err = writePrivate(q.picture, picture)
	}
	if err != nil {
		q.log.Warn("login code not written as a picture", "path", q.picture, "err", err)
	}
	if q.out == nil {
		return
	}
	fmt.Fprintln(q.out)
	if err := DrawQR(q.out, code.URL, q.plain); err != nil {
		q.log.Warn("login code not drawn", "err", err)
	}
	until := code.Expires.Local().Format("15:04:05")
	q.say("scan this with QQ on the phone of the account, before "+until, "请用该账号的手机 QQ 扫码，有效期至 "+until)
	q.say("the same as a picture: "+q.picture, "二维码图片: "+q.picture)
	if q.page != "" {
		q.say("sandbox: no phone needed, approve it at "+q.page, "沙盒: 无需手机，可在 "+q.page+" 上确认")
	}
	fmt.Fprintln(q.out)
}

func (q *qrScreen) say(english, chinese string) {
	if q.out == nil {
		return
	}
	if q.language == onebot.Chinese {
		english = chinese
	}
	fmt.Fprintln(q.out, english)
}

// clear removes the picture: whoever finds it later could not use it, but might
// try.
func (q *qrScreen) clear() {
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

package account

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"libration/internal/config"
	"libration/internal/filelock"
	"libration/internal/paste"
	"libration/internal/place"
	"libration/internal/text"
	"libration/ntqq"
)

// PlaceError says that a data folder is not where it was used last.
type PlaceError struct{ What, Remedy text.Text }

// Text returns what is wrong and what to do.
func (e *PlaceError) Text() text.Text {
	return text.T("%v: an account that runs at two places is kicked at one of them; %v", "%v：同一账号在两处运行时，其中一处会被踢下线；%v").Fill(e.What, e.Remedy)
}

func (e *PlaceError) Error() string { return e.Text().EN }

// CheckPlace returns a [*PlaceError] when the data folder of an account has a session and is
// a copy, or was last used on another machine. name is that of the account where there are
// several.
func CheckPlace(c *config.Config, name string) error {
	folder := PathsOf(c).Folder
	if _, err := os.Stat(PathsOf(c).Keystore); err != nil {
		return nil // nothing that could log in
	}
	err := place.Check(folder)
	other, ok := errors.AsType[*place.Error](err)
	if !ok {
		return err
	}
	words := []string{"adopt"}
	if name != "" {
		words = append(words, "--account", name)
	}
	said := text.T("the data folder %[1]s is another one than the one that was last used at %[2]s (%[4]s)", "数据文件夹 %[1]s 与上次在 %[2]s 使用的（%[4]s）不是同一个")
	switch other.Kind {
	case place.Copied:
		said = text.T("the data folder %[1]s is a copy of %[2]s, which is still there", "数据文件夹 %[1]s 是 %[2]s 的副本，而后者仍然存在")
	case place.Foreign:
		said = text.T("the data folder %[1]s was last used on another machine, %[3]s (%[4]s)", "数据文件夹 %[1]s 上次是在另一台机器 %[3]s 上使用的（%[4]s）")
	}
	used := other.Was.Used.Local().Format(time.DateTime)
	return &PlaceError{
		What: said.Fill(folder, printable(other.Was.Path), printable(other.Was.Host), used),
		Remedy: text.T("when the other one will never run again: %s", "如果另一处不会再运行，请执行：%s").
			Fill(paste.Service{Config: c.File}.Command(words...)),
	}
}

// printable bounds what stands in a file of the folder.
func printable(s string) string {
	q := fmt.Sprintf("%q", fmt.Sprintf("%.200s", s))
	return q[1 : len(q)-1]
}

// Adopt has the data folder of an account be used from now on wherever it is, although it
// is a copy. It returns where it was used before, "" when that is not known, and refuses a
// folder that a process uses.
func Adopt(c *config.Config) (was string, err error) {
	folder, err := openFolder(PathsOf(c).Folder)
	if err != nil {
		return "", err
	}
	defer folder.close()
	r, err := place.Forget(folder.path)
	if r != nil {
		was = printable(r.Path)
	}
	return was, err
}

// claim takes the session of a keystore for this process: no other one of this machine
// may run it, from whatever folder. What it returns is closed at the end; nil where nobody
// can be asked.
func claim(ks *ntqq.Keystore, log *slog.Logger) (io.Closer, error) {
	if ks == nil || ks.UIN == 0 {
		return nil, nil
	}
	// The name is not secret, and must not tell the account.
	sum := sha256.Sum256(fmt.Appendf(nil, "libration session %d %x", ks.UIN, []byte(ks.Device.GUID)))
	held, err := filelock.Machine(hex.EncodeToString(sum[:16]))
	switch {
	case errors.Is(err, filelock.ErrLocked):
		return nil, text.Errorf("another process of libration on this machine runs this session of account %d, from another data folder: stop it, or give this account a data folder without a session (data: in the config) and log in there",
			"本机另一个 libration 进程正从其他数据文件夹运行账号 %d 的这个登录会话：请停止它，或为该账号换一个没有登录会话的文件夹（配置项 `data`）并重新登录", ks.UIN)
	case err != nil:
		log.Warn("not known whether another process runs the same session", "err", err)
		return nil, nil
	}
	return held, nil
}

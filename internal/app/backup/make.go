package backup

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"libration/internal/app"
	"libration/internal/app/account"
	"libration/internal/atomicfile"
	"libration/internal/config"
	"libration/internal/paste"
	"libration/internal/progress"
	"libration/internal/store"
	"libration/internal/text"
	"libration/ntqq"
)

// MakeOptions are those of Make.
type MakeOptions struct {
	// Config is the path of the configuration file.
	Config string
	// Account is the only one to copy; "" for all.
	Account string
	// Out is the file to make, or the folder to make it in; "": the present folder.
	Out string
	// W is where it says what was done.
	W io.Writer
	// Now is the machine's clock; nil: time.Now.
	Now func() time.Time
}

// Make copies an installation, which may run, into one file of mode 0600. On an error no
// file is left.
func Make(ctx context.Context, o MakeOptions) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	c, err := config.Load(o.Config)
	if err != nil {
		return err
	}
	all := c.Each()
	if o.Account != "" {
		one, err := c.One(o.Account)
		if err != nil {
			return err
		}
		all = []*config.Config{one}
	}
	now := o.Now()
	out, err := outFile(o.Out, c, now)
	if err != nil {
		return err
	}
	work, remove, err := workFolder(filepath.Dir(out), ".libration-backup-")
	if err != nil {
		return explainOut(o.Config, out, err)
	}
	defer remove()
	m := &manifest{Format: format, Version: app.Version(), Created: now.UTC().Truncate(time.Second)}
	files, err := gather(ctx, o.Config, all, m, work)
	made := filepath.Join(work, "backup.tar.gz")
	if err == nil {
		progress.Step(ctx, text.T("writing the backup", "写入备份"), m.size())
		err = atomicfile.WriteTo(made, func(w io.Writer) error { return write(ctx, w, m, files) })
	}
	if err == nil {
		err = publish(made, out)
	}
	if err != nil {
		return explainOut(o.Config, out, err)
	}
	return report(o.W, app.Language(c.Language), out, m)
}

// outFile is the path of the file to make.
func outFile(out string, c *config.Config, now time.Time) (string, error) {
	name := "libration-" + now.Format("20060102-150405") + ".tar.gz"
	if info, err := os.Stat(out); out == "" || err == nil && info.IsDir() {
		out = filepath.Join(out, name)
	}
	out, err := filepath.Abs(out)
	if err != nil {
		return "", err
	}
	if _, err := os.Lstat(out); err == nil {
		return "", errExists(out)
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(out))
	if errors.Is(err, fs.ErrNotExist) {
		return "", text.Errorf("the folder %s is not there: make it, or give another one", "文件夹 %s 不存在：请创建，或换一个", filepath.Dir(out))
	}
	if err != nil {
		return "", err
	}
	data, err := filepath.Abs(c.Data)
	if err == nil {
		if real, errReal := filepath.EvalSymlinks(data); errReal == nil {
			data = real
		}
		if rel, errRel := filepath.Rel(data, folder); errRel == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return "", text.Errorf("%s lies in the data folder %s, with which it would be lost: give a folder elsewhere", "%s 位于数据文件夹 %s 中，会随它一起丢失：请指定其他文件夹", out, c.Data)
		}
	}
	return out, err
}

func errExists(out string) error {
	return text.Errorf("%s exists and is not overwritten: give another name, or a folder", "%s 已存在，不会覆盖：请换一个名称，或指定一个文件夹", out)
}

// publish gives a finished backup its name, which another one may have taken meanwhile.
func publish(made, out string) error {
	switch err := os.Link(made, out); {
	case errors.Is(err, fs.ErrExist):
		return errExists(out)
	case err != nil: // not every file system has links
		if _, err := os.Lstat(out); err == nil {
			return errExists(out)
		}
		if err := os.Rename(made, out); err != nil {
			return err
		}
	}
	atomicfile.SyncFolder(filepath.Dir(out))
	return nil
}

// gather finds the files of a backup and completes its manifest. What changes while it is
// read is first copied to the folder work.
//
// The order makes the copy safe. What was delivered (progress) is read before the messages
// and events, which the account writes first: so it is never ahead of them.
func gather(ctx context.Context, path string, all []*config.Config, m *manifest, work string) ([]source, error) {
	var files []source
	add := func(s source, err error) error {
		if err != nil || s.open == nil {
			return err
		}
		files, m.Files = append(files, s), append(m.Files, s.backedFile)
		return nil
	}
	if err := add(whole(configName, path)); err != nil {
		return nil, err
	}
	found := len(files)
	for _, c := range all {
		paths, folder := account.PathsOf(c), c.Account.Folder()
		in := accountFolder + folder + "/"
		if err := add(whole(in+progressName, paths.Progress)); err != nil {
			return nil, err
		}
		copied := filepath.Join(work, folder+".db")
		progress.Step(ctx, text.T("copying the messages of %s", "复制 %s 的消息").Fill(cmp.Or(c.Account.Name, folder)), 0)
		err := store.Copy(ctx, paths.Store, copied)
		if err == nil {
			err = add(onDisk(ctx, in+storeName, copied))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err := add(whole(in+keystoreName, paths.Keystore)); err != nil {
			return nil, err
		}
		if err := add(whole(in+linkKeyName, paths.LinkKey)); err != nil {
			return nil, err
		}
		if len(files) == found {
			continue // it has never run
		}
		found = len(files)
		a := backedAccount{Folder: folder, Name: c.Account.Name, UIN: c.Account.UIN}
		if a.Sealed, err = ntqq.IsSealed(paths.Keystore); err != nil {
			return nil, err
		}
		if ks, err := account.KeystoreFile(c, paths.Keystore).Load(); err == nil && ks != nil && ks.UIN != 0 {
			a.UIN = ks.UIN
		}
		m.Accounts = append(m.Accounts, a)
	}
	if len(m.Accounts) == 0 {
		return nil, text.Errorf("there is nothing to copy: no account of %s has run yet", "没有可备份的内容：%s 中的账号都还没有运行过", path)
	}
	return files, nil
}

// whole reads a small file at once; a missing one gives none.
func whole(name, path string) (source, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return source{}, nil
	}
	if err != nil {
		return source{}, err
	}
	defer f.Close()
	file := backedFile{Path: name}
	_, short := file.split()
	b, err := io.ReadAll(io.LimitReader(f, maxSizes[short]+1))
	if err != nil {
		return source{}, err
	}
	if int64(len(b)) > maxSizes[short] {
		return source{}, text.Errorf("%s has more than %d bytes: is it the right file?", "%s 超过 %d 字节：文件是否正确？", path, maxSizes[short])
	}
	sum := sha256.Sum256(b)
	file.Size, file.SHA256 = int64(len(b)), hex.EncodeToString(sum[:])
	return source{file, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}, nil
}

// onDisk measures a file that nobody changes.
func onDisk(ctx context.Context, name, path string) (source, error) {
	open := func() (io.ReadCloser, error) { return os.Open(path) }
	sum := sha256.New()
	if err := copyFile(ctx, sum, open); err != nil {
		return source{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return source{}, err
	}
	return source{backedFile{name, info.Size(), hex.EncodeToString(sum.Sum(nil))}, open}, nil
}

// explainOut says what to do about an error.
func explainOut(config, out string, err error) error {
	again := paste.Service{Config: config}.Command("backup", "FOLDER")
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ENOSPC):
		return text.Errorf("no backup was made: %v: the disk of %s is full: free some space, or give a folder on another disk: %s",
			"未能备份：%v：%s 所在磁盘已满，请清理，或指定其他磁盘上的文件夹：%s", err, filepath.Dir(out), again)
	case errors.Is(err, fs.ErrPermission):
		return text.Errorf("no backup was made: %v: run it as the user that the service runs as, and give a folder that this user can write: %s",
			"未能备份：%v：请用运行该服务的用户执行，并指定该用户可写的文件夹：%s", err, again)
	}
	return text.Errorf("no backup was made: %v", "未能备份：%v", err)
}

// report says what was made.
func report(w io.Writer, l text.Language, out string, m *manifest) error {
	info, err := os.Stat(out)
	if err != nil {
		return err
	}
	said := text.T("%s: %s\n", "%s：%s\n").Fill(paste.Word(out), sizeText(info.Size()))
	for _, a := range m.Accounts {
		files := fileNames(m, a.Folder)
		said = text.T("%s  account %s: %s\n", "%s  账号 %s：%s\n").Fill(said, a.called(), files)
	}
	said = text.T("%s  %s\n  left out: the media cache, packets that were not understood, logs\n%s", "%s  %s\n  不包含：媒体缓存、未能识别的数据包、日志\n%s").Fill(said, configName, warning(m))
	_, err = io.WriteString(w, said.In(l))
	return err
}

// sizeText is a number of bytes for people.
func sizeText(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// warning says what whoever has the file has.
func warning(m *manifest) text.Text {
	for _, a := range m.Accounts {
		if !a.Sealed {
			return text.T("Whoever has this file has the account: keep it as you keep a password.\n", "拿到此文件就等于拿到账号：请像密码一样保管。\n")
		}
	}
	return text.T("The session in it is sealed: it needs the key of LIBRATION_KEYSTORE_KEY, which is not in it. Messages, and what the configuration holds, are not sealed.\n",
		"其中的登录会话已加密：恢复后需要 LIBRATION_KEYSTORE_KEY 中的密钥，备份中不含该密钥。消息和配置的内容没有加密。\n")
}

// called is how people know an account.
func (a *backedAccount) called() string {
	if a.UIN != 0 && a.Name != fmt.Sprint(a.UIN) {
		return fmt.Sprintf("%s (%d)", a.Name, a.UIN)
	}
	return a.Name
}

// fileNames are the names of an account's files.
func fileNames(m *manifest, folder string) string {
	var names []string
	for i := range m.Files {
		if in, name := m.Files[i].split(); in == folder {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

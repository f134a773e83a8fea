package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"libration/internal/app"
	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/paste"
	"libration/internal/store"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/message"
)

// RestoreOptions are those of Restore.
type RestoreOptions struct {
	// Config is the path of the configuration file. It is that of the backup where there is
	// none.
	Config string
	// WithConfig has the configuration of the backup take the place of the present one.
	WithConfig bool
	// Replace sets a folder aside that has a session or messages.
	Replace bool
	// Archive is the backup.
	Archive string
	// W is where it says what was done.
	W io.Writer
	// Now is the machine's clock; nil: time.Now.
	Now func() time.Time
}

// Restore puts a backup in place. Nothing is changed before all of it was read and is
// right, nothing is removed, and no process may use the folders.
func Restore(ctx context.Context, o RestoreOptions) (err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	f, err := os.Open(o.Archive)
	if err != nil {
		return text.Errorf("the backup cannot be read: %v", "无法读取备份：%v", err)
	}
	defer f.Close()
	r := &restoring{o: o, ctx: ctx, now: o.Now()}
	defer r.clean()
	err = read(ctx, f, r)
	switch {
	case err == nil, ctx.Err() != nil:
		return err
	case errors.Is(err, errForeign):
		return text.Errorf("%s: %v; nothing was changed", "%s：%v；未作任何改动", o.Archive, err)
	case errors.Is(err, syscall.ENOSPC):
		return text.Errorf("%v: the disk is full: free some space, then run this again; nothing was changed", "%v：磁盘已满：请清理后重试；未作任何改动", err)
	case errors.Is(err, fs.ErrPermission):
		return text.Errorf("%v: run this as root, or as the user that the service runs as, who must be able to write the data folder and that of the configuration; nothing was changed",
			"%v：请以 root 身份，或用运行该服务的用户执行，该用户须能写入数据文件夹和配置所在的文件夹；未作任何改动", err)
	}
	return err
}

// restoring is one restore. It is a receiver.
type restoring struct {
	o   RestoreOptions
	ctx context.Context
	now time.Time

	m       *manifest
	written []byte // the configuration of the backup
	useIt   bool   // and whether it is put in place
	cfg     *config.Config
	work    string // what was read, until all was
	remove  func() // removes work
	undo    []func() error
	notes   []text.Text
}

// begin implements receiver.
func (r *restoring) begin(m *manifest) error {
	r.m = m
	_, err := os.Stat(r.o.Config)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	r.useIt = err != nil || r.o.WithConfig
	has := len(m.Files) > 0 && m.Files[0].Path == configName
	switch {
	case err != nil && !has:
		return text.Errorf("there is no configuration file %s, and none in the backup: make one first: %s", "找不到配置文件 %s，备份中也没有：请先生成：%s", r.o.Config, paste.Command("config", "init", r.o.Config))
	case !has:
		r.useIt = false
	}
	if r.useIt {
		return nil // it comes with the first file
	}
	if r.cfg, err = config.Load(r.o.Config); err != nil {
		return err
	}
	return r.prepare()
}

// file implements receiver.
func (r *restoring) file(f *backedFile, content io.Reader) error {
	folder, name := f.split()
	if name == configName {
		b, err := io.ReadAll(content)
		if err != nil || !r.useIt {
			return err
		}
		r.written = b
		if r.cfg, err = r.loadWritten(); err != nil {
			return err
		}
		return r.prepare()
	}
	out, err := os.OpenFile(filepath.Join(r.work, folder, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	return errors.Join(err, out.Sync(), out.Close())
}

// loadWritten reads the configuration of the backup as if it was in its place.
func (r *restoring) loadWritten() (*config.Config, error) {
	f, err := os.CreateTemp(filepath.Dir(r.o.Config), ".libration-restore-*.yaml") // mode 0600
	if errors.Is(err, fs.ErrNotExist) {
		return nil, text.Errorf("the folder of %s is not there: make it first", "%s 所在的文件夹不存在：请先创建", r.o.Config)
	}
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(r.written)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return config.Load(f.Name())
}

// prepare checks that the folders may be taken, and makes the one for what is read.
func (r *restoring) prepare() error {
	for _, a := range r.m.Accounts {
		if err := r.mayTake(filepath.Join(r.cfg.Data, a.Folder)); err != nil {
			return err
		}
	}
	if err := makeFolder(r.cfg.Data); err != nil {
		return err
	}
	if free, ok := freeSpace(r.cfg.Data); ok && uint64(r.m.size()) > free {
		return fmt.Errorf("%s: %w", r.cfg.Data, syscall.ENOSPC)
	}
	work, remove, err := workFolder(r.cfg.Data, ".restore-")
	if err != nil {
		return err
	}
	r.work, r.remove = work, remove
	for _, a := range r.m.Accounts {
		if err := os.Mkdir(filepath.Join(work, a.Folder), 0o700); err != nil {
			return err
		}
	}
	return nil
}

// mayTake tells, with nil, whether an account's folder may be set aside.
func (r *restoring) mayTake(folder string) error {
	used, err := account.InUse(filepath.Join(folder, lockName))
	if err != nil {
		return err
	}
	if used {
		return text.Errorf("libration runs on the data folder %s: stop it first; nothing was changed", "libration 正在使用数据文件夹 %s：请先停止；未作任何改动", folder)
	}
	if r.o.Replace {
		return nil
	}
	for _, name := range []string{keystoreName, storeName, progressName} {
		if _, err := os.Lstat(filepath.Join(folder, name)); err == nil {
			words := []string{"restore", "--replace", r.o.Archive}
			if r.o.WithConfig {
				words = append(words, "--with-config")
			}
			return text.Errorf("the data folder %s has a session or messages already; nothing was changed. To set it aside, under another name, and restore the backup: %s",
				"数据文件夹 %s 中已有登录会话或消息；未作任何改动。如要将它改名保留并恢复备份：%s", folder, paste.Service{Config: r.o.Config}.Command(words...))
		}
	}
	return nil
}

// end implements receiver: all was read and is right.
func (r *restoring) end() error {
	if r.useIt && r.written == nil || r.work == "" {
		return foreign("a file is missing")
	}
	for _, a := range r.m.Accounts {
		if err := r.moveAhead(a.Folder); err != nil {
			return err
		}
	}
	ownAs(r.work, r.cfg.Data)
	if err := r.putInPlace(); err != nil {
		for _, back := range slices.Backward(r.undo) {
			if left := back(); left != nil {
				// Not wrapped: it is none of the causes after which nothing was changed.
				return text.Errorf("%v; not all could be put back: %v", "%v；未能全部还原：%v", text.Of(err), text.Of(left))
			}
		}
		return err
	}
	return r.report()
}

func (r *restoring) note(said text.Text) { r.notes = append(r.notes, said) }

// moveAhead has the restored messages give out no id twice.
func (r *restoring) moveAhead(folder string) error {
	path := filepath.Join(r.work, folder, storeName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := store.Check(r.ctx, path); err != nil {
		return err
	}
	ahead := store.Ahead{Taken: r.m.Created, Now: r.now}
	delivered, err := ntqq.FileProgress(filepath.Join(r.work, folder, progressName)).Load()
	if err == nil && delivered != nil { // a damaged one is made anew at the start
		for _, c := range delivered.Chats {
			ahead.Newest = append(ahead.Newest, newest(c))
		}
	}
	_, all, err := store.MoveAhead(r.ctx, path, ahead)
	if err == nil && !all {
		r.note(text.T("account %s: the backup is old, or its chats are busy: not all message ids given out since could be set aside, a few may come to mean another message",
			"账号 %s：备份较旧或会话繁忙，此后用过的消息 id 未能全部预留，少数 id 可能指向另一条消息").Fill(folder))
	}
	return err
}

// newest is a chat's position as the store has it.
func newest(c ntqq.ChatDelivered) store.Newest {
	n := store.Newest{Sequence: c.Sequence, Time: c.Time}
	if c.Group != 0 {
		n.Chat.Kind, n.Chat.Group = message.Group, c.Group
	} else {
		n.Chat.Kind, n.Chat.Peer, n.Chat.PeerUID = message.Friend, c.Peer, c.PeerUID
	}
	return n
}

// clean removes what was read and is not in place.
func (r *restoring) clean() {
	if r.remove != nil {
		r.remove()
	}
}

// report says what was done.
func (r *restoring) report() error {
	say := func(t text.Text, args ...any) {
		fmt.Fprintln(r.o.W, t.Fill(args...).In(app.Language(r.cfg.Language)))
	}
	say(text.T("restored, as of %s:", "已恢复到 %s 的状态："), r.m.Created.Local().Format(time.DateTime))
	used := make(map[string]bool)
	for _, c := range r.cfg.Each() {
		used[c.Account.Folder()] = true
	}
	sealed := false
	for i := range r.m.Accounts {
		a := &r.m.Accounts[i]
		say(text.T("  account %s: %s in %s", "  账号 %s：%s，位于 %s"), a.called(), fileNames(r.m, a.Folder), filepath.Join(r.cfg.Data, a.Folder))
		if !used[a.Folder] {
			say(text.T("  no account of %s uses this folder: set account.uin to its number", "  %s 中没有账号使用此文件夹：请设置对应的 account.uin"), r.o.Config)
		}
		sealed = sealed || a.Sealed
	}
	if r.useIt {
		say(text.T("  the configuration: %s", "  配置文件：%s"), r.o.Config)
	} else {
		say(text.T("  the configuration %s stays as it is", "  配置文件 %s 保持不变"), r.o.Config)
	}
	for _, n := range r.notes {
		say(text.Same("  %s"), n)
	}
	if sealed {
		say(text.T("The session is sealed: set LIBRATION_KEYSTORE_KEY, or the credential keystore_key, to the key that sealed it.", "登录会话已加密：请把环境变量 LIBRATION_KEYSTORE_KEY 或凭据 keystore_key 设为加密时所用的密钥。"))
	}
	say(text.T("Messages since then are fetched again as far as the service has them, with their ids; other events are not.", "此后的消息会在服务端保留的范围内重新获取，id 不变；其他事件无法找回。"))
	say(text.T("The account must not run at its old place any more. Start its service, or by hand: %s", "该账号不能再在原处运行。请启动其服务，或手动执行：%s"), paste.Service{Config: r.o.Config}.Command("run"))
	return nil
}

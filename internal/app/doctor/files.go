package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"libration/internal/app"
	"libration/internal/app/account"
	"libration/internal/bom"
	"libration/internal/config"
	"libration/internal/store"
	"libration/internal/text"
	"libration/ntqq"
)

// Free space on the disk, in bytes.
const (
	tooLittle = 50 << 20
	little    = 500 << 20
)

// config reads the configuration; false when nothing can be said without one.
func (d *doctor) config() bool {
	c, err := config.Load(d.o.Config)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			d.problem("config-missing", text.T("there is no configuration file %s", "找不到配置文件 %s"),
				text.T("make one with `libration config init`, or name yours with -c", "用 `libration config init` 生成，或用 -c 指定"), d.o.Config)
			return false
		}
		invalid, ok := errors.AsType[*config.Error](err)
		if !ok {
			d.problem("config-unreadable", text.T("the configuration cannot be read: %v", "配置文件无法读取：%v"),
				text.T("name a file that this user can read with -c, or correct its rights", "用 -c 指定当前用户可读的文件，或修改文件权限"), err)
			return false
		}
		d.language = app.Language(invalid.Language)
		d.problem("config-invalid", text.T("the configuration cannot be used:\n%v", "配置无法使用：\n%v"),
			text.T("correct the lines that are named; `libration config check` tells when all is well", "修改上面指出的行，再用 `libration config check` 检查"), invalid.Text())
		return false
	}
	d.cfg = c
	d.language = app.Language(c.Language)
	d.good("config", text.T("the configuration %s can be used", "配置文件 %s 可用"), d.o.Config)
	for _, w := range c.Warnings {
		d.report(Warning, "config-warning", text.T("configuration: %s", "配置：%s"), text.Text{}, w.Text())
	}
	return true
}

// accounts are the configurations of the accounts to examine.
func (d *doctor) accounts() []*config.Config {
	if d.o.Account == "" {
		return d.cfg.Each()
	}
	one, err := d.cfg.One(d.o.Account)
	if err != nil {
		d.problem("no-account", text.T("%v", "%v"), text.T("use one of these names with --account", "请用 --account 指定其中一个"), err)
		return nil
	}
	return []*config.Config{one}
}

// identity looks at the files that the configuration of an account names.
func (d *doctor) identity() {
	c := d.cfg
	for _, path := range []string{c.Account.AppInfo, c.Account.Keystore, c.Account.Device} {
		if path == "" {
			continue
		}
		if _, err := os.ReadFile(path); err != nil {
			d.problem("file-missing", text.T("a file that the configuration names cannot be read: %v", "配置中指定的文件无法读取：%v"),
				text.T("correct the path under account:, or leave it out", "修改 account: 下的路径，或删去该项"), err)
		}
	}
	if path := c.Account.AppInfo; path != "" {
		base, _ := ntqq.App(string(c.Account.Protocol))
		if _, err := ntqq.LoadApp(path, base); err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.problem("app-info-invalid", text.T("the app info cannot be used: %v", "appinfo 文件无法使用：%v"),
				utf8Or(err, text.T("take the appinfo.json that belongs to your signer", "请使用与签名服务配套的 appinfo.json")), account.ExplainFile(err))
		}
	}
}

// utf8Or is the remedy for a file that is UTF-16, else the other one.
func utf8Or(err error, other text.Text) text.Text {
	if errors.Is(err, bom.ErrUTF16) {
		return text.T("save the file as UTF-8", "请将该文件另存为 UTF-8 编码")
	}
	return other
}

// folder looks at the data folder: there, writable, with room, in use or not.
func (d *doctor) folder() {
	path := d.paths.Folder
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		for errors.Is(err, fs.ErrNotExist) && filepath.Dir(path) != path { // the part that is there
			path = filepath.Dir(path)
			info, err = os.Stat(path)
		}
		if err == nil && info.IsDir() {
			d.report(Note, "data-new", text.T("the data folder %s is not there yet; it is made at the start", "数据目录 %s 尚不存在，启动时会创建"), text.Text{}, d.paths.Folder)
		}
	case err == nil && info.IsDir() && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		d.report(Warning, "data-open-to-others", text.T("other users of this machine can look into %s (mode %04o)", "本机其他用户可以访问 %s（权限 %04o）"),
			text.T("it is closed at the next start; or run chmod 700 on it", "下次启动时会自动收紧，也可以执行 chmod 700"), path, info.Mode().Perm())
	}
	if err != nil || !info.IsDir() {
		what := text.T("the data folder %s cannot be used: %s is not a folder", "数据目录 %s 无法使用：%s 不是目录")
		d.problem("data-not-a-folder", what, text.T("move that file away, or give another folder (data: in the config)", "移走该文件，或在配置的 data: 中换一个目录"), d.paths.Folder, path)
		return
	}
	probe, err := os.CreateTemp(path, ".doctor-*")
	if err == nil {
		_, err = probe.WriteString("libration\n")
		err = errors.Join(err, probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		d.problem("data-not-writable", text.T("nothing can be written in %s: %v", "无法在 %s 中写入：%v"),
			text.T("give this user write access, or give another folder (data: in the config)", "给当前用户写权限，或在配置的 data: 中换一个目录"), path, err)
		return
	}
	free, known := d.o.free(path)
	switch {
	case err != nil || known && free < tooLittle:
		d.problem("disk-full", text.T("the disk of %s is full (%d MB left)", "%s 所在磁盘已满（剩余 %d MB）"),
			text.T("free some space: sessions and messages cannot be kept", "请清理磁盘：会话和消息无法保存"), path, free>>20)
		return
	case known && free < little:
		d.report(Warning, "disk-nearly-full", text.T("the disk of %s is nearly full (%d MB left)", "%s 所在磁盘快满了（剩余 %d MB）"),
			text.T("free some space soon", "请尽快清理"), path, free>>20)
	}
	d.good("data", text.T("the data folder %s can be written", "数据目录 %s 可写"), path)
	d.running, err = account.InUse(d.paths.Lock)
	switch {
	case err != nil:
		d.problem("lock-unreadable", text.T("the lock file cannot be opened: %v", "锁文件无法打开：%v"),
			text.T("another user may have run libration here: give this user the folder (chown)", "可能由其他用户运行过：请用 chown 把目录交给当前用户"), err)
	case d.running:
		d.good("running", text.T("libration is running on this folder", "libration 正在使用该目录运行"))
	default:
		d.report(Note, "not-running", text.T("libration is not running on this folder", "libration 没有在运行"), text.Text{})
	}
}

// keystore looks at the saved session.
func (d *doctor) keystore() {
	path, want := d.paths.Keystore, d.cfg.Account.UIN
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		if _, err := os.Stat(d.paths.DefaultKeystore); err == nil && path != d.paths.DefaultKeystore {
			d.report(Warning, "keystore-elsewhere", text.T("there is no saved session in %s, but one in %s", "%s 中没有登录会话，但 %s 中有一个"),
				text.T("account.uin was set after the login: move the files of that folder along, or scan a code anew", "account.uin 是登录之后才设置的：把那个目录的文件移过来，或重新扫码登录"),
				d.paths.Folder, d.paths.DefaultKeystore)
			return
		}
		initial, err := account.ReadImport(&d.cfg.Account)
		switch {
		case err == nil && initial != nil && initial.UIN != 0:
			d.good("import", text.T("the session of account %d is imported at the start", "启动时会导入账号 %d 的会话"), initial.UIN)
			return
		case err != nil && !errors.Is(err, fs.ErrNotExist): // that is reported with the configuration
			d.problem("import-invalid", text.T("what is to be imported cannot be used: %v", "要导入的文件无法使用：%v"),
				utf8Or(err, text.T("give the keystore.json and device.json of one Lagrange.OneBot installation, or leave both out", "请指定同一个 Lagrange.OneBot 的 keystore.json 和 device.json，或删去这两项")), err)
			return
		}
		d.report(Note, "no-session", text.T("there is no saved session: a code has to be scanned at the start", "没有保存的会话：启动后需要扫码登录"), text.Text{})
		return
	}
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		d.problem("keystore-open-to-others", text.T("other users can read the saved session %s (mode %04o): whoever has it has the account", "其他用户可以读取登录会话 %s（权限 %04o），拿到它就等于拿到账号"),
			text.T("run: chmod 600 on it; if somebody may have taken it, remove it and log in anew", "执行 chmod 600；如可能已泄露，请删除并重新登录"), path, info.Mode().Perm())
	}
	ks, err := ntqq.FileKeystore(path).Load()
	switch {
	case errors.Is(err, fs.ErrPermission):
		d.problem("keystore-unreadable", text.T("this user may not read the saved session: %v", "当前用户无权读取登录会话：%v"),
			text.T("another user may have run libration here: give this user the folder (chown)", "可能由其他用户运行过：请用 chown 把目录交给当前用户"), err)
	case err != nil:
		d.problem("keystore-damaged", text.T("the saved session cannot be read: %v", "登录会话无法读取：%v"),
			utf8Or(err, text.T("restore it from a copy, or remove it and scan a code anew", "从备份恢复，或删除后重新扫码")), account.ExplainFile(err))
	case ks == nil:
	case want != 0 && ks.UIN != 0 && ks.UIN != want:
		d.problem("keystore-other-account", text.T("the saved session belongs to account %d, the configuration says %d", "登录会话属于账号 %d，而配置的是 %d"),
			text.T("correct account.uin, or use another data folder", "修改 account.uin，或换一个数据目录"), ks.UIN, want)
	default:
		d.good("session", text.T("there is a saved session of account %d", "有账号 %d 的登录会话"), ks.UIN)
	}
}

// database has SQLite check the messages.
func (d *doctor) database(ctx context.Context) {
	err := store.Check(ctx, d.paths.Store)
	switch {
	case err == nil:
		d.good("database", text.T("the message database is sound", "消息数据库完好"))
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		d.report(Note, "no-database", text.T("there is no message database yet", "还没有消息数据库"), text.Text{})
	default:
		d.problem("database-damaged", text.T("the message database cannot be used: %v", "消息数据库无法使用：%v"),
			text.T("restart libration: a damaged file is repaired, and kept beside the new one; check the disk", "重新启动 libration：损坏的文件会自动修复，原文件保留在旁边；并请检查磁盘"), err)
	}
	if aside, err := store.SetAside(d.paths.Store); err == nil && len(aside) > 0 {
		d.report(Note, "database-set-aside", text.T("%d damaged message databases were repaired and kept, the last one is %s", "有 %d 个损坏的消息数据库已修复并保留，最近的是 %s"),
			text.T("remove them when you miss no messages; if it happens again, check the disk", "确认没有缺失消息后可以删除；如再次出现，请检查磁盘"), len(aside), aside[len(aside)-1])
	}
}

// released is before any clock that is right; a file written later than now proves
// that the clock has been set back.
var released = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

const clockTolerance = 5 * time.Minute

// clock looks whether the time can be true: tickets and codes carry times.
func (d *doctor) clock() {
	now := d.o.now()
	d.clockWrong = true
	remedy := text.T("set the clock of this machine (and switch on NTP)", "请校准本机时间（并开启 NTP 同步）")
	if now.Before(released) || now.Year() > 2100 {
		d.problem("clock-wrong", text.T("the clock says %s", "系统时间是 %s"), remedy, now.Format(time.DateTime))
		return
	}
	for _, path := range []string{d.paths.Keystore, d.paths.Store, d.cfg.Log.File.Path} {
		if info, err := os.Stat(path); path != "" && err == nil && info.ModTime().Sub(now) > clockTolerance {
			d.problem("clock-behind", text.T("the clock says %s, but %s was written at %s", "系统时间是 %s，但 %s 的写入时间是 %s"),
				remedy, now.Format(time.DateTime), path, info.ModTime().Format(time.DateTime))
			return
		}
	}
	d.clockWrong = false
	d.good("clock", text.T("the clock can be right: %s", "系统时间合理：%s"), now.Format(time.DateTime))
}

// clockOf compares with the Date of an answer.
func (d *doctor) clockOf(whose, date string) {
	theirs, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", strings.TrimSpace(date))
	if err != nil || d.clockWrong {
		return
	}
	if off := d.o.now().Sub(theirs).Abs(); off > clockTolerance {
		d.problem("clock-differs", text.T("the clock differs by %v from that of %s", "系统时间与 %[2]s 相差 %[1]v"),
			text.T("find out which one is wrong and set it", "请确认哪一方的时间有误并校准"), off.Round(time.Second), whose)
	}
}

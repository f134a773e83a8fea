package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"

	"libration/internal/app"
	"libration/internal/app/account"
	"libration/internal/bom"
	"libration/internal/config"
	"libration/internal/paste"
	"libration/internal/store"
	"libration/internal/text"
	"libration/ntqq"
)

// config reads the configuration; false when nothing can be said without one.
func (d *doctor) config() bool {
	c, err := config.Load(d.o.Config)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			d.problem("config-missing", text.T("there is no configuration file %s", "找不到配置文件 %s"),
				text.T("make one with `%s`, or name yours with -c", "用 `%s` 生成，或用 -c 指定").Fill(config.InitCommand(d.o.Config)), d.o.Config)
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
			text.T("correct the lines that are named; `%s` tells when all is well", "修改上面指出的行，再用 `%s` 检查").Fill(d.command("config", "check")), invalid.Text())
		return false
	}
	d.cfg = c
	d.language = app.Language(c.Language)
	d.good("config", text.T("the configuration %s can be used", "配置文件 %s 可用"), d.o.Config)
	for _, w := range c.Warnings {
		w.Warning = false // the finding says it
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
				text.T("correct the path under account:, or leave it out", "修改 account 下的路径，或删去该项"), err)
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

// filters reads the event filters of an account's connections, as the program does.
func (d *doctor) filters() {
	if err := account.CheckFilters(d.cfg); err != nil {
		d.problem("filter-invalid", text.T("an event filter cannot be used: %v", "事件过滤器无法使用：%v"),
			utf8Or(err, text.T("correct the file, or leave filter: out", "请修改该文件，或删去 filter")), err)
	}
}

// utf8Or is the remedy for a file that is UTF-16, else the other one.
func utf8Or(err error, other text.Text) text.Text {
	if errors.Is(err, bom.ErrUTF16) {
		return text.T("save the file as UTF-8", "请将该文件另存为 UTF-8 编码")
	}
	return other
}

// keystore looks at the saved session.
func (d *doctor) keystore() {
	path, want := d.paths.Keystore, d.cfg.Account.UIN
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		d.withoutKeystore()
		return
	}
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		d.problem("keystore-open-to-others", text.T("other users can read the saved session %s (mode %04o): whoever has it has the account", "其他用户可以读取登录会话 %s（权限 %04o），拿到它就等于拿到账号"),
			text.T("run: chmod 600 %s; if somebody may have taken it, remove it and log in anew", "执行 chmod 600 %s；如可能已泄露，请删除并重新登录").Fill(paste.Word(path)), path, info.Mode().Perm())
	}
	ks, err := account.KeystoreFile(d.cfg, path).Load()
	switch {
	case errors.Is(err, ntqq.ErrSealed):
		d.problem("keystore-sealed", text.T("the saved session %s is sealed, and no key is set", "登录会话 %s 已加密，但没有设置密钥"),
			text.T("set LIBRATION_KEYSTORE_KEY, or the credential keystore_key, to the key that sealed it", "请把环境变量 LIBRATION_KEYSTORE_KEY 或凭据 keystore_key 设为加密时所用的密钥"), path)
	case errors.Is(err, ntqq.ErrSealKey):
		d.problem("keystore-key", text.T("the key does not open the saved session %s: it is another key, or the file was changed", "密钥无法打开登录会话 %s：密钥不符，或文件已被改动"),
			text.T("set LIBRATION_KEYSTORE_KEY, or the credential keystore_key, to the key that sealed it, or restore a backup", "请把环境变量 LIBRATION_KEYSTORE_KEY 或凭据 keystore_key 设为加密时所用的密钥，或恢复备份"), path)
	case errors.Is(err, fs.ErrPermission):
		d.problem("keystore-unreadable", text.T("this user may not read the saved session: %v", "当前用户无权读取登录会话：%v"),
			text.T("another user may have run libration here: give this user the folder (chown)", "可能由其他用户运行过：请用 chown 把文件夹交给当前用户"), err)
	case err != nil:
		d.problem("keystore-damaged", text.T("the saved session cannot be read: %v", "登录会话无法读取：%v"),
			utf8Or(err, text.T("restore it from a copy, or remove it and scan a code anew", "从备份恢复，或删除后重新扫码")), account.ExplainFile(err))
	case ks == nil:
	case want != 0 && ks.UIN != 0 && ks.UIN != want:
		d.problem("keystore-other-account", text.T("the saved session belongs to account %d, the configuration says %d", "登录会话属于账号 %d，而配置的是 %d"),
			text.T("correct account.uin, or use another data folder", "修改 account.uin，或换一个数据文件夹"), ks.UIN, want)
	default:
		d.good("session", text.T("there is a saved session of account %d", "有账号 %d 的登录会话"), ks.UIN)
	}
}

// withoutKeystore says how a session begins where none is saved.
func (d *doctor) withoutKeystore() {
	if _, err := os.Stat(d.paths.DefaultKeystore); err == nil && d.paths.Keystore != d.paths.DefaultKeystore {
		d.report(Warning, "keystore-elsewhere", text.T("there is no saved session in %s, but one in %s", "%s 中没有登录会话，但 %s 中有一个"),
			text.T("account.uin was set after the login: move the files of that folder along, or scan a code anew", "account.uin 是登录之后才设置的：把那个文件夹的文件移过来，或重新扫码登录"),
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

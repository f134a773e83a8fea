package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/paste"
	"libration/internal/text"
	"libration/ntqq"
	"libration/onebot"
)

// InitConfig writes a new configuration file, with a random access token for each
// listener and with mode 0600, and says on w what to do next. Bots connect to the address
// listen, an IP address; "" is 127.0.0.1. A file that exists is left alone: an error.
func InitConfig(w io.Writer, path, listen string, l config.Language) error {
	chosen := Language(l)
	if _, err := netip.ParseAddr(listen); listen != "" && err != nil {
		return text.Errorf("--listen %s: not an IP address: 0.0.0.0 is every address of this machine, 127.0.0.1 this machine alone",
			"--listen %s：不是 IP 地址：0.0.0.0 表示本机的所有地址，127.0.0.1 表示仅限本机", listen)
	}
	template := config.LanguageEnglish
	if chosen == text.Chinese {
		template = config.LanguageChinese
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return text.Errorf("write configuration: %v", "写入配置：%v", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if info, there := os.Stat(path); err != nil && there == nil && info.IsDir() {
		return errors.New(text.T("%s is a folder: name a file in it: %s", "%s 是文件夹：请指定其中的文件：%s").Fill(path, config.InitCommand(filepath.Join(path, paste.DefaultConfig))).In(chosen))
	}
	if errors.Is(err, fs.ErrExist) {
		return errors.New(text.T("%s exists and is not overwritten: see whether it can be used with `%s`, or give another path", "%s 已存在，不会覆盖：可用 `%s` 检查它能否使用，或换一个路径").
			Fill(path, paste.Service{Config: path}.Command("config", "check")).In(chosen))
	}
	if errors.Is(err, fs.ErrPermission) {
		return text.Errorf("write configuration: %v: this user, %d, may not write there: give the folder to it, or choose another one",
			"写入配置：%v：当前用户（%d）没有写权限：请把该文件夹交给此用户，或换一个位置", err, os.Getuid())
	}
	if err != nil {
		return text.Errorf("write configuration: %v", "写入配置：%v", err)
	}
	content := config.Template(template, rand.Text)
	if listen != "" {
		content = config.ListenOn(content, listen)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err != nil {
		return text.Errorf("write configuration: %v", "写入配置：%v", err)
	}
	written := text.T(`written: %[1]s (with random access tokens)
edit it, then: %[2]s && %[3]s
and while it runs: %[4]s
`, `已写入：%[1]s（含随机生成的访问令牌）
编辑后执行：%[2]s && %[3]s
运行时可用：%[4]s
`)
	made := paste.Service{Config: path}
	_, err = io.WriteString(w, written.Fill(path, made.Command("config", "check"), made.Command("run"), paste.Command("call", "get_status", "-c", path)).In(chosen))
	return err
}

// Load reads a configuration file for a program that runs with it: no account has the
// name of an action.
func Load(path string) (*config.Config, error) {
	actions := onebot.Table()
	return config.Load(path, func(name string) bool { return actions.Find(name) != nil })
}

// loadOne reads a configuration file for a command about one account, "" for the default
// or only one.
func loadOne(path, name string) (*config.Config, error) {
	c, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	return c.One(name)
}

// CheckConfig reads a configuration file as `run` would, with the overrides of the
// environment, and the files of the identity that it names. It writes its warnings
// or that there are none to w. A file that cannot be used is a *config.Error with a
// line for each problem.
func CheckConfig(w io.Writer, path string) error {
	c, err := Load(path)
	if foreign, ok := errors.AsType[*config.Error](err); ok {
		_, _ = io.WriteString(w, foreign.Carried(EnvironmentLocale()))
	}
	if err != nil {
		return err
	}
	if err := checkAccounts(c); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, p := range append(c.Warnings, account.MediaWarnings(c)...) {
		fmt.Fprintln(w, p.At(path).In(Language(c.Language)))
	}
	_, err = io.WriteString(w, text.T("%s: ok\n", "%s：没有问题\n").Fill(path).In(Language(c.Language)))
	return err
}

// checkAccounts reads the files with which the accounts would log in, as `run` does.
func checkAccounts(c *config.Config) error {
	if _, err := New(c, Options{}); err != nil {
		return err
	}
	all := c.Each()
	for _, one := range all {
		taken := func(uin ntqq.UIN) bool {
			return slices.ContainsFunc(all, func(other *config.Config) bool { return other != one && other.Account.UIN == uin })
		}
		if err := account.Check(one, taken); err != nil {
			return explain(one.Account.Name, len(all) > 1, err)
		}
	}
	return nil
}

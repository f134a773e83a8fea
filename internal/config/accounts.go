package config

import (
	"cmp"
	"crypto/md5"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"libration/internal/text"
)

// DefaultName is the name and the folder of an account without a number.
const DefaultName = "default"

// Each returns a configuration for each account: with that account alone, named, and
// the connections that belong to it. The rest is shared.
func (c *Config) Each() []*Config {
	all := make([]*Config, 0, max(1, len(c.Accounts)))
	for _, a := range c.accounts() {
		one := *c
		one.Account, one.Accounts = *a, nil
		one.Account.Name = a.Called()
		one.OneBot.Connections = slices.DeleteFunc(slices.Clone(c.OneBot.Connections), func(n Connection) bool {
			return len(n.Accounts) > 0 && !slices.Contains(n.Accounts, one.Account.Name)
		})
		all = append(all, &one)
	}
	return all
}

// One returns the configuration of the account with this name; "" is the default one,
// or the only one.
func (c *Config) One(name string) (*Config, error) {
	all := c.Each()
	var names []string
	for _, one := range all {
		a := &one.Account
		if name == a.Name || name == "" && (a.Default || len(all) == 1) {
			return one, nil
		}
		names = append(names, a.Name)
	}
	if name == "" {
		return nil, text.Errorf("there are several accounts: choose one with --account: %s", "有多个账号：请用 --account 指定其中一个：%s", strings.Join(names, ", "))
	}
	return nil, text.Errorf("there is no account %q: there are %s", "没有账号 %q：可用的有 %s", name, strings.Join(names, ", "))
}

// AccountProxy is the proxy of the account of a configuration of [Config.Each].
func (c *Config) AccountProxy() string { return cmp.Or(c.Account.Proxy, c.Proxy) }

// accounts returns those that are configured, to read or to complete them.
func (c *Config) accounts() []*Account {
	if len(c.Accounts) == 0 {
		return []*Account{&c.Account}
	}
	all := make([]*Account, len(c.Accounts))
	for i := range c.Accounts {
		all[i] = &c.Accounts[i]
	}
	return all
}

// Called returns the account's name, written or not.
func (a *Account) Called() string {
	return cmp.Or(a.Name, a.Folder())
}

// Folder is the name of the account's data folder, and what the account is whatever it
// is called.
func (a *Account) Folder() string {
	if a.UIN != 0 {
		return strconv.FormatUint(uint64(a.UIN), 10)
	}
	return DefaultName
}

// meets tells whether an account has both connections.
func (c *Connection) meets(b *Connection) bool {
	return len(c.Accounts) == 0 || len(b.Accounts) == 0 ||
		slices.ContainsFunc(c.Accounts, func(name string) bool { return slices.Contains(b.Accounts, name) })
}

var (
	nameForm = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)
	// routes are the first parts of paths of all services, now or to come.
	routes = []string{"api", "event", "events", "media", "upload", "_events", "v1", "internal", "healthz", "readyz", "metrics", "login", "reload"}
	// devices cannot be folders on Windows.
	devices = regexp.MustCompile(`^(con|prn|aux|nul|(com|lpt)[0-9])$`)
)

// Routes are the first parts of paths that name no account.
func Routes() []string { return slices.Clone(routes) }

// accounts checks all accounts, by themselves and together.
func (k *checker) accounts(c *Config) {
	if len(c.Accounts) == 0 {
		for _, key := range []string{"name", "default", "access_token"} {
			if _, written := k.d.places["account."+key]; written {
				k.problem("account."+key, text.T("is for one of several accounts", "用于多个账号中的一个"), text.T("remove it, or write the account as an entry of accounts", "请删去，或把该账号写成 accounts 的一项"))
			}
		}
		k.account(&c.Account, "account")
		return
	}
	for path := range k.d.places {
		if strings.HasPrefix(path, "account.") {
			k.problem("account", text.T("account and accounts exclude each other", "account 和 accounts 不能同时使用"), text.T("make it an entry of accounts", "把它写成 accounts 的一项"))
			break
		}
	}
	names, uins, first := make(map[string]int), make(map[uint64]int), -1
	for i := range c.Accounts {
		a, path := &c.Accounts[i], fmt.Sprintf("accounts[%d]", i)
		k.account(a, path)
		k.name(a, path)
		if same, taken := names[a.Called()]; taken {
			k.problem(path+".name", text.T("account %d has this name already", "账号 %d 已使用该名称").Fill(same), text.T("give it another name", "换一个名称"))
		}
		names[a.Called()] = i
		same, taken := uins[uint64(a.UIN)]
		switch {
		case taken && a.UIN == 0:
			k.problem(path+".uin", text.T("account %d has no number either, and so the same data folder", "账号 %d 也没有号码，数据文件夹相同").Fill(same), text.T("set uin: at most one account may have none", "请设置 uin：最多一个账号可以不设置"))
		case taken:
			k.problem(path+".uin", text.T("account %d is the same, and has the same data folder", "与账号 %d 相同，数据文件夹也相同").Fill(same), text.T("remove one of them", "删去其中一个"))
		}
		uins[uint64(a.UIN)] = i
		if a.Default && first >= 0 {
			k.problem(path+".default", text.T("account %d is the default already", "账号 %d 已是默认账号").Fill(first), text.T("at most one account may have it", "最多一个账号可以设置"))
		} else if a.Default {
			first = i
		}
	}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if n, err := strconv.ParseUint(a.Name, 10, 64); err == nil && n != uint64(a.UIN) {
			if other, taken := uins[n]; taken && n != 0 {
				k.problem(fmt.Sprintf("accounts[%d].name", i), text.T("this is the number of account %d", "这是账号 %d 的号码").Fill(other), text.T("give it another name", "换一个名称"))
			}
		}
	}
	for i := range c.OneBot.Connections {
		k.owners(&c.OneBot.Connections[i], fmt.Sprintf("onebot.connections[%d]", i), c, names)
	}
}

// account checks what one account says of itself.
func (k *checker) account(a *Account, path string) {
	if a.UIN > math.MaxUint32 {
		k.problem(path+".uin", text.T("not an account number", "不是账号"), text.T("write the QQ number, or 0 for whoever scans the QR code", "写 QQ 号；写 0 则由扫码的人决定"))
	}
	k.token(path+".access_token", a.AccessToken)
	k.proxy(path+".proxy", a.Proxy)
	at := path + ".password"
	switch {
	case a.Password != "" && len(a.PasswordMD5) > 0:
		k.problem(path+".password_md5", text.T("password and password_md5 exclude each other", "password 和 password_md5 不能同时使用"), text.T("keep one of them", "保留其中一个"))
	case a.Password == "" && len(a.PasswordMD5) == 0:
		return
	case len(a.PasswordMD5) > 0:
		if at = path + ".password_md5"; len(a.PasswordMD5) != md5.Size {
			k.problem(at, text.T("not an MD5: %d bytes", "不是 MD5: %d 字节").Fill(len(a.PasswordMD5)), text.T("write the 32 hexadecimal digits of the password's MD5, or use password", "写密码 MD5 的 32 位十六进制数字，或改用 password"))
		}
	}
	if a.UIN == 0 {
		k.problem(at, text.T("whose password it is, is not known", "不知道是哪个账号的密码"), text.T("set %s", "请设置 %s").Fill(path+".uin"))
	}
}

// name checks that an account's name can stand in a path and in the name of a folder,
// and means nothing else there.
func (k *checker) name(a *Account, path string) {
	name := a.Called()
	other := text.T("give it another name", "换一个名称")
	switch {
	case !nameForm.MatchString(name):
		k.problem(path+".name", text.T("not a name for an account", "不能用作账号名称"), text.T("use up to 32 of a-z, 0-9, _ and -", "使用最多 32 个 a-z、0-9、_、-"))
	case slices.Contains(routes, name):
		k.problem(path+".name", text.T("the paths of the services begin so", "服务的路径以此开头"), other)
	case slices.ContainsFunc(k.taken, func(taken func(string) bool) bool { return taken(name) }):
		k.problem(path+".name", text.T("an action is called so", "这是一个动作的名称"), other)
	case devices.MatchString(name):
		k.problem(path+".name", text.T("Windows keeps this name for a device", "Windows 保留该名称用于设备"), other)
	}
}

// owners checks whose a connection is. What callers send must tell the accounts of a
// listener apart.
func (k *checker) owners(c *Connection, path string, all *Config, names map[string]int) {
	for i, name := range c.Accounts {
		if _, known := names[name]; !known {
			k.problem(fmt.Sprintf("%s.accounts[%d]", path, i), text.T("there is no such account", "没有这个账号"), text.T("use a name of accounts", "使用 accounts 中的名称"))
		}
	}
	if c.Address == "" {
		return
	}
	tokens := make(map[string]string)
	for i := range all.Accounts {
		a := &all.Accounts[i]
		if len(c.Accounts) > 0 && !slices.Contains(c.Accounts, a.Called()) {
			continue
		}
		token := c.TokenOf(a)
		if first, taken := tokens[token]; taken && token != "" {
			k.problem(path+".accounts", text.T("accounts %s and %s would have one token", "账号 %s 和 %s 的令牌相同").Fill(first, a.Called()),
				text.T("set accounts[%d].access_token: a token is valid for one account", "请设置 accounts[%d].access_token：一个令牌只用于一个账号").Fill(i))
		}
		tokens[token] = a.Called()
	}
}

// Shared tells whether several accounts of a configuration have the connection.
func (c *Connection) Shared(all *Config) bool {
	return len(all.Accounts) > 1 && len(c.Accounts) != 1
}

// For returns a resolved connection as one of its accounts has it: a listener with the
// token of that account. What is the same for two configurations goes on as it is.
func (c Connection) For(a *Account) Connection {
	if c.Address != "" {
		c.AccessToken = c.TokenOf(a)
	}
	return c
}

// TokenOf returns what callers of a listener send for an account.
func (c *Connection) TokenOf(a *Account) string {
	if a.AccessToken != "" {
		return a.AccessToken
	}
	return c.AccessToken
}

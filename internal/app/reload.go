package app

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/paste"
	"libration/internal/text"
)

// errReloading is returned while another reload is under way.
var errReloading = text.Errorf("the configuration is being read already", "正在读取配置")

// errNoAccount: a slip in the file must not end all sessions.
var errNoAccount = text.Errorf("the file names no account, so all that run would end: list them in accounts, or restart the program",
	"文件中没有账号，正在运行的账号都会停止：请在 accounts 中列出，或重新启动程序")

// Reload reads the configuration file again, with Options.Load, and makes the accounts
// and connections what it says. Those that stay as they are do not notice. It returns
// what it did, and what takes effect at the next start only. A configuration that cannot
// be used is an error, and nothing changes.
func (a *App) Reload() ([]text.Text, error) {
	if !a.reloading.TryLock() {
		return nil, errReloading
	}
	defer a.reloading.Unlock()
	if a.reporter == nil {
		return a.reload()
	}
	var did []text.Text
	var err error
	a.reporter.Reload(func() { did, err = a.reload() })
	return did, err
}

// reload is Reload; the caller holds reloading.
func (a *App) reload() ([]text.Text, error) {
	if a.o.Load == nil || a.running == nil {
		return nil, text.Errorf("there is no configuration file", "没有配置文件")
	}
	read, err := a.o.Load()
	if err != nil {
		return nil, err
	}
	if err := usable(read); err != nil {
		return nil, err
	}
	if len(read.Accounts) == 0 && read.Account.UIN == 0 && !a.has(read.Account.Folder()) {
		return nil, errNoAccount
	}
	now, said := a.effective(read)
	for _, one := range now.Each() { // of the accounts that go on, too
		if err := account.CheckFilters(one); err != nil {
			return nil, err
		}
	}
	if err := a.checkTLS(now); err != nil {
		return nil, err
	}
	next, err := a.replaced(now)
	if err != nil {
		return nil, err
	}
	done, err := a.apply(now, next)
	if len(done)+len(said) == 0 {
		done = append(done, text.T("nothing has changed", "没有变化"))
	}
	for _, d := range done {
		a.log.Info("reload", "did", d.EN)
	}
	for _, w := range read.Warnings {
		a.log.Warn("configuration", "problem", w.String())
	}
	return append(done, said...), err
}

// checkTLS reads the TLS files that no connection had before: a slip must not close a
// listener. Those that connections have may be about to be replaced; what they held stays in
// use.
func (a *App) checkTLS(now *config.Config) error {
	for i := range now.OneBot.Connections {
		c := &now.OneBot.Connections[i]
		if slices.ContainsFunc(a.cfg.OneBot.Connections, func(b config.Connection) bool { return b.TLS == c.TLS }) {
			continue
		}
		if _, err := c.TLS.Files().Load(); err != nil {
			return text.Errorf("onebot.connections: %s: %v", "onebot.connections：%s：%v", c.Name(), err)
		}
	}
	return nil
}

// has tells whether an account with this folder runs.
func (a *App) has(folder string) bool {
	return slices.ContainsFunc(a.now(), func(m *member) bool { return m.key == folder })
}

// effective is the configuration that runs from now on: what cannot be changed while
// running stays, and said says so.
func (a *App) effective(read *config.Config) (now *config.Config, said []text.Text) {
	made := *a.cfg
	said = adopt(reflect.ValueOf(&made).Elem(), reflect.ValueOf(read).Elem(), "", func(_, key string) bool {
		return slices.Contains([]string{"-", "config_version", "account", "accounts", "update"}, key)
	})
	return &made, said
}

// adopt puts into made what can be changed while running, and names what else has
// changed in read.
func adopt(made, read reflect.Value, prefix string, running func(field, key string) bool) (said []text.Text) {
	for i := range made.NumField() {
		f := made.Type().Field(i)
		switch key := f.Tag.Get("yaml"); {
		case f.Type == reflect.TypeFor[config.OneBot]():
			said = append(said, adopt(made.Field(i), read.Field(i), key+".", ofConnections)...)
		case running(f.Name, key):
			made.Field(i).Set(read.Field(i))
		case !reflect.DeepEqual(made.Field(i).Interface(), read.Field(i).Interface()):
			said = append(said, text.T("%s: takes effect at the next start", "%s：重启后生效").Fill(prefix+key))
		}
	}
	return said
}

// ofConnections are the keys of OneBot that connections inherit, and they themselves.
func ofConnections(field, key string) bool {
	_, inherited := reflect.TypeFor[config.Connection]().FieldByName(field)
	return inherited || key == "connections"
}

// replaced returns the accounts of a configuration: those that stay as they are, and new
// ones for the others. Nothing has changed yet.
func (a *App) replaced(now *config.Config) ([]*member, error) {
	all := now.Each()
	var next []*member
	for _, one := range all {
		i := slices.IndexFunc(a.now(), func(m *member) bool { return m.key == one.Account.Folder() })
		if i >= 0 && sameAccount(&a.now()[i].configuration().Account, &one.Account) {
			next = append(next, a.now()[i])
			continue
		}
		if err := a.runsAlready(one); err != nil {
			return nil, err
		}
		m, err := a.newMember(one, len(all) > 1)
		if err != nil {
			return nil, err
		}
		next = append(next, m)
	}
	return next, nil
}

// runsAlready refuses an account whose number another one has that was not configured
// with it, but logged in with it.
func (a *App) runsAlready(cfg *config.Config) error {
	for _, m := range a.now() {
		if uin := cfg.Account.UIN; uin != 0 && m.configuration().Account.UIN == 0 && m.self() == uint64(uin) {
			data := cfg.Data // whoever reads this may be in another folder
			if full, err := filepath.Abs(data); err == nil {
				data = full
			}
			was, is := filepath.Join(data, m.configuration().Account.Folder()), filepath.Join(data, cfg.Account.Folder())
			return text.Errorf("account %s is %d already, in %s: stop libration, run `mv %s %s`, and start it again",
				"账号 %s 已经是 %d，位于 %s：请停止 libration，执行 `mv %s %s`，再启动", m.name(), uin, was, paste.Word(was), paste.Word(is))
		}
	}
	return nil
}

// sameAccount tells whether an account goes on with another configuration: the session
// does not see the rest.
func sameAccount(a, b *config.Account) bool {
	x, y := *a, *b
	x.Name, x.Default, x.AccessToken = y.Name, y.Default, y.AccessToken
	return reflect.DeepEqual(x, y)
}

// apply makes the accounts those of next. Who goes, goes first: it may have what others
// need, a folder or an address.
func (a *App) apply(now *config.Config, next []*member) (done []text.Text, err error) {
	before := a.now()
	a.mu.Lock()
	a.cfg, a.members = now, next
	a.mu.Unlock()
	views := make(map[string]*config.Config)
	for _, one := range now.Each() {
		views[one.Account.Folder()] = one
	}
	for _, m := range next {
		if was, is := m.name(), views[m.key].Account.Name; was != is {
			done = append(done, text.T("account %s: now called %s", "账号 %s：改名为 %s").Fill(was, is))
		}
		was, is := m.isDefault(), views[m.key].Account.Default || len(next) == 1
		switch stays := slices.Contains(before, m); {
		case stays && is && !was:
			done = append(done, text.T("account %s: gets what names no account", "账号 %s：接收未指明账号的请求").Fill(views[m.key].Account.Name))
		case stays && was && !is:
			done = append(done, text.T("account %s: has to be named by bots now", "账号 %s：机器人现在必须指明该账号").Fill(views[m.key].Account.Name))
		}
		m.configure(views[m.key], len(next) > 1)
	}
	a.share()
	named := func(m *member) bool {
		return slices.ContainsFunc(before, func(b *member) bool { return b.key == m.key })
	}
	for _, m := range before {
		if slices.Contains(next, m) {
			continue
		}
		m.stop()
		if views[m.key] == nil {
			done = append(done, text.T("account %s: removed", "账号 %s：已移除").Fill(m.name()))
		}
	}
	var failed []error
	for _, m := range next {
		switch {
		case !slices.Contains(before, m):
			a.start(m)
			said := text.T("account %s: added", "账号 %s：已添加")
			if named(m) {
				said = text.T("account %s: started anew", "账号 %s：已重新启动")
			}
			done = append(done, said.Fill(m.name()))
		default:
			said, err := m.reconnect(views[m.key])
			done, failed = append(done, said...), append(failed, err)
		}
	}
	for _, m := range next {
		changed, err := m.account().ReloadFilters("")
		for _, path := range changed {
			done = append(done, text.T("account %s: event filter %s: read again", "账号 %s：已重新读取事件过滤器 %s").Fill(m.name(), path))
		}
		failed = append(failed, err)
	}
	a.change()
	return done, errors.Join(failed...)
}

// reconnect makes the connections of an account that goes on those of cfg.
func (m *member) reconnect(cfg *config.Config) ([]text.Text, error) {
	changes := connectionChanges(m.connected, cfg)
	if len(changes) == 0 {
		m.connected = cfg
		return nil, nil
	}
	ok := false
	if m.err() == nil {
		var err error
		if ok, err = m.account().Reconnect(cfg); err != nil {
			return nil, err
		}
	}
	if !ok { // it does not run, or writes no journal
		made, err := m.made()
		if err != nil {
			return nil, explain(m.name(), m.isOneOfSeveral(), err)
		}
		m.stop()
		m.replace(made)
		m.app.start(m)
		m.connected = cfg
		return []text.Text{text.T("account %s: started anew, with %s", "账号 %s：已重新启动，连接：%s").Fill(m.name(), strings.Join(changes, ", "))}, nil
	}
	m.connected = cfg
	return []text.Text{text.T("account %s: %s", "账号 %s：%s").Fill(m.name(), strings.Join(changes, ", "))}, nil
}

// connectionChanges lists the connections of an account that come, go or change.
func connectionChanges(was, is *config.Config) (all []string) {
	old := was.OneBot.Resolved()
	for _, c := range is.OneBot.Resolved() {
		i := slices.IndexFunc(old, func(b config.Connection) bool { return b.Name() == c.Name() })
		switch {
		case i < 0:
			all = append(all, "+ "+c.Name())
			continue
		case !reflect.DeepEqual(old[i].For(&was.Account), c.For(&is.Account)):
			all = append(all, "~ "+c.Name())
		}
		old = slices.Delete(old, i, i+1)
	}
	for _, c := range old {
		all = append(all, "- "+c.Name())
	}
	return all
}

// usable refuses what no account could run with.
func usable(cfg *config.Config) error {
	if cfg.Server.Mode == config.ModeReal && len(cfg.OneBot.Connections) == 0 {
		// An empty file must not log in to the real service.
		return text.Errorf("onebot.connections: there is no connection, so no bot could use the account: add one (`%s` writes examples), or set server.mode: sandbox",
			"onebot.connections：没有任何连接，机器人无法使用该账号：请添加一个（`%s` 会写出示例），或设置 server.mode: sandbox", paste.Command("config", "init", "example.yaml"))
	}
	return nil
}

// start runs an account until stop, or the installation ends.
func (a *App) start(m *member) {
	ctx, cancel := context.WithCancel(a.running)
	m.cancel, m.ended = cancel, make(chan struct{})
	a.accounts.Go(func() {
		defer close(m.ended)
		err := m.run(ctx, a.begin)
		if a.running.Err() == nil && ctx.Err() != nil { // stopped by itself
			if err != nil {
				a.log.Warn("account did not stop cleanly", "account", m.name(), "err", err)
			}
			return
		}
		a.mu.Lock()
		a.failed = append(a.failed, err)
		a.mu.Unlock()
		a.end() // the only one has ended, or all do
	})
}

// stop ends an account and waits until it has ended.
func (m *member) stop() {
	m.cancel()
	<-m.ended
}

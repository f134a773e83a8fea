package account

import (
	"libration/internal/config"
	"libration/internal/text"
	"libration/ntqq"
)

// password is the MD5 of the configured one; nil: there is none.
func (a *Account) password() ntqq.HexBytes {
	c := &a.cfg.Account
	if c.Password != "" {
		return ntqq.PasswordMD5(c.Password)
	}
	return ntqq.HexBytes(c.PasswordMD5)
}

// importSession returns what a new keystore begins with: nil when there is one
// already, or nothing to import.
func (a *Account) importSession(folder *folder) (*ntqq.Keystore, error) {
	has, err := folder.hasKeystore()
	if err != nil {
		return nil, explainFolder(folder.path, err)
	}
	if has {
		return nil, nil
	}
	initial, err := ReadImport(&a.cfg.Account)
	if initial != nil {
		a.log.Info("identity imported", "keystore", a.cfg.Account.Keystore, "device", a.cfg.Account.Device, "uin", initial.UIN)
	}
	return initial, err
}

// ReadImport reads what account.keystore and account.device name; nil when they name
// nothing. It changes nothing.
func ReadImport(c *config.Account) (*ntqq.Keystore, error) {
	if c.Keystore == "" && c.Device == "" {
		return nil, nil
	}
	initial, err := ntqq.ImportLagrange(c.Keystore, c.Device)
	if err != nil {
		return nil, text.Errorf("import of account.keystore and account.device: %v: correct the paths, or leave them out to log in anew",
			"导入 account.keystore 和 account.device: %v：请修改路径，或删去这两项以重新登录", ExplainFile(err))
	}
	if c.UIN != 0 && initial.UIN != 0 && c.UIN != initial.UIN {
		return nil, text.Errorf("account.keystore %s is of account %d, not of the configured %d: correct account.uin or the path",
			"account.keystore %s 属于账号 %d，而不是配置的 %d：请修改 account.uin 或路径", c.Keystore, initial.UIN, c.UIN)
	}
	return initial, nil
}

// errTaken is the error of an account whose saved session is another one's.
func errTaken(folder string, uin ntqq.UIN) error {
	return text.Errorf("the saved session in %s is of account %d, which is another one of the accounts: remove one of them, or move the folder away",
		"%s 中的登录会话属于账号 %d，而它是另一个已配置的账号：请删去其中一个，或移走该文件夹", folder, uin)
}

// Check reads the files with which an account would log in, as Run does: the app info,
// and the saved session or, without one, what is to be imported. taken is that of
// Options. It changes nothing.
func Check(cfg *config.Config, taken func(ntqq.UIN) bool) error {
	a, err := New(cfg, Options{})
	if err != nil {
		return err
	}
	o := ntqq.Options{UIN: cfg.Account.UIN, PasswordMD5: a.password(), Keystore: KeystoreFile(cfg, PathsOf(cfg).Keystore)}
	saved, err := o.Keystore.Load()
	err = ExplainFile(err)
	if err == nil && saved != nil && saved.UIN != 0 && taken(saved.UIN) {
		return errTaken(PathsOf(cfg).Folder, saved.UIN)
	}
	if err == nil && saved == nil {
		o.Initial, err = ReadImport(&cfg.Account)
	}
	if err == nil {
		_, err = ntqq.New(o)
	}
	return err
}

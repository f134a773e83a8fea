package main

import "libration/internal/app"

type keystoreCommand struct {
	Key    keystoreKey    `cmd:"" help:"Draw a key that encrypts saved sessions, and print it." zh:"生成并输出用于加密登录会话的密钥。"`
	Unseal keystoreUnseal `cmd:"" help:"Decrypt saved sessions again, by the key that is set." zh:"用已设置的密钥解除登录会话的加密。"`
}

type keystoreKey struct{}

// Run prints a key.
func (keystoreKey) Run(std streams) error { return app.DrawKeystoreKey(std.out) }

type keystoreUnseal struct {
	Config  string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}." zh:"配置文件，默认 ${default}。"`
	Account string `placeholder:"NAME" help:"The account, where there are several. Default: all." zh:"有多个账号时指定账号，默认全部。"`
}

// Run decrypts the keystores.
func (c *keystoreUnseal) Run(std streams) error { return app.Unseal(std.out, c.Config, c.Account) }

package app

import (
	"fmt"
	"io"

	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/text"
	"libration/ntqq"
)

// DrawKeystoreKey writes a new key for keystores.
func DrawKeystoreKey(w io.Writer) error {
	_, err := fmt.Fprintln(w, ntqq.NewSealKey().Text())
	return err
}

// Unseal writes the keystores of a configuration file as plain ones again, those of all
// accounts or of the one with this name. No process may use their folders.
func Unseal(w io.Writer, path, name string) error {
	c, err := config.Load(path)
	if err != nil {
		return err
	}
	all := c.Each()
	if name != "" {
		one, err := c.One(name)
		if err != nil {
			return err
		}
		all = []*config.Config{one}
	}
	l := Language(c.Language)
	for _, one := range all {
		done, err := account.Unseal(one)
		if err != nil {
			return explain(one.Account.Name, len(all) > 1, account.ExplainFile(err))
		}
		said := text.T("%s: not sealed\n", "%s：没有加密\n")
		if done {
			said = text.T("%s: unsealed; whoever has this file has the account. Take the key out of the environment and of the credentials: the next start with a key seals it again\n",
				"%s：已解除加密；拿到此文件就等于拿到账号。请从环境变量和凭据中删去密钥，否则下次启动会再次加密\n")
		}
		if _, err := io.WriteString(w, said.Fill(account.PathsOf(one).Keystore).In(l)); err != nil {
			return err
		}
	}
	return nil
}

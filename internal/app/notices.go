package app

import (
	"context"
	"fmt"
	"io"

	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/network"
	"libration/internal/notice"
	"libration/internal/text"
)

// TestNotices sends a test notice to every target of the configuration and writes a
// line for each to w. The error says that one failed, or that there is none.
func TestNotices(ctx context.Context, w io.Writer, path string) error {
	c, err := config.Load(path)
	if err != nil {
		return err
	}
	targets, failed, l := account.NoticeTargets(c), 0, Language(c.Language)
	if len(targets) == 0 {
		return text.Errorf("%s has no targets for notices: add one under notices.targets", "%s 没有设置通知去处：请在 notices.targets 下添加", path)
	}
	by, err := account.OwnersNetwork(c, network.Network{})
	if err != nil {
		return err
	}
	accounts := noticeAccounts(c)
	for i, t := range targets {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		result := text.T("ok", "成功")
		if err := notice.SendTest(ctx, by, t, accounts, l, Version()); err != nil {
			result = text.T("failed: %v", "失败：%v").Fill(err)
			failed++
		}
		fmt.Fprintln(w, text.T("notices.targets[%d] (%s): %s", "notices.targets[%d]（%s）：%s").Fill(i, t.Name(), result).In(l))
	}
	if failed > 0 {
		return text.Errorf("not every target could be reached, see above", "有通知去处无法送达，见上文")
	}
	return nil
}

// noticeAccounts are the accounts of a configuration as notices name them. One without a
// number has that of its saved session.
func noticeAccounts(c *config.Config) []notice.Account {
	var all []notice.Account
	each := c.Each()
	for _, one := range each {
		a := notice.Account{Number: uint64(one.Account.UIN)}
		if len(each) > 1 {
			a.Name = one.Account.Name
		}
		if a.Number == 0 {
			if saved, err := account.KeystoreFile(one, account.PathsOf(one).Keystore).Load(); err == nil && saved != nil {
				a.Number = uint64(saved.UIN)
			}
		}
		all = append(all, a)
	}
	return all
}

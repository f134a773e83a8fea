package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"libration/internal/admin"
	"libration/internal/app/account"
	"libration/internal/captcha"
	"libration/internal/text"
	"libration/ntqq"
)

// Captcha hands over the answer to the captcha that is asked for, as it was copied, and
// tells on out what a person has to do then, until the account is online. An error says
// that the answer was wrong and where the new captcha is, or why the account will not be
// online.
func (o *Owner) Captcha(ctx context.Context, out io.Writer, copied string, style account.QRStyle) error {
	solved, err := captcha.Read(copied)
	if err != nil {
		return err
	}
	before, err := o.state(ctx)
	if err != nil {
		return err
	}
	answer := map[string]string{"ticket": solved.Ticket, "randstr": solved.RandStr}
	code, err := o.ask(ctx, http.MethodPost, o.path("/login/captcha"), answer, &admin.Account{})
	if code == http.StatusConflict {
		return text.Errorf("no captcha waits for an answer: `%s` asks for a login and shows what it needs",
			"没有验证码在等待回答：请执行 `%s` 登录，它会显示需要做什么", o.command("login"))
	}
	if err != nil {
		return err
	}
	asked := ""
	if before.Prompt != nil {
		asked = before.Prompt.URL
	}
	return o.follow(ctx, out, style, func(now *admin.Account) (bool, error) {
		p := now.Prompt
		if p == nil || ntqq.PromptKind(p.Kind) != ntqq.PromptCaptcha {
			return true, nil
		}
		if p.URL == asked { // the answer has not gone out yet
			return false, nil
		}
		return false, fmt.Errorf("%s", p.Text)
	})
}

// follow tells on out what a person has to do, until the account is online. An error says
// why it will not be. look is asked about each state first: whether it is to be shown, and
// whether it ends this.
func (o *Owner) follow(ctx context.Context, out io.Writer, style account.QRStyle, look func(*admin.Account) (show bool, err error)) error {
	screen := ownerScreen{out: out, style: style, words: o.language}
	ticker := time.NewTicker(ownerPeriod)
	defer ticker.Stop()
	for {
		now, err := o.state(ctx)
		if err != nil {
			return err
		}
		show, err := look(now)
		switch stage := ntqq.Stage(now.State); {
		case err != nil:
			return err
		case now.Online:
			fmt.Fprintln(out, text.T("%d: %s", "%d：%s").Fill(now.UIN, account.StateWords(now)).In(screen.words))
			return nil
		case show && (stage == ntqq.Kicked || stage == ntqq.NeedsLogin):
			return givenUp(now)
		case show:
			screen.show(now)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// command is a command about the account.
func (o *Owner) command(words ...string) string {
	if o.account != "" {
		words = append(words, "--account", o.account)
	}
	return o.service.Command(words...)
}

// givenUp says why an account waits for a person, and what that person does next.
func givenUp(a *admin.Account) error {
	why := text.Same(a.Reason) // it says which state it is
	if a.Reason == "" {
		why = account.StateWords(a)
	}
	if a.Prompt == nil {
		return text.Errorf("%s", "%s", why)
	}
	return text.Errorf("%s\n%s", "%s\n%s", why, a.Prompt.Text)
}

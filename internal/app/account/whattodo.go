package account

import (
	"libration/internal/paste"
	"libration/internal/text"
	"libration/ntqq"
)

// whatToDo says what a person has to do, with the command for it. name is the account's;
// "" where it is the only one of the installation.
func whatToDo(p *ntqq.Prompt, name string, at paste.Service) text.Text {
	what := text.T(p.Text())
	command := func(words ...string) string {
		if name != "" {
			words = append(words, "--account", name)
		}
		return at.Command(words...)
	}
	switch p.Kind {
	case ntqq.PromptCaptcha:
		return text.T("%s: %s", "%s：执行 %s").Fill(what, command("login", "captcha", "TICKET", "RANDSTR"))
	case ntqq.PromptKicked, ntqq.PromptNeedsLogin:
		return text.T("%s with: %s", "%s：执行 %s").Fill(what, command("login"))
	}
	return what
}

package account

import (
	"libration/internal/text"
	"libration/ntqq"
)

// whatToDo says what a person has to do, with the command for it. name is the account's;
// "" where it is the only one.
func whatToDo(p *ntqq.Prompt, name string) text.Text {
	what, option := text.T(p.Text()), ""
	if name != "" {
		option = " --account " + name
	}
	switch p.Kind {
	case ntqq.PromptCaptcha:
		return text.T("%s: libration login captcha TICKET RANDSTR%s", "%s：执行 libration login captcha TICKET RANDSTR%s").Fill(what, option)
	case ntqq.PromptKicked, ntqq.PromptNeedsLogin:
		return text.T("%s with: libration login%s", "%s：执行 libration login%s").Fill(what, option)
	}
	return what
}

package app

import (
	"libration/internal/text"
	"libration/ntqq"
)

// whatToDo says what a person has to do, with the command for it.
func whatToDo(p *ntqq.Prompt) text.Text {
	what := text.T(p.Text())
	switch p.Kind {
	case ntqq.PromptCaptcha:
		return text.T("%s: libration login captcha TICKET RANDSTR", "%s：执行 libration login captcha TICKET RANDSTR").Fill(what)
	case ntqq.PromptKicked, ntqq.PromptNeedsLogin:
		return text.T("%s with: libration login", "%s：执行 libration login").Fill(what)
	}
	return what
}

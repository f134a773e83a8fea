package account

import (
	"libration/internal/paste"
	"libration/internal/text"
	"libration/ntqq"
)

// whatToDo says what a person has to do, with the command for it. name is the account's;
// "" where it is the only one of the installation.
func whatToDo(p *ntqq.Prompt, name string, at paste.Service) text.Text {
	what, command := text.T(p.Text()), commandFor(p, name, at)
	switch {
	case command == "":
		return what
	case p.Kind == ntqq.PromptCaptcha:
		return text.T("%s: %s", "%s：执行 %s").Fill(what, command)
	}
	return text.T("%s with: %s", "%s：执行 %s").Fill(what, command)
}

// commandFor is the command for what a person has to do; "" where it is done elsewhere.
func commandFor(p *ntqq.Prompt, name string, at paste.Service) string {
	var words []string
	switch p.Kind {
	case ntqq.PromptCaptcha:
		words = []string{"login", "captcha", "TICKET", "RANDSTR"}
	case ntqq.PromptKicked, ntqq.PromptNeedsLogin:
		words = []string{"login"}
	default:
		return ""
	}
	if name != "" {
		words = append(words, "--account", name)
	}
	return at.Command(words...)
}

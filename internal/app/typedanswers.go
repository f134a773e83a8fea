package app

import (
	"bufio"
	"io"
	"log/slog"
	"strings"

	"libration/ntqq"
)

// typedAnswers takes the answers to captchas that are typed into a terminal. One
// goroutine calls follow.
type typedAnswers struct {
	in      io.Reader // nil: there is no terminal
	log     *slog.Logger
	answer  func(ntqq.CaptchaAnswer) error
	reading bool
}

// follow begins to read when the first captcha is asked for. Nobody can take back a
// read from a terminal, so it goes on to the end of the input.
func (t *typedAnswers) follow(s ntqq.State) {
	if t.in == nil || t.reading || s.Step != ntqq.StepCaptcha {
		return
	}
	t.reading = true
	go t.read()
}

func (t *typedAnswers) read() {
	lines := bufio.NewScanner(t.in)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		if len(words) != 2 {
			t.log.Warn("what was typed is not the answer to a captcha: it has two parts, ticket and randstr, on one line")
			continue
		}
		if err := t.answer(ntqq.CaptchaAnswer{Ticket: words[0], RandStr: words[1]}); err != nil {
			t.log.Warn("what was typed is not taken as the answer to a captcha", "err", err)
		}
	}
}

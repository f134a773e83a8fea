package app

import (
	"bufio"
	"errors"
	"strings"
	"sync"

	"libration/internal/text"
	"libration/ntqq"
)

// typedAnswers takes the answers to captchas that are typed into a terminal.
type typedAnswers struct {
	app  *App
	once sync.Once
}

// begin begins to read, when the first captcha is asked for. Nobody can take back a
// read from a terminal, so it goes on to the end of the input.
func (t *typedAnswers) begin() {
	t.once.Do(func() { go t.read() })
}

func (t *typedAnswers) read() {
	lines := bufio.NewScanner(t.app.o.In)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		name := ""
		if len(words) == 3 && len(t.app.now()) > 1 {
			name, words = words[0], words[1:]
		}
		if len(words) != 2 {
			t.app.log.Warn("what was typed is not the answer to a captcha: it has two parts, ticket and randstr, on one line")
			continue
		}
		if err := t.app.answer(name, words[0], words[1]); err != nil {
			t.app.log.Warn("what was typed is not taken as the answer to a captcha", "err", err)
		}
	}
}

// answer gives the solution of a captcha to the account of this name; "" is the one
// that waits for it.
func (a *App) answer(name, ticket, randStr string) error {
	var waiting []*member
	all := a.now()
	for _, m := range all {
		if name == m.name() || name == "" && (len(all) == 1 || m.account().Status().Account.Step == ntqq.StepCaptcha) {
			waiting = append(waiting, m)
		}
	}
	switch len(waiting) {
	case 0:
		return errors.New("no account waits for it")
	case 1:
		return waiting[0].account().Answer(ticket, randStr)
	}
	return text.Errorf("several accounts wait for one: write NAME TICKET RANDSTR", "有多个账号在等待：请写 NAME TICKET RANDSTR")
}

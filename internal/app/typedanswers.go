package app

import (
	"bufio"
	"errors"
	"strings"
	"sync"

	"libration/internal/captcha"
	"libration/internal/text"
	"libration/ntqq"
)

// typedAnswers takes the answers to captchas that are typed or pasted into a terminal.
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
	in := bufio.NewReader(t.app.o.In)
	var paste pasted
	for {
		line, err := readLine(in)
		if line != "" || err == nil {
			if whole, complete := paste.add(line); complete {
				t.take(whole)
			}
		}
		if err != nil {
			return
		}
	}
}

// readLine reads a line without its end. Of one that is too long to be a part of an answer it
// keeps enough to be refused: what is typed after it counts.
func readLine(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if len(line) <= captcha.MaxSize {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return strings.TrimRight(string(line), "\r\n"), err
		}
	}
}

// take handles one thing that was typed.
func (t *typedAnswers) take(typed string) {
	if strings.TrimSpace(typed) == "" {
		return
	}
	name, rest := "", typed
	if first, after, ok := strings.Cut(strings.TrimSpace(typed), " "); ok && t.app.isSeveral(first) {
		name, rest = first, after
	}
	a, err := captcha.Read(rest)
	if err != nil {
		t.app.log.Warn("what was typed is not the answer to a captcha", "err", err)
		return
	}
	if err := t.app.answer(name, a); err != nil {
		t.app.log.Warn("what was typed is not taken as the answer to a captcha", "err", err)
	}
}

// pasted joins the lines of an object, which comes in several where it is laid out.
type pasted struct {
	lines []string
	size  int
}

// add takes a line. It returns what is complete with it.
func (p *pasted) add(line string) (whole string, complete bool) {
	p.lines, p.size = append(p.lines, line), p.size+len(line)+1
	open := strings.HasPrefix(strings.TrimSpace(p.lines[0]), "{")
	if open && !strings.Contains(line, "}") && strings.TrimSpace(line) != "" && p.size <= captcha.MaxSize {
		return "", false
	}
	whole = strings.Join(p.lines, "\n")
	*p = pasted{}
	return whole, true
}

// isSeveral tells whether this is the name of one of several accounts.
func (a *App) isSeveral(name string) bool {
	all := a.now()
	for _, m := range all {
		if len(all) > 1 && name == m.name() {
			return true
		}
	}
	return false
}

// answer gives the solution of a captcha to the account of this name; "" is the one
// that waits for it.
func (a *App) answer(name string, solved captcha.Answer) error {
	var waiting []*member
	all := a.now()
	for _, m := range all {
		if name == m.name() || name == "" && (len(all) == 1 || m.account().Status().Account.Step == ntqq.StepCaptcha) {
			waiting = append(waiting, m)
		}
	}
	switch len(waiting) {
	case 0:
		return text.Errorf("no account waits for it", "没有账号在等待验证码")
	case 1:
		return waiting[0].account().Answer(solved.Ticket, solved.RandStr)
	}
	return text.Errorf("several accounts wait for one: write NAME TICKET RANDSTR", "有多个账号在等待：请写 NAME TICKET RANDSTR")
}

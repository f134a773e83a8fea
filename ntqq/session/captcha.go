package session

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/loginpb"
	"libration/internal/text"
	"libration/ntqq/session/link"
)

const (
	// captchaWait is how long a captcha waits to be solved, captchaTries how many are
	// shown in one login.
	captchaWait  = 5 * time.Minute
	captchaTries = 3
)

// CaptchaError is the end of a password login whose captchas were not solved. The next
// login asks for a new one.
type CaptchaError struct {
	Shown int   // captchas, at most 3 in one login
	Wrong int   // answers that the server refused
	Err   error // the last refusal, or why there is no answer
}

func (e *CaptchaError) Error() string {
	english, _ := e.Text()
	return english
}

// Text is Error in English and Chinese.
func (e *CaptchaError) Text() (english, chinese string) {
	t := text.T("captcha not solved: %v", "验证码未完成：%v").Fill(text.Of(e.Err))
	if e.Wrong == captchaTries {
		t = text.T("captcha not solved: %d answers were wrong: %v", "验证码未完成：%d 次回答错误：%v").Fill(e.Wrong, text.Of(e.Err))
	}
	return t.EN, t.ZH
}

// Unwrap returns the last refusal, or why there is no answer.
func (e *CaptchaError) Unwrap() error { return e.Err }

// errNoAnswer: nobody solved the captcha.
var errNoAnswer = text.Errorf("nobody solved it", "没有人完成验证")

// CaptchaAnswer is a solved captcha: what its page gave, as "ticket" and "randstr".
type CaptchaAnswer struct{ Ticket, RandStr string }

// Answer gives the session the solution of the captcha that it asks for
// ([PromptCaptcha]). The next states show whether it was right. Errors: [ErrNoCaptcha], or
// one that names a missing part.
func (s *Session) Answer(a CaptchaAnswer) error {
	if a.Ticket == "" || a.RandStr == "" {
		return text.Errorf("the answer to a captcha has two parts, ticket and randstr", "验证码的结果有两部分：ticket 和 randstr")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.captcha <- a: // a nil channel: nobody asks
		s.captcha = nil
		return nil
	default:
		return ErrNoCaptcha
	}
}

// expect lets Answer send to answers. nil: no answer is waited for.
func (s *Session) expect(answers chan CaptchaAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.captcha = answers
}

// captchas are those of one password login.
type captchas struct {
	shown, wrong int
	solved       *loginpb.NtIframe // the answer that goes out with the next request
}

// next takes a refusal of the password login. It returns nil when the login is to be sent
// again, with the answer to a new captcha, or without one after a wrong answer: then the
// server asks for a new captcha (docs/protocol/login.md 6.2). Other refusals are returned
// as they are.
func (c *captchas) next(ctx context.Context, l *loop, k *link.Conn, refused *LoginError) error {
	asks := refused.Code == codeCaptcha
	if !asks && (refused.Code != codeWrongCaptcha || c.solved == nil) {
		return refused
	}
	if c.solved != nil {
		c.wrong++
		c.solved = nil
		l.s.log.Warn("wrong answer to the captcha", "captcha", c.shown, "of", captchaTries, "err", refused)
	}
	if c.shown == captchaTries {
		return &CaptchaError{Shown: c.shown, Wrong: c.wrong, Err: refused}
	}
	if !asks {
		return nil
	}
	c.shown++
	prompt := &Prompt{Kind: PromptCaptcha, URL: refused.url}
	if c.wrong > 0 {
		prompt.Why = WhyWrongAnswer
	}
	solved, err := l.askCaptcha(ctx, k, prompt)
	if errors.Is(err, errNoAnswer) {
		return &CaptchaError{Shown: c.shown, Wrong: c.wrong, Err: err}
	}
	c.solved = solved
	return err
}

// askCaptcha waits for Answer.
func (l *loop) askCaptcha(ctx context.Context, k *link.Conn, prompt *Prompt) (*loginpb.NtIframe, error) {
	s := l.s
	sid, err := captchaSID(prompt.URL)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	answers := make(chan CaptchaAnswer, 1)
	s.expect(answers)
	defer s.expect(nil)
	timer := time.NewTimer(captchaWait)
	defer timer.Stop()
	until := time.Now().Add(captchaWait)
	prompt.Expires = until
	s.log.Warn("the server wants a captcha solved", "open", prompt.URL, "valid_for", captchaWait)
	s.setState(State{Stage: LoggingIn, Step: StepCaptcha, Until: until, Prompt: prompt}, nil)
	select {
	case a := <-answers:
		return &loginpb.NtIframe{Ticket: proto.String(a.Ticket), RandStr: proto.String(a.RandStr), Sid: proto.String(sid)}, nil
	case <-timer.C:
		return nil, text.Errorf("%v in %v", "%v：等待了 %v", errNoAnswer, captchaWait)
	case <-k.Context().Done():
		return nil, k.Err()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// captchaSID checks the address of a captcha, which is shown to a person, and
// returns the id in it.
func captchaSID(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", text.Errorf("the server gives no address of a captcha", "服务器没有给出验证码地址")
	}
	return u.Query().Get("sid"), nil
}

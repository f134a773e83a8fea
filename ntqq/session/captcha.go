package session

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/loginpb"
	"libration/ntqq/session/link"
)

const (
	// captchaWait is how long a captcha waits to be solved, captchaTries how many are
	// shown in one login.
	captchaWait  = 5 * time.Minute
	captchaTries = 3
)

// errCaptchaGivenUp: nobody solved the captcha.
var errCaptchaGivenUp = errors.New("captcha not solved")

// CaptchaAnswer is a solved captcha: what its page gave, as "ticket" and "randstr".
type CaptchaAnswer struct{ Ticket, RandStr string }

// Answer gives the session the solution of the captcha that it asks for
// ([PromptCaptcha]). The next states show whether it was right. Errors: [ErrNoCaptcha], or
// one that names a missing part.
func (s *Session) Answer(a CaptchaAnswer) error {
	if a.Ticket == "" || a.RandStr == "" {
		return errors.New("the answer to a captcha has two parts, ticket and randstr")
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

// askCaptcha waits for Answer.
func (l *loop) askCaptcha(ctx context.Context, k *link.Conn, refused *LoginError) (*loginpb.NtIframe, error) {
	s := l.s
	sid, err := captchaSID(refused.url)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCaptchaGivenUp, err)
	}
	answers := make(chan CaptchaAnswer, 1)
	s.expect(answers)
	defer s.expect(nil)
	timer := time.NewTimer(captchaWait)
	defer timer.Stop()
	until := time.Now().Add(captchaWait)
	s.log.Warn("the server wants a captcha solved", "open", refused.url, "valid_for", captchaWait)
	s.setState(State{
		Stage: LoggingIn, Step: StepCaptcha, Until: until,
		Prompt: &Prompt{Kind: PromptCaptcha, URL: refused.url, Expires: until},
	}, nil)
	select {
	case a := <-answers:
		return &loginpb.NtIframe{Ticket: proto.String(a.Ticket), RandStr: proto.String(a.RandStr), Sid: proto.String(sid)}, nil
	case <-timer.C:
		return nil, fmt.Errorf("%w in %v", errCaptchaGivenUp, captchaWait)
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
		return "", errors.New("the server gives no address of a captcha")
	}
	return u.Query().Get("sid"), nil
}

package account

import (
	"errors"

	"libration/gateway/transport"
	"libration/internal/admin"
	"libration/internal/supervise"
	"libration/internal/text"
	"libration/ntqq"
)

// Answer hands the solution of a captcha to the session.
func (a *Account) Answer(ticket, randStr string) error {
	if p := a.running(); p != nil {
		err := p.client.Answer(ntqq.CaptchaAnswer{Ticket: ticket, RandStr: randStr})
		if errors.Is(err, ntqq.ErrNoCaptcha) {
			return text.Errorf("no captcha waits for an answer", "没有验证码在等待回答")
		}
		return err
	}
	return text.Errorf("the account has not begun", "账号尚未启动")
}

// Login logs the account in again, when it waits for that.
func (a *Account) Login() {
	p := a.running()
	if p == nil {
		return
	}
	switch p.client.State().Stage {
	case ntqq.Kicked, ntqq.NeedsLogin, ntqq.Reconnecting:
		p.client.Relogin()
	}
}

// Report is the state now, for the owner.
func (a *Account) Report() admin.Status {
	p := a.running()
	if p == nil {
		return admin.Status{
			Version: a.o.Version, Account: admin.Account{UIN: uint64(a.cfg.Account.UIN), State: string(ntqq.Offline)}, Services: []admin.Service{},
		}
	}
	return p.status()
}

// prompt is what a person has to do, nil for nothing.
func (p *parts) prompt(s *ntqq.State) *admin.Prompt {
	if s.Prompt == nil {
		return nil
	}
	prompt := &admin.Prompt{
		Kind: string(s.Prompt.Kind), Why: string(s.Prompt.Why), Text: whatToDo(s.Prompt, p.name(), p.service).In(p.language), URL: s.Prompt.URL, Expires: p.clock.At(s.Prompt.Expires),
	}
	if s.QR != nil {
		prompt.URL = s.QR.URL
	}
	return prompt
}

// status is the state now. It is asked for, never remembered, so it cannot be
// older than the truth.
func (p *parts) status() admin.Status {
	s := p.client.State()
	status := admin.Status{
		Version: p.version,
		Account: admin.Account{
			UIN: uint64(p.client.Self().UIN), Online: s.Online(), State: string(s.Stage), Step: string(s.Step), Server: s.Server,
			Reason: p.reason(s.Err), Until: p.clock.At(s.Until), Since: p.clock.At(s.Since), Prompt: p.prompt(&s),
		},
		Services: []admin.Service{},
		Store:    admin.Store{OK: p.messages.Err() == nil, Reason: p.reason(p.messages.Err()), Backlog: p.messages.Stats().Backlog},
	}
	free, low := p.folder.Space()
	status.Folder = admin.Folder{OK: p.folder.Err() == nil, Reason: p.reason(errors.Join(p.folder.Err(), low)), Free: free}
	if p.signer != nil {
		status.Signing = p.signing()
	}
	if r := p.client.Restriction(); r != nil {
		status.Restriction = &admin.Restriction{Reason: restriction(r).In(p.language), Since: p.clock.At(r.Since), URL: r.URL}
	}
	links := make(map[string]transport.Service)
	for _, c := range p.links() {
		links[c.config.Name()] = c.service
	}
	for _, v := range p.supervisor.Status() {
		entry := admin.Service{
			Name: v.Name, Running: v.State == supervise.Running, State: string(v.State),
			Reason: p.reason(v.Err), Retry: p.clock.At(v.Retry), Since: p.clock.At(v.Since),
		}
		// One that dials runs while its bot is away, but serves nobody.
		if t := links[v.Name]; entry.Running && t != nil {
			if state := t.State(); state != transport.StateListening && state != transport.StateConnected {
				entry.Running, entry.State, entry.Reason = false, state, p.reason(t.Err())
			}
		}
		status.Services = append(status.Services, entry)
	}
	return status
}

func (p *parts) signing() *admin.Signing {
	s := &admin.Signing{OK: true}
	if failure := p.client.SignFailure(); failure != nil {
		s.OK, s.Reason, s.Since = false, p.reason(failure.Err), p.clock.At(failure.Since)
	}
	for _, v := range p.signer.Health() {
		s.Signers = append(s.Signers, admin.Signer{
			Name: v.Name, URL: v.URL, State: string(v.State), Since: p.clock.At(v.Since), Latency: v.Latency.Seconds(),
			Failures: v.Failures, Reason: p.reason(v.Err), Until: p.clock.At(v.Until),
		})
	}
	return s
}

// reason is what an error says to the owner; "" for none.
func (p *parts) reason(err error) string {
	if err == nil {
		return ""
	}
	return text.Of(err).In(p.language)
}

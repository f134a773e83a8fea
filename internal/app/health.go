package app

import (
	"context"
	"io"
	"net/http"
	"time"

	"libration/internal/admin"
	"libration/internal/text"
)

// healthTimeout is how long a question after the health may take: whoever asks, asks
// again soon.
const healthTimeout = 5 * time.Second

// Health asks the running installation whether it is sound, or, with ready, whether bots
// can use all accounts. It writes a line to out when that is so; else the error says what
// is wrong.
func (o *Owner) Health(ctx context.Context, out io.Writer, ready bool) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	if ready {
		return o.ready(ctx, out)
	}
	var health struct {
		Status string `json:"status"`
	}
	code, err := o.ask(ctx, http.MethodGet, "/healthz", nil, &health)
	if code == http.StatusServiceUnavailable {
		return text.Errorf("unhealthy: %s: see the log, or run %s", "状态异常：%s：请查看日志，或执行 %s", health.Status, o.service.Command("doctor"))
	}
	if err == nil {
		_, err = io.WriteString(out, "healthy\n")
	}
	return err
}

func (o *Owner) ready(ctx context.Context, out io.Writer) error {
	var state struct {
		Accounts []admin.Named `json:"accounts"`
		admin.Status
	}
	code, err := o.ask(ctx, http.MethodGet, "/readyz", nil, &state)
	switch {
	case code == http.StatusServiceUnavailable:
		accounts := state.Accounts
		if len(accounts) == 0 {
			accounts = []admin.Named{{Status: state.Status}}
		}
		return text.Errorf("not ready: %v: run %s", "尚未就绪：%v：请执行 %s", missing(accounts), o.service.Command("doctor"))
	case err != nil:
		return err
	}
	_, err = io.WriteString(out, "ready\n")
	return err
}

// missing lists why accounts are not ready.
func missing(accounts []admin.Named) text.Text {
	var all text.Text
	add := func(account, what, why string) {
		said := text.Same(what)
		if account != "" {
			said = text.T("%s: %s", "%s：%s").Fill(account, said)
		}
		if why != "" {
			said = text.T("%s (%s)", "%s（%s）").Fill(said, why)
		}
		if all == (text.Text{}) {
			all = said
			return
		}
		all = text.T("%s, %s", "%s，%s").Fill(all, said)
	}
	for i := range accounts {
		a := &accounts[i]
		if a.Ready {
			continue
		}
		if !a.Account.Online {
			state := a.Account.State
			if a.Account.Step != "" {
				state += "/" + a.Account.Step
			}
			add(a.Name, state, a.Account.Reason)
		}
		for _, v := range a.Services {
			if !v.Running {
				add(a.Name, v.Name+" "+v.State, v.Reason)
			}
		}
		if !a.Folder.OK {
			add(a.Name, "data", a.Folder.Reason)
		}
		if !a.Store.OK {
			add(a.Name, "messages.db", a.Store.Reason)
		}
		if a.Signing != nil && !a.Signing.OK {
			add(a.Name, "signer", a.Signing.Reason)
		}
		if a.Restriction != nil {
			add(a.Name, "restricted", a.Restriction.Reason)
		}
	}
	return all
}

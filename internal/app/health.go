package app

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"libration/internal/admin"
	"libration/internal/app/account"
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
		_, err = io.WriteString(out, text.T("healthy\n", "状态正常\n").In(o.language))
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
	_, err = io.WriteString(out, text.T("ready\n", "已就绪\n").In(o.language))
	return err
}

// missing lists why accounts are not ready.
func missing(accounts []admin.Named) text.Text {
	var all text.Text
	add := func(name string, said text.Text, why string) {
		switch {
		case why == "":
		case strings.Contains(why, said.EN) || strings.Contains(why, said.ZH): // it says the state itself
			said = text.Same(why)
		default:
			said = text.T("%s (%s)", "%s（%s）").Fill(said, why)
		}
		if name != "" {
			said = text.T("%s: %s", "%s：%s").Fill(name, said)
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
			add(a.Name, account.StateWords(&a.Account), a.Account.Reason)
		}
		for _, v := range a.Services {
			if !v.Running {
				add(a.Name, text.T("%s %s", "%s %s").Fill(v.Name, account.ServiceWords(v.State)), v.Reason)
			}
		}
		if !a.Folder.OK {
			add(a.Name, text.T("data", "数据文件夹"), a.Folder.Reason)
		}
		if !a.Store.OK {
			add(a.Name, text.Same("messages.db"), a.Store.Reason)
		}
		if a.Signing != nil && !a.Signing.OK {
			add(a.Name, text.T("signer", "签名服务"), a.Signing.Reason)
		}
		if a.Restriction != nil {
			add(a.Name, text.T("restricted", "发送受限"), a.Restriction.Reason)
		}
	}
	return all
}

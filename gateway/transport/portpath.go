package transport

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"libration/gateway"
	"libration/internal/network"
	"libration/internal/text"
	"libration/internal/webguard"
)

// answer hands a request to the service of its account.
func (p *Port) answer(w http.ResponseWriter, r *http.Request) {
	m, shared, cut, refused := p.find(r)
	if m == nil {
		if refused.Status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		reply(w, refused)
		return
	}
	if cut > 0 {
		r = cutPath(r, cut)
	}
	if !m.requests.enter() {
		w.Header().Set("Retry-After", "1")
		reply(w, m.refuse(http.StatusServiceUnavailable, text.T("the service is stopping", "服务正在停止")))
		return
	}
	defer m.requests.done()
	if shared || m.lasting { // the port may outlive the service
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(m.ctx, cancel)()
		r = r.WithContext(ctx)
	}
	m.handle(w, r)
}

// find returns the service that a request is for, whether it is one of several, and how
// much of the path names its account. Without a service, refused is the answer.
func (p *Port) find(r *http.Request) (_ *mount, shared bool, cut int, refused gateway.Answer) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var some *mount
	for _, some = range p.mounts {
		break
	}
	if some == nil { // the last one has just gone
		return nil, false, 0, gateway.Answer{Status: http.StatusServiceUnavailable}
	}
	first, _, deeper := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch len(p.sharers) {
	case 0:
		return some, false, 0, gateway.Answer{}
	case 1: // others may be on their way out
		m := p.mounts[p.sharers[0].Key]
		if m == nil {
			return nil, false, 0, some.refuse(http.StatusServiceUnavailable, text.T("the account does not run yet", "账号尚未运行"))
		}
		if first == p.sharers[0].Name { // there were others, and may be again
			cut = 1 + len(first)
		}
		return m, false, cut, gateway.Answer{}
	}
	at := slices.IndexFunc(p.sharers, func(s Sharer) bool { return s.Name == first })
	self := r.Header.Get("X-Self-ID")
	status, why := http.StatusNotFound, text.T("there is no such account", "没有该账号")
	switch {
	case at >= 0:
		cut = 1 + len(first)
	case self != "":
		at = slices.IndexFunc(p.sharers, func(s Sharer) bool { n := s.Self(); return n != 0 && strconv.FormatUint(n, 10) == self })
	default:
		at = slices.IndexFunc(p.sharers, func(s Sharer) bool { return s.Default })
		if first == "" || slices.Contains(p.routes, first) || !deeper && some.calls {
			status, why = http.StatusBadRequest, text.T("there are several accounts: put the name of one before the path, /NAME/..., or its number into the header X-Self-ID",
				"有多个账号：请在路径前加上账号的名称（/NAME/...），或在请求头 X-Self-ID 中给出 QQ 号")
		}
	}
	if at < 0 {
		_, unix := network.UnixPath(p.o.Address)
		if host, _, err := net.SplitHostPort(p.o.Address); unix || err == nil && isLoopback(host) && webguard.IsLoopbackHost(r.Host) { // strangers are told no names
			var names []string
			for _, s := range p.sharers {
				names = append(names, s.Name)
			}
			why = text.T("%s: %s", "%s：%s").Fill(why, strings.Join(names, ", "))
		}
		return nil, false, 0, some.refuse(status, why)
	}
	m := p.mounts[p.sharers[at].Key]
	if m == nil {
		return nil, false, 0, some.refuse(http.StatusServiceUnavailable, text.T("account %s does not run yet", "账号 %s 尚未运行").Fill(p.sharers[at].Name))
	}
	return m, true, cut, gateway.Answer{}
}

// cutPath returns the request without the beginning of its path.
func cutPath(r *http.Request, cut int) *http.Request {
	short, u := *r, *r.URL
	u.Path, u.RawPath = u.Path[cut:], ""
	if u.Path == "" {
		u.Path = "/"
	}
	short.URL = &u
	return &short
}

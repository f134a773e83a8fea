package doctor

import (
	"context"
	"errors"
	"net"
	"time"

	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/network"
	"libration/internal/text"
)

const (
	// proxyTarget is what a proxy is asked for: a name that stands for nothing, so that nobody
	// is contacted. It has to see the login first.
	proxyTarget = "libration-doctor.invalid:443"
	// proxyTime is how long it may take to find that out.
	proxyTime = 10 * time.Second
)

// by is what connections of the account that is looked at are made by; direct ones when the
// proxy cannot be read.
func (d *doctor) by() network.Network {
	p, _ := network.ParseProxy(d.cfg.AccountProxy())
	return network.Network{Proxy: p}
}

// proxies tries those of the accounts and that of the installation, each once.
func (d *doctor) proxies(ctx context.Context, accounts []string) {
	tried := map[string]bool{network.Direct: true, "": true}
	for _, written := range accounts {
		if !tried[written] {
			d.proxy(ctx, written, text.T("the session, media, web pages and signers", "会话、媒体、网页和签名服务"))
		}
		tried[written] = true
	}
	if owners := d.cfg.Proxy; !tried[owners] {
		d.proxy(ctx, owners, text.T("notices and questions for newer versions", "通知和版本查询"))
	}
}

func (d *doctor) proxy(ctx context.Context, written string, what text.Text) {
	correct := text.T("start the proxy, or correct proxy in the config", "启动代理，或修改配置中的 proxy")
	by, err := account.OwnersNetwork(&config.Config{Proxy: written}, network.Network{})
	if err != nil { // of the environment; others are reported with the configuration
		d.problem("proxy-unreadable", text.T("%v", "%v"), correct, err)
		return
	}
	address := by.Proxy.Address()
	if address == "" {
		d.report(Note, "no-proxy", text.T("the environment names no proxy: connections are direct", "环境变量中没有代理：直接连接"),
			text.T("set HTTPS_PROXY for libration, or write the proxy into the config", "为 libration 设置 HTTPS_PROXY，或把代理写进配置"))
		return
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil || !d.mayContact(host, text.T("the proxy %s", "代理 %s"), address) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, proxyTime)
	defer cancel()
	conn, err := by.Dial(ctx, "tcp", proxyTarget)
	if err == nil {
		conn.Close()
	}
	refused, ok := errors.AsType[*network.ProxyError](err)
	switch {
	case err == nil, ok && refused.Fault == "":
		d.good("proxy", text.T("the proxy %s works: %s go through it", "代理 %s 正常，经过它的有：%s"), address, what)
	case ok && refused.Fault == network.Refuses:
		d.problem("proxy-refuses", text.T("%v", "%v"), text.T("correct user and password in proxy", "修改 proxy 中的用户名和密码"), err)
	case ok:
		d.problem("proxy-unreachable", text.T("%v", "%v"), correct, err)
	default:
		d.problem("proxy-unreachable", text.T("the proxy %s does not answer: %v", "代理 %s 没有应答：%v"), correct, address, err)
	}
}

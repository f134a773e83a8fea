package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/network"
	"libration/internal/paste"
	"libration/internal/redact"
	"libration/internal/text"
	"libration/ntqq"
)

// sandbox looks for the simulated service of mode sandbox.
func (d *doctor) sandbox(ctx context.Context) {
	control := d.cfg.Server.Sandbox.Control
	u, err := url.Parse(control)
	if err != nil || control == "" || !d.mayContact(u.Hostname(), text.T("the sandbox at %s", "沙盒 %s"), control) {
		return
	}
	servers, err := account.AskSandbox(ctx, network.Network{}, control)
	switch {
	case err == nil:
		d.good("sandbox", text.T("the sandbox answers at %s", "沙盒 %s 正常"), control)
		d.sandboxKeys(&servers)
		d.reachAll(ctx, servers.Addresses)
	case account.NoSandbox(err):
		d.problem("sandbox-not-running", text.T("server.sandbox.control %s: %v", "server.sandbox.control %s：%v"),
			text.T("start it with `%s`, or correct server.sandbox.control", "用 `%s` 启动，或修改 server.sandbox.control").Fill(paste.Command("sandbox")), control, err)
	default:
		d.problem("not-a-sandbox", text.T("what answers at %s is no sandbox: %v", "%s 上的不是沙盒：%v"),
			text.T("correct server.sandbox.control: it is the address that `%s` prints", "修改 server.sandbox.control，应为 `%s` 显示的地址").Fill(paste.Command("sandbox")), control, err)
	}
}

// sandboxKeys compares the configured keys, which win, with the sandbox's.
func (d *doctor) sandboxKeys(servers *ntqq.Servers) {
	c := &d.cfg.Server.Keys
	for _, k := range []struct {
		name             string
		given, sandboxes []byte
	}{{"oicq", c.OICQ, servers.OicqKey}, {"exchange", c.Exchange, servers.ExchangeKey}, {"verify", c.Verify, servers.VerifyKey}} {
		if len(k.given) > 0 && !bytes.Equal(k.given, k.sandboxes) {
			d.problem("sandbox-other-keys", text.T("server.keys.%s is not the key of the sandbox: no login can work", "server.keys.%s 不是该沙盒的密钥，无法登录"),
				text.T("remove server.keys from the config: the keys are read from the sandbox", "删去配置中的 server.keys，密钥会从沙盒读取"), k.name)
		}
	}
}

// servers looks for the service of mode real: nothing of it is contacted, not even
// looked up, unless the user said so.
func (d *doctor) servers(ctx context.Context) {
	c := &d.cfg.Server
	for _, host := range (ntqq.Servers{Addresses: c.Addresses, Hosts: c.Hosts}).LookUps() {
		if d.by().Proxy.For(host+":443") != nil { // it looks names up
			continue
		}
		if !d.mayContact(host, text.T("the name look-up of %s", "域名解析 %s"), host) {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, lookTimeout)
		addresses, err := d.o.lookup(ctx, host)
		cancel()
		if err != nil {
			d.problem("dns-fails", text.T("the name %s cannot be looked up: %v", "域名 %s 无法解析：%v"),
				text.T("check the network and the DNS server of this machine, and server.hosts in the config", "检查网络、DNS 设置以及配置中的 server.hosts"), host, err)
			continue
		}
		d.good("dns", text.T("%s has %d addresses", "%s 解析到 %d 个地址"), host, len(addresses))
	}
	d.reachAll(ctx, c.Addresses)
}

func (d *doctor) reachAll(ctx context.Context, addresses []string) {
	for _, a := range addresses {
		host, _, err := net.SplitHostPort(a)
		if err != nil || !d.mayContact(host, text.T("whether %s accepts connections", "%s 能否连接"), a) {
			continue
		}
		if err := dial(ctx, d.by(), "tcp", a); err != nil {
			d.problem("server-unreachable", text.T("the server %s accepts no connection: %v", "服务器 %s 无法连接：%v"),
				text.T("check the network, the firewall and server.addresses in the config", "检查网络、防火墙和配置中的 server.addresses"), a, err)
			continue
		}
		d.good("server", text.T("the server %s accepts connections", "服务器 %s 可以连接"), a)
	}
}

// signers looks whether they answer, and have them sign a packet that is never sent.
func (d *doctor) signers(ctx context.Context) {
	for _, address := range d.cfg.Signer.URLs {
		u, err := url.Parse(address)
		if err != nil || !d.mayContact(u.Hostname(), text.T("the signer %s", "签名服务 %s"), redact.URL(u.String())) {
			continue
		}
		d.signer(ctx, u)
	}
}

func (d *doctor) signer(ctx context.Context, u *url.URL) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return
	}
	if token := d.cfg.Signer.Token; token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{Timeout: lookTimeout, Transport: d.by().Transport(), CheckRedirect: stay}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		err = redact.Err(err)
		code, what := "signer-unreachable", text.T("the signer %s cannot be reached: %v", "签名服务 %s 无法连接：%v")
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "Timeout") {
			code, what = "signer-silent", text.T("the signer %s does not answer: %v", "签名服务 %s 没有应答：%v")
		}
		d.problem(code, what, text.T("start it, or correct signer.urls: without a signer the login is refused", "启动它，或修改 signer.urls；没有签名服务会登录失败"), redact.URL(u.String()), err)
		return
	}
	defer response.Body.Close()
	switch status := response.StatusCode; {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		d.problem("signer-refuses", text.T("the signer %s refuses the token (HTTP %d)", "签名服务 %s 拒绝了令牌（HTTP %d）"),
			text.T("correct signer.token", "修改 signer.token"), redact.URL(u.String()), status)
	case status == http.StatusNotFound:
		d.problem("signer-wrong-path", text.T("the signer's machine answers, but knows nothing of %s", "签名服务器有应答，但没有 %s 这个路径"),
			text.T("correct the path in signer.urls", "修改 signer.urls 中的路径"), redact.URL(u.String()))
	case status >= http.StatusInternalServerError:
		d.problem("signer-broken", text.T("the signer %s is out of order (HTTP %d)", "签名服务 %s 出错（HTTP %d）"),
			lookAtSigner, redact.URL(u.String()), status)
	default: // it may refuse GET, but it is there
		d.sign(ctx, u, client)
	}
	d.clockOf(u.Host, response.Header.Get("Date"))
}

var lookAtSigner = text.T("look at the signer's own log, or add another one to signer.urls", "查看签名服务的日志，或在 signer.urls 中再加一个")

// sign asks for a signature.
func (d *doctor) sign(ctx context.Context, u *url.URL, client *http.Client) {
	claims, err := ntqq.App(string(d.cfg.Account.Protocol))
	if path := d.cfg.Account.AppInfo; err == nil && path != "" {
		claims, err = ntqq.LoadApp(path, claims)
	}
	if err != nil { // reported with the configuration
		return
	}
	signer := &ntqq.HTTPSigner{
		URLs: []string{u.String()}, Style: ntqq.SignStyle(d.cfg.Signer.Style), Token: d.cfg.Signer.Token,
		Timeout: lookTimeout, Client: client, Log: slog.New(slog.DiscardHandler),
	}
	_, err = signer.Sign(ctx, &ntqq.SignRequest{Command: "MessageSvc.PbSendMsg", Sequence: 1, Payload: []byte{0}, App: &claims})
	_, garbage := errors.AsType[*json.SyntaxError](err)
	_, other := errors.AsType[*json.UnmarshalTypeError](err)
	_, broken := errors.AsType[net.Error](err)
	broken = broken || errors.Is(err, io.EOF)
	switch {
	case err == nil:
		d.good("signer", text.T("the signer %s signs", "签名服务 %s 正常"), redact.URL(u.String()))
	case garbage || other:
		d.problem("not-a-signer", text.T("what answers at %s is no signer: %v", "%s 上的不是签名服务：%v"),
			text.T("correct the address in signer.urls, and signer.style", "修改 signer.urls 中的地址以及 signer.style"), redact.URL(u.String()), text.Line(err))
	case broken:
		d.problem("signer-broken", text.T("the signer %s breaks off when it is to sign: %v", "签名服务 %s 在签名时中断：%v"),
			lookAtSigner, redact.URL(u.String()), text.Line(err))
	default:
		d.problem("signer-no-signature", text.T("the signer %s answers, but gives no signature: %v", "签名服务 %s 有应答，但没有给出签名：%v"),
			text.T("let account.protocol and account.app_info be what this signer signs for, or ask its owner", "让 account.protocol 和 account.app_info 与该签名服务一致，或询问其提供者"), redact.URL(u.String()), text.Line(err))
	}
}

// bots looks whether those that are to be connected to listen.
func (d *doctor) bots(ctx context.Context) {
	for _, c := range d.cfg.OneBot.Connections {
		if c.Type != config.ReverseWebSocket && c.Type != config.Webhook {
			continue
		}
		for _, address := range []string{c.URL, c.APIURL, c.EventURL} {
			kind, at := "unix", ""
			u, err := url.Parse(address)
			if socket, _, ok := network.UnixURL(address); ok {
				at = socket
			} else if address == "" || err != nil || !d.mayContact(u.Hostname(), text.T("the bot at %s", "机器人 %s"), redact.URL(u.String())) {
				continue
			} else {
				kind, at = "tcp", hostPortOf(u)
			}
			if err := dial(ctx, network.Network{}, kind, at); err != nil {
				d.problem("bot-unreachable", text.T("no bot listens at %s: %v", "机器人 %s 无法连接：%v"),
					text.T("start the bot, or correct the url; libration connects as soon as it is there", "启动机器人，或修改 url；机器人就绪后会自动连接"), redact.URL(address), err)
				continue
			}
			d.good("bot", text.T("something listens at %s", "%s 可以连接"), redact.URL(address))
		}
	}
}

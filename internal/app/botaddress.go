package app

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"libration/internal/app/bot"
	"libration/internal/config"
	"libration/internal/network"
	"libration/internal/text"
)

// BotAddress returns where a running installation waits for bots, and with which
// token: the first connection of this type, HTTP or WebSocket, of the account of this
// name, "" for the default or only one. Of one with a certificate only that is trusted.
// path is that of the configuration.
func BotAddress(path, name string, kind config.ConnectionType) (bot.Target, error) {
	all, err := config.Load(path)
	if err != nil {
		return bot.Target{}, err
	}
	c, err := all.One(name)
	if err != nil {
		return bot.Target{}, err
	}
	scheme := "http"
	if kind == config.WebSocket {
		scheme = "ws"
	}
	for _, connection := range c.OneBot.Connections {
		if connection.Type != kind {
			continue
		}
		target := bot.Target{Token: connection.TokenOf(&c.Account)}
		socket, unix := network.UnixPath(connection.Address)
		switch {
		case unix:
			target.URL = scheme + "+unix://" + strings.ReplaceAll(url.PathEscape(socket), ":", "%3A")
		case strings.HasSuffix(connection.Address, ":0"):
			return bot.Target{}, text.Errorf("%s: the first connection of type %s names no port: set one, or give the address with --url",
				"%s：第一个类型为 %s 的连接没有指定端口：请设置端口，或用 --url 指定地址", path, kind)
		case connection.TLS.Certificate != "":
			pair, err := connection.TLS.Files().Load()
			if err != nil {
				return bot.Target{}, fmt.Errorf("%s: %w", path, err)
			}
			target.TLS = pair.Own()
			target.URL = scheme + "s://" + local(connection.Address)
		default:
			target.URL = scheme + "://" + local(connection.Address)
		}
		if connection.Shared(all) {
			target.URL += "/" + c.Account.Name
		}
		return target, nil
	}
	return bot.Target{}, text.Errorf("%s has no connection of type %s: add one to onebot.connections, or give an address with --url",
		"%s 中没有类型为 %s 的连接：请在 onebot.connections 下添加，或用 --url 指定地址", path, kind)
}

// local is where this machine reaches a listener: one on all interfaces is on
// loopback too.
func local(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip != nil && ip.To4() == nil {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port)
}

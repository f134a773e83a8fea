package app

import (
	"net"
	"strings"

	"libration/internal/config"
	"libration/internal/text"
)

// BotAddress returns where a running installation waits for bots, and with which
// token: the first connection of this type, HTTP or WebSocket, of the account of this
// name, "" for the default or only one. path is that of the configuration.
func BotAddress(path, name string, kind config.ConnectionType) (url, token string, err error) {
	all, err := config.Load(path)
	if err != nil {
		return "", "", err
	}
	c, err := all.One(name)
	if err != nil {
		return "", "", err
	}
	scheme := "http://"
	if kind == config.WebSocket {
		scheme = "ws://"
	}
	for _, connection := range c.OneBot.Connections {
		if connection.Type != kind {
			continue
		}
		if strings.HasSuffix(connection.Address, ":0") {
			return "", "", text.Errorf("%s: the first connection of type %s names no port: set one, or give the address with --url",
				"%s：第一个类型为 %s 的连接没有指定端口：请设置端口，或用 --url 指定地址", path, kind)
		}
		url, token = scheme+local(connection.Address), connection.TokenOf(&c.Account)
		if connection.Shared(all) {
			url += "/" + c.Account.Name
		}
		return url, token, nil
	}
	return "", "", text.Errorf("%s has no connection of type %s: add one to onebot.connections, or give an address with --url",
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

package config

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// readGoCQHTTP reads config.yml of go-cqhttp. Its sign servers speak another protocol.
func readGoCQHTTP(top map[string]any) (c carried) {
	account, message := keysIn(top, "account"), keysIn(top, "message")
	c.uin, c.password = carriedNumber(textIn(account, "uin")), held(account, "password", "account.password")
	c.format, c.reportSelf = carriedFormat(textIn(message, "post-format")), trueIn(message, "report-self-message")
	shared := held(keysIn(top, "default-middlewares"), "access-token", "default-middlewares.access-token")
	filter := textIn(keysIn(top, "default-middlewares"), "filter")
	for i, entry := range listIn(top, "servers") {
		for _, kind := range []string{"http", "ws", "ws-reverse"} {
			server := keysIn(entry, kind)
			if server == nil || trueIn(server, "disabled") {
				continue
			}
			at := fmt.Sprintf("servers[%d].%s", i, kind)
			own := keysIn(server, "middlewares")
			to := carriedConnection{token: cmp.Or(held(own, "access-token", at+".middlewares.access-token"), shared)}
			if _, ok := own["filter"]; ok { // "" takes the shared one away
				to.filter = carriedPath(textIn(own, "filter"))
			} else if _, ok := own["<<"]; ok {
				to.filter = carriedPath(filter)
			}
			switch host, port, _ := net.SplitHostPort(textIn(server, "address")); kind {
			case "http", "ws":
				if to.kind = WebSocket; kind == "http" {
					to.kind = HTTP
				}
				to.address = cmp.Or(carriedSocket(textIn(server, "address")), carriedAddress(cmp.Or(host, textIn(server, "host")), cmp.Or(port, textIn(server, "port"))))
				to.poll = carriedPoll(keysIn(server, "long-polling"))
				c.add(to)
				for j, post := range listIn(server, "post") {
					c.add(carriedConnection{
						kind: Webhook, url: carriedURL(textIn(post, "url"), "http", "https"), secret: held(post, "secret", fmt.Sprintf("%s.post[%d].secret", at, j)),
						filter: to.filter,
					})
				}
			case "ws-reverse":
				to.kind, to.reconnect = ReverseWebSocket, carriedPause(textIn(server, "reconnect-interval"))
				if to.url = carriedURL(textIn(server, "universal"), "ws", "wss"); to.url == "" {
					to.api, to.event = carriedURL(textIn(server, "api"), "ws", "wss"), carriedURL(textIn(server, "event"), "ws", "wss")
				}
				c.add(to)
			}
		}
	}
	return c
}

// carriedPoll is how many events wait for clients of go-cqhttp that poll; "" when none do.
func carriedPoll(polling map[string]any) string {
	if !trueIn(polling, "enabled") {
		return ""
	}
	most, err := strconv.ParseUint(cmp.Or(textIn(polling, "max-queue-size"), "2000"), 10, 32)
	if err != nil || most == 0 { // without a bound
		most = maxPollQueue
	}
	return strconv.FormatUint(min(most, maxPollQueue), 10)
}

// readLagrange reads appsettings.json of Lagrange.OneBot.
func readLagrange(top map[string]any) (c carried) {
	account, message := keysIn(top, "Account"), keysIn(top, "Message")
	c.uin, c.password = carriedNumber(textIn(account, "Uin")), held(account, "Password", "Account.Password")
	c.signer = carriedURL(textIn(top, "SignServerUrl"), "http", "https")
	c.music = carriedURL(textIn(top, "MusicSignServerUrl"), "http", "https")
	if trueIn(message, "StringPost") {
		c.format = string(FormatString)
	}
	for i, one := range listIn(top, "Implementations") {
		at := fmt.Sprintf("Implementations[%d].", i)
		host, port, suffix := textIn(one, "Host"), textIn(one, "Port"), textIn(one, "Suffix")
		to := carriedConnection{token: held(one, "AccessToken", at+"AccessToken")}
		switch textIn(one, "Type") {
		case "ReverseWebSocket":
			scheme, name, ok := strings.Cut(host, "://")
			if !ok {
				scheme, name = "ws", host
			}
			to.kind, to.reconnect = ReverseWebSocket, carriedPause(textIn(one, "ReconnectInterval"))
			if to.url = carriedURL(scheme+"://"+net.JoinHostPort(name, port)+suffix, "ws", "wss"); to.url == "" {
				continue
			}
		case "ForwardWebSocket":
			to.kind, to.address = WebSocket, carriedAddress(host, port)
		case "Http":
			to.kind, to.address = HTTP, carriedAddress(host, port)
		case "HttpPost":
			scheme, name, ok := strings.Cut(host, "://")
			if !ok {
				scheme, name = "http", host
			}
			to = carriedConnection{kind: Webhook, url: carriedURL(scheme+"://"+net.JoinHostPort(name, port)+suffix, "http", "https"), secret: held(one, "Secret", at+"Secret")}
		}
		c.add(to)
	}
	return c
}

// readNapCat reads onebot11_*.json of NapCat, also as it was before there was `network`.
func readNapCat(top map[string]any) (c carried) {
	c.music = carriedURL(textIn(top, "musicSignUrl"), "http", "https")
	network := keysIn(top, "network")
	for _, list := range []struct {
		key  string
		kind ConnectionType
	}{{"httpServers", HTTP}, {"httpSseServers", HTTP}, {"websocketServers", WebSocket}, {"websocketClients", ReverseWebSocket}, {"httpClients", Webhook}} {
		for i, one := range listIn(network, list.key) {
			c.addOne(one, list.kind, fmt.Sprintf("network.%s[%d].", list.key, i))
		}
	}
	if network != nil {
		return c
	}
	c.format, c.reportSelf = carriedFormat(textIn(top, "messagePostFormat")), trueIn(top, "reportSelfMessage")
	token := held(top, "token", "token")
	if http := keysIn(top, "http"); trueIn(http, "enable") {
		c.add(carriedConnection{kind: HTTP, address: carriedAddress(textIn(http, "host"), textIn(http, "port")), token: token})
	}
	if http := keysIn(top, "http"); trueIn(http, "enablePost") {
		for _, u := range textsIn(http, "postUrls") {
			c.add(carriedConnection{kind: Webhook, url: carriedURL(u, "http", "https"), secret: held(http, "secret", "http.secret")})
		}
	}
	if ws := keysIn(top, "ws"); trueIn(ws, "enable") {
		c.add(carriedConnection{kind: WebSocket, address: carriedAddress(textIn(ws, "host"), textIn(ws, "port")), token: token})
	}
	if reverse := keysIn(top, "reverseWs"); trueIn(reverse, "enable") {
		for _, u := range textsIn(reverse, "urls") {
			c.add(carriedConnection{kind: ReverseWebSocket, url: carriedURL(u, "ws", "wss"), token: token})
		}
	}
	return c
}

// readLLBot reads config_*.json of LLBot, formerly LLOneBot.
func readLLBot(top map[string]any) (c carried) {
	c.music = carriedURL(textIn(top, "musicSignUrl"), "http", "https")
	kinds := map[string]ConnectionType{"http": HTTP, "ws": WebSocket, "ws-reverse": ReverseWebSocket, "http-post": Webhook}
	for i, one := range listIn(keysIn(top, "ob11"), "connect") {
		if kind, ok := kinds[textIn(one, "type")]; ok {
			c.addOne(one, kind, fmt.Sprintf("ob11.connect[%d].", i))
		}
	}
	return c
}

// addOne adds a connection as NapCat and LLBot write it, unless it is turned off.
func (c *carried) addOne(one map[string]any, kind ConnectionType, at string) {
	if !trueIn(one, "enable") {
		return
	}
	to := carriedConnection{
		kind: kind, format: carriedFormat(cmp.Or(textIn(one, "messagePostFormat"), textIn(one, "messageFormat"))), reportSelf: trueIn(one, "reportSelfMessage"),
		token: held(one, "token", at+"token"),
	}
	switch kind {
	case HTTP, WebSocket:
		to.address = carriedAddress(textIn(one, "host"), textIn(one, "port"))
	case ReverseWebSocket:
		to.url, to.reconnect = carriedURL(textIn(one, "url"), "ws", "wss"), carriedPause(textIn(one, "reconnectInterval"))
	case Webhook:
		to.url, to.token, to.secret = carriedURL(textIn(one, "url"), "http", "https"), "", to.token
	}
	c.add(to)
}

package config

import (
	"slices"

	"libration/internal/text"
)

// foreignNames are keys that users know from other programs, with ours.
var foreignNames = map[string]string{
	"host": "address", "port": "address", "listen": "address", "bind": "address",
	"accesstoken": "access_token", "token": "access_token", "secret": "access_token",
	"universal": "url", "reverseurl": "url", "api": "api_url", "event": "event_url",
	"reconnectinterval": "reconnect", "heartbeatinterval": "heartbeat",
	"postformat": "format", "messageformat": "format", "reportselfmessage": "report_self",
	"signserverurl": "urls", "signservers": "urls", "url": "urls",
	"servers": "connections", "implementations": "connections",
	"loglevel": "level", "qq": "uin", "key": "token", "authorization": "token",
}

// foreignTypes are what other programs call types of connections, with ours.
var foreignTypes = map[string]ConnectionType{
	"ws": WebSocket, "wsserver": WebSocket, "forwardws": WebSocket, "wsforward": WebSocket,
	"forwardwebsocket": WebSocket, "websocketforward": WebSocket, "websocketserver": WebSocket, "websocketservers": WebSocket,
	"wsreverse": ReverseWebSocket, "reversews": ReverseWebSocket, "wsclient": ReverseWebSocket, "reverse": ReverseWebSocket,
	"websocketreverse": ReverseWebSocket, "websocketclient": ReverseWebSocket, "websocketclients": ReverseWebSocket,
	"wsreverseurls": ReverseWebSocket, "httppost": Webhook, "posthttp": Webhook, "post": Webhook, "httpclient": Webhook,
	"httpclients": Webhook, "httpposturls": Webhook, "posturls": Webhook, "httpreverse": Webhook, "reversehttp": Webhook,
	"http": HTTP, "httpserver": HTTP, "httpservers": HTTP, "httpapi": HTTP,
}

// suggest returns the known word that was probably meant, or "".
func suggest(word string, known []string) string {
	if ours := string(foreignTypes[text.Plain(word)]); slices.Contains(known, ours) {
		return ours
	}
	if near := text.Nearest(word, known); near != "" {
		return near
	}
	if ours := foreignNames[text.Plain(word)]; slices.Contains(known, ours) {
		return ours
	}
	return ""
}

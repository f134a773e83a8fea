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

// suggest returns the known word that was probably meant, or "".
func suggest(word string, known []string) string {
	if near := text.Nearest(word, known); near != "" {
		return near
	}
	if ours := foreignNames[text.Plain(word)]; slices.Contains(known, ours) {
		return ours
	}
	return ""
}

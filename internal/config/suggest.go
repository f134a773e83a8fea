package config

import "strings"

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
	plain := plainWord(word)
	for _, k := range known {
		if plainWord(k) == plain {
			return k
		}
	}
	best, least := "", 1+len(plain)/3
	for _, k := range known {
		if d := distance(plain, plainWord(k)); d <= least && d < len(plain) {
			best, least = k, d-1
		}
	}
	if best != "" {
		return best
	}
	for _, k := range known {
		if foreignNames[plain] == k {
			return k
		}
	}
	return ""
}

// plainWord takes case and separators out of a key.
func plainWord(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(strings.ToLower(s))
}

// distance is the number of changed, added, missing or swapped letters.
func distance(a, b string) int {
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}

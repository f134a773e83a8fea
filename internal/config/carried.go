package config

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"libration/internal/network"
	"libration/internal/text"
)

// maxCarried bounds the connections that carry over.
const maxCarried = 50

// carried is what carries over from the configuration of another program. Of passwords
// and tokens it has the keys that hold them, never the values.
type carried struct {
	uin, password string
	signer, music string // addresses
	format        string
	reportSelf    bool
	connections   []carriedConnection
}

type carriedConnection struct {
	kind                     ConnectionType
	address, url, api, event string
	token, secret            string // keys that hold them; "" for none
	format, filter           string
	reportSelf               bool
	reconnect                time.Duration
	poll                     string // events that wait for get_updates
}

func (c *carried) any() bool {
	return c.uin != "" || c.signer != "" || c.music != "" || len(c.connections) > 0
}

func (c *carried) add(to carriedConnection) {
	if len(c.connections) < maxCarried && to.address+to.url+to.api+to.event != "" {
		c.connections = append(c.connections, to)
	}
}

// yaml is what carries over as a part of a file, with comments in a language.
func (c *carried) yaml(l text.Language) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	secret := func(indent, key, from string) {
		if from != "" {
			line(`%s%s: ""  # %s`, indent, key, text.T("copy it from %s", "从 %s 复制").Fill(from).In(l))
		}
	}
	value := func(indent, key, value string) {
		if value != "" {
			line("%s%s: %q", indent, key, value)
		}
	}
	if c.uin != "" {
		line("account:")
		line("  uin: %s", c.uin)
		secret("  ", "password", c.password)
	}
	if c.signer != "" {
		line("signer:")
		line("  urls: [%q]", c.signer)
	}
	if c.music+c.format == "" && !c.reportSelf && len(c.connections) == 0 {
		return b.String()
	}
	line("onebot:")
	value("  ", "format", c.format)
	if c.reportSelf {
		line("  report_self: true")
	}
	value("  ", "music_sign_url", c.music)
	if len(c.connections) > 0 {
		line("  connections:")
	}
	for _, to := range c.connections {
		line("    - type: %s", to.kind)
		value("      ", "address", to.address)
		value("      ", "url", to.url)
		value("      ", "api_url", to.api)
		value("      ", "event_url", to.event)
		secret("      ", "access_token", to.token)
		secret("      ", "secret", to.secret)
		if host, _, err := net.SplitHostPort(to.address); err == nil && carriedSocket(to.address) == "" && to.token == "" && isPublic(host) {
			line(`      access_token: ""  # %s`, text.T("needed, for other machines reach this address: %d characters or more", "必填，其他机器可以访问该地址：不少于 %d 个字符").Fill(MinToken).In(l))
		}
		if to.format != c.format {
			value("      ", "format", to.format)
		}
		if to.filter != "" {
			line("      filter: %q  # %s", to.filter, text.T("relative to the folder of this file", "相对于本文件所在的文件夹").In(l))
		}
		if to.reportSelf && !c.reportSelf {
			line("      report_self: true")
		}
		if to.poll != "" {
			line("      poll_queue: %s", to.poll)
		}
		if to.reconnect >= 100*time.Millisecond && to.reconnect <= time.Hour {
			line("      reconnect: %s", to.reconnect)
		}
	}
	return b.String()
}

// keysIn, listIn, textIn and trueIn read a value of a foreign file by the path of its keys.
// They return nothing where it is of another kind.
func keysIn(m map[string]any, path ...string) map[string]any {
	for _, key := range path {
		m, _ = m[key].(map[string]any)
	}
	return m
}

func listIn(m map[string]any, key string) []map[string]any {
	list, _ := m[key].([]any)
	var all []map[string]any
	for _, v := range list {
		if entry, ok := v.(map[string]any); ok {
			all = append(all, entry)
		}
	}
	return all
}

func textsIn(m map[string]any, key string) []string {
	list, _ := m[key].([]any)
	var all []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

func textIn(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return strings.TrimSpace(s)
}

func trueIn(m map[string]any, key string) bool { return strings.EqualFold(textIn(m, key), "true") }

// held is the path of a key if it has a value.
func held(m map[string]any, key, path string) string {
	if textIn(m, key) == "" {
		return ""
	}
	return path
}

// carriedNumber is a positive number as it was written, else "".
func carriedNumber(s string) string {
	if n, err := strconv.ParseUint(s, 10, 64); err != nil || n == 0 {
		return ""
	}
	return s
}

// carriedSocket is the address of a listener on a Unix socket, "" for others.
func carriedSocket(s string) string {
	if path, ok := network.UnixPath(s); ok && network.CheckUnix(path) == nil {
		return "unix:" + path
	}
	return ""
}

// carriedAddress is where a listener was, "" without a port.
func carriedAddress(host, port string) string {
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return ""
	}
	switch host {
	case "*", "+", "":
		host = "0.0.0.0"
	case "localhost":
		host = "127.0.0.1"
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// carriedURL is an address with one of these schemes, also by a Unix socket, "" for other texts and for one that
// may hold a secret.
func carriedURL(s string, schemes ...string) string {
	if socket, plain, ok := network.UnixURL(s); ok {
		if plain = carriedURL(plain, schemes...); plain == "" || strings.Contains(socket, ":") {
			return ""
		}
		scheme, path, _ := strings.Cut(plain, "://localhost")
		return scheme + "+unix://" + socket + ":" + path
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || strings.HasPrefix(u.Scheme, "your") {
		return ""
	}
	for _, scheme := range schemes {
		if u.Scheme == scheme {
			return u.String()
		}
	}
	return ""
}

// maxCarriedPath bounds the path of a file that carries over.
const maxCarriedPath = 1024

// carriedPath is the path of a file; "" for what is none.
func carriedPath(s string) string {
	if len(s) > maxCarriedPath || strings.ContainsFunc(s, unicode.IsControl) {
		return ""
	}
	return s
}

func carriedFormat(s string) string {
	if s == string(FormatArray) || s == string(FormatString) {
		return s
	}
	return ""
}

// carriedPause reads milliseconds.
func carriedPause(s string) time.Duration {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

package config

import (
	"crypto/md5"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"libration/internal/notice"
)

// maxRate bounds the figures of SendRate; beyond it a limit means nothing.
const maxRate = 1_000_000

// checker looks at a decoded configuration. At and below the paths in failed
// everything else would only follow from what was reported already.
type checker struct {
	d      *decoder
	failed map[string]bool
	// versioned: the file has a config_version, so that it is no old one.
	versioned bool
}

func (k *checker) skip(path string) bool {
	for ; path != ""; path = parent(path) {
		if k.failed[path] {
			return true
		}
	}
	return k.failed[""]
}

// Validate checks a configuration that was built in code, in the same way as
// Parse does.
func (c *Config) Validate() []Problem {
	d := &decoder{places: make(map[string]place)}
	(&checker{d: d}).check(c)
	return d.problems
}

func (k *checker) problem(path, message, remedy string) {
	if !k.skip(path) {
		k.d.problem(path, message, remedy)
	}
}

func (k *checker) warning(path, message, remedy string) {
	if !k.skip(path) {
		k.d.warning(path, message, remedy)
	}
}

func (k *checker) check(c *Config) {
	if c.ConfigVersion > Version {
		k.problem("config_version", "the file is for a newer libration", fmt.Sprintf("update the program, or write %d and check the file", Version))
	}
	k.versioned = c.ConfigVersion > 0
	k.enums(reflect.ValueOf(c).Elem(), "")
	if c.Data == "" {
		k.problem("data", "must not be empty", "name a folder, such as ./data")
	}
	if c.Account.UIN > math.MaxUint32 {
		k.problem("account.uin", "not an account number", "write the QQ number, or 0 for whoever scans the QR code")
	}
	if age := c.Store.MaxAge.Std(); age != 0 && age < time.Hour {
		k.problem("store.max_age", "too short: messages could not even be quoted", "use at least 1h, or 0 for no limit")
	}
	if size := c.Store.MaxSize; size != 0 && size < 16<<20 {
		k.problem("store.max_size", "too small", "use at least 16MB, or 0 for no limit")
	}
	k.password(&c.Account)
	k.server(&c.Server)
	k.signer(c)
	k.oneBot(&c.OneBot)
	k.send(&c.Send)
	k.admin(c)
	k.notices(&c.Notices)
	if f := c.Log.File; f.Path != "" {
		if f.MaxSize < 64<<10 || f.MaxSize > 1<<30 {
			k.problem("log.file.max_size", "out of range", "use a size from 64KB to 1GB")
		}
		if f.Keep > 100 {
			k.problem("log.file.keep", "out of range", "keep 0 to 100 old files")
		}
	}
}

func (k *checker) password(a *Account) {
	path := "account.password"
	switch {
	case a.Password != "" && len(a.PasswordMD5) > 0:
		k.problem("account.password_md5", "password and password_md5 exclude each other", "keep one of them")
	case a.Password == "" && len(a.PasswordMD5) == 0:
		return
	case len(a.PasswordMD5) > 0:
		if path = "account.password_md5"; len(a.PasswordMD5) != md5.Size {
			k.problem(path, fmt.Sprintf("not an MD5: %d bytes", len(a.PasswordMD5)), "write the 32 hexadecimal digits of the password's MD5, or use password")
		}
	}
	if a.UIN == 0 {
		k.problem(path, "whose password it is, is not known", "set account.uin")
	}
}

// admin checks the owner's service; the connections have been checked.
func (k *checker) admin(c *Config) {
	a := &c.Admin
	if a.Address == "" {
		return
	}
	host, ok := k.hostPort("admin.address", a.Address, 0)
	if ok && a.AccessToken == "" && isPublic(host) {
		k.problem("admin.address", "anybody who reaches this address could read the account's state, for there is no access_token",
			"set admin.access_token, or listen on 127.0.0.1 only")
	}
	k.token("admin.access_token", a.AccessToken)
	if ok {
		k.listenerToken("admin.access_token", a.AccessToken, host, "read the account's state and log it in anew")
	}
	for i := range c.OneBot.Connections {
		if c.OneBot.Connections[i].Address == a.Address && !strings.HasSuffix(a.Address, ":0") {
			k.problem("admin.address", fmt.Sprintf("connection %d listens there already", i), "use another port, or \"\" to turn it off")
		}
	}
}

func (k *checker) notices(n *Notices) {
	for i, t := range n.Targets {
		path := fmt.Sprintf("notices.targets[%d]", i)
		if t.URL == "" {
			k.problem(path+".url", "the URL is missing", "write where notices go, such as ntfy://ntfy.sh/topic or https://example.com/hook")
			continue
		}
		if err := (&notice.Target{URL: t.URL, Secret: t.Secret, Body: t.Body}).Check(); err != nil {
			k.problem(path, err.Error(), "see docs/notices.md for examples")
		}
	}
	if n.After.Std() > 24*time.Hour {
		k.problem("notices.after", "out of range", "use a time from 0s to 24h")
	}
}

// token checks what has to go into a header.
func (k *checker) token(path, token string) {
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		k.problem(path, "holds characters that a header cannot carry", "use letters, digits and signs without spaces")
	}
}

// enums checks values that were set in code; decoding has checked the others.
func (k *checker) enums(v reflect.Value, path string) {
	switch {
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if tag := v.Type().Field(i).Tag.Get("yaml"); tag != "-" {
				k.enums(v.Field(i), join(path, tag))
			}
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			k.enums(v.Index(i), path+"["+strconv.Itoa(i)+"]")
		}
	default:
		e, ok := v.Interface().(enum)
		if !ok || slices.Contains(e.values(), v.String()) {
			return
		}
		// In a connection empty means: inherited. Its type is checked there.
		if v.String() == "" && strings.HasPrefix(path, "onebot.connections[") {
			return
		}
		k.problem(path, fmt.Sprintf("unknown value %q", shorten(v.String())), formOf(v))
	}
}

func (k *checker) server(s *Server) {
	for i, a := range s.Addresses {
		k.hostPort(fmt.Sprintf("server.addresses[%d]", i), a, 1)
	}
	for i, h := range s.Hosts {
		if h == "" || strings.ContainsAny(h, ":/ ") {
			k.problem(fmt.Sprintf("server.hosts[%d]", i), "not a host name", "write the name alone, without port; host:port goes into server.addresses")
		}
	}
	k.key("server.keys.oicq", s.Keys.OICQ, "a public key on secp192k1", 25, 49)
	k.key("server.keys.exchange", s.Keys.Exchange, "a public key on P-256", 33, 65)
	k.key("server.keys.verify", s.Keys.Verify, "an AES key", 32)
	if s.Sandbox.Control != "" {
		k.url("server.sandbox.control", s.Sandbox.Control, "http", "https")
	} else if s.Mode == ModeSandbox && len(s.Addresses) == 0 {
		k.problem("server.sandbox.control", "mode sandbox needs the address of a sandbox",
			"start `libration sandbox` and write the address that it prints, or set server.addresses and server.keys")
	}
}

// key checks a key's length; the first byte of a public key says which form it
// has.
func (k *checker) key(path string, b Hex, what string, lengths ...int) {
	if len(b) == 0 {
		return
	}
	ok := slices.Contains(lengths, len(b))
	if ok && len(lengths) == 2 {
		compressed := len(b) == lengths[0]
		ok = compressed && (b[0] == 2 || b[0] == 3) || !compressed && b[0] == 4
	}
	if !ok {
		words := make([]string, len(lengths))
		for i, n := range lengths {
			words[i] = strconv.Itoa(n)
		}
		k.problem(path, fmt.Sprintf("not %s: %d bytes", what, len(b)), fmt.Sprintf("write %s bytes in hexadecimal, or leave it empty", alternatives(words)))
	}
}

func (k *checker) signer(c *Config) {
	s := &c.Signer
	for i, u := range s.URLs {
		k.url(fmt.Sprintf("signer.urls[%d]", i), u, "http", "https")
	}
	if len(s.URLs) == 0 && c.Server.Mode == ModeReal {
		k.warning("signer.urls", "no signer is set", "the real service refuses logins without one: add the address of a signer you trust")
	}
	k.between("signer.timeout", s.Timeout, 100*time.Millisecond, 5*time.Minute)
}

func (k *checker) send(s *Send) {
	k.rate("send.account", s.Account)
	k.rate("send.chat", s.Chat)
	k.between("send.max_wait", s.MaxWait, 100*time.Millisecond, 5*time.Minute)
}

func (k *checker) rate(path string, r SendRate) {
	if r.PerMinute > maxRate {
		k.problem(path+".per_minute", "out of range", fmt.Sprintf("use 1 to %d messages a minute, or 0 for no limit", maxRate))
	}
	if r.Burst < 1 || r.Burst > maxRate {
		k.problem(path+".burst", "out of range", fmt.Sprintf("use 1 to %d messages", maxRate))
	}
}

func (k *checker) oneBot(o *OneBot) {
	k.heartbeat("onebot.heartbeat", o.Heartbeat)
	if len(o.Connections) == 0 {
		k.warning("onebot.connections", "there is no connection", "no bot can connect: add one")
	}
	used := make(map[string]int)
	names := make(map[string]int)
	for i := range o.Connections {
		c, path := &o.Connections[i], fmt.Sprintf("onebot.connections[%d]", i)
		k.applies(c, path)
		switch c.Type {
		case HTTP, WebSocket:
			if first, taken := used[c.Address]; taken && !strings.HasSuffix(c.Address, ":0") {
				k.problem(path+".address", fmt.Sprintf("connection %d listens there already", first), "use another port")
			}
			used[c.Address] = i
			k.listen(c, path)
		case ReverseWebSocket, Webhook:
			// What each bot has received is remembered under this name.
			if first, taken := names[c.JournalName()]; taken && c.URL+c.APIURL+c.EventURL != "" {
				k.problem(path, fmt.Sprintf("connection %d goes to this bot already", first), "remove one of them, or give the bot another path")
			}
			names[c.JournalName()] = i
			if c.Type == Webhook {
				k.webhook(c, path)
			} else {
				k.reverse(c, path)
			}
		case "":
			k.problem(path+".type", "the type is missing", formOf(reflect.ValueOf(c.Type)))
		}
		k.token(path+".access_token", c.AccessToken)
		if c.Journal != nil && *c.Journal != 0 {
			k.between(path+".journal", *c.Journal, time.Second, 7*24*time.Hour)
		}
		if _, written := k.d.places[path+".journal_limit"]; written && c.JournalLimit == 0 || c.JournalLimit > maxJournalLimit {
			k.problem(path+".journal_limit", "out of range", fmt.Sprintf("use a number from 1 to %d; `journal: 0` turns the journal off", maxJournalLimit))
		}
		for j, origin := range c.CORS {
			k.origin(fmt.Sprintf("%s.cors[%d]", path, j), origin, c.AccessToken != "")
		}
		if c.Heartbeat != nil {
			k.heartbeat(path+".heartbeat", *c.Heartbeat)
		}
	}
}

// maxJournalLimit bounds journal_limit.
const maxJournalLimit = 1_000_000

// applies reports keys that mean nothing for the connection's type.
func (k *checker) applies(c *Connection, path string) {
	if !slices.Contains(c.Type.values(), string(c.Type)) {
		return
	}
	t := reflect.TypeFor[Connection]()
	for i := range t.NumField() {
		types, key := t.Field(i).Tag.Get("for"), t.Field(i).Tag.Get("yaml")
		if _, written := k.d.places[path+"."+key]; !written || types == "" || slices.Contains(strings.Fields(types), string(c.Type)) {
			continue
		}
		remedy := "remove it"
		switch {
		case key == "address":
			remedy = "use url: the service connects to the bot"
		case key == "access_token":
			remedy = "use secret: what is posted is signed with it"
		case strings.HasSuffix(key, "url"):
			remedy = "use address, the service waits for bots there; or type: reverse-websocket"
			if c.Type == Webhook {
				remedy = "use url: events are posted there"
			}
		}
		k.problem(path+"."+key, "does not apply to type "+string(c.Type), remedy)
	}
}

func (k *checker) listen(c *Connection, path string) {
	if c.Address == "" {
		k.problem(path+".address", "the address is missing", "write host:port, such as 127.0.0.1:5700")
		return
	}
	host, ok := k.hostPort(path+".address", c.Address, 0)
	if ok && c.AccessToken == "" && isPublic(host) {
		k.problem(path+".address", "anybody who reaches this address could use the account, for there is no access_token",
			"set access_token, or listen on 127.0.0.1 only")
	}
	if ok {
		k.listenerToken(path+".access_token", c.AccessToken, host, "use the account")
	}
}

// listenerToken warns of a listener without a token, and of one whose token others
// could guess; power is what the token protects.
func (k *checker) listenerToken(path, token, host, power string) {
	switch report := k.warning; {
	case token == "" && !isPublic(host):
		report(path, "no token is set: every program on this machine can "+power,
			fmt.Sprintf("write %d or more random letters and digits there, and give them to whoever calls", MinToken))
	case token != "" && len(token) < MinToken && isPublic(host):
		if k.versioned {
			report = k.problem
		}
		report(path, fmt.Sprintf("too short for an address that other machines can reach: length %d", len(token)),
			fmt.Sprintf("use at least %d random ones", MinToken))
	}
}

func (k *checker) reverse(c *Connection, path string) {
	switch {
	case c.URL == "" && c.APIURL == "" && c.EventURL == "":
		k.problem(path+".url", "the bot's address is missing", "write its URL, such as ws://127.0.0.1:8080/onebot/v11/ws")
	case c.URL != "" && (c.APIURL != "" || c.EventURL != ""):
		k.problem(path+".url", "url and api_url or event_url exclude each other", "keep url (for both), or the other two")
	}
	for key, u := range map[string]string{"url": c.URL, "api_url": c.APIURL, "event_url": c.EventURL} {
		if u != "" {
			k.url(path+"."+key, u, "ws", "wss")
		}
	}
	if c.Reconnect != 0 {
		k.between(path+".reconnect", c.Reconnect, 100*time.Millisecond, time.Hour)
	}
}

func (k *checker) webhook(c *Connection, path string) {
	if c.URL == "" {
		k.problem(path+".url", "the bot's address is missing", "write the URL that events are posted to, such as http://127.0.0.1:8080/onebot")
	} else {
		k.url(path+".url", c.URL, "http", "https")
	}
	if c.Timeout != 0 {
		k.between(path+".timeout", c.Timeout, 100*time.Millisecond, 5*time.Minute)
	}
	if c.Reconnect != 0 {
		k.between(path+".reconnect", c.Reconnect, 100*time.Millisecond, time.Hour)
	}
}

func (k *checker) heartbeat(path string, d Duration) {
	if d != 0 {
		k.between(path, d, time.Second, 24*time.Hour)
	}
}

// origin checks an entry of cors. Browsers send an origin without a path.
func (k *checker) origin(path, text string, token bool) {
	if text == "*" {
		if !token {
			k.problem(path, "every website could use the account, for there is no access_token", "set access_token, or list the origins")
		}
		return
	}
	if u, err := url.Parse(text); err == nil && u.Host != "" && text != u.Scheme+"://"+u.Host {
		k.problem(path, "not an origin", "leave out what stands after the host, such as https://example.com")
		return
	}
	k.url(path, text, "http", "https")
}

func (k *checker) between(path string, d Duration, low, high time.Duration) {
	if d.Std() < low || d.Std() > high {
		k.problem(path, "out of range", fmt.Sprintf("use a time from %v to %v", low, high))
	}
}

func (k *checker) url(path, text string, schemes ...string) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Hostname() == "" || !slices.Contains(schemes, u.Scheme) {
		k.problem(path, "not a usable URL", "write it in full, starting with "+alternatives([]string{schemes[0] + "://", schemes[1] + "://"}))
	}
}

// hostPort checks an address; lowest is the lowest port number allowed.
func (k *checker) hostPort(path, text string, lowest int) (host string, ok bool) {
	remedy := "write host:port, such as 127.0.0.1:5700"
	if strings.Contains(text, "://") {
		remedy = "leave out what stands before and after host:port"
	}
	host, port, err := net.SplitHostPort(text)
	n, errPort := strconv.Atoi(port)
	if err != nil || errPort != nil || n < lowest || n > math.MaxUint16 || strings.ContainsAny(host, "/ ") {
		k.problem(path, "not an address with a port", remedy)
		return "", false
	}
	return host, true
}

// isPublic tells whether others can reach a listener on this host. Names are
// taken for public, whatever they stand for.
func isPublic(host string) bool {
	if host == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || !ip.IsLoopback()
}

package config

import (
	"cmp"
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

	"libration/internal/network"
	"libration/internal/notice"
	"libration/internal/paste"
	"libration/internal/text"
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
	taken     []func(name string) bool // names that no account may have
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

func (k *checker) problem(path string, message, remedy text.Text) {
	if !k.skip(path) {
		k.d.problem(path, message, remedy)
	}
}

func (k *checker) warning(path string, message, remedy text.Text) {
	if !k.skip(path) {
		k.d.warning(path, message, remedy)
	}
}

func (k *checker) check(c *Config) {
	if c.ConfigVersion > Version {
		k.problem("config_version", text.T("the file is for a newer libration", "该文件适用于更新版本的 libration"), text.T("update the program, or write %d and check the file", "请更新程序，或改为 %d 并检查文件").Fill(Version))
	}
	k.versioned = c.ConfigVersion > 0
	k.enums(reflect.ValueOf(c).Elem(), "")
	if c.Data == "" {
		k.problem("data", text.T("must not be empty", "不能为空"), text.T("name a folder, such as ./data", "写一个文件夹，如 ./data"))
	}
	if place := k.d.places["keystore_key"]; len(c.KeystoreKey) > 0 && place.line > 0 {
		k.problem("keystore_key", text.T("the key stands beside what it encrypts: whoever copies the folder or a backup has both", "密钥与它所加密的数据放在一起：复制文件夹或备份的人会同时得到两者"),
			text.T("remove it here, and set LIBRATION_KEYSTORE_KEY or the credential keystore_key", "请从文件中删去，改用环境变量 LIBRATION_KEYSTORE_KEY 或凭据 keystore_key"))
	} else if n := len(c.KeystoreKey); n > 0 && n != 32 {
		k.problem("keystore_key", text.T("not a key: %d bytes, not 32", "不是密钥：有 %d 字节，应为 32 字节").Fill(n), text.T("draw one: %s", "可生成一个：%s").Fill(paste.Command("keystore", "key")))
	}
	if age := c.Store.MaxAge.Std(); age != 0 && age < time.Hour {
		k.problem("store.max_age", text.T("too short: messages could not even be quoted", "过短：连引用消息都无法进行"), text.T("use at least 1h, or 0 for no limit", "至少 1h，或写 0 表示不限"))
	}
	if size := c.Store.MaxSize; size != 0 && size < 16<<20 {
		k.problem("store.max_size", text.T("too small", "过小"), text.T("use at least 16MB, or 0 for no limit", "至少 16MB，或写 0 表示不限"))
	}
	if size := c.Cache.Members; size < 1<<20 || size > 1<<40 {
		k.problem("cache.members", text.T("out of range", "超出范围"), text.T("use a size from 1MB to 1024GB", "使用 1MB 到 1024GB 的大小"))
	}
	k.proxy("proxy", c.Proxy)
	k.accounts(c)
	k.server(&c.Server)
	k.signer(c)
	k.oneBot(c)
	k.send(&c.Send)
	k.media(&c.Media)
	k.publicURL(c)
	k.admin(c)
	k.notices(&c.Notices)
	k.update(&c.Update)
	if f := c.Log.File; f.Path != "" {
		if f.MaxSize < 64<<10 || f.MaxSize > 1<<30 {
			k.problem("log.file.max_size", text.T("out of range", "超出范围"), text.T("use a size from 64KB to 1GB", "使用 64KB 到 1GB 的大小"))
		}
		if f.Keep > 100 {
			k.problem("log.file.keep", text.T("out of range", "超出范围"), text.T("keep 0 to 100 old files", "保留 0 到 100 个旧文件"))
		}
	}
}

// proxy checks where connections go through.
func (k *checker) proxy(path, written string) {
	if written == network.Environment { // what it holds is of the moment
		return
	}
	if _, err := network.ParseProxy(written); err != nil {
		k.problem(path, text.Of(err), text.T("write such as socks5://127.0.0.1:1080, `direct` for none, or `environment`", "例如 socks5://127.0.0.1:1080；不使用代理写 `direct`，使用环境变量中的代理写 `environment`"))
	}
}

func (k *checker) media(m *Media) {
	if m.PublicURL != "" {
		k.url("media.public_url", m.PublicURL, "http", "https")
		if strings.ContainsAny(m.PublicURL, "?#") {
			k.problem("media.public_url", text.T("links cannot begin with a query", "链接不能以查询参数开头"), text.T("leave out ? or # and what follows", "去掉 `?` 或 `#` 及其后的部分"))
		}
	}
	if m.CacheSize < 16<<20 {
		k.problem("media.cache_size", text.T("too small", "过小"), text.T("use at least 16MB", "至少 16MB"))
	}
	for i, folder := range m.Files.Allow {
		if folder == "" {
			k.problem(fmt.Sprintf("media.files.allow[%d]", i), text.T("must not be empty", "不能为空"), text.T("name a folder, or remove the entry", "写一个文件夹，或删去该项"))
		}
	}
	k.between("media.timeout", m.Timeout, time.Second, time.Hour)
	k.between("media.limits.voice", m.Limits.Voice, time.Second, 10*time.Minute)
	k.mediaSize("media.limits.image", m.Limits.Image)
	k.mediaSize("media.limits.video", m.Limits.Video)
	k.fileSize("media.limits.file", m.Limits.File)
	k.uploads(&m.Uploads)
}

func (k *checker) uploads(u *MediaUploads) {
	if u.MaxSize < 1<<20 || u.MaxSize > 1<<40 {
		k.problem("media.uploads.max_size", text.T("out of range", "超出范围"), text.T("use a size from 1MB to 1024GB", "使用 1MB 到 1024GB 的大小"))
	} else if u.MaxTotal < u.MaxSize || u.MaxTotal > 1<<44 {
		k.problem("media.uploads.max_total", text.T("smaller than one file may be, or too large", "小于单个文件的上限，或过大"), text.T("use at least media.uploads.max_size", "至少为 media.uploads.max_size"))
	}
	k.between("media.uploads.keep", u.Keep, time.Minute, 7*24*time.Hour)
}

// mediaSize checks a limit. The service has 32 bits for sizes.
func (k *checker) mediaSize(path string, s Size) {
	if s == 0 || s > math.MaxUint32 {
		k.problem(path, text.T("out of range", "超出范围"), text.T("use a size above 0 and below 4GB", "使用大于 0 且小于 4GB 的大小"))
	}
}

// fileSize checks the size of a file that is no part of a message.
func (k *checker) fileSize(path string, s Size) {
	if s == 0 || s > 1<<40 {
		k.problem(path, text.T("out of range", "超出范围"), text.T("use a size from 1B to 1024GB", "使用 1B 到 1024GB 之间的大小"))
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
		k.problem("admin.address", text.T("anybody who reaches this address could read the account's state, for there is no access_token", "没有 access_token，能访问该地址的任何人都能读取账号状态"),
			text.T("set admin.access_token, or listen on 127.0.0.1 only", "设置 admin.access_token，或只监听 127.0.0.1"))
	}
	k.token("admin.access_token", a.AccessToken)
	if ok {
		k.listenerToken("admin.access_token", a.AccessToken, host, text.T("read the account's state and log it in anew", "读取账号状态并让账号重新登录"))
	}
	for i := range c.OneBot.Connections {
		if c.OneBot.Connections[i].Address == a.Address && !strings.HasSuffix(a.Address, ":0") {
			k.problem("admin.address", text.T("connection %d listens there already", "连接 %d 已在监听该地址").Fill(i), text.T(`use another port, or "" to turn it off`, `换一个端口，或写 "" 关闭它`))
		}
	}
}

// update checks where newer versions are asked for: the answer decides what a person
// downloads.
func (k *checker) update(u *Update) {
	if u.URL == "" {
		return
	}
	k.url("update.url", u.URL, "http", "https")
	if parsed, err := url.Parse(u.URL); err == nil && parsed.Host != "" && !Confidential(parsed) {
		k.problem("update.url", text.T("without https anybody on the way can change the answer", "不使用 https 时，途中任何人都能篡改应答"), text.T("use an https:// address", "请使用 https:// 地址"))
	}
}

// Confidential tells whether nobody on the way reads or changes what a URL gives: it has
// https, or names this machine.
func Confidential(u *url.URL) bool {
	return u.Scheme == "https" && u.Host != "" || u.Scheme == "http" && u.Hostname() != "" && !isPublic(u.Hostname())
}

func (k *checker) notices(n *Notices) {
	for i, t := range n.Targets {
		path := fmt.Sprintf("notices.targets[%d]", i)
		if t.URL == "" {
			k.problem(path+".url", text.T("the URL is missing", "缺少 URL"), text.T("write where notices go, such as ntfy://ntfy.sh/topic or https://example.com/hook", "写通知的去处，如 ntfy://ntfy.sh/topic 或 https://example.com/hook"))
			continue
		}
		if err := (&notice.Target{URL: t.URL, Secret: t.Secret, Body: t.Body}).Check(); err != nil {
			k.problem(path, text.Of(err), text.T("see docs/notices.md for examples", "示例见 docs/notices.zh-CN.md"))
		}
	}
	if n.After.Std() > 24*time.Hour {
		k.problem("notices.after", text.T("out of range", "超出范围"), text.T("use a time from 0s to 24h", "使用 0s 到 24h 的时间"))
	}
}

// token checks what has to go into a header.
func (k *checker) token(path, token string) {
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		k.problem(path, text.T("holds characters that a header cannot carry", "含有请求头不能携带的字符"), text.T("use letters, digits and signs without spaces", "使用字母、数字和符号，不含空格"))
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
		k.problem(path, text.T("unknown value %q", "未知的值 %q").Fill(shorten(v.String())), formOf(v))
	}
}

func (k *checker) server(s *Server) {
	for i, a := range s.Addresses {
		k.hostPort(fmt.Sprintf("server.addresses[%d]", i), a, 1)
	}
	for i, h := range s.Hosts {
		if h == "" || strings.ContainsAny(h, ":/ ") {
			k.problem(fmt.Sprintf("server.hosts[%d]", i), text.T("not a host name", "不是主机名"), text.T("write the name alone, without port; host:port goes into server.addresses", "只写主机名，不含端口；host:port 写在 server.addresses 中"))
		}
	}
	if s.Web != "" {
		k.url("server.web", s.Web, "http", "https")
		if u, err := url.Parse(s.Web); err == nil && u.Scheme == "http" && u.Host != "" && s.Mode != ModeSandbox && !Confidential(u) {
			k.problem("server.web", text.T("without https anybody on the way can read the account's cookies", "不使用 https 时，途中任何人都能读取账号的 cookies"), text.T("use an https:// address", "请使用 https:// 地址"))
		}
	}
	k.key("server.keys.oicq", s.Keys.OICQ, text.T("a public key on secp192k1", "secp192k1 公钥"), 25, 49)
	k.key("server.keys.exchange", s.Keys.Exchange, text.T("a public key on P-256", "P-256 公钥"), 33, 65)
	k.key("server.keys.verify", s.Keys.Verify, text.T("an AES key", "AES 密钥"), 32)
	if s.Sandbox.Control != "" {
		k.url("server.sandbox.control", s.Sandbox.Control, "http", "https")
	} else if s.Mode == ModeSandbox && len(s.Addresses) == 0 {
		k.problem("server.sandbox.control", text.T("mode sandbox needs the address of a sandbox", "sandbox 模式需要沙盒的地址"),
			text.T("start `%s` and write the address that it prints, or set server.addresses and server.keys", "启动 `%s` 并填写它显示的地址，或设置 server.addresses 和 server.keys").Fill(paste.Command("sandbox")))
	}
}

// key checks a key's length; the first byte of a public key says which form it
// has.
func (k *checker) key(path string, b Hex, what text.Text, lengths ...int) {
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
		k.problem(path, text.T("not %s: %d bytes", "不是%s：%d 字节").Fill(what, len(b)), text.T("write %s bytes in hexadecimal, or leave it empty", "用十六进制写 %s 个字节，或留空").Fill(alternatives(words)))
	}
}

func (k *checker) signer(c *Config) {
	s := &c.Signer
	for i, u := range s.URLs {
		k.url(fmt.Sprintf("signer.urls[%d]", i), u, "http", "https")
	}
	if len(s.URLs) == 0 && c.Server.Mode == ModeReal {
		k.warning("signer.urls", text.T("no signer is set", "未设置签名服务"), text.T("the real service refuses logins without one: add the address of a signer you trust", "没有签名服务时真实服务会拒绝登录：请填写可信的签名服务地址"))
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
		k.problem(path+".per_minute", text.T("out of range", "超出范围"), text.T("use 1 to %d messages a minute, or 0 for no limit", "使用每分钟 1 到 %d 条，或写 0 表示不限").Fill(maxRate))
	}
	if r.Burst < 1 || r.Burst > maxRate {
		k.problem(path+".burst", text.T("out of range", "超出范围"), text.T("use 1 to %d messages", "使用 1 到 %d 条").Fill(maxRate))
	}
}

func (k *checker) oneBot(all *Config) {
	o := &all.OneBot
	k.heartbeat("onebot.heartbeat", o.Heartbeat)
	if o.MusicSignURL != "" {
		k.url("onebot.music_sign_url", o.MusicSignURL, "http", "https")
	}
	if len(o.Connections) == 0 {
		k.warning("onebot.connections", text.T("there is no connection", "没有任何连接"), text.T("no bot can connect: add one", "机器人无法连接：请添加一个"))
	}
	used := make(map[string]int)
	for i := range o.Connections {
		c, path := &o.Connections[i], fmt.Sprintf("onebot.connections[%d]", i)
		k.applies(c, path)
		switch c.Type {
		case HTTP, WebSocket:
			if first, taken := used[c.listensAt()]; taken && !strings.HasSuffix(c.Address, ":0") {
				k.problem(path+".address", text.T("connection %d listens there already", "连接 %d 已在监听该地址").Fill(first), text.T("use another port, or another path of a socket", "换一个端口，或换一个套接字路径"))
			}
			used[c.listensAt()] = i
			k.listen(c, path, weakest(c, all))
		case ReverseWebSocket, Webhook:
			// What each bot has received is remembered under this name, for each account.
			if first := slices.IndexFunc(o.Connections[:i], func(b Connection) bool { return b.JournalName() == c.JournalName() && b.meets(c) }); first >= 0 && c.URL+c.APIURL+c.EventURL != "" {
				k.problem(path, text.T("connection %d goes to this bot already", "连接 %d 已连到该机器人").Fill(first), text.T("remove one of them, or give the bot another path", "删去其中一个，或为机器人换一个路径"))
			}
			if c.Type == Webhook {
				k.webhook(c, path)
			} else {
				k.reverse(c, path)
			}
		case "":
			k.problem(path+".type", text.T("the type is missing", "缺少类型"), formOf(reflect.ValueOf(c.Type)))
		}
		k.token(path+".access_token", c.AccessToken)
		if c.Journal != nil && *c.Journal != 0 {
			k.between(path+".journal", *c.Journal, time.Second, 7*24*time.Hour)
		}
		if _, written := k.d.places[path+".journal_limit"]; written && c.JournalLimit == 0 || c.JournalLimit > maxJournalLimit {
			k.problem(path+".journal_limit", text.T("out of range", "超出范围"), text.T("use a number from 1 to %d; `journal: 0` turns the journal off", "使用 1 到 %d 的数字；用 `journal: 0` 关闭事件日志").Fill(maxJournalLimit))
		}
		if c.PollQueue > maxPollQueue {
			k.problem(path+".poll_queue", text.T("out of range", "超出范围"), text.T("use a number up to %d, or 0 to keep none", "使用不超过 %d 的数字，或写 0 表示不保留").Fill(maxPollQueue))
		}
		for j, origin := range c.CORS {
			k.origin(fmt.Sprintf("%s.cors[%d]", path, j), origin, weakest(c, all) != "")
		}
		if c.Heartbeat != nil {
			k.heartbeat(path+".heartbeat", *c.Heartbeat)
		}
	}
}

// Bounds of journal_limit and poll_queue.
const (
	maxJournalLimit = 1_000_000
	maxPollQueue    = 1_000_000
)

// weakest returns the token of a listener that is guessed first: none, or the shortest.
func weakest(c *Connection, all *Config) string {
	var tokens []string
	for _, a := range all.accounts() {
		if len(c.Accounts) == 0 || slices.Contains(c.Accounts, a.Called()) {
			tokens = append(tokens, c.TokenOf(a))
		}
	}
	if len(tokens) == 0 { // of no account, which is reported
		return c.AccessToken
	}
	return slices.MinFunc(tokens, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
}

// listenerToken warns of a listener without a token, and of one whose token others
// could guess; power is what the token protects.
func (k *checker) listenerToken(path, token, host string, power text.Text) {
	switch report := k.warning; {
	case token == "" && !isPublic(host):
		report(path, text.T("no token is set: every program on this machine can %s", "未设置令牌：本机的任何程序都可以%s").Fill(power),
			text.T("write %d or more random letters and digits there, and give them to whoever calls", "填写 %d 个以上的随机字母和数字，并提供给调用方").Fill(MinToken))
	case token != "" && len(token) < MinToken && isPublic(host):
		if k.versioned {
			report = k.problem
		}
		report(path, text.T("too short for an address that other machines can reach: length %d", "对其他机器可访问的地址来说过短：长度 %d").Fill(len(token)),
			text.T("use at least %d random ones", "至少使用 %d 个随机字符").Fill(MinToken))
	}
}

func (k *checker) reverse(c *Connection, path string) {
	switch {
	case c.URL == "" && c.APIURL == "" && c.EventURL == "":
		k.problem(path+".url", text.T("the bot's address is missing", "缺少机器人的地址"), text.T("write its URL, such as ws://127.0.0.1:8080/onebot/v11/ws", "写机器人的 URL，如 ws://127.0.0.1:8080/onebot/v11/ws"))
	case c.URL != "" && (c.APIURL != "" || c.EventURL != ""):
		k.problem(path+".url", text.T("url and api_url or event_url exclude each other", "url 与 api_url、event_url 不能同时使用"), text.T("keep url (for both), or the other two", "保留 url（两者共用），或保留另外两个"))
	}
	for key, u := range map[string]string{"url": c.URL, "api_url": c.APIURL, "event_url": c.EventURL} {
		if u != "" {
			k.dials(path+"."+key, u, "ws", &c.TLS)
		}
	}
	k.pair(path, &c.TLS)
	if c.Reconnect != 0 {
		k.between(path+".reconnect", c.Reconnect, 100*time.Millisecond, time.Hour)
	}
}

func (k *checker) webhook(c *Connection, path string) {
	if c.URL == "" {
		k.problem(path+".url", text.T("the bot's address is missing", "缺少机器人的地址"), text.T("write the URL that events are posted to, such as http://127.0.0.1:8080/onebot", "写接收事件的 URL，如 http://127.0.0.1:8080/onebot"))
	} else {
		k.dials(path+".url", c.URL, "http", &c.TLS)
	}
	k.pair(path, &c.TLS)
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
func (k *checker) origin(path, written string, token bool) {
	if written == "*" {
		if !token {
			k.problem(path, text.T("every website could use the account, for there is no access_token", "没有 access_token，任何网站都能使用该账号"), text.T("set access_token, or list the origins", "设置 access_token，或列出允许的来源"))
		}
		return
	}
	if u, err := url.Parse(written); err == nil && u.Host != "" && written != u.Scheme+"://"+u.Host {
		k.problem(path, text.T("not an origin", "不是来源（origin）"), text.T("leave out what stands after the host, such as https://example.com", "去掉主机之后的部分，如 https://example.com"))
		return
	}
	k.url(path, written, "http", "https")
}

func (k *checker) between(path string, d Duration, low, high time.Duration) {
	if d.Std() < low || d.Std() > high {
		k.problem(path, text.T("out of range", "超出范围"), text.T("use a time from %v to %v", "使用 %v 到 %v 的时间").Fill(low, high))
	}
}

func (k *checker) url(path, written string, schemes ...string) {
	u, err := url.Parse(written)
	if err != nil || u.Host == "" || u.Hostname() == "" || !slices.Contains(schemes, u.Scheme) {
		k.problem(path, text.T("not a usable URL", "不是可用的 URL"), text.T("write it in full, starting with %s", "写完整的 URL，以 %s 开头").Fill(alternatives([]string{schemes[0] + "://", schemes[1] + "://"})))
	}
}

// hostPort checks an address; lowest is the lowest port number allowed.
func (k *checker) hostPort(path, written string, lowest int) (host string, ok bool) {
	remedy := text.T("write host:port, such as 127.0.0.1:5700", "写 host:port，如 127.0.0.1:5700")
	if strings.Contains(written, "://") {
		remedy = text.T("leave out what stands before and after host:port", "去掉 host:port 前后的部分")
	}
	host, port, err := net.SplitHostPort(written)
	n, errPort := strconv.Atoi(port)
	if err != nil || errPort != nil || n < lowest || n > math.MaxUint16 || strings.ContainsAny(host, "/ ") {
		k.problem(path, text.T("not an address with a port", "不是带端口的地址"), remedy)
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

package config

import (
	"net/url"
	"time"

	"libration/internal/redact"
	"libration/ntqq/message"
)

// Config is the whole configuration. Start from Default when you build one in
// code.
type Config struct {
	// Version of the file's format, which `config init` writes. What older files get a warning for is an error in those that have it.
	ConfigVersion uint64 `yaml:"config_version"`
	// Language of texts for people: `zh`, `en`, or `auto` for that of the system. Logs are always in English.
	Language Language `yaml:"language"`
	// What is logged, and how.
	Log Log `yaml:"log"`
	// Data is the folder for sessions and messages, with one folder per account in it. Relative to the configuration file.
	Data string `yaml:"data"`
	// How much of the messages is kept.
	Store Store `yaml:"store"`
	// The QQ account.
	Account Account `yaml:"account"`
	// The service to connect to.
	Server Server `yaml:"server"`
	// The service that signs packets. The real service refuses logins without one; none is built in.
	Signer Signer `yaml:"signer"`
	// The OneBot v11 service for bots.
	OneBot OneBot `yaml:"onebot"`
	// How fast messages are sent, so that the account is not taken for a spammer.
	Send Send `yaml:"send"`
	// A small HTTP service for the owner: /healthz, /readyz and /metrics.
	Admin Admin `yaml:"admin"`
	// Messages to the owner when something needs attention.
	Notices Notices `yaml:"notices"`

	// Warnings are problems that Load let pass; never read from a file.
	Warnings []Problem `yaml:"-"`
}

// Log says what is logged.
type Log struct {
	// The least important level that is logged.
	Level LogLevel `yaml:"level"`
	// `text` for people, `json` for log collectors.
	Format LogFormat `yaml:"format"`
	// A copy of the log in a file, one JSON object a line.
	File LogFile `yaml:"file"`
}

// LogFile is a log file that is set aside when it is full: path.1 is the newest of
// the old ones.
type LogFile struct {
	// Path of the file; "" for none. Relative to the configuration file.
	Path string `yaml:"path"`
	// How large it may become, such as `10MB`.
	MaxSize Size `yaml:"max_size"`
	// How many old files are kept, 0 to 100.
	Keep uint64 `yaml:"keep"`
}

// Store says how much stays in the message store.
type Store struct {
	// How old messages may become, such as `90d`; 0 for no limit. Older ones can no longer be quoted or looked up.
	MaxAge Duration `yaml:"max_age"`
	// How large the file may become, such as `2GB`; `0` for no limit. The oldest messages go first.
	MaxSize Size `yaml:"max_size"`
}

// Admin is the owner's HTTP service.
type Admin struct {
	// Address to listen on, host:port; "" turns it off. Anything but a loopback address needs an access_token.
	Address string `yaml:"address"`
	// What callers must send as `Authorization: Bearer`; "" for none. /healthz needs none.
	AccessToken string `yaml:"access_token" secret:"true"`
}

// Notices are messages to the owner about trouble and its end.
type Notices struct {
	// Where they go; none: nowhere.
	Targets []NoticeTarget `yaml:"targets"`
	// How long trouble must last before it is told. What only a person can mend is told at once.
	After Duration `yaml:"after"`
	// Whether webhooks get the text of login codes. Whoever scans one first decides which account logs in, unless `account.uin` is set.
	IncludeQR bool `yaml:"include_qr"`
}

// NoticeTarget is one place that notices go to.
type NoticeTarget struct {
	// http:// or https:// for a webhook, or the URL of a service: smtp://, telegram://, ntfy://, bark:// ... (docs/notices.md).
	URL string `yaml:"url" secret:"true"`
	// Webhook: the key of the signature in X-Libration-Signature; "" for none.
	Secret string `yaml:"secret" secret:"true"`
	// Webhook: JSON to send instead of the usual one, with $title and $text in it.
	Body string `yaml:"body"`
}

// Account is the account to log in with.
type Account struct {
	// The account's number; 0 for whoever scans the first QR code.
	UIN message.UIN `yaml:"uin"`
	// Password for logins without a saved session, tried before a QR code; "" for none. It needs `uin`.
	Password string `yaml:"password" secret:"true"`
	// The password's MD5 in hexadecimal, instead of `password`.
	PasswordMD5 Hex `yaml:"password_md5" secret:"true"`
	// The client to appear as. It must be the one the signer signs for.
	Protocol Protocol `yaml:"protocol"`
	// Path of an appinfo.json with the client's version numbers; "" for the signer's, or the built-in ones of `protocol`.
	AppInfo string `yaml:"app_info"`
	// Path of a Lagrange keystore.json to take the session from when the data folder has none yet.
	Keystore string `yaml:"keystore"`
	// Path of the Lagrange device.json that belongs to the keystore.
	Device string `yaml:"device"`
}

// Server says where to connect.
type Server struct {
	// `real`, or `sandbox` for a simulated service.
	Mode ServerMode `yaml:"mode"`
	// Addresses (host:port) to use instead of the usual ones.
	Addresses []string `yaml:"addresses"`
	// Names to look up for addresses instead of the usual ones.
	Hosts []string `yaml:"hosts"`
	// The service's keys, where they are not the real service's.
	Keys ServerKeys `yaml:"keys"`
	// The simulated service of mode `sandbox`.
	Sandbox SandboxServer `yaml:"sandbox"`
}

// ServerKeys replace the real service's keys. Empty ones are not replaced.
type ServerKeys struct {
	// Public key of wtlogin packets: secp192k1, 25 or 49 bytes.
	OICQ Hex `yaml:"oicq"`
	// Public key of the key exchange: P-256, 33 or 65 bytes.
	Exchange Hex `yaml:"exchange"`
	// Key of the key exchange's check sum: AES, 32 bytes.
	Verify Hex `yaml:"verify"`
}

// SandboxServer is a running `libration sandbox`.
type SandboxServer struct {
	// Address of its control API, such as http://127.0.0.1:8086. Addresses and keys are read from there.
	Control string `yaml:"control"`
}

// Signer is the signing service.
type Signer struct {
	// Addresses, tried in order.
	URLs []string `yaml:"urls"`
	// How the signer is asked: `lagrange` ({cmd, seq, src}), `sec-sign` ({command, seq, body, ...}), or `auto` to find out.
	Style SignStyle `yaml:"style"`
	// Token for the signer; "" when it needs none.
	Token string `yaml:"token" secret:"true"`
	// How long one address may take.
	Timeout Duration `yaml:"timeout"`
	// Which commands are signed: `default`, or the `long` list of newer clients.
	Commands SignCommands `yaml:"commands"`
}

// Send bounds how fast messages are sent. The default figures are ours: the
// service's own limits are not known.
type Send struct {
	// Whether there is a limit at all.
	Limit bool `yaml:"limit"`
	// Of all messages together.
	Account SendRate `yaml:"account"`
	// Of those of each group or friend.
	Chat SendRate `yaml:"chat"`
	// How long a message may wait for its turn; one that would wait longer fails at once.
	MaxWait Duration `yaml:"max_wait"`
}

// SendRate is an average with bursts.
type SendRate struct {
	// Messages a minute on average; 0 for no limit.
	PerMinute uint64 `yaml:"per_minute"`
	// How many at once after a pause.
	Burst uint64 `yaml:"burst"`
}

// OneBot is the OneBot v11 service.
type OneBot struct {
	// The form of `message` in events: `array` of segments, or `string` with CQ codes.
	Format MessageFormat `yaml:"format"`
	// Whether the account's own messages are events too (`message_sent`).
	ReportSelf bool `yaml:"report_self"`
	// Interval of heartbeat events; 0 turns them off.
	Heartbeat Duration `yaml:"heartbeat"`
	// `when-online`: connections open when the account first is online. `at-once`: they open at the start and answer that it is offline.
	Start StartMode `yaml:"start"`
	// The ways for bots to connect.
	Connections []Connection `yaml:"connections"`
}

// Connection is one way for bots to connect. Which fields apply depends on Type;
// format, report_self, heartbeat and start override those of OneBot.
type Connection struct {
	// `http` (server for actions), `websocket` (server), `reverse-websocket` (client that connects to the bot) or `webhook` (posts events to the bot).
	Type ConnectionType `yaml:"type"`
	// http, websocket: address to listen on, host:port. Anything but a loopback address needs an access_token.
	Address string `yaml:"address" for:"http websocket"`
	// reverse-websocket: address of the bot for actions and events, ws:// or wss://. webhook: address that events are posted to, http:// or https://.
	URL string `yaml:"url" for:"reverse-websocket webhook"`
	// reverse-websocket: address for actions alone, when `url` is not set.
	APIURL string `yaml:"api_url" for:"reverse-websocket"`
	// reverse-websocket: address for events alone, when `url` is not set.
	EventURL string `yaml:"event_url" for:"reverse-websocket"`
	// http, websocket, reverse-websocket: the token that both sides must know; "" for none.
	AccessToken string `yaml:"access_token" secret:"true" for:"http websocket reverse-websocket"`
	// webhook: the key that signs what is posted (X-Signature); "" for no signature.
	Secret string `yaml:"secret" secret:"true" for:"webhook"`
	// webhook: how long the bot may take to answer.
	Timeout Duration `yaml:"timeout" for:"webhook"`
	// reverse-websocket, webhook: pause before connecting, or posting, again.
	Reconnect Duration `yaml:"reconnect" for:"reverse-websocket webhook"`
	// reverse-websocket, webhook: accept any TLS certificate.
	SkipTLSVerify bool `yaml:"skip_tls_verify" for:"reverse-websocket webhook"`
	// http: web pages (origins such as https://example.com, or *) that may call it.
	CORS []string `yaml:"cors" for:"http"`
	// Overrides onebot.format.
	Format MessageFormat `yaml:"format" for:"websocket reverse-websocket webhook"`
	// Overrides onebot.report_self.
	ReportSelf *bool `yaml:"report_self" for:"websocket reverse-websocket webhook"`
	// Overrides onebot.heartbeat.
	Heartbeat *Duration `yaml:"heartbeat" for:"websocket reverse-websocket webhook"`
	// websocket, reverse-websocket, webhook: how old an event may be that a bot which was away still gets; 0 for live events only.
	Journal *Duration `yaml:"journal" for:"websocket reverse-websocket webhook"`
	// websocket, reverse-websocket, webhook: how many events may wait for a bot that is away, the newest.
	JournalLimit uint64 `yaml:"journal_limit" for:"websocket reverse-websocket webhook"`
	// Overrides onebot.start.
	Start StartMode `yaml:"start"`
}

// Version is the ConfigVersion of new files. A file without one has 0.
const Version = 1

// MinToken is how many characters the access token of a listener has at least that
// other machines can reach.
const MinToken = 16

// What connections have that set nothing else.
const (
	DefaultReconnect      = Duration(3 * time.Second)
	DefaultWebhookTimeout = Duration(10 * time.Second)
	DefaultJournal        = Duration(10 * time.Minute) // not of a websocket: its clients ask for it
	DefaultJournalLimit   = 1000
)

// Default returns the configuration that an empty file gives. It has no
// connection and no signer.
func Default() *Config {
	return &Config{
		Language: LanguageAuto,
		Log: Log{Level: LevelInfo, Format: LogText, File: LogFile{
			Path: "./data/libration.log", MaxSize: 10 << 20, Keep: 5,
		}},
		Data:    "./data",
		Store:   Store{MaxAge: Duration(90 * 24 * time.Hour), MaxSize: 2 << 30},
		Account: Account{Protocol: ProtocolLinux},
		Server:  Server{Mode: ModeReal},
		Signer:  Signer{Style: SignAuto, Timeout: Duration(8 * time.Second), Commands: SignDefault},
		Send: Send{
			Limit: true, MaxWait: Duration(10 * time.Second),
			Account: SendRate{PerMinute: 600, Burst: 20}, Chat: SendRate{PerMinute: 120, Burst: 10},
		},
		OneBot:  OneBot{Format: FormatArray, Heartbeat: Duration(5 * time.Second), Start: StartWhenOnline},
		Admin:   Admin{Address: "127.0.0.1:5780"},
		Notices: Notices{After: Duration(time.Minute)},
	}
}

// Resolved returns the connections with everything they inherit or leave out
// filled in: ReportSelf, Heartbeat and Journal are never nil.
func (o *OneBot) Resolved() []Connection {
	all := make([]Connection, len(o.Connections))
	for i, c := range o.Connections {
		if c.Format == "" {
			c.Format = o.Format
		}
		if c.ReportSelf == nil {
			c.ReportSelf = new(o.ReportSelf)
		}
		if c.Heartbeat == nil {
			c.Heartbeat = new(o.Heartbeat)
		}
		if c.Start == "" {
			c.Start = o.Start
		}
		dials := c.Type == ReverseWebSocket || c.Type == Webhook
		if c.Reconnect == 0 && dials {
			c.Reconnect = DefaultReconnect
		}
		if c.Timeout == 0 && c.Type == Webhook {
			c.Timeout = DefaultWebhookTimeout
		}
		if c.Journal == nil {
			c.Journal = new(Duration)
			if dials && (c.Type == Webhook || c.URL != "" || c.EventURL != "") {
				*c.Journal = DefaultJournal
			}
		}
		if c.JournalLimit == 0 && *c.Journal > 0 {
			c.JournalLimit = DefaultJournalLimit
		}
		all[i] = c
	}
	return all
}

// Name tells the connection apart in logs and states, "websocket
// 127.0.0.1:6700". Of a URL it shows what redact.URL does.
func (c *Connection) Name() string {
	where := c.Address
	for _, u := range []string{c.URL, c.APIURL, c.EventURL} {
		if where == "" && u != "" {
			where = redact.URL(u)
		}
	}
	return string(c.Type) + " " + where
}

// JournalName is the name under which the connection's position in the journal is
// kept. It has the path of a URL and is not for people: versions before kept
// positions under it.
func (c *Connection) JournalName() string {
	where := c.Address
	for _, text := range []string{c.URL, c.APIURL, c.EventURL} {
		if where != "" || text == "" {
			continue
		}
		where = "(unreadable URL)"
		if u, err := url.Parse(text); err == nil {
			u.User, u.RawQuery, u.ForceQuery, u.Fragment = nil, "", false, ""
			where = u.String()
		}
	}
	return string(c.Type) + " " + where
}

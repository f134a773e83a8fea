package config

import (
	"net/url"
	"time"

	"libration/internal/network"
	"libration/internal/redact"
	"libration/internal/tlsfiles"
	"libration/ntqq/message"
)

// Config is the whole configuration. Start from Default when you build one in
// code.
//
// The comment of each key, here and below, is all that is written about it anywhere:
// English lines, then Chinese ones. Its first sentence stands in the templates; the
// schema and the guides have all of it.
type Config struct {
	// Version of this file's format; leave it as it is. `config init` writes 1. Files without it are older, and are checked less strictly.
	// 本文件的格式版本，请勿修改。`config init` 写入 1；没有此项的是旧文件，检查较宽松。
	ConfigVersion uint64 `yaml:"config_version"`
	// Language of texts for people: `auto`, `zh` or `en`. `auto` is that of the system. Logs are in English; help is in the system's language.
	// 提示文字的语言：`auto`、`zh` 或 `en`。`auto` 随系统。日志始终为英文；命令帮助随系统语言。
	Language Language `yaml:"language"`
	// Folder for sessions and messages, with one folder per account in it. See [The data folder](#the-data-folder).
	// 存放登录会话和消息，每个账号一个子文件夹。见[数据文件夹](#数据文件夹)。
	Data string `yaml:"data"`
	// Key that encrypts saved sessions; it comes from the environment or a credential, never from this file. 64 hexadecimal digits, which `libration keystore key` draws, in `LIBRATION_KEYSTORE_KEY` or in the credential `keystore_key`. See [The keystore's key](#the-keystores-key).
	// 加密登录会话的密钥，只能来自环境变量或凭据，不能写在本文件中。64 位十六进制数字，由 `libration keystore key` 生成，写入 `LIBRATION_KEYSTORE_KEY` 或凭据 `keystore_key`。见[登录会话的密钥](#登录会话的密钥)。
	KeystoreKey Hex `yaml:"keystore_key" secret:"true" for:"environment"`
	// Messages that are kept, for quotes, recalls and get_msg.
	// 保存的消息，用于引用、撤回和 get_msg。
	Store Store `yaml:"store"`
	// What is logged, and how.
	// 日志的内容和形式。
	Log Log `yaml:"log"`
	// The QQ account.
	// QQ 账号。
	Account Account `yaml:"account"`
	// Several accounts, instead of `account`. Each has a data folder, a session, limits and states of its own, the keys of `account`, and those below. All other keys of this file hold for all accounts. See [Several accounts](#several-accounts).
	// 多个账号，代替 `account`。每个账号有自己的数据文件夹、会话、限制和状态，除 `account` 的各项外还有以下几项。本文件的其他项对所有账号生效。见[多个账号](#多个账号)。
	Accounts []Account `yaml:"accounts"`
	// The service to connect to.
	// 要连接的服务。
	Server Server `yaml:"server"`
	// Proxy of all connections to the outside, such as `socks5://127.0.0.1:1080`; `""`: none. It is `socks5://`, `http://` or `https://` with `host:port`, and with `user:password@` before the host where it wants them. `direct`: none; `environment`: that of `HTTPS_PROXY`, `ALL_PROXY` or `HTTP_PROXY`, without the hosts of `NO_PROXY`, which count in no other case. The session, uploads, downloads, web pages, signers, notices and `version --check` go through it. Private addresses, names without a dot, bots and the sandbox's control API are reached directly. See [Proxies](session.md#proxies).
	// 所有对外连接使用的代理，如 `socks5://127.0.0.1:1080`；`""` 表示不使用。可以是 `socks5://`、`http://` 或 `https://` 加 `host:port`，需要时在主机前加 `user:password@`。`direct` 表示不使用；`environment` 表示使用环境变量 `HTTPS_PROXY`、`ALL_PROXY` 或 `HTTP_PROXY` 中的代理，`NO_PROXY` 中的主机除外；其他情况下不读取这些变量。会话、上传、下载、网页、签名服务、通知和 `version --check` 都经过它。内网地址、不含点的主机名、机器人和沙盒的控制 API 直接连接。见[代理](session.zh-CN.md#代理)。
	Proxy string `yaml:"proxy" secret:"true"`
	// The service that signs packets. The real service refuses logins without one. None is built in: enter one that you trust, it sees what the account does.
	// 数据包签名服务。没有签名，真实服务会拒绝登录。本程序不内置任何签名服务：请填写您信任的地址，它能看到账号的操作。
	Signer Signer `yaml:"signer"`
	// The OneBot v11 service for bots. Its first four keys hold for all connections and can be set for each one.
	// 供机器人使用的 OneBot v11 服务。前四项对所有连接生效，也可以在每个连接中单独设置。
	OneBot OneBot `yaml:"onebot"`
	// How fast messages are sent, so that the account is not taken for a spammer. They wait for their turn, in each chat in order, and one chat's queue holds up no other. The figures are ours: the service's own limits are not known. Only messages count; a recall that waited might come too late.
	// 发送消息的速度限制，以免账号被当作刷屏。超速的消息排队等待，同一会话保持顺序，会话之间互不影响。默认数值由本程序选定，官方限制未知。只限制发送消息；撤回不受限制，以免延误。
	Send Send `yaml:"send"`
	// Pictures, voices and videos: what bots may read and reach, and what is sent. Nothing of it needs to be set. See [What bots can read and reach](security.md#what-bots-can-read-and-reach).
	// 图片、语音和视频：机器人可以读取和访问什么，以及发送的限制。都可以不设置。见 [机器人能读取和访问什么](security.zh-CN.md#机器人能读取和访问什么)。
	Media Media `yaml:"media"`
	// Lists that are kept in memory.
	// 保存在内存中的列表。
	Cache Cache `yaml:"cache"`
	// An HTTP service for you and your monitoring: /healthz, /readyz and /metrics (Prometheus). See [Watching it](#watching-it).
	// 供您和监控系统查看状态的 HTTP 服务：/healthz、/readyz 和 /metrics（Prometheus）。见[查看状态](#查看状态)。
	Admin Admin `yaml:"admin"`
	// Messages to you when the account is offline or needs you, a connection fails or messages cannot be written. Try them: `libration notices test`.
	// 账号离线或需要人工处理、连接出错、消息无法写入时通知您。测试：`libration notices test`。
	Notices Notices `yaml:"notices"`
	// Where `libration version --check` asks for newer versions. Nothing asks by itself, and nothing is downloaded.
	// `libration version --check` 查询新版本的地址。程序不会自行查询，也不会下载任何内容。
	Update Update `yaml:"update"`

	// File is what Load read it from; never read from a file.
	File string `yaml:"-"`
	// Warnings are problems that Load let pass; never read from a file.
	Warnings []Problem `yaml:"-"`
}

// Update says where newer versions are asked for.
type Update struct {
	// Its answer is `{"version": "1.2.3", "url": "https://...", "sha256": "..."}`; `""`: there is none to ask. `https://`, or `http://` on this machine. None is built in: enter one that you trust.
	// 其应答为 `{"version": "1.2.3", "url": "https://...", "sha256": "..."}`；`""` 表示不查询。须为 `https://`，本机可用 `http://`。程序不内置任何地址：请填写可信的地址。
	URL string `yaml:"url"`
}

// Log says what is logged.
type Log struct {
	// Least level that is logged: `debug`, `info`, `warn` or `error`.
	// 日志的最低级别：`debug`、`info`、`warn` 或 `error`。
	Level LogLevel `yaml:"level"`
	// `text` for people, `json` for log collectors. Logs go to stderr.
	// `text`，或供日志收集系统使用的 `json`。日志输出到 stderr。
	Format LogFormat `yaml:"format"`
	// A copy in a file, one JSON object a line, which `libration doctor` reads.
	// 同时写入文件，每行一个 JSON，供 `libration doctor` 读取。
	File LogFile `yaml:"file"`
}

// LogFile is a log file that is set aside when it is full: path.1 is the newest of
// the old ones.
type LogFile struct {
	// The file's path; `""` for none.
	// 文件路径；`""` 表示不写。
	Path string `yaml:"path"`
	// Size at which it becomes `libration.log.1`, and so on. 64KB to 1GB.
	// 写满这么多后改名为 `libration.log.1`，依此类推。64KB 到 1GB。
	MaxSize Size `yaml:"max_size"`
	// How many old files stay, 0 to 100.
	// 保留的旧文件数，0 到 100。
	Keep uint64 `yaml:"keep"`
}

// Store says how much stays in the message store.
type Store struct {
	// Older messages, and forwards that were kept longer, are removed, by the service's time; `0`: never. At least `1h`. It happens in the background: `get_msg` says that there is none, quoting one fails; notices of its recall have the right id. No id is ever given to another message.
	// 更早的消息（以 QQ 服务器时间为准）以及保存更久的合并转发会被删除；`0` 表示不删除。至少 `1h`。删除在后台进行：`get_msg` 会返回不存在，也不能再引用；撤回通知中的 id 不变。消息 id 永远不会分给另一条消息。
	MaxAge Duration `yaml:"max_age"`
	// Size of `messages.db` at which the oldest messages, events and forwards go; `0`: no limit. At least `16MB`. About 20 bytes for the id of each removed message come on top.
	// `messages.db` 的大小上限，超过后删除最早的消息、事件和合并转发；`0` 表示不限。至少 `16MB`。每条已删除的消息仍保留 id，约 20 字节，不计入上限。
	MaxSize Size `yaml:"max_size"`
}

// Cache says how much of what the service tells stays in memory.
type Cache struct {
	// Memory for the members of groups, for each account, at least `1MB`. A member takes about 100 bytes: a million fit into `128MB`. The lists that were not used for the longest time are forgotten, and fetched again when they are needed.
	// 群成员列表占用的内存上限（每个账号），至少 `1MB`。每个成员约 100 字节：`128MB` 可容纳约一百万个成员。超过后丢弃最久未使用的列表，需要时重新获取。
	Members Size `yaml:"members"`
}

// Media says what bots may read and reach, and what is sent.
type Media struct {
	// Whether media are fetched from this machine's own and private addresses. Link-local addresses and metadata services are never reached, the sandbox always.
	// 是否允许从本机和内网地址下载媒体。链路本地地址和云元数据服务始终禁止，沙盒始终允许。
	AllowPrivate bool `yaml:"allow_private"`
	// Files of this machine that bots may name.
	// 机器人可以指定的本机文件。
	Files MediaFiles `yaml:"files"`
	// The URL under which others reach the first `http` or `websocket` connection, for the links of media. Such as `https://bot.example.com` or `http://127.0.0.1:3000`; the links need no token and work for a month. `""`: media have the service's addresses, which die after about an hour.
	// 其他机器访问第一个 `http` 或 `websocket` 连接所用的网址，用于媒体链接。例如 `https://bot.example.com` 或 `http://127.0.0.1:3000`；链接无需令牌，有效期一个月。`""` 表示使用 QQ 服务器的地址，约一小时后失效。
	PublicURL string `yaml:"public_url"`
	// Path of ffmpeg; `""`: it is looked for in PATH, `off`: it is not used. It converts voices in m4a and other formats, decodes amr, and takes the first frame of videos. wav, mp3, ogg, flac and silk need none.
	// ffmpeg 的路径；`""` 表示在 PATH 中查找，`off` 表示不使用。用于转换 m4a 等格式的语音、解码 amr、截取视频首帧。wav、mp3、ogg、flac 和 silk 不需要它。
	FFmpeg string `yaml:"ffmpeg"`
	// Size of the cache of downloads and converted voices, for each account. At least `16MB`. What was used least recently goes.
	// 下载内容和转换后语音的缓存大小（每个账号）。至少 `16MB`。超过后删除最久未使用的。
	CacheSize Size `yaml:"cache_size"`
	// How long a download may take, 1 s to 1 h. A segment's `timeout` goes over it.
	// 单次下载的最长时间，1 秒到 1 小时。消息段的 `timeout` 优先。
	Timeout Duration `yaml:"timeout"`
	// What is larger is not sent. The service's own limits are not known.
	// 超过的不会发送。官方的限制未知。
	Limits MediaLimits `yaml:"limits"`
	// Files that bots hand over, by `POST /upload` or `upload_file_stream`. Each account has a folder for them.
	// 机器人通过 `POST /upload` 或 `upload_file_stream` 上传的文件。每个账号有单独的文件夹。
	Uploads MediaUploads `yaml:"uploads"`
}

// MediaUploads bound what bots hand over.
type MediaUploads struct {
	// Size of one file, at least `1MB`. What is larger is refused.
	// 单个文件的大小，至少 `1MB`。超过则拒绝。
	MaxSize Size `yaml:"max_size"`
	// Size of all of them on disk, at least `max_size`. What was used least recently goes.
	// 全部文件占用的磁盘空间，不小于 `max_size`。超过后删除最久未使用的。
	MaxTotal Size `yaml:"max_total"`
	// How long a file stays after it was last used, 1 min to 7 d. None survives a restart.
	// 文件在最后一次使用后保留多久，1 分钟到 7 天。重启后全部删除。
	Keep Duration `yaml:"keep"`
}

// MediaFiles are the files of this machine that bots may name.
type MediaFiles struct {
	// Folders that bots may name files of; none: all. Data folders and this file are never read.
	// 机器人可以读取的文件夹；不填表示全部。数据文件夹和本文件始终不可读取。
	Allow []string `yaml:"allow"`
}

// MediaLimits bound what is sent.
type MediaLimits struct {
	// Size of a picture.
	// 图片的大小。
	Image Size `yaml:"image"`
	// Size of a video.
	// 视频的大小。
	Video Size `yaml:"video"`
	// Size of a file of any kind, to a group or a friend. One to a friend must be below `4GB` in any case.
	// 发给群或好友的任意文件的大小。发给好友的文件始终必须小于 `4GB`。
	File Size `yaml:"file"`
	// Length of a voice message, 1 s to 10 min. Above a minute the service may refuse it.
	// 语音的时长，1 秒到 10 分钟。超过一分钟可能被服务器拒绝。
	Voice Duration `yaml:"voice"`
}

// Admin is the owner's HTTP service.
type Admin struct {
	// `host:port` to listen on; `""` turns it off. Anything but a loopback address needs an `access_token`.
	// 监听的 `host:port`；`""` 表示关闭。除本机回环地址外必须设置 `access_token`。
	Address string `yaml:"address"`
	// What you send as `Authorization: Bearer`. `/healthz` needs none. See [Tokens](#tokens).
	// 以 `Authorization: Bearer` 发送的令牌。`/healthz` 不需要。见[令牌](#令牌)。
	AccessToken string `yaml:"access_token" secret:"true"`
}

// Notices are messages to the owner about trouble and its end.
type Notices struct {
	// Where they go; these URLs are secrets. See [notices.md](notices.md).
	// 通知的去处；这些网址含有密钥，请勿泄露。见 [notices.zh-CN.md](notices.zh-CN.md)。
	Targets []NoticeTarget `yaml:"targets"`
	// How long trouble must last before it is reported, up to 24h. What needs a person is reported at once.
	// 故障持续多久才通知，最长 24h。需要人工处理的立即通知。
	After Duration `yaml:"after"`
	// Whether webhooks get the text of login codes. Whoever scans one first decides which account logs in, unless `uin` is set.
	// 是否把登录二维码的内容发给 webhook。除非设置了 `uin`，由第一个扫码的人决定登录哪个账号。
	IncludeQR bool `yaml:"include_qr"`
}

// NoticeTarget is one place that notices go to.
type NoticeTarget struct {
	// The URL of a service or of a webhook. Services are `smtp://`, `telegram://`, `ntfy://`, `bark://` and others; a webhook is `http://` or `https://`.
	// 服务或 webhook 的网址。服务有 `smtp://`、`telegram://`、`ntfy://`、`bark://` 等；webhook 为 `http://` 或 `https://`。
	URL string `yaml:"url" secret:"true"`
	// Webhook: the key of the signature in `X-Libration-Signature`.
	// Webhook：签名密钥，签名在 `X-Libration-Signature` 中。
	Secret string `yaml:"secret" secret:"true"`
	// Webhook: JSON with $title and $text, instead of ours.
	// Webhook：代替默认内容的 JSON，其中可用 $title 和 $text。
	Body string `yaml:"body"`
}

// Account is an account to log in with. Its name, default and access_token are for the
// list of accounts alone.
type Account struct {
	// Its name in paths, logs and metrics: up to 32 of a-z, 0-9, `_` and `-`. Default: the QQ number, or `default`.
	// 在路径、日志和指标中的名称：最多 32 个 a-z、0-9、`_`、`-`。默认为 QQ 号，或 `default`。
	Name string `yaml:"name" for:"accounts"`
	// Whether bots that name no account mean this one. At most one account has it.
	// 没有指明账号的机器人是否使用该账号。最多一个账号可以设置。
	Default bool `yaml:"default" for:"accounts"`
	// Its token on listeners that several accounts share, instead of the connection's. No two accounts may have the same one there.
	// 在多个账号共用的监听地址上的令牌，代替连接的令牌。共用同一地址的账号，令牌不得相同。
	AccessToken string `yaml:"access_token" secret:"true" for:"accounts"`
	// The QQ number; 0: whoever scans the first code. The data folder `default` is that account's from then on, and another account is refused: to change it, set its number, or move the folder away.
	// QQ 号；0 表示由第一次扫码的人决定。数据文件夹 `default` 从此属于该账号，其他账号会被拒绝：要更换账号，请设置其号码，或移走该文件夹。
	UIN message.UIN `yaml:"uin"`
	// Tried before a QR code when there is no saved session ([session.md](session.md)). Needs `uin`. A wrong one is sent once: correct it and restart. It is neither logged nor saved; `LIBRATION_ACCOUNT__PASSWORD` keeps it out of the file. The service may ask for [a captcha](captcha.md), or for a scan that lets the new device in.
	// 没有可用会话时，先用密码登录，再用二维码（[session.zh-CN.md](session.zh-CN.md)）。须设置 `uin`。错误的密码只会发送一次：请改正后重启。密码不会写入日志或会话文件；可用 `LIBRATION_ACCOUNT__PASSWORD` 代替写在文件里。服务器可能要求[验证码](captcha.zh-CN.md)，或要求扫码验证新设备。
	Password string `yaml:"password" secret:"true"`
	// The password's MD5 in hexadecimal, instead of it.
	// 或填写密码的 MD5（十六进制）。
	PasswordMD5 Hex `yaml:"password_md5" secret:"true"`
	// Proxy of this account's connections, instead of the top-level `proxy`; `direct`: none. It is for the session, media, web pages and signers. `""`: the top-level one.
	// 该账号的连接使用的代理，代替顶层的 `proxy`；`direct` 表示不使用。用于会话、媒体、网页和签名服务。`""` 表示使用顶层的设置。
	Proxy string `yaml:"proxy" secret:"true"`
	// Client to appear as: `linux`, `macos` or `windows`; must fit the signer.
	// 模拟的客户端：`linux`、`macos` 或 `windows`，须与签名服务一致。
	Protocol Protocol `yaml:"protocol"`
	// Path of an `appinfo.json` with other version numbers. What it leaves out is taken from `protocol`.
	// 使用其他版本号时，`appinfo.json` 的路径。其中没有的项取自 `protocol`。
	AppInfo string `yaml:"app_info"`
	// Path of a Lagrange.OneBot V1 `keystore.json` to take the session from. It is read once, when the data folder has no session. Use it with `device`: tickets are bound to the device. A file that is incomplete or something else is refused and named; keystores of Lagrange V2 are not supported.
	// 从 Lagrange.OneBot V1 的 `keystore.json` 导入会话。仅在数据文件夹中还没有会话时读取一次。请同时设置 `device`：会话与设备绑定。不完整或不是这种文件时会拒绝，并说明它是什么文件；不支持 Lagrange V2 的 keystore。
	Keystore string `yaml:"keystore"`
	// Path of the `device.json` that belongs to it. It may be that of LagrangeGo.
	// 与它配套的 `device.json`。也可以是 LagrangeGo 的。
	Device string `yaml:"device"`
}

// Server says where to connect.
type Server struct {
	// `real`, or `sandbox` for a simulated service. With `real`, `run` wants at least one connection.
	// `real`（真实服务）或 `sandbox`（模拟服务）。为 `real` 时，`run` 要求至少有一个连接。
	Mode ServerMode `yaml:"mode"`
	// `host:port` to connect to, instead of the usual addresses.
	// 用这些 `host:port` 代替默认地址。
	Addresses []string `yaml:"addresses"`
	// Names to look up, instead of the usual ones. While the usual ones cannot be looked up, built-in addresses are used.
	// 用这些域名代替默认域名。默认域名无法解析时使用内置地址。
	Hosts []string `yaml:"hosts"`
	// A base URL that stands for all hosts of the service's web pages: announcements and the like. Such as `http://127.0.0.1:5788`. `""`: the real hosts, in mode `sandbox` the sandbox. The account's cookies go there: `https://`, or `http://` on this machine; anything in mode `sandbox`.
	// 代替服务器全部网页主机（群公告等）的基础网址。如 `http://127.0.0.1:5788`。`""` 表示真实主机，`sandbox` 模式下为沙盒。账号的 cookies 会发送到该地址：须为 `https://`，本机可用 `http://`；`sandbox` 模式不限。
	Web string `yaml:"web"`
	// Only for services with other keys than the real service's, in hexadecimal.
	// 仅用于密钥与真实服务不同的服务，十六进制。
	Keys ServerKeys `yaml:"keys"`
	// The simulated service of mode `sandbox`.
	// 模式 `sandbox` 的模拟服务。
	Sandbox SandboxServer `yaml:"sandbox"`
}

// ServerKeys replace the real service's keys. Empty ones are not replaced.
type ServerKeys struct {
	// Public key of wtlogin packets: secp192k1, 25 or 49 bytes.
	// wtlogin 数据包的公钥：secp192k1，25 或 49 字节。
	OICQ Hex `yaml:"oicq"`
	// Public key of the key exchange: P-256, 33 or 65 bytes.
	// 密钥交换的公钥：P-256，33 或 65 字节。
	Exchange Hex `yaml:"exchange"`
	// Key of the key exchange's check sum: AES, 32 bytes.
	// 密钥交换校验值的密钥：AES，32 字节。
	Verify Hex `yaml:"verify"`
}

// SandboxServer is a running `libration sandbox`.
type SandboxServer struct {
	// What `libration sandbox` prints: `http://127.0.0.1:PORT`. Addresses and keys are read from there.
	// `libration sandbox` 显示的地址：`http://127.0.0.1:端口`。地址和密钥从中读取。
	Control string `yaml:"control"`
}

// Signer is the signing service.
type Signer struct {
	// Such as `https://signer.example/api/sign`; the first that works is asked. One that fails is left alone for a while ([rules](session.md#signers)).
	// 如 `https://signer.example/api/sign`；使用第一个可用的。出错的会暂停使用一段时间（[规则](session.zh-CN.md#签名服务)）。
	URLs []string `yaml:"urls"`
	// How it is asked: `auto`, `lagrange` or `sec-sign`. `lagrange` sends `cmd`, `seq` and `src`, `sec-sign` sends `command`, `seq`, `body` and more; `auto` is `sec-sign` for URLs that end so, else `lagrange`.
	// 请求方式：`auto`、`lagrange` 或 `sec-sign`。`lagrange` 发送 `cmd`、`seq` 和 `src`，`sec-sign` 发送 `command`、`seq`、`body` 等；`auto`：以 `sec-sign` 结尾的网址用后者，其余用前者。
	Style SignStyle `yaml:"style"`
	// Sent as `Authorization: Bearer`.
	// 以 `Authorization: Bearer` 发送。
	Token string `yaml:"token" secret:"true"`
	// How long one address may take, 100 ms to 5 min. A signature may take 12 s altogether.
	// 单个地址的超时，100 毫秒到 5 分钟。一次签名总共最多 12 秒。
	Timeout Duration `yaml:"timeout"`
	// Which commands are signed: `default`, or `long` for the list of newer clients.
	// 需要签名的命令：`default`，或较新客户端的完整列表 `long`。
	Commands SignCommands `yaml:"commands"`
}

// Send bounds how fast messages are sent. The default figures are ours: the
// service's own limits are not known.
type Send struct {
	// Whether there is a limit, whichever bot sends.
	// 是否限制，对所有机器人合计。
	Limit bool `yaml:"limit"`
	// All messages of an account together.
	// 账号的所有消息合计。
	Account SendRate `yaml:"account"`
	// Those of each group or friend.
	// 每个群或好友。
	Chat SendRate `yaml:"chat"`
	// What would wait longer fails at once, with `RATE_LIMITED`. 100 ms to 5 min.
	// 需要等待更久的消息立即失败，返回 `RATE_LIMITED`。100 毫秒到 5 分钟。
	MaxWait Duration `yaml:"max_wait"`
}

// SendRate is an average with bursts.
type SendRate struct {
	// Messages a minute on average; 0: no limit.
	// 平均每分钟条数；0 表示不限制。
	PerMinute uint64 `yaml:"per_minute"`
	// How many at once, after a pause.
	// 空闲之后可以连续发送的条数。
	Burst uint64 `yaml:"burst"`
}

// OneBot is the OneBot v11 service.
type OneBot struct {
	// Form of messages in events: `array` of segments, or `string` with CQ codes.
	// 事件中消息的格式：`array` 或 `string`（CQ 码）。
	Format MessageFormat `yaml:"format"`
	// Whether the account's own messages are events too (`message_sent`).
	// 是否上报账号自己发送的消息（`message_sent`）。
	ReportSelf bool `yaml:"report_self"`
	// Interval of heartbeat events; `0` turns them off. At least `1s`.
	// 心跳事件的间隔；`0` 表示关闭。至少 `1s`。
	Heartbeat Duration `yaml:"heartbeat"`
	// `when-online`, or `at-once` to open before the account is online. Until then `at-once` answers that it is offline.
	// `when-online`；`at-once` 表示账号上线之前就打开。在此之前会应答账号不在线。
	Start StartMode `yaml:"start"`
	// What becomes of messages with more than 10,000 bytes of text: `error` or `forward`. `error` refuses them with `TEXT_TOO_LONG`, `forward` sends each as a forward with one message of the account.
	// 文本超过 10,000 字节的消息如何处理：`error` 或 `forward`。`error` 返回 `TEXT_TOO_LONG`；`forward` 以合并转发发送，其中只有账号自己的一条消息。
	LongText LongText `yaml:"long_text"`
	// Whose events bots get where services write one fact as different events: `lagrange`, `napcat` or `both`. Lagrange has `reaction` and `group_name_change`, NapCat has `group_msg_emoji_like` and `notify` / `group_name`; with `both` each such fact comes as two events.
	// 同一件事在不同实现中事件不同时，机器人收到哪一种：`lagrange`、`napcat` 或 `both`。Lagrange 为 `reaction` 和 `group_name_change`，NapCat 为 `group_msg_emoji_like` 和 `notify` / `group_name`；`both` 表示每件事上报两个事件。
	Flavour Flavour `yaml:"flavour"`
	// Makes and signs the cards of `music` segments; `""`: they cannot be sent. A URL such as `https://signer.example/music`. The real service shows no cards without a signature. None is built in: enter one that you trust, it sees what is shared. In mode `sandbox`, `""` is the sandbox's.
	// 为 `music` 消息段生成并签名卡片的服务；`""` 表示不能发送。填写网址，如 `https://signer.example/music`。真实服务不显示没有签名的卡片。本程序不内置任何此类服务：请填写您信任的地址，它能看到分享的内容。`sandbox` 模式下 `""` 表示使用沙盒的服务。
	MusicSignURL string `yaml:"music_sign_url"`
	// The ways for bots to connect. Callers and bots send the access_token. `config init` draws one; another one should be as random. Any address but 127.0.0.1 needs one of 16 characters or more. See [Connections](#connections).
	// 机器人的连接方式。机器人和其他调用者须提供 access_token。`config init` 会随机生成，如需更换，请同样使用随机值。除 127.0.0.1 外的地址必须设置，且不少于 16 个字符。见[连接](#连接)。
	Connections []Connection `yaml:"connections"`
}

// Connection is one way for bots to connect. Which fields apply depends on Type;
// format, report_self, heartbeat and start override those of OneBot.
type Connection struct {
	// `http` (bots call actions here, and may get events), `websocket` (bots connect here), `reverse-websocket` (connects to the bot) or `webhook` (posts events to the bot).
	// `http`（机器人在此调用动作，也可获取事件）、`websocket`（正向：机器人连接到此）、`reverse-websocket`（反向：主动连接机器人）或 `webhook`（以 HTTP POST 上报事件）。
	Type ConnectionType `yaml:"type"`
	// Names of the accounts that it belongs to; none: all.
	// 所属账号的名称；不填表示全部。
	Accounts []string `yaml:"accounts"`
	// `host:port` to listen on, or `unix:/path` for a Unix socket. Anything but a loopback address or a socket needs `access_token`. See [Unix sockets](onebot.md#unix-sockets).
	// 监听的 `host:port`，或 Unix 套接字 `unix:/路径`。监听本机回环和套接字以外的地址必须设置 `access_token`。见 [Unix 套接字](onebot.zh-CN.md#unix-套接字)。
	Address string `yaml:"address" for:"http websocket"`
	// Certificates, as PEM files. See [TLS](onebot.md#tls).
	// 证书，PEM 文件。见 [TLS](onebot.zh-CN.md#tls)。
	TLS ConnectionTLS `yaml:"tls" for:"http websocket reverse-websocket webhook"`
	// The bot's address. Of a `reverse-websocket`: for actions and events, `ws://`, `wss://` or `ws+unix://`. Of a `webhook`: where events are posted to, `http://`, `https://` or `http+unix://`.
	// 机器人的地址。`reverse-websocket`：动作和事件共用，`ws://`、`wss://` 或 `ws+unix://`。`webhook`：上报事件的地址，`http://`、`https://` 或 `http+unix://`。
	URL string `yaml:"url" for:"reverse-websocket webhook"`
	// Instead of url: a connection for actions alone.
	// 代替 url：动作单独使用的连接。
	APIURL string `yaml:"api_url" for:"reverse-websocket"`
	// Instead of url: a connection for events alone.
	// 代替 url：事件单独使用的连接。
	EventURL string `yaml:"event_url" for:"reverse-websocket"`
	// What both sides must know. See [Tokens](#tokens).
	// 双方约定的令牌。见[令牌](#令牌)。
	AccessToken string `yaml:"access_token" secret:"true" for:"http websocket reverse-websocket"`
	// Signs what is posted, in `X-Signature`; `""` for no signature.
	// 签名密钥，签名在 `X-Signature` 中；`""` 表示不签名。
	Secret string `yaml:"secret" secret:"true" for:"webhook"`
	// How long the bot may take to answer, 100 ms to 5 min. Default `10s`.
	// 等待机器人响应的时间，100 毫秒到 5 分钟。默认 `10s`。
	Timeout Duration `yaml:"timeout" for:"webhook"`
	// Pause before the next try. Default `3s`; it grows to five times that.
	// 重试间隔。默认 `3s`，逐渐增加到它的五倍。
	Reconnect Duration `yaml:"reconnect" for:"reverse-websocket webhook"`
	// Accept any certificate of a `wss://` or `https://` bot.
	// 接受 `wss://`、`https://` 机器人的任何证书。
	SkipTLSVerify bool `yaml:"skip_tls_verify" for:"reverse-websocket webhook"`
	// Web pages that may call it, such as `https://example.com`. `*` needs a token.
	// 允许调用的网页来源，例如 `https://example.com`。`*` 必须同时设置令牌。
	CORS []string `yaml:"cors" for:"http"`
	// Overrides onebot.format.
	// 覆盖 onebot.format。
	Format MessageFormat `yaml:"format" for:"http websocket reverse-websocket webhook"`
	// Overrides onebot.report_self.
	// 覆盖 onebot.report_self。
	ReportSelf *bool `yaml:"report_self" for:"http websocket reverse-websocket webhook"`
	// Overrides onebot.heartbeat.
	// 覆盖 onebot.heartbeat。
	Heartbeat *Duration `yaml:"heartbeat" for:"http websocket reverse-websocket webhook"`
	// A bot that was away gets missed events up to this age; `0`: none. 1 s to 168 h; default `10m`, for `http` and `websocket` `0`. See [Missed events](onebot.md#missed-events).
	// 机器人离线期间的事件保留多久补发；`0` 表示不补发。1 秒到 168 小时；默认 `10m`，`http` 和 `websocket` 为 `0`。见[错过的事件](onebot.zh-CN.md#错过的事件)。
	Journal *Duration `yaml:"journal" for:"http websocket reverse-websocket webhook"`
	// At most so many missed events, the newest. Default 1000. See [What is promised](onebot.md#what-is-promised).
	// 最多补发的事件数，取最新的。默认 1000。见[保证的内容](onebot.zh-CN.md#保证的内容)。
	JournalLimit uint64 `yaml:"journal_limit" for:"http websocket reverse-websocket webhook"`
	// Path of an event filter, a JSON file in go-cqhttp's language: what does not pass is not sent. `""` for none. See [Event filters](onebot.md#event-filters).
	// 事件过滤器的路径，使用 go-cqhttp 语法的 JSON 文件：不通过的事件不上报。`""` 表示不过滤。见[事件过滤器](onebot.zh-CN.md#事件过滤器)。
	Filter string `yaml:"filter" for:"http websocket reverse-websocket webhook"`
	// How many events wait for the action `get_updates`, up to 1000000; `0`: none, and the action fails. See [Long polling](onebot.md#long-polling).
	// 为动作 `get_updates` 保留的事件数，最多 1000000；`0` 表示不保留，该动作失败。见[长轮询](onebot.zh-CN.md#长轮询)。
	PollQueue uint64 `yaml:"poll_queue" for:"http"`
	// Overrides onebot.start.
	// 覆盖 onebot.start。
	Start StartMode `yaml:"start"`
}

// ConnectionTLS names PEM files. They are read again when they change.
type ConnectionTLS struct {
	// PEM file with the certificate, the own one first. `http` and `websocket` speak `https://` and `wss://` with it, and nothing else. To a bot it is what the service proves itself by.
	// 证书的 PEM 文件，自己的证书在最前。`http` 和 `websocket` 设置后只使用 `https://` 和 `wss://`。连接机器人时用于证明自己的身份。
	Certificate string `yaml:"certificate" for:"http websocket reverse-websocket webhook"`
	// PEM file with its key, without a pass phrase.
	// 该证书的密钥的 PEM 文件，不能用口令加密。
	Key string `yaml:"key" for:"http websocket reverse-websocket webhook"`
	// PEM file with authorities that the bot's certificate may be of, beside those of the system.
	// 机器人的证书颁发机构的 PEM 文件，与系统信任的一并使用。
	CA string `yaml:"ca" for:"reverse-websocket webhook"`
}

// Files are the files that it names.
func (t *ConnectionTLS) Files() tlsfiles.Files {
	return tlsfiles.Files{Certificate: t.Certificate, Key: t.Key, CA: t.CA}
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
	DefaultJournal        = Duration(10 * time.Minute) // not of listeners: their clients ask for it
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
		Cache:   Cache{Members: 128 << 20},
		Account: Account{Protocol: ProtocolLinux},
		Server:  Server{Mode: ModeReal},
		Signer:  Signer{Style: SignAuto, Timeout: Duration(8 * time.Second), Commands: SignDefault},
		Send: Send{
			Limit: true, MaxWait: Duration(10 * time.Second),
			Account: SendRate{PerMinute: 600, Burst: 20}, Chat: SendRate{PerMinute: 120, Burst: 10},
		},
		OneBot: OneBot{Format: FormatArray, Heartbeat: Duration(5 * time.Second), Start: StartWhenOnline, LongText: LongTextError, Flavour: FlavourLagrange},
		Media: Media{
			CacheSize: 1 << 30, Timeout: Duration(time.Minute),
			Limits:  MediaLimits{Image: 30 << 20, Video: 100 << 20, File: 4 << 30, Voice: Duration(5 * time.Minute)},
			Uploads: MediaUploads{MaxSize: 2 << 30, MaxTotal: 4 << 30, Keep: Duration(time.Hour)},
		},
		Admin:   Admin{Address: "127.0.0.1:5780"},
		Notices: Notices{After: Duration(time.Minute)},
	}
}

// Resolved returns the connections with everything they inherit or leave out
// filled in: ReportSelf, Heartbeat and Journal are never nil. They no longer say whose they
// are.
func (o *OneBot) Resolved() []Connection {
	all := make([]Connection, len(o.Connections))
	for i, c := range o.Connections {
		c.Accounts = nil
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

// Listens tells whether bots connect to it, and not it to a bot.
func (c *Connection) Listens() bool { return c.Type == HTTP || c.Type == WebSocket }

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
		socket, plain, unix := network.UnixURL(text)
		if unix {
			text = plain
		}
		if u, err := url.Parse(text); err == nil {
			u.User, u.RawQuery, u.ForceQuery, u.Fragment = nil, "", false, ""
			if where = u.String(); unix {
				where = "unix:" + socket + ":" + u.Path
			}
		}
	}
	return string(c.Type) + " " + where
}

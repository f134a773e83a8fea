package fault

import (
	"slices"
	"strings"
	"time"

	"libration/internal/text"
)

// Name names a kind of fault.
type Name string

// The faults that can be switched on. Kinds describes them.
const (
	RefuseConnection   Name = "refuse-connection"
	Dead               Name = "dead"
	Close              Name = "close"
	CloseAfter         Name = "close-after"
	Reset              Name = "reset"
	CutFrame           Name = "cut-frame"
	Corrupt            Name = "corrupt"
	BreakFraming       Name = "break-framing"
	Delay              Name = "delay"
	Mute               Name = "mute"
	Ignore             Name = "ignore"
	NoHeartbeat        Name = "no-heartbeat"
	Code               Name = "code"
	RefuseExchange     Name = "refuse-exchange"
	RefuseEasyLogin    Name = "refuse-easy-login"
	UnusualDevice      Name = "unusual-device"
	Captcha            Name = "captcha"
	NewDevice          Name = "new-device"
	RefuseRegister     Name = "refuse-register"
	Expire             Name = "expire"
	ExpireUnsequenced  Name = "expire-unsequenced"
	Kick               Name = "kick"
	UnknownPush        Name = "unknown-push"
	DropPush           Name = "drop-push"
	DuplicatePush      Name = "duplicate-push"
	ReorderPush        Name = "reorder-push"
	SignerSlow         Name = "signer-slow"
	SignerFail         Name = "signer-fail"
	SignerDown         Name = "signer-down"
	SignerWrong        Name = "signer-wrong"
	SignerWrongVersion Name = "signer-wrong-version"
	TimeSkew           Name = "time-skew"
	UploadReset        Name = "upload-reset"
	UploadWrongHash    Name = "upload-wrong-hash"
	UploadSlow         Name = "upload-slow"
	UploadSilent       Name = "upload-silent"
	UploadExpired      Name = "upload-expired"
	UploadCloseAfter   Name = "upload-close-after"
	UploadRefused      Name = "upload-refused"
	UploadMissing      Name = "upload-missing"
	DownloadCut        Name = "download-cut"
)

// Point is where a fault can strike. Points are bits and can be combined.
type Point uint16

// The points.
const (
	AtConnect   Point = 1 << iota
	AtRequest         // a request, before it is done
	AtResend          // a request that was answered already
	AtPush            // a push, before it is queued
	AtFrame           // a packet, when it is written
	AtSign            // a request to the sign provider
	AtClock           // whenever the service looks at its clock
	AtBlock           // a block of an upload
	AtLastBlock       // the last block of a picture or a file
	AtReserve         // a file whose upload is reserved
	AtDownload        // a picture, file and so on that is downloaded
)

// Kind describes the faults of one name: the command line, the control API,
// the page and the guide show the same.
type Kind struct {
	Name Name `json:"name"`
	// Doc says in one line what happens when it strikes.
	Doc text.Text `json:"-"`
	// Params are the names of the parameters it takes, see Params.
	Params []string `json:"params"`
	// On is what it strikes when the parameter "on" is not given, or is not one of
	// its parameters; "" where there is no command.
	On string `json:"on,omitempty"`

	at      Point
	session bool // only requests of a session
	delay   time.Duration
	code    int64
	offset  time.Duration
}

// Param describes a parameter of faults.
type Param struct {
	Name string    `json:"name"`
	Doc  text.Text `json:"-"`

	set  func(*Fault, string) error
	text func(*Fault) string // "" for the default
}

// Stage names a stage of a session: the parameter "on" takes it in place of the
// commands that belong to it.
type Stage struct {
	Name     string   `json:"name"`
	Commands []string `json:"commands"`
}

// The parameters that faults have in common: how often, and where.
const (
	often = "count skip probability seed for"
	where = "on uin " + often
)

// transport is where faults strike that do not depend on what a request does.
const transport = AtRequest | AtResend

// Kinds returns every kind of fault, in the order of the guide.
func Kinds() []Kind {
	kinds := []Kind{
		{Name: RefuseConnection, at: AtConnect, Doc: text.T("new connections are reset at once", "新连接立即被重置")},
		{Name: Dead, at: transport | AtPush, On: "any", Doc: text.T("the connection stays open, but from then on nothing on it is done, answered or pushed", "连接保持打开，但此后其上的一切都不处理、不应答、不推送")},
		{Name: Close, at: transport, On: "any", Doc: text.T("closes the connection when the request comes, which is not done", "收到请求时关闭连接，请求不执行")},
		{Name: CloseAfter, at: transport, On: "any", Doc: text.T("closes the connection when the answer has been sent", "发出应答后关闭连接")},
		{Name: Reset, at: transport, On: "any", Doc: text.T("resets the connection when the request comes, which is not done", "收到请求时重置连接，请求不执行")},
		{Name: CutFrame, at: AtFrame, On: "any", Doc: text.T("closes the connection in the middle of a packet to the client", "发给客户端的数据包写到一半时关闭连接")},
		{Name: Corrupt, at: AtFrame, On: "any", Doc: text.T("a packet to the client does not decrypt", "发给客户端的数据包无法解密")},
		{Name: BreakFraming, at: AtFrame, On: "any", Doc: text.T("a packet to the client has an impossible length", "发给客户端的数据包长度不可能成立")},
		{Name: Delay, at: transport, On: "any", delay: 5 * time.Second, Doc: text.T("answers late; later answers overtake it", "延迟应答，之后的应答会先到")},
		{Name: Mute, at: transport, On: "any", Doc: text.T("the request is done, but not answered", "请求已执行，但没有应答")},
		{Name: Ignore, at: transport, On: "any", Doc: text.T("the request is lost: neither done nor answered", "请求丢失：既不执行也不应答")},
		{Name: NoHeartbeat, at: transport, On: "heartbeats", Doc: text.T("heartbeats are not answered", "心跳没有应答")},
		{Name: Code, at: AtRequest, On: "any", code: -1, Doc: text.T("answers with a return code; the request is not done", "以返回码应答，请求不执行")},
		{Name: RefuseExchange, at: AtRequest, On: "key-exchange", Doc: text.T(`refuses the key exchange: "verification failed"`, "拒绝密钥交换（verification failed）")},
		{Name: RefuseEasyLogin, at: AtRequest, On: "easy-login", code: 140022015, Doc: text.T("refuses the easy login with a code of the login", "以登录错误码拒绝 EasyLogin")},
		{Name: UnusualDevice, at: AtRequest, On: "easy-login", Doc: text.T("the easy login asks for a confirmation of an unusual device", "EasyLogin 要求确认异常设备")},
		{Name: Captcha, at: AtRequest, On: "password", Doc: text.T("the password login asks for a captcha, unless it brings a solved one", "密码登录要求验证码，除非已带上答案")},
		{Name: NewDevice, at: AtRequest, On: "password", Doc: text.T("the password login asks for the verification of a new device", "密码登录要求验证新设备")},
		{Name: RefuseRegister, at: AtRequest, On: "register", Doc: text.T(`refuses the registration: "register fail"`, "拒绝注册（register fail）")},
		{Name: Expire, at: AtRequest, On: "any", session: true, Doc: text.T("the session has expired: code -10001 with the sequence of the request", "会话已过期：返回码 -10001，带请求的序号")},
		{Name: ExpireUnsequenced, at: AtRequest, On: "any", session: true, Doc: text.T("the session is not known any more: code -10001 without a sequence", "会话已不存在：返回码 -10001，不带序号")},
		{Name: Kick, at: AtRequest, On: "any", session: true, Doc: text.T("the session is kicked instead of an answer", "会话被踢下线，代替应答")},
		{Name: UnknownPush, at: AtRequest, On: "any", session: true, Doc: text.T("six pushes that no client knows follow the answer", "应答之后推送六个任何客户端都不认识的包")},
		{Name: DropPush, at: AtPush, On: "push", Doc: text.T("a push is lost", "推送丢失")},
		{Name: DuplicatePush, at: AtPush, On: "push", Doc: text.T("a push is sent twice", "推送发送两次")},
		{Name: ReorderPush, at: AtPush, On: "push", delay: time.Second, Doc: text.T("a push is sent after the next one, or after the delay when none comes", "推送排到下一个之后；没有下一个时，延迟后发送")},
		{Name: SignerSlow, at: AtSign, On: "any", delay: 5 * time.Second, Doc: text.T("the signer answers late", "签名服务延迟应答")},
		{Name: SignerFail, at: AtSign, On: "any", code: 500, Doc: text.T("the signer answers with an HTTP status", "签名服务返回 HTTP 状态码")},
		{Name: SignerDown, at: AtSign, On: "any", Doc: text.T("the signer closes the connection without an answer", "签名服务不应答便断开连接")},
		{Name: SignerWrong, at: AtSign, On: "any", Doc: text.T("the signer gives wrong signatures", "签名服务给出错误的签名")},
		{Name: SignerWrongVersion, at: AtSign, On: "any", Doc: text.T("the signer signs, and gives app info, for another version", "签名服务的版本与客户端不符")},
		{Name: UploadReset, at: AtBlock, On: "upload", Doc: text.T("resets the connection in the middle of a block of an upload", "上传的数据块传到一半时重置连接")},
		{Name: UploadWrongHash, at: AtBlock, On: "upload", Doc: text.T("answers that a block came damaged: it is not taken", "应答数据块已损坏，不予接收")},
		{Name: UploadSlow, at: AtBlock, On: "upload", delay: 5 * time.Second, Doc: text.T("answers a block late", "延迟应答数据块")},
		{Name: UploadSilent, at: AtBlock, On: "upload", Doc: text.T("a block is lost: neither taken nor answered", "数据块丢失：既不接收也不应答")},
		{Name: UploadExpired, at: AtBlock, On: "upload", Doc: text.T("the ticket of a block has expired; uploads need a new one", "数据块的票据已过期，上传需要新的票据")},
		{Name: UploadCloseAfter, at: AtBlock, On: "upload", Doc: text.T("closes the connection when a block has been answered", "应答数据块后关闭连接")},
		{Name: UploadRefused, at: AtLastBlock, On: "upload", Doc: text.T("refuses a picture or a file with its last block: code 83/198, of a group's file 102902, of a private one 210005", "在最后一块拒绝图片或文件：代码 83/198，群文件为 102902，私聊文件为 210005")},
		{Name: UploadMissing, at: AtReserve, On: "upload", Doc: text.T("says that it has a file which it does not have", "声称已有文件，实际没有")},
		{Name: DownloadCut, at: AtDownload, Doc: text.T("breaks the connection in the middle of what is downloaded", "下载到一半时断开连接")},
		{Name: TimeSkew, at: AtClock, offset: time.Hour, Doc: text.T("the server's clock is off", "服务器时钟不准")},
	}
	for i := range kinds {
		kinds[i].Params = kinds[i].params()
	}
	return kinds
}

// params derives the parameters from where the kind strikes and what it needs.
func (k *Kind) params() []string {
	list := where
	switch {
	case k.at == AtClock:
		list = "for"
	case k.at == AtConnect, k.at == AtDownload:
		list = often
	case k.at == AtSign:
		list = "on " + often
	case k.On != "any" && k.On != "push":
		list = "uin " + often // it would make no sense elsewhere
	}
	if k.delay != 0 {
		list += " delay"
	}
	if k.code != 0 {
		list += " code"
	}
	if k.offset != 0 {
		list += " offset"
	}
	return strings.Fields(list)
}

func kindOf(name Name) (Kind, bool) {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

package fault

import (
	"slices"
	"strings"
	"time"
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
)

// Point is where a fault can strike. Points are bits and can be combined.
type Point uint16

// The points.
const (
	AtConnect Point = 1 << iota
	AtRequest       // a request, before it is done
	AtResend        // a request that was answered already
	AtPush          // a push, before it is queued
	AtFrame         // a packet, when it is written
	AtSign          // a request to the sign provider
	AtClock         // whenever the service looks at its clock
	AtBlock         // a block of an upload
	AtPicture       // the last block of a picture
	AtReserve       // a file whose upload is reserved
)

// Kind describes the faults of one name: the command line, the control API,
// the page and the guide show the same.
type Kind struct {
	Name Name `json:"name"`
	// Doc says in one line what happens when it strikes.
	Doc string `json:"doc"`
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
	Name string `json:"name"`
	Doc  string `json:"doc"`

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
		{Name: RefuseConnection, at: AtConnect, Doc: "new connections are reset at once"},
		{Name: Dead, at: transport | AtPush, On: "any", Doc: "the connection stays open, but from then on nothing on it is done, answered or pushed"},
		{Name: Close, at: transport, On: "any", Doc: "closes the connection when the request comes, which is not done"},
		{Name: CloseAfter, at: transport, On: "any", Doc: "closes the connection when the answer has been sent"},
		{Name: Reset, at: transport, On: "any", Doc: "resets the connection when the request comes, which is not done"},
		{Name: CutFrame, at: AtFrame, On: "any", Doc: "closes the connection in the middle of a packet to the client"},
		{Name: Corrupt, at: AtFrame, On: "any", Doc: "a packet to the client does not decrypt"},
		{Name: BreakFraming, at: AtFrame, On: "any", Doc: "a packet to the client has an impossible length"},
		{Name: Delay, at: transport, On: "any", delay: 5 * time.Second, Doc: "answers late; later answers overtake it"},
		{Name: Mute, at: transport, On: "any", Doc: "the request is done, but not answered"},
		{Name: Ignore, at: transport, On: "any", Doc: "the request is lost: neither done nor answered"},
		{Name: NoHeartbeat, at: transport, On: "heartbeats", Doc: "heartbeats are not answered"},
		{Name: Code, at: AtRequest, On: "any", code: -1, Doc: "answers with a return code; the request is not done"},
		{Name: RefuseExchange, at: AtRequest, On: "key-exchange", Doc: `refuses the key exchange: "verification failed"`},
		{Name: RefuseEasyLogin, at: AtRequest, On: "easy-login", code: 140022015, Doc: "refuses the easy login with a code of the login"},
		{Name: UnusualDevice, at: AtRequest, On: "easy-login", Doc: "the easy login asks for a confirmation of an unusual device"},
		{Name: Captcha, at: AtRequest, On: "password", Doc: "the password login asks for a captcha, unless it brings a solved one"},
		{Name: NewDevice, at: AtRequest, On: "password", Doc: "the password login asks for the verification of a new device"},
		{Name: RefuseRegister, at: AtRequest, On: "register", Doc: `refuses the registration: "register fail"`},
		{Name: Expire, at: AtRequest, On: "any", session: true, Doc: "the session has expired: code -10001 with the sequence of the request"},
		{Name: ExpireUnsequenced, at: AtRequest, On: "any", session: true, Doc: "the session is not known any more: code -10001 without a sequence"},
		{Name: Kick, at: AtRequest, On: "any", session: true, Doc: "the session is kicked instead of an answer"},
		{Name: UnknownPush, at: AtRequest, On: "any", session: true, Doc: "six pushes that no client knows follow the answer"},
		{Name: DropPush, at: AtPush, On: "push", Doc: "a push is lost"},
		{Name: DuplicatePush, at: AtPush, On: "push", Doc: "a push is sent twice"},
		{Name: ReorderPush, at: AtPush, On: "push", delay: time.Second, Doc: "a push is sent after the next one, or after the delay when none comes"},
		{Name: SignerSlow, at: AtSign, On: "any", delay: 5 * time.Second, Doc: "the signer answers late"},
		{Name: SignerFail, at: AtSign, On: "any", code: 500, Doc: "the signer answers with an HTTP status"},
		{Name: SignerDown, at: AtSign, On: "any", Doc: "the signer closes the connection without an answer"},
		{Name: SignerWrong, at: AtSign, On: "any", Doc: "the signer gives wrong signatures"},
		{Name: SignerWrongVersion, at: AtSign, On: "any", Doc: "the signer signs, and gives app info, for another version"},
		{Name: UploadReset, at: AtBlock, On: "upload", Doc: "resets the connection in the middle of a block of an upload"},
		{Name: UploadWrongHash, at: AtBlock, On: "upload", Doc: "answers that a block came damaged: it is not taken"},
		{Name: UploadSlow, at: AtBlock, On: "upload", delay: 5 * time.Second, Doc: "answers a block late"},
		{Name: UploadSilent, at: AtBlock, On: "upload", Doc: "a block is lost: neither taken nor answered"},
		{Name: UploadExpired, at: AtBlock, On: "upload", Doc: "the ticket of a block has expired; uploads need a new one"},
		{Name: UploadCloseAfter, at: AtBlock, On: "upload", Doc: "closes the connection when a block has been answered"},
		{Name: UploadRefused, at: AtPicture, On: "upload", Doc: "refuses a picture for its content, with its last block: code 83, 198"},
		{Name: UploadMissing, at: AtReserve, On: "upload", Doc: "says that it has a file which it does not have"},
		{Name: TimeSkew, at: AtClock, offset: time.Hour, Doc: "the server's clock is off"},
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
	case k.at == AtConnect:
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

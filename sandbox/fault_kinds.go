package sandbox

import (
	"path"
	"slices"
	"strings"
	"time"

	"libration/internal/rpc"
)

// FaultName names a kind of fault.
type FaultName string

// The faults that can be switched on. FaultKinds describes them.
const (
	FaultRefuseConnection   FaultName = "refuse-connection"
	FaultDead               FaultName = "dead"
	FaultClose              FaultName = "close"
	FaultCloseAfter         FaultName = "close-after"
	FaultReset              FaultName = "reset"
	FaultCutFrame           FaultName = "cut-frame"
	FaultCorrupt            FaultName = "corrupt"
	FaultBreakFraming       FaultName = "break-framing"
	FaultDelay              FaultName = "delay"
	FaultMute               FaultName = "mute"
	FaultIgnore             FaultName = "ignore"
	FaultNoHeartbeat        FaultName = "no-heartbeat"
	FaultCode               FaultName = "code"
	FaultRefuseExchange     FaultName = "refuse-exchange"
	FaultRefuseEasyLogin    FaultName = "refuse-easy-login"
	FaultUnusualDevice      FaultName = "unusual-device"
	FaultCaptcha            FaultName = "captcha"
	FaultNewDevice          FaultName = "new-device"
	FaultRefuseRegister     FaultName = "refuse-register"
	FaultExpire             FaultName = "expire"
	FaultExpireUnsequenced  FaultName = "expire-unsequenced"
	FaultKick               FaultName = "kick"
	FaultUnknownPush        FaultName = "unknown-push"
	FaultDropPush           FaultName = "drop-push"
	FaultDuplicatePush      FaultName = "duplicate-push"
	FaultReorderPush        FaultName = "reorder-push"
	FaultSignerSlow         FaultName = "signer-slow"
	FaultSignerFail         FaultName = "signer-fail"
	FaultSignerDown         FaultName = "signer-down"
	FaultSignerWrong        FaultName = "signer-wrong"
	FaultSignerWrongVersion FaultName = "signer-wrong-version"
	FaultTimeSkew           FaultName = "time-skew"
)

// point is where a fault can strike; points are bits.
type point uint8

const (
	atConnect point = 1 << iota
	atRequest       // a request, before it is done
	atResend        // a request that was answered already
	atPush          // a push, before it is queued
	atFrame         // a packet, when it is written
	atSign          // a request to the sign provider
	atClock         // whenever the service looks at its clock
)

// FaultKind describes the faults of one name: the command line, the control API,
// the page and the guide show the same.
type FaultKind struct {
	Name FaultName `json:"name"`
	// Doc says in one line what happens when it strikes.
	Doc string `json:"doc"`
	// Params are the names of the parameters it takes, see FaultParams.
	Params []string `json:"params"`
	// On is what it strikes when the parameter "on" is not given, or is not one of
	// its parameters; "" where there is no command.
	On string `json:"on,omitempty"`

	at      point
	session bool // only requests of a session
	delay   time.Duration
	code    int64
	offset  time.Duration
}

// FaultParam describes a parameter of faults.
type FaultParam struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`

	set  func(*Fault, string) error
	text func(*Fault) string // "" for the default
}

// FaultStage is a stage of a session by the commands that belong to it.
type FaultStage struct {
	Name     string   `json:"name"`
	Commands []string `json:"commands"`
}

// The parameters that faults have in common: how often, and where.
const (
	often = "count skip probability seed for"
	where = "on uin " + often
)

// transport is where faults strike that do not depend on what a request does.
const transport = atRequest | atResend

// FaultKinds returns every kind of fault, in the order of the guide.
func FaultKinds() []FaultKind {
	kinds := []FaultKind{
		{Name: FaultRefuseConnection, at: atConnect, Doc: "new connections are reset at once"},
		{Name: FaultDead, at: transport | atPush, On: "any", Doc: "the connection stays open, but from then on nothing on it is done, answered or pushed"},
		{Name: FaultClose, at: transport, On: "any", Doc: "closes the connection when the request comes, which is not done"},
		{Name: FaultCloseAfter, at: transport, On: "any", Doc: "closes the connection when the answer has been sent"},
		{Name: FaultReset, at: transport, On: "any", Doc: "resets the connection when the request comes, which is not done"},
		{Name: FaultCutFrame, at: atFrame, On: "any", Doc: "closes the connection in the middle of a packet to the client"},
		{Name: FaultCorrupt, at: atFrame, On: "any", Doc: "a packet to the client does not decrypt"},
		{Name: FaultBreakFraming, at: atFrame, On: "any", Doc: "a packet to the client has an impossible length"},
		{Name: FaultDelay, at: transport, On: "any", delay: 5 * time.Second, Doc: "answers late; later answers overtake it"},
		{Name: FaultMute, at: transport, On: "any", Doc: "the request is done, but not answered"},
		{Name: FaultIgnore, at: transport, On: "any", Doc: "the request is lost: neither done nor answered"},
		{Name: FaultNoHeartbeat, at: transport, On: "heartbeats", Doc: "heartbeats are not answered"},
		{Name: FaultCode, at: atRequest, On: "any", code: int64(codeFailed), Doc: "answers with a return code; the request is not done"},
		{Name: FaultRefuseExchange, at: atRequest, On: "key-exchange", Doc: `refuses the key exchange: "verification failed"`},
		{Name: FaultRefuseEasyLogin, at: atRequest, On: "easy-login", code: int64(ntTicketRevoked), Doc: "refuses the easy login with a code of the login"},
		{Name: FaultUnusualDevice, at: atRequest, On: "easy-login", Doc: "the easy login asks for a confirmation of an unusual device"},
		{Name: FaultCaptcha, at: atRequest, On: "password", Doc: "the password login asks for a captcha, unless it brings a solved one"},
		{Name: FaultNewDevice, at: atRequest, On: "password", Doc: "the password login asks for the verification of a new device"},
		{Name: FaultRefuseRegister, at: atRequest, On: "register", Doc: `refuses the registration: "register fail"`},
		{Name: FaultExpire, at: atRequest, On: "any", session: true, Doc: "the session has expired: code -10001 with the sequence of the request"},
		{Name: FaultExpireUnsequenced, at: atRequest, On: "any", session: true, Doc: "the session is not known any more: code -10001 without a sequence"},
		{Name: FaultKick, at: atRequest, On: "any", session: true, Doc: "the session is kicked instead of an answer"},
		{Name: FaultUnknownPush, at: atRequest, On: "any", session: true, Doc: "six pushes that no client knows follow the answer"},
		{Name: FaultDropPush, at: atPush, On: "push", Doc: "a push is lost"},
		{Name: FaultDuplicatePush, at: atPush, On: "push", Doc: "a push is sent twice"},
		{Name: FaultReorderPush, at: atPush, On: "push", delay: time.Second, Doc: "a push is sent after the next one, or after the delay when none comes"},
		{Name: FaultSignerSlow, at: atSign, On: "any", delay: 5 * time.Second, Doc: "the signer answers late"},
		{Name: FaultSignerFail, at: atSign, On: "any", code: 500, Doc: "the signer answers with an HTTP status"},
		{Name: FaultSignerDown, at: atSign, On: "any", Doc: "the signer closes the connection without an answer"},
		{Name: FaultSignerWrong, at: atSign, On: "any", Doc: "the signer gives wrong signatures"},
		{Name: FaultSignerWrongVersion, at: atSign, On: "any", Doc: "the signer signs, and gives app info, for another version"},
		{Name: FaultTimeSkew, at: atClock, offset: time.Hour, Doc: "the server's clock is off"},
	}
	for i := range kinds {
		kinds[i].Params = kinds[i].params()
	}
	return kinds
}

// params derives the parameters from where the kind strikes and what it needs.
func (k *FaultKind) params() []string {
	list := where
	switch {
	case k.at == atClock:
		list = "for"
	case k.at == atConnect:
		list = often
	case k.at == atSign:
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

func kindOf(name FaultName) (FaultKind, bool) {
	kinds := FaultKinds()
	i := slices.IndexFunc(kinds, func(k FaultKind) bool { return k.Name == name })
	if i < 0 {
		return FaultKind{}, false
	}
	return kinds[i], true
}

// FaultStages returns the names that the parameter "on" takes besides commands.
func FaultStages() []FaultStage {
	return []FaultStage{
		{"any", []string{"*"}},
		{"qr", []string{rpc.WtloginTransEmp}},
		{"login", []string{rpc.WtloginLogin}},
		{"key-exchange", []string{rpc.KeyExchange}},
		{"easy-login", []string{rpc.NTLoginEasyLogin}},
		{"unusual-login", []string{rpc.NTLoginEasyLoginUnusual}},
		{"password", []string{rpc.NTLoginPasswordLogin}},
		{"register", []string{rpc.Register.Name, rpc.InfoSync.Name}},
		{"unregister", []string{rpc.UnRegister.Name}},
		{"alive", []string{rpc.HeartbeatAlive}},
		{"heartbeat", []string{rpc.Heartbeat.Name}},
		{"heartbeats", []string{rpc.HeartbeatAlive, rpc.Heartbeat.Name}},
		{"time", []string{rpc.CorrectTime}},
		{"send", []string{rpc.SendMessage.Name}},
		{"history", []string{rpc.GroupHistory.Name, rpc.FriendHistory.Name, rpc.RoamHistory.Name, rpc.PeerSequence.Name}},
		{"contacts", []string{rpc.FriendList.Name, rpc.GroupList.Name, rpc.GroupMembers.Name, rpc.UserByUID.Name}},
		{"push", []string{rpc.PushMessage}},
		{"kick-push", []string{rpc.PushKick}},
		{"sync-push", []string{rpc.PushInfoSync}},
	}
}

// patternsOf returns the patterns that a value of "on" stands for, in lower case.
func patternsOf(on string) ([]string, error) {
	patterns := []string{on}
	for _, stage := range FaultStages() {
		if stage.Name == on {
			patterns = stage.Commands
		}
	}
	for i, p := range patterns {
		patterns[i] = strings.ToLower(p)
		if _, err := path.Match(patterns[i], ""); err != nil {
			return nil, err
		}
	}
	return patterns, nil
}

package session

import (
	"context"
	"crypto/md5"
	"errors"
	"log/slog"
	"net"
	"time"

	"libration/internal/network"
	"libration/internal/text"
	"libration/ntqq/clock"
	"libration/ntqq/message"
	"libration/ntqq/session/identity"
	"libration/ntqq/session/signer"
)

// Options configure a Session. The zero value is a session with the real service that
// claims to be the Linux version, forgets its tickets at the end and logs in by QR code,
// unsigned.
type Options struct {
	// App is the client version to claim. Zero value: identity.App("linux").
	App identity.AppInfo
	// UIN is the expected account. 0: the account of the keystore or, without one, of
	// whoever scans the code.
	UIN message.UIN
	// PasswordMD5 is the MD5 of the password; [PasswordMD5] makes it. It is used when there
	// is no saved login or the server refuses it, before a QR code. It needs UIN. nil: no
	// login by password.
	PasswordMD5 identity.HexBytes
	// Keystore keeps the session. nil: an identity.MemoryKeystore.
	Keystore identity.KeystoreFile
	// Initial is used when Keystore is empty, for example an import. nil: a new device.
	Initial *identity.Keystore
	// Signer signs what the service wants signed. nil: nothing is signed.
	Signer signer.Signer
	// SignLongList signs the longer list of commands of newer clients.
	SignLongList bool
	// Servers says where the service is. Zero value: the real service.
	Servers Servers
	// FindServers is called before each connection, by the session's goroutine. What it
	// returns replaces Servers: a sandbox that is started again may have other addresses and
	// keys. An error counts as a server that cannot be reached. nil: Servers stays.
	FindServers func(context.Context) (Servers, error)
	// Taken reports whether an account is in use elsewhere in the program: a code that it
	// scans is refused. It must return quickly. nil: none is.
	Taken func(message.UIN) bool
	// MaxQRCodes bounds how many login codes are shown in a row. Then the session waits in
	// NeedsLogin. 0: 10, which is about twenty minutes.
	MaxQRCodes int
	// RefreshAfter is the age at which the session's tickets are replaced, on the living
	// connection. 0: 15 days. Negative: never.
	RefreshAfter time.Duration

	// OnPush gets each push, in the order in which the server sent them, from the goroutine
	// that reads the connection. While it runs nothing else is read: it may wait, until ctx
	// ends, and so make the server wait. It reports whether it waited: answers that came
	// meanwhile were not read, and do not count as missing. It owns body.
	OnPush func(ctx context.Context, command string, body []byte) (waited bool)
	// OnOnline is called by the session's goroutine each time the account has been
	// registered, before the state is Online. It must return quickly. ctx ends with the
	// connection; serverTime is the server's time in its answer, Unix seconds.
	OnOnline func(ctx context.Context, serverTime int64)
	// OnState gets each change of the state, in order, from the session's goroutine. It must
	// return quickly, and must not call methods but State and Self.
	OnState func(State)
	// OnCall gets each request that has ended: its command, how long it took and its error.
	// The command of those by Exchange is "packet".
	// It is called from many goroutines and must return quickly.
	OnCall func(command string, took time.Duration, err error)
	// OnFrame gets packets that were not understood, or that count for nothing because
	// nothing proves their origin, from the goroutine that reads the connection. It must
	// return quickly.
	OnFrame func(Frame)

	// Clock is corrected by the server's answers. nil: a new one.
	Clock *clock.Clock
	// Log is nil for slog.Default().
	Log *slog.Logger
	// Timing changes how patient the session is. Its zero value is right but for tests.
	Timing Timing
	// Proxy is what connections to public addresses go through: socks5://, http:// or
	// https:// with host:port, and user:password@ before them; "environment" for that of the
	// environment. It looks names up. "" or "direct": they are direct.
	Proxy string
	// Dial and Lookup replace the network, also to the proxy. nil: the system's.
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Lookup func(ctx context.Context, host string) ([]string, error)
}

// PasswordMD5 returns what Options.PasswordMD5 takes.
func PasswordMD5(password string) identity.HexBytes {
	sum := md5.Sum([]byte(password))
	return sum[:]
}

func (o *Options) setDefaults() {
	if o.App == (identity.AppInfo{}) {
		o.App, _ = identity.App("")
	}
	if o.Keystore == nil {
		o.Keystore = &identity.MemoryKeystore{}
	}
	if o.MaxQRCodes == 0 {
		o.MaxQRCodes = 10
	}
	if o.RefreshAfter == 0 {
		o.RefreshAfter = refreshAfter
	}
	if o.OnPush == nil {
		o.OnPush = func(context.Context, string, []byte) bool { return false }
	}
	if o.OnOnline == nil {
		o.OnOnline = func(context.Context, int64) {}
	}
	if o.OnState == nil {
		o.OnState = func(State) {}
	}
	if o.OnCall == nil {
		o.OnCall = func(string, time.Duration, error) {}
	}
	if o.OnFrame == nil {
		o.OnFrame = func(Frame) {}
	}
	if o.Clock == nil {
		o.Clock = clock.New(nil)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Lookup == nil {
		o.Lookup = network.Lookup
	}
	o.Servers.setDefaults()
	o.Timing.setDefaults()
}

// validate reports all problems.
func (o *Options) validate() error {
	problems := []error{o.Servers.validate()}
	if n := len(o.PasswordMD5); n != 0 && n != md5.Size {
		problems = append(problems, fieldError("PasswordMD5", text.Errorf("has %d bytes, not %d", "有 %d 字节，而不是 %d", n, md5.Size)))
	}
	if len(o.PasswordMD5) > 0 && o.UIN == 0 {
		problems = append(problems, fieldError("PasswordMD5", text.Errorf("needs UIN: the account that the password is of", "需要 UIN：密码所属的账号")))
	}
	return errors.Join(problems...)
}

func fieldError(field string, err error) error {
	return text.Errorf("session.Options.%s: %v", "session.Options.%s：%v", field, err)
}

// The defaults of Timing (docs/protocol/wire.md 9, login.md 9).
const (
	callTimeout   = 15 * time.Second
	alivePeriod   = 10 * time.Second
	aliveWait     = 5 * time.Second
	sessionPeriod = 270 * time.Second
)

// Timing holds the waits of a session that a test may want shorter, so that faults are
// over in milliseconds. A zero field has its default.
type Timing struct {
	// RetryFirst and RetryMost bound the pause before another connection. 0: 1 s and 30 s.
	RetryFirst, RetryMost time.Duration
	// QRPoll is the pause between two questions whether a login code has been scanned.
	// 0: 2 s.
	QRPoll time.Duration
	// Answer is how long the server may take for an answer. 0: 15 s.
	Answer time.Duration
	// Alive is the pause between two heartbeats of the connection. 0: 10 s. AliveAnswer is
	// how long the answer to one may take. 0: 5 s.
	Alive, AliveAnswer time.Duration
	// Session is the pause between two heartbeats of the session. 0: 270 s.
	Session time.Duration
	// SignAgain is the pause between two questions to signers that failed while the account
	// is online. 0: 10 s.
	SignAgain time.Duration
}

func (t *Timing) setDefaults() {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.RetryFirst, backoffFirst}, {&t.RetryMost, backoffMost}, {&t.QRPoll, qrPoll}, {&t.Answer, callTimeout},
		{&t.Alive, alivePeriod}, {&t.AliveAnswer, aliveWait}, {&t.Session, sessionPeriod},
		{&t.SignAgain, signAgain},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	t.RetryMost = max(t.RetryFirst, t.RetryMost)
}

package ntqq

import (
	"libration/ntqq/session"
	"libration/ntqq/session/identity"
	"libration/ntqq/session/signer"
)

// The names of the session's packages, so that most callers need only this one. Their
// documentation is in those packages.

// The account and its machine ([identity]).
type (
	// Keystore is what of a session outlives the process. It holds secrets.
	Keystore = identity.Keystore
	// KeystoreFile keeps one Keystore.
	KeystoreFile = identity.KeystoreFile
	// FileKeystore keeps it as a file, MemoryKeystore for the life of the process.
	FileKeystore   = identity.FileKeystore
	MemoryKeystore = identity.MemoryKeystore
	// Device is what the service knows a machine by.
	Device = identity.Device
	// AppInfo is the client version that a session claims to be.
	AppInfo = identity.AppInfo
	// HexBytes is written as hexadecimal digits in JSON.
	HexBytes = identity.HexBytes
	// WrongFileError reports a file of another kind than the one that was to be read.
	WrongFileError = identity.WrongFileError
	FileKind       = identity.FileKind
)

// The session ([session]).
type (
	// Self is the account itself.
	Self = session.Self
	// State is where the session is: a Stage, the Step of a login, and what a person has to
	// do.
	State  = session.State
	Stage  = session.Stage
	Step   = session.Step
	QRCode = session.QRCode
	// Prompt is what a person has to do for the session to go on.
	Prompt        = session.Prompt
	PromptKind    = session.PromptKind
	CaptchaAnswer = session.CaptchaAnswer
	// Servers says where the service is and which keys it has.
	Servers = session.Servers
	// Timing has the waits of a session.
	Timing = session.Timing
	// SignFailure says since when and why nothing can be signed.
	SignFailure = session.SignFailure
	// Unproven counts packets that nothing proves.
	Unproven = session.Unproven

	// ServerError is a refusal by the server.
	ServerError = session.ServerError
	// LoginError is a refusal of a login step.
	LoginError = session.LoginError
	// KickError says how the server ended the session.
	KickError = session.KickError
	// InFlightError leaves open whether the server carried a request out.
	InFlightError = session.InFlightError
)

// Errors of calls, and of [State]. They are wrapped with what was being done.
var (
	// ErrOffline: the account is not online. The request was not sent.
	ErrOffline = session.ErrOffline
	// ErrConnectionLost: the connection broke while a request was under way. Whether the
	// server carried it out is unknown.
	ErrConnectionLost = session.ErrConnectionLost
	// ErrTimeout: no answer came in time. Whether the server carried the request out is
	// unknown.
	ErrTimeout = session.ErrTimeout
	// ErrSessionExpired: the server no longer accepts the session's tickets.
	ErrSessionExpired = session.ErrSessionExpired
	// ErrKicked: another login, or the service, ended the session. Call [Client.Relogin] to
	// log in again.
	ErrKicked = session.ErrKicked
	// ErrNeedsLogin: no automatic way to log in is left. A person must act, then call
	// [Client.Relogin].
	ErrNeedsLogin = session.ErrNeedsLogin
	// ErrSign: no signer gave a signature. The command was not sent.
	ErrSign = session.ErrSign
	// ErrNoCaptcha: no captcha waits for an answer.
	ErrNoCaptcha = session.ErrNoCaptcha
)

// The stages of a session.
const (
	Offline      = session.Offline
	Probing      = session.Probing
	Connecting   = session.Connecting
	LoggingIn    = session.LoggingIn
	Registering  = session.Registering
	Online       = session.Online
	Reconnecting = session.Reconnecting
	Kicked       = session.Kicked
	NeedsLogin   = session.NeedsLogin
	Stopped      = session.Stopped
)

// The steps of LoggingIn.
const (
	StepKeyExchange   = session.StepKeyExchange
	StepEasyLogin     = session.StepEasyLogin
	StepUnusualDevice = session.StepUnusualDevice
	StepPassword      = session.StepPassword
	StepCaptcha       = session.StepCaptcha
	StepNewDevice     = session.StepNewDevice
	StepQR            = session.StepQR
	StepWtlogin       = session.StepWtlogin
)

// The prompts.
const (
	PromptScan          = session.PromptScan
	PromptConfirm       = session.PromptConfirm
	PromptUnusualDevice = session.PromptUnusualDevice
	PromptCaptcha       = session.PromptCaptcha
	PromptNewDevice     = session.PromptNewDevice
	PromptKicked        = session.PromptKicked
	PromptNeedsLogin    = session.PromptNeedsLogin
)

// Signatures ([signer]).
type (
	// Signer signs requests.
	Signer      = signer.Signer
	SignRequest = signer.Request
	Signature   = signer.Signature
	// HTTPSigner asks signers over HTTP.
	HTTPSigner   = signer.HTTP
	SignStyle    = signer.Style
	SignerHealth = signer.Health
	SignerState  = signer.State
)

// The styles of an HTTPSigner and the states of its signers.
const (
	SignAuto     = signer.Auto
	SignLagrange = signer.Lagrange
	SignSecSign  = signer.SecSign

	SignerOK           = signer.OK
	SignerFailing      = signer.Failing
	SignerDown         = signer.Down
	SignerWrongVersion = signer.WrongVersion
)

// The kinds of files with an identity in them.
const (
	UnknownFile          = identity.UnknownFile
	OwnKeystoreFile      = identity.OwnKeystoreFile
	LagrangeKeystoreFile = identity.LagrangeKeystoreFile
	LagrangeV2File       = identity.LagrangeV2File
	LagrangeDeviceFile   = identity.LagrangeDeviceFile
	LagrangeGoDeviceFile = identity.LagrangeGoDeviceFile
	AppInfoFile          = identity.AppInfoFile
)

// App is [identity.App].
func App(protocol string) (AppInfo, error) { return identity.App(protocol) }

// LoadApp is [identity.LoadApp].
func LoadApp(path string, base AppInfo) (AppInfo, error) { return identity.LoadApp(path, base) }

// NewDevice is [identity.NewDevice].
func NewDevice() Device { return identity.NewDevice() }

// ImportLagrange is [identity.ImportLagrange].
func ImportLagrange(keystorePath, devicePath string) (*Keystore, error) {
	return identity.ImportLagrange(keystorePath, devicePath)
}

// PasswordMD5 is [session.PasswordMD5].
func PasswordMD5(password string) HexBytes { return session.PasswordMD5(password) }

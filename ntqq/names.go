package ntqq

import (
	"libration/ntqq/session"
	"libration/ntqq/session/identity"
	"libration/ntqq/session/signer"
)

// The types of the account and its machine are documented in package identity.
type (
	// Keystore is everything of a session that outlives the process. It holds secrets:
	// never log one.
	Keystore = identity.Keystore
	// KeystoreFile keeps one Keystore.
	KeystoreFile = identity.KeystoreFile
	// FileKeystore is the path of a file that keeps the Keystore.
	FileKeystore = identity.FileKeystore
	// SealedKeystore keeps the Keystore in a file that a key seals.
	SealedKeystore = identity.SealedKeystore
	// SealKey seals keystores.
	SealKey = identity.SealKey
	// MemoryKeystore keeps the Keystore for the life of the process.
	MemoryKeystore = identity.MemoryKeystore
	// Device is what the service knows a machine by.
	Device = identity.Device
	// AppInfo names the official client version that a session claims to be.
	AppInfo = identity.AppInfo
	// HexBytes is written as hexadecimal digits in JSON.
	HexBytes = identity.HexBytes
	// WrongFileError reports a file of another kind than the one that was to be read.
	WrongFileError = identity.WrongFileError
	// FileKind says what a file is.
	FileKind = identity.FileKind
)

// The types of the session are documented in package session.
type (
	// Self is the account itself.
	Self = session.Self
	// State is where the session is, why, and what a person has to do.
	State = session.State
	// Stage is the part of a State that everything else follows.
	Stage = session.Stage
	// Step says how far a login is.
	Step = session.Step
	// QRCode is a login code that waits for a phone.
	QRCode = session.QRCode
	// Prompt is what a person has to do for the session to go on.
	Prompt = session.Prompt
	// PromptKind says which kind of a Prompt it is.
	PromptKind = session.PromptKind
	// PromptWhy says what came before a Prompt.
	PromptWhy = session.PromptWhy
	// CaptchaAnswer is a solved captcha, for [Client.Answer].
	CaptchaAnswer = session.CaptchaAnswer
	// Servers says where the service is and which public keys it has.
	Servers = session.Servers
	// Timing holds the waits of a session.
	Timing = session.Timing
	// SignFailure says since when and why nothing can be signed.
	SignFailure = session.SignFailure
	// Unproven counts packets that do not show that they come from the server.
	Unproven = session.Unproven

	// Packet is a request of one's own making, for [Client.SendPacket].
	Packet = session.Packet
	// PacketAnswer is the answer to a [Packet].
	PacketAnswer = session.Answer

	// ServerError is a refusal by the server: the request arrived and was not carried out.
	ServerError = session.ServerError
	// CaptchaError is the end of a login whose captchas were not solved. Call
	// [Client.Relogin] for a new one.
	CaptchaError = session.CaptchaError
	// LoginError is the server's refusal of a login step.
	LoginError = session.LoginError
	// KickError says how the server ended the session. It is an [ErrKicked].
	KickError = session.KickError
	// InFlightError is the end of a call of which it is unknown whether the server carried
	// it out.
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
	// ErrProxy: the proxy of the options cannot be reached, or does not take its user and
	// password.
	ErrProxy = session.ErrProxy
	// ErrNoCaptcha: no captcha waits for an answer.
	ErrNoCaptcha = session.ErrNoCaptcha
	// ErrSealed: the keystore is sealed, and no key was given.
	ErrSealed = identity.ErrSealed
	// ErrSealKey: the key is not that of the keystore, or its file was changed.
	ErrSealKey = identity.ErrSealKey
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

// What may have come before a prompt.
const (
	WhyWrongAnswer = session.WhyWrongAnswer
	WhyNoAnswer    = session.WhyNoAnswer
	WhyDeclined    = session.WhyDeclined
)

// The types of signatures are documented in package signer.
type (
	// Signer signs requests.
	Signer = signer.Signer
	// SignRequest is what a signature covers.
	SignRequest = signer.Request
	// Signature is the answer of a signer.
	Signature = signer.Signature
	// HTTPSigner asks several signers over HTTP.
	HTTPSigner = signer.HTTP
	// SignStyle is the HTTP interface of a signer.
	SignStyle = signer.Style
	// SignerHealth is what is known of one signer of an HTTPSigner.
	SignerHealth = signer.Health
	// SignerState says how one signer is.
	SignerState = signer.State
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
	SealedKeystoreFile   = identity.SealedKeystoreFile
	LagrangeKeystoreFile = identity.LagrangeKeystoreFile
	LagrangeV2File       = identity.LagrangeV2File
	LagrangeDeviceFile   = identity.LagrangeDeviceFile
	LagrangeGoDeviceFile = identity.LagrangeGoDeviceFile
	AppInfoFile          = identity.AppInfoFile
)

// App returns the built-in version for "linux" (also ""), "macos" or "windows".
func App(protocol string) (AppInfo, error) { return identity.App(protocol) }

// LoadApp reads a Lagrange appinfo.json; members that it lacks are taken from base. Errors
// are as of [identity.LoadApp].
func LoadApp(path string, base AppInfo) (AppInfo, error) { return identity.LoadApp(path, base) }

// NewSealKey returns a random key for a [SealedKeystore].
func NewSealKey() SealKey { return identity.NewSealKey() }

// ParseSealKey reads 64 hexadecimal digits, as the Text of a SealKey is.
func ParseSealKey(written string) (SealKey, error) { return identity.ParseSealKey(written) }

// IsSealed reports whether the file at path is a sealed keystore; false when there is none.
func IsSealed(path string) (bool, error) { return identity.IsSealed(path) }

// NewDevice returns a device with a random GUID.
func NewDevice() Device { return identity.NewDevice() }

// ImportLagrange makes a Keystore from the keystore.json and the device.json of
// Lagrange.OneBot V1. Either path may be empty. Errors are as of
// [identity.ImportLagrange].
func ImportLagrange(keystorePath, devicePath string) (*Keystore, error) {
	return identity.ImportLagrange(keystorePath, devicePath)
}

// PasswordMD5 returns what Options.PasswordMD5 takes.
func PasswordMD5(password string) HexBytes { return session.PasswordMD5(password) }

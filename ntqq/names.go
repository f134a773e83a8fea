package ntqq

import (
	"libration/ntqq/session"
	"libration/ntqq/session/identity"
	"libration/ntqq/session/signer"
)

// Names from package identity, so that most callers need only this package.
type (
	AppInfo        = identity.AppInfo
	Device         = identity.Device
	HexBytes       = identity.HexBytes
	Keystore       = identity.Keystore
	KeystoreFile   = identity.KeystoreFile
	FileKeystore   = identity.FileKeystore
	MemoryKeystore = identity.MemoryKeystore
	FileKind       = identity.FileKind
	WrongFileError = identity.WrongFileError
)

// Names from package session.
type (
	Self          = session.Self
	State         = session.State
	Stage         = session.Stage
	Step          = session.Step
	QRCode        = session.QRCode
	Prompt        = session.Prompt
	PromptKind    = session.PromptKind
	CaptchaAnswer = session.CaptchaAnswer
	Servers       = session.Servers
	Timing        = session.Timing
	SignFailure   = session.SignFailure
	Unproven      = session.Unproven

	ServerError   = session.ServerError
	LoginError    = session.LoginError
	KickError     = session.KickError
	InFlightError = session.InFlightError
)

// Errors of package session. They are wrapped with what was being done.
var (
	ErrOffline        = session.ErrOffline
	ErrConnectionLost = session.ErrConnectionLost
	ErrTimeout        = session.ErrTimeout
	ErrSessionExpired = session.ErrSessionExpired
	ErrKicked         = session.ErrKicked
	ErrNeedsLogin     = session.ErrNeedsLogin
	ErrSign           = session.ErrSign
	ErrNoCaptcha      = session.ErrNoCaptcha
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

// Names from package signer.
type (
	Signer       = signer.Signer
	SignRequest  = signer.Request
	Signature    = signer.Signature
	HTTPSigner   = signer.HTTP
	SignStyle    = signer.Style
	SignerState  = signer.State
	SignerHealth = signer.Health
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

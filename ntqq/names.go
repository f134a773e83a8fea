package ntqq

import (
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

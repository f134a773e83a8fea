// Package crypto is the cryptography of the protocol: QQ-TEA, key agreement on
// secp192k1 and P-256, and AES-GCM sealing (docs/protocol/wire.md 6 and 7).
//
// It knows no packet layout and must not import anything of this module. All functions
// and keys are safe for concurrent use, as long as nobody changes the slices that are
// passed in.
package crypto

import "errors"

var (
	// ErrOpen means that a cipher text is damaged or was made with another key.
	ErrOpen = errors.New("cipher text does not open")
	// ErrKey means that a key cannot be used: a wrong size, a scalar out of range or a point off the curve.
	ErrKey = errors.New("unusable key")
)

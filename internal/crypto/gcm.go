package crypto

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
)

// gcmOverhead is what sealing adds: a nonce of 12 bytes in front and a tag of 16 behind.
const gcmOverhead = 12 + 16

// GCMSeal encrypts plain with AES-GCM under a key of 16, 24 or 32 bytes and a random nonce. The result is
// nonce (12) | cipher text | tag (16), without additional data (docs/protocol/wire.md 7.3). An error wraps ErrKey.
func GCMSeal(key, plain []byte) ([]byte, error) {
	aead, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	return aead.Seal(make([]byte, 0, len(plain)+gcmOverhead), nil, plain, nil), nil
}

// GCMOpen decrypts what GCMSeal returned and gives the plaintext. It does not change
// sealed. An error wraps ErrKey or ErrOpen.
func GCMOpen(key, sealed []byte) ([]byte, error) {
	aead, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < gcmOverhead {
		return nil, fmt.Errorf("%w: AES-GCM text of %d bytes", ErrOpen, len(sealed))
	}
	plain, err := aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: AES-GCM text of %d bytes", ErrOpen, len(sealed))
	}
	return plain, nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("%w: AES key of %d bytes", ErrKey, len(key))
	}
	// The standard library's own form with a random nonce in front is the protocol's.
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("set up AES-GCM: %w", err)
	}
	return aead, nil
}

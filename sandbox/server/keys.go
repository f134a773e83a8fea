package server

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"libration/internal/crypto"
	"libration/internal/wire"
)

// HexBytes is written as hex digits in JSON.
type HexBytes []byte

// MarshalText returns lower-case hex digits.
func (b HexBytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b), nil }

// UnmarshalText reads hex digits of either case.
func (b *HexBytes) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("hex bytes: %w", err)
	}
	*b = raw
	return nil
}

// PublicKeys is what clients must be configured with to reach this sandbox
// instead of the real service (docs/protocol/wire.md 7.2).
type PublicKeys struct {
	// Oicq192 is the secp192k1 key of wtlogin packets, 49 bytes.
	Oicq192 HexBytes `json:"oicq_192"`
	// OicqP256 is the P-256 key of wtlogin packets, 65 bytes, and its version.
	OicqP256        HexBytes `json:"oicq_p256"`
	OicqP256Version uint16   `json:"oicq_p256_version"`
	// NT is the P-256 key of the key exchange, 65 bytes.
	NT HexBytes `json:"nt"`
	// VerifyKey is the AES key of the key exchange's hash: the one that all clients
	// have built in.
	VerifyKey HexBytes `json:"verify_key"`
}

// verifyKey is the constant K of docs/protocol/login.md 5.
const verifyKey = "\xe2\x73\x3b\xf4\x03\x14\x99\x13\xcb\xf8\x0c\x7a\x95\x16\x8b\xd4" +
	"\xca\x69\x35\xee\x53\xcd\x39\x76\x4b\xee\xbe\x2e\x00\x7e\x3a\xee"

// keyring is the secrets of one sandbox, all derived from its seed: a sandbox
// that is started anew is still the one that its clients know.
type keyring struct {
	oicq192, oicqP256, nt *crypto.PrivateKey
	sign                  []byte // of the sign provider
}

func newKeyring(seed uint64) (*keyring, error) {
	k := &keyring{}
	var err error
	for _, want := range []struct {
		key   **crypto.PrivateKey
		curve crypto.Curve
		label string
	}{
		{&k.oicq192, crypto.Secp192k1, "oicq secp192k1"},
		{&k.oicqP256, crypto.P256, "oicq p256"},
		{&k.nt, crypto.P256, "nt p256"},
	} {
		if *want.key, err = deriveKey(seed, want.curve, want.label); err != nil {
			return nil, err
		}
	}
	sum := derive(seed, "sign", 0)
	k.sign = sum[:]
	return k, nil
}

func derive(seed uint64, label string, try byte) [32]byte {
	in := binary.BigEndian.AppendUint64([]byte("libration sandbox key\x00"), seed)
	in = append(in, try)
	return sha256.Sum256(append(in, label...))
}

// deriveKey tries until the scalar is in range, which is practically at once.
func deriveKey(seed uint64, curve crypto.Curve, label string) (*crypto.PrivateKey, error) {
	var err error
	for try := range byte(16) {
		sum := derive(seed, label, try)
		var key *crypto.PrivateKey
		if key, err = crypto.ParsePrivateKey(curve, sum[:curve.Size()]); err == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("derive %s key: %w", label, err)
}

// PublicKeys returns the keys that clients need. The same seed gives the same.
func (s *Server) PublicKeys() PublicKeys {
	return PublicKeys{
		Oicq192:         s.keys.oicq192.Public(false),
		OicqP256:        s.keys.oicqP256.Public(false),
		OicqP256Version: 1,
		NT:              s.keys.nt.Public(false),
		VerifyKey:       HexBytes(verifyKey),
	}
}

// agree returns the oicq key shared with a client, whose curve the packet names
// (docs/protocol/login.md 3).
func (k *keyring) agree(keyType uint16, client []byte) (crypto.Key, error) {
	own := k.oicq192
	if keyType == wire.KeyTypeP256 {
		own = k.oicqP256
	}
	x, err := own.Agree(client)
	if err != nil {
		return crypto.Key{}, err
	}
	return crypto.OicqKey(own.Curve(), x), nil
}

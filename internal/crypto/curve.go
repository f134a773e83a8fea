package crypto

import (
	"crypto/ecdh"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"fmt"
	"slices"
)

// Curve names one of the two curves of the protocol (docs/protocol/wire.md 7.1).
type Curve uint8

// The curves.
const (
	Secp192k1 Curve = iota
	P256
)

// First bytes of the forms of a public key.
const (
	formEven         = 2 // compressed, y even
	formOdd          = 3 // compressed, y odd
	formUncompressed = 4
)

// Size returns the size of a coordinate and of a private key in bytes: 24 or 32.
func (c Curve) Size() int {
	if c == Secp192k1 {
		return 24
	}
	return 32
}

// String returns the name of the curve.
func (c Curve) String() string {
	switch c {
	case Secp192k1:
		return "secp192k1"
	case P256:
		return "P-256"
	}
	return fmt.Sprintf("Curve(%d)", uint8(c))
}

// PrivateKey is a private key together with its public key. It does not change after it has been made.
type PrivateKey struct {
	curve  Curve
	scalar []byte           // of the size of the curve
	public []byte           // uncompressed form
	p256   *ecdh.PrivateKey // nil for secp192k1
}

// GenerateKey draws a private key uniformly from 1..n-1.
func GenerateKey(c Curve) (*PrivateKey, error) {
	switch c {
	case Secp192k1:
		scalar, err := secpGenerate(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("generate %v key: %w", c, err)
		}
		return ParsePrivateKey(c, scalar)
	case P256:
		k, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("generate %v key: %w", c, err)
		}
		return p256Key(k), nil
	}
	return nil, unknownCurve(c)
}

// ParsePrivateKey makes a private key of a big-endian scalar from 1..n-1 of exactly c.Size() bytes. An error wraps ErrKey.
func ParsePrivateKey(c Curve, scalar []byte) (*PrivateKey, error) {
	switch c {
	case Secp192k1:
		public, ok := secpPublic(scalar)
		if !ok {
			return nil, fmt.Errorf("%w: %v scalar of %d bytes is out of range", ErrKey, c, len(scalar))
		}
		return &PrivateKey{curve: c, scalar: slices.Clone(scalar), public: public}, nil
	case P256:
		k, err := ecdh.P256().NewPrivateKey(scalar)
		if err != nil {
			return nil, fmt.Errorf("%w: %v scalar of %d bytes is out of range", ErrKey, c, len(scalar))
		}
		return p256Key(k), nil
	}
	return nil, unknownCurve(c)
}

func p256Key(k *ecdh.PrivateKey) *PrivateKey {
	return &PrivateKey{curve: P256, scalar: k.Bytes(), public: k.PublicKey().Bytes(), p256: k}
}

func unknownCurve(c Curve) error { return fmt.Errorf("%w: unknown curve %v", ErrKey, c) }

// Curve returns the curve of the key.
func (k *PrivateKey) Curve() Curve { return k.curve }

// Bytes returns a copy of the scalar, Curve().Size() bytes, as ParsePrivateKey takes it.
func (k *PrivateKey) Bytes() []byte { return slices.Clone(k.scalar) }

// Public returns the public key: 02 or 03 and x when compressed, else 04, x and y.
func (k *PrivateKey) Public(compressed bool) []byte {
	if !compressed {
		return slices.Clone(k.public)
	}
	size := k.curve.Size()
	out := slices.Clone(k.public[:1+size])
	out[0] = formEven + k.public[2*size]&1
	return out
}

// Agree returns the x coordinate of the point shared with the owner of the public key
// peer. It has Curve().Size() bytes, leading zeros included. peer may be compressed or
// not. For a peer that CheckPublic refuses Agree returns the same error.
func (k *PrivateKey) Agree(peer []byte) ([]byte, error) {
	if k.curve == Secp192k1 {
		p, ok := secpPoint(peer)
		if !ok {
			return nil, badPublic(k.curve, peer)
		}
		return secpShared(k.scalar, p), nil
	}
	p, err := p256Public(peer)
	if err != nil {
		return nil, err
	}
	x, err := k.p256.ECDH(p)
	if err != nil {
		return nil, fmt.Errorf("agree on a %v key: %w", k.curve, err)
	}
	return x, nil
}

// CheckPublic returns an error that wraps ErrKey unless pub, compressed or not, is a
// point of the curve.
func CheckPublic(c Curve, pub []byte) error {
	switch c {
	case Secp192k1:
		if _, ok := secpPoint(pub); !ok {
			return badPublic(c, pub)
		}
		return nil
	case P256:
		_, err := p256Public(pub)
		return err
	}
	return unknownCurve(c)
}

func badPublic(c Curve, pub []byte) error {
	return fmt.Errorf("%w: %d bytes are no public key of %v", ErrKey, len(pub), c)
}

func p256Public(pub []byte) (*ecdh.PublicKey, error) {
	if len(pub) == 1+P256.Size() {
		// The standard library's key agreement takes only the long form.
		x, y := elliptic.UnmarshalCompressed(elliptic.P256(), pub)
		if x == nil {
			return nil, badPublic(P256, pub)
		}
		pub = uncompressed(P256, x, y)
	}
	p, err := ecdh.P256().NewPublicKey(pub)
	if err != nil {
		return nil, badPublic(P256, pub)
	}
	return p, nil
}

// OicqKey returns the TEA key that the oicq layer derives from x, the shared coordinate
// that [PrivateKey.Agree] returns: the MD5 of all 24 bytes for secp192k1, of the first
// 16 bytes for P-256 (docs/protocol/wire.md 7.1).
func OicqKey(c Curve, x []byte) Key {
	n := 24
	if c == P256 {
		n = 16
	}
	return md5.Sum(x[:min(n, len(x))])
}

package crypto

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"
)

// The private keys and server keys of docs/protocol/wire.md 7.2.
const (
	documentedSecp = "0102030405060708090a0b0c0d0e0f101112131415161718"
	documentedP256 = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
	serverSecp     = "04928D8850673088B343264E0C6BACB8496D697799F37211DEB25BB73906CB089FEA9639B4E0260498B51A992D50813DA8"
	serverP256     = "04EBCA94D733E399B2DB96EACDD3F69A8BB0F74224E2B44E3357812211D2E62EFBC91BB553098E25E33A799ADC7F76FEB208DA7C6522CDB0719A305180CC54A82E"
	serverExchange = "049D1423332735980EDABE7E9EA451B3395B6F35250DB8FC56F25889F628CBAE3E8E73077914071EEEBC108F4E0170057792BB17AA303AF652313D17C1AC815E79"
	publicSecp     = "024f66169b52c55aaef02abf5d5ab1be9228fb139fe7449b2f"
	publicP256     = "04515c3d6eb9e396b904d3feca7f54fdcd0cc1e997bf375dca515ad0a6c3b4035f4536be3a50f318fbf9a5475902a221502bef0d57e08c53b2cc0a56f17d9f9354"
)

func TestAgreeDocumented(t *testing.T) {
	for _, c := range []struct {
		name                                  string
		curve                                 Curve
		private, public, server, shared, oicq string
	}{
		{"oicq secp192k1", Secp192k1, documentedSecp, publicSecp, serverSecp,
			"36cbfa9cecd1b5d7b8f1b8f5cb07a5634659cac2295368e5", "381fd75ada8fd0e98546e164d9b32230"},
		{"key exchange", P256, documentedP256, publicP256, serverExchange,
			"992be372e7dafc81f9a83233bb1164bcfcf935798bd3339dd11f508879618368", ""},
		{"oicq P-256", P256, documentedP256, publicP256, serverP256,
			"4ad02957a94a5781ff09596eb95e8e999df1a83b3720a2f11252bfa293d79f2f", "f15dd8cc0d7625112aab073a261bec1a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := mustKey(t, c.curve, unhex(t, c.private))
			if got := hex.EncodeToString(k.Public(c.curve == Secp192k1)); got != c.public {
				t.Errorf("Public of %s = %s, want %s", c.private, got, c.public)
			}
			x, err := k.Agree(unhex(t, c.server))
			if err != nil || hex.EncodeToString(x) != c.shared {
				t.Fatalf("Agree(%s) = %x, %v, want %s", c.server, x, err, c.shared)
			}
			key := OicqKey(c.curve, x)
			if got := hex.EncodeToString(key[:]); c.oicq != "" && got != c.oicq {
				t.Errorf("OicqKey(%x) = %s, want %s", x, got, c.oicq)
			}
		})
	}
}

func TestGenerateKey(t *testing.T) {
	for _, c := range []Curve{Secp192k1, P256} {
		a, err := GenerateKey(c)
		if err != nil {
			t.Fatal(err)
		}
		b, err := GenerateKey(c)
		if err != nil {
			t.Fatal(err)
		}
		if a.Curve() != c || len(a.Bytes()) != c.Size() || bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%v: keys %x and %x", a.Curve(), a.Bytes(), b.Bytes())
		}
		again := mustKey(t, c, a.Bytes())
		if !bytes.Equal(again.Public(false), a.Public(false)) {
			t.Errorf("%v: the parsed key has the public key %x, want %x", c, again.Public(false), a.Public(false))
		}
		x, err := a.Agree(b.Public(true))
		if err != nil {
			t.Fatal(err)
		}
		y, err := b.Agree(a.Public(false))
		if err != nil || !bytes.Equal(x, y) || len(x) != c.Size() {
			t.Errorf("%v: agreed on %x and %x, %v", c, x, y, err)
		}
	}
}

func TestParsePrivateKeyRange(t *testing.T) {
	p256N := unhex(t, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
	for _, c := range []struct {
		curve  Curve
		order  []byte
		public string // of n-1, compressed: the generator with y negated
	}{
		{Secp192k1, secpN.Bytes(), "02" + hex.EncodeToString(secpGX.Bytes())},
		{P256, p256N, "026b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"},
	} {
		last := new(big.Int).Sub(new(big.Int).SetBytes(c.order), one).Bytes()
		if got := hex.EncodeToString(mustKey(t, c.curve, last).Public(true)); got != c.public {
			t.Errorf("%v: Public of n-1 = %s, want %s", c.curve, got, c.public)
		}
		for _, scalar := range [][]byte{nil, make([]byte, c.curve.Size()), c.order, bytes.Repeat([]byte{0xff}, c.curve.Size()), last[1:], append([]byte{0}, last...)} {
			if _, err := ParsePrivateKey(c.curve, scalar); !errors.Is(err, ErrKey) {
				t.Errorf("ParsePrivateKey(%v, %x): %v, want ErrKey", c.curve, scalar, err)
			}
		}
	}
}

// TestSecpMultiples compares doubling and adding with adding one at a time.
func TestSecpMultiples(t *testing.T) {
	g := point{secpGX, secpGY}
	var sum jacobian
	sum.set(g)
	sum.double()
	for k := int64(3); k <= 40; k++ {
		sum.add(g)
		want, got := sum.affine(), secpMultiply(big.NewInt(k), g)
		if got.x.Cmp(want.x) != 0 || got.y.Cmp(want.y) != 0 {
			t.Fatalf("%d*G = (%x, %x), want (%x, %x)", k, got.x, got.y, want.x, want.y)
		}
		if _, ok := secpPoint(uncompressed(Secp192k1, got.x, got.y)); !ok {
			t.Fatalf("%d*G is not on the curve", k)
		}
	}
}

func TestCheckPublicRefusals(t *testing.T) {
	overX := "04" + hex.EncodeToString(secpP.Bytes()) + strings.Repeat("00", 24)
	for _, c := range []struct {
		name  string
		curve Curve
		pub   string
	}{
		{"x is p", Secp192k1, overX},
		{"compressed form of the length of the long one", Secp192k1, "02" + serverSecp[2:]},
		{"long form of the length of the compressed one", Secp192k1, "04" + publicSecp[2:]},
		{"hybrid", Secp192k1, "06" + serverSecp[2:]},
		{"key of the other curve", Secp192k1, serverP256},
		{"key of the other curve", P256, serverSecp},
		{"cut", P256, serverP256[:128]},
		{"hybrid", P256, "06" + serverP256[2:]},
		{"unknown curve", Curve(9), serverP256},
	} {
		if err := CheckPublic(c.curve, unhex(t, c.pub)); !errors.Is(err, ErrKey) {
			t.Errorf("%v, %s: CheckPublic(%s) = %v, want ErrKey", c.curve, c.name, c.pub, err)
		}
	}
}

func TestUnknownCurve(t *testing.T) {
	if _, err := GenerateKey(9); !errors.Is(err, ErrKey) {
		t.Errorf("GenerateKey(9): %v, want ErrKey", err)
	}
	if _, err := ParsePrivateKey(9, nil); !errors.Is(err, ErrKey) {
		t.Errorf("ParsePrivateKey(9): %v, want ErrKey", err)
	}
}

func FuzzPublic(f *testing.F) {
	for _, s := range []string{serverSecp, serverP256, serverExchange, publicSecp, publicP256, "", "00"} {
		f.Add(unhex(f, s))
	}
	keys := []*PrivateKey{mustKey(f, Secp192k1, unhex(f, documentedSecp)), mustKey(f, P256, unhex(f, documentedP256))}
	f.Fuzz(func(t *testing.T, pub []byte) {
		for _, k := range keys {
			refused := CheckPublic(k.Curve(), pub)
			x, err := k.Agree(pub)
			if (err == nil) != (refused == nil) {
				t.Fatalf("Agree(%x): %v, but CheckPublic: %v", pub, err, refused)
			}
			if err == nil && len(x) != k.Curve().Size() {
				t.Fatalf("Agree(%x) = %x of %d bytes", pub, x, len(x))
			}
		}
	})
}

func BenchmarkAgree(b *testing.B) {
	for _, c := range []struct {
		curve           Curve
		private, server string
	}{{Secp192k1, documentedSecp, serverSecp}, {P256, documentedP256, serverP256}} {
		b.Run(c.curve.String(), func(b *testing.B) {
			k, peer := mustKey(b, c.curve, unhex(b, c.private)), unhex(b, c.server)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := k.Agree(peer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

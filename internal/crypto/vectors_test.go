package crypto

import (
	"bytes"
	"errors"
	"testing"

	"libration/internal/vectors"
)

type teaVector struct {
	ID                 string
	Key, Cipher, Plain vectors.Hex
	OK                 bool
}

func TestVectorsTEA(t *testing.T) {
	for _, c := range vectors.Of[teaVector](t, "tea.json") {
		t.Run(c.ID, func(t *testing.T) {
			got, err := TEAOpen(bytes.Clone(c.Cipher), Key(c.Key))
			if !c.OK {
				if !errors.Is(err, ErrOpen) {
					t.Fatalf("TEAOpen(%x) = %x, %v, want ErrOpen", c.Cipher, got, err)
				}
				return
			}
			if err != nil || !bytes.Equal(got, c.Plain) {
				t.Fatalf("TEAOpen(%x) = %x, %v, want %x", c.Cipher, got, err, c.Plain)
			}
			sealed := TEASeal(nil, c.Plain, Key(c.Key))
			if len(sealed) != len(c.Cipher) {
				t.Errorf("len(TEASeal(%x)) = %d, want %d", c.Plain, len(sealed), len(c.Cipher))
			}
			if got, err := TEAOpen(sealed, Key(c.Key)); err != nil || !bytes.Equal(got, c.Plain) {
				t.Errorf("TEAOpen(TEASeal(%x)) = %x, %v", c.Plain, got, err)
			}
		})
	}
}

type ecdhVector struct {
	ID, Kind, Curve    string
	Private, Peer      vectors.Hex
	PublicCompressed   vectors.Hex `json:"public_compressed"`
	PublicUncompressed vectors.Hex `json:"public_uncompressed"`
	PeerPrivate        vectors.Hex `json:"peer_private"`
	PeerCompressed     vectors.Hex `json:"peer_compressed"`
	PeerUncompressed   vectors.Hex `json:"peer_uncompressed"`
	SharedX            vectors.Hex `json:"shared_x"`
	WtloginKey         vectors.Hex `json:"wtlogin_key"`
	ExchangeKey        vectors.Hex `json:"exchange_key"`
}

func TestVectorsECDH(t *testing.T) {
	curves := map[string]Curve{"secp192k1": Secp192k1, "p256": P256}
	for _, v := range vectors.Of[ecdhVector](t, "ecdh.json") {
		t.Run(v.ID, func(t *testing.T) {
			c, ok := curves[v.Curve]
			if !ok {
				t.Fatalf("unknown curve %q", v.Curve)
			}
			switch v.Kind {
			case "ecdh":
				checkAgreement(t, c, v)
			case "refuse":
				if err := CheckPublic(c, v.Peer); !errors.Is(err, ErrKey) {
					t.Errorf("CheckPublic(%v, %x) = %v, want ErrKey", c, v.Peer, err)
				}
				if x, err := mustKey(t, c, v.Private).Agree(v.Peer); !errors.Is(err, ErrKey) {
					t.Errorf("Agree(%x) = %x, %v, want ErrKey", v.Peer, x, err)
				}
			}
		})
	}
}

func mustKey(tb testing.TB, c Curve, scalar []byte) *PrivateKey {
	tb.Helper()
	k, err := ParsePrivateKey(c, scalar)
	if err != nil {
		tb.Fatalf("ParsePrivateKey(%v, %x): %v", c, scalar, err)
	}
	return k
}

// checkAgreement checks what the case gives: the known ones leave the private key of the peer and some forms out.
func checkAgreement(t *testing.T, c Curve, v ecdhVector) {
	k := mustKey(t, c, v.Private)
	for _, public := range []struct {
		compressed bool
		want       []byte
	}{{true, v.PublicCompressed}, {false, v.PublicUncompressed}} {
		if got := k.Public(public.compressed); public.want != nil && !bytes.Equal(got, public.want) {
			t.Errorf("Public(%v) of %x = %x, want %x", public.compressed, v.Private, got, public.want)
		}
	}
	agreeAll(t, k, v, v.PeerCompressed, v.PeerUncompressed)
	if v.PeerPrivate != nil {
		agreeAll(t, mustKey(t, c, v.PeerPrivate), v, v.PublicCompressed, v.PublicUncompressed)
	}
}

func agreeAll(t *testing.T, k *PrivateKey, v ecdhVector, peers ...vectors.Hex) {
	t.Helper()
	agreed := 0
	for _, peer := range peers {
		if peer == nil {
			continue
		}
		agreed++
		x, err := k.Agree(peer)
		if err != nil || !bytes.Equal(x, v.SharedX) {
			t.Errorf("Agree(%x) = %x, %v, want %x", peer, x, err, v.SharedX)
		}
		if v.ExchangeKey != nil && !bytes.Equal(x, v.ExchangeKey) {
			t.Errorf("Agree(%x) = %x, want the exchange key %x", peer, x, v.ExchangeKey)
		}
		if got := OicqKey(k.Curve(), x); v.WtloginKey != nil && !bytes.Equal(got[:], v.WtloginKey) {
			t.Errorf("OicqKey(%v, %x) = %x, want %x", k.Curve(), x, got, v.WtloginKey)
		}
	}
	if agreed == 0 {
		t.Error("the case has no public key to agree with")
	}
}

package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/loginpb"
	"libration/internal/vectors"
)

func testExchange(tb testing.TB, now time.Time) (*crypto.PrivateKey, *KeyExchange, []byte) {
	tb.Helper()
	server, err := crypto.GenerateKey(crypto.P256)
	if err != nil {
		tb.Fatal(err)
	}
	x, payload, err := NewKeyExchange(server.Public(false), testVerifyKey, "10001", testGUID(), now)
	if err != nil {
		tb.Fatal(err)
	}
	return server, x, payload
}

func TestKeyExchange(t *testing.T) {
	now := time.Unix(1700000000, 999)
	key, ticket := bytes.Repeat([]byte{7}, 32), []byte("ticket")
	for _, c := range []struct {
		expiration uint32
		want       time.Duration
	}{{0, 24 * time.Hour}, {60, time.Minute}} {
		server, x, payload := testExchange(t, now)
		offer, err := ParseKeyExchange(payload, server, testVerifyKey)
		if err != nil {
			t.Fatal(err)
		}
		guid := testGUID()
		if offer.UIN != "10001" || !bytes.Equal(offer.GUID, guid[:]) || offer.Timestamp != 1700000000 || len(offer.ClientPublic) != 65 {
			t.Errorf("ParseKeyExchange = %+v", offer)
		}
		answer, err := AnswerKeyExchange(offer, key, ticket, c.expiration)
		if err != nil {
			t.Fatal(err)
		}
		got, err := x.Open(answer, now)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Key, key) || !bytes.Equal(got.Ticket, ticket) || !got.Expires.Equal(now.Add(c.want)) {
			t.Errorf("Open = %+v, want expiry in %v", got, c.want)
		}
	}
}

// TestKeyExchangeForeign reads a request whose secret has other types, as one client sends it: uin as a number, guid as
// hex digits.
func TestKeyExchangeForeign(t *testing.T) {
	server, err := crypto.GenerateKey(crypto.P256)
	if err != nil {
		t.Fatal(err)
	}
	guid := testGUID()
	for name, secret := range map[string][]byte{
		"other types": append([]byte{0x08, 0x91, 0x4E, 0x12, 32}, hex.EncodeToString(guid[:])...),
		"garbage":     {0xFF, 0xFF, 0xFF},
		"empty":       nil,
	} {
		offer, err := ParseKeyExchange(exchangeWith(t, server, secret, 1), server, testVerifyKey)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if offer.UIN != "" {
			t.Errorf("%s: uin %q, want none", name, offer.UIN)
		}
		if name == "other types" && !bytes.Equal(offer.GUID, guid[:]) {
			t.Errorf("%s: guid %x, want %x", name, offer.GUID, guid)
		}
	}
	// The clock read twice: the field says another second than the hash.
	offer, err := ParseKeyExchange(exchangeWith(t, server, nil, 2), server, testVerifyKey)
	if !errors.Is(err, ErrVerification) {
		t.Errorf("time of another second = %+v, %v, want ErrVerification", offer, err)
	}
}

// exchangeWith makes a request with the given secret; its hash is over time 1, its field says sentTime.
func exchangeWith(t *testing.T, server *crypto.PrivateKey, secret []byte, sentTime int64) []byte {
	t.Helper()
	private, err := crypto.GenerateKey(crypto.P256)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := private.Agree(server.Public(false))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := crypto.GCMSeal(shared, secret)
	if err != nil {
		t.Fatal(err)
	}
	public, typ := private.Public(false), uint32(1)
	hash := exchangeHash(public, typ, sealed, 1)
	verify, err := crypto.GCMSeal(testVerifyKey, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	payload, err := pb.Marshal(&loginpb.KeyExchangeRequest{
		ClientPublicKey: public, Type: &typ, Secret: sealed, Timestamp: &sentTime, VerifyHash: verify,
	})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func TestKeyExchangeRefusals(t *testing.T) {
	now := time.Unix(1700000000, 0)
	server, _, payload := testExchange(t, now)
	other, err := crypto.GenerateKey(crypto.P256)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		payload   []byte
		server    *crypto.PrivateKey
		verifyKey []byte
		want      error
	}{
		{"not protobuf", []byte{0x0A, 0x7F}, server, testVerifyKey, ErrProtocol},
		{"empty", nil, server, testVerifyKey, ErrProtocol},
		{"another verification key", payload, server, make([]byte, 32), ErrVerification},
		{"another server", payload, other, testVerifyKey, ErrDecrypt},
	} {
		if offer, err := ParseKeyExchange(c.payload, c.server, c.verifyKey); !errors.Is(err, c.want) {
			t.Errorf("%s: ParseKeyExchange = %+v, %v, want %v", c.name, offer, err, c.want)
		}
	}
	if _, _, err := NewKeyExchange([]byte("no key"), testVerifyKey, "0", testGUID(), now); err == nil {
		t.Error("NewKeyExchange with a bad server key: want an error")
	}
	if _, _, err := NewKeyExchange(server.Public(false), []byte("short"), "0", testGUID(), now); err == nil {
		t.Error("NewKeyExchange with a bad verification key: want an error")
	}
	if _, err := AnswerKeyExchange(&KeyExchangeOffer{}, make([]byte, 32), nil, 0); err == nil {
		t.Error("AnswerKeyExchange without a public key: want an error")
	}
}

func TestKeyExchangeOpenRefusals(t *testing.T) {
	now := time.Unix(1700000000, 0)
	server, x, payload := testExchange(t, now)
	offer, err := ParseKeyExchange(payload, server, testVerifyKey)
	if err != nil {
		t.Fatal(err)
	}
	shortKey, err := AnswerKeyExchange(offer, make([]byte, 15), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, stranger, _ := testExchange(t, now)
	good, err := AnswerKeyExchange(offer, make([]byte, 32), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		x       *KeyExchange
		payload []byte
		want    error
	}{
		{"not protobuf", x, []byte{0x0A, 0x7F}, ErrProtocol},
		{"empty", x, nil, ErrProtocol},
		{"short session key", x, shortKey, ErrProtocol},
		{"for another client", stranger, good, ErrDecrypt},
	} {
		if s, err := c.x.Open(c.payload, now); !errors.Is(err, c.want) {
			t.Errorf("%s: Open = %+v, %v, want %v", c.name, s, err, c.want)
		}
	}
}

func FuzzParseKeyExchange(f *testing.F) {
	server, x, payload := testExchange(f, time.Unix(1700000000, 0))
	f.Add(payload)
	for _, c := range vectors.Read[exchangeVector](f, "ecdh.json") {
		if c.Kind == "key_exchange" {
			f.Add([]byte(c.Request))
			f.Add([]byte(c.Response))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = ParseKeyExchange(b, server, testVerifyKey)
		_, _ = x.Open(b, time.Unix(0, 0))
	})
}

package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"libration/internal/crypto"
	"libration/internal/vectors"
)

// realOicqKeys are the public keys of docs/protocol/wire.md 7.2.
var realOicqKeys = map[uint16]string{
	KeyTypeSecp192k1: "04928D8850673088B343264E0C6BACB8496D697799F37211DEB25BB73906CB089FEA9639B4E0260498B51A992D50813DA8",
	KeyTypeP256:      "04EBCA94D733E399B2DB96EACDD3F69A8BB0F74224E2B44E3357812211D2E62EFBC91BB553098E25E33A799ADC7F76FEB208DA7C6522CDB0719A305180CC54A82E",
}

func curveOf(keyType uint16) crypto.Curve {
	if keyType == KeyTypeP256 {
		return crypto.P256
	}
	return crypto.Secp192k1
}

func TestOicqKeysOfTheRealServer(t *testing.T) {
	for keyType, text := range realOicqKeys {
		public, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := crypto.CheckPublic(curveOf(keyType), public); err != nil {
			t.Errorf("key type %#x: %v", keyType, err)
		}
	}
}

// TestOicqExchange runs both sides: the client encrypts for the server's key, the server answers under the same key.
func TestOicqExchange(t *testing.T) {
	for _, keyType := range []uint16{KeyTypeSecp192k1, KeyTypeP256} {
		curve := curveOf(keyType)
		server, err := crypto.GenerateKey(curve)
		if err != nil {
			t.Fatal(err)
		}
		client, err := crypto.GenerateKey(curve)
		if err != nil {
			t.Fatal(err)
		}
		x, err := client.Agree(server.Public(false))
		if err != nil {
			t.Fatal(err)
		}
		share := crypto.OicqKey(curve, x)
		sent := &OicqRequest{
			Command: OicqTransEmp, Sequence: 7, UIN: 10001, PubID: 2, ClientType: 46494, KeyType: keyType,
			RandomKey: crypto.Key{1, 2, 3}, PublicKey: client.Public(curve == crypto.Secp192k1), Body: []byte("plain body"),
		}
		if keyType == KeyTypeP256 {
			sent.KeyVersion = 9
		}
		wantSize := map[uint16]int{KeyTypeSecp192k1: 25, KeyTypeP256: 65}[keyType]
		if len(sent.PublicKey) != wantSize {
			t.Errorf("key type %#x: public key of %d bytes, want %d", keyType, len(sent.PublicKey), wantSize)
		}
		packet, err := AppendOicqRequest([]byte("before"), sent, share)
		if err != nil {
			t.Fatal(err)
		}
		input := bytes.Clone(packet[6:])
		got, gotShare, err := ParseOicqRequest(input, agreeWith(t, server.Bytes()))
		if err != nil || gotShare != share {
			t.Fatalf("ParseOicqRequest: share %x, %v, want %x", gotShare, err, share)
		}
		if diff := cmp.Diff(sent, got); diff != "" {
			t.Errorf("request (-sent +got):\n%s", diff)
		}
		if !bytes.Equal(input, packet[6:]) {
			t.Error("ParseOicqRequest changed its input")
		}
	}
}

func TestOicqResponse(t *testing.T) {
	share, random := crypto.Key{1}, crypto.Key{2}
	for _, c := range []struct {
		name    string
		state   uint8
		key     crypto.Key
		typ     uint8
		wantErr error
	}{
		{"share key", 0, share, 0, nil},
		{"random key announced", 180, random, 0, nil},
		{"random key unannounced", 0, random, 0, nil},
		{"another key", 0, crypto.Key{3}, 0, ErrDecrypt},
		{"session ticket", 0, share, 3, ErrUnsupported},
		{"new server key", 0, share, 4, ErrUnsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			sent := &OicqResponse{
				Command: OicqLogin, Sequence: 3, UIN: 10001, EncryptionType: c.typ, State: c.state, Body: []byte("answer"),
			}
			packet, err := AppendOicqResponse(nil, sent, c.key)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(packet) - crypto.TEASize(len(sent.Body)) - 1; n != 16 {
				t.Errorf("body begins at %d, want 16", n)
			}
			got, err := ParseOicqResponse(packet, share, random)
			if !errors.Is(err, c.wantErr) {
				t.Fatalf("ParseOicqResponse = %+v, %v, want %v", got, err, c.wantErr)
			}
			if c.wantErr == nil {
				if diff := cmp.Diff(sent, got); diff != "" {
					t.Errorf("response (-sent +got):\n%s", diff)
				}
			}
		})
	}
}

func TestOicqRequestRefusals(t *testing.T) {
	agree := func(uint16, []byte) (crypto.Key, error) { return crypto.Key{1}, nil }
	good, err := AppendOicqRequest(nil, &OicqRequest{KeyType: KeyTypeP256, PublicKey: make([]byte, 65)}, crypto.Key{1})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ParseOicqRequest(good, agree); err != nil {
		t.Fatalf("unchanged: %v", err)
	}
	edit := func(at int, v byte) []byte {
		b := bytes.Clone(good)
		b[at] = v
		return b
	}
	refused := errors.New("refused")
	for _, c := range []struct {
		name  string
		in    []byte
		agree func(uint16, []byte) (crypto.Key, error)
		want  error
	}{
		{"empty", nil, agree, ErrTruncated},
		{"start", edit(0, 9), agree, ErrProtocol},
		{"end", edit(len(good)-1, 9), agree, ErrProtocol},
		{"method", edit(14, 0x11), agree, ErrProtocol},
		{"session ticket", edit(14, methodSessionTicket), agree, ErrUnsupported},
		{"key type", edit(46, 0x77), agree, ErrUnsupported},
		{"body", edit(len(good)-2, good[len(good)-2]^1), agree, ErrDecrypt},
		{"no agreement", good, func(uint16, []byte) (crypto.Key, error) { return crypto.Key{}, refused }, refused},
		{"cut in the key", append(bytes.Clone(good[:60]), 3), agree, ErrTruncated},
	} {
		if r, _, err := ParseOicqRequest(c.in, c.agree); !errors.Is(err, c.want) {
			t.Errorf("%s: ParseOicqRequest(%x) = %+v, %v, want %v", c.name, c.in, r, err, c.want)
		}
	}
	if _, _, err := ParseOicqRequest(edit(14, methodShareKeyOld), agree); err != nil {
		t.Errorf("old method: %v", err)
	}
}

func TestOicqTooLong(t *testing.T) {
	long := make([]byte, 1<<16)
	dst := []byte("kept")
	if b, err := AppendOicqRequest(dst, &OicqRequest{KeyType: KeyTypeP256, Body: long}, crypto.Key{}); err == nil || string(b) != "kept" {
		t.Errorf("AppendOicqRequest with 64 KiB = %d bytes, %v, want an error", len(b), err)
	}
	if b, err := AppendOicqRequest(dst, &OicqRequest{KeyType: KeyTypeP256, PublicKey: long}, crypto.Key{}); err == nil || string(b) != "kept" {
		t.Errorf("AppendOicqRequest with a long key = %d bytes, %v, want an error", len(b), err)
	}
	if b, err := AppendOicqRequest(dst, &OicqRequest{KeyType: 5}, crypto.Key{}); !errors.Is(err, ErrUnsupported) || string(b) != "kept" {
		t.Errorf("AppendOicqRequest of key type 5 = %d bytes, %v, want ErrUnsupported", len(b), err)
	}
	b, err := AppendOicqResponse(dst, &OicqResponse{Body: long}, crypto.Key{})
	if err == nil || string(b) != "kept" || !strings.Contains(err.Error(), "65535") {
		t.Errorf("AppendOicqResponse with 64 KiB = %d bytes, %v, want an error", len(b), err)
	}
}

func TestOicqRoundTripProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := crypto.Key(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key"))
		body := rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "body")
		req := &OicqRequest{
			Command: rapid.Uint16().Draw(t, "command"), Sequence: rapid.Uint16().Draw(t, "sequence"),
			UIN: rapid.Uint32().Draw(t, "uin"), PubID: rapid.Uint8().Draw(t, "pub"),
			ClientType: rapid.Uint16().Draw(t, "type"), KeyType: KeyTypeSecp192k1,
			PublicKey: rapid.SliceOfN(rapid.Byte(), 0, 65).Draw(t, "public"), Body: body,
		}
		b, err := AppendOicqRequest(nil, req, key)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := ParseOicqRequest(b, func(uint16, []byte) (crypto.Key, error) { return key, nil })
		if err != nil || !bytes.Equal(got.Body, body) || !bytes.Equal(got.PublicKey, req.PublicKey) || got.UIN != req.UIN {
			t.Fatalf("ParseOicqRequest = %+v, %v, want %+v", got, err, req)
		}
	})
}

func FuzzParseOicqRequest(f *testing.F) {
	for _, c := range vectors.Read[loginFrameVector](f, "sso_frames.json") {
		if c.Wtlogin != nil {
			f.Add([]byte(c.Body))
		}
	}
	f.Add([]byte{2, 0, 6, 0, 0, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, share, err := ParseOicqRequest(b, func(uint16, []byte) (crypto.Key, error) { return crypto.Key{}, nil })
		if err == nil {
			if _, err := AppendOicqRequest(nil, r, share); err != nil && len(b) <= 0xFFFF {
				t.Errorf("AppendOicqRequest of what was parsed: %v", err)
			}
		}
	})
}

func FuzzParseOicqResponse(f *testing.F) {
	b, err := AppendOicqResponse(nil, &OicqResponse{Command: OicqLogin, Body: []byte("answer")}, crypto.Key{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = ParseOicqResponse(b, crypto.Key{}, crypto.Key{1})
	})
}

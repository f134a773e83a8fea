package wire

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"libration/internal/crypto"
	"libration/internal/vectors"
)

type loginFrameVector struct {
	ID, Command string
	Body        vectors.Hex
	Wtlogin     *struct {
		ClientPublic  vectors.Hex `json:"client_public"`
		ServerPrivate vectors.Hex `json:"server_private"`
		RandomKey     vectors.Hex `json:"random_key"`
		ShareKey      vectors.Hex `json:"share_key"`
		TgtgtKey      vectors.Hex `json:"tgtgt_key"`
		KeyVersion    uint16      `json:"key_version"`
		Command       uint16
		UIN           uint32
		Plain         vectors.Hex
	}
}

func TestVectorsWtlogin(t *testing.T) {
	for _, c := range vectors.Read[loginFrameVector](t, "sso_frames.json") {
		if c.Wtlogin == nil {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			w := c.Wtlogin
			r, share, err := ParseOicqRequest(c.Body, agreeWith(t, w.ServerPrivate))
			if err != nil {
				t.Fatalf("ParseOicqRequest: %v", err)
			}
			if !bytes.Equal(share[:], w.ShareKey) || !bytes.Equal(r.PublicKey, w.ClientPublic) ||
				!bytes.Equal(r.RandomKey[:], w.RandomKey) || r.KeyVersion != w.KeyVersion ||
				r.Command != w.Command || r.UIN != w.UIN || !bytes.Equal(r.Body, w.Plain) {
				t.Fatalf("ParseOicqRequest = %+v, share %x, want %+v", r, share, w)
			}
			again, err := AppendOicqRequest(nil, r, share)
			head := len(c.Body) - crypto.TEASize(len(r.Body)) - 1
			if err != nil || len(again) != len(c.Body) || !bytes.Equal(again[:head], c.Body[:head]) {
				t.Errorf("AppendOicqRequest:\ngot  %x, %v\nwant %x", again, err, c.Body)
			}
			if c.Command == "wtlogin.login" {
				checkVectorLogin(t, r, w.TgtgtKey)
				return
			}
			checkVectorCode2D(t, w.Plain)
		})
	}
}

func agreeWith(t *testing.T, private []byte) func(uint16, []byte) (crypto.Key, error) {
	t.Helper()
	return func(keyType uint16, public []byte) (crypto.Key, error) {
		curve := crypto.Secp192k1
		if keyType == KeyTypeP256 {
			curve = crypto.P256
		}
		key, err := crypto.ParsePrivateKey(curve, private)
		if err != nil {
			return crypto.Key{}, err
		}
		x, err := key.Agree(public)
		if err != nil {
			return crypto.Key{}, err
		}
		return crypto.OicqKey(curve, x), nil
	}
}

// checkVectorCode2D reads a request of the QR login and writes it again; only the end mark may differ.
func checkVectorCode2D(t *testing.T, plain []byte) {
	t.Helper()
	c, err := ParseCode2D(plain)
	if err != nil {
		t.Fatalf("ParseCode2D: %v", err)
	}
	var again []byte
	switch c.SubCommand {
	case code2DFetch:
		q, err := ParseQRFetch(c.Data)
		if err != nil {
			t.Fatalf("ParseQRFetch: %v", err)
		}
		q.Time = c.Time
		if again, err = q.Encode(); err != nil {
			t.Fatal(err)
		}
	case code2DPoll:
		q, err := ParseQRPoll(c.Data)
		if err != nil {
			t.Fatalf("ParseQRPoll: %v", err)
		}
		q.Time = c.Time
		if again, err = q.Encode(); err != nil {
			t.Fatal(err)
		}
	default:
		t.Skipf("sub command %#x", c.SubCommand)
	}
	if n := len(again) - 1; len(plain) != len(again) || !bytes.Equal(again[:n], plain[:n]) {
		t.Errorf("written again:\ngot  %x\nwant %x", again, plain)
	}
}

func checkVectorLogin(t *testing.T, r *OicqRequest, tgtgt []byte) {
	t.Helper()
	var a1 []byte
	l, err := ParseWtLogin(r.Body, func(b []byte) (crypto.Key, bool) {
		a1 = b
		if len(tgtgt) != len(crypto.Key{}) {
			return crypto.Key{}, false
		}
		return crypto.Key(tgtgt), true
	})
	if len(a1) == 0 {
		t.Fatalf("ParseWtLogin found no A1: %v", err)
	}
	if len(tgtgt) == 0 {
		list, _, err := ParseTLVs(r.Body[2:])
		if err != nil {
			t.Fatalf("ParseTLVs: %v", err)
		}
		if err := (&WtLogin{}).readOuter(list); err != nil {
			t.Fatalf("readOuter: %v", err)
		}
		t.Skip("vector has no tgtgt key: sealed part not checked")
	}
	if err != nil {
		t.Fatalf("ParseWtLogin: %v", err)
	}
	if l.UIN == 0 || l.GUID == ([16]byte{}) || l.App.AppId == 0 {
		t.Errorf("ParseWtLogin = %+v", l)
	}
}

type capturedVector struct {
	ID, Kind string
	Body     vectors.Hex
	Expected struct {
		AppID           *uint32 `json:"app_id_at_50"`
		Code            *uint8
		SignatureLength *int `json:"signature_length"`
	}
}

func TestVectorsCapturedLogin(t *testing.T) {
	for _, c := range vectors.Of[capturedVectorRaw](t, "captures.json") {
		t.Run(c.ID, func(t *testing.T) {
			var v capturedVector
			if err := json.Unmarshal(c.all, &v); err != nil {
				t.Fatal(err)
			}
			checkCaptured(t, v)
		})
	}
}

// capturedVectorRaw leaves the expectations of other kinds of captures, which have other forms, undecoded.
type capturedVectorRaw struct {
	ID, Kind string
	all      json.RawMessage
}

func (c *capturedVectorRaw) UnmarshalJSON(b []byte) error {
	c.all = bytes.Clone(b)
	var head struct{ ID, Kind string }
	err := json.Unmarshal(b, &head)
	c.ID, c.Kind = head.ID, head.Kind
	return err
}

func checkCaptured(t *testing.T, c capturedVector) {
	t.Helper()
	reply, err := parseCode2DReply(c.Body)
	if err != nil {
		t.Fatalf("parseCode2DReply: %v", err)
	}
	if want := c.Expected.AppID; want != nil && reply.appID != *want {
		t.Errorf("app id %d, want %d", reply.appID, *want)
	}
	if want := c.Expected.Code; want != nil && reply.code != *want {
		t.Errorf("code %d, want %d", reply.code, *want)
	}
	var again []byte
	switch reply.subCommand {
	case code2DFetch:
		r, err := ParseQRFetchReply(c.Body)
		if err != nil {
			t.Fatalf("ParseQRFetchReply: %v", err)
		}
		if want := c.Expected.SignatureLength; want != nil && len(r.Signature) != *want {
			t.Errorf("signature of %d bytes, want %d", len(r.Signature), *want)
		}
		if r.LifetimeSeconds == 0 || r.URL == "" || !strings.Contains(r.URL, r.SignatureText) {
			t.Errorf("ParseQRFetchReply: lifetime %d, url %q, text %q", r.LifetimeSeconds, r.URL, r.SignatureText)
		}
		again, err = r.Encode()
		if err != nil {
			t.Fatal(err)
		}
	case code2DPoll:
		r, err := ParseQRPollReply(c.Body)
		if err != nil {
			t.Fatalf("ParseQRPollReply: %v", err)
		}
		if again, err = r.Encode(); err != nil {
			t.Fatal(err)
		}
	default:
		t.Skipf("sub command %#x", reply.subCommand)
	}
	if reply.subCommand == code2DFetch && !bytes.Equal(again, c.Body) {
		t.Errorf("written again:\ngot  %x\nwant %x", again, c.Body)
	}
}

// fuzzBody returns the body of a capture as a seed.
func fuzzBody(f *testing.F, c capturedVectorRaw) []byte {
	f.Helper()
	var v struct{ Body vectors.Hex }
	if err := json.Unmarshal(c.all, &v); err != nil {
		f.Fatal(err)
	}
	return v.Body
}

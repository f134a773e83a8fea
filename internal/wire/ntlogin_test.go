package wire

import (
	"bytes"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/loginpb"
)

func TestNTLogin(t *testing.T) {
	key := bytes.Repeat([]byte{3}, 32)
	app := BuiltinApp("Linux")
	head := NTLoginHead(&app, 10001, "Lagrange-TEST", testGUID(), "cookie")
	for _, sent := range []*NTLogin{
		{Ticket: []byte("ticket"), Head: head, Body: []byte("body")},
		{Head: head, Body: []byte("reply")},
		{Head: head},
	} {
		payload, err := SealNTLogin(sent, key)
		if err != nil {
			t.Fatal(err)
		}
		var envelope loginpb.NtLoginEnvelope
		if err := pb.Unmarshal(payload, &envelope); err != nil {
			t.Fatal(err)
		}
		if (envelope.Type != nil) != (sent.Ticket != nil) || (envelope.SessionTicket != nil) != (sent.Ticket != nil) {
			t.Errorf("envelope of %+v = %v", sent, &envelope)
		}
		got, err := OpenNTLogin(payload, func(ticket []byte) ([]byte, error) {
			if !bytes.Equal(ticket, sent.Ticket) {
				t.Errorf("asked for the key of %q, want %q", ticket, sent.Ticket)
			}
			return key, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(got.Head, head) || !bytes.Equal(got.Body, sent.Body) || !bytes.Equal(got.Ticket, sent.Ticket) {
			t.Errorf("OpenNTLogin = %+v, want %+v", got, sent)
		}
		if got.Body == nil {
			t.Error("the body field is absent, want it present though empty")
		}
	}
}

func TestNTLoginHead(t *testing.T) {
	app := BuiltinApp("Mac")
	h := NTLoginHead(&app, 10001, "d", testGUID(), "")
	if h.GetUser().GetAccount() != "10001" || h.GetClient().GetPlatform() != loginpb.NtPlatform_NT_PLATFORM_MAC ||
		h.GetApp().GetVersion() != "Darwin" || h.GetApp().Qua != nil || h.GetSdk().GetVersion() != 1 {
		t.Errorf("NTLoginHead = %v", h)
	}
	if h.Cookie == nil || h.Cookie.Content != nil {
		t.Errorf("cookie = %v, want an empty message", h.Cookie)
	}
	if h.Error != nil {
		t.Errorf("error = %v, want none", h.Error)
	}
}

func TestOpenNTLoginRefusals(t *testing.T) {
	key := make([]byte, 16)
	unknown := errors.New("unknown ticket")
	keyFor := func(ticket []byte) ([]byte, error) {
		if string(ticket) != "ticket" {
			return nil, unknown
		}
		return key, nil
	}
	payload, err := SealNTLogin(&NTLogin{Ticket: []byte("ticket")}, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := OpenNTLogin(payload, keyFor)
	if err != nil || l.Head == nil {
		t.Errorf("without a head: OpenNTLogin = %+v, %v, want an empty head", l, err)
	}
	stranger, err := SealNTLogin(&NTLogin{Ticket: []byte("other")}, key)
	if err != nil {
		t.Fatal(err)
	}
	otherKey, err := SealNTLogin(&NTLogin{Ticket: []byte("ticket")}, bytes.Repeat([]byte{1}, 16))
	if err != nil {
		t.Fatal(err)
	}
	garbage, err := crypto.GCMSeal(key, []byte{0x0A, 0x7F})
	if err != nil {
		t.Fatal(err)
	}
	envelope := func(e *loginpb.NtLoginEnvelope) []byte {
		b, err := pb.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, c := range []struct {
		name    string
		payload []byte
		want    error
	}{
		{"not protobuf", []byte{0x0A, 0x7F}, ErrProtocol},
		{"unknown ticket", stranger, unknown},
		{"another key", otherKey, ErrDecrypt},
		{"no buffer", envelope(&loginpb.NtLoginEnvelope{SessionTicket: []byte("ticket")}), ErrDecrypt},
		{"garbage", envelope(&loginpb.NtLoginEnvelope{SessionTicket: []byte("ticket"), Buffer: garbage}), ErrProtocol},
		{"android", envelope(&loginpb.NtLoginEnvelope{SecBuffer: []byte("x")}), ErrUnsupported},
	} {
		if l, err := OpenNTLogin(c.payload, keyFor); !errors.Is(err, c.want) {
			t.Errorf("%s: OpenNTLogin(%x) = %+v, %v, want %v", c.name, c.payload, l, err, c.want)
		}
	}
	if b, err := SealNTLogin(&NTLogin{}, []byte("short")); err == nil {
		t.Errorf("SealNTLogin with a bad key = %x, want an error", b)
	}
}

func TestNTLoginErrorText(t *testing.T) {
	for code := uint64(140022000); code <= 140022019; code++ {
		if NTLoginErrorText(code) == "" {
			t.Errorf("NTLoginErrorText(%d) is empty", code)
		}
	}
	for code := uint64(150022020); code <= 150022029; code++ {
		if NTLoginErrorText(code) == "" {
			t.Errorf("NTLoginErrorText(%d) is empty", code)
		}
	}
	if got := NTLoginErrorText(5); got != "" {
		t.Errorf("NTLoginErrorText(5) = %q, want none", got)
	}
}

func FuzzOpenNTLogin(f *testing.F) {
	key := make([]byte, 16)
	app := BuiltinApp("Linux")
	payload, err := SealNTLogin(&NTLogin{Ticket: []byte("t"), Head: NTLoginHead(&app, 1, "d", testGUID(), "c")}, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload, false)
	f.Add([]byte{0x0A, 2, 0x0A, 0, 0x12, 1, 'x'}, true)
	f.Fuzz(func(t *testing.T, b []byte, seal bool) {
		if seal { // b is what lies inside
			sealed, err := crypto.GCMSeal(key, b)
			if err != nil {
				t.Fatal(err)
			}
			if b, err = pb.Marshal(&loginpb.NtLoginEnvelope{Buffer: sealed}); err != nil {
				t.Fatal(err)
			}
		}
		_, _ = OpenNTLogin(b, func([]byte) ([]byte, error) { return key, nil })
	})
}

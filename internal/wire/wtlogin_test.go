package wire

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"libration/internal/crypto"
)

var testTgtgt = crypto.Key{1, 2, 3, 4}

// knownA1 is the code record of a server that gave out testTgtgt for the A1 "a1".
func knownA1(a1 []byte) (crypto.Key, bool) { return testTgtgt, string(a1) == "a1" }

func testWtLogin() *WtLogin {
	return &WtLogin{
		App: BuiltinApp("Linux"), UIN: 10001, GUID: testGUID(), DeviceName: "Lagrange-TEST", A1: []byte("a1"),
		TgtgtKey: testTgtgt, NoPicSig: crypto.Key{9},
	}
}

func TestWtLogin(t *testing.T) {
	sent := testWtLogin()
	body, err := sent.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseWtLogin(body, knownA1)
	if err != nil {
		t.Fatal(err)
	}
	// What the packet does not carry.
	want := *sent
	want.App.VendorOs, want.App.Kernel, want.App.CurrentVersion, want.App.Qua = "", "", "", ""
	want.App.SsoVersion, want.App.NTLoginType, want.App.Platform = 0, 0, 0
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	list, rest, err := ParseTLVs(body[2:])
	if err != nil || len(rest) != 0 || len(list) != 15 {
		t.Fatalf("%d TLVs, rest %x, %v, want 15", len(list), rest, err)
	}
}

// TestWtLoginForeign reads a login in another order, with an unknown TLV, and with the versions of TLV 0x18 and 0x100
// swapped as some clients have them.
func TestWtLoginForeign(t *testing.T) {
	sent := testWtLogin()
	body, err := sent.Encode()
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := ParseTLVs(body[2:])
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(list)
	for i := range list {
		switch list[i].Tag {
		case 0x18:
			list[i] = tlvAccount(0, 5, 0, 46494, sent.UIN)
		case 0x100:
			list[i] = tlvSigMap(0, 5, 1, 2, oldClientVersion, 3)
		case 0x145:
			list[i].Tag = 0x7777 // the sealed device id must do
		case 0x16A:
			list[i].Value = []byte("short")
		}
	}
	if body, err = AppendTLVs(fields(nil).u16(wtLoginSub), list); err != nil {
		t.Fatal(err)
	}
	got, err := ParseWtLogin(body, knownA1)
	if err != nil {
		t.Fatal(err)
	}
	if got.UIN != sent.UIN || got.GUID != sent.GUID || got.App.AppClientVersion != 46494 || got.App.SubAppId != 2 ||
		got.NoPicSig != (crypto.Key{}) {
		t.Errorf("ParseWtLogin = %+v", got)
	}
}

func TestWtLoginRefusals(t *testing.T) {
	good, err := testWtLogin().Encode()
	if err != nil {
		t.Fatal(err)
	}
	with := func(l TLVs) []byte {
		b, err := AppendTLVs(fields(nil).u16(wtLoginSub), l)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	list, _, err := ParseTLVs(good[2:])
	if err != nil {
		t.Fatal(err)
	}
	replaced := func(v TLV) []byte {
		l := slices.Clone(list)
		l[slices.IndexFunc(l, func(o TLV) bool { return o.Tag == v.Tag })] = v
		return with(l)
	}
	badInner, err := tlvSealed144(testTgtgt, TLVs{{Tag: 0x128, Value: []byte("short")}})
	if err != nil {
		t.Fatal(err)
	}
	password := bytes.Clone(good)
	password[1] = 2
	for _, c := range []struct {
		name string
		body []byte
		want error
	}{
		{"empty", nil, ErrTruncated},
		{"other sub command", password, ErrUnsupported},
		{"cut", good[:len(good)-1], ErrTruncated},
		{"no TLVs", with(nil), ErrBadLogin},
		{"unknown A1", replaced(tlvA1([]byte("other"))), ErrBadLogin},
		{"0x144 under another key", replaced(TLV{Tag: 0x144, Value: crypto.TEASeal(nil, []byte{0, 0}, crypto.Key{})}), ErrBadLogin},
		{"0x144 not a list", replaced(TLV{Tag: 0x144, Value: crypto.TEASeal(nil, []byte{9, 9}, testTgtgt)}), ErrBadLogin},
		{"short inner", replaced(badInner), ErrBadLogin},
		{"short outer", replaced(TLV{Tag: 0x18, Value: []byte("short")}), ErrBadLogin},
	} {
		if l, err := ParseWtLogin(c.body, knownA1); !errors.Is(err, c.want) {
			t.Errorf("%s: ParseWtLogin = %+v, %v, want %v", c.name, l, err, c.want)
		}
	}
	long := testWtLogin()
	long.A1 = make([]byte, 1<<16)
	if _, err := long.Encode(); err == nil {
		t.Error("Encode of a 64 KiB A1: want an error")
	}
	long = testWtLogin()
	long.DeviceName = strings.Repeat("d", 1<<16)
	if _, err := long.Encode(); err == nil {
		t.Error("Encode of a 64 KiB device name: want an error")
	}
}

func testTickets() *Tickets {
	return &Tickets{
		A1: []byte("new a1"), A2: []byte("a2"), D2: []byte("d2"), D2Key: crypto.Key{5}, UID: "u_testtesttesttesttestAA",
		Nickname: "Näme", Age: 20, Gender: 1, NoPicSig: bytes.Repeat([]byte{6}, 16),
	}
}

func TestWtLoginReply(t *testing.T) {
	bare := testTickets()
	bare.NoPicSig = nil
	for _, sent := range []*WtLoginReply{
		{Tickets: testTickets()},
		{Tickets: bare},
		{State: 45, Title: "title", Message: "message"},
		{State: 1},
	} {
		body, err := sent.Encode(testTgtgt)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseWtLoginReply(body, testTgtgt)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sent, got); diff != "" {
			t.Errorf("(-sent +got):\n%s", diff)
		}
	}
}

// TestWtLoginReplyForOtherClients checks that everything is there that some client requires.
func TestWtLoginReplyForOtherClients(t *testing.T) {
	body, err := (&WtLoginReply{Tickets: testTickets()}).Encode(testTgtgt)
	if err != nil {
		t.Fatal(err)
	}
	list, rest, err := ParseTLVs(body[3:])
	if err != nil || len(rest) != 0 {
		t.Fatalf("ParseTLVs: rest %x, %v", rest, err)
	}
	sealed, _ := list.Get(0x119)
	plain, err := crypto.TEAOpen(sealed, testTgtgt)
	if err != nil {
		t.Fatal(err)
	}
	inner, _, err := ParseTLVs(plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []uint16{0x10A, 0x143, 0x305, 0x106, 0x543, 0x11A, 0x16A} {
		if _, ok := inner.Get(tag); !ok {
			t.Errorf("tlv %#x is missing", tag)
		}
	}
	uid, _ := inner.Get(0x543)
	want := append([]byte{0x4A, 28, 0x5A, 26, 0x0A, 24}, "u_testtesttesttesttestAA"...) // 9.11.1
	if !bytes.Equal(uid, want) {
		t.Errorf("tlv 0x543 = %x, want %x", uid, want)
	}
	body, err = (&WtLoginReply{State: 45, Title: "T", Message: "M"}).Encode(testTgtgt)
	if want := []byte{0, 9, 45, 0, 1, 0x01, 0x46, 0, 14, 0, 0, 0, 45, 0, 1, 'T', 0, 1, 'M', 0, 0, 0, 0}; err != nil || !bytes.Equal(body, want) {
		t.Errorf("failure = %x, %v, want %x", body, err, want)
	}
}

func TestWtLoginReplyRefusals(t *testing.T) {
	for name, r := range map[string]*WtLoginReply{
		"no tickets":    {},
		"long nickname": {Tickets: &Tickets{Nickname: strings.Repeat("n", 256)}},
		"long A2":       {Tickets: &Tickets{A2: make([]byte, 1<<16)}},
		"long together": {Tickets: &Tickets{A1: make([]byte, 40000), A2: make([]byte, 40000)}},
		"long title":    {State: 1, Title: strings.Repeat("t", 1<<16)},
	} {
		if b, err := r.Encode(testTgtgt); err == nil {
			t.Errorf("%s: Encode = %d bytes, want an error", name, len(b))
		}
	}
	seal := func(l TLVs) []byte {
		plain, err := AppendTLVs(nil, l)
		if err != nil {
			t.Fatal(err)
		}
		b, err := AppendTLVs(fields(nil).u16(9).u8(0), TLVs{{Tag: 0x119, Value: crypto.TEASeal(nil, plain, testTgtgt)}})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	needed := TLVs{{Tag: 0x10A}, {Tag: 0x143}, {Tag: 0x305, Value: make([]byte, 16)}}
	good := seal(needed)
	if r, err := ParseWtLoginReply(good, testTgtgt); err != nil {
		t.Errorf("only what we need: %+v, %v", r, err)
	}
	for _, c := range []struct {
		name string
		body []byte
		key  crypto.Key
		want error
	}{
		{"empty", nil, testTgtgt, ErrTruncated},
		{"no list", []byte{0, 9, 0}, testTgtgt, ErrTruncated},
		{"no 0x119", []byte{0, 9, 0, 0, 0}, testTgtgt, ErrProtocol},
		{"another key", good, crypto.Key{}, ErrDecrypt},
		{"no tickets", seal(nil), testTgtgt, ErrProtocol},
		{"short D2 key", seal(TLVs{{Tag: 0x10A}, {Tag: 0x143}, {Tag: 0x305, Value: make([]byte, 15)}}), testTgtgt, ErrProtocol},
		{"short profile", seal(append(slices.Clone(needed), TLV{Tag: 0x11A, Value: []byte{0}})), testTgtgt, ErrTruncated},
	} {
		if r, err := ParseWtLoginReply(c.body, c.key); !errors.Is(err, c.want) {
			t.Errorf("%s: ParseWtLoginReply = %+v, %v, want %v", c.name, r, err, c.want)
		}
	}
	broken := seal(append(slices.Clone(needed), TLV{Tag: 0x543, Value: []byte{0x4A, 0x7F}}))
	if r, err := ParseWtLoginReply(broken, testTgtgt); err == nil {
		t.Errorf("broken 0x543: ParseWtLoginReply = %+v, want an error", r)
	}
}

func TestWtLoginReplyWords(t *testing.T) {
	older, err := AppendTLVs(fields(nil).u16(9).u8(2), TLVs{tlv(0x149, fields(nil).u16(0).l2("old title").l2("old text"))})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		body []byte
		want WtLoginReply
	}{
		{"tlv 0x149", older, WtLoginReply{State: 2, Title: "old title", Message: "old text"}},
		{"state alone", []byte{0, 9, 40}, WtLoginReply{State: 40}},
		{"unreadable words", []byte{0, 9, 40, 0, 1, 1}, WtLoginReply{State: 40}},
	} {
		got, err := ParseWtLoginReply(c.body, testTgtgt)
		if err != nil || *got != c.want {
			t.Errorf("%s: ParseWtLoginReply = %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}

func TestWtLoginStateText(t *testing.T) {
	for _, state := range []uint8{0, 1, 2, 3, 15, 40, 45, 155, 160, 162, 163, 167, 204, 235, 237, 239} {
		if WtLoginStateText(state) == "" {
			t.Errorf("WtLoginStateText(%d) is empty", state)
		}
	}
	if got := WtLoginStateText(200); got != "" {
		t.Errorf("WtLoginStateText(200) = %q, want none", got)
	}
}

func TestWtLoginReplyRoundTripProperty(t *testing.T) {
	some := rapid.SliceOfN(rapid.Byte(), 1, 80)
	rapid.Check(t, func(t *rapid.T) {
		sent := &Tickets{
			A1: some.Draw(t, "a1"), A2: some.Draw(t, "a2"), D2: some.Draw(t, "d2"),
			D2Key: crypto.Key(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key")),
			UID:   rapid.StringN(0, 24, -1).Draw(t, "uid"), Nickname: rapid.StringN(0, 40, 255).Draw(t, "name"),
			Age: rapid.Uint8().Draw(t, "age"), Gender: rapid.Uint8().Draw(t, "gender"),
		}
		body, err := (&WtLoginReply{Tickets: sent}).Encode(testTgtgt)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseWtLoginReply(body, testTgtgt)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sent, got.Tickets); diff != "" {
			t.Fatalf("(-sent +got):\n%s", diff)
		}
	})
}

func FuzzParseWtLogin(f *testing.F) {
	body, err := testWtLogin().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := ParseWtLogin(b, knownA1); err == nil {
			_, _ = l.Encode()
		}
	})
}

// FuzzReadWtLogin reaches what lies behind the seals, which a fuzzer does not open by chance.
func FuzzReadWtLogin(f *testing.F) {
	body, err := testWtLogin().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body[2:])
	list, err := testTickets().tlvs()
	if err != nil {
		f.Fatal(err)
	}
	tickets, err := AppendTLVs(nil, list)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(tickets)
	f.Fuzz(func(t *testing.T, b []byte) {
		list, _, err := ParseTLVs(b)
		if err != nil {
			return
		}
		l := &WtLogin{}
		_ = l.readInner(list)
		_ = l.readOuter(list)
		_, _ = parseTickets(list)
	})
}

func FuzzParseWtLoginReply(f *testing.F) {
	for _, r := range []*WtLoginReply{{Tickets: testTickets()}, {State: 45, Title: "title", Message: "message"}} {
		body, err := r.Encode(testTgtgt)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = ParseWtLoginReply(b, testTgtgt)
	})
}

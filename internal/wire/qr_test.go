package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"libration/internal/crypto"
	"libration/internal/vectors"
)

func testGUID() (g [16]byte) {
	for i := range g {
		g[i] = byte(i * 17)
	}
	return g
}

func mustCode2D(t *testing.T, body []byte, sub uint16) *Code2D {
	t.Helper()
	c, err := ParseCode2D(body)
	if err != nil || c.SubCommand != sub {
		t.Fatalf("ParseCode2D(%x) = %+v, %v, want sub command %#x", body, c, err, sub)
	}
	return c
}

func TestQRFetch(t *testing.T) {
	for _, sig := range [][]byte{nil, []byte("unusual")} {
		app := BuiltinApp("Linux")
		sent := &QRFetch{App: app, GUID: testGUID(), DeviceName: "Lagrange-TEST", UnusualSig: sig, Time: 1700000000}
		body, err := sent.Encode()
		if err != nil {
			t.Fatal(err)
		}
		c := mustCode2D(t, body, 0x31)
		if c.AppID != uint32(app.AppId) || c.Time != sent.Time {
			t.Errorf("envelope = %+v", c)
		}
		got, err := ParseQRFetch(c.Data)
		if err != nil {
			t.Fatal(err)
		}
		want := &QRFetch{
			App: App{
				Os: app.Os, AppId: app.AppId, SubAppId: app.SubAppId, PackageName: app.PackageName,
				PtVersion: app.PtVersion, MiscBitmap: app.MiscBitmap, SsoVersion: app.SsoVersion,
			},
			GUID: sent.GUID, DeviceName: sent.DeviceName, UnusualSig: sig,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestQRFetchForeign reads what other clients may send: another order, unknown TLVs and fields, the guid as text.
func TestQRFetchForeign(t *testing.T) {
	device, err := tlvQRDevice("Linux", "py")
	if err != nil {
		t.Fatal(err)
	}
	device.Value = append(device.Value, 0xA2, 0x06, 1, 'x', 0x98, 0x06, 5) // unknown fields 100 and 99
	data, err := AppendTLVs(fields(nil).u16(0).u32(1600001615).u64(0).u8(0).u16(0), TLVs{
		device,
		{Tag: 0x7777, Value: []byte("unknown")},
		tlvQRGUID([]byte("00112233445566778899aabbccddeeff")),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseQRFetch(append(data, "trailing"...))
	if err != nil || got.GUID != testGUID() || got.DeviceName != "py" || got.App.AppId != 1600001615 {
		t.Errorf("ParseQRFetch = %+v, %v", got, err)
	}
}

func TestQRFetchRefusals(t *testing.T) {
	q := &QRFetch{UnusualSig: make([]byte, 1<<16)}
	if b, err := q.Encode(); err == nil {
		t.Errorf("Encode of a 64 KiB signature = %d bytes, want an error", len(b))
	}
	head := fields(nil).u16(0).u32(1).u64(0).u8(0).u16(0)
	for name, l := range map[string]TLVs{
		"short 0x16":  {{Tag: 0x16, Value: make([]byte, 20)}},
		"broken 0xd1": {{Tag: 0xD1, Value: []byte{0x0A, 0x7F}}},
	} {
		data, err := AppendTLVs(bytes.Clone(head), l)
		if err != nil {
			t.Fatal(err)
		}
		if q, err := ParseQRFetch(data); err == nil {
			t.Errorf("%s: ParseQRFetch(%x) = %+v, want an error", name, data, q)
		}
	}
	if q, err := ParseQRFetch(head[:9]); !errors.Is(err, ErrTruncated) {
		t.Errorf("ParseQRFetch of 9 bytes = %+v, %v, want ErrTruncated", q, err)
	}
}

func TestQRFetchReply(t *testing.T) {
	for _, sent := range []*QRFetchReply{
		{
			AppID: 1600001615, Signature: bytes.Repeat([]byte{7}, 24), Image: []byte("\x89PNG"), LifetimeSeconds: 120,
			URL: "https://txz.qq.com/p?k=" + strings.Repeat("K", 32) + "&f=1600001615", SignatureText: strings.Repeat("K", 32),
		},
		{AppID: 1600001615, Code: 3},
	} {
		body, err := sent.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseQRFetchReply(body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sent, got); diff != "" {
			t.Errorf("(-sent +got):\n%s", diff)
		}
		if body[54] != sent.Code {
			t.Errorf("code at 54 = %d, want %d", body[54], sent.Code)
		}
	}
	if b, err := (&QRFetchReply{URL: strings.Repeat("u", 128)}).Encode(); err == nil {
		t.Errorf("Encode of an address of 128 bytes = %x, want an error", b)
	}
	if b, err := (&QRFetchReply{Image: make([]byte, 65500)}).Encode(); err == nil {
		t.Errorf("Encode of too long a picture = %d bytes, want an error", len(b))
	}
}

// TestQRFetchReplyForOtherClients checks what clients that read by position rely on.
func TestQRFetchReplyForOtherClients(t *testing.T) {
	r := &QRFetchReply{Signature: []byte("s"), Image: []byte("i"), LifetimeSeconds: 120, URL: "https://u", SignatureText: "t"}
	body, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	l, _, err := ParseTLVs(body[55+3:])
	if err != nil {
		t.Fatal(err)
	}
	var tags []uint16
	for _, v := range l {
		tags = append(tags, v.Tag)
	}
	if diff := cmp.Diff([]uint16{0x17, 0x1C, 0xD1}, tags); diff != "" {
		t.Errorf("order of the TLVs (-want +got):\n%s", diff)
	}
	ext, _ := l.Get(0xD1)
	// Skips the field tag and takes the rest as a text behind a one-byte length.
	if got := string(ext[2 : 2+ext[1]]); got != r.URL {
		t.Errorf("address read by position = %q, want %q", got, r.URL)
	}
	life, _ := l.Get(0x1C)
	if want := []byte{0, 0, 0, 120, 0, 2}; !bytes.Equal(life, want) {
		t.Errorf("life time = %x, want %x", life, want)
	}
}

func TestQRPoll(t *testing.T) {
	sent := &QRPoll{AppID: 1600001615, Signature: []byte("signature"), Time: 1700000000}
	body, err := sent.Encode()
	if err != nil {
		t.Fatal(err)
	}
	c := mustCode2D(t, body, 0x12)
	got, err := ParseQRPoll(c.Data)
	if err != nil || got.AppID != sent.AppID || !bytes.Equal(got.Signature, sent.Signature) || c.Time != sent.Time {
		t.Errorf("ParseQRPoll = %+v, %v, want %+v", got, err, sent)
	}
	if _, err := ParseQRPoll(c.Data[:9]); !errors.Is(err, ErrTruncated) {
		t.Errorf("ParseQRPoll of 9 bytes: %v, want ErrTruncated", err)
	}
	if b, err := (&QRPoll{Signature: make([]byte, 1<<16)}).Encode(); err == nil {
		t.Errorf("Encode of a 64 KiB signature = %d bytes, want an error", len(b))
	}
}

func TestQRPollReply(t *testing.T) {
	for _, sent := range []*QRPollReply{
		{AppID: 5, State: QRWaiting},
		{AppID: 5, State: QRState(200)},
		{AppID: 5, State: QRConfirmed, UIN: 1<<32 + 5, TgtgtKey: crypto.Key{1}, NoPicSig: crypto.Key{2}, A1: []byte("a1")},
	} {
		body, err := sent.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseQRPollReply(body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sent, got); diff != "" {
			t.Errorf("%v (-sent +got):\n%s", sent.State, diff)
		}
	}
	incomplete := &code2DReply{subCommand: code2DPoll, data: fields(nil).u64(1).u32(0).u16(0)}
	body, err := incomplete.encode()
	if err != nil {
		t.Fatal(err)
	}
	if r, err := ParseQRPollReply(body); !errors.Is(err, ErrProtocol) {
		t.Errorf("confirmation without TLVs = %+v, %v, want ErrProtocol", r, err)
	}
	body[1] = 1
	if r, err := ParseQRPollReply(body); !errors.Is(err, ErrUnsupported) {
		t.Errorf("sealed reply = %+v, %v, want ErrUnsupported", r, err)
	}
	if r, err := ParseQRPollReply(body[:55]); !errors.Is(err, ErrTruncated) {
		t.Errorf("55 bytes = %+v, %v, want ErrTruncated", r, err)
	}
}

func TestQRStateString(t *testing.T) {
	for state, want := range map[QRState]string{
		QRConfirmed: "confirmed", QRExpired: "expired", QRWaiting: "waiting", QRScanned: "scanned",
		QRCancelled: "cancelled", QRInvalid: "invalid", 7: "state 7",
	} {
		if got := state.String(); got != want {
			t.Errorf("QRState(%d).String() = %q, want %q", uint8(state), got, want)
		}
	}
}

func TestCode2DRefusals(t *testing.T) {
	good, err := (&Code2D{AppID: 1, SubCommand: 0x31, Data: []byte("data")}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if c, err := ParseCode2D(good[:n]); !errors.Is(err, ErrTruncated) {
			t.Errorf("ParseCode2D of %d bytes = %+v, %v, want ErrTruncated", n, c, err)
		}
	}
	good[0] = 1
	if c, err := ParseCode2D(good); !errors.Is(err, ErrUnsupported) {
		t.Errorf("sealed request = %+v, %v, want ErrUnsupported", c, err)
	}
}

func TestCode2DRoundTripProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent := &Code2D{
			AppID: rapid.Uint32().Draw(t, "app"), SubCommand: rapid.Uint16().Draw(t, "sub"),
			Time: rapid.Uint32().Draw(t, "time"), Data: rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "data"),
		}
		body, err := sent.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseCode2D(body)
		if err != nil || got.AppID != sent.AppID || got.SubCommand != sent.SubCommand || got.Time != sent.Time ||
			!bytes.Equal(got.Data, sent.Data) {
			t.Fatalf("ParseCode2D(%x) = %+v, %v, want %+v", body, got, err, sent)
		}
	})
}

func FuzzParseCode2D(f *testing.F) {
	for _, c := range vectors.Read[loginFrameVector](f, "sso_frames.json") {
		if c.Wtlogin != nil {
			f.Add([]byte(c.Wtlogin.Plain))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseCode2D(b)
		if err != nil {
			return
		}
		_, _ = ParseQRFetch(c.Data)
		_, _ = ParseQRPoll(c.Data)
	})
}

func FuzzParseQRFetch(f *testing.F) {
	body, err := (&QRFetch{App: BuiltinApp("Linux"), DeviceName: "d", UnusualSig: []byte("u")}).Encode()
	if err != nil {
		f.Fatal(err)
	}
	c, err := ParseCode2D(body)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(c.Data)
	f.Fuzz(func(t *testing.T, b []byte) {
		if q, err := ParseQRFetch(b); err == nil {
			_, _ = q.Encode()
		}
	})
}

func FuzzParseQRPoll(f *testing.F) {
	f.Add([]byte(fields(nil).u16(0).u32(1).l2("signature").u64(0).u8(0).u16(0).u16(0)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if q, err := ParseQRPoll(b); err == nil {
			_, _ = q.Encode()
		}
	})
}

func FuzzParseQRReplies(f *testing.F) {
	for _, c := range vectors.Read[capturedVectorRaw](f, "captures.json") {
		if c.Kind == "wtlogin_body" {
			f.Add(fuzzBody(f, c))
		}
	}
	confirmed, err := (&QRPollReply{A1: []byte("a1")}).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(confirmed)
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := ParseQRFetchReply(b); err == nil {
			_, _ = r.Encode()
		}
		if r, err := ParseQRPollReply(b); err == nil {
			_, _ = r.Encode()
		}
	})
}

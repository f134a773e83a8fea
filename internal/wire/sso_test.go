package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"libration/internal/crypto"
)

var testKey = crypto.Key{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

func fromHex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func knownKey([]byte) (crypto.Key, error) { return testKey, nil }

func sampleRequest() *Request {
	return &Request{
		Protocol: Protocol12, Flag: FlagD2, D2: []byte("ticket"), UIN: "1234567890", Sequence: 5000001, SubAppID: 537258424, Locale: 1033,
		Constant: [12]byte{10: 3}, A2: []byte("tgt"), Command: "OidbSvcTrpcTcp.0xfe5_2", Cookie: []byte{1}, GUID: make([]byte, 16),
		Version: "3.2.19", Reserve: []byte{0x7a, 0}, Body: bytes.Repeat([]byte("body "), 60),
	}
}

func sampleResponse() *Response {
	return &Response{
		Protocol: Protocol12, Flag: FlagD2, UIN: "1234567890", Sequence: -7, Command: pushCommand, Cookie: []byte{1, 2, 3, 4},
		Reserve: []byte{0xa8, 1, 0}, ServerTime: 1700000000, Body: bytes.Repeat([]byte("push "), 100),
	}
}

// TestHeartbeatBytes writes and reads the two examples of docs/protocol/wire.md 2.2 and 4.
func TestHeartbeatBytes(t *testing.T) {
	request := &Request{Protocol: Protocol13, Sequence: 5000001, UIN: "0", Command: heartbeatCommand,
		Cookie: []byte{}, Reserve: []byte{}, Body: []byte{0, 0, 0, 4}}
	want := fromHex(t, "0000003a 0000000d 00 004c4b41 00 00000005 30"+
		"0000001f 00000013 4865617274626561742e416c697665 00000004 00000004 00000008 00000004")
	got, err := AppendRequest(nil, request, crypto.Key{})
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("AppendRequest = %x, %v, want %x", got, err, want)
	}
	if back, err := ParseRequest(want[4:], nil); err != nil || !reflect.DeepEqual(back, request) {
		t.Errorf("ParseRequest(%x) = %+v, %v, want %+v", want, back, err, request)
	}

	response := &Response{Protocol: Protocol13, UIN: "0", Sequence: 5000001, Command: heartbeatCommand, Cookie: []byte{}, Reserve: []byte{},
		ServerTime: 1700000000, Body: []byte{0, 0, 0, 4}}
	want = fromHex(t, "0000004a 0000000d 00 00 00000005 30"+
		"00000033 004c4b41 00000000 00000004 00000013 4865617274626561742e416c697665 00000004 00000000 00000004 6553f100 00000008 00000004")
	got, err = AppendResponse(nil, response, crypto.Key{})
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("AppendResponse = %x, %v, want %x", got, err, want)
	}
	var back Response
	if err := ParseResponse(want[4:], crypto.Key{}, &back); err != nil || !reflect.DeepEqual(&back, response) {
		t.Errorf("ParseResponse(%x) = %+v, %v, want %+v", want, back, err, response)
	}
}

func TestRequestRoundTrip(t *testing.T) {
	for _, protocol := range []uint32{Protocol12, Protocol13} {
		for flag := FlagNone; flag <= FlagEmpty; flag++ {
			want := sampleRequest()
			want.Protocol, want.Flag = protocol, flag
			prefix := []byte("before")
			stream, err := AppendRequest(prefix, want, testKey)
			if err != nil || !bytes.HasPrefix(stream, prefix) {
				t.Fatalf("AppendRequest(%d, %d) = %x, %v", protocol, flag, stream, err)
			}
			got, err := ParseRequest(oneFrame(t, stream[len(prefix):]), knownKey)
			if err != nil {
				t.Fatalf("ParseRequest(%d, %d): %v", protocol, flag, err)
			}
			if flag != FlagD2 {
				want.D2 = []byte{}
			}
			if protocol == Protocol13 {
				want = &Request{Protocol: protocol, Flag: flag, UIN: want.UIN, Sequence: want.Sequence, Command: want.Command,
					Cookie: want.Cookie, Reserve: want.Reserve, Body: want.Body}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("protocol %d, flag %d: got %+v, want %+v", protocol, flag, got, want)
			}
		}
	}
}

func TestRequestDefaults(t *testing.T) {
	stream, err := AppendRequest(nil, &Request{Protocol: Protocol12, Command: "x"}, crypto.Key{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseRequest(stream[4:], knownKey)
	if err != nil || got.Locale != 2052 || got.Constant != [12]byte{2} {
		t.Errorf("got %+v, %v, want the locale 2052 and the constant 02 00 ...", got, err)
	}
}

func TestParseRequestUnknownTicket(t *testing.T) {
	unknown := errors.New("no such ticket")
	stream, err := AppendRequest(nil, sampleRequest(), testKey)
	if err != nil {
		t.Fatal(err)
	}
	want := &Request{Protocol: Protocol12, Flag: FlagD2, D2: []byte("ticket"), UIN: "1234567890"}
	for _, c := range []struct {
		name   string
		keyFor func([]byte) (crypto.Key, error)
		err    error
	}{
		{"unknown", func([]byte) (crypto.Key, error) { return crypto.Key{}, unknown }, unknown},
		{"wrong key", func([]byte) (crypto.Key, error) { return crypto.Key{}, nil }, ErrDecrypt},
	} {
		got, err := ParseRequest(bytes.Clone(stream[4:]), c.keyFor)
		if !errors.Is(err, c.err) || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: ParseRequest = %+v, %v, want %+v, %v", c.name, got, err, want, c.err)
		}
	}
}

func TestAppendRequestErrors(t *testing.T) {
	dst := []byte("before")
	for _, c := range []struct {
		name   string
		change func(*Request)
		want   error
	}{
		{"protocol", func(r *Request) { r.Protocol = 11 }, ErrProtocol},
		{"flag", func(r *Request) { r.Flag = 3 }, ErrProtocol},
		{"version", func(r *Request) { r.Version = strings.Repeat("v", 65534) }, ErrProtocol},
		{"size", func(r *Request) { r.Flag, r.Body = FlagNone, make([]byte, MaxFrame) }, nil},
	} {
		r := sampleRequest()
		c.change(r)
		got, err := AppendRequest(dst, r, testKey)
		var tooBig *FrameError
		if c.want == nil && !errors.As(err, &tooBig) || c.want != nil && !errors.Is(err, c.want) || string(got) != "before" {
			t.Errorf("%s: AppendRequest = %.20q, %v, want %v", c.name, got, err, c.want)
		}
	}
	r := sampleRequest()
	r.Version = strings.Repeat("v", 65533)
	if _, err := AppendRequest(nil, r, testKey); err != nil {
		t.Errorf("the longest version: %v", err)
	}
}

// TestRequestCut parses every prefix of the plain frames.
func TestRequestCut(t *testing.T) {
	for _, protocol := range []uint32{Protocol12, Protocol13} {
		r := sampleRequest()
		r.Protocol, r.Flag, r.Body = protocol, FlagNone, []byte("b")
		stream, err := AppendRequest(nil, r, crypto.Key{})
		if err != nil {
			t.Fatal(err)
		}
		frame := stream[4:]
		for n := range len(frame) {
			if got, err := ParseRequest(bytes.Clone(frame[:n]), knownKey); !errors.Is(err, ErrTruncated) {
				t.Errorf("protocol %d: ParseRequest of %d of %d bytes = %+v, %v, want ErrTruncated", protocol, n, len(frame), got, err)
			}
		}
		for name, b := range map[string][]byte{"protocol 14": {0, 0, 0, 14, 0, 0}, "flag 3": {0, 0, 0, 12, 3, 0, 0, 0, 4, 0, 0, 0, 0, 4}} {
			if got, err := ParseRequest(b, knownKey); !errors.Is(err, ErrProtocol) {
				t.Errorf("%s: ParseRequest = %+v, %v, want ErrProtocol", name, got, err)
			}
		}
	}
}

func TestResponseRoundTrip(t *testing.T) {
	for _, protocol := range []uint32{10, 11, 12, 13} {
		for flag := FlagNone; flag <= FlagEmpty; flag++ {
			for _, compression := range []uint32{CompressionNone, CompressionZlib, CompressionPlain, CompressionSkip} {
				for _, body := range [][]byte{{}, []byte("x"), bytes.Repeat([]byte("body"), 30000)} {
					want := sampleResponse()
					want.Protocol, want.Flag, want.Compression, want.Body = protocol, flag, compression, body
					stream, err := AppendResponse([]byte("before"), want, testKey)
					if err != nil {
						t.Fatalf("AppendResponse: %v", err)
					}
					got := Response{Code: 9, Extra: "old", Body: []byte("old")}
					if err := ParseResponse(oneFrame(t, stream[6:]), testKey, &got); err != nil || !reflect.DeepEqual(&got, want) {
						t.Fatalf("protocol %d, flag %d, compression %d: ParseResponse = %+v, %v, want %+v", protocol, flag, compression, got, err, want)
					}
				}
			}
		}
	}
}

func TestAppendResponseErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Response)
		want   error
	}{
		{"protocol", func(r *Response) { r.Protocol = 9 }, ErrProtocol},
		{"flag", func(r *Response) { r.Flag = 3 }, ErrProtocol},
		{"compression", func(r *Response) { r.Compression = 2 }, ErrCompression},
		{"inflated size", func(r *Response) { r.Compression, r.Body = CompressionZlib, make([]byte, MaxInflated+1) }, ErrCompression},
		{"size", func(r *Response) { r.Flag, r.Body = FlagNone, make([]byte, MaxFrame) }, nil},
	} {
		r := sampleResponse()
		c.change(r)
		got, err := AppendResponse([]byte("before"), r, testKey)
		var tooBig *FrameError
		if c.want == nil && !errors.As(err, &tooBig) || c.want != nil && !errors.Is(err, c.want) || string(got) != "before" {
			t.Errorf("%s: AppendResponse = %.20q, %v, want %v", c.name, got, err, c.want)
		}
	}
}

// response makes a plain service packet of a head and what follows it.
func response(head, rest []byte) []byte {
	b := appendP4([]byte{0, 0, 0, 12, 0, 0}, "1")
	return append(appendP4(b, head), rest...)
}

// TestResponseHeadForms reads the heads that servers cut short or write in their own way (docs/protocol/wire.md 4).
func TestResponseHeadForms(t *testing.T) {
	const seqCodeExtra = "00000001 00000000 00000004"
	const command = "00000005 63"
	body := fromHex(t, "00000005 62")
	for _, c := range []struct {
		name, head string
		rest       []byte
		want       Response
		err        error
	}{
		{"command last", seqCodeExtra + command, body, Response{Body: []byte("b")}, nil},
		{"cookie last", seqCodeExtra + command + "00000005 64", body, Response{Cookie: []byte("d"), Body: []byte("b")}, nil},
		{"compression last", seqCodeExtra + command + "00000004 00000004", body, Response{Cookie: []byte{}, Compression: 4, Body: []byte("b")}, nil},
		{"reserve 0", seqCodeExtra + command + "00000004 00000000 00000000", body, Response{Cookie: []byte{}, Body: []byte("b")}, nil},
		{"reserve 3 and time", seqCodeExtra + command + "00000004 00000000 00000003 00000007", body,
			Response{Cookie: []byte{}, ServerTime: 7, Body: []byte("b")}, nil},
		{"no time", seqCodeExtra + command + "00000004 00000000 00000005 08", body,
			Response{Cookie: []byte{}, Reserve: []byte{8}, Body: []byte("b")}, nil},
		{"bytes behind the head and the body", seqCodeExtra + command + "00000004 00000000 00000004 00000007 01020304", append(body, 9, 9),
			Response{Cookie: []byte{}, Reserve: []byte{}, ServerTime: 7, Body: []byte("b")}, nil},
		{"bytes behind the compression", seqCodeExtra + command + "00000004 00000000 0102", body, Response{Cookie: []byte{}, Body: []byte("b")}, nil},
		{"no command", seqCodeExtra, body, Response{}, ErrTruncated},
		{"reserve over the head", seqCodeExtra + command + "00000004 00000000 00000009 01", body, Response{}, ErrTruncated},
		{"no body", seqCodeExtra + command, nil, Response{}, ErrTruncated},
		{"body length 3", seqCodeExtra + command, []byte{0, 0, 0, 3}, Response{}, ErrTruncated},
		{"unknown compression", seqCodeExtra + command + "00000004 00000002", body, Response{}, ErrCompression},
		{"damaged zlib", seqCodeExtra + command + "00000004 00000001", body, Response{}, ErrCompression},
	} {
		var got Response
		frame := response(fromHex(t, c.head), c.rest)
		err := ParseResponse(frame, crypto.Key{}, &got)
		if c.err != nil {
			if !errors.Is(err, c.err) {
				t.Errorf("%s: ParseResponse(%x) = %+v, %v, want %v", c.name, frame, got, err, c.err)
			}
			continue
		}
		c.want.Protocol, c.want.UIN, c.want.Sequence, c.want.Command = 12, "1", 1, "c"
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: ParseResponse(%x) = %+v, %v, want %+v", c.name, frame, got, err, c.want)
		}
	}
}

// TestResponseBodyNotNeeded leaves the body out, or damages it, where nobody looks at it.
func TestResponseBodyNotNeeded(t *testing.T) {
	failed := fromHex(t, "00000000 ffffd8ef 00000008 74657874 00000004 00000004 00000001")
	alive := append(fromHex(t, "00000001 00000000 00000004"), appendP4([]byte(nil), heartbeatCommand)...)
	for _, c := range []struct {
		name       string
		head, rest []byte
		code       int32
		extra      string
	}{
		{"error without a body", failed, nil, -10001, "text"},
		{"error with a damaged body", failed, []byte{0, 0, 0, 6, 1, 2}, -10001, "text"},
		{"heartbeat without a body", alive, nil, 0, ""},
	} {
		var got Response
		err := ParseResponse(response(c.head, c.rest), crypto.Key{}, &got)
		if err != nil || got.Code != c.code || got.Extra != c.extra || got.Body != nil {
			t.Errorf("%s: got %+v, %v, want code %d, text %q and no body", c.name, got, err, c.code, c.extra)
		}
	}
}

func TestResponseCut(t *testing.T) {
	r := sampleResponse()
	r.Flag = FlagNone
	stream, err := AppendResponse(nil, r, crypto.Key{})
	if err != nil {
		t.Fatal(err)
	}
	frame := stream[4:]
	for n := range len(frame) {
		if err := ParseResponse(bytes.Clone(frame[:n]), crypto.Key{}, new(Response)); !errors.Is(err, ErrTruncated) {
			t.Errorf("ParseResponse of %d of %d bytes: %v, want ErrTruncated", n, len(frame), err)
		}
	}
	for name, b := range map[string][]byte{"protocol 14": {0, 0, 0, 14, 0, 0}, "flag 3": {0, 0, 0, 12, 3, 0, 0, 0, 0, 4}} {
		if err := ParseResponse(b, crypto.Key{}, new(Response)); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: ParseResponse: %v, want ErrProtocol", name, err)
		}
	}
}

// TestParseResponseReuse checks that a Response that is used again costs nothing for a plain push.
func TestParseResponseReuse(t *testing.T) {
	stream, err := AppendResponse(nil, sampleResponse(), testKey)
	if err != nil {
		t.Fatal(err)
	}
	frame, r := make([]byte, len(stream)-4), new(Response)
	allocs := testing.AllocsPerRun(100, func() {
		copy(frame, stream[4:])
		if err := ParseResponse(frame, testKey, r); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("ParseResponse of a second push makes %v allocations, want 0", allocs)
	}
}

func TestNewTrace(t *testing.T) {
	form := regexp.MustCompile(`^01-[0-9a-f]{32}-[0-9a-f]{16}-01$`)
	a, b := NewTrace(), NewTrace()
	if !form.MatchString(a) || len(a) != 55 || a == b {
		t.Errorf("traces %q and %q", a, b)
	}
}

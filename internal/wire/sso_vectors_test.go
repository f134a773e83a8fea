package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"strconv"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/ssopb"
	"libration/internal/vectors"
)

type ssoVector struct {
	ID, Direction, Refuse string
	Frame, Key            vectors.Hex

	Kind    uint32
	Encrypt Flag
	UIN     string
	Seq     int64
	Command string
	Body    vectors.Hex

	// Of requests.
	D2, TGT, Fixed, Reserved vectors.Hex
	GUID                     vectors.Hex
	Locale                   uint32
	SubAppID                 uint32 `json:"sub_app_id"`
	Version                  string
	ReservedFields           []struct {
		Field protoreflect.FieldNumber
		Value json.RawMessage
	} `json:"reserved_fields"`

	// Of responses.
	Compression uint32
	Message     string
	ReturnCode  int32 `json:"return_code"`
	Session     vectors.Hex
}

func TestVectorsSSOFrames(t *testing.T) {
	for _, v := range vectors.Of[ssoVector](t, "sso_frames.json") {
		t.Run(v.ID, func(t *testing.T) {
			key := crypto.Key(v.Key)
			switch {
			case v.Direction == "client to server" && v.Refuse == "":
				checkRequestVector(t, &v, key)
			case v.Direction == "client to server":
				frame, err := NewFrameReader(bytes.NewReader(v.Frame)).Next()
				if err == nil {
					_, err = ParseRequest(frame, func([]byte) (crypto.Key, error) { return key, nil })
				}
				if err == nil {
					t.Errorf("request %x was accepted, want it refused: %s", v.Frame, v.Refuse)
				}
			case v.Direction == "server to client" && v.Refuse == "":
				checkResponseVector(t, &v, key)
			case v.Direction == "server to client":
				frame, err := NewFrameReader(bytes.NewReader(v.Frame)).Next()
				if err == nil {
					err = ParseResponse(frame, key, new(Response))
				}
				if err == nil {
					t.Errorf("response %x was accepted, want it refused: %s", v.Frame, v.Refuse)
				}
			default:
				t.Errorf("unknown direction %q", v.Direction)
			}
		})
	}
}

// oneFrame returns the only frame of a stream.
func oneFrame(t *testing.T, stream []byte) []byte {
	t.Helper()
	r := NewFrameReader(bytes.NewReader(stream))
	frame, err := r.Next()
	if err != nil {
		t.Fatalf("Next of %x: %v", stream, err)
	}
	if more, err := r.Next(); err == nil {
		t.Fatalf("a second frame %x behind the first", more)
	}
	return frame
}

func checkRequestVector(t *testing.T, v *ssoVector, key crypto.Key) {
	t.Helper()
	want := &Request{
		Protocol: v.Kind, Flag: v.Encrypt, D2: v.D2, UIN: v.UIN, Sequence: uint32(v.Seq), SubAppID: v.SubAppID, Locale: v.Locale,
		A2: v.TGT, Command: v.Command, Cookie: []byte{}, GUID: v.GUID, Version: v.Version, Reserve: v.Reserved, Body: v.Body,
	}
	copy(want.Constant[:], v.Fixed)
	frame := oneFrame(t, v.Frame)
	for _, step := range []string{"the vector", "our own frame"} {
		asked := false
		got, err := ParseRequest(frame, func(d2 []byte) (crypto.Key, error) {
			asked = true
			if !bytes.Equal(d2, v.D2) {
				t.Errorf("%s: asked for the key of ticket %x, want %x", step, d2, v.D2)
			}
			return key, nil
		})
		if err != nil {
			t.Fatalf("%s: ParseRequest: %v", step, err)
		}
		if asked != (v.Encrypt == FlagD2) {
			t.Errorf("%s: asked for a key: %v, with flag %d", step, asked, v.Encrypt)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: ParseRequest = %+v, want %+v", step, got, want)
		}
		checkReserved(t, v, got.Reserve)
		stream, err := AppendRequest(nil, got, key)
		if err != nil {
			t.Fatalf("%s: AppendRequest: %v", step, err)
		}
		if len(stream) != len(v.Frame) {
			t.Errorf("%s: AppendRequest = %d bytes, want %d", step, len(stream), len(v.Frame))
		}
		frame = oneFrame(t, stream)
	}
}

func checkReserved(t *testing.T, v *ssoVector, reserve []byte) {
	t.Helper()
	var fields ssopb.SsoReserveFields
	if err := pb.Unmarshal(reserve, &fields); err != nil {
		t.Fatalf("reserve field %x: %v", reserve, err)
	}
	for _, f := range v.ReservedFields {
		got := jsonField(t, fields.ProtoReflect(), f.Field)
		switch f.Field {
		case 15:
			if trace, ok := got.(string); !ok || len(trace) != len(NewTrace()) {
				t.Errorf("trace %v, want 55 characters", got)
			}
		case 24:
			var want struct {
				Sign  vectors.Hex `json:"1_sign"`
				Token vectors.Hex `json:"2_token"`
				Extra vectors.Hex `json:"3_extra"`
			}
			if err := json.Unmarshal(f.Value, &want); err != nil {
				t.Fatal(err)
			}
			info := fields.GetSecInfo()
			if !bytes.Equal(info.GetSecSign(), want.Sign) || !bytes.Equal(info.GetSecToken(), want.Token) ||
				!bytes.Equal(info.GetSecExtra(), want.Extra) {
				t.Errorf("signature %v, want %+v", info, want)
			}
		default:
			var want any
			if err := json.Unmarshal(f.Value, &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("field %d of the reserve field = %v, want %v", f.Field, got, want)
			}
		}
	}
}

func checkResponseVector(t *testing.T, v *ssoVector, key crypto.Key) {
	t.Helper()
	frame := oneFrame(t, v.Frame)
	for _, step := range []string{"the vector", "our own frame"} {
		var got Response
		if err := ParseResponse(frame, key, &got); err != nil {
			t.Fatalf("%s: ParseResponse: %v", step, err)
		}
		want := Response{
			Protocol: v.Kind, Flag: v.Encrypt, UIN: v.UIN, Sequence: int32(v.Seq), Code: v.ReturnCode, Extra: v.Message, Command: v.Command,
			Cookie: v.Session, Compression: v.Compression, Reserve: got.Reserve, ServerTime: got.ServerTime, Body: v.Body,
		}
		if v.Body == nil {
			want.Body = got.Body // error cases leave it open
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: ParseResponse = %+v, want %+v", step, got, want)
		}
		stream, err := AppendResponse(nil, &got, key)
		if err != nil {
			t.Fatalf("%s: AppendResponse: %v", step, err)
		}
		frame = oneFrame(t, stream)
	}
}

type headVector struct {
	ID, Kind string
	Body     vectors.Hex
	Expected json.RawMessage
}

type expectedHead struct {
	Command, Extra, Version string
	Compression             uint32
	Cookie, Constant        vectors.Hex
	HeadLength              uint32 `json:"head_length"`
	ReturnCode              int32  `json:"return_code"`
	Sequence                int64
	ServerTime              uint32 `json:"server_time"`
	SubAppID                uint32 `json:"sub_app_id"`
	Locale                  uint32
	A2Length                int    `json:"a2_length"`
	GUIDText                string `json:"guid_text"`
	Payload                 vectors.Hex
	Reserve                 map[string]any
}

func TestVectorsCapturedHeads(t *testing.T) {
	for _, v := range vectors.Of[headVector](t, "captures.json") {
		t.Run(v.ID, func(t *testing.T) {
			var want expectedHead
			if err := json.Unmarshal(v.Expected, &want); err != nil {
				t.Fatal(err)
			}
			in := reader{b: v.Body}
			if got := in.u32(); got != want.HeadLength {
				t.Errorf("length of the head %d, want %d", got, want.HeadLength)
			}
			if v.Kind == "sso_response_head" {
				checkCapturedResponse(t, v.Body, &want)
			} else {
				checkCapturedRequest(t, v.Body, &want)
			}
		})
	}
}

func checkCapturedResponse(t *testing.T, b []byte, v *expectedHead) {
	t.Helper()
	var got Response
	if err := got.parseSSO(append(bytes.Clone(b), 0, 0, 0, 4)); err != nil { // only the head was kept
		t.Fatal(err)
	}
	want := Response{
		Sequence: int32(v.Sequence), Code: v.ReturnCode, Extra: v.Extra, Command: v.Command, Cookie: v.Cookie, Compression: v.Compression,
		ServerTime: v.ServerTime, Reserve: got.Reserve, Body: got.Body,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("head = %+v, want %+v", got, want)
	}
	checkCapturedReserve(t, got.Reserve, v.Reserve)
}

func checkCapturedRequest(t *testing.T, b []byte, v *expectedHead) {
	t.Helper()
	got := Request{Protocol: Protocol12}
	if err := got.parseSSO(b); err != nil {
		t.Fatal(err)
	}
	want := Request{
		Protocol: Protocol12, Sequence: uint32(v.Sequence), SubAppID: v.SubAppID, Locale: v.Locale, A2: make([]byte, v.A2Length),
		Command: v.Command, Cookie: v.Cookie, GUID: []byte(v.GUIDText), Version: v.Version, Reserve: got.Reserve, Body: v.Payload,
	}
	copy(want.Constant[:], v.Constant)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("frame = %+v, want %+v", got, want)
	}
	checkCapturedReserve(t, got.Reserve, v.Reserve)
	again := got.appendHead12(nil)
	if head := b[4:v.HeadLength]; !bytes.Equal(again, head) {
		t.Errorf("written again = %x, want %x", again, head)
	}
}

// checkCapturedReserve compares the fields that the capture lists by number, in the forms of JSON.
func checkCapturedReserve(t *testing.T, b []byte, want map[string]any) {
	t.Helper()
	var m ssopb.SsoReserveFields
	if err := pb.Unmarshal(b, &m); err != nil {
		t.Fatalf("reserve field %x: %v", b, err)
	}
	for number, w := range want {
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		if got := jsonField(t, m.ProtoReflect(), protoreflect.FieldNumber(n)); !reflect.DeepEqual(got, w) {
			t.Errorf("field %d of the reserve field = %v, want %v", n, got, w)
		}
	}
}

// jsonField returns a field as encoding/json decodes it, bytes as hex digits; nil when it is absent.
func jsonField(t *testing.T, m protoreflect.Message, n protoreflect.FieldNumber) any {
	t.Helper()
	f := m.Descriptor().Fields().ByNumber(n)
	if f == nil || !m.Has(f) {
		return nil
	}
	v := m.Get(f)
	switch {
	case f.IsMap():
		entries := map[string]any{}
		v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			entries[k.String()] = v.String()
			return true
		})
		return entries
	case f.Kind() == protoreflect.MessageKind:
		return nil // compared by the caller
	case f.Kind() == protoreflect.Uint32Kind:
		return float64(v.Uint())
	case f.Kind() == protoreflect.BytesKind:
		return hex.EncodeToString(v.Bytes())
	case f.Kind() == protoreflect.StringKind:
		return v.String()
	}
	t.Skipf("no comparison for field %d of the reserve field", n)
	return nil
}

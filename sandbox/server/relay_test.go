package server

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

func mentionElem(text string, attr []byte, reserve *messagepb.TextReserve) *messagepb.Elem {
	e := &messagepb.Elem{Text: &messagepb.Text{Str: proto.String(text), Attr6Buf: attr}}
	if reserve != nil {
		e.Text.PbReserve = encode(reserve)
	}
	return e
}

func memberReserve(uin uint64, uid string) *messagepb.TextReserve {
	return &messagepb.TextReserve{
		AtType: proto.Uint32(2), AtMemberUin: proto.Uint64(uin),
		AtMemberTinyId: proto.Uint64(0), AtMemberUid: proto.String(uid),
	}
}

// roundTrip is what the receivers of an element get.
func roundTrip(t testing.TB, w *world.World, e *messagepb.Elem) *messagepb.Elem {
	t.Helper()
	out, err := appendPart(nil, w, partsOf(w, []*messagepb.Elem{e}, true)[0], true)
	must(t, err)
	return out[0]
}

func TestRelay(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	u, _ := w.Users().Find(bob)
	uid := string(u.UID)
	bobAttr, _ := hex.DecodeString("00010000000400" + "00004e22" + "0000")
	allAttr, _ := hex.DecodeString("00010000000501" + "00000000" + "0000")
	fallback := &messagepb.Elem{Text: &messagepb.Text{
		Str: proto.String("[x]"), PbReserve: encode(&messagepb.FallbackText{Text: "x"}),
	}}
	reply := &messagepb.Elem{SrcMsg: &messagepb.SourceMsg{OrigSeqs: []uint64{3}}}
	tests := []struct {
		name     string
		in, want *messagepb.Elem
	}{
		{"text", textElems("x")[0], textElems("x")[0]},
		{"nothing", nil, &messagepb.Elem{}},
		{"quote", reply, reply},
		{"fallback text", fallback, fallback},
		{
			"mention by uid", mentionElem("@Bob", nil, memberReserve(0, uid)),
			mentionElem("@Bob", bobAttr, memberReserve(0, uid)),
		},
		{
			"mention by uin", mentionElem("@Bob", nil, memberReserve(20002, "")),
			mentionElem("@Bob", bobAttr, memberReserve(20002, "")),
		},
		{"old mention", mentionElem("@Bob", bobAttr, nil), mentionElem("@Bob", bobAttr, memberReserve(20002, uid))},
		{
			"old mention, padded", mentionElem("@Bob", append(bobAttr[:13:13], 0, 0, 0, 0, 0, 0, 0), nil),
			mentionElem("@Bob", append(bobAttr[:13:13], 0, 0, 0, 0, 0, 0, 0), memberReserve(20002, uid)),
		},
		{
			"both forms", mentionElem("@Bob", bobAttr, memberReserve(1, "u")),
			mentionElem("@Bob", bobAttr, memberReserve(1, "u")),
		},
		{
			"everyone", mentionElem("@全体成员", nil, &messagepb.TextReserve{AtType: proto.Uint32(1)}),
			mentionElem("@全体成员", allAttr, &messagepb.TextReserve{AtType: proto.Uint32(1)}),
		},
		{
			"old everyone", mentionElem("@全体成员", allAttr, nil),
			mentionElem("@全体成员", allAttr, &messagepb.TextReserve{
				AtType: proto.Uint32(1), AtMemberUin: proto.Uint64(0),
				AtMemberTinyId: proto.Uint64(0), AtMemberUid: proto.String(""),
			}),
		},
		{
			"short attribute", mentionElem("@Bob", []byte{0, 1}, nil),
			mentionElem("@Bob", []byte{0, 1}, nil),
		},
		{
			"face", &messagepb.Elem{Face: &messagepb.Face{Index: proto.Uint32(14)}},
			&messagepb.Elem{Face: &messagepb.Face{Index: proto.Uint32(14), Old: []byte{0x14, 0x4f}}},
		},
		{
			"face with its old form", &messagepb.Elem{Face: &messagepb.Face{Index: proto.Uint32(14), Old: []byte{1}}},
			&messagepb.Elem{Face: &messagepb.Face{Index: proto.Uint32(14), Old: []byte{1}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var before *messagepb.Elem
			if tt.in != nil {
				before = proto.CloneOf(tt.in)
			}
			got := roundTrip(t, w, tt.in)
			if diff := cmp.Diff(tt.want, got, protocmp.Transform()); diff != "" {
				t.Errorf("input %v (-want +got):\n%s", tt.in, diff)
			}
			if diff := cmp.Diff(before, tt.in, protocmp.Transform()); diff != "" {
				t.Errorf("the sender's element was changed:\n%s", diff)
			}
		})
	}
}

func TestRelayDice(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	throw := func(face uint32, result string) string {
		in := &messagepb.LargeFaceElem{FaceId: proto.Uint32(face), ResultId: proto.String(result), Text: proto.String("x")}
		parts := partsOf(w, []*messagepb.Elem{{CommonElem: &messagepb.CommonElem{
			ServiceType: 37, BusinessType: proto.Uint32(1), PbElem: encode(in),
		}}}, true)
		sent, err := w.Messages().Send(world.Send{From: alice, Group: mall, Parts: parts}, nil)
		must(t, err)
		elems, err := appendPart(nil, w, sent.Parts[0], true)
		must(t, err)
		e := elems[0]
		out := &messagepb.LargeFaceElem{}
		if err := pb.Unmarshal(e.GetCommonElem().GetPbElem(), out); err != nil {
			t.Fatal(err)
		}
		if out.GetText() != "x" || e.GetCommonElem().GetBusinessType() != 1 {
			t.Errorf("face %d: the rest changed: %v", face, out)
		}
		return out.GetResultId()
	}
	tests := []struct {
		face  uint32
		in    string
		sides string
	}{{358, "", "123456"}, {359, "", "123"}, {358, "5", "5"}, {114, "", ""}}
	for _, tt := range tests {
		seen := map[string]bool{}
		for range 200 {
			seen[throw(tt.face, tt.in)] = true
		}
		for _, side := range tt.sides {
			if !seen[string(side)] {
				t.Errorf("face %d, result %q: never %c", tt.face, tt.in, side)
			}
		}
		if len(seen) != max(1, len(tt.sides)) {
			t.Errorf("face %d, result %q: got %v, want one of %q", tt.face, tt.in, seen, tt.sides)
		}
	}
	broken := &messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: 37, PbElem: []byte{0xff}}}
	if got := roundTrip(t, w, broken); !proto.Equal(got, broken) {
		t.Errorf("an element that does not parse was changed: %v", got)
	}
}

const forwardJSON = `{"app":"com.tencent.multimsg","desc":"[聊天记录]","extra":"{\"filename\":\"uuid-1\",\"tsum\":5}",` +
	`"meta":{"detail":{"news":[{"text":"A: <hi> & \"you\""},{"text":"B: it's"}],"resid":"RES","source":"群聊的聊天记录",` +
	`"summary":"查看5条转发消息","uniseq":"uuid-1"}},"prompt":"[聊天记录]","ver":"0.0.0.5","view":"contact"}`

func TestRelayForward(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	got := roundTrip(t, w, &messagepb.Elem{LightApp: &messagepb.LightApp{Data: append([]byte{0}, forwardJSON...)}})
	said := elements.Decode(&messagepb.RichText{Elems: []*messagepb.Elem{got}}, true)
	if f, ok := said[0].(*message.ForwardSegment); !ok || got.GetRichMsg() == nil || f.ID != "RES" || f.Count != 5 {
		t.Errorf("got %v, want a rich message of the forward", got)
	}
	for name, data := range map[string][]byte{
		"empty":       nil,
		"other app":   []byte("\x00" + `{"app":"com.tencent.miniapp","prompt":"com.tencent.multimsg"}`),
		"broken zlib": []byte("\x01" + forwardJSON),
	} {
		e := &messagepb.Elem{LightApp: &messagepb.LightApp{Data: data}}
		if got := roundTrip(t, w, e); !proto.Equal(got, e) {
			t.Errorf("%s: the card was changed to %v", name, got)
		}
	}
}

func FuzzRelay(f *testing.F) {
	for _, e := range []*messagepb.Elem{
		textElems("x")[0], atAllElems()[0],
		{LightApp: &messagepb.LightApp{Data: append([]byte{0}, forwardJSON...)}},
		{Face: &messagepb.Face{Index: proto.Uint32(1)}},
		{CommonElem: &messagepb.CommonElem{ServiceType: 37, PbElem: encode(&messagepb.LargeFaceElem{FaceId: proto.Uint32(358)})}},
	} {
		f.Add(encode(e))
	}
	w := defaultWorld(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		e := &messagepb.Elem{}
		if pb.Unmarshal(data, e) != nil {
			return
		}
		before := encode(e)
		out := roundTrip(t, w, e)
		if !bytes.Equal(before, encode(e)) {
			t.Errorf("input %x: the sender's element was changed", data)
		}
		encode(out)
	})
}

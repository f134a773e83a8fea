package server

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/internal/wire"
)

// TestForeignElements sends elements of which this version understands nothing, or not
// all: receivers and the history have them byte for byte.
func TestForeignElements(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot).register()
	unknown := func(e *messagepb.Elem) []byte { // with a field outside the schema, in it and beside it
		raw := encode(e)
		return protowire.AppendBytes(protowire.AppendTag(raw, 99, protowire.BytesType), []byte("beside"))
	}
	within := protowire.AppendVarint(protowire.AppendTag(encode(&messagepb.Text{Str: proto.String("text")}), 77, protowire.VarintType), 5)
	sent := [][]byte{
		unknown(&messagepb.Elem{}),
		unknown(&messagepb.Elem{Text: &messagepb.Text{Str: proto.String("text")}}),
		protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), within),
		encode(&messagepb.Elem{Text: &messagepb.Text{Str: proto.String("a\rb")}}),
		unknown(&messagepb.Elem{CustomFace: &messagepb.CustomFace{Md5: []byte{1}}}),
		encode(&messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: 999, PbElem: []byte{0xFF}}}),
		encode(&messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: 23, PbElem: []byte{0xFF}}}),
		// A text that stands in for the element before it, which says nothing here.
		encode(&messagepb.Elem{Text: &messagepb.Text{Str: proto.String("[x]"), PbReserve: encode(&messagepb.FallbackText{Text: "x"})}}),
		encode(&messagepb.Elem{SrcMsg: &messagepb.SourceMsg{OrigSeqs: []uint64{3}, Flag: proto.Uint32(9), Elems: [][]byte{{0xFF}}}}),
		encode(&messagepb.Elem{ElemFlags2: &messagepb.ElemFlags2{}}),
		{},
	}
	var text []byte
	for _, e := range sent {
		text = protowire.AppendBytes(protowire.AppendTag(text, 2, protowire.BytesType), e)
	}
	request := mustMarshal(t, groupText(mall, "", 1))
	body := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), text)
	request = protowire.AppendBytes(protowire.AppendTag(request, 3, protowire.BytesType), body)
	c.must(rpc.SendMessage.Name, wire.FlagD2, request)
	push := c.push()
	check := func(where string, message []byte) {
		got := fields(t, fields(t, fields(t, message, 3)[0], 1)[0], 2)
		got = got[1 : len(got)-1] // the empty text of groupText, the sender's names
		if len(got) != len(sent) {
			t.Fatalf("%s: got %d elements, want %d", where, len(got), len(sent))
		}
		for i := range sent {
			if !bytes.Equal(got[i], sent[i]) {
				t.Errorf("%s: element %d is %x, want %x", where, i, got[i], sent[i])
			}
		}
	}
	check("push", fields(t, push.Body, 1)[0])
	for _, m := range h.pushes.messages(h.World().History().OfGroup(mall, 1, 1)) {
		check("history", encode(m))
	}
}

// fields returns the values of a field of a message.
func fields(t *testing.T, message []byte, number protowire.Number) (values [][]byte) {
	t.Helper()
	for len(message) > 0 {
		num, kind, n := protowire.ConsumeTag(message)
		size := protowire.ConsumeFieldValue(num, kind, message[max(n, 0):])
		if n < 0 || size < 0 {
			t.Fatalf("bad message %x", message)
		}
		if value := message[n : n+size]; num == number && kind == protowire.BytesType {
			v, _ := protowire.ConsumeBytes(value)
			values = append(values, v)
		}
		message = message[n+size:]
	}
	return values
}

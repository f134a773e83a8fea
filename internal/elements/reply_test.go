package elements

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

func TestDecodePrivateReply(t *testing.T) {
	rt := &messagepb.RichText{Elems: []*messagepb.Elem{{SrcMsg: &messagepb.SourceMsg{
		OrigSeqs: []uint64{44},
		PbReserve: mustMarshal(t, &messagepb.SourceMsgReserve{
			MsgUid: proto.Uint64(MsgUID(9)), SenderUid: proto.String("u_x"), NtMsgSeq: proto.Uint64(55)}),
		SrcMsg: mustMarshal(t, &messagepb.CommonMessage{Body: &messagepb.MessageBody{
			RichText: &messagepb.RichText{Elems: []*messagepb.Elem{textElem("q")}}}}),
	}}}}
	want := message.Content{&message.ReplySegment{Sequence: 55, ClientSequence: 44, SenderUID: "u_x", Random: 9, Content: message.Content{message.Text("q")}}}
	if diff := cmp.Diff(want, Decode(rt, false)); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
}

func TestQuotesInQuotesAreBounded(t *testing.T) {
	raw := mustMarshal(t, textElem("x"))
	for range 50 {
		raw = mustMarshal(t, &messagepb.Elem{SrcMsg: &messagepb.SourceMsg{OrigSeqs: []uint64{1}, Elems: [][]byte{raw}}})
	}
	e := new(messagepb.Elem)
	if err := pb.Unmarshal(raw, e); err != nil {
		t.Fatal(err)
	}
	depth := 0
	for c := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{e}}, true); len(c) > 0; depth++ {
		c = c[0].(*message.ReplySegment).Content
	}
	if depth != maxQuoteDepth+1 {
		t.Errorf("depth: got %d, want %d", depth, maxQuoteDepth+1)
	}
}

// TestEncodeQuotes checks both forms of a quote and the mention after it.
func TestEncodeQuotes(t *testing.T) {
	reply := &message.ReplySegment{Sequence: 5, SenderUIN: 7, SenderUID: "u_7", Time: 3, Random: 9,
		Content: message.Content{message.Text("q"), &message.ReplySegment{Sequence: 1}, &message.UnknownSegment{Element: message.ElementPtt}}}
	elems, err := encodeElems(message.Content{message.Text("hi"), reply}, EncodeOptions{Group: true, MentionQuoted: true, QuotedName: "Anne"})
	if err != nil || len(elems) != 3 {
		t.Fatalf("Encode: got %d elements, %v; want 3", len(elems), err)
	}
	src := elems[0].GetSrcMsg()
	var r messagepb.SourceMsgReserve
	if err := pb.Unmarshal(src.GetPbReserve(), &r); err != nil {
		t.Fatal(err)
	}
	if src.Flag == nil || src.GetSenderUin() != 0 || src.GetTime() != 3 || len(src.GetElems()) != 1 ||
		r.GetMsgUid() != MsgUID(9) || r.GetSenderUid() != "u_7" || r.GetOrigMsgType() != 2 || r.NtMsgSeq != nil {
		t.Errorf("quote: got %v, reserve %v", src, &r)
	}
	want := message.Content{&message.AtSegment{UID: "u_7", Display: "@Anne"}, message.Text("hi")}
	if diff := cmp.Diff(want, Decode(&messagepb.RichText{Elems: elems[1:]}, true)); diff != "" {
		t.Errorf("after the quote (-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		name string
		in   message.Content
		o    EncodeOptions
		want int
	}{
		{"already mentioned", message.Content{reply, &message.AtSegment{UIN: 7}}, EncodeOptions{Group: true, MentionQuoted: true}, 2},
		{"not asked for", message.Content{reply}, EncodeOptions{Group: true}, 1},
		{"private", message.Content{reply}, EncodeOptions{MentionQuoted: true}, 1},
		{"sender unknown", message.Content{&message.ReplySegment{Sequence: 1}}, EncodeOptions{Group: true, MentionQuoted: true}, 1},
		{"name unknown", message.Content{&message.ReplySegment{Sequence: 1, SenderUIN: 8}}, EncodeOptions{Group: true, MentionQuoted: true}, 2},
	} {
		got, err := encodeElems(c.in, c.o)
		if err != nil || len(got) != c.want {
			t.Errorf("%s: got %d elements, %v; want %d", c.name, len(got), err, c.want)
		}
	}
}

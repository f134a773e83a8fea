package message

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
)

func encoded(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := pb.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Each quote may have as many elements as a message, but all of them together not.
func TestQuotesShareOneBound(t *testing.T) {
	text := encoded(t, &messagepb.Elem{Text: &messagepb.Text{Str: proto.String("x")}})
	lists := func(form string, n int) *messagepb.SourceMsg {
		q := &messagepb.SourceMsg{OrigSeqs: []uint64{1}}
		if form == "whole message" {
			elem := append([]byte{0x12, byte(len(text))}, text...) // RichText.elems
			rt := new(messagepb.RichText)
			if err := pb.Unmarshal(bytes.Repeat(elem, n), rt); err != nil {
				t.Fatal(err)
			}
			q.SrcMsg = encoded(t, &messagepb.CommonMessage{Body: &messagepb.MessageBody{RichText: rt}})
			return q
		}
		for range n {
			q.Elems = append(q.Elems, text)
		}
		return q
	}
	for _, form := range []string{"whole message", "elements"} {
		large := &messagepb.Elem{SrcMsg: lists(form, pb.MaxEntries-20)}
		small := &messagepb.Elem{SrcMsg: lists(form, 3)}
		c := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{large, large, large, small}}, true)
		var got []int
		for _, seg := range c {
			got = append(got, len(seg.(*ReplySegment).Content))
		}
		if len(got) != 4 || got[0] != pb.MaxEntries-20 || got[1] != 0 || got[2] != 0 || got[3] != 3 {
			t.Errorf("%s: quotes with %v elements, want the first and the small one", form, got)
		}
	}
}

// Old videos in a message without a new one are each looked for once.
func TestManyOldVideosTakeNoTime(t *testing.T) {
	elems := make([]*messagepb.Elem, pb.MaxEntries)
	for i := range elems {
		elems[i] = &messagepb.Elem{VideoFile: &messagepb.VideoFile{}}
	}
	began := time.Now()
	if c := Decode(&messagepb.RichText{Elems: elems}, true); len(c) != pb.MaxEntries {
		t.Errorf("got %d segments", len(c))
	}
	if took := time.Since(began); took > 2*time.Second { // that took 28 s when each was compared with all
		t.Errorf("%d elements took %v", len(elems), took)
	}
}

// TestTextLimit: texts and what mentions show count, also the mention behind a quote;
// what stands in quotes and nodes does not.
func TestTextLimit(t *testing.T) {
	said := func(n int) *TextSegment { return Text(strings.Repeat("x", n)) }
	reply := &ReplySegment{Sequence: 1, SenderUIN: 7, SenderUID: "u_7", Content: Content{said(2 * MaxText)}}
	in := EncodeOptions{Group: true, MentionQuoted: true, QuotedName: "Bob"}
	for name, tt := range map[string]struct {
		c    Content
		over int
	}{
		"longest":          {Content{said(MaxText)}, 0},
		"too long":         {Content{said(MaxText), Text("y")}, 1},
		"bytes":            {Content{said(MaxText - 2), Text("你")}, 1},
		"mention":          {Content{said(MaxText), &AtSegment{UIN: 1, UID: "u_1", Display: "@你"}}, 4},
		"old mention":      {Content{said(MaxText), At(12)}, 3},
		"all":              {Content{said(MaxText - len(AtAllText)), AtAll()}, 0},
		"quote":            {Content{reply, said(MaxText - len("@Bob"))}, 0},
		"quote and more":   {Content{reply, said(MaxText - len("@Bob") + 1)}, 1},
		"a face says none": {Content{said(MaxText), Face(FaceDice)}, 0},
	} {
		_, err := Encode(tt.c, in)
		limit, over := errors.AsType[*TextLimitError](err)
		if over != (tt.over > 0) || !over && err != nil || over && (limit.Bytes != MaxText+tt.over || !errors.Is(err, ErrTooLarge)) {
			t.Errorf("%s: got %v, want %d bytes too many", name, err, tt.over)
		}
	}
	if _, err := EncodeForward(Forward(Node{Content: Content{said(2 * MaxText)}}), Scene{}); err != nil {
		t.Errorf("a node: got %v", err)
	}
}

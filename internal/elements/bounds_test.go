package elements

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// Each quote may have as many elements as a message, but all of them together not.
func TestQuotesShareOneBound(t *testing.T) {
	text := mustMarshal(t, &messagepb.Elem{Text: &messagepb.Text{Str: proto.String("x")}})
	lists := func(form string, n int) *messagepb.SourceMsg {
		q := &messagepb.SourceMsg{OrigSeqs: []uint64{1}}
		if form == "whole message" {
			elem := append([]byte{0x12, byte(len(text))}, text...) // RichText.elems
			rt := new(messagepb.RichText)
			if err := pb.Unmarshal(bytes.Repeat(elem, n), rt); err != nil {
				t.Fatal(err)
			}
			q.SrcMsg = mustMarshal(t, &messagepb.CommonMessage{Body: &messagepb.MessageBody{RichText: rt}})
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
			got = append(got, len(seg.(*message.ReplySegment).Content))
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
	said := func(n int) *message.TextSegment { return message.Text(strings.Repeat("x", n)) }
	reply := &message.ReplySegment{Sequence: 1, SenderUIN: 7, SenderUID: "u_7", Content: message.Content{said(2 * message.MaxText)}}
	in := EncodeOptions{Group: true, MentionQuoted: true, QuotedName: "Bob"}
	for name, tt := range map[string]struct {
		c    message.Content
		over int
	}{
		"longest":          {message.Content{said(message.MaxText)}, 0},
		"too long":         {message.Content{said(message.MaxText), message.Text("y")}, 1},
		"bytes":            {message.Content{said(message.MaxText - 2), message.Text("你")}, 1},
		"mention":          {message.Content{said(message.MaxText), &message.AtSegment{UIN: 1, UID: "u_1", Display: "@你"}}, 4},
		"old mention":      {message.Content{said(message.MaxText), message.At(12)}, 3},
		"all":              {message.Content{said(message.MaxText - len(message.AtAllText)), message.AtAll()}, 0},
		"quote":            {message.Content{reply, said(message.MaxText - len("@Bob"))}, 0},
		"quote and more":   {message.Content{reply, said(message.MaxText - len("@Bob") + 1)}, 1},
		"a face says none": {message.Content{said(message.MaxText), message.Face(message.FaceDice)}, 0},
	} {
		_, err := Encode(tt.c, in)
		limit, over := errors.AsType[*message.TextLimitError](err)
		if over != (tt.over > 0) || !over && err != nil || over && (limit.Bytes != message.MaxText+tt.over || !errors.Is(err, message.ErrTooLarge)) {
			t.Errorf("%s: got %v, want %d bytes too many", name, err, tt.over)
		}
	}
	if _, err := EncodeForward(message.Forward(message.Node{Content: message.Content{said(2 * message.MaxText)}}), Scene{}); err != nil {
		t.Errorf("a node: got %v", err)
	}
}

// allocated is how many bytes a function allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// decodedPerByte bounds what is allocated for each byte of a message, whatever it says;
// the client's test of a whole push has the same bound. Of all cards in a message maxCards
// bytes are inflated.
const decodedPerByte = 200

// heaviest are the elements that take most for their size, by what they are.
func heaviest(tb testing.TB) map[string]*messagepb.Elem {
	one := func(service, business uint32, m proto.Message) *messagepb.Elem {
		return &messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: service, PbElem: mustMarshal(tb, m), BusinessType: &business}}
	}
	keyboard := func(rows, buttons int) *messagepb.Elem {
		k := &messagepb.Keyboard{}
		for range rows {
			row := &messagepb.KeyboardRow{}
			for range buttons {
				row.Buttons = append(row.Buttons, &messagepb.KeyboardButton{})
			}
			k.Rows = append(k.Rows, row)
		}
		return one(serviceKeyboard, businessKeyboard, &messagepb.KeyboardElem{Keyboard: k})
	}
	flash := func(views string) *messagepb.Elem {
		card := `{"attributes":{"attributes":[` + views + `{"viewId":"file","schema":"?fileset_id=1"}]}}`
		content := "[x](?json=" + strings.NewReplacer("%", "%25", "&", "%26").Replace(card) + ")"
		if flashFile(content) == nil {
			tb.Fatalf("%.80s is no card", content)
		}
		return one(serviceMarkdown, businessFlash, &messagepb.MarkdownElem{Content: content})
	}
	medium := func(business uint32, bodies int) *messagepb.Elem {
		info := &mediapb.MsgInfo{Body: make([]*mediapb.MsgInfoBody, bodies)}
		for i := range info.Body {
			info.Body[i] = &mediapb.MsgInfoBody{}
		}
		if bodies > 0 {
			info.Body[0].Index = &mediapb.IndexNode{FileUuid: "x"}
		} else {
			info.Body = []*mediapb.MsgInfoBody{{}}
		}
		return one(serviceMedia, business, info)
	}
	return map[string]*messagepb.Elem{
		"poke":                  one(servicePoke, 1, &messagepb.PokeElem{}),
		"special poke":          one(serviceSpecial, 1, &messagepb.BounceFaceElem{}),
		"thrown face":           one(serviceSpecial, 13, &messagepb.BounceFaceElem{Face: &messagepb.SmallFaceElem{}}),
		"small face":            one(serviceSmallFace, 1, &messagepb.SmallFaceElem{}),
		"large face":            one(ServiceLargeFace, 1, &messagepb.LargeFaceElem{}),
		"sticker":               {MarketFace: &messagepb.MarketFace{FaceId: []byte{1}}},
		"red packet":            {QqWalletMsg: &messagepb.QQWalletMsg{}},
		"markdown":              one(serviceMarkdown, businessMarkdown, &messagepb.MarkdownElem{}),
		"flash transfer":        flash(""),
		"flash transfer, views": flash(strings.Repeat("{},", (maxFlashCard-200)/3)),
		"flash transfer, inner": flash(`{"attributes":[` + strings.Repeat("{},", (maxFlashCard-200)/3) + `{}]},`),
		"keyboard":              keyboard(1, 1),
		"keyboard, buttons":     keyboard(1, maxButtons),
		"keyboard, rows":        keyboard(30_000, 0),
		"keyboard, too many":    keyboard(1, 30_000),
		"keyboard, rows of one": keyboard(10_000, 1),
		"keyboard, nested":      keyboard(50, 600),
		"picture":               medium(20, 1),
		"voice":                 medium(12, 1),
		"video":                 medium(21, 2),
		"video, bodies":         medium(21, 30_000),
		"old picture":           {CustomFace: &messagepb.CustomFace{Md5: make([]byte, 16)}},
		"old private picture":   {NotOnlineImage: &messagepb.NotOnlineImage{PicMd5: make([]byte, 16)}},
		"old video":             {VideoFile: &messagepb.VideoFile{FileUuid: []byte("x")}},
		"old video, empty":      {VideoFile: &messagepb.VideoFile{}},
		"old picture, no MD5":   {CustomFace: &messagepb.CustomFace{Md5: []byte{1}}},
		"picture, unknown":      medium(20, 0),
		"flash picture":         one(serviceFlashPicture, 1, &messagepb.FlashPicElem{Troop: mustMarshal(tb, &messagepb.CustomFace{Md5: make([]byte, 16)})}),
	}
}

// TestManyElements: a message of nothing but one of the elements stays within its bounds,
// in the message itself and in quotes within quotes.
func TestManyElements(t *testing.T) {
	for name, e := range heaviest(t) {
		t.Run(name, func(t *testing.T) {
			entry := mustMarshal(t, &messagepb.RichText{Elems: []*messagepb.Elem{e}})
			n := min(pb.MaxEntries-10, (MaxRaw/4-1000)/len(entry))
			list := bytes.Repeat(entry, n)
			quote := func(inner []byte) []byte {
				body := appendMessage(nil, 1, inner) // MessageBody.rich_text
				m := &messagepb.SourceMsg{OrigSeqs: []uint64{1}, SrcMsg: appendMessage(nil, 3, body)}
				return mustMarshal(t, &messagepb.RichText{Elems: []*messagepb.Elem{{SrcMsg: m}}})
			}
			for form, raw := range map[string][]byte{"message": list, "deep quote": quote(quote(quote(list)))} {
				var c message.Content
				got := allocated(func() {
					rt := new(messagepb.RichText)
					if err := pb.Unmarshal(raw, rt); err != nil {
						t.Fatal(err)
					}
					c = message.Clean(Decode(rt, true), true)
				})
				if per := float64(got) / float64(len(raw)); per > decodedPerByte {
					t.Errorf("%s: %d elements of %d bytes allocate %.0f bytes for each, over %d", form, n, len(entry), per, decodedPerByte)
				}
				if len(c) == 0 {
					t.Errorf("%s: got nothing", form)
				}
				checkSize(t, c)
			}
		})
	}
}

// checkSize: the size that queues go by is not much less than what is held.
func checkSize(t *testing.T, c message.Content) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	size := (&message.Message{Content: c}).Size()
	clear(c)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if held := int64(before.HeapAlloc) - int64(after.HeapAlloc); held > 1<<20 && held > 2*int64(size) {
		t.Errorf("%d bytes are held, and counted as %d", held, size)
	}
}

func appendMessage(dst []byte, field byte, m []byte) []byte {
	dst = append(dst, field<<3|2)
	return append(protowire.AppendVarint(dst, uint64(len(m))), m...)
}

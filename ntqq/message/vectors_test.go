package message

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/vectors"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatalf("bad hex in vector: %v", err)
	}
	return b
}

// vectorElement is an element as the vectors write it.
type vectorElement struct {
	Element     string          `json:"element"`
	Content     string          `json:"content"`
	Display     string          `json:"display"`
	TargetUID   UID             `json:"target_uid"`
	TargetUIN   UIN             `json:"target_uin"`
	FaceID      uint32          `json:"face_id"`
	IsLargeFace bool            `json:"is_large_face"`
	ResultID    uint32          `json:"result_id"`
	GroupUIN    uint64          `json:"group_uin"`
	ReplySeq    uint64          `json:"reply_seq"`
	SenderUID   UID             `json:"sender_uid"`
	SenderUIN   UIN             `json:"sender_uin"`
	Time        int64           `json:"time"`
	AppName     string          `json:"app_name"`
	ServiceID   uint32          `json:"service_id"`
	ResID       string          `json:"res_id"`
	Elements    []vectorElement `json:"elements"`
	Nodes       []vectorNode    `json:"nodes"`
}

func (e *vectorElement) UnmarshalJSON(b []byte) error {
	var kind struct {
		Element string `json:"element"`
	}
	if err := json.Unmarshal(b, &kind); err != nil {
		return err
	}
	e.Element = kind.Element
	if !supported[kind.Element] {
		return nil // their fields have other types
	}
	type plain vectorElement
	return json.Unmarshal(b, (*plain)(e))
}

var supported = map[string]bool{"text": true, "at": true, "face": true, "reply": true, "light_app": true, "xml": true, "forward": true}

func unsupported(list []vectorElement) string {
	for _, e := range list {
		if !supported[e.Element] {
			return e.Element
		}
	}
	return ""
}

func (e *vectorElement) segment() Segment {
	switch e.Element {
	case "text":
		return Text(e.Content)
	case "at":
		return &AtSegment{All: e.TargetUIN == 0, UIN: e.TargetUIN, UID: e.TargetUID, Display: e.Display}
	case "face":
		return &FaceSegment{ID: e.FaceID, Large: e.IsLargeFace, Result: e.ResultID}
	case "light_app":
		return &LightAppSegment{App: e.AppName, JSON: e.Content}
	case "xml":
		return &XMLSegment{ServiceID: e.ServiceID, XML: e.Content}
	case "forward":
		f := &ForwardSegment{ID: e.ResID}
		for _, n := range e.Nodes {
			f.Nodes = append(f.Nodes, n.node())
		}
		return f
	case "reply":
		return &ReplySegment{
			Sequence: e.ReplySeq, SenderUIN: e.SenderUIN, SenderUID: e.SenderUID, Time: e.Time,
			Content: vectorContent(e.Elements),
		}
	}
	return nil
}

func vectorContent(list []vectorElement) Content {
	var c Content
	for i := range list {
		if s := list[i].segment(); s != nil {
			c = append(c, s)
		}
	}
	return c
}

// comparable brings decoded content into the form of the vectors: their author
// reads no uids in mentions and quotes, no descriptions of faces, one number of a
// quoted message, of forwards the resource id, and nothing of what we keep as unknown.
func comparable(c Content) Content {
	var out Content
	for _, seg := range c {
		switch s := seg.(type) {
		case *AtSegment:
			out = append(out, &AtSegment{All: s.All, UIN: s.UIN, Display: s.Display})
		case *FaceSegment:
			out = append(out, &FaceSegment{ID: s.ID, Large: s.Large, Result: s.Result})
		case *ReplySegment:
			seq := s.Sequence
			if s.ClientSequence != 0 {
				seq = s.ClientSequence
			}
			out = append(out, &ReplySegment{Sequence: seq, SenderUIN: s.SenderUIN, Time: s.Time, Content: comparable(s.Content)})
		case *ForwardSegment:
			out = append(out, &ForwardSegment{ID: s.ID})
		case *UnknownSegment, *LongMessageSegment:
		default:
			out = append(out, seg)
		}
	}
	return out
}

func countUnknown(c Content) int {
	n := 0
	for _, seg := range c {
		if _, ok := seg.(*UnknownSegment); ok {
			n++
		}
	}
	return n
}

type vectorCase struct {
	ID        string          `json:"id"`
	Direction string          `json:"direction"`
	Kind      string          `json:"kind"`
	Note      string          `json:"note"`
	Elements  []vectorElement `json:"elements"`
	Body      string          `json:"body"`
	RichText  string          `json:"rich_text"`
	Message   string          `json:"message"`
	Parsed    struct {
		Elements   []vectorElement `json:"elements"`
		ID         uint64          `json:"id"`
		InternalID *uint32         `json:"internal_id"`
		GroupUIN   GroupCode       `json:"group_uin"`
		GroupName  string          `json:"group_name"`
		Time       int64           `json:"time"`
		Self       UIN             `json:"self"`
		Target     UIN             `json:"target"`
		Sender     struct {
			UIN      UIN    `json:"uin"`
			UID      UID    `json:"uid"`
			CardName string `json:"card_name"`
		} `json:"sender"`
	} `json:"parsed"`
}

func TestVectorsMessages(t *testing.T) {
	for _, c := range vectors.Read[vectorCase](t, "messages.json") {
		v := &c
		t.Run(v.ID, func(t *testing.T) {
			switch v.Direction {
			case "pack":
				vectorPack(t, v)
			case "parse":
				vectorParse(t, v)
			case "common_message":
				vectorCommon(t, v)
			default:
				t.Skipf("direction %q is not known", v.Direction)
			}
		})
	}
}

func inGroup(list []vectorElement) bool {
	for _, e := range list {
		if e.Element == "reply" {
			return e.GroupUIN != 0
		}
	}
	return true
}

func vectorPack(t *testing.T, v *vectorCase) {
	if name := unsupported(v.Elements); name != "" {
		t.Skipf("element %s is not supported yet", name)
	}
	c := vectorContent(v.Elements)
	if f, ok := c[0].(*ForwardSegment); ok { // its file name is drawn
		f.FileName = decodeBody(t, unhex(t, v.Body))[0].(*ForwardSegment).FileName
	}
	elems, err := encodeElems(c, EncodeOptions{Group: inGroup(v.Elements)})
	if err != nil {
		t.Fatalf("Encode: %v", err)
	}
	got, err := pb.Marshal(&messagepb.MessageBody{RichText: &messagepb.RichText{Elems: elems}})
	if err != nil {
		t.Fatalf("Marshal: %v", err)
	}
	if want := unhex(t, v.Body); !bytes.Equal(plainCards(t, got), plainCards(t, want)) {
		t.Errorf("body:\n got %x\nwant %x", got, want)
	}
}

func vectorParse(t *testing.T, v *vectorCase) {
	var rt messagepb.RichText
	if err := pb.Unmarshal(unhex(t, v.RichText), &rt); err != nil {
		t.Fatalf("Unmarshal: %v", err)
	}
	got := Decode(&rt, inGroup(v.Elements))
	Clean(Decode(&rt, true), true)
	if v.ID == "parse/face-without-old" {
		v.Elements = []vectorElement{{Element: "face", FaceID: 14}} // its note: accept it
	}
	if v.ID == "parse/rich-xml-other" { // its note: their author drops it
		v.Elements = slices.Insert(v.Elements, 0, vectorElement{Element: "xml", ServiceID: 60, Content: `<msg serviceID="60"/>`})
	}
	checkContent(t, v.Elements, got)
}

// checkContent compares what both sides understand; the rest must be there as
// unknown elements.
func checkContent(t *testing.T, want []vectorElement, got Content) {
	t.Helper()
	if diff := cmp.Diff(comparable(vectorContent(want)), comparable(got)); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
	name := unsupported(want)
	if name == "" || t.Failed() {
		return
	}
	n := 0
	for _, e := range want {
		if !supported[e.Element] {
			n++
		}
	}
	if countUnknown(got) < n {
		t.Errorf("got %d unknown segments, want %d at least: %s", countUnknown(got), n, name)
	}
	t.Skipf("element %s is kept as unknown, the rest agrees", name)
}

func vectorCommon(t *testing.T, v *vectorCase) {
	const self = 10001
	raw := unhex(t, v.Message)
	got, err := Parse(raw, self)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	want := &v.Parsed
	sequence := got.Sequence
	switch v.Kind {
	case "group":
		if got.Chat.Kind != Group || got.Chat.Group != want.GroupUIN || got.GroupName != want.GroupName {
			t.Errorf("chat: got %+v %q, want group %d %q", got.Chat, got.GroupName, want.GroupUIN, want.GroupName)
		}
		if name := got.Sender.Card; name != want.Sender.CardName {
			t.Errorf("card: got %q, want %q", name, want.Sender.CardName)
		}
	case "private":
		sequence = got.ClientSequence
		if got.Chat.Kind != Friend || got.Chat.Peer != want.Target {
			t.Errorf("chat: got %+v, want friend %d", got.Chat, want.Target)
		}
	case "temp":
		sequence = got.ClientSequence
		if got.Chat.Kind != Temp || got.Chat.Group == 0 || got.Chat.Peer != want.Sender.UIN {
			t.Errorf("chat: got %+v, want temp %d", got.Chat, want.Sender.UIN)
		}
	default:
		t.Skipf("kind %q is not known", v.Kind)
	}
	if sequence != want.ID || got.Sender.UIN != want.Sender.UIN || got.Sender.UID != want.Sender.UID || got.Self {
		t.Errorf("got sequence %d, sender %+v, self %v; want %d, %+v, false", sequence, got.Sender, got.Self, want.ID, want.Sender)
	}
	if want.InternalID != nil && (got.Random != *want.InternalID || got.Time != want.Time) {
		t.Errorf("got random %d, time %d; want %d, %d", got.Random, got.Time, *want.InternalID, want.Time)
	}
	checkContent(t, want.Elements, got.Content)
}

// TestVectorsCaptures reads the parts of real messages; the whole pushes are the
// event package's.
func TestVectorsCaptures(t *testing.T) {
	type capture struct {
		ID, Kind, Body, Inflated string
		Expected                 json.RawMessage
	}
	for _, v := range vectors.Read[capture](t, "captures.json") {
		t.Run(v.ID, func(t *testing.T) {
			body := unhex(t, v.Body)
			switch v.Kind {
			case "rich_text":
				var rt messagepb.RichText
				if err := pb.Unmarshal(body, &rt); err != nil {
					t.Fatalf("Unmarshal: %v", err)
				}
				for _, group := range []bool{true, false} {
					if c := Clean(Decode(&rt, group), group); len(c) == 0 {
						t.Errorf("group %v: got no content", group)
					}
				}
				var want struct {
					ElementFields []int  `json:"element_fields"`
					Inflated      string `json:"inflated"`
				}
				if err := json.Unmarshal(v.Expected, &want); err != nil {
					t.Fatal(err)
				}
				if n := len(rt.GetElems()); len(want.ElementFields) != n {
					t.Errorf("got %d elements, want %d", n, len(want.ElementFields))
				}
				if want.Inflated != "" {
					checkCard(t, rt.GetElems()[0], want.Inflated, nil)
				}
			case "elem":
				e := new(messagepb.Elem)
				if err := pb.Unmarshal(body, e); err != nil {
					t.Fatalf("Unmarshal: %v", err)
				}
				c := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{e}}, true)
				var face struct {
					Element     string `json:"element"`
					FaceID      uint32 `json:"face_id"`
					Text        string `json:"text"`
					Pack        string `json:"pack_id"`
					Sticker     string `json:"sticker_id"`
					StickerType uint64 `json:"sticker_type"`
				}
				if err := json.Unmarshal(v.Expected, &face); err != nil || face.Element != "large_face" {
					t.Skipf("element %s is not supported yet", face.Element)
				}
				want := Content{&FaceSegment{ID: face.FaceID, Large: true, Text: face.Text,
					Pack: face.Pack, Sticker: face.Sticker, StickerType: face.StickerType}}
				if diff := cmp.Diff(want, c); diff != "" {
					t.Errorf("content (-want +got):\n%s", diff)
				}
			case "common_message":
				if _, err := Parse(body, 1); err == nil || !errors.Is(err, ErrNotChat) {
					t.Errorf("Parse: got %v, want %v", err, ErrNotChat)
				}
			case "routing_head":
				var r messagepb.RoutingHead
				if err := pb.Unmarshal(body, &r); err != nil {
					t.Fatalf("Unmarshal: %v", err)
				}
				for _, kind := range []uint64{82, 141, 166} {
					cm := &messagepb.CommonMessage{RoutingHead: &r, Body: &messagepb.MessageBody{},
						ContentHead: &messagepb.ContentHead{Type: kind}}
					if _, err := ParseCommon(cm, 1); err != nil && !errors.Is(err, ErrIncomplete) {
						t.Errorf("ParseCommon type %d: %v", kind, err)
					}
				}
			case "content_head":
				var h messagepb.ContentHead
				if err := pb.Unmarshal(body, &h); err != nil {
					t.Fatalf("Unmarshal: %v", err)
				}
				cm := &messagepb.CommonMessage{RoutingHead: &messagepb.RoutingHead{FromUin: 2},
					ContentHead: &h, Body: &messagepb.MessageBody{}}
				m, err := ParseCommon(cm, 1)
				if err != nil {
					t.Fatalf("ParseCommon: %v", err)
				}
				if m.Sequence != h.GetNtMsgSeq() || m.ClientSequence != h.GetSequence() || MsgUID(m.Random) != h.GetMsgUid() {
					t.Errorf("got %+v, want the numbers of %v", m, &h)
				}
			case "common_elem_2", "common_elem_23":
				service := map[string]uint32{"common_elem_2": 2, "common_elem_23": 23}[v.Kind]
				e := &messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: service, PbElem: body}}
				c := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{e}}, true)
				var want struct {
					Type1 uint32 `json:"poke_type"`
					Type2 uint32 `json:"type"`
					Count uint32 `json:"count"`
					Name  string `json:"name"`
				}
				if err := json.Unmarshal(v.Expected, &want); err != nil {
					t.Fatal(err)
				}
				poke := &PokeSegment{Type: want.Type1 + want.Type2, Special: service == 23, Count: want.Count, Title: want.Name}
				if diff := cmp.Diff(Content{poke}, c); diff != "" {
					t.Errorf("content (-want +got):\n%s", diff)
				}
			case "common_elem_48":
				service := uint32(48)
				e := &messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: service, PbElem: body}}
				c := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{e}}, true)
				if countUnknown(c) != 1 {
					t.Errorf("got %v, want one unknown element; where a codec reads it, say here what it reads", c)
				}
			case "light_app_data":
				checkCard(t, &messagepb.Elem{LightApp: &messagepb.LightApp{Data: body}}, v.Inflated, v.Expected)
			case "rich_msg_template":
				checkCard(t, &messagepb.Elem{RichMsg: &messagepb.RichMsg{Template: body, ServiceId: proto.Uint32(35)}}, v.Inflated, v.Expected)
			case "element_part":
				checkPart(t, v.ID, body)
			case "long_msg_payload":
				checkOldForward(t, body)
			default:
				t.Skipf("kind %s is not for this package", v.Kind)
			}
		})
	}
}

// checkPart decodes a part of an element wherever it could stand.
func checkPart(t *testing.T, id string, body []byte) {
	var attr messagepb.Attr
	if err := pb.Unmarshal(body, &attr); err != nil {
		t.Fatalf("%s: Unmarshal: %v", id, err)
	}
	Decode(&messagepb.RichText{Attr: &attr, Elems: []*messagepb.Elem{
		{Text: &messagepb.Text{PbReserve: body, Attr6Buf: body}},
		{SrcMsg: &messagepb.SourceMsg{OrigSeqs: []uint64{1}, PbReserve: body, Elems: [][]byte{body}, SrcMsg: body}},
	}}, true)
}

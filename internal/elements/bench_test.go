package elements

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

func BenchmarkEncodeText(b *testing.B) {
	c := message.Content{message.Text(strings.Repeat("hello 你好 ", 5))}
	b.ReportAllocs()
	for b.Loop() {
		body, err := Encode(c, EncodeOptions{Group: true})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := pb.Marshal(body.RichText); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseGroupText(b *testing.B) {
	raw := unhex(b, "0a3b08924e1218755f616e6e65616e6e65616e6e65616e6e65616e6e65414128914e42190881d58bdc022204416e6e6528013a0967726f7570206f6e651217085220922128653080e2cfaa066092a1808080808080011a130a11120f0a0d0a0b68656c6c6f2067726f7570")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(raw, 1); err != nil {
			b.Fatal(err)
		}
	}
}

// typical is a usual message of a group: an answer with a mention, a text and a face.
func typical() message.Content {
	return message.Content{
		&message.ReplySegment{Sequence: 101, SenderUIN: 10002, SenderUID: "u_anneanneanneanneanneAA", Time: 1700000000, Random: 4242,
			Content: message.Content{message.Text("shall we meet at eight?")}},
		&message.AtSegment{UIN: 10003, UID: "u_bertbertbertbertbertAA", Display: "@Bert"},
		message.Text(" 好的，八点见 see you then "), &message.FaceSegment{ID: 14},
	}
}

func BenchmarkEncodeTypical(b *testing.B) {
	c := typical()
	b.ReportAllocs()
	for b.Loop() {
		body, err := Encode(c, EncodeOptions{Group: true, MentionQuoted: true, QuotedName: "Anne"})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := pb.Marshal(body.RichText); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseTypical(b *testing.B) {
	body, err := Encode(typical(), EncodeOptions{Group: true, MentionQuoted: true, QuotedName: "Anne"})
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range body.RichText.Elems { // as the service relays it
		switch {
		case e.Face != nil:
			e.Face.Old = []byte{0x14, 0x4F}
		case len(e.GetText().GetPbReserve()) > 0:
			e.Text.Attr6Buf = OldMention(&message.AtSegment{UIN: 10002, Display: e.Text.GetStr()})
		}
	}
	body.RichText.Elems = append(body.RichText.Elems,
		&messagepb.Elem{GeneralFlags: &messagepb.GeneralFlags{PbReserve: []byte{0x18, 0}}},
		&messagepb.Elem{ElemFlags2: &messagepb.ElemFlags2{}},
		&messagepb.Elem{ExtraInfo: &messagepb.ExtraInfo{Nick: "Carl", GroupCard: "Carl C.", Level: 59, SenderTitle: "T", Uin: 10004}})
	raw, err := pb.Marshal(&messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: 10004, FromUid: proto.String("u_carlcarlcarlcarlcarlAA"),
			Group: &messagepb.RoutingGroup{GroupCode: 730000001, GroupCard: "Carl C.", GroupCardType: 1, GroupName: "group one"}},
		ContentHead: &messagepb.ContentHead{Type: TypeGroup, Random: proto.Uint64(7), Sequence: proto.Uint64(102), Time: proto.Uint64(1700000001)},
		Body:        body,
	})
	if err != nil {
		b.Fatal(err)
	}
	m, err := Parse(raw, 1)
	if err != nil || len(m.Content) != 4 {
		b.Fatalf("got %+v, %v", m, err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(raw, 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeCard(b *testing.B) {
	capturedCards(b, func(inflated string, data []byte) {
		name, e := "light app", lightAppElem(string(data))
		switch {
		case inflated[0] == '<':
			name, e = "forward, xml", richElem(richForward, string(data))
		case data[0] == cardPlain:
			name = "forward, json"
		}
		rt := &messagepb.RichText{Elems: []*messagepb.Elem{e}}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(inflated)))
			for b.Loop() {
				Decode(rt, true)
			}
		})
	})
}

func BenchmarkEncodeCard(b *testing.B) {
	capturedCards(b, func(inflated string, _ []byte) {
		if inflated[0] != '{' {
			return
		}
		l := message.LightApp(inflated)
		b.Run(l.App, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Encode(message.Content{l}, EncodeOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// BenchmarkDecodePicture decodes a text with a picture, in its new form and in both.
func BenchmarkDecodePicture(b *testing.B) {
	info := unhex(b, "0a92020aa1010a840108e121122030303131323233333434353536363737383839396161626263636464656566661a2830303031303230333034303530363037303830393061306230633064306530663130313131323133222430303131323233333434353536363737383839396161626263636464656566662e6a70672a05080110e80730800538e0034801120b456851757569642d6a706718012080e2cfaa062880bda301125f0a232f646f776e6c6f61643f61707069643d313430372666696c6569643d45685175756964121f0a0726737065633d30120926737065633d3732301a0926737065633d3139381a176d756c74696d656469612e6e742e71712e636f6d2e636e28013209d20c060881d58bdc02120d0a09080112055b73756d5d5001")
	picture := &messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: serviceMedia, PbElem: info, BusinessType: proto.Uint32(businessImageGroup)}}
	old := &messagepb.Elem{CustomFace: &messagepb.CustomFace{Md5: unhex(b, "00112233445566778899aabbccddeeff"), OrigUrl: "/gchatpic_new/0/0-0-X/0"}}
	for name, elems := range map[string][]*messagepb.Elem{"new": {textElem("look"), picture}, "both": {textElem("look"), old, picture}} {
		b.Run(name, func(b *testing.B) {
			rt := &messagepb.RichText{Elems: elems}
			b.ReportAllocs()
			for b.Loop() {
				if c := Decode(rt, true); len(c) != 2 {
					b.Fatal(c)
				}
			}
		})
	}
}

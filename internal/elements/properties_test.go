package elements

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// aUID draws a text id.
var aUID = rapid.Map(rapid.StringMatching(`u_[A-Za-z0-9_-]{22}`), func(s string) message.UID { return message.UID(s) })

// kinds draw a segment of each kind that is sent and received as one. The others are red
// packets, which are only received, contacts, which are received as light apps, and
// quotes, of which aContent draws one at most.
var kinds = map[string]func(*rapid.T) message.Segment{
	"text": func(t *rapid.T) message.Segment { return message.Text(rapid.String().Draw(t, "text")) },
	"at": func(t *rapid.T) message.Segment {
		a := &message.AtSegment{Display: "@" + rapid.String().Draw(t, "display")}
		switch rapid.IntRange(0, 2).Draw(t, "form") {
		case 0:
			a.All = true
		case 1:
			a.UIN = message.UIN(rapid.Uint32Min(1).Draw(t, "uin"))
		case 2:
			a.UIN, a.UID = message.UIN(rapid.Uint32().Draw(t, "uin")), aUID.Draw(t, "uid")
		}
		return a
	},
	"face": func(t *rapid.T) message.Segment {
		f := &message.FaceSegment{ID: rapid.Uint32Range(0, 500).Draw(t, "id"), Text: rapid.SampledFrom([]string{"", "/x"}).Draw(t, "text")}
		switch rapid.IntRange(0, 3).Draw(t, "form") {
		case 0:
			f.Count = rapid.Uint32Min(1).Draw(t, "count")
		case 1:
			f.Large, f.Result = true, rapid.Uint32().Draw(t, "result")
		case 2:
			f.Large, f.Pack, f.Sticker, f.StickerType = true, rapid.String().Draw(t, "pack"), rapid.String().Draw(t, "sticker"), rapid.Uint64().Draw(t, "type")
		case 3:
			f.ID = rapid.SampledFrom([]uint32{message.FaceDice, message.FaceRPS, smallFaceMin, f.ID}).Draw(t, "other id")
		}
		return f
	},
	"market_face": func(t *rapid.T) message.Segment {
		return &message.MarketFaceSegment{
			ID: rapid.StringMatching(`[0-9a-f]{32}`).Draw(t, "id"), Package: rapid.Uint32().Draw(t, "package"), Key: rapid.String().Draw(t, "key"),
			Summary: rapid.String().Draw(t, "summary"), Param: rapid.SampledFrom([]string{"", "x", "rscType?1;value=3"}).Draw(t, "param"),
			Width: rapid.Uint32().Draw(t, "width"), Height: rapid.Uint32().Draw(t, "height"),
		}
	},
	"poke": func(t *rapid.T) message.Segment {
		p := &message.PokeSegment{Type: rapid.Uint32().Draw(t, "type"), Title: rapid.String().Draw(t, "title"), Special: rapid.Bool().Draw(t, "special")}
		if n := rapid.Uint32().Draw(t, "number"); p.Special {
			p.Type, p.Count = p.Type%20, n
		} else {
			p.Strength = n
		}
		return p
	},
	"markdown": func(t *rapid.T) message.Segment {
		return &message.MarkdownSegment{Markdown: rapid.String().Draw(t, "markdown")}
	},
	"flash_file": func(t *rapid.T) message.Segment {
		f := &message.FlashFileSegment{Title: rapid.String().Draw(t, "title"), FileSet: rapid.StringN(1, 40, -1).Draw(t, "set"), Scene: rapid.Uint32().Draw(t, "scene")}
		type view map[string]any
		card, err := writeCard(view{"attributes": view{"attributes": []view{{
			"viewId": "file", "schema": fmt.Sprintf("mqqapi://x?fileset_id=%s&scene_type=%d", url.QueryEscape(f.FileSet), f.Scene),
			"attributes": []view{{"viewId": "title", "text": f.Title}},
		}}}})
		if err != nil {
			t.Fatal(err)
		}
		f.Markdown = flashContent(card)
		return f
	},
	"file": func(t *rapid.T) message.Segment { // private ones are no elements: TestFileContent
		return &message.FileSegment{
			ID: rapid.StringN(1, 40, 255).Draw(t, "id"), FileName: rapid.StringN(1, 40, 255).Draw(t, "name"), Size: rapid.Uint64().Draw(t, "size"),
			BusID: rapid.Uint32Min(1).Draw(t, "bus"), MD5: rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "md5"),
		}
	},
	"keyboard": func(t *rapid.T) message.Segment {
		str := rapid.String()
		k := &message.KeyboardSegment{BotAppID: rapid.Uint64().Draw(t, "app")}
		for range rapid.IntRange(0, 3).Draw(t, "rows") {
			row := message.KeyboardRow{}
			for range rapid.IntRange(0, 3).Draw(t, "buttons") {
				row.Buttons = append(row.Buttons, message.KeyboardButton{
					ID: str.Draw(t, "id"), Label: str.Draw(t, "label"), VisitedLabel: str.Draw(t, "visited"), Style: rapid.Int32().Draw(t, "style"),
					Action: rapid.Int32().Draw(t, "action"), Permission: rapid.Int32().Draw(t, "permission"),
					Roles: rapid.SliceOfN(str, 0, 2).Draw(t, "roles"), Users: rapid.SliceOfN(str, 0, 2).Draw(t, "users"),
					Unsupported: str.Draw(t, "unsupported"), Data: str.Draw(t, "data"),
					Reply: rapid.Bool().Draw(t, "reply"), Enter: rapid.Bool().Draw(t, "enter"),
				})
			}
			k.Rows = append(k.Rows, row)
		}
		return k
	},
	"image": func(t *rapid.T) message.Segment {
		m, info := aMedium(t)
		pic := &mediapb.PicExtBizInfo{BizType: rapid.Uint32().Draw(t, "sub type"), TextSummary: proto.String(rapid.String().Draw(t, "summary"))}
		info.ExtBizInfo = &mediapb.ExtBizInfo{Pic: pic}
		f := info.Body[0].Index.Info
		f.Width, f.Height, f.Type = rapid.Uint32().Draw(t, "width"), rapid.Uint32().Draw(t, "height"), &mediapb.FileType{PicFormat: rapid.Uint32().Draw(t, "format")}
		m.Info, _ = pb.Marshal(info)
		return &message.ImageSegment{Medium: m, Width: f.Width, Height: f.Height, Format: f.Type.PicFormat, SubType: pic.BizType, Summary: pic.GetTextSummary()}
	},
	"record": func(t *rapid.T) message.Segment {
		m, info := aMedium(t)
		info.Body[0].Index.Info.Time = rapid.Uint32().Draw(t, "seconds")
		m.Info, _ = pb.Marshal(info)
		return &message.RecordSegment{Medium: m, Seconds: info.Body[0].Index.Info.Time}
	},
	"video": func(t *rapid.T) message.Segment {
		m, info := aMedium(t)
		v := &message.VideoSegment{Seconds: rapid.Uint32().Draw(t, "seconds")}
		info.Body[0].Index.Info.Time = v.Seconds
		if rapid.Bool().Draw(t, "cover") {
			cover, of := aMedium(t)
			v.Cover, v.Width, v.Height = cover, rapid.Uint32().Draw(t, "width"), rapid.Uint32().Draw(t, "height")
			of.Body[0].Index.Info.Width, of.Body[0].Index.Info.Height = v.Width, v.Height
			info.Body = append(info.Body, of.Body[0])
		}
		m.Info, _ = pb.Marshal(info)
		v.Medium = m
		return v
	},
	"card": aCard, // light apps, XML and locations
	"forward": func(t *rapid.T) message.Segment {
		f := aForward(t)
		f.ID = "r" + f.ID
		return f
	},
	"long_message": func(t *rapid.T) message.Segment {
		return &message.LongMessageSegment{ID: rapid.StringN(1, 20, -1).Draw(t, "id")}
	},
	"unknown": func(t *rapid.T) message.Segment { return anUnknown(t) },
}

// aMedium draws a medium as the service describes it.
func aMedium(t *rapid.T) (message.Medium, *mediapb.MsgInfo) {
	m := message.Medium{
		Name: rapid.String().Draw(t, "name"), Size: uint64(rapid.Uint32().Draw(t, "size")), ID: rapid.StringN(1, 20, -1).Draw(t, "id"),
		MD5: rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "md5"), SHA1: rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, "sha1"),
	}
	index := &mediapb.IndexNode{FileUuid: m.ID, Info: &mediapb.FileInfo{
		FileName: m.Name, FileSize: uint32(m.Size), FileMd5: hex.EncodeToString(m.MD5), FileSha1: strings.ToUpper(hex.EncodeToString(m.SHA1)),
	}}
	return m, &mediapb.MsgInfo{Body: []*mediapb.MsgInfoBody{{Index: index}}}
}

// anUnknown draws an element that no codec reads, and whose text behind it stays.
func anUnknown(t *rapid.T) *message.UnknownSegment {
	raw := rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "bytes")
	e := new(messagepb.Elem)
	switch rapid.IntRange(0, 4).Draw(t, "element") {
	case 0:
		e.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 99, protowire.BytesType), raw))
	case 1:
		e.CommonElem = &messagepb.CommonElem{ServiceType: 100 + uint32(raw[0]), PbElem: raw, BusinessType: proto.Uint32(1)}
	case 2:
		if len(raw) == md5.Size { // of a picture
			raw = raw[1:]
		}
		e.CustomFace = &messagepb.CustomFace{Md5: raw, FilePath: raw}
	case 3:
		e.TransElem = &messagepb.TransElem{ElemType: 24, ElemValue: raw}
	case 4:
		info, err := proto.Marshal(&mediapb.MsgInfo{Body: []*mediapb.MsgInfoBody{{}}})
		if err != nil {
			t.Fatal(err)
		}
		e.CommonElem = &messagepb.CommonElem{ServiceType: serviceMedia, PbElem: info, BusinessType: proto.Uint32(20)}
	}
	whole, err := proto.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return &message.UnknownSegment{Element: elementName(e), Raw: whole}
}

// someSegments draws content without a quote. No text stands behind a segment whose own
// text for older clients it may be taken for.
func someSegments(t *rapid.T, name string) message.Content {
	names := []string{"text", "at", "face", "image", "record", "video", "market_face", "poke", "markdown", "flash_file", "file", "keyboard", "card", "forward", "long_message", "unknown"}
	var c message.Content
	for _, kind := range rapid.SliceOfN(rapid.SampledFrom(names), 1, 6).Draw(t, name) {
		if len(c) > 0 && kind == "text" {
			switch c[len(c)-1].(type) {
			case *message.FlashFileSegment, *message.MarketFaceSegment, *message.XMLSegment:
				continue
			}
		}
		c = append(c, kinds[kind](t))
	}
	return c
}

// aContent draws the content of a message.
func aContent(t *rapid.T, group bool) message.Content {
	c := someSegments(t, "content")
	if !rapid.Bool().Draw(t, "reply") {
		return c
	}
	r := &message.ReplySegment{
		Sequence: rapid.Uint64Min(1).Draw(t, "seq"), Time: int64(rapid.Uint32().Draw(t, "time")), SenderUIN: message.UIN(rapid.Uint32Min(1).Draw(t, "sender")),
		SenderUID: aUID.Draw(t, "sender uid"), Random: rapid.Uint32().Draw(t, "random"), Content: someSegments(t, "quoted"),
	}
	if !group {
		r.ClientSequence = rapid.Uint64Min(1).Draw(t, "client seq")
	}
	if r.MentionedBy(c[0]) || cmp.Equal(c[0], message.Segment(message.Text(" "))) { // that is taken for what clients add
		c = append(message.Content{message.Text("x")}, c...)
	}
	return append(message.Content{r}, c...)
}

// normal is sent content as it comes back: without what the wire form does not carry, and
// with what is filled in.
func normal(c message.Content, group bool) message.Content {
	out := message.Content{}
	for _, seg := range c {
		switch s := seg.(type) {
		case *message.TextSegment:
			if s.Text == "" { // says nothing
				continue
			}
			seg = message.Text(receivedText(s.Text)) // a lone CR is a line break of older clients
		case *message.AtSegment:
			a := *s
			if a.UID != "" { // goes in place of the number
				a.UIN = 0
			}
			seg = &a
		case *message.FaceSegment:
			seg = normalFace(*s)
		case *message.MarketFaceSegment:
			m := *s
			if m.Width == 0 {
				m.Width = 300
			}
			if m.Height == 0 {
				m.Height = 300
			}
			seg = &m
		case *message.PokeSegment:
			p := *s
			if p.Special {
				p.Count = max(p.Count, 1)
				if p.Title == "" {
					p.Title = message.PokeName(p.Type, true)
				}
			}
			seg = &p
		case *message.KeyboardSegment:
			k := message.KeyboardSegment{BotAppID: s.BotAppID}
			for _, row := range s.Rows {
				if len(row.Buttons) == 0 { // says nothing
					continue
				}
				r := message.KeyboardRow{}
				for _, b := range row.Buttons {
					b.Roles, b.Users = append([]string(nil), b.Roles...), append([]string(nil), b.Users...)
					r.Buttons = append(r.Buttons, b)
				}
				k.Rows = append(k.Rows, r)
			}
			seg = &k
		case *message.ReplySegment:
			r := *s
			if r.Random != 0 { // each form names the author in one way
				r.SenderUIN = 0
			} else {
				r.SenderUID = ""
			}
			r.Content = normal(r.Content, group)
			seg = &r
		case *message.ForwardSegment:
			f := *s.Card()
			seg = &f
		}
		out = append(out, seg)
	}
	return out
}

// normalFace knows that each form carries other things.
func normalFace(f message.FaceSegment) *message.FaceSegment {
	switch {
	case f.Count > 0:
		return &message.FaceSegment{ID: f.ID, Count: f.Count, Text: f.Text}
	case f.Large || f.ID == message.FaceDice || f.ID == message.FaceRPS:
		f.Large = true
		if f.Text == "" {
			f.Text = message.FaceText(f.ID)
		}
		at, none := place{f.Pack, f.Sticker, f.StickerType}, noEntry(f.ID)
		if at.pack == "" {
			at.pack = none.pack
		}
		if at.sticker == "" {
			at.sticker = none.sticker
		}
		if at.kind == 0 {
			at.kind = none.kind
		}
		if f.Pack, f.Sticker, f.StickerType = at.pack, at.sticker, at.kind; at == none {
			f.Pack, f.Sticker, f.StickerType = "", "", 0
		}
		return &f
	case f.ID < smallFaceMin:
		f.Text = ""
	}
	return &message.FaceSegment{ID: f.ID, Text: f.Text}
}

// TestRoundTrip: content of all kinds comes back as it was sent.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		group := rapid.Bool().Draw(t, "group")
		c := aContent(t, group)
		// In groups the mention beside a quote comes and goes with it.
		elems, err := encodeElems(c, EncodeOptions{Group: group, MentionQuoted: true, QuotedName: "x"})
		if err != nil {
			t.Fatalf("Encode: %v", err)
		}
		if r, ok := c[0].(*message.ReplySegment); ok && group && elems[1].Text != nil && len(elems[1].Text.PbReserve) > 0 {
			// The service adds the number (docs/protocol/messages.md 11.1).
			elems[1].Text.Attr6Buf = OldMention(&message.AtSegment{UIN: r.SenderUIN, Display: "@x"})
		}
		raw, err := pb.Marshal(&messagepb.RichText{Elems: elems})
		if err != nil {
			t.Fatalf("Marshal: %v", err)
		}
		var rt messagepb.RichText
		if err := proto.Unmarshal(raw, &rt); err != nil { // the strict decoder, for the UTF-8
			t.Fatalf("Unmarshal: %v", err)
		}
		got := message.Clean(Decode(&rt, group), group)
		if diff := cmp.Diff(normal(c, group), got); diff != "" {
			t.Errorf("content (-want +got):\n%s", diff)
		}
	})
}

// TestKindsAreAll: a segment that nobody draws is one of those that kinds names.
func TestKindsAreAll(t *testing.T) {
	for _, seg := range message.All() {
		switch seg.(type) {
		case *message.LightAppSegment, *message.XMLSegment, *message.LocationSegment: // a card
		case *message.RedPacketSegment, *message.ContactSegment, *message.ReplySegment:
		default:
			if kinds[seg.Name()] == nil {
				t.Errorf("%T is not drawn", seg)
			}
		}
	}
}

// TestUnknownGoesBackAsItCame: what is not understood survives a round trip to the byte.
func TestUnknownGoesBackAsItCame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anUnknown(t)
		if rapid.Bool().Draw(t, "broken card") {
			raw, _ := proto.Marshal(&messagepb.Elem{LightApp: &messagepb.LightApp{Data: []byte{0, '{'}}})
			want = &message.UnknownSegment{Element: "light_app", Raw: raw}
		}
		elems, err := encodeElems(message.Content{want}, EncodeOptions{})
		if err != nil || len(elems) != 1 {
			t.Fatalf("Encode(%v): got %d elements, %v", want, len(elems), err)
		}
		if raw, err := proto.Marshal(elems[0]); err != nil || string(raw) != string(want.Raw) {
			t.Errorf("got %x, %v; want %x", raw, err, want.Raw)
		}
		if diff := cmp.Diff(message.Content{want}, Decode(&messagepb.RichText{Elems: elems}, true)); diff != "" {
			t.Errorf("content (-want +got):\n%s", diff)
		}
	})
}

package elements

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"libration/internal/pb"
	_ "libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/internal/vectors"
	"libration/internal/vectors/content"
	"libration/ntqq/message"
)

type capture struct {
	ID, Kind, Message, Note string
	Body                    vectors.Hex
	Type                    uint64
	Expected                json.RawMessage
}

// captureElement is what "expected" says of an element.
type captureElement struct {
	Element     string `json:"element"`
	FaceID      uint32 `json:"face_id"`
	Text        string `json:"text"`
	Pack        string `json:"pack_id"`
	Sticker     string `json:"sticker_id"`
	StickerType uint64 `json:"sticker_type"`
	Result      string `json:"result_id"`
	PokeType    uint32 `json:"poke_type"`
	Type        uint32 `json:"type"`
	Strength    uint32 `json:"strength"`
	Count       uint32 `json:"count"`
	Name        string `json:"name"`
	Content     string `json:"content"`
	Summary     string `json:"summary"`
	TabID       uint32 `json:"tab_id"`
	Key         string `json:"key"`
	Title       string `json:"title"`
	FileSet     string `json:"file_set_id"`
	FileName    string `json:"file_name"`
	FileUUID    string `json:"file_uuid"`
	FileID      string `json:"file_id"`
	BusID       uint32 `json:"bus_id"`
	MD5         string `json:"md5_hex"`
	PicFormat   uint32 `json:"pic_format"`
	Width       uint32 `json:"width"`
	Height      uint32 `json:"height"`
	Size        uint64 `json:"size"`
}

// TestVectorsCaptures reads the parts of real messages.
func TestVectorsCaptures(t *testing.T) {
	for _, c := range vectors.Of[capture](t, "captures.json") {
		v := &c
		t.Run(v.ID, func(t *testing.T) {
			service, common := strings.CutPrefix(v.Kind, "common_elem_")
			switch {
			case common:
				checkElement(t, v, captureCommon(t, v, service))
			case v.Kind == "elem":
				e := new(messagepb.Elem)
				unmarshal(t, v.Body, e)
				checkElement(t, v, e)
			case v.Kind == "trans_elem_value":
				checkElement(t, v, &messagepb.Elem{TransElem: &messagepb.TransElem{ElemType: 24, ElemValue: v.Body}})
			case v.Kind == "rich_text":
				captureRichText(t, v)
			case v.Kind == "common_message":
				captureMessage(t, v)
			case v.Kind == "routing_head":
				captureRouting(t, v)
			case v.Kind == "content_head":
				captureHead(t, v)
			case v.Kind == "element_part":
				checkPart(t, v)
			default:
				t.Errorf("kind %s is not known", v.Kind)
			}
		})
	}
}

// captureCommon is the common element with a captured payload; its business type stands
// in the note.
func captureCommon(t *testing.T, v *capture, service string) *messagepb.Elem {
	t.Helper()
	number := func(text string) uint32 {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		return uint32(n)
	}
	e := &messagepb.CommonElem{ServiceType: number(service), PbElem: v.Body}
	if found := regexp.MustCompile(`business type (\d+)`).FindStringSubmatch(v.Note); found != nil {
		e.BusinessType = proto.Uint32(number(found[1]))
	}
	return &messagepb.Elem{CommonElem: e}
}

func unmarshal(t *testing.T, body []byte, m proto.Message) {
	t.Helper()
	if err := pb.Unmarshal(body, m); err != nil {
		t.Fatalf("Unmarshal: %v", err)
	}
}

func expect[T any](t *testing.T, v *capture) (want T) {
	t.Helper()
	if err := json.Unmarshal(v.Expected, &want); err != nil {
		t.Fatal(err)
	}
	return want
}

// saidBy are the segments that an element can give, by its number; of an element that
// is not here it is unknown, and of one with "" there is none.
var saidBy = map[int]string{
	1: "text at", 2: "face", 4: "image", 6: "market_face face", 8: "image", 9: "", 12: "forward xml light_app", 16: "", 24: "red_packet", 37: "long_message", 45: "reply",
	19: "video", 51: "light_app forward location",
}

// saysNothing are the elements that may give no segment: texts for older clients, link
// previews, flags.
var saysNothing = []int{1, 9, 12, 16, 37}

// captureRichText asks of each element whether its segment is the right one.
func captureRichText(t *testing.T, v *capture) {
	rt := new(messagepb.RichText)
	unmarshal(t, v.Body, rt)
	want := expect[struct {
		ElementFields []int `json:"element_fields"`
	}](t, v)
	if len(rt.Elems) != len(want.ElementFields) {
		t.Fatalf("got %d elements, want %v", len(rt.Elems), want.ElementFields)
	}
	for _, group := range []bool{true, false} {
		c := Decode(rt, group)
		if problem := content.Read(&messagepb.MessageBody{RichText: rt}).Check(c); problem != "" {
			t.Error(problem)
		}
		for i, said := range DecodeEach(rt.Elems, group) {
			field := want.ElementFields[i]
			names, known := saidBy[field]
			if field == 53 { // any
				continue
			}
			if !known {
				names = "unknown"
			}
			if len(said) > 1 || len(said) == 1 && !slices.Contains(strings.Fields(names), said[0].Name()) ||
				len(said) == 0 && !slices.Contains(saysNothing, field) {
				t.Errorf("element %d of field %d: got %v, want one of %q", i, field, said, names)
			}
			if len(said) == 1 {
				checkSticker(t, rt.Elems[i], said[0])
			}
		}
		if len(message.Clean(c, group)) == 0 {
			t.Errorf("group %v: got no content", group)
		}
	}
}

// checkSticker compares a sticker, or what it stands for, with its element.
func checkSticker(t *testing.T, e *messagepb.Elem, seg message.Segment) {
	t.Helper()
	m := e.GetMarketFace()
	switch s := seg.(type) {
	case *message.MarketFaceSegment:
		if s.ID != hex.EncodeToString(m.GetFaceId()) || s.Package != m.GetTabId() || s.Key != string(m.GetKey()) ||
			s.Summary != m.GetSummary() || s.Width != m.GetWidth() || s.Height != m.GetHeight() || s.Param != string(m.GetMobileParam()) {
			t.Errorf("got %+v, want %v", s, m)
		}
	case *message.FaceSegment:
		value, err := strconv.Atoi(string(m.GetMobileParam()[max(0, len(m.GetMobileParam())-1):]))
		switch {
		case m == nil:
		case s.ID == message.FaceDice && err == nil && int(s.Result) == value+1:
		case s.ID == message.FaceRPS && err == nil && int(s.Result) == 3-value:
		default:
			t.Errorf("got %+v for %v", s, m)
		}
	}
}

func checkElement(t *testing.T, v *capture, e *messagepb.Elem) {
	c := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{e}}, true)
	if len(c) != 1 {
		t.Fatalf("got %v, want one segment", c)
	}
	want := expect[captureElement](t, v)
	result, _ := strconv.ParseUint(want.Result, 10, 32)
	var seg message.Segment
	switch want.Element {
	case "face":
		seg = &message.FaceSegment{ID: want.FaceID}
	case "small_face":
		seg = &message.FaceSegment{ID: want.FaceID, Text: want.Text}
	case "large_face", "dice", "rps":
		seg = &message.FaceSegment{ID: want.FaceID, Large: true, Text: want.Text, Result: uint32(result),
			Pack: want.Pack, Sticker: want.Sticker, StickerType: want.StickerType}
	case "bouncing_face", "bounce_face":
		seg = &message.FaceSegment{ID: want.FaceID, Count: want.Count, Text: "/" + strings.TrimPrefix(want.Name, "/")}
	case "poke":
		seg = &message.PokeSegment{Type: want.PokeType + want.Type, Strength: want.Strength, Title: want.Name}
	case "vip_face", "special_poke":
		seg = &message.PokeSegment{Type: want.PokeType + want.Type, Special: true, Count: want.Count, Title: want.Name}
	case "markdown":
		seg = &message.MarkdownSegment{Markdown: want.Content}
	case "market_face":
		checkSticker(t, e, c[0])
		seg = c[0]
	case "red_packet":
		seg = &message.RedPacketSegment{Title: want.Title}
	case "flash_file":
		f, ok := c[0].(*message.FlashFileSegment)
		if !ok || f.Title != want.Title || f.FileSet != want.FileSet {
			t.Errorf("got %+v, want %+v", c[0], want)
		}
		return
	case "image":
		if problem := content.Read(&messagepb.MessageBody{RichText: &messagepb.RichText{Elems: []*messagepb.Elem{e}}}).Check(c); problem != "" {
			t.Error(problem)
		}
		s, ok := c[0].(*message.ImageSegment)
		if !ok || s.Medium.Name != want.FileName || s.ID != want.FileUUID || s.Width != want.Width || s.Height != want.Height ||
			s.Format != want.PicFormat || s.Size != want.Size || s.Summary != want.Summary {
			t.Errorf("got %+v, want %+v", c[0], want)
		}
		return
	case "group_file":
		sum, err := hex.DecodeString(want.MD5)
		if err != nil {
			t.Fatal(err)
		}
		seg = &message.FileSegment{ID: want.FileID, FileName: want.FileName, Size: want.Size, BusID: want.BusID, MD5: sum}
		if body, err := Encode(c, EncodeOptions{Group: true}); err != nil || !proto.Equal(fileExtra(t, body.GetRichText().GetElems()[0]), fileExtra(t, e)) {
			t.Errorf("sent as %v, %v, want %v", body, err, e)
		}
	default:
		t.Fatalf("element %q: say here what it is read as", want.Element)
	}
	if diff := cmp.Diff(message.Content{seg}, c); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
}

func captureMessage(t *testing.T, v *capture) {
	cm := new(messagepb.CommonMessage)
	unmarshal(t, v.Body, cm)
	chat := slices.Contains([]uint64{82, 141, 166, 167, 208, 529}, cm.GetContentHead().GetType())
	m, err := Parse(v.Body, 1)
	switch {
	case !chat && !errors.Is(err, ErrNotChat):
		t.Errorf("Parse: got %v, want %v", err, ErrNotChat)
	case chat && err != nil:
		t.Errorf("Parse: %v", err)
	case chat:
		checkFields(t, v, cm.GetRoutingHead(), cm.GetContentHead())
		if len(m.Content) == 0 {
			t.Error("got no content")
		}
	}
}

// captureRouting reads a head in a message of the type that it came with, and where it
// came with an event, of each type of message.
func captureRouting(t *testing.T, v *capture) {
	r := new(messagepb.RoutingHead)
	unmarshal(t, v.Body, r)
	checkFields(t, v, r)
	want := expect[struct {
		FromUID *message.UID
		FromUIN message.UIN       `json:"from_uin"`
		ToUIN   message.UIN       `json:"to_uin"`
		Group   message.GroupCode `json:"group_code"`
		Name    string            `json:"group_name"`
		Card    string            `json:"card"`
		Nick    string            `json:"nickname"`
		Level   uint32            `json:"group_level"`
		Role    string            `json:"role"`
	}](t, v)
	for _, kind := range []uint64{TypeGroup, TypeTemp, TypeFriend} {
		cm := &messagepb.CommonMessage{RoutingHead: r, Body: &messagepb.MessageBody{}, ContentHead: &messagepb.ContentHead{Type: kind}}
		m, err := ParseCommon(cm, want.ToUIN)
		if kind == TypeGroup && want.Group == 0 {
			if !errors.Is(err, ErrIncomplete) {
				t.Errorf("without a group: got %v, want %v", err, ErrIncomplete)
			}
			continue
		}
		if err != nil {
			t.Errorf("ParseCommon type %d: %v", kind, err)
			continue
		}
		if m.Sender.UIN != want.FromUIN || want.FromUID != nil && m.Sender.UID != *want.FromUID || m.Self != (want.FromUIN == want.ToUIN) {
			t.Errorf("type %d: sender %+v, want %+v", kind, m.Sender, want)
		}
		if kind == TypeGroup && (m.Chat.Group != want.Group || m.GroupName != want.Name || m.Sender.Level != want.Level ||
			want.Role != "" && m.Sender.Role.String() != want.Role ||
			want.Card != "" && m.Sender.Card+m.Sender.Nickname != want.Card || want.Nick != "" && m.Sender.Nickname != want.Nick) {
			t.Errorf("got %+v of %q by %+v, want %+v", m.Chat, m.GroupName, m.Sender, want)
		}
	}
}

func captureHead(t *testing.T, v *capture) {
	h := new(messagepb.ContentHead)
	unmarshal(t, v.Body, h)
	checkFields(t, v, h)
	want := expect[struct {
		Sequence       uint64 `json:"sequence"`
		GroupSequence  uint64 `json:"group_sequence"`
		ClientSequence uint64 `json:"client_sequence"`
		NTSequence     uint64 `json:"nt_msg_seq"`
		Random         uint32 `json:"random"`
		Time           int64  `json:"time"`
		MsgUID         uint64 `json:"msg_uid"`
	}](t, v)
	m, err := ParseCommon(&messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: 2, Group: &messagepb.RoutingGroup{GroupCode: 3}},
		ContentHead: h, Body: &messagepb.MessageBody{},
	}, 1)
	if errors.Is(err, ErrNotChat) && v.Type != TypeGroup && v.Type != TypeFriend && v.Type != TypeTemp {
		return // of an event
	}
	if err != nil {
		t.Fatalf("ParseCommon: %v", err)
	}
	if m.Chat.Kind == message.Group {
		if sequence := want.Sequence + want.GroupSequence; sequence != 0 && m.Sequence != sequence {
			t.Errorf("sequence: got %d, want %d", m.Sequence, sequence)
		}
	} else if want.ClientSequence != 0 && m.ClientSequence != want.ClientSequence || want.NTSequence != 0 && m.Sequence != want.NTSequence {
		t.Errorf("sequences: got %d and %d, want %+v", m.Sequence, m.ClientSequence, want)
	}
	if want.Random != 0 && m.Random != want.Random || want.Time != 0 && m.Time != want.Time ||
		want.MsgUID != 0 && MsgUID(m.Random) != want.MsgUID {
		t.Errorf("got random %d, time %d; want %+v", m.Random, m.Time, want)
	}
}

// checkPart decodes a part of an element as what it is, and wherever it could stand.
func checkPart(t *testing.T, v *capture) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName("libration." + v.Message))
	if err != nil {
		t.Fatal(err)
	}
	part := kind.New().Interface()
	unmarshal(t, v.Body, part)
	checkFields(t, v, part)
	market := new(messagepb.MarketFace)
	market.PbReserve = v.Body
	attr := new(messagepb.Attr)
	if pb.Unmarshal(v.Body, attr) != nil {
		attr = nil
	}
	Decode(&messagepb.RichText{Attr: attr, Elems: []*messagepb.Elem{
		{Text: &messagepb.Text{PbReserve: v.Body, Attr6Buf: v.Body}},
		{MarketFace: market},
		{SrcMsg: &messagepb.SourceMsg{OrigSeqs: []uint64{1}, PbReserve: v.Body, Elems: [][]byte{v.Body}, SrcMsg: v.Body}},
	}}, true)
}

// checkFields compares what a capture says with the fields of the same names, in
// messages or one level deeper.
func checkFields(t *testing.T, v *capture, messages ...proto.Message) {
	t.Helper()
	names := map[string]string{"card": "group_card", "card_type": "group_card_type", "client_sequence": "sequence"}
	for key, want := range expect[map[string]any](t, v) {
		name := key
		if names[key] != "" {
			name = names[key]
		}
		var got any
		for _, m := range messages {
			if got == nil {
				got = fieldNamed(m.ProtoReflect(), protoreflect.Name(name), 1)
			}
		}
		if got == nil && want != nil && key != "role" && key != "all" { // that is compared elsewhere, or nothing is said
			t.Errorf("%s: there is no such field", key)
		}
		switch want := want.(type) {
		case float64:
			if n, ok := got.(uint64); got != nil && (!ok || float64(n) != want) {
				t.Errorf("%s: got %v, want %v", key, got, want)
			}
		case string:
			if s, ok := got.(string); got != nil && (!ok || s != want) {
				t.Errorf("%s: got %v, want %q", key, got, want)
			}
		case nil:
			if got != nil && got != "" && got != uint64(0) {
				t.Errorf("%s: got %v, want nothing", key, got)
			}
		}
	}
}

// fieldNamed is nil when there is none. Numbers are a uint64, texts and bytes a string.
func fieldNamed(m protoreflect.Message, name protoreflect.Name, depth int) any {
	fields := m.Descriptor().Fields()
	if f := fields.ByName(name); f != nil && f.Cardinality() != protoreflect.Repeated {
		switch value := m.Get(f).Interface().(type) {
		case string:
			return value
		case []byte:
			return string(value)
		case uint32:
			return uint64(value)
		case int32:
			return uint64(value)
		case uint64:
			return value
		case int64:
			return uint64(value)
		}
	}
	for i := range fields.Len() {
		f := fields.Get(i)
		if depth > 0 && f.Message() != nil && f.Cardinality() != protoreflect.Repeated && m.Has(f) {
			if v := fieldNamed(m.Get(f).Message(), name, depth-1); v != nil {
				return v
			}
		}
	}
	return nil
}

// fileExtra is the description of a group's file without the text that clients show of it.
func fileExtra(t *testing.T, e *messagepb.Elem) *messagepb.GroupFileExtra {
	t.Helper()
	extra, v := new(messagepb.GroupFileExtra), e.GetTransElem().GetElemValue()
	if e.GetTransElem().GetElemType() != 24 || len(v) < 3 || v[0] != 1 || int(v[1])<<8|int(v[2]) != len(v)-3 {
		t.Fatalf("no file: %v", e)
	}
	unmarshal(t, v[3:], extra)
	extra.Display = nil
	return extra
}

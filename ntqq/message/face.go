package message

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
)

// FaceSegment is a built-in emoticon.
type FaceSegment struct {
	ID uint32
	// Large is the animated form, which stands alone in its message. FaceDice and FaceRPS
	// are always large.
	Large bool
	// Result is what a die or rock-paper-scissors shows; 0 is none. The real service
	// ignores a sender's choice.
	Result uint32
	// Text is the face's description with a leading "/"; may be "".
	Text string
	// Count is how many times the face is thrown, one behind the other; 0: it is not. A
	// thrown face stands alone in its message, and has no result.
	Count uint32
	// Pack, Sticker and StickerType are where the large form of the face is found, as the
	// face table has it. All empty: the form that faces without an entry have.
	Pack, Sticker string
	StickerType   uint64
}

// Name implements Segment.
func (*FaceSegment) Name() string { return "face" }
func (f *FaceSegment) size() int  { return len(f.Text) + len(f.Pack) + len(f.Sticker) }

// The faces that carry a result (docs/protocol/messages.md 5.4).
const (
	FaceDice = 358 // a die; Face.Result is 1 to 6
	FaceRPS  = 359 // rock-paper-scissors; Face.Result is 1 paper, 2 scissors, 3 rock
)

// ServiceLargeFace is CommonElem.service_type of a large face, and so of a die and of
// rock-paper-scissors. The payload is a LargeFaceElem.
const ServiceLargeFace = 37

// SmallFaceMin is the first id with a small form.
const SmallFaceMin = 260

const serviceSmallFace = 33

// decodeFace reads the three forms; a payload that is no protobuf gives nothing.
func decodeFace(d *decoder, e *messagepb.Elem) {
	var f *FaceSegment
	switch raw := e.CommonElem.GetPbElem(); {
	case e.Face != nil:
		f = &FaceSegment{ID: e.Face.GetIndex()}
	case e.CommonElem.GetServiceType() == ServiceLargeFace:
		d.follow = followText
		f = decodeLargeFace(raw)
	default:
		f = decodeSmallFace(raw)
	}
	if f != nil {
		d.add(f)
	}
}

// decodeSmallFace and decodeLargeFace give nil for a payload that is no protobuf.
func decodeSmallFace(raw []byte) *FaceSegment {
	var f messagepb.SmallFaceElem
	if pb.Unmarshal(raw, &f) != nil {
		return nil
	}
	text := f.GetText()
	if text == "" {
		text = f.GetCompatText()
	}
	return &FaceSegment{ID: f.GetFaceId(), Text: text}
}

func decodeLargeFace(raw []byte) *FaceSegment {
	var f messagepb.LargeFaceElem
	if pb.Unmarshal(raw, &f) != nil {
		return nil
	}
	face := &FaceSegment{ID: f.GetFaceId(), Large: true, Result: f.GetResultValue(), Text: f.GetText()}
	if entry := (place{f.GetPackId(), f.GetStickerId(), f.GetStickerType()}); entry != noEntry(face.ID) {
		face.Pack, face.Sticker, face.StickerType = entry.pack, entry.sticker, entry.kind
	}
	if n, err := strconv.ParseUint(f.GetResultId(), 10, 32); err == nil && n != 0 {
		face.Result = uint32(n)
	}
	return face
}

// place is where the large form of a face is found.
type place struct {
	pack, sticker string
	kind          uint64
}

// noEntry is what faces without an entry in the face table are sent with.
func noEntry(face uint32) place {
	p := place{"1", "8", 1}
	if face == FaceDice || face == FaceRPS {
		p.kind = 2
	}
	return p
}

// decodeThrownFace reads a face with its count. The name has no "/" there.
func decodeThrownFace(p *messagepb.BounceFaceElem) *FaceSegment {
	f := &FaceSegment{ID: p.GetFace().GetFaceId(), Count: max(p.GetCount(), 1), Text: p.GetName()}
	if f.Text != "" && !strings.HasPrefix(f.Text, "/") {
		f.Text = "/" + f.Text
	}
	return f
}

// face picks the form by what is known: a description means that the face stands in
// the face table, so that ids from 260 on can have the small form.
func (w *encoder) face(f *FaceSegment) error {
	switch {
	case f.Count > 0:
		return w.thrownFace(f)
	case f.Large || f.ID == FaceDice || f.ID == FaceRPS:
		return w.largeFace(f)
	case f.ID >= SmallFaceMin && f.Text != "":
		text := pb.Text(f.Text)
		return w.common(serviceSmallFace, 1, &messagepb.SmallFaceElem{FaceId: f.ID, Text: text, CompatText: text})
	}
	w.add(&messagepb.Elem{Face: &messagepb.Face{Index: proto.Uint32(f.ID)}})
	return nil
}

// FaceText returns the description with which a face is sent that has none of its own:
// "" for all but those that carry a result.
func FaceText(id uint32) string {
	switch id {
	case FaceDice:
		return "/骰子"
	case FaceRPS:
		return "/包剪锤"
	}
	return ""
}

func (w *encoder) largeFace(f *FaceSegment) error {
	at, text, result := noEntry(f.ID), pb.Text(f.Text), ""
	if f.Pack != "" {
		at.pack = pb.Text(f.Pack)
	}
	if f.Sticker != "" {
		at.sticker = pb.Text(f.Sticker)
	}
	if f.StickerType != 0 {
		at.kind = f.StickerType
	}
	if text == "" {
		text = FaceText(f.ID)
	}
	if f.Result != 0 {
		result = strconv.FormatUint(uint64(f.Result), 10)
	}
	business := uint32(1)
	if f.Pack != "" || f.Sticker != "" { // it has an entry in the face table
		business = uint32(at.kind)
	}
	return w.common(ServiceLargeFace, business, &messagepb.LargeFaceElem{
		PackId:      proto.String(at.pack),
		StickerId:   proto.String(at.sticker),
		FaceId:      proto.Uint32(f.ID),
		SourceType:  proto.Uint32(1),
		StickerType: proto.Uint64(at.kind),
		ResultId:    proto.String(result),
		Text:        proto.String(text),
		RandomType:  proto.Uint32(1),
	})
}

// businessThrown is CommonElem.business_type, and the type in the payload, of a thrown
// face.
const businessThrown = 13

// thrownFace writes the face and the text that older clients show.
func (w *encoder) thrownFace(f *FaceSegment) error {
	name := pb.Text(strings.TrimPrefix(f.Text, "/"))
	err := w.common(serviceSpecial, businessThrown, &messagepb.BounceFaceElem{
		Type: businessThrown, Count: f.Count, Name: name,
		Face: &messagepb.SmallFaceElem{FaceId: f.ID, Text: name, CompatText: name},
	})
	if err != nil {
		return err
	}
	if name == "" {
		name = "表情"
	}
	shown := "[" + name + "]"
	reserve, err := pb.Marshal(&messagepb.FallbackText{Text: shown + "请使用最新版手机QQ体验新功能。"})
	if err != nil {
		return err
	}
	w.add(&messagepb.Elem{Text: &messagepb.Text{
		Str: proto.String(shown + "x" + strconv.FormatUint(uint64(f.Count), 10)), PbReserve: reserve,
	}})
	return nil
}

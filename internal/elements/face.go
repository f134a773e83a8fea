package elements

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// ServiceLargeFace is CommonElem.service_type of a large face, and so of a die and of
// rock-paper-scissors. The payload is a LargeFaceElem.
const ServiceLargeFace = 37

const (
	serviceSmallFace = 33
	smallFaceMin     = 260 // the first id with a small form
)

// isLarge tells whether a face that is not thrown has the large form.
func isLarge(f *message.FaceSegment) bool {
	return f.Large || f.ID == message.FaceDice || f.ID == message.FaceRPS
}

// CompleteFace returns a copy of a face with what its form takes of the face table and it
// lacks (docs/protocol/messages.md 5.3, 5.4). It returns f itself when f lacks nothing, or
// the table has no such face. entry returns the Text, Pack, Sticker and StickerType of a
// face in the table; it is called when f lacks something.
func CompleteFace(f *message.FaceSegment, entry func(id uint32) (message.FaceSegment, bool)) *message.FaceSegment {
	large := f.Count == 0 && isLarge(f)
	lacksText := f.Text == "" && (f.Count != 0 || large || f.ID >= smallFaceMin)
	lacksPlace := large && f.Pack == "" && f.Sticker == "" && f.StickerType == 0
	if !lacksText && !lacksPlace {
		return f
	}
	known, ok := entry(f.ID)
	if !ok {
		return f
	}
	full := *f
	if lacksText {
		full.Text = known.Text
	}
	if lacksPlace {
		full.Pack, full.Sticker, full.StickerType = known.Pack, known.Sticker, known.StickerType
	}
	return &full
}

// decodeFace reads the three forms; a payload that is no protobuf gives nothing.
func decodeFace(d *decoder, e *messagepb.Elem) {
	var f *message.FaceSegment
	switch raw := e.CommonElem.GetPbElem(); {
	case e.Face != nil:
		f = &message.FaceSegment{ID: e.Face.GetIndex()}
	case e.CommonElem.GetServiceType() == ServiceLargeFace:
		if f = decodeLargeFace(raw); f != nil {
			d.follow = followText
		}
	default:
		f = decodeSmallFace(raw)
	}
	if f != nil {
		d.add(f)
	}
}

// decodeSmallFace and decodeLargeFace give nil for a payload that is no protobuf.
func decodeSmallFace(raw []byte) *message.FaceSegment {
	var f messagepb.SmallFaceElem
	if pb.Unmarshal(raw, &f) != nil {
		return nil
	}
	text := f.GetText()
	if text == "" {
		text = f.GetCompatText()
	}
	return &message.FaceSegment{ID: f.GetFaceId(), Text: text}
}

func decodeLargeFace(raw []byte) *message.FaceSegment {
	var f messagepb.LargeFaceElem
	if pb.Unmarshal(raw, &f) != nil {
		return nil
	}
	face := &message.FaceSegment{ID: f.GetFaceId(), Large: true, Result: f.GetResultValue(), Text: f.GetText()}
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
	if face == message.FaceDice || face == message.FaceRPS {
		p.kind = 2
	}
	return p
}

// decodeThrownFace reads a face with its count. The name has no "/" there.
func decodeThrownFace(p *messagepb.BounceFaceElem) *message.FaceSegment {
	f := &message.FaceSegment{ID: p.GetFace().GetFaceId(), Count: max(p.GetCount(), 1), Text: p.GetName()}
	if f.Text != "" && !strings.HasPrefix(f.Text, "/") {
		f.Text = "/" + f.Text
	}
	return f
}

// face picks the form by what is known: a description means that the face stands in
// the face table, so that ids from 260 on can have the small form.
func (w *encoder) face(f *message.FaceSegment) error {
	switch {
	case f.Count > 0:
		return w.thrownFace(f)
	case isLarge(f):
		return w.largeFace(f)
	case f.ID >= smallFaceMin && f.Text != "":
		text := pb.Text(f.Text)
		return w.common(serviceSmallFace, 1, &messagepb.SmallFaceElem{FaceId: f.ID, Text: text, CompatText: text})
	}
	w.add(&messagepb.Elem{Face: &messagepb.Face{Index: proto.Uint32(f.ID)}})
	return nil
}

func (w *encoder) largeFace(f *message.FaceSegment) error {
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
		text = message.FaceText(f.ID)
	}
	if f.Result != 0 {
		result = strconv.FormatUint(uint64(f.Result), 10)
	}
	business := uint32(1)
	if f.Pack != "" || f.Sticker != "" { // it has an entry in the face table
		business = uint32(at.kind)
	}
	err := w.common(ServiceLargeFace, business, &messagepb.LargeFaceElem{
		PackId:      proto.String(at.pack),
		StickerId:   proto.String(at.sticker),
		FaceId:      proto.Uint32(f.ID),
		SourceType:  proto.Uint32(1),
		StickerType: proto.Uint64(at.kind),
		ResultId:    proto.String(result),
		Text:        proto.String(text),
		RandomType:  proto.Uint32(1),
	})
	if err != nil {
		return err
	}
	// Readers skip the text behind a large face, whatever it says: without a fallback
	// that would be the words of the message.
	if text == "" {
		text = noName
	}
	w.fallback, err = fallbackText(text, text)
	return err
}

// noName is shown where the name of a face is not known.
const noName = "[表情]"

// fallbackText is what older clients show in place of the element before it, which
// newer ones name by shown.
func fallbackText(str, shown string) (*messagepb.Elem, error) {
	reserve, err := pb.Marshal(&messagepb.FallbackText{Text: shown + "请使用最新版手机QQ体验新功能。"})
	if err != nil {
		return nil, err
	}
	return &messagepb.Elem{Text: &messagepb.Text{Str: proto.String(str), PbReserve: reserve}}, nil
}

// businessThrown is CommonElem.business_type, and the type in the payload, of a thrown
// face.
const businessThrown = 13

// thrownFace writes the face and the text that older clients show.
func (w *encoder) thrownFace(f *message.FaceSegment) error {
	name := pb.Text(strings.TrimPrefix(f.Text, "/"))
	err := w.common(serviceSpecial, businessThrown, &messagepb.BounceFaceElem{
		Type: businessThrown, Count: f.Count, Name: name,
		Face: &messagepb.SmallFaceElem{FaceId: f.ID, Text: name, CompatText: name},
	})
	if err != nil {
		return err
	}
	shown := noName
	if name != "" {
		shown = "[" + name + "]"
	}
	text, err := fallbackText(shown+"x"+strconv.FormatUint(uint64(f.Count), 10), shown)
	if err != nil {
		return err
	}
	w.add(text)
	return nil
}

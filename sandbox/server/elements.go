package server

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// partsOf reads the elements that a client sent. Each keeps the form in which receivers
// get it, but for plain texts and what is not understood at all: their segments have it.
func partsOf(w *world.World, elems []*messagepb.Elem, group bool) []world.Part {
	elems = elems[:min(len(elems), world.MaxParts+1)] // the world refuses that many
	if parts := plainParts(elems); parts != nil {
		return parts
	}
	relayed := make([]*messagepb.Elem, len(elems))
	for i, e := range elems {
		relayed[i] = relay(w, e)
	}
	segments := elements.DecodeEach(relayed, group)
	parts := make([]world.Part, 0, len(elems))
	for i, e := range relayed {
		said := segments[i]
		if len(said) == 0 {
			said = message.Content{nil}
		}
		p := world.Part{Segment: said[0]}
		if _, unknown := p.Segment.(*message.UnknownSegment); !unknown && !isPlain(e) {
			p.Form = append([]byte{}, encode(e)...) // not nil, though it be empty
		}
		parts = append(parts, p)
		for _, more := range said[1:] {
			parts = append(parts, world.Part{Segment: more, Form: []byte{}})
		}
	}
	return parts
}

// plainParts is partsOf for messages of nothing but plain text, which most are; nil for
// others.
func plainParts(elems []*messagepb.Elem) []world.Part {
	for _, e := range elems {
		if !isPlain(e) {
			return nil
		}
	}
	parts := make([]world.Part, len(elems))
	for i, e := range elems {
		parts[i].Segment = message.Text(e.Text.GetStr())
	}
	return parts
}

// isPlain reports whether an element is a text as this server writes it and nothing else.
func isPlain(e *messagepb.Elem) bool {
	if e == nil || e.Text == nil {
		return false
	}
	text := e.Text.GetStr()
	return proto.Size(e) == 1+protowire.SizeBytes(1+protowire.SizeBytes(len(text))) && strings.IndexByte(text, '\r') < 0
}

// appendPart writes a part as receivers get it.
func appendPart(dst []*messagepb.Elem, w *world.World, p world.Part, group bool) ([]*messagepb.Elem, error) {
	if p.Form != nil && len(p.Form) == 0 && p.Segment != nil {
		return dst, nil // the part before says it
	}
	if p.Form != nil {
		e := &messagepb.Elem{}
		if err := pb.Unmarshal(p.Form, e); err != nil {
			return dst, fmt.Errorf("form of a part: %w", err)
		}
		if face, ok := p.Segment.(*message.FaceSegment); ok && face.Result != 0 {
			showResult(e, face.Result)
		}
		return append(dst, e), nil
	}
	switch s := p.Segment.(type) {
	case *message.TextSegment:
		return append(dst, &messagepb.Elem{Text: &messagepb.Text{Str: &s.Text}}), nil
	case nil:
		return append(dst, &messagepb.Elem{}), nil
	}
	if e := officialOnly(p.Segment); e != nil {
		return append(append(dst, e), officialTail(p.Segment)...), nil
	}
	body, err := elements.Encode(message.Content{p.Segment}, elements.EncodeOptions{Group: group})
	if err != nil {
		return dst, err
	}
	elems, err := relayMedia(body.GetRichText().GetElems())
	for _, e := range elems {
		dst = append(dst, relay(w, e))
	}
	if err != nil {
		return dst, err
	}
	return append(dst, officialTail(p.Segment)...), nil
}

// showResult writes what the world has thrown into a large face without a result.
func showResult(e *messagepb.Elem, result uint32) {
	face := &messagepb.LargeFaceElem{}
	if e.CommonElem.GetServiceType() != elements.ServiceLargeFace ||
		pb.Unmarshal(e.CommonElem.PbElem, face) != nil || face.GetResultId() != "" {
		return
	}
	face.ResultId = proto.String(strconv.FormatUint(uint64(result), 10))
	e.CommonElem.PbElem = encode(face)
}

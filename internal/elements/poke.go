package elements

import (
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// CommonElem.service_type of pokes.
const (
	servicePoke    = 2
	serviceSpecial = 23 // special pokes, and faces that are thrown
)

// decodePoke reads the two forms of pokes, and thrown faces; a payload that is no protobuf
// gives nothing.
func decodePoke(d *decoder, e *messagepb.Elem) {
	raw := e.CommonElem.GetPbElem()
	if e.CommonElem.GetServiceType() == servicePoke {
		var p messagepb.PokeElem
		if pb.Unmarshal(raw, &p) == nil {
			d.add(&message.PokeSegment{Type: p.GetType(), Strength: p.GetStrength(), Title: p.GetName()})
		}
		return
	}
	d.follow = followReserve
	var p messagepb.BounceFaceElem
	switch err := pb.Unmarshal(raw, &p); {
	case err != nil:
	case p.GetFace() != nil:
		d.add(decodeThrownFace(&p))
	default:
		d.add(&message.PokeSegment{Type: p.GetType(), Special: true, Count: p.GetCount(), Title: p.GetName()})
	}
}

func (w *encoder) poke(p *message.PokeSegment) error {
	title := pb.Text(p.Title)
	if !p.Special {
		e := &messagepb.PokeElem{Type: p.Type, Strength: proto.Uint32(p.Strength)}
		if title != "" {
			e.Name = &title
		}
		return w.common(servicePoke, p.Type, e)
	}
	if title == "" {
		title = message.PokeName(p.Type, true)
	}
	return w.common(serviceSpecial, p.Type, &messagepb.BounceFaceElem{Type: p.Type, Count: max(p.Count, 1), Name: title})
}

package onebot

import (
	"context"
	"math"
	"strconv"

	"libration/internal/text"
	"libration/ntqq/message"
)

// showPoke: clients want an id; it is not known, -1 stands for that.
func showPoke(_ *writer, _ message.Chat, p *message.PokeSegment, data []field) ([]field, bool) {
	name := p.Title
	if name == "" {
		name = message.PokeName(p.Type, p.Special)
	}
	data = append(data, field{"type", strconv.FormatUint(uint64(p.Type), 10)}, field{"id", "-1"}, field{"name", name})
	if p.Special {
		return append(data, field{"special", "true"}, field{"count", strconv.FormatUint(uint64(p.Count), 10)}), true
	}
	return append(data, field{"strength", strconv.FormatUint(uint64(p.Strength), 10)}), true
}

func readPoke(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	if isPoke(seg) { // account.send does that of a message without anything else
		return nil, badParams(text.T(
			"segment poke: with qq it is an action, and must be the only segment of a message; a poke as a message needs type",
			"消息段 poke：带 qq 时是双击头像的动作，必须是消息中唯一的消息段；作为消息的戳一戳需要 type"))
	}
	p := &message.PokeSegment{}
	var err error
	if p.Special, err = seg.flag("special"); err != nil {
		return nil, err
	}
	kind, err := seg.number("type", math.MaxUint32)
	p.Type = uint32(kind)
	name := message.PokeName(p.Type, p.Special)
	if err != nil || name == "" {
		return nil, badSegment(seg, "type", text.T("must be the number of a poke", "必须是戳一戳的编号"))
	}
	if p.Title = seg.get("name"); p.Title == name {
		p.Title = "" // it goes without saying
	}
	strength, err := seg.number("strength", math.MaxUint32)
	if err != nil {
		return nil, err
	}
	count, err := seg.number("count", math.MaxUint32)
	p.Strength, p.Count = uint32(strength), uint32(count)
	return p, err
}

// readShake is a poke of the first type, which shakes the window.
func readShake(context.Context, reader, message.Chat, segment) (message.Segment, error) {
	return &message.PokeSegment{Type: 1}, nil
}

package message

// PokeSegment is a poke as a message, also called window shake: not the double click on a
// picture, which is an event (docs/protocol/messages.md 5.6). It stands alone in its
// message.
type PokeSegment struct {
	// Type is 1 to 6 of an ordinary one, 1 to 12 of a special one; PokeName has their
	// names.
	Type     uint32
	Strength uint32 // of an ordinary one
	// Special is the form with more pictures. Count is how often it is shown; 0 is sent
	// as 1.
	Special bool
	Count   uint32
	// Title is what it is called; "" of a special one is sent as its PokeName.
	Title string
}

// Name implements Segment.
func (*PokeSegment) Name() string { return "poke" }
func (p *PokeSegment) size() int  { return len(p.Title) }

// PokeName returns what clients call a type of poke, "" for one that is not known.
func PokeName(kind uint32, special bool) string {
	names := []string{"戳一戳", "比心", "点赞", "心碎", "666", "放大招"}
	if special {
		names = []string{"点赞", "爱心", "哈哈", "猪头", "炸弹", "便便", "亲亲", "药丸", "榴莲", "略略略", "平底锅", "钞票"}
	}
	if kind < 1 || kind > uint32(len(names)) {
		return ""
	}
	return names[kind-1]
}

package message

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
	FaceDice = 358 // a die; FaceSegment.Result is 1 to 6
	FaceRPS  = 359 // rock-paper-scissors; FaceSegment.Result is 1 paper, 2 scissors, 3 rock
)

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

package message

// MarketFaceSegment is a sticker of the shop (docs/protocol/messages.md 5.5). It stands
// alone in its message.
type MarketFaceSegment struct {
	ID      string // 32 hexadecimal digits in lower case
	Package uint32 // the pack that it is in (tab id)
	Key     string // 16 characters; who sends the sticker has to know it
	Summary string // what stands for it in lists, "[name]"
	// Param is the magic value of those that show a result, such as
	// "rscType?1;value=3"; may be "".
	Param string
	// Width and Height are in pixels; 0 is sent as 300.
	Width, Height uint32
}

// Name implements Segment.
func (*MarketFaceSegment) Name() string { return "market_face" }
func (m *MarketFaceSegment) size() int {
	return len(m.ID) + len(m.Key) + len(m.Summary) + len(m.Param)
}

// URL returns where the picture is, "" without an ID.
func (m *MarketFaceSegment) URL() string {
	if len(m.ID) < 2 {
		return ""
	}
	return "https://gxh.vip.qq.com/club/item/parcel/item/" + m.ID[:2] + "/" + m.ID + "/raw300.gif"
}

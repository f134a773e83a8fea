package message

// LightAppSegment is a card that its JSON describes, also called ark: a shared link, a
// mini app, music, an invitation (docs/protocol/messages.md 9.1). The cards of forwards
// and locations are segments of their own.
type LightAppSegment struct {
	App  string // the member "app" of JSON, such as "com.tencent.structmsg"
	JSON string
}

// Name implements Segment.
func (*LightAppSegment) Name() string { return "light_app" }
func (l *LightAppSegment) size() int  { return len(l.App) + len(l.JSON) }

// XMLSegment is a card of the older kind, described by XML (docs/protocol/messages.md
// 9.1).
type XMLSegment struct {
	ServiceID uint32 // 0 is sent as 35
	XML       string
}

// Name implements Segment.
func (*XMLSegment) Name() string { return "xml" }
func (x *XMLSegment) size() int  { return len(x.XML) }

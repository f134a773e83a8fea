package message

import "encoding/json"

// MaxCard is how long the text of a card may be, in bytes. A longer one is not sent, and
// one that is received stays an [UnknownSegment].
const MaxCard = 1 << 20

// LightAppSegment is a card that its JSON describes, also called ark: a shared link, a
// mini app, music, an invitation (docs/protocol/messages.md 9.1). The cards of forwards
// and locations are segments of their own. It stands alone in its message.
type LightAppSegment struct {
	// App is the member "app" of JSON, such as "com.tencent.structmsg"; "" when there is
	// none. To send, only JSON counts.
	App string
	// JSON is an object of at most MaxCard bytes. It is sent as it is.
	JSON string
	// RichMessage is true for the older form, a rich message of service 1. Its resource
	// id is the text before it.
	RichMessage bool
}

// Name implements Segment.
func (*LightAppSegment) Name() string { return "light_app" }
func (l *LightAppSegment) size() int  { return len(l.App) + len(l.JSON) }

// Prompt returns what stands for the card in lists of chats, such as "[分享]Song"; ""
// when the card does not say.
func (l *LightAppSegment) Prompt() string {
	return l.text("prompt")
}

// text returns a member of the card; "" when it is no text, or the card no JSON object.
func (l *LightAppSegment) text(member string) (text string) {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(l.JSON), &members) == nil {
		json.Unmarshal(members[member], &text) // nothing but a text is one
	}
	return text
}

// XMLSegment is a card of the older kind, described by XML (docs/protocol/messages.md
// 9.1). It stands alone in its message.
type XMLSegment struct {
	// ServiceID is the kind of card: 60 is a plain one, 2 music. 0 is sent as 35. Cards
	// of 33, previews of a link in the text before, are never received.
	ServiceID uint32
	// XML has at most MaxCard bytes and is sent as it is. With ServiceID 1 it may be a
	// plain text.
	XML string
}

// Name implements Segment.
func (*XMLSegment) Name() string { return "xml" }
func (x *XMLSegment) size() int  { return len(x.XML) }

package message

// Text returns a text.
func Text(text string) *TextSegment { return &TextSegment{Text: text} }

// At returns a mention of a member; the client fills in the name.
func At(uin UIN) *AtSegment { return &AtSegment{UIN: uin} }

// AtAll returns a mention of everyone.
func AtAll() *AtSegment { return &AtSegment{All: true} }

// Face returns a built-in emoticon.
func Face(id uint32) *FaceSegment { return &FaceSegment{ID: id} }

// LargeFace returns a built-in emoticon in its animated form, which stands alone in its
// message.
func LargeFace(id uint32) *FaceSegment { return &FaceSegment{ID: id, Large: true} }

// ThrownFace returns a built-in emoticon that is thrown count times, at least once. It
// stands alone in its message.
func ThrownFace(id, count uint32) *FaceSegment { return &FaceSegment{ID: id, Count: max(count, 1)} }

// Dice returns a die. The service throws it.
func Dice() *FaceSegment { return LargeFace(FaceDice) }

// RPS returns rock-paper-scissors. The service picks one of them.
func RPS() *FaceSegment { return LargeFace(FaceRPS) }

// Image returns a picture. Package ntqq/media has sources: media.Path("cat.png").
func Image(source Source) *ImageSegment { return &ImageSegment{Medium: Medium{Source: source}} }

// Record returns a voice message, which stands alone in its message.
func Record(source Source) *RecordSegment { return &RecordSegment{Medium: Medium{Source: source}} }

// Video returns a video, which stands alone in its message. Its Cover may get a Source,
// too.
func Video(source Source) *VideoSegment { return &VideoSegment{Medium: Medium{Source: source}} }

// File returns a file, which stands alone in its message. In a group it becomes one of the
// group's files. name is what others see.
func File(source Source, name string) *FileSegment {
	return &FileSegment{Source: source, FileName: name}
}

// MarketFace returns a sticker of the shop by its id, 32 hexadecimal digits, and the pack
// that it is in. The client looks up its key.
func MarketFace(id string, pack uint32, summary string) *MarketFaceSegment {
	return &MarketFaceSegment{ID: id, Package: pack, Summary: summary}
}

// Poke returns an ordinary poke; PokeName has the names of its types.
func Poke(kind uint32) *PokeSegment { return &PokeSegment{Type: kind} }

// SpecialPoke returns a poke of the form with more pictures.
func SpecialPoke(kind uint32) *PokeSegment { return &PokeSegment{Type: kind, Special: true} }

// Markdown returns a text in Markdown.
func Markdown(text string) *MarkdownSegment { return &MarkdownSegment{Markdown: text} }

// Keyboard returns rows of buttons.
func Keyboard(rows ...KeyboardRow) *KeyboardSegment { return &KeyboardSegment{Rows: rows} }

// ReplyTo returns a quote of a message of the same chat.
func ReplyTo(m *Message) *ReplySegment {
	r := &ReplySegment{
		Sequence: m.Sequence, ClientSequence: m.ClientSequence, Time: m.Time, Random: m.Random,
		SenderUIN: m.Sender.UIN, SenderUID: m.Sender.UID,
	}
	for _, seg := range m.Content {
		if _, nested := seg.(*ReplySegment); !nested { // a quote carries no quote
			r.Content = append(r.Content, seg)
		}
	}
	return r
}

// LightApp returns the card that its JSON describes.
func LightApp(json string) *LightAppSegment {
	l := &LightAppSegment{JSON: json}
	l.App = l.text("app")
	return l
}

// XML returns the card that its XML describes.
func XML(xml string) *XMLSegment { return &XMLSegment{XML: xml} }

// Location returns the card of a place.
func Location(latitude, longitude float64, title, address string) *LocationSegment {
	return &LocationSegment{Latitude: latitude, Longitude: longitude, Title: title, Address: address}
}

// Contact returns the card that recommends an account.
func Contact(uin UIN) *ContactSegment { return &ContactSegment{UIN: uin} }

// ContactGroup returns the card that recommends a group.
func ContactGroup(group GroupCode) *ContactSegment { return &ContactSegment{Group: group} }

// Forward returns a card that opens these messages.
func Forward(nodes ...Node) *ForwardSegment { return &ForwardSegment{Nodes: nodes} }

// NodeOf returns a message as a node of a forward.
func NodeOf(m *Message) Node {
	n := Node{UIN: m.Sender.UIN, Name: m.Sender.Card, Time: m.Time, Group: m.Chat.Group, Content: m.Content}
	if n.Name == "" {
		n.Name = m.Sender.Nickname
	}
	return n
}

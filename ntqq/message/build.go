package message

// Text returns a text.
func Text(text string) *TextSegment { return &TextSegment{Text: text} }

// At returns a mention of a member; the client fills in the name.
func At(uin UIN) *AtSegment { return &AtSegment{UIN: uin} }

// AtAll returns a mention of everyone.
func AtAll() *AtSegment { return &AtSegment{All: true} }

// Face returns a built-in emoticon.
func Face(id uint32) *FaceSegment { return &FaceSegment{ID: id} }

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
	l, _ := lightApp(json)
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

package control

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// segmentView is one segment in JSON; which fields count depends on the type.
type segmentView struct {
	Type string `json:"type"` // text, at, face, reply; given only: unknown
	// Text is the text, the shown mention, the face's description.
	Text string `json:"text,omitempty"`
	// UIN is who is mentioned, or the author of the quoted message.
	UIN message.UIN `json:"uin,omitempty"`
	All bool        `json:"all,omitempty"`
	// ID, Large and Result are those of message.FaceSegment.
	ID     uint32 `json:"id,omitempty"`
	Large  bool   `json:"large,omitempty"`
	Result uint32 `json:"result,omitempty"`
	// Sequence is the quoted message's.
	Sequence uint64 `json:"sequence,omitempty"`
	// Element names an unknown element.
	Element string `json:"element,omitempty"`
}

// messageView is one message in JSON.
type messageView struct {
	Sequence       uint64            `json:"sequence"`
	ClientSequence uint64            `json:"client_sequence,omitempty"`
	Random         uint32            `json:"random"`
	Time           int64             `json:"time"`
	Group          message.GroupCode `json:"group,omitempty"`
	From           message.UIN       `json:"from"`
	To             message.UIN       `json:"to,omitempty"`
	Nickname       string            `json:"nickname"`
	Text           string            `json:"text"`
	Segments       []segmentView     `json:"segments"`
	Recalled       bool              `json:"recalled,omitempty"`
}

// contents reads and shows what messages say.
type contents struct{ world *world.World }

// segment reads one segment and fills in what a client would: the mentioned
// name, the quoted message.
func (h contents) segment(body *sendBody, v segmentView) (message.Segment, error) {
	switch v.Type {
	case "text":
		return message.Text(v.Text), nil
	case "at":
		if v.All {
			return &message.AtSegment{All: true, Display: message.AtAllText}, nil
		}
		u, ok := h.world.Users().Find(v.UIN)
		if !ok {
			return nil, fail(http.StatusNotFound, "no user %d to mention", v.UIN)
		}
		return &message.AtSegment{UIN: u.UIN, UID: u.UID, Display: "@" + h.shownName(body.Group, u)}, nil
	case "face":
		return &message.FaceSegment{ID: v.ID, Large: v.Large, Text: cmp.Or(v.Text, message.FaceText(v.ID))}, nil
	case "reply":
		return h.quote(body, v.Sequence)
	}
	return nil, fail(http.StatusBadRequest, "type %q is none of text, at, face, reply", v.Type)
}

// shownName is how a user is called in a group, which may be 0.
func (h contents) shownName(group message.GroupCode, u world.User) string {
	if m, ok := h.world.Members().Find(group, u.UIN); ok && m.Card != "" {
		return m.Card
	}
	return u.Nickname
}

func (h contents) quote(body *sendBody, sequence uint64) (message.Segment, error) {
	var found []*world.Message
	if body.Group != 0 {
		found = h.world.History().OfGroup(body.Group, sequence, sequence)
	} else {
		found = h.world.History().OfPrivate(body.As, body.To, sequence, sequence)
	}
	if len(found) == 0 {
		return nil, fail(http.StatusNotFound, "no message %d to reply to", sequence)
	}
	m := found[0]
	quoted := m.Content()
	if _, nested := first[*message.ReplySegment](quoted); nested {
		quoted = quoted[1:]
	}
	return &message.ReplySegment{
		Sequence: m.Sequence, ClientSequence: m.ClientSequence, SenderUIN: m.Sender.UIN, SenderUID: m.Sender.UID,
		Time: m.Time, Random: m.Random, Content: quoted,
	}, nil
}

// view shows a message as people read it.
func (h contents) view(m *world.Message) messageView {
	v := messageView{
		Sequence: m.Sequence, ClientSequence: m.ClientSequence, Random: m.Random, Time: m.Time,
		Group: cmp.Or(m.Group, m.TempGroup),
		From:  m.Sender.UIN, To: m.To,
		Nickname: cmp.Or(m.Sender.Card, m.Sender.Nickname), Segments: []segmentView{},
	}
	var text strings.Builder
	for _, segment := range m.Content() {
		s := h.viewSegment(segment)
		if r, ok := segment.(*message.ReplySegment); ok && r.Sequence == 0 {
			// A private quote may have the client's number only.
			s.Sequence = h.world.History().FindSequence(v.From, v.To, r.ClientSequence, s.UIN)
		}
		v.Segments = append(v.Segments, s)
		text.WriteString(plain(s))
	}
	v.Text = text.String()
	return v
}

// viewSegment names people by number: quotes and mentions may have the uid only.
func (h contents) viewSegment(segment message.Segment) segmentView {
	number := func(uin message.UIN, uid message.UID) message.UIN {
		if u, ok := h.world.Users().FindByUID(uid); ok && uin == 0 {
			return u.UIN
		}
		return uin
	}
	switch s := segment.(type) {
	case *message.TextSegment:
		return segmentView{Type: "text", Text: s.Text}
	case *message.AtSegment:
		return segmentView{Type: "at", UIN: number(s.UIN, s.UID), All: s.All, Text: s.Display}
	case *message.FaceSegment:
		return segmentView{Type: "face", ID: s.ID, Large: s.Large, Result: s.Result, Text: s.Text}
	case *message.ReplySegment:
		return segmentView{Type: "reply", Sequence: s.Sequence, UIN: number(s.SenderUIN, s.SenderUID)}
	case *message.UnknownSegment:
		return segmentView{Type: "unknown", Element: s.Element}
	}
	return segmentView{Type: "unknown", Element: fmt.Sprintf("%T", segment)}
}

// plain is a segment as text, for people.
func plain(s segmentView) string {
	switch s.Type {
	case "text", "at":
		return s.Text
	case "face":
		name := strings.TrimPrefix(s.Text, "/")
		if name == "" {
			name = fmt.Sprintf("face %d", s.ID)
		}
		if s.Result != 0 {
			name = fmt.Sprintf("%s %d", name, s.Result)
		}
		return "[" + name + "]"
	case "unknown":
		return "[" + s.Element + "]"
	}
	return ""
}

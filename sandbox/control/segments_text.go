package control

import (
	"cmp"
	"net/http"

	"libration/internal/elements"
	"libration/ntqq/message"
)

type textView struct {
	typed
	Text string `json:"text"`
}

func showText(_ contents, s *message.TextSegment) textView { return textView{Text: s.Text} }

func readText(_ *composing, v textView) (message.Segment, error) { return message.Text(v.Text), nil }

type atView struct {
	typed
	UIN message.UIN `json:"uin,omitempty"`
	All bool        `json:"all,omitempty"`
	// Text is what people see, given only.
	Text string `json:"text,omitempty"`
}

func showAt(h contents, s *message.AtSegment) atView {
	return atView{UIN: h.number(s.UIN, s.UID), All: s.All, Text: s.Display}
}

func readAt(c *composing, v atView) (message.Segment, error) {
	if v.All {
		return &message.AtSegment{All: true, Display: message.AtAllText}, nil
	}
	u, ok := c.world.Users().Find(v.UIN)
	if !ok {
		return nil, fail(http.StatusNotFound, "no user %d to mention", v.UIN)
	}
	return &message.AtSegment{UIN: u.UIN, UID: u.UID, Display: "@" + c.shownName(c.group, u)}, nil
}

// faceView is message.FaceSegment.
type faceView struct {
	typed
	ID     uint32 `json:"id"`
	Text   string `json:"text,omitempty"`
	Large  bool   `json:"large,omitempty"`
	Count  uint32 `json:"count,omitempty"`
	Result uint32 `json:"result,omitempty"`
}

func showFace(h contents, s *message.FaceSegment) faceView {
	known, _ := h.server.Face(s.ID)
	return faceView{ID: s.ID, Text: cmp.Or(s.Text, known.Text), Large: s.Large, Count: s.Count, Result: s.Result}
}

// readFace completes a face as clients do.
func readFace(c *composing, v faceView) (message.Segment, error) {
	if v.Result != 0 && c.depth == 0 {
		return nil, fail(http.StatusBadRequest, "nobody can choose the result: it is thrown when the message is sent")
	}
	s := &message.FaceSegment{ID: v.ID, Text: v.Text, Large: v.Large, Count: v.Count, Result: v.Result}
	return elements.CompleteFace(s, c.server.Face), nil
}

type replyView struct {
	typed
	Sequence uint64 `json:"sequence,omitempty"` // of the quoted message; 0: not known
	// UIN is the author and Text what the quote shows. They are given only.
	UIN  message.UIN `json:"uin,omitempty"`
	Text string      `json:"text,omitempty"`
}

func showReply(h contents, s *message.ReplySegment) replyView {
	return replyView{Sequence: s.Sequence, UIN: h.number(s.SenderUIN, s.SenderUID), Text: plain(s.Content)}
}

func readReply(c *composing, v replyView) (message.Segment, error) {
	m, err := c.message(v.Sequence)
	if err != nil {
		return nil, err
	}
	quoted := m.Content()
	if _, nested := first[*message.ReplySegment](quoted); nested {
		quoted = quoted[1:]
	}
	return &message.ReplySegment{
		Sequence: m.Sequence, ClientSequence: m.ClientSequence, SenderUIN: m.Sender.UIN, SenderUID: m.Sender.UID,
		Time: m.Time, Random: m.Random, Content: quoted,
	}, nil
}

type unknownView struct {
	typed
	Element string `json:"element"` // that of message.UnknownSegment
}

func showUnknown(_ contents, s *message.UnknownSegment) unknownView {
	return unknownView{Element: s.Element}
}

// Package content compares message content with what the vectors say of it. For tests
// only.
package content

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"libration/ntqq/message"
)

// Element is a part of a message as the vectors write it.
type Element struct {
	Kind        string            `json:"element"`
	Content     string            `json:"content"`
	Display     string            `json:"display"`
	TargetUID   message.UID       `json:"target_uid"`
	TargetUIN   message.UIN       `json:"target_uin"`
	FaceID      json.RawMessage   `json:"face_id"` // a number, of market faces hexadecimal digits
	IsLargeFace bool              `json:"is_large_face"`
	ResultID    number            `json:"result_id"`
	GroupUIN    message.GroupCode `json:"group_uin"`
	ReplySeq    uint64            `json:"reply_seq"`
	SenderUID   message.UID       `json:"sender_uid"`
	SenderUIN   message.UIN       `json:"sender_uin"`
	Time        int64             `json:"time"`
	Elements    List              `json:"elements"`
	Summary     string            `json:"summary"`
	TabID       uint32            `json:"tab_id"`
	EncryptKey  string            `json:"encrypt_key"`
	MagicValue  string            `json:"magic_value"`
	ServiceID   uint32            `json:"service_id"`
	ResID       string            `json:"res_id"`
	Nodes       []Node            `json:"nodes"`

	medium *Medium // of pictures, voices and videos
	file   *File
}

// Node is a message of a forward as the vectors write it.
type Node struct {
	GroupID    message.GroupCode `json:"group_id"`
	SenderID   message.UIN       `json:"sender_id"`
	SenderName string            `json:"sender_name"`
	Time       int64             `json:"time"`
	Message    List              `json:"message"`  // of one that is sent
	Elements   List              `json:"elements"` // of one that was fetched
}

// Send returns the message to send.
func (n *Node) Send() (message.Node, error) {
	c, err := n.Message.Segments()
	return message.Node{UIN: n.SenderID, Name: n.SenderName, Time: n.Time, Group: n.GroupID, Content: c}, err
}

// number is a number, or a text with one.
type number uint64

func (n *number) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "" || text == "null" {
		return nil
	}
	v, err := strconv.ParseUint(text, 10, 64)
	*n = number(v)
	return err
}

// UnmarshalJSON reads of media and files what they have: their fields have other types.
func (e *Element) UnmarshalJSON(b []byte) error {
	var kind struct {
		Element string `json:"element"`
	}
	if err := json.Unmarshal(b, &kind); err != nil {
		return err
	}
	switch {
	case mediaKinds[kind.Element].segment != "":
		e.Kind, e.medium = kind.Element, &Medium{}
		return json.Unmarshal(b, e.medium)
	case kind.Element == fileKind:
		e.Kind, e.file = fileKind, &File{}
		return json.Unmarshal(b, e.file)
	}
	type plain Element
	return json.Unmarshal(b, (*plain)(e))
}

// List is the content of a message as the vectors write it.
type List []Element

// InGroup tells whether the message is one of a group, by its quote; without a quote
// there is no difference.
func (l List) InGroup() bool {
	for _, e := range l {
		if e.Kind == "reply" {
			return e.GroupUIN != 0
		}
	}
	return true
}

// HasMedia tells whether there is a picture, voice or video in the list.
func (l List) HasMedia() bool {
	return slices.ContainsFunc(l, func(e Element) bool { return e.medium != nil })
}

// Segments returns the content to send.
func (l List) Segments() (message.Content, error) {
	var c message.Content
	for i := range l {
		seg, err := l[i].segment()
		if err != nil {
			return nil, err
		}
		c = append(c, seg)
	}
	return c, nil
}

func (e *Element) segment() (message.Segment, error) {
	switch e.Kind {
	case "text":
		return message.Text(e.Content), nil
	case "at":
		at := &message.AtSegment{UIN: e.TargetUIN, UID: e.TargetUID, Display: e.Display}
		if at.UIN == 0 && (at.UID == "" || at.UID == "all") {
			at.All, at.UID = true, ""
		}
		return at, nil
	case "face":
		id, err := strconv.ParseUint(string(e.FaceID), 10, 32)
		return &message.FaceSegment{ID: uint32(id), Large: e.IsLargeFace, Result: uint32(e.ResultID)}, err
	case "reply":
		quoted, err := e.Elements.Segments()
		return &message.ReplySegment{
			Sequence: e.ReplySeq, SenderUIN: e.SenderUIN, SenderUID: e.SenderUID, Time: e.Time, Content: quoted,
		}, err
	case "market_face":
		var id string
		if err := json.Unmarshal(e.FaceID, &id); err != nil {
			return nil, err
		}
		key, err := hex.DecodeString(e.EncryptKey)
		return &message.MarketFaceSegment{ID: id, Package: e.TabID, Key: string(key), Summary: e.Summary, Param: e.MagicValue}, err
	case "light_app":
		return message.LightApp(e.Content), nil
	case "xml":
		return &message.XMLSegment{ServiceID: e.ServiceID, XML: e.Content}, nil
	case "forward":
		f := &message.ForwardSegment{ID: e.ResID}
		for i := range e.Nodes {
			n, err := e.Nodes[i].Send()
			if err != nil {
				return nil, err
			}
			f.Nodes = append(f.Nodes, n)
		}
		return f, nil
	}
	return nil, fmt.Errorf("element %q: say in internal/vectors/content how it is sent and read", e.Kind)
}

// Compare says what is wrong with content that was decoded, before [message.Clean], from
// a message with these parts; "" when it agrees with the list. The author of the vectors
// reads less than we do in some places, each of them named in this package.
func (l List) Compare(got message.Content, from *Wire) string {
	if problem := from.Check(got); problem != "" {
		return problem
	}
	return l.compare(got, from)
}

func (l List) compare(got message.Content, from *Wire) string {
	left := l
	for _, seg := range got {
		for len(left) > 0 && from.isDropped(&left[0]) && left[0].differs(seg, from) != "" {
			left = left[1:]
		}
		if len(left) > 0 && left[0].differs(seg, from) == "" {
			left = left[1:]
			continue
		}
		if from.isExtra(seg) {
			continue
		}
		if len(left) == 0 {
			return fmt.Sprintf("more than it says: %s %+v", seg.Name(), seg)
		}
		return left[0].differs(seg, from)
	}
	for i := range left {
		if !from.isDropped(&left[i]) {
			return "missing: " + left[i].Kind
		}
	}
	return ""
}

// differs says how a segment differs from what a vector says.
func (e *Element) differs(seg message.Segment, from *Wire) string {
	if e.medium != nil {
		return e.differsFromMedium(seg)
	}
	if e.file != nil {
		if f, ok := seg.(*message.FileSegment); !ok || !e.file.agrees(f) {
			return fmt.Sprintf("got %s %+v, want a file %+v", seg.Name(), seg, e.file)
		}
		return ""
	}
	sent, err := e.segment()
	if err != nil {
		return err.Error()
	}
	different := fmt.Sprintf("got %s %+v, want %s %+v", seg.Name(), seg, sent.Name(), sent)
	same := false
	switch want := sent.(type) {
	case *message.TextSegment:
		switch s := seg.(type) {
		case *message.TextSegment:
			same = s.Text == want.Text
		case *message.AtSegment: // the author reads no mention that has the newer form alone
			same = s.Display == want.Text && from.isNewForm(s)
		}
	case *message.AtSegment:
		// The author reads no uid. Wire.Check says of ours whether it is the right one.
		if s, ok := seg.(*message.TextSegment); ok { // ours: number 0 is nobody, not everyone
			same = want.All && s.Text == want.Display && from.mentionsNobody(s.Text)
			break
		}
		s, ok := seg.(*message.AtSegment)
		same = ok && s.Display == want.Display && s.UIN == want.UIN && (want.UID == "" || s.UID == want.UID) &&
			(s.All == want.All || s.UIN == 0 && s.UID != "")
	case *message.FaceSegment:
		s, ok := seg.(*message.FaceSegment)
		same = ok && s.Count == 0 && s.ID == want.ID && s.Large == want.Large &&
			(s.Result == want.Result || want.Result == 0 && from.isResultNumber(s))
	case *message.ReplySegment:
		s, ok := seg.(*message.ReplySegment)
		if !ok {
			break
		}
		seq := s.Sequence
		if s.ClientSequence != 0 { // the author reads one of the two
			seq = s.ClientSequence
		}
		same = seq == want.Sequence && s.SenderUIN == want.SenderUIN && s.Time == want.Time && (want.SenderUID == "" || s.SenderUID == want.SenderUID)
		if problem := e.Elements.compare(s.Content, from); same && problem != "" && !from.quotesWhole(want.Sequence) {
			return "in the quote: " + problem
		}
	case *message.MarketFaceSegment:
		switch s := seg.(type) {
		case *message.MarketFaceSegment:
			same = s.ID == want.ID && s.Package == want.Package && s.Key == want.Key && s.Summary == want.Summary && s.Param == want.Param
		case *message.FaceSegment: // ours: stickers of older clients that are dice or rock-paper-scissors
			same = s.Large && s.Result != 0 && from.isOldResult(want, s)
		}
	case *message.LightAppSegment:
		switch s := seg.(type) {
		case *message.LightAppSegment:
			same = s.JSON == want.JSON && s.App == want.App
		case *message.UnknownSegment: // ours: what is no object is no card, and keeps its bytes
			var object map[string]any
			same = s.Element == "light_app" && json.Unmarshal([]byte(want.JSON), &object) != nil
		case *message.ForwardSegment, *message.LocationSegment: // ours: these cards are segments of their own
			same = want.App == map[string]string{"forward": "com.tencent.multimsg", "location": "com.tencent.map"}[s.Name()]
			if f, ok := s.(*message.ForwardSegment); ok {
				same = same && f.ID == resourceID(want.JSON)
			}
		}
	case *message.XMLSegment:
		s, ok := seg.(*message.XMLSegment)
		same = ok && s.ServiceID == want.ServiceID && s.XML == want.XML
	case *message.ForwardSegment:
		switch s := seg.(type) {
		case *message.ForwardSegment:
			same = s.ID == want.ID
		case *message.XMLSegment: // ours: one that names no messages is a card
			same = s.ServiceID == 35 && want.ID == ""
		}
	}
	if same {
		return ""
	}
	return different
}

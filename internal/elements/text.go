package elements

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// The kinds of mention in TextReserve.at_type (docs/protocol/messages.md 5.2).
const (
	MentionAll    = 1
	MentionMember = 2
)

// attr6Size is the size of the older mention block; readers need the first
// attr6Least bytes of it.
const (
	attr6Size  = 13
	attr6Least = 11
)

// receivedText brings the text of an element into its normal form: a lone CR
// becomes CR LF, but only where the text has no CR LF at all
// (docs/protocol/messages.md 5.1).
func receivedText(s string) string {
	if strings.IndexByte(s, '\r') < 0 || strings.Contains(s, "\r\n") {
		return s
	}
	return strings.ReplaceAll(s, "\r", "\r\n")
}

// decodeText reads a text element: a text or a mention. A text that older clients show
// in place of the element before it is left out.
func decodeText(d *decoder, e *messagepb.Elem) {
	t := e.Text
	reserve, reserveOK := textReserve(t.GetPbReserve())
	if at := decodeAt(t, reserve); at != nil {
		d.add(at)
		return
	}
	marked := len(t.GetPbReserve()) > 0 && (!reserveOK || reserve.GetAtType() == 0)
	if d.before == followText || d.before == followReserve && marked ||
		d.before == followSummary && t.GetStr() == d.summary {
		return
	}
	d.add(message.Text(receivedText(t.GetStr())))
}

func textReserve(raw []byte) (*messagepb.TextReserve, bool) {
	if len(raw) == 0 {
		return nil, false
	}
	r := new(messagepb.TextReserve)
	if pb.Unmarshal(raw, r) != nil {
		return nil, false
	}
	return r, true
}

// decodeAt reads a mention in either of its forms, or gives nil.
func decodeAt(t *messagepb.Text, reserve *messagepb.TextReserve) *message.AtSegment {
	at := &message.AtSegment{Display: t.GetStr()}
	known := false
	if b := t.GetAttr6Buf(); len(b) >= attr6Least {
		known = true
		at.All = b[6] == 1
		at.UIN = message.UIN(binary.BigEndian.Uint32(b[7:]))
	}
	switch kind := reserve.GetAtType(); {
	case kind == 0:
	case kind == MentionAll:
		known, at.All = true, true
	case reserve.GetAtMemberUid() != "" || reserve.GetAtMemberUin() != 0:
		known = true
		at.UID = message.UID(reserve.GetAtMemberUid())
		if at.UIN == 0 {
			at.UIN = message.UIN(reserve.GetAtMemberUin())
		}
	}
	if at.All {
		at.UIN, at.UID = 0, ""
		return at
	}
	if !known || at.UIN == 0 && at.UID == "" {
		return nil
	}
	return at
}

func (w *encoder) text(t *message.TextSegment) error {
	words := pb.Text(t.Text)
	w.said += len(words)
	if w.fallback != nil {
		w.add(w.fallback)
	}
	w.add(&messagepb.Elem{Text: &messagepb.Text{Str: proto.String(words)}})
	return nil
}

// at writes the NT form of a mention, which names the member by uid; with only the uin
// known it writes the older form.
func (w *encoder) at(at *message.AtSegment) error {
	display := pb.Text(at.Display)
	if at.All {
		if display == "" {
			display = message.AtAllText
		}
		return w.mention(display, MentionAll, "")
	}
	if display == "" {
		display = "@" + strconv.FormatUint(uint64(at.UIN), 10)
	}
	switch {
	case at.UID != "":
		return w.mention(display, MentionMember, pb.Text(at.UID))
	case at.UIN == 0:
		return fmt.Errorf("encode mention %q: neither uin nor uid is known", display)
	case at.UIN > math.MaxUint32:
		return fmt.Errorf("encode mention of %d: the uin needs a uid beside it", at.UIN)
	}
	w.said += len(display)
	w.add(&messagepb.Elem{Text: &messagepb.Text{
		Str:      proto.String(display),
		Attr6Buf: OldMention(&message.AtSegment{UIN: at.UIN, Display: display}),
	}})
	return nil
}

// mention writes the two numbers of the reserve even though they are 0: official
// clients do.
func (w *encoder) mention(display string, kind uint32, uid string) error {
	reserve, err := pb.Marshal(&messagepb.TextReserve{
		AtType:         proto.Uint32(kind),
		AtMemberUin:    proto.Uint64(0),
		AtMemberTinyId: proto.Uint64(0),
		AtMemberUid:    proto.String(uid),
	})
	if err != nil {
		return fmt.Errorf("encode mention: %w", err)
	}
	w.said += len(display)
	w.add(&messagepb.Elem{Text: &messagepb.Text{Str: proto.String(display), PbReserve: reserve}})
	return nil
}

// OldMention returns the mention block of older clients, Text.attr6_buf
// (docs/protocol/messages.md 5.2). It needs the UIN, unless everyone is mentioned, and
// the Display.
func OldMention(at *message.AtSegment) []byte {
	b := make([]byte, attr6Size)
	b[1] = 1
	binary.BigEndian.PutUint16(b[4:], uint16(min(utf8.RuneCountInString(at.Display), math.MaxUint16)))
	if at.All {
		b[6] = 1
		return b
	}
	binary.BigEndian.PutUint32(b[7:], uint32(at.UIN))
	return b
}

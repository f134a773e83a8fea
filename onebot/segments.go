package onebot

import (
	"context"
	"slices"
	"strings"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq/message"
)

// segmentRow is one type of segment. The array format and CQ codes share it.
type segmentRow struct {
	name           string        // the type
	received, sent []table.Field // its data; received is empty for one that is only sent
	notes          text.Text
	samples        []string // data to send, as JSON, for the guides
	arrayOnly      []string // data that CQ codes do not have
	typed          []string // data that is JSON, not text, in the array format
	refused        bool     // it is not sent: read returns an error, which says why
	of             string   // message.Segment.Name of what show gets; "" when it is never received
	// show appends the data of a received segment; ok is false when that is not of this
	// type. All rows that say ok give a segment.
	show func(w *writer, chat message.Chat, part message.Segment, data []field) (shown []field, ok bool)
	// read returns what is sent to a chat, nil when the segment says nothing. It may ask
	// the service.
	read func(ctx context.Context, r reader, chat message.Chat, seg segment) (message.Segment, error)
}

// segmentType is the row of a type that is received as a P.
func segmentType[P message.Segment](
	name string, received, sent []table.Field,
	show func(w *writer, chat message.Chat, part P, data []field) ([]field, bool),
	read func(ctx context.Context, r reader, chat message.Chat, seg segment) (message.Segment, error),
) segmentRow {
	var of P
	row := segmentRow{name: name, received: received, sent: sent, of: of.Name(), read: read,
		show: func(w *writer, chat message.Chat, part message.Segment, data []field) ([]field, bool) {
			return show(w, chat, part.(P), data)
		}}
	for _, f := range received {
		if f.Type.Kind != table.String {
			row.typed = append(row.typed, f.Name())
		}
	}
	return row
}

// sentAs is the row of a type that arrives as something else, if at all.
func sentAs(
	name string, sent []table.Field,
	read func(ctx context.Context, r reader, chat message.Chat, seg segment) (message.Segment, error),
) segmentRow {
	return segmentRow{name: name, sent: sent, read: read}
}

// neverSent is the row of a type that cannot be sent, and why.
func neverSent(name string, why text.Text) segmentRow {
	return segmentRow{name: name, notes: text.T("Sending one fails with 1400: %s.", "发送时返回 1400：%s。").Fill(why), refused: true,
		read: func(context.Context, reader, message.Chat, segment) (message.Segment, error) {
			return nil, badParams(text.T("segment %s cannot be sent: %s", "消息段 %s 不能发送：%s").Fill(name, why))
		}}
}

// onlyReceived is the row of a type that is received as a P and cannot be sent.
func onlyReceived[P message.Segment](
	name string, received []table.Field, why text.Text,
	show func(w *writer, chat message.Chat, part P, data []field) ([]field, bool),
) segmentRow {
	refused := neverSent(name, why)
	row := segmentType(name, received, nil, show, refused.read)
	row.refused, row.notes = true, refused.notes
	return row
}

// howUnknown is why most of them are not sent: what is not known is not made up.
var howUnknown = text.T("how it is sent is not known", "发送方式未知")

// onlyInArrays leaves data out of a row's CQ codes.
func (r segmentRow) onlyInArrays(data ...string) segmentRow {
	r.arrayOnly = data
	return r
}

// noted adds what there is to know of a type beside its fields.
func (r segmentRow) noted(what text.Text) segmentRow {
	r.notes = what
	return r
}

// like adds data to send, as JSON, for the guides.
func (r segmentRow) like(samples ...string) segmentRow {
	r.samples = samples
	return r
}

// segmentTable finds rows. It is made once and only read.
type segmentTable struct {
	types map[string]*segmentRow   // by the type
	shows map[string][]*segmentRow // by message.Segment.Name
	// sendable are the types that can be sent, for people to read.
	sendable string
}

func newSegmentTable() *segmentTable {
	t := &segmentTable{types: map[string]*segmentRow{}, shows: map[string][]*segmentRow{}}
	var sendable []string
	for _, r := range segmentRows() {
		t.types[r.name] = &r
		if r.show != nil {
			t.shows[r.of] = append(t.shows[r.of], &r)
		}
		if !r.refused {
			sendable = append(sendable, r.name)
		}
	}
	t.sendable = strings.Join(sendable, ", ")
	return t
}

// appendSegments appends the OneBot form of a received message's content, as the array
// format has it. It uses the memory of what dst had before.
func (w *writer) appendSegments(dst []segment, chat message.Chat, c message.Content) []segment {
	for _, part := range c {
		if part == nil {
			continue
		}
		for _, r := range w.segments.shows[part.Name()] {
			n := len(dst)
			if n < cap(dst) {
				dst = dst[:n+1]
			} else {
				dst = append(dst, segment{})
			}
			seg := &dst[n]
			data, ok := r.show(w, chat, part, seg.data[:0])
			if seg.data = data; !ok {
				dst = dst[:n]
				continue
			}
			seg.kind, seg.row = r.name, r
		}
	}
	return dst
}

// appendSegmentsJSON appends segments in the array format. All values are texts but those
// that the segment's row says are not.
func appendSegmentsJSON(dst []byte, segments []segment) []byte {
	dst = append(dst, '[')
	for i, s := range segments {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"type":`...)
		dst = appendString(dst, s.kind)
		dst = append(dst, `,"data":{`...)
		for j, f := range s.data {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, f.key)
			dst = append(dst, ':')
			if s.row != nil && slices.Contains(s.row.typed, f.key) {
				dst = append(dst, f.value...)
				continue
			}
			dst = appendString(dst, f.value)
		}
		dst = append(dst, '}', '}')
	}
	return append(dst, ']')
}

// number reads a data value that is a whole number from 0 to most; 0 when it is absent.
func (s segment) number(name string, most uint64) (uint64, error) {
	written := s.get(name)
	if written == "" {
		return 0, nil
	}
	n, err := integer(written)
	if err != nil || n < 0 || uint64(n) > most {
		return 0, badSegment(s, name, text.T("must be a whole number from 0 to %d", "必须是 0 到 %d 的整数").Fill(most))
	}
	return uint64(n), nil
}

// flag reads a data value that is a boolean; false when it is absent.
func (s segment) flag(name string) (bool, error) {
	written := s.get(name)
	if written == "" {
		return false, nil
	}
	b, err := boolean(written)
	if err != nil {
		return false, badSegment(s, name, text.T("must be true or false", "必须是布尔值"))
	}
	return b, nil
}

// typeOf is what OneBot calls a segment: of several types the first.
func typeOf(seg message.Segment) string {
	for _, r := range segmentRows() {
		if r.of == seg.Name() {
			return r.name
		}
	}
	return seg.Name()
}

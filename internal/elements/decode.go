package elements

import (
	"sync"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// Decode reads the elements of a message into segments, in the order in which they
// came, before the clean-up by [message.Clean]. An element without a segment type becomes
// a [message.UnknownSegment]. Elements without content (flags, empty ones) and payloads that
// do not parse give nothing, so that the result may be empty; media that do not parse stay
// unknown. A medium in both of its forms is read once. Of a message with its quotes
// 65,536 elements are read; a quote with more keeps no content.
func Decode(rt *messagepb.RichText, group bool) message.Content {
	d := decoders.Get().(*decoder)
	*d = decoder{table: known, group: group, left: pb.MaxEntries}
	c := d.richText(rt, 0)
	*d = decoder{} // it keeps nothing of the message
	decoders.Put(d)
	return c
}

// richText is Decode within the bounds that are left, at the given depth of quotes.
func (d *decoder) richText(rt *messagepb.RichText, depth int) message.Content {
	c := d.read(rt.GetElems(), depth)
	if ptt := rt.GetPtt(); ptt != nil && pttCounts(ptt, rt.GetElems(), d.group) {
		if seg := oldRecord(ptt, d.group); seg != nil {
			c = append(c, seg)
		}
	}
	return c
}

// DecodeEach is Decode for those who keep the elements too: at each index stand the
// segments of the element there, none where it says nothing. The result is nil when there
// are more than 65,536 elements.
func DecodeEach(elems []*messagepb.Elem, group bool) []message.Content {
	d := &decoder{table: known, group: group, each: true, left: pb.MaxEntries}
	c := d.read(elems, 0)
	out := make([]message.Content, len(d.ends))
	start := 0
	for i, end := range d.ends {
		out[i], start = c[start:end], end
	}
	return out
}

// decoders saves an allocation for each message.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// decoder reads one message.
type decoder struct {
	table *table
	group bool
	left  int // elements that may still be read
	// inflated counts the bytes of card texts.
	inflated int
	buttons  int // of keyboards
	each     bool
	ends     []int // with each: where the segments of each of the message's elements end
	list
}

// list is the elements of the message, or of a quote in it.
type list struct {
	elems   []*messagepb.Elem
	depth   int             // of quotes
	out     message.Content // the segments so far
	before  follow          // what the element before says of this one
	follow  follow          // what this element says of the next one
	summary string          // with followSummary
	media   *newMedia       // in the new form, once somebody has asked
}

// add appends a segment.
func (d *decoder) add(seg message.Segment) { d.out = append(d.out, seg) }

// read is Decode for a list at the given depth of quotes.
func (d *decoder) read(elems []*messagepb.Elem, depth int) message.Content {
	if len(elems) == 0 || len(elems) > d.left {
		return nil
	}
	d.left -= len(elems)
	outer := d.list
	d.list = list{elems: elems, depth: depth, out: make(message.Content, 0, len(elems))}
	for _, e := range elems {
		if e != nil {
			d.before, d.follow = d.follow, followNone
			d.table.reader(e).decode(d, e)
		}
		if d.each && depth == 0 {
			d.ends = append(d.ends, len(d.out))
		}
	}
	c := d.out
	if depth > 0 { // nobody cleans what a quote shows
		c = message.Clean(c, false) // nobody puts a mention behind a quote here
	}
	d.list = outer
	return c
}

// follow says what may follow an element as its fallback for older clients.
type follow uint8

const (
	followNone    follow = iota
	followText           // any plain text
	followReserve        // a text marked as fallback
	followSummary        // the text decoder.summary
)

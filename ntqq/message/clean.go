package message

import "strings"

// Clean removes from decoded content what clients add and no person wrote
// (docs/protocol/messages.md 8): the mention beside a quote in a group, texts that stand
// for the element before them, and empty texts. It moves a quote to the front. What a
// client gives out has been through it; a second call would remove a mention that somebody
// wrote behind a quote. Clean may reuse the memory of c.
func Clean(c Content, group bool) Content {
	c = dropFallbacks(c)
	if group {
		c = dropMention(c)
	}
	return replyFirst(c)
}

// dropMention removes the mention that clients add for a quote in a group. A quote
// elsewhere has none: a mention beside it was written by a person.
func dropMention(c Content) Content {
	// Old clients put the mention before the quote.
	if len(c) >= 3 && isSpace(c[1]) {
		if r, ok := c[2].(*ReplySegment); ok && r.MentionedBy(c[0]) {
			return c[2:]
		}
	}
	if len(c) >= 2 {
		if r, ok := c[0].(*ReplySegment); ok && r.MentionedBy(c[1]) {
			drop := 1
			if len(c) > 2 && isSpace(c[2]) {
				drop = 2
			}
			return append(c[:1], c[1+drop:]...)
		}
	}
	return c
}

// dropFallbacks removes empty texts and those that only show, in older clients, what the
// element before them is.
func dropFallbacks(c Content) Content {
	out := c[:0]
	var before Segment
	for _, seg := range c {
		last := before
		before = seg
		if t, ok := seg.(*TextSegment); ok && (t.Text == "" || isFallback(t.Text, last)) {
			continue
		}
		out = append(out, seg)
	}
	return out
}

// isFallback tells of a text behind a sticker that it is the sticker's summary, in which
// receiving may have changed line ends.
func isFallback(text string, before Segment) bool {
	s, ok := before.(*MarketFaceSegment)
	return ok && (text == s.Summary || text == strings.ReplaceAll(s.Summary, "\r", "\r\n"))
}

// replyFirst moves a quote to the front. Some clients write it elsewhere, and
// programs look for it in the first element only.
func replyFirst(c Content) Content {
	for i, seg := range c {
		if _, ok := seg.(*ReplySegment); ok {
			copy(c[1:i+1], c[:i])
			c[0] = seg
			break
		}
	}
	return c
}

func isSpace(seg Segment) bool {
	t, ok := seg.(*TextSegment)
	return ok && t.Text == " "
}

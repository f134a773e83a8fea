package content

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// Wire is the parts of the message that content was decoded from, read apart from the
// codecs.
type Wire struct {
	elems    []*messagepb.Elem // those of quotes, too
	whole    []proto.Message   // what stands outside of the elements
	mentions []mention
}

// maxQuotes is how deep quotes within quotes are read.
const maxQuotes = 3

// mention is a mention by its bytes (docs/protocol/messages.md 5.2).
type mention struct {
	display  string
	all      bool
	uin      uint64
	uid      string
	old, new bool // the forms that it has
}

// Read reads a message.
func Read(body *messagepb.MessageBody) *Wire {
	w := &Wire{}
	w.read(body.GetRichText().GetElems(), 0)
	if ptt := body.GetRichText().GetPtt(); ptt != nil {
		w.whole = append(w.whole, ptt)
	}
	var file messagepb.FileContent
	if len(body.GetMsgContent()) > 0 && pb.Unmarshal(body.GetMsgContent(), &file) == nil {
		w.whole = append(w.whole, &file)
	}
	return w
}

func (w *Wire) read(elems []*messagepb.Elem, depth int) {
	w.elems = append(w.elems, elems...)
	for _, e := range elems {
		if m, ok := mentionIn(e.GetText()); ok {
			w.mentions = append(w.mentions, m)
		}
		quote := e.GetSrcMsg()
		if quote == nil || depth >= maxQuotes {
			continue
		}
		var inner []*messagepb.Elem
		for _, raw := range quote.GetElems() {
			e := new(messagepb.Elem)
			if pb.Unmarshal(raw, e) == nil {
				inner = append(inner, e)
			}
		}
		var whole messagepb.CommonMessage
		if pb.Unmarshal(quote.GetSrcMsg(), &whole) == nil {
			inner = append(inner, whole.GetBody().GetRichText().GetElems()...)
		}
		w.read(inner, depth+1)
	}
}

func mentionIn(t *messagepb.Text) (m mention, ok bool) {
	m.display = t.GetStr()
	if b := t.GetAttr6Buf(); len(b) >= 11 {
		m.old, m.all, m.uin = true, b[6] == 1, uint64(binary.BigEndian.Uint32(b[7:]))
	}
	numbers, texts := fields(t.GetPbReserve())
	switch numbers[3] {
	case 1:
		m.new, m.all = true, true
	case 2:
		m.new, m.uid = true, texts[9]
		if m.uin == 0 {
			m.uin = numbers[4]
		}
	}
	if m.all {
		m.uin, m.uid = 0, ""
	}
	return m, m.all || m.uin != 0 || m.uid != ""
}

// fields are the top-level fields of an encoded message.
func fields(b []byte) (numbers map[protowire.Number]uint64, texts map[protowire.Number]string) {
	numbers, texts = map[protowire.Number]uint64{}, map[protowire.Number]string{}
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		size := protowire.ConsumeFieldValue(num, typ, b[max(n, 0):])
		if n < 0 || size < 0 {
			return nil, nil
		}
		switch typ {
		case protowire.VarintType:
			numbers[num], _ = protowire.ConsumeVarint(b[n:])
		case protowire.BytesType:
			v, _ := protowire.ConsumeBytes(b[n:])
			texts[num] = string(v)
		}
		b = b[n+size:]
	}
	return numbers, texts
}

// Check says what of decoded content does not agree with the message itself, "" when all does:
// mentions, with their uids, and the bytes of unknown elements.
func (w *Wire) Check(c message.Content) string {
	if n := countMentions(c); n != len(w.mentions) {
		return fmt.Sprintf("got %d mentions, the message has %+v", n, w.mentions)
	}
	return w.checkEach(c)
}

func countMentions(c message.Content) int {
	n := 0
	for _, seg := range c {
		switch s := seg.(type) {
		case *message.AtSegment:
			n++
		case *message.ReplySegment:
			n += countMentions(s.Content)
		}
	}
	return n
}

func (w *Wire) checkEach(c message.Content) string {
	for _, seg := range c {
		problem := ""
		switch s := seg.(type) {
		case *message.AtSegment:
			if w.find(s) == nil {
				problem = fmt.Sprintf("got mention %+v, the message has %+v", s, w.mentions)
			}
		case *message.ReplySegment:
			problem = w.checkEach(s.Content)
		case *message.ImageSegment, *message.RecordSegment, *message.VideoSegment:
			problem = w.checkMedium(seg)
		case *message.UnknownSegment:
			if !w.has(s) {
				problem = fmt.Sprintf("the message has no element %s with the bytes %x", s.Element, s.Raw)
			}
		}
		if problem != "" {
			return problem
		}
	}
	return ""
}

func (w *Wire) find(at *message.AtSegment) *mention {
	i := slices.IndexFunc(w.mentions, func(m mention) bool {
		return m.display == at.Display && m.all == at.All && m.uin == uint64(at.UIN) && m.uid == string(at.UID)
	})
	if i < 0 {
		return nil
	}
	return &w.mentions[i]
}

// has finds the element that an unknown segment keeps.
func (w *Wire) has(u *message.UnknownSegment) bool {
	e := new(messagepb.Elem)
	if pb.Unmarshal(u.Raw, e) == nil && slices.ContainsFunc(w.elems, func(o *messagepb.Elem) bool { return proto.Equal(e, o) }) {
		return true
	}
	return slices.ContainsFunc(w.whole, func(m proto.Message) bool {
		read := m.ProtoReflect().New().Interface()
		return pb.Unmarshal(u.Raw, read) == nil && proto.Equal(m, read)
	})
}

// isNewForm tells of a mention that it has the newer form alone.
func (w *Wire) isNewForm(at *message.AtSegment) bool {
	m := w.find(at)
	return m != nil && m.new && !m.old
}

// mentionsNobody tells whether the older form of a mention has no number, and nothing else
// says who it is.
func (w *Wire) mentionsNobody(display string) bool {
	return slices.ContainsFunc(w.elems, func(e *messagepb.Elem) bool {
		b := e.GetText().GetAttr6Buf()
		_, mentions := mentionIn(e.GetText())
		return len(b) >= 11 && !mentions && e.GetText().GetStr() == display
	})
}

// isResultNumber tells whether a large face has its result as a number alone, where the
// author does not look (docs/protocol/messages.md 5.4).
func (w *Wire) isResultNumber(f *message.FaceSegment) bool {
	return slices.ContainsFunc(w.elems, func(e *messagepb.Elem) bool {
		if e.GetCommonElem().GetServiceType() != 37 {
			return false
		}
		numbers, texts := fields(e.GetCommonElem().GetPbElem())
		return numbers[3] == uint64(f.ID) && (texts[6] == "" || texts[6] == "0") && numbers[11] == uint64(f.Result)
	})
}

// quotesWhole tells whether a quote has the whole message, which the author does not read:
// ours shows that.
func (w *Wire) quotesWhole(sequence uint64) bool {
	return slices.ContainsFunc(w.elems, func(e *messagepb.Elem) bool {
		seqs := e.GetSrcMsg().GetOrigSeqs()
		return len(seqs) > 0 && seqs[0] == sequence && len(e.GetSrcMsg().GetSrcMsg()) > 0
	})
}

// isOldResult tells whether a sticker says what a face says.
func (w *Wire) isOldResult(want *message.MarketFaceSegment, got *message.FaceSegment) bool {
	results := map[string]uint32{"rscType?1;value=0": 3, "rscType?1;value=1": 2, "rscType?1;value=2": 1} // of rock, scissors, paper
	id := "83c8a293ae65ca140f348120a77448ee"
	if got.ID == message.FaceDice {
		id, results = "4823d3adb15df08014ce5d6796b76ee1", map[string]uint32{}
		for n := range uint32(6) {
			results[fmt.Sprint("rscType?1;value=", n)] = n + 1
		}
	}
	return want.ID == id && results[want.Param] == got.Result
}

// isExtra tells of a segment that it may be more than a vector says: the author of the
// vectors drops or does not know it (docs/protocol/messages.md 15).
func (w *Wire) isExtra(seg message.Segment) bool {
	switch s := seg.(type) {
	case *message.UnknownSegment, *message.PokeSegment, *message.RedPacketSegment, *message.MarkdownSegment,
		*message.FlashFileSegment, *message.KeyboardSegment, *message.LongMessageSegment:
		return true
	case *message.TextSegment: // the text of a sticker, which a vector may leave out
		return slices.ContainsFunc(w.elems, func(e *messagepb.Elem) bool { return e.GetMarketFace() != nil && e.MarketFace.GetSummary() == s.Text })
	case *message.XMLSegment:
		return s.ServiceID != 35 || !strings.Contains(s.XML, "m_resid")
	case *message.LightAppSegment:
		return s.RichMessage
	case *message.FaceSegment:
		return s.Count > 0 || !s.Large && slices.ContainsFunc(w.elems, func(e *messagepb.Elem) bool {
			return e.GetFace().GetIndex() == s.ID && e.GetFace() != nil && len(e.GetFace().GetOld()) == 0
		})
	}
	return false
}

// isDropped tells of what a vector says that we leave out: the text that older clients
// show for the element before it, which the author keeps (docs/protocol/messages.md 5.1,
// 5.7).
func (w *Wire) isDropped(e *Element) bool {
	if w.isOlder(e) {
		return true
	}
	for i, elem := range w.elems {
		t := elem.GetText()
		if i == 0 || t == nil || e.Kind != "text" || t.GetStr() != e.Content && strings.ReplaceAll(t.GetStr(), "\r", "\r\n") != e.Content {
			continue
		}
		before := w.elems[i-1]
		common := before.GetCommonElem()
		_, mentions := mentionIn(t)
		marked := len(t.GetPbReserve()) > 0 && !mentions
		if marked && (before.GetMarketFace() != nil || before.GetLightApp() != nil || common.GetServiceType() == 23) ||
			common.GetServiceType() == 45 && common.GetBusinessType() == 3 {
			return true
		}
	}
	return false
}

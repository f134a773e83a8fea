package elements

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// maxPreview bounds the lines of a forward's card that are read. Clients write four.
const maxPreview = 100

// forwardCard is the JSON of a forward (docs/protocol/messages.md 10.4), with its members
// in the order in which clients write them.
type forwardCard struct {
	App    string `json:"app"`
	Config struct {
		AutoSize int    `json:"autosize"`
		Forward  int    `json:"forward"`
		Round    int    `json:"round"`
		Type     string `json:"type"`
		Width    int    `json:"width"`
	} `json:"config"`
	Desc  string `json:"desc"`
	Extra string `json:"extra"` // JSON of a forwardExtra
	Meta  struct {
		Detail struct {
			News    []forwardLine `json:"news"`
			ResID   string        `json:"resid"`
			Source  string        `json:"source"`
			Summary string        `json:"summary"`
			UniSeq  string        `json:"uniseq"`
		} `json:"detail"`
	} `json:"meta"`
	Prompt string `json:"prompt"`
	Ver    string `json:"ver"`
	View   string `json:"view"`
}

type forwardLine struct {
	Text string `json:"text"`
}

type forwardExtra struct {
	FileName string `json:"filename"`
	Sum      int    `json:"tsum"`
}

// forwardOfCard reads the light app of a forward; nil for a card that names no messages.
func forwardOfCard(text string) *message.ForwardSegment {
	var card forwardCard
	var extra forwardExtra
	if !readCard(text, &card) || card.App != appForward {
		return nil
	}
	readCard(card.Extra, &extra)
	d := &card.Meta.Detail
	f := &message.ForwardSegment{
		ID: d.ResID, FileName: d.UniSeq, Count: max(extra.Sum, 0),
		Prompt: card.Prompt, Source: d.Source, Summary: d.Summary,
	}
	if f.FileName == "" {
		f.FileName = extra.FileName
	}
	for _, line := range d.News[:min(len(d.News), maxPreview)] {
		f.Preview = append(f.Preview, line.Text)
	}
	return named(f)
}

// cardJSON is the card as it is sent, of a forward that [message.ForwardSegment.Card] has filled in.
func cardJSON(f *message.ForwardSegment) (string, error) {
	extra, err := writeCard(forwardExtra{f.FileName, f.Count})
	if err != nil {
		return "", err
	}
	card := forwardCard{App: appForward, Desc: f.Prompt, Extra: extra, Prompt: f.Prompt, Ver: "0.0.0.5", View: "contact"}
	c := &card.Config
	c.AutoSize, c.Forward, c.Round, c.Type, c.Width = 1, 1, 1, "normal", 300
	d := &card.Meta.Detail
	d.ResID, d.Source, d.Summary, d.UniSeq = f.ID, f.Source, f.Summary, f.FileName
	d.News = make([]forwardLine, len(f.Preview))
	for i := range d.News {
		d.News[i].Text = f.Preview[i]
	}
	return writeCard(&card)
}

// named returns nil for a forward whose messages nobody could find.
func named(f *message.ForwardSegment) *message.ForwardSegment {
	if f.ID == "" && f.FileName == "" {
		return nil
	}
	return f
}

// maxXMLDepth bounds the elements inside elements of a card: lines stand at depth 3.
const maxXMLDepth = 16

// forwardOfXML reads the rich message of a forward; nil for another card. Phones write
// control characters and lone ampersands into it.
func forwardOfXML(text string) *message.ForwardSegment {
	r := xml.NewDecoder(strings.NewReader(strings.Map(xmlRune, text)))
	r.Strict = false
	r.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8, whatever it says
	f := &message.ForwardSegment{}
	var line strings.Builder
	titles := 0
	for depth := 0; depth < maxXMLDepth && titles <= maxPreview; {
		token, err := r.RawToken()
		if err != nil {
			break // what stands before it counts
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				if readRoot(f, t); t.Name.Local != "msg" || named(f) == nil {
					return nil
				}
			}
			line.Reset()
		case xml.CharData:
			line.Write(t)
		case xml.EndElement:
			if depth--; depth <= 0 {
				return named(f)
			}
			switch t.Name.Local {
			case "title":
				if titles++; titles == 1 {
					f.Source = line.String()
				} else {
					f.Preview = append(f.Preview, line.String())
				}
			case "summary":
				f.Summary = line.String()
			}
			line.Reset()
		}
	}
	return named(f)
}

// readRoot reads the attributes of the card's element.
func readRoot(f *message.ForwardSegment, e xml.StartElement) {
	for _, a := range e.Attr {
		switch a.Name.Local {
		case "m_resid":
			f.ID = a.Value
		case "m_fileName":
			f.FileName = a.Value
		case "brief":
			f.Prompt = a.Value
		case "tSum":
			if n, err := strconv.Atoi(a.Value); err == nil {
				f.Count = max(n, 0)
			}
		}
	}
}

// xmlRune leaves out what XML cannot say.
func xmlRune(r rune) rune {
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
		return -1
	}
	return r
}

// escapeXML also keeps readers from changing line breaks.
var escapeXML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;",
	"\r", "&#13;", "\n", "&#10;", "\t", "&#9;")

func xmlText(text string) string { return escapeXML.Replace(strings.Map(xmlRune, text)) }

// cardXML is the card as the service shows it to those who receive it.
func cardXML(f *message.ForwardSegment) string {
	var b strings.Builder
	count := f.Count
	if count == 0 {
		count = len(f.Preview)
	}
	fmt.Fprintf(&b, `<?xml version='1.0' encoding='UTF-8' standalone='yes'?>`+
		`<msg serviceID="35" templateID="1" action="viewMultiMsg" brief="%s" m_resid="%s" m_fileName="%s" tSum="%d"`+
		` sourceMsgId="0" url="" flag="3" adverSign="0" multiMsgFlag="0"><item layout="1">`+
		`<title color="#000000" size="34">%s</title>`,
		xmlText(f.Prompt), xmlText(f.ID), xmlText(f.FileName), count, xmlText(f.Source))
	for _, line := range f.Preview {
		fmt.Fprintf(&b, `<title color="#777777" size="26">%s</title>`, xmlText(line))
	}
	fmt.Fprintf(&b, `<hr/><summary size="26" color="#808080">%s</summary></item><source name="聊天记录"/></msg>`,
		xmlText(f.Summary))
	return b.String()
}

// RelayForward returns the rich message that the service makes of the light app of a
// forward for those who receive it (docs/protocol/messages.md 10.4); nil when e is
// something else.
func RelayForward(e *messagepb.Elem) *messagepb.Elem {
	if e.GetLightApp() == nil {
		return nil
	}
	text, ok := new(decoder).cardText(e.LightApp.GetData())
	if !ok {
		return nil
	}
	f := forwardOfCard(text)
	if f == nil {
		return nil
	}
	data, err := cardData(cardXML(f))
	if err != nil {
		return nil // longer as XML than a card may be
	}
	return &messagepb.Elem{RichMsg: &messagepb.RichMsg{Template: data, ServiceId: proto.Uint32(richForward)}}
}

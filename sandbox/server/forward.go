package server

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
)

// maxCard bounds the inflated text of a card.
const maxCard = 1 << 20

const forwardApp = "com.tencent.multimsg"

// card is the JSON of a forward, as senders write it (docs/protocol/messages.md
// 10.4).
type card struct {
	App    string `json:"app"`
	Prompt string `json:"prompt"`
	Extra  string `json:"extra"`
	Meta   struct {
		Detail struct {
			News []struct {
				Text string `json:"text"`
			} `json:"news"`
			ResID   string `json:"resid"`
			Source  string `json:"source"`
			Summary string `json:"summary"`
			UniSeq  string `json:"uniseq"`
		} `json:"detail"`
	} `json:"meta"`
}

// forwardCard turns the light app of a forward into the rich message that
// receivers get; nil when data is not one.
func forwardCard(data []byte) *messagepb.Elem {
	text, ok := inflate(data)
	if !ok || !bytes.Contains(text, []byte(forwardApp)) {
		return nil
	}
	var c card
	if json.Unmarshal(text, &c) != nil || c.App != forwardApp {
		return nil
	}
	var extra struct {
		Count int `json:"tsum"`
	}
	if json.Unmarshal([]byte(c.Extra), &extra) != nil || extra.Count <= 0 {
		extra.Count = len(c.Meta.Detail.News)
	}
	return &messagepb.Elem{RichMsg: &messagepb.RichMsg{
		Template: deflate(c.xml(extra.Count)), ServiceId: proto.Uint32(35),
	}}
}

var escapeXML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;").Replace

func (c *card) xml(count int) string {
	var b strings.Builder
	d := &c.Meta.Detail
	fmt.Fprintf(&b, `<?xml version='1.0' encoding='UTF-8' standalone='yes'?>`+
		`<msg serviceID="35" templateID="1" action="viewMultiMsg" brief="%s" m_resid="%s" m_fileName="%s" tSum="%d"`+
		` sourceMsgId="0" url="" flag="3" adverSign="0" multiMsgFlag="0"><item layout="1">`+
		`<title color="#000000" size="34">%s</title>`,
		escapeXML(c.Prompt), escapeXML(d.ResID), escapeXML(d.UniSeq), count, escapeXML(d.Source))
	for _, n := range d.News {
		fmt.Fprintf(&b, `<title color="#777777" size="26">%s</title>`, escapeXML(n.Text))
	}
	fmt.Fprintf(&b, `<hr/><summary size="26" color="#808080">%s</summary></item><source name="聊天记录"/></msg>`,
		escapeXML(d.Summary))
	return b.String()
}

// inflate reads a card's text: 00 plain or 01 zlib, then the text.
func inflate(data []byte) ([]byte, bool) {
	if len(data) == 0 {
		return nil, false
	}
	switch data[0] {
	case 0:
		return data[1:], true
	case 1:
		r, err := zlib.NewReader(bytes.NewReader(data[1:]))
		if err != nil {
			return nil, false
		}
		text, err := io.ReadAll(io.LimitReader(r, maxCard+1))
		return text, err == nil && len(text) <= maxCard
	}
	return nil, false
}

func deflate(text string) []byte {
	var b bytes.Buffer
	b.WriteByte(1)
	z := zlib.NewWriter(&b)
	io.WriteString(z, text) // writing to a Buffer cannot fail
	z.Close()
	return b.Bytes()
}

package elements

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// Markdown elements: CommonElem.service_type, and what business_type tells apart.
const (
	serviceMarkdown  = 45
	businessMarkdown = 1
	businessFlash    = 3
)

// decodeMarkdown reads a text, or the card of a flash transfer; a payload that is no
// protobuf gives nothing. A card that says of no file set is a text, so that the message
// is never empty.
func decodeMarkdown(d *decoder, e *messagepb.Elem) {
	flash := e.CommonElem.GetBusinessType() == businessFlash
	if flash {
		d.follow = followText
	}
	var m messagepb.MarkdownElem
	if pb.Unmarshal(e.CommonElem.GetPbElem(), &m) != nil {
		return
	}
	if flash {
		if f := flashFile(m.GetContent()); f != nil {
			d.add(f)
			return
		}
	}
	d.add(&message.MarkdownSegment{Markdown: m.GetContent()})
}

func (w *encoder) markdown(m *message.MarkdownSegment) error {
	return w.markdownElem(businessMarkdown, m.Markdown)
}

func (w *encoder) flashFile(f *message.FlashFileSegment) error {
	if f.Markdown == "" {
		return fmt.Errorf("encode flash transfer: %w", message.ErrReceivedOnly)
	}
	return w.markdownElem(businessFlash, f.Markdown)
}

func (w *encoder) markdownElem(business uint32, content string) error {
	return w.common(serviceMarkdown, business, &messagepb.MarkdownElem{Content: pb.Text(content)})
}

// maxFlashCard bounds the content of a card, in bytes; those that were seen have about
// 2,000. The JSON in it takes much memory while it is read.
const maxFlashCard = 32 << 10

// flashFile reads the content of a card, nil when that names no file set:
// "[闪传](mqqapi://markdown/node?nodeType=richui&json=...)".
func flashFile(content string) *message.FlashFileSegment {
	if len(content) > maxFlashCard {
		return nil
	}
	_, link, found := strings.Cut(content, "](")
	link, closed := strings.CutSuffix(strings.TrimSpace(link), ")")
	u, err := url.Parse(link)
	if !found || !closed || err != nil {
		return nil
	}
	type view struct {
		ID   string `json:"viewId"`
		Text string `json:"text"`
	}
	var card struct {
		Attributes struct {
			Views []struct {
				view
				Schema string `json:"schema"`
				Views  []view `json:"attributes"`
			} `json:"attributes"`
		} `json:"attributes"`
	}
	if json.Unmarshal([]byte(u.Query().Get("json")), &card) != nil {
		return nil
	}
	f := &message.FlashFileSegment{Markdown: content}
	for _, v := range card.Attributes.Views {
		if v.ID != "file" {
			continue
		}
		if schema, err := url.Parse(v.Schema); err == nil {
			f.FileSet = pb.Text(schema.Query().Get("fileset_id"))
			scene, _ := strconv.ParseUint(schema.Query().Get("scene_type"), 10, 32)
			f.Scene = uint32(scene)
		}
		for _, inner := range v.Views {
			if inner.ID == "title" {
				f.Title = inner.Text
			}
		}
	}
	if f.FileSet == "" {
		return nil
	}
	return f
}

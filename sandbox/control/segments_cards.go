package control

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"

	"libration/ntqq/message"
)

// cardView is what people see of a card. Pictures and links are shown as text: the page
// loads nothing from elsewhere.
type cardView struct {
	View    string `json:"view,omitempty"`   // the kind of light app: "music", "contact"
	Prompt  string `json:"prompt,omitempty"` // what stands for it in lists
	Title   string `json:"title,omitempty"`
	Desc    string `json:"desc,omitempty"`
	Tag     string `json:"tag,omitempty"` // where it comes from
	Preview string `json:"preview,omitempty"`
	URL     string `json:"url,omitempty"`
}

// lightAppView has what the card shows, given only.
type lightAppView struct {
	typed
	JSON string `json:"json"`
	App  string `json:"app,omitempty"`
	cardView
}

func showLightApp(_ contents, s *message.LightAppSegment) lightAppView {
	return lightAppView{JSON: s.JSON, App: s.App, cardView: lightAppCard(s.JSON)}
}

func readLightApp(_ *composing, v lightAppView) (message.Segment, error) {
	card := message.LightApp(v.JSON)
	if card.App == "" {
		return nil, fail(http.StatusBadRequest, `json is not an object with a text "app"`)
	}
	return card, nil
}

// lightAppCard finds what a card shows. Each app names things in its own way, in an
// object of its own within meta.
func lightAppCard(text string) cardView {
	var card struct {
		Prompt string                     `json:"prompt"`
		Desc   string                     `json:"desc"`
		View   string                     `json:"view"`
		Meta   map[string]json.RawMessage `json:"meta"`
	}
	if json.Unmarshal([]byte(text), &card) != nil {
		return cardView{}
	}
	shown := cardView{View: card.View, Prompt: card.Prompt}
	names := []string{card.View}
	for name := range card.Meta {
		names = append(names, name)
	}
	slices.Sort(names[1:])
	for _, name := range names {
		var detail map[string]any
		if json.Unmarshal(card.Meta[name], &detail) != nil || len(detail) == 0 {
			continue
		}
		member := func(names ...string) string {
			for _, name := range names {
				if text, ok := detail[name].(string); ok && text != "" {
					return text
				}
			}
			return ""
		}
		shown.Title = member("title", "nickname", "name")
		shown.Desc = member("desc", "contact", "address")
		shown.Tag = member("tag", "appName")
		shown.Preview = member("preview", "avatar")
		shown.URL = member("jumpUrl", "qqdocurl", "url", "musicUrl")
		break
	}
	if shown.Desc == "" && card.Desc != shown.Title {
		shown.Desc = card.Desc
	}
	return shown
}

// xmlView has what the card shows, given only.
type xmlView struct {
	typed
	XML     string `json:"xml"`
	Service uint32 `json:"service,omitempty"`
	cardView
}

func showXML(_ contents, s *message.XMLSegment) xmlView {
	return xmlView{XML: s.XML, Service: s.ServiceID, cardView: xmlCard(s.XML)}
}

func readXML(_ *composing, v xmlView) (message.Segment, error) {
	d := xml.NewDecoder(strings.NewReader(v.XML))
	for elements := 0; ; {
		token, err := d.Token()
		if _, ok := token.(xml.StartElement); ok {
			elements++
		}
		if errors.Is(err, io.EOF) && elements > 0 {
			return &message.XMLSegment{ServiceID: v.Service, XML: v.XML}, nil
		}
		if err != nil {
			return nil, fail(http.StatusBadRequest, "xml is not well-formed: %v", err)
		}
	}
}

// xmlCard finds what a card shows: of broken XML, as far as it can be read.
func xmlCard(text string) cardView {
	var shown cardView
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = false
	set := func(to *string, text string) {
		if text = strings.TrimSpace(text); *to == "" {
			*to = text
		}
	}
	within := ""
	for {
		token, err := d.Token()
		if err != nil {
			return shown
		}
		switch token := token.(type) {
		case xml.StartElement:
			within = token.Name.Local
			for _, a := range token.Attr {
				switch within + " " + a.Name.Local {
				case "msg brief":
					set(&shown.Prompt, a.Value)
				case "msg url":
					set(&shown.URL, a.Value)
				case "picture cover":
					set(&shown.Preview, a.Value)
				case "source name":
					set(&shown.Tag, a.Value)
				}
			}
		case xml.EndElement:
			within = ""
		case xml.CharData:
			switch within {
			case "title":
				set(&shown.Title, string(token))
			case "summary":
				set(&shown.Desc, string(token))
			}
		}
	}
}

// locationView is message.LocationSegment.
type locationView struct {
	typed
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Title     string  `json:"title,omitempty"`
	Address   string  `json:"address,omitempty"`
}

func showLocation(_ contents, s *message.LocationSegment) locationView {
	return locationView{Latitude: s.Latitude, Longitude: s.Longitude, Title: s.Title, Address: s.Address}
}

func readLocation(_ *composing, v locationView) (message.Segment, error) {
	if math.Abs(v.Latitude) > 90 || math.Abs(v.Longitude) > 180 {
		return nil, fail(http.StatusBadRequest, "latitude %v, longitude %v is no place: degrees within 90 and 180", v.Latitude, v.Longitude)
	}
	return &message.LocationSegment{Latitude: v.Latitude, Longitude: v.Longitude, Title: v.Title, Address: v.Address}, nil
}

// contactView recommends one of the two. The service makes a light app of it.
type contactView struct {
	typed
	UIN   message.UIN       `json:"uin,omitempty"`
	Group message.GroupCode `json:"group,omitempty"`
}

func showContact(_ contents, s *message.ContactSegment) contactView {
	return contactView{UIN: s.UIN, Group: s.Group}
}

func readContact(c *composing, v contactView) (message.Segment, error) {
	_, user := c.world.Users().Find(v.UIN)
	_, group := c.world.Groups().Find(v.Group)
	switch {
	case (v.UIN == 0) == (v.Group == 0):
		return nil, fail(http.StatusBadRequest, "give either uin or group")
	case v.UIN != 0 && !user:
		return nil, fail(http.StatusNotFound, "no user %d to recommend", v.UIN)
	case v.Group != 0 && !group:
		return nil, fail(http.StatusNotFound, "no group %d to recommend", v.Group)
	}
	return &message.ContactSegment{UIN: v.UIN, Group: v.Group}, nil
}

// musicBody is a song: of a music service by its id, else where it is.
type musicBody struct {
	typed
	Service string `json:"service"` // "qq", "163", ...
	ID      string `json:"id"`
	URL     string `json:"url"`
	Audio   string `json:"audio"`
	Title   string `json:"title"`
	Singer  string `json:"singer"`
	Image   string `json:"image"`
}

func readMusic(c *composing, v musicBody) (message.Segment, error) {
	request, err := json.Marshal(map[string]string{
		"type": cmp.Or(v.Service, "custom"), "id": v.ID,
		"url": v.URL, "audio": v.Audio, "title": v.Title, "singer": v.Singer, "image": v.Image,
	})
	if err != nil {
		return nil, err
	}
	card, err := c.server.MusicCard(request)
	if err != nil {
		return nil, fail(http.StatusBadRequest, "%v", err)
	}
	return message.LightApp(card), nil
}

type markdownView struct {
	typed
	Markdown string `json:"markdown"`
}

func showMarkdown(_ contents, s *message.MarkdownSegment) markdownView {
	return markdownView{Markdown: s.Markdown}
}

func readMarkdown(_ *composing, v markdownView) (message.Segment, error) {
	if v.Markdown == "" {
		return nil, fail(http.StatusBadRequest, "markdown is empty")
	}
	return &message.MarkdownSegment{Markdown: v.Markdown}, nil
}

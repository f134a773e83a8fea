package elements

import (
	"encoding/json"
	"errors"
	"strings"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// RichMsg.service_id of some rich messages (docs/protocol/messages.md 9.1).
const (
	richText        = 1 // JSON or text
	richLinkPreview = 33
	richForward     = 35 // forwards, and cards without a number of their own
)

// The apps whose cards are segments of their own.
const (
	appForward  = "com.tencent.multimsg"
	appLocation = "com.tencent.map"
)

// readCard reads the members of a card that into has. It is lenient: members of other
// types are left out. It returns false when text is not a JSON object.
func readCard(text string, into any) bool {
	if !strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		return false
	}
	err := json.Unmarshal([]byte(text), into)
	_, mismatch := errors.AsType[*json.UnmarshalTypeError](err)
	return err == nil || mismatch
}

// writeCard returns the JSON of a card.
func writeCard(card any) (string, error) {
	var text strings.Builder
	w := json.NewEncoder(&text)
	w.SetEscapeHTML(false)
	err := w.Encode(card)
	return strings.TrimSuffix(text.String(), "\n"), err
}

// lightApp returns the card with this JSON; ok is false when that is not an object.
func lightApp(text string) (l *message.LightAppSegment, ok bool) {
	var card struct {
		App string `json:"app"`
	}
	ok = readCard(text, &card)
	return &message.LightAppSegment{App: card.App, JSON: text}, ok
}

func decodeLightApp(d *decoder, e *messagepb.Elem) {
	d.follow = followReserve
	text, _ := d.cardText(e.LightApp.GetData())
	l, ok := lightApp(text)
	if !ok {
		decodeUnknown(d, e)
		return
	}
	switch l.App {
	case appForward:
		if f := forwardOfCard(text); f != nil {
			d.add(f)
			return
		}
	case appLocation:
		if p := locationOfCard(text); p != nil {
			d.add(p)
			return
		}
	}
	d.add(l)
}

func (w *encoder) lightApp(l *message.LightAppSegment) error {
	data, err := cardData(l.JSON)
	if err != nil {
		return err
	}
	if _, ok := lightApp(l.JSON); !ok {
		return errors.New("the card is not a JSON object")
	}
	if l.RichMessage {
		w.add(&messagepb.Elem{RichMsg: &messagepb.RichMsg{Template: data, ServiceId: proto.Uint32(richText)}})
	} else {
		w.add(&messagepb.Elem{LightApp: &messagepb.LightApp{Data: data}})
	}
	return nil
}

// decodeRichMessage reads all cards that are no light apps.
func decodeRichMessage(d *decoder, e *messagepb.Elem) {
	service := e.RichMsg.GetServiceId()
	if service == richLinkPreview {
		return
	}
	text, ok := d.cardText(e.RichMsg.GetTemplate())
	if !ok {
		decodeUnknown(d, e)
		return
	}
	switch service {
	case richText:
		if l, ok := lightApp(text); ok {
			l.RichMessage = true
			d.add(l)
			return
		}
	case richForward:
		if f := forwardOfXML(text); f != nil {
			d.add(f)
			return
		}
	}
	d.add(&message.XMLSegment{ServiceID: service, XML: text})
}

func (w *encoder) xml(x *message.XMLSegment) error {
	data, err := cardData(x.XML)
	if err != nil {
		return err
	}
	service := x.ServiceID
	if service == 0 {
		service = richForward
	}
	w.add(&messagepb.Elem{RichMsg: &messagepb.RichMsg{Template: data, ServiceId: &service}})
	return nil
}

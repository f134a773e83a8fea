package onebot

import (
	"context"
	"encoding/json"
	"math"
	"strconv"

	"libration/internal/text"
	"libration/ntqq/message"
)

// showJSON gives a card of the older form the resid of go-cqhttp
// (docs/protocol/onebot11.md d.4).
func showJSON(_ *writer, _ message.Chat, l *message.LightAppSegment, data []field) ([]field, bool) {
	data = append(data, field{"data", l.JSON})
	if l.RichMessage {
		data = append(data, field{"resid", "1"})
	}
	return data, true
}

func readJSON(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	card := seg.get("data")
	if v, err := checked([]byte(card)); err != nil || v[0] != '{' {
		return nil, badSegment(seg, "data", text.T("must be a JSON object", "必须是 JSON 对象"))
	}
	form, err := seg.number("resid", math.MaxUint32)
	l := message.LightApp(card)
	l.RichMessage = form != 0
	return l, err
}

func showXML(_ *writer, _ message.Chat, x *message.XMLSegment, data []field) ([]field, bool) {
	return append(data, field{"data", x.XML}, field{"service_id", strconv.FormatUint(uint64(x.ServiceID), 10)}), true
}

func readXML(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	x := &message.XMLSegment{XML: seg.get("data")}
	if x.XML == "" {
		return nil, badSegment(seg, "data", missing)
	}
	name := "service_id"
	if seg.get(name) == "" {
		name = "resid" // go-cqhttp's
	}
	service, err := seg.number(name, math.MaxUint32)
	x.ServiceID = uint32(service)
	return x, err
}

func showContact(_ *writer, _ message.Chat, c *message.ContactSegment, data []field) ([]field, bool) {
	if c.Group != 0 {
		return append(data, field{"type", "group"}, field{"id", strconv.FormatUint(uint64(c.Group), 10)}), true
	}
	return append(data, field{"type", "qq"}, field{"id", strconv.FormatUint(uint64(c.UIN), 10)}), true
}

func readContact(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	id, err := seg.number("id", math.MaxInt64)
	if err != nil || id == 0 {
		return nil, badSegment(seg, "id", text.T("must be the number of an account or a group", "必须是 QQ 号或群号"))
	}
	switch seg.get("type") {
	case "qq":
		return &message.ContactSegment{UIN: message.UIN(id)}, nil
	case "group":
		return &message.ContactSegment{Group: message.GroupCode(id)}, nil
	}
	return nil, badSegment(seg, "type", text.T(`must be "qq" or "group"`, `必须是 "qq" 或 "group"`))
}

func showLocation(_ *writer, _ message.Chat, l *message.LocationSegment, data []field) ([]field, bool) {
	return append(data,
		field{"lat", strconv.FormatFloat(l.Latitude, 'f', -1, 64)},
		field{"lon", strconv.FormatFloat(l.Longitude, 'f', -1, 64)},
		field{"title", l.Title},
		field{"content", l.Address}), true
}

func readLocation(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	l := &message.LocationSegment{Title: seg.get("title"), Address: seg.get("content")}
	var err error
	if l.Latitude, err = seg.degrees("lat", 90); err != nil {
		return nil, err
	}
	l.Longitude, err = seg.degrees("lon", 180)
	return l, err
}

// degrees reads a required number from -most to most.
func (s segment) degrees(name string, most float64) (float64, error) {
	n, err := strconv.ParseFloat(s.get(name), 64)
	if err != nil || !(math.Abs(n) <= most) {
		return 0, badSegment(s, name, text.T("must be degrees from %[1]v to %[2]v", "必须是 %[1]v 到 %[2]v 之间的度数").Fill(-most, most))
	}
	return n, nil
}

// song is what card signers take (docs/protocol/messages.md 9.1, onebot11.md d.4).
type song struct {
	Type        string `json:"type,omitempty"`
	ID          string `json:"id,omitempty"`
	URL         string `json:"url,omitempty"`
	Audio       string `json:"audio,omitempty"`
	Title       string `json:"title,omitempty"`
	Image       string `json:"image,omitempty"`
	Singer      string `json:"singer,omitempty"`
	AppID       string `json:"appid,omitempty"`
	Sign        string `json:"sign,omitempty"`
	PackageName string `json:"package_name,omitempty"`
}

// readMusic has the card of a song signed.
func readMusic(ctx context.Context, r reader, _ message.Chat, seg segment) (message.Segment, error) {
	s := song{
		Type: seg.get("type"), ID: seg.get("id"),
		URL: seg.get("url"), Audio: seg.get("audio"), Title: seg.get("title"), Image: seg.get("image"), Singer: seg.get("content"),
		AppID: seg.get("appid"), Sign: seg.get("sign"), PackageName: seg.get("package_name"),
	}
	if s.Audio == "" {
		s.Audio = seg.get("voice") // go-cqhttp's
	}
	if s.Singer == "" {
		s.Singer = seg.get("singer")
	}
	if err := s.lacks(seg); err != nil {
		return nil, err
	}
	card, err := r.signed(ctx, s)
	if err != nil {
		return nil, err
	}
	return message.LightApp(card), nil
}

// signed returns the card of a song.
func (r reader) signed(ctx context.Context, s song) (card string, err error) {
	if r.sign == nil {
		return "", failure(noCard)
	}
	request, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	card, err = r.sign(ctx, request)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		e := failure(noCard)
		e.text = text.T("%s: %v", "%s：%v").Fill(e.text, err)
		return "", e
	}
	return card, nil
}

// lacks says which parameter of a song is missing. Any kind of song may bring its own
// texts and addresses in place of a number.
func (s *song) lacks(seg segment) error {
	switch {
	case s.Type == "" && s.AppID == "":
		return badSegment(seg, "type", missing)
	case s.Type == "" || s.ID != "" && s.Type != "custom":
		return nil
	case s.Type != "custom" && s.URL == "":
		return badSegment(seg, "id", missing)
	case s.URL == "":
		return badSegment(seg, "url", missing)
	case s.Audio == "":
		return badSegment(seg, "audio", missing)
	case s.Title == "":
		return badSegment(seg, "title", missing)
	}
	return nil
}

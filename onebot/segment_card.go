package onebot

import (
	"context"
	"math"
	"strconv"

	"libration/internal/text"
	"libration/ntqq/message"
)

func showJSON(_ *writer, _ message.Chat, l *message.LightAppSegment, data []field) ([]field, bool) {
	return append(data, field{"data", l.JSON}), true
}

func readJSON(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	card := seg.get("data")
	if v, err := checked([]byte(card)); err != nil || v[0] != '{' {
		return nil, badSegment(seg, "data", text.T("must be a JSON object", "必须是 JSON 对象"))
	}
	return &message.LightAppSegment{JSON: card}, nil
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

// missing says what is wrong with a data value that is not there.
var missing = text.T("is missing", "缺失")

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

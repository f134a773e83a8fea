package onebot

import (
	"context"
	"math"
	"strconv"

	"libration/internal/text"
	"libration/ntqq/message"
)

// showFace uses the names of Lagrange.OneBot, and for what that does not have those of
// NapCat (docs/protocol/onebot11.md d.4).
func showFace(_ *writer, _ message.Chat, f *message.FaceSegment, data []field) ([]field, bool) {
	if f.ID == message.FaceDice || f.ID == message.FaceRPS {
		return data, false
	}
	data = append(data, field{"id", strconv.FormatUint(uint64(f.ID), 10)})
	if f.Large {
		data = append(data, field{"large", "true"})
	}
	if f.Result != 0 {
		data = append(data, field{"resultId", strconv.FormatUint(uint64(f.Result), 10)})
	}
	if f.Count != 0 {
		data = append(data, field{"chainCount", strconv.FormatUint(uint64(f.Count), 10)})
	}
	return data, true
}

// largeFace is the sub_type that LuckyLillia Bot gives large faces
// (docs/protocol/onebot11.md d.4).
const largeFace = "3"

func readFace(_ context.Context, r reader, _ message.Chat, seg segment) (message.Segment, error) {
	id, err := seg.number("id", math.MaxUint32)
	if err != nil || seg.get("id") == "" {
		return nil, badSegment(seg, "id", text.T("must be a face number", "必须是表情编号"))
	}
	f := &message.FaceSegment{ID: uint32(id)}
	if f.Large, err = seg.flag("large"); err != nil {
		return nil, err
	}
	f.Large = f.Large || seg.get("type") == "sticker" || seg.get("sub_type") == largeFace ||
		id == message.FaceDice || id == message.FaceRPS
	count, err := seg.number("chainCount", math.MaxUint32)
	if err != nil {
		return nil, err
	}
	f.Count = uint32(count)
	f.Result, err = r.result(seg, "resultId", math.MaxUint32)
	return f, err
}

func showDice(_ *writer, _ message.Chat, f *message.FaceSegment, data []field) ([]field, bool) {
	return showResult(message.FaceDice, f, data)
}

func showRPS(_ *writer, _ message.Chat, f *message.FaceSegment, data []field) ([]field, bool) {
	return showResult(message.FaceRPS, f, data)
}

func showResult(id uint32, f *message.FaceSegment, data []field) ([]field, bool) {
	return append(data, field{"result", strconv.FormatUint(uint64(f.Result), 10)}), f.ID == id
}

func readDice(_ context.Context, r reader, _ message.Chat, seg segment) (message.Segment, error) {
	return readThrown(r, seg, message.FaceDice, 6)
}

func readRPS(_ context.Context, r reader, _ message.Chat, seg segment) (message.Segment, error) {
	return readThrown(r, seg, message.FaceRPS, 3)
}

func readThrown(r reader, seg segment, id uint32, sides uint64) (message.Segment, error) {
	result, err := r.result(seg, "result", sides)
	return &message.FaceSegment{ID: id, Large: true, Result: result}, err
}

// result reads what a face shows. It counts in forwards only: the service throws what
// stands in a message, and does not look into forwards.
func (r reader) result(seg segment, name string, most uint64) (uint32, error) {
	if r.inside == nil {
		return 0, nil
	}
	result, err := seg.number(name, most)
	return uint32(result), err
}

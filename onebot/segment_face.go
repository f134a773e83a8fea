package onebot

import (
	"context"
	"strconv"
	"strings"

	"libration/internal/text"
	"libration/ntqq/message"
)

// drawn says how dice and rps are sent.
var drawn = text.T("no data; the service decides the result", "没有参数，结果由服务器决定")

func showFace(_ *writer, _ message.Chat, f *message.FaceSegment, data []field) ([]field, bool) {
	if f.ID == message.FaceDice || f.ID == message.FaceRPS {
		return data, false
	}
	data = append(data, field{"id", strconv.FormatUint(uint64(f.ID), 10)})
	if f.Large {
		data = append(data, field{"large", "true"})
	}
	return data, true
}

func readFace(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	id, err := strconv.ParseUint(strings.TrimSpace(seg.get("id")), 10, 32)
	if err != nil {
		return nil, badSegment(seg, "id", text.T("must be a face number", "必须是表情编号"))
	}
	large := false
	if v := seg.get("large"); v != "" {
		if large, err = boolean(v); err != nil {
			return nil, badSegment(seg, "large", text.T("must be true or false", "必须是布尔值"))
		}
	}
	large = large || seg.get("type") == "sticker" || id == message.FaceDice || id == message.FaceRPS
	return &message.FaceSegment{ID: uint32(id), Large: large}, nil
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

func readDice(context.Context, reader, message.Chat, segment) (message.Segment, error) {
	return &message.FaceSegment{ID: message.FaceDice, Large: true}, nil
}

func readRPS(context.Context, reader, message.Chat, segment) (message.Segment, error) {
	return &message.FaceSegment{ID: message.FaceRPS, Large: true}, nil
}

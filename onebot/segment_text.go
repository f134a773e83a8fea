package onebot

import (
	"context"
	"strconv"
	"strings"

	"libration/internal/text"
	"libration/ntqq/message"
)

func showText(_ *writer, _ message.Chat, t *message.TextSegment, data []field) ([]field, bool) {
	return append(data, field{"text", t.Text}), true
}

func readText(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	if words := seg.get("text"); words != "" {
		return message.Text(words), nil
	}
	return nil, nil
}

func showAt(_ *writer, _ message.Chat, at *message.AtSegment, data []field) ([]field, bool) {
	qq := "all"
	if !at.All {
		qq = strconv.FormatUint(uint64(at.UIN), 10)
	}
	return append(data, field{"qq", qq}, field{"name", at.Display}), true
}

func readAt(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	name := "qq"
	if seg.get(name) == "" {
		name = "target"
	}
	if seg.get(name) == "all" {
		return &message.AtSegment{All: true}, nil
	}
	uin, err := integer(seg.get(name))
	if err != nil || uin <= 0 {
		return nil, badSegment(seg, "qq", text.T(`must be an account number or "all"`, `必须是 QQ 号或 "all"`))
	}
	at := &message.AtSegment{UIN: message.UIN(uin), Display: seg.get("name")}
	if at.Display != "" && !strings.HasPrefix(at.Display, "@") {
		at.Display = "@" + at.Display
	}
	return at, nil
}

func showUnknown(_ *writer, _ message.Chat, u *message.UnknownSegment, data []field) ([]field, bool) {
	return append(data, field{"element", u.Element}), true
}

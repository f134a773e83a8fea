package onebot

import (
	"context"
	"math"
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

// showAt writes 0 for a number that is not known, as notices do.
func showAt(_ *writer, _ message.Chat, at *message.AtSegment, data []field) ([]field, bool) {
	qq := "all"
	if !at.All {
		qq = strconv.FormatUint(uint64(at.UIN), 10)
	}
	data = append(data, field{"qq", qq})
	if !at.All && at.UIN == 0 && at.UID != "" {
		data = append(data, field{"uid", string(at.UID)})
	}
	return append(data, field{"name", at.Display}), true
}

func readAt(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	at := &message.AtSegment{Display: seg.get("name")}
	if at.Display != "" && !strings.HasPrefix(at.Display, "@") {
		at.Display = "@" + at.Display
	}
	name := "qq"
	if seg.get(name) == "" && seg.get("target") != "" {
		name = "target"
	}
	if seg.get(name) == "all" {
		at.All = true
		return at, nil
	}
	uin, err := seg.number(name, math.MaxInt64)
	if uin == 0 {
		at.UID = message.UID(seg.get("uid"))
	}
	if err != nil || uin == 0 && at.UID == "" {
		return nil, badSegment(seg, name, text.T(`must be an account number or "all"`, `必须是 QQ 号或 "all"`))
	}
	at.UIN = message.UIN(uin)
	return at, nil
}

func showUnknown(_ *writer, _ message.Chat, u *message.UnknownSegment, data []field) ([]field, bool) {
	return append(data, field{"element", u.Element}), true
}

// readShare makes a text: how a link is sent as a card is not known
// (docs/protocol/messages.md 9.1).
func readShare(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	words := seg.get("url")
	if words == "" {
		return nil, badSegment(seg, "url", missing)
	}
	if title := seg.get("title"); title != "" {
		words = title + "\n" + words
	}
	return message.Text(words), nil
}

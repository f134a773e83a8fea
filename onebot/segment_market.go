package onebot

import (
	"context"
	"math"
	"strconv"
	"strings"

	"libration/internal/text"
	"libration/ntqq/message"
)

// showMarketFace uses the names of Lagrange.OneBot (docs/protocol/onebot11.md d.4).
func showMarketFace(_ *writer, _ message.Chat, m *message.MarketFaceSegment, data []field) ([]field, bool) {
	return append(data,
		field{"emoji_id", m.ID},
		field{"emoji_package_id", strconv.FormatUint(uint64(m.Package), 10)},
		field{"key", m.Key},
		field{"summary", m.Summary},
		field{"url", m.URL()}), true
}

// readMarketFace: the client finds the key of a sticker that comes without.
func readMarketFace(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	id := strings.ToLower(seg.get("emoji_id"))
	if len(id) != 32 || strings.Trim(id, hexDigits) != "" {
		return nil, badSegment(seg, "emoji_id", text.T("must have 32 hexadecimal digits", "必须是 32 位十六进制数"))
	}
	pack, err := seg.number("emoji_package_id", math.MaxUint32)
	if err != nil || pack == 0 {
		return nil, badSegment(seg, "emoji_package_id", text.T("must be the number of a pack", "必须是表情包编号"))
	}
	return &message.MarketFaceSegment{ID: id, Package: uint32(pack), Key: seg.get("key"), Summary: seg.get("summary")}, nil
}

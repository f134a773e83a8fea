package onebot

import (
	"context"
	"strconv"

	"libration/ntqq/message"
)

func showMarkdown(_ *writer, _ message.Chat, m *message.MarkdownSegment, data []field) ([]field, bool) {
	return append(data, field{"content", m.Markdown}), true
}

func readMarkdown(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	content := seg.get("content")
	if content == "" {
		return nil, badSegment(seg, "content", missing)
	}
	return &message.MarkdownSegment{Markdown: content}, nil
}

func showFlashFile(_ *writer, _ message.Chat, f *message.FlashFileSegment, data []field) ([]field, bool) {
	return append(data,
		field{"title", f.Title},
		field{"file_set_id", f.FileSet},
		field{"scene_type", strconv.FormatUint(uint64(f.Scene), 10)}), true
}

func showRedPacket(_ *writer, _ message.Chat, r *message.RedPacketSegment, data []field) ([]field, bool) {
	return append(data, field{"title", r.Title}), true
}

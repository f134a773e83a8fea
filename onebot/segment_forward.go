package onebot

import (
	"context"

	"libration/ntqq/message"
)

func showForward(_ *writer, _ message.Chat, f *message.ForwardSegment, data []field) ([]field, bool) {
	return append(data, field{"id", f.ID}), true
}

func readForward(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	id := seg.get("id")
	if id == "" {
		return nil, badSegment(seg, "id", missing)
	}
	return &message.ForwardSegment{ID: id}, nil
}

func showLongMessage(_ *writer, _ message.Chat, l *message.LongMessageSegment, data []field) ([]field, bool) {
	return append(data, field{"id", l.ID}), true
}

func readLongMessage(_ context.Context, _ reader, _ message.Chat, seg segment) (message.Segment, error) {
	id := seg.get("id")
	if id == "" {
		return nil, badSegment(seg, "id", missing)
	}
	return &message.LongMessageSegment{ID: id}, nil
}

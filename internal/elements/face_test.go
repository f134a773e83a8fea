package elements

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq/message"
)

func TestCompleteFace(t *testing.T) {
	const text, pack, sticker, kind = "/x", "1", "33", 2
	table := func(id uint32) (message.FaceSegment, bool) {
		return message.FaceSegment{Text: text, Pack: pack, Sticker: sticker, StickerType: kind}, id != 999
	}
	tests := []struct {
		name     string
		in, want message.FaceSegment
	}{
		{"old face", message.FaceSegment{ID: 5}, message.FaceSegment{ID: 5}},
		{"small face", message.FaceSegment{ID: 260}, message.FaceSegment{ID: 260, Text: text}},
		{"text of its own", message.FaceSegment{ID: 260, Text: "/y"}, message.FaceSegment{ID: 260, Text: "/y"}},
		{"thrown", message.FaceSegment{ID: 5, Count: 2}, message.FaceSegment{ID: 5, Count: 2, Text: text}},
		{"large", message.FaceSegment{ID: 5, Large: true}, message.FaceSegment{ID: 5, Large: true, Text: text, Pack: pack, Sticker: sticker, StickerType: kind}},
		{"die", message.FaceSegment{ID: message.FaceDice, Text: "/y"},
			message.FaceSegment{ID: message.FaceDice, Text: "/y", Pack: pack, Sticker: sticker, StickerType: kind}},
		{"place of its own", message.FaceSegment{ID: 5, Large: true, StickerType: 3}, message.FaceSegment{ID: 5, Large: true, StickerType: 3, Text: text}},
		{"not in the table", message.FaceSegment{ID: 999, Large: true}, message.FaceSegment{ID: 999, Large: true}},
	}
	for _, tt := range tests {
		in := tt.in
		got := CompleteFace(&in, table)
		if diff := cmp.Diff(&tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.in, in); diff != "" {
			t.Errorf("%s: the caller's face was changed (-want +got):\n%s", tt.name, diff)
		}
	}
	CompleteFace(&message.FaceSegment{ID: 5}, func(uint32) (message.FaceSegment, bool) {
		t.Error("the table is asked for a face that lacks nothing")
		return message.FaceSegment{}, false
	})
}

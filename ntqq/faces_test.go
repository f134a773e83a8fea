package ntqq

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
)

// TestFacesOf: all parts of the table are read, and entries that cannot be.
func TestFacesOf(t *testing.T) {
	t.Parallel()
	face := func(id, text string, sticker ...int32) *oidbpb.Face {
		f := &oidbpb.Face{QSid: id, QDes: proto.String(text)}
		if len(sticker) == 3 {
			f.StickerType, f.StickerPackId, f.StickerId = &sticker[0], &sticker[1], &sticker[2]
		}
		return f
	}
	half := face("5", "/half")
	half.StickerType = proto.Int32(1)
	packs := func(faces ...*oidbpb.Face) *oidbpb.FaceContent {
		return &oidbpb.FaceContent{Packs: []*oidbpb.FacePack{{Faces: faces[:1]}, {Faces: faces[1:]}}}
	}
	got := facesOf(&oidbpb.FaceListResp{
		Common: packs(face("14", "/a"), face("1", "/first", 1, 1, 7), face("2", "/plain"), half,
			face("", "/none"), face("😊", "/emoji"), face("-1", "/minus"), face("4294967296", "/much"), face("4294967295", "/most")),
		Big:   packs(face("1", "/again"), face("2", "/large", 2, 1, 0), face("3", "/other pack", 1, 2, 8), face("4", "/wrong", -1, 1, 8)),
		Magic: &oidbpb.FaceMagicContent{List: &oidbpb.FaceMagicList{Faces: []*oidbpb.Face{face("6", "/\xff"), {QSid: "7"}}}},
	})
	want := map[uint32]Face{
		14:        {ID: 14, Text: "/a"},
		1:         {ID: 1, Text: "/first", Pack: "1", Sticker: "7", StickerType: 1},
		2:         {ID: 2, Text: "/large", Super: true, Pack: "1", Sticker: "0", StickerType: 2},
		3:         {ID: 3, Text: "/other pack", Super: true, Pack: "2", Sticker: "8", StickerType: 1},
		4:         {ID: 4, Text: "/wrong"},
		5:         {ID: 5, Text: "/half"},
		6:         {ID: 6, Text: "/�"},
		7:         {ID: 7},
		1<<32 - 1: {ID: 1<<32 - 1, Text: "/most"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if got := facesOf(&oidbpb.FaceListResp{}); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

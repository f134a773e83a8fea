package server

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/internal/vectors"
)

// written adds the names of all fields that stand in a message, with those around them.
func written(m protoreflect.Message, within string, to map[string]bool) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		name := within + "." + string(f.Name())
		to[name] = true
		switch {
		case f.Kind() != protoreflect.MessageKind:
		case f.IsList():
			for i := range v.List().Len() {
				written(v.List().Get(i).Message(), name, to)
			}
		default:
			written(v.Message(), name, to)
		}
		return true
	})
}

// oldForms are what older clients read, by business type and scene.
var oldForms = map[[2]uint32]proto.Message{
	{1, sceneGroup}: &messagepb.CustomFace{}, {1, scenePrivate}: &messagepb.NotOnlineImage{},
	{2, sceneGroup}: &messagepb.VideoFile{}, {2, scenePrivate}: &messagepb.VideoFile{},
	{3, sceneGroup}: &messagepb.RichText{}, {3, scenePrivate}: &messagepb.RichText{},
}

// answerFields are the fields of the answer to a reservation, those of the old form too,
// and what it is about.
func answerFields(t *testing.T, resp *mediapb.RichMediaResp) (kind [2]uint32, fields map[string]bool) {
	t.Helper()
	ext := resp.GetUpload().GetMsgInfo().GetExtBizInfo()
	kind = [2]uint32{ext.GetBusiType(), ext.GetPic().GetToScene()}
	if oldForms[kind] == nil {
		t.Fatalf("business and scene %v", kind)
	}
	old := oldForms[kind].ProtoReflect().New()
	must(t, pb.Unmarshal(resp.GetUpload().GetCompatMsg(), old.Interface()))
	fields = map[string]bool{}
	written(resp.ProtoReflect(), "", fields)
	written(old, "old", fields)
	return kind, fields
}

// TestVectorsAnswers compares with answers that other clients have read: every field in
// those is in ours, zero or not.
func TestVectorsAnswers(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	ours := map[[2]uint32]map[string]bool{}
	for _, v := range foreignFlows(t, h, vectors.Read[foreignFlow](t, "media.json")) {
		_, resp := c.reserved(&v)
		kind, fields := answerFields(t, resp)
		ours[kind] = fields
	}
	checked := 0
	for _, v := range vectors.Of[struct {
		ID       string
		Response vectors.Hex `json:"rich_media_resp"`
	}](t, "media.json") {
		resp := &mediapb.RichMediaResp{}
		must(t, pb.Unmarshal(v.Response, resp))
		kind, fields := answerFields(t, resp)
		if ours[kind] == nil {
			t.Errorf("%s: no flow has an answer of the kind", v.ID)
		}
		checked++
		for field := range fields {
			if !ours[kind][field] && !strings.HasSuffix(field, ".biz_type") { // absent when it is 0
				t.Errorf("%s: ours has no %s", v.ID, field)
			}
		}
	}
	if checked == 0 {
		t.Error("no answers in the vectors")
	}
}

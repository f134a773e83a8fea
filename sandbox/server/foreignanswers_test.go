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

// answerFields are the fields of the answer to a reservation, those of the old form too.
func answerFields(t *testing.T, kind string, resp *mediapb.RichMediaResp) map[string]bool {
	t.Helper()
	var old proto.Message
	switch kind {
	case "image-group":
		old = &messagepb.CustomFace{}
	case "image-private":
		old = &messagepb.NotOnlineImage{}
	case "record-group", "record-private":
		old = &messagepb.RichText{}
	case "video-group", "video-private":
		old = &messagepb.VideoFile{}
	default:
		t.Fatalf("what is %q?", kind)
	}
	must(t, pb.Unmarshal(resp.GetUpload().GetCompatMsg(), old))
	fields := map[string]bool{}
	written(resp.ProtoReflect(), "", fields)
	written(old.ProtoReflect(), "old", fields)
	return fields
}

// TestForeignAnswers compares with answers that other clients have read: every field in
// those is in ours, zero or not.
func TestForeignAnswers(t *testing.T) {
	h := startMedia(t, Options{})
	c := h.dial().login(bot)
	kindOf := func(id string) string { // "response/py-image-group-png-0"
		_, id, _ = strings.Cut(id, "/")
		parts := strings.Split(strings.TrimPrefix(id, "py-"), "-")
		return parts[0] + "-" + parts[1]
	}
	ours := map[string]map[string]bool{}
	for _, v := range foreignFlows(t, h) {
		_, resp := c.reserved(&v)
		ours[kindOf(v.ID)] = answerFields(t, kindOf(v.ID), resp)
	}
	checked := 0
	for _, v := range vectors.Read[struct {
		ID       string
		Response vectors.Hex `json:"rich_media_resp"`
	}](t, "media.json") {
		if v.Response == nil {
			continue
		}
		checked++
		resp := &mediapb.RichMediaResp{}
		must(t, pb.Unmarshal(v.Response, resp))
		for field := range answerFields(t, kindOf(v.ID), resp) {
			if !ours[kindOf(v.ID)][field] && !strings.HasSuffix(field, ".biz_type") { // absent when it is 0
				t.Errorf("%s: ours has no %s", v.ID, field)
			}
		}
	}
	if checked < 10 {
		t.Errorf("only %d answers", checked)
	}
}

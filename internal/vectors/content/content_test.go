package content

import (
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

func text(s string) *messagepb.Elem {
	return &messagepb.Elem{Text: &messagepb.Text{Str: &s}}
}

func marked(t *testing.T, s string, reserve proto.Message) *messagepb.Elem {
	t.Helper()
	raw, err := pb.Marshal(reserve)
	if err != nil {
		t.Fatal(err)
	}
	e := text(s)
	e.Text.PbReserve = raw
	return e
}

// TestCompare: what agrees with a vector, and what does not.
func TestCompare(t *testing.T) {
	byUID := marked(t, "@Bert", &messagepb.TextReserve{AtType: proto.Uint32(2), AtMemberUid: proto.String("u_b")})
	fallback := marked(t, "[x]", &messagepb.FallbackText{Text: "[x]"})
	zero := text("@Bert")
	zero.Text.Attr6Buf = make([]byte, 13)
	result, err := pb.Marshal(&messagepb.LargeFaceElem{FaceId: proto.Uint32(358), ResultValue: proto.Uint32(4)})
	if err != nil {
		t.Fatal(err)
	}
	numbered := &messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: 37, PbElem: result}}
	noCard := &messagepb.Elem{LightApp: &messagepb.LightApp{Data: []byte("\x00hello")}}
	image := &messagepb.Elem{CustomFace: &messagepb.CustomFace{Md5: make([]byte, 16), OrigUrl: "/a", FilePath: []byte("n")}}
	short := &messagepb.Elem{CustomFace: &messagepb.CustomFace{Md5: []byte{1}}}
	info, err := pb.Marshal(&mediapb.MsgInfo{Body: []*mediapb.MsgInfoBody{{Index: &mediapb.IndexNode{FileUuid: "u", Info: &mediapb.FileInfo{
		FileMd5: strings.Repeat("0", 32), FileName: "n", FileSize: 5,
	}}}}})
	if err != nil {
		t.Fatal(err)
	}
	newer := &messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: 48, BusinessType: proto.Uint32(20), PbElem: info}}
	const (
		imageWanted = `{"element":"image","image_id":"n","url":"http://gchat.qpic.cn/a","md5":"00000000000000000000000000000000"}`
		newerWanted = `{"element":"image","image_id":"n","file_uuid":"u","size":5,"md5":"00000000000000000000000000000000"}`
	)
	picture := func() *message.ImageSegment {
		return &message.ImageSegment{Medium: message.Medium{Name: "n", Size: 5, ID: "u", MD5: make([]byte, 16), Info: info}}
	}
	changed := picture()
	changed.SHA1 = make([]byte, 20)
	lost := picture()
	lost.Info = []byte{1}
	sticker := &messagepb.Elem{MarketFace: &messagepb.MarketFace{FaceId: []byte{1}, Summary: proto.String("[x]")}}
	poke := &messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: 2}}
	unknown := func(e *messagepb.Elem, name string) *message.UnknownSegment {
		raw, err := pb.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return &message.UnknownSegment{Element: name, Raw: raw}
	}
	const stickerWanted = `{"element":"market_face","face_id":"01","summary":"[x]"}`
	for _, tt := range []struct {
		name  string
		want  string
		elems []*messagepb.Elem
		got   message.Content // nil: what is decoded
		agree bool
	}{
		{"text", `[{"element":"text","content":"a"}]`, []*messagepb.Elem{text("a")}, nil, true},
		{"another text", `[{"element":"text","content":"b"}]`, []*messagepb.Elem{text("a")}, nil, false},
		{"less", `[]`, []*messagepb.Elem{text("a")}, nil, false},
		{"more", `[{"element":"text","content":"a"},{"element":"text","content":"a"}]`, []*messagepb.Elem{text("a")}, nil, false},
		{"mention without a number", `[{"element":"at","display":"@Bert","target_uin":0,"target_uid":"u_b"}]`, []*messagepb.Elem{byUID}, nil, true},
		{"mention whose author reads nobody", `[{"element":"at","display":"@Bert","target_uin":0}]`, []*messagepb.Elem{byUID}, nil, true},
		{"mention whose author reads a text", `[{"element":"text","content":"@Bert"}]`, []*messagepb.Elem{byUID}, nil, true},
		{"mention of another", `[{"element":"at","display":"@Bert","target_uin":0,"target_uid":"u_c"}]`, []*messagepb.Elem{byUID}, nil, false},
		{"uid not kept", `[{"element":"text","content":"@Bert"}]`, []*messagepb.Elem{byUID}, message.Content{message.Text("@Bert")}, false},
		{"uid lost", `[{"element":"at","display":"@Bert","target_uin":0}]`, []*messagepb.Elem{byUID}, message.Content{&message.AtSegment{All: true, Display: "@Bert"}}, false},
		{"uid of nobody", `[{"element":"at","display":"@Bert","target_uin":5}]`, []*messagepb.Elem{byUID}, message.Content{&message.AtSegment{UIN: 5, Display: "@Bert"}}, false},
		{"mention of everyone by name", `[{"element":"at","display":"@Bert","target_uin":0,"target_uid":"all"}]`, nil, message.Content{&message.AtSegment{All: true, Display: "@Bert"}}, false},
		{"mention of number 0", `[{"element":"at","display":"@Bert","target_uin":0}]`, []*messagepb.Elem{zero}, nil, true},
		{"mention that is lost", `[{"element":"at","display":"@Bert","target_uin":0}]`, []*messagepb.Elem{text("@Bert")}, nil, false},
		{"result as a number", `[{"element":"face","face_id":358,"is_large_face":true,"result_id":0}]`, []*messagepb.Elem{numbered}, nil, true},
		{"result of nowhere", `[{"element":"face","face_id":358,"is_large_face":true,"result_id":0}]`, []*messagepb.Elem{numbered}, message.Content{&message.FaceSegment{ID: 358, Large: true, Result: 5}}, false},
		{"card that is none", `[{"element":"light_app","content":"hello"}]`, []*messagepb.Elem{noCard}, nil, true},
		{"card that is lost", `[{"element":"light_app","app_name":"a","content":"{\"app\":\"a\"}"}]`, []*messagepb.Elem{noCard}, nil, false},
		{"result", `[{"element":"face","face_id":114,"is_large_face":true,"result_id":"2"}]`, nil, message.Content{&message.FaceSegment{ID: 114, Large: true, Result: 2}}, true},
		{"another result", `[{"element":"face","face_id":114,"is_large_face":true,"result_id":3}]`, nil, message.Content{&message.FaceSegment{ID: 114, Large: true, Result: 2}}, false},
		{"image", `[` + imageWanted + `]`, []*messagepb.Elem{image}, nil, true},
		{"image without a hash", `[{"element":"image","md5":"01"}]`, []*messagepb.Elem{short}, nil, true},
		{"image whose hash is lost", `[{"element":"image","md5":"00000000000000000000000000000001"}]`, []*messagepb.Elem{image}, nil, false},
		{"image of other bytes", `[{"element":"image"}]`, []*messagepb.Elem{image}, message.Content{&message.UnknownSegment{Element: "custom_face", Raw: []byte{0x42, 0}}}, false},
		{"image that is lost", `[` + imageWanted + `]`, []*messagepb.Elem{image}, message.Content{}, false},
		{"voice that is an image", `[{"element":"voice"}]`, []*messagepb.Elem{short}, message.Content{unknown(short, "custom_face")}, false},
		{"image of the new form", `[` + newerWanted + `]`, []*messagepb.Elem{newer}, message.Content{picture()}, true},
		{"image with another hash", `[` + newerWanted + `]`, []*messagepb.Elem{newer}, message.Content{changed}, false},
		{"image with another payload", `[` + newerWanted + `]`, []*messagepb.Elem{newer}, message.Content{lost}, false},
		{"image in both forms", `[` + imageWanted + `,` + newerWanted + `]`, []*messagepb.Elem{image, newer}, nil, true},
		{"old image alone", `[` + imageWanted + `,` + newerWanted + `]`, []*messagepb.Elem{image}, nil, false},
		{"file", `[{"element":"file","file_id":"/f","file_name":"a","file_size":3,"file_md5":"3062"}]`, nil, message.Content{&message.FileSegment{ID: "/f", FileName: "a", Size: 3, MD5: []byte{0x0b}}}, true},
		{"private file", `[{"element":"file","file_uuid":"f","file_hash":"h","file_name":"a","file_md5":"0b"}]`, nil, message.Content{&message.FileSegment{ID: "f", FileName: "a", Hash: "h", MD5: []byte{0x0b}}}, true},
		{"private file with another hash", `[{"element":"file","file_uuid":"f","file_hash":"h"}]`, nil, message.Content{&message.FileSegment{ID: "f", Hash: "i"}}, false},
		{"file of another chat", `[{"element":"file","file_id":"f"}]`, nil, message.Content{&message.FileSegment{ID: "f"}}, false},
		{"file that is not read", `[{"element":"file"}]`, []*messagepb.Elem{{TransElem: &messagepb.TransElem{ElemType: 24}}}, nil, false},
		{"file that is an image", `[{"element":"file"}]`, []*messagepb.Elem{image}, nil, false},
		{"sticker and its text", `[` + stickerWanted + `,{"element":"text","content":"[x]"}]`, []*messagepb.Elem{sticker, fallback}, nil, true},
		{"another sticker", `[{"element":"market_face","face_id":"02","summary":"[x]"}]`, []*messagepb.Elem{sticker}, nil, false},
		{"a text that is lost", `[` + stickerWanted + `,{"element":"text","content":"b"}]`, []*messagepb.Elem{sticker, text("b")}, message.Content{&message.MarketFaceSegment{ID: "01", Summary: "[x]"}}, false},
		{"what the author does not know", `[{"element":"text","content":"a"}]`, []*messagepb.Elem{poke, text("a")}, nil, true},
		{"what nobody knows", `[{"element":"new"}]`, []*messagepb.Elem{text("a")}, nil, false},
	} {
		var want List
		if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got := tt.got
		if got == nil {
			got = elements.Decode(&messagepb.RichText{Elems: tt.elems}, true)
		}
		problem := want.Compare(got, Read(&messagepb.MessageBody{RichText: &messagepb.RichText{Elems: tt.elems}}))
		if (problem == "") != tt.agree {
			t.Errorf("%s: %v is compared with %s: %q, want agreement %v", tt.name, got, tt.want, problem, tt.agree)
		}
	}
}

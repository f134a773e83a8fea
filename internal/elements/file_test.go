package elements

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"libration/internal/pb/messagepb"
	"libration/internal/vectors"
	"libration/ntqq/message"
)

// TestVectorsPrivateFile writes and reads what another client has sent, but for the time at
// which it expires.
func TestVectorsPrivateFile(t *testing.T) {
	n := 0
	for _, v := range vectors.Read[mediaVector](t, "files.json") {
		if len(v.Body) == 0 {
			continue
		}
		n++
		t.Run(v.ID, func(t *testing.T) {
			want := new(messagepb.MessageBody)
			unmarshal(t, v.Body, want)
			seg, ok := DecodeFileContent(want.GetMsgContent()).(*message.FileSegment)
			if !ok || seg.OfGroup() || seg.ID == "" || seg.FileName == "" || seg.Size == 0 || len(seg.MD5) != 16 || seg.Hash == "" {
				t.Fatalf("read %+v", seg)
			}
			got, err := Encode(message.Content{seg}, EncodeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.GetRichText(), got.GetRichText(), protocmp.Transform()); diff != "" {
				t.Errorf("rich text (-want +got):\n%s", diff)
			}
			wantFile, gotFile := new(messagepb.FileContent), new(messagepb.FileContent)
			unmarshal(t, want.GetMsgContent(), wantFile)
			unmarshal(t, got.GetMsgContent(), gotFile)
			gotFile.File.ExpireTime = wantFile.File.ExpireTime
			if diff := cmp.Diff(wantFile, gotFile, protocmp.Transform()); diff != "" {
				t.Errorf("file (-want +got):\n%s", diff)
			}
		})
	}
	if n == 0 {
		t.Error("no vector has a private file")
	}
}

// TestPrivateFileExpires: the time at which it expires is seven days from now.
func TestPrivateFileExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body, err := Encode(message.Content{&message.FileSegment{ID: "f"}}, EncodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var c messagepb.FileContent
		unmarshal(t, body.GetMsgContent(), &c)
		if got, want := c.GetFile().GetExpireTime(), uint64(time.Now().Unix()+7*24*3600); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	})
}

// TestGroupFile: what cannot be understood is kept as it is.
func TestGroupFile(t *testing.T) {
	describe := func(info *messagepb.GroupFileExtraInfo) []byte {
		return mustMarshal(t, &messagepb.GroupFileExtra{FileName: "outer", Inner: &messagepb.GroupFileExtraInner{Info: info}})
	}
	value := func(kind byte, body []byte, more ...byte) []byte {
		return append(append([]byte{kind, byte(len(body) >> 8), byte(len(body))}, body...), more...)
	}
	known := describe(&messagepb.GroupFileExtraInfo{FileId: "/f"})
	file := func(change func(*message.FileSegment)) message.Segment {
		f := &message.FileSegment{ID: "/f", FileName: "outer", BusID: message.BusPermanent}
		change(f)
		return f
	}
	for name, tt := range map[string]struct {
		kind  uint32
		value []byte
		want  message.Segment // nil: unknown
	}{
		"least":        {24, value(1, known), file(func(*message.FileSegment) {})},
		"more behind":  {24, value(1, known, 0xff, 0xff), file(func(*message.FileSegment) {})},
		"cut":          {24, value(1, known)[:len(known)+2], nil},
		"no value":     {24, nil, nil},
		"only a head":  {24, value(1, nil), nil},
		"another kind": {24, value(2, known), nil},
		"another type": {23, value(1, known), nil},
		"no protobuf":  {24, value(1, []byte{0xff}), nil},
		"no id":        {24, value(1, describe(&messagepb.GroupFileExtraInfo{FileName: "a"})), nil},
		"long id":      {24, value(1, describe(&messagepb.GroupFileExtraInfo{FileId: strings.Repeat("a", maxFileID+1)})), nil},
		"long name":    {24, value(1, describe(&messagepb.GroupFileExtraInfo{FileId: "/f", FileName: strings.Repeat("a", maxFileName+1)})), nil},
		"large": {24, value(1, describe(&messagepb.GroupFileExtraInfo{FileId: "/f", FileName: "a", FileSize: 5 << 40, BusId: 104, FileMd5: []byte(strings.Repeat("AB", 16))})),
			file(func(f *message.FileSegment) { f.FileName, f.Size, f.BusID, f.MD5 = "a", 5<<40, 104, someMD5 })},
		"hash that is none": {24, value(1, describe(&messagepb.GroupFileExtraInfo{FileId: "/f", FileMd5: someMD5})), file(func(*message.FileSegment) {})},
	} {
		e := &messagepb.Elem{TransElem: &messagepb.TransElem{ElemType: tt.kind, ElemValue: tt.value}}
		want := tt.want
		if want == nil {
			want = &message.UnknownSegment{Element: "trans_elem", Raw: mustMarshal(t, e)}
		}
		if diff := cmp.Diff(message.Content{want}, Decode(&messagepb.RichText{Elems: []*messagepb.Elem{e}}, true)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestFileContent: a private file stands beside the elements; what names none is kept.
func TestFileContent(t *testing.T) {
	for name, raw := range map[string][]byte{
		"nothing": {}, "no protobuf": {0xff}, "no file": {10, 0},
		"no id":     mustMarshal(t, &messagepb.FileContent{File: &messagepb.NotOnlineFile{FileName: proto.String("a")}}),
		"long id":   mustMarshal(t, &messagepb.FileContent{File: &messagepb.NotOnlineFile{FileUuid: proto.String(strings.Repeat("a", maxFileID+1))}}),
		"long name": mustMarshal(t, &messagepb.FileContent{File: &messagepb.NotOnlineFile{FileUuid: proto.String("f"), FileName: proto.String(strings.Repeat("a", maxFileName+1))}}),
	} {
		u, ok := DecodeFileContent(raw).(*message.UnknownSegment)
		if !ok || u.Element != message.ElementFileContent || !bytes.Equal(u.Raw, raw) {
			t.Errorf("%s: got %+v", name, u)
		}
	}
}

// TestFilesThatAreNotSent: a file that is nowhere, and one whose description is too long.
// A private one within a quote is shown by its name.
func TestFilesThatAreNotSent(t *testing.T) {
	for _, f := range []*message.FileSegment{
		message.File(nil, "a"), {ID: strings.Repeat("a", maxFileID+1)}, {ID: "/a", FileName: strings.Repeat("a", maxFileName+1)}, {ID: "a", Hash: strings.Repeat("a", maxFileID+1)},
	} {
		if body, err := Encode(message.Content{f}, EncodeOptions{}); err == nil {
			t.Errorf("%.20s: sent as %v", f.ID, body)
		}
	}
	group := &message.FileSegment{ID: "/f", FileName: "a", BusID: 102}
	body, err := Encode(message.Content{&message.ReplySegment{Sequence: 1, Content: message.Content{
		group, &message.FileSegment{ID: "f", FileName: "b"}, message.File(nil, "c"),
	}}}, EncodeOptions{Group: true})
	if err != nil {
		t.Fatal(err)
	}
	quote := Decode(body.GetRichText(), true)[0].(*message.ReplySegment)
	if diff := cmp.Diff(message.Content{group, message.Text("[文件] b"), message.Text("[文件] c")}, quote.Content); diff != "" {
		t.Errorf("the quote shows (-want +got):\n%s", diff)
	}
}

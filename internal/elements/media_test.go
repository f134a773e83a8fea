package elements

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/internal/vectors"
	"libration/internal/vectors/content"
	"libration/ntqq/message"
)

// mediaVector is a vector of media that is about messages.
type mediaVector struct {
	ID       string            `json:"id"`
	Kind     string            `json:"kind"`
	Group    bool              `json:"group"`
	RichText vectors.Hex       `json:"rich_text"`
	Body     vectors.Hex       `json:"message_body"`
	Go       []json.RawMessage `json:"lagrangego"`
	Python   []struct {
		Size          uint64 `json:"size"`
		Time          uint32 `json:"time"`
		Width, Height uint32
	} `json:"lagrange_python"`
}

func TestVectorsMedia(t *testing.T) {
	for _, v := range vectors.Of[mediaVector](t, "media.json") {
		t.Run(v.ID, func(t *testing.T) { mediaElements(t, &v) })
	}
}

func TestVectorsMediaBodies(t *testing.T) {
	for _, v := range vectors.Of[mediaVector](t, "media.json") {
		t.Run(v.ID, func(t *testing.T) { mediaBody(t, &v) })
	}
}

// wantedMedia is what LagrangeGo reads, in the words of messages.json.
func wantedMedia(t *testing.T, said []json.RawMessage) (list content.List) {
	t.Helper()
	kinds := map[string]string{"ImageElement": "image", "VoiceElement": "voice", "ShortVideoElement": "short_video", "FileElement": "file"}
	for _, raw := range said {
		var e map[string]any
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		e["element"] = kinds[e["element"].(string)]
		if thumb, ok := e["thumb"].(map[string]any); ok {
			for key, value := range thumb {
				if text, ok := value.(string); ok { // bytes in this file
					b, err := base64.StdEncoding.DecodeString(text)
					if err != nil {
						t.Fatal(err)
					}
					thumb[key] = hex.EncodeToString(b)
				}
			}
		}
		raw, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var one content.Element
		if err := json.Unmarshal(raw, &one); err != nil {
			t.Fatal(err)
		}
		list = append(list, one)
	}
	return list
}

func mediaElements(t *testing.T, v *mediaVector) {
	rt := new(messagepb.RichText)
	unmarshal(t, v.RichText, rt)
	got := Decode(rt, v.Group)
	if problem := wantedMedia(t, v.Go).Compare(got, content.Read(&messagepb.MessageBody{RichText: rt})); problem != "" {
		t.Error(problem)
	}
	for i, want := range v.Python { // reads what the other leaves out
		switch s := got[i].(type) {
		case *message.ImageSegment:
			if s.Size != want.Size || s.Width != want.Width || s.Height != want.Height {
				t.Errorf("got %+v, want %+v", s, want)
			}
		case *message.RecordSegment:
			if s.Size != want.Size || s.Seconds != want.Time {
				t.Errorf("got %+v, want %+v", s, want)
			}
		case *message.VideoSegment:
			if s.Size != want.Size || s.Seconds != want.Time || s.Width != want.Width || s.Height != want.Height {
				t.Errorf("got %+v, want %+v", s, want)
			}
		}
	}
}

// mediaBody sends what another client has sent. That one has the business types of groups
// in private chats too, and keeps nothing of what its answer has for older clients but
// private pictures (docs/protocol/messages.md 7.1).
func mediaBody(t *testing.T, v *mediaVector) {
	want := new(messagepb.MessageBody)
	unmarshal(t, v.Body, want)
	var stored Stored
	var sent message.Content
	for _, e := range want.GetRichText().GetElems() {
		c := e.GetCommonElem()
		if e.NotOnlineImage != nil {
			stored.Compat = mustMarshal(t, e.NotOnlineImage)
		}
		if c == nil {
			continue
		}
		stored.Info = c.GetPbElem()
		for _, seg := range Decode(&messagepb.RichText{Elems: []*messagepb.Elem{e}}, true) {
			sent = append(sent, withStored(t, seg, stored))
		}
		if info := readInfo(e); info.GetBody()[0].GetSource().GetC2C() != nil && c.GetBusinessType() > businessImageGroup {
			c.BusinessType = proto.Uint32(c.GetBusinessType() - 10)
		}
	}
	got, err := Encode(sent, EncodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" || len(sent) != 1 {
		t.Errorf("sent %v (-want +got):\n%s", sent, diff)
	}
}

var (
	someMD5  = bytes.Repeat([]byte{0xab}, 16)
	otherMD5 = bytes.Repeat([]byte{1}, 16)
)

// newElem is a medium of the new form.
func newElem(tb testing.TB, business uint32, sum []byte, name string) *messagepb.Elem {
	tb.Helper()
	info := &mediapb.MsgInfo{Body: []*mediapb.MsgInfoBody{{Index: &mediapb.IndexNode{
		FileUuid: "u", Info: &mediapb.FileInfo{FileMd5: hex.EncodeToString(sum), FileName: name},
	}}}}
	return &messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: serviceMedia, BusinessType: proto.Uint32(business), PbElem: mustMarshal(tb, info)}}
}

func face(sum []byte) *messagepb.Elem {
	return &messagepb.Elem{CustomFace: &messagepb.CustomFace{Md5: sum}}
}
func notOnline(sum []byte) *messagepb.Elem {
	return &messagepb.Elem{NotOnlineImage: &messagepb.NotOnlineImage{PicMd5: sum}}
}
func oldVideo(sum []byte, id string) *messagepb.Elem {
	return &messagepb.Elem{VideoFile: &messagepb.VideoFile{FileMd5: sum, FileUuid: []byte(id)}}
}

// names are the names of segments.
func names(c message.Content) string {
	var list []string
	for _, seg := range c {
		list = append(list, seg.Name())
	}
	return strings.Join(list, " ")
}

// TestMediaInBothForms: an old form beside its new one is not read.
func TestMediaInBothForms(t *testing.T) {
	image, video, voice := newElem(t, businessImageGroup, someMD5, "n"), newElem(t, businessVideoPrivate, someMD5, "n"), newElem(t, businessVoiceGroup, someMD5, "n")
	odd := newElem(t, businessImagePrivate, someMD5, "n")
	odd.CommonElem.PbElem = []byte{8, 1, 0xff}
	empty := newElem(t, businessVideoGroup, nil, "n")
	empty.CommonElem.PbElem = nil
	quote := func(elems ...*messagepb.Elem) *messagepb.Elem {
		m := &messagepb.SourceMsg{OrigSeqs: []uint64{1}}
		for _, e := range elems {
			m.Elems = append(m.Elems, mustMarshal(t, e))
		}
		return &messagepb.Elem{SrcMsg: m}
	}
	for _, tt := range []struct {
		name  string
		elems []*messagepb.Elem
		ptt   *messagepb.Ptt
		group bool
		want  string
	}{
		{"picture before", []*messagepb.Elem{face(someMD5), image}, nil, true, "image"},
		{"picture behind", []*messagepb.Elem{image, notOnline(someMD5)}, nil, true, "image"},
		{"twice", []*messagepb.Elem{face(someMD5), face(someMD5), image, image}, nil, true, "image image"},
		{"another picture", []*messagepb.Elem{face(otherMD5), image}, nil, true, "image image"},
		{"picture beside a video", []*messagepb.Elem{face(someMD5), video}, nil, true, "image video"},
		{"picture beside what is none", []*messagepb.Elem{face(someMD5), odd}, nil, true, "image unknown"},
		{"picture without a hash", []*messagepb.Elem{face(nil), notOnline(nil), {}}, nil, true, ""},
		{"picture with half a hash", []*messagepb.Elem{face(someMD5[:8])}, nil, true, "unknown"},
		{"video", []*messagepb.Elem{oldVideo(otherMD5, "v"), video}, nil, false, "video"},
		{"video beside what is none", []*messagepb.Elem{oldVideo(otherMD5, "v"), empty}, nil, false, "video"},
		{"video beside a picture", []*messagepb.Elem{oldVideo(someMD5, ""), image}, nil, false, "video image"},
		{"video without anything", []*messagepb.Elem{oldVideo(someMD5[:3], "")}, nil, false, "unknown"},
		{"voice by its name", []*messagepb.Elem{voice}, &messagepb.Ptt{FileName: "n", FileMd5: otherMD5}, false, "record"},
		{"voice by its hash", []*messagepb.Elem{voice}, &messagepb.Ptt{FileName: "m", FileMd5: someMD5}, false, "record"},
		{"another voice", []*messagepb.Elem{voice}, &messagepb.Ptt{FileName: "m", FileMd5: otherMD5}, false, "record record"},
		{"voice in a group", []*messagepb.Elem{voice}, &messagepb.Ptt{FileName: "n", FileId: 1, FileMd5: otherMD5}, true, "record"},
		{"voice in a group without a file", nil, &messagepb.Ptt{FileName: "n", FileMd5: otherMD5}, true, ""},
		{"old voice in a group", nil, &messagepb.Ptt{FileId: 1, GroupFileKey: []byte("k")}, true, "record"},
		{"voice without anything", nil, &messagepb.Ptt{FileName: "n"}, false, "unknown"},
		{"voice in a quote", []*messagepb.Elem{{SrcMsg: &messagepb.SourceMsg{OrigSeqs: []uint64{1}, SrcMsg: mustMarshal(t, &messagepb.CommonMessage{
			Body: &messagepb.MessageBody{RichText: &messagepb.RichText{Ptt: &messagepb.Ptt{FileUuid: []byte("p")}}},
		})}}}, nil, false, "reply of record"},
		{"in a quote", []*messagepb.Elem{quote(face(someMD5), image), face(someMD5)}, nil, true, "reply of image image"},
	} {
		rt := &messagepb.RichText{Elems: tt.elems, Ptt: tt.ptt}
		c := Decode(rt, tt.group)
		got := names(c)
		if len(c) > 0 {
			if r, ok := c[0].(*message.ReplySegment); ok {
				got = strings.TrimSpace("reply of " + names(r.Content) + " " + names(c[1:]))
			}
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestOldMedia: what is read of the old forms.
func TestOldMedia(t *testing.T) {
	byMD5 := "https://gchat.qpic.cn/gchatpic_new/0/0-0-ABABABABABABABABABABABABABABABAB/0"
	reserve := func(m proto.Message) []byte { return mustMarshal(t, m) }
	flash := func(f *messagepb.FlashPicElem) *messagepb.Elem {
		return common(serviceFlashPicture, 0, string(mustMarshal(t, f)))
	}
	custom := &messagepb.CustomFace{Md5: someMD5, FilePath: []byte("a\xff"), Width: -1, Height: 2, Size: 3, ImageType: 1001, FileId: 5}
	private := &messagepb.NotOnlineImage{PicMd5: someMD5, FilePath: []byte("b"), PicWidth: 1, PicHeight: 2, FileLen: 3, ImgType: 2000, Original: 1}
	shown := message.ImageSegment{
		Medium: message.Medium{Name: "a\ufffd", Size: 3, MD5: someMD5, URL: "http" + strings.TrimPrefix(byMD5, "https")},
		Height: 2, Format: 1001, Flash: true, Summary: "[闪照]",
	}
	for _, tt := range []struct {
		name string
		elem *messagepb.Elem
		want message.Segment // nil: unknown
	}{
		{"group", &messagepb.Elem{CustomFace: &messagepb.CustomFace{Md5: someMD5, OldData: []byte{0, 0, 0, 0, 0x36}}},
			&message.ImageSegment{Medium: message.Medium{MD5: someMD5, URL: byMD5}, SubType: 1}},
		{"group, said twice", &messagepb.Elem{CustomFace: &messagepb.CustomFace{Md5: someMD5, OldData: []byte{0, 0, 0, 0, 0x36},
			PbReserve: reserve(&messagepb.CustomFaceReserve{SubType: proto.Uint32(0), Summary: proto.String("[s]")})}},
			&message.ImageSegment{Medium: message.Medium{MD5: someMD5, URL: byMD5}, Summary: "[s]"}},
		{"group, of a reserve that is none", &messagepb.Elem{CustomFace: &messagepb.CustomFace{Md5: someMD5, PbReserve: []byte{0xff}}},
			&message.ImageSegment{Medium: message.Medium{MD5: someMD5, URL: byMD5}}},
		{"private", &messagepb.Elem{NotOnlineImage: &messagepb.NotOnlineImage{PicMd5: someMD5, OrigUrl: "/a?term=2",
			PbReserve: reserve(&messagepb.NotOnlineImageReserve{SubType: proto.Uint32(1), Summary: proto.String("[s]"), Url: "/download?appid=1406&fileid=EhSx&rkey=CAQx"})}},
			&message.ImageSegment{Medium: message.Medium{MD5: someMD5, URL: "http://gchat.qpic.cn/a?term=2", ID: "EhSx"}, SubType: 1, Summary: "[s]"}},
		{"video", &messagepb.Elem{VideoFile: &messagepb.VideoFile{FileUuid: []byte("v"), FileName: []byte("n"), FileMd5: someMD5, FileSize: -5, FileTime: 6,
			ThumbWidth: 7, ThumbHeight: -8, ThumbFileMd5: otherMD5, ThumbFileSize: 9}},
			&message.VideoSegment{Medium: message.Medium{Name: "n", ID: "v", MD5: someMD5}, Cover: message.Medium{MD5: otherMD5, Size: 9}, Seconds: 6, Width: 7}},
		{"flash of a group", flash(&messagepb.FlashPicElem{Troop: mustMarshal(t, custom)}), &shown},
		{"flash in the other field", flash(&messagepb.FlashPicElem{C2C: mustMarshal(t, custom)}), &shown},
		{"flash of a private chat", flash(&messagepb.FlashPicElem{Troop: mustMarshal(t, private)}), &message.ImageSegment{
			Medium: message.Medium{Name: "b", Size: 3, MD5: someMD5, URL: shown.URL}, Width: 1, Height: 2, Format: 2000, Flash: true, Summary: "[闪照]"}},
		{"flash without a picture", flash(&messagepb.FlashPicElem{Troop: []byte{8, 1}}), nil},
		{"flash that is none", common(serviceFlashPicture, 0, "\xff"), nil},
	} {
		got := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{tt.elem}}, true)
		want := message.Content{tt.want}
		if tt.want == nil {
			want = message.Content{&message.UnknownSegment{Element: "common_elem 3/0", Raw: mustMarshal(t, tt.elem)}}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if tt.elem.CommonElem != nil { // its text for older clients goes
			if c := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{tt.elem, textElem("[x]")}}, true); len(c) != 1 {
				t.Errorf("%s: got %v, want no text", tt.name, c)
			}
		}
	}
}

// TestOldURL: the path of an old picture is written by whoever sends it.
func TestOldURL(t *testing.T) {
	byMD5 := "https://gchat.qpic.cn/gchatpic_new/0/0-0-ABABABABABABABABABABABABABABABAB/0"
	for path, want := range map[string][2]string{
		"":        {byMD5, ""},
		"/a/b?c=": {"http://gchat.qpic.cn/a/b?c=", ""},
		"/download?appid=1407&fileid=Eh_-x&rkey=CAQx&spec=0": {"https://multimedia.nt.qq.com.cn/download?appid=1407&fileid=Eh_-x&rkey=CAQx&spec=0", "Eh_-x"},
		"/download?appid=1407&fileid=Eh":                     {"", "Eh"},
		"/x?rkey=y":                                          {"https://multimedia.nt.qq.com.cn/x?rkey=y", ""},
		"http://evil.example/":                               {byMD5, ""},
		"//evil.example/a":                                   {byMD5, ""},
		"@evil.example/?rkey=1":                              {byMD5, ""},
		".evil.example/?rkey=1":                              {byMD5, ""},
		":1@evil.example/?rkey=1":                            {byMD5, ""},
		"/a\n":                                               {byMD5, ""},
		"/%zz":                                               {byMD5, ""},
		"/" + strings.Repeat("a", maxOldPath):                {byMD5, ""},
	} {
		if address, id := oldURL(path, someMD5); address != want[0] || id != want[1] {
			t.Errorf("%.60q: got %s, %s, want %s, %s", path, address, id, want[0], want[1])
		}
	}
}

// TestNewMedia: hashes and ids that are none are left out, what says nothing of a file is
// unknown or nothing.
func TestNewMedia(t *testing.T) {
	elem := func(business uint32, bodies ...*mediapb.MsgInfoBody) *messagepb.Elem {
		return common(serviceMedia, business, string(mustMarshal(t, &mediapb.MsgInfo{Body: bodies})))
	}
	body := func(id, md5, sha1 string) *mediapb.MsgInfoBody {
		return &mediapb.MsgInfoBody{Index: &mediapb.IndexNode{FileUuid: id, Info: &mediapb.FileInfo{FileMd5: md5, FileSha1: sha1}}}
	}
	hash := strings.Repeat("aB", 16)
	for name, tt := range map[string]struct {
		elem *messagepb.Elem
		want *message.Medium // nil: see unknown
		kind string
	}{
		"id":                 {elem(10, body("u", "", "")), &message.Medium{ID: "u"}, "image"},
		"hash":               {elem(22, body("", hash, "")), &message.Medium{MD5: someMD5}, "record"},
		"hashes of no kind":  {elem(21, body("u", hash[2:], hash)), &message.Medium{ID: "u"}, "video"},
		"hash of no digits":  {elem(20, body("u", strings.Repeat("x", 32), "")), &message.Medium{ID: "u"}, "image"},
		"id too long":        {elem(12, body(strings.Repeat("u", maxFileID+1), hash, "")), &message.Medium{MD5: someMD5}, "record"},
		"neither":            {elem(20, body("", "", "")), nil, "unknown"},
		"no index":           {elem(11, &mediapb.MsgInfoBody{}), nil, "unknown"},
		"no body":            {elem(20), nil, ""},
		"no payload":         {common(serviceMedia, 20, ""), nil, ""},
		"payload of no kind": {common(serviceMedia, 20, "\xff"), nil, "unknown"},
		"other business":     {elem(30, body("u", hash, "")), nil, "unknown"},
	} {
		c := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{tt.elem}}, true)
		if got := names(c); got != tt.kind {
			t.Errorf("%s: got %s, want %s", name, got, tt.kind)
			continue
		}
		if tt.want == nil {
			continue
		}
		tt.want.Info = tt.elem.CommonElem.PbElem
		if diff := cmp.Diff(tt.want, mediumIn(c[0])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func mediumIn(seg message.Segment) *message.Medium {
	switch s := seg.(type) {
	case *message.ImageSegment:
		return &s.Medium
	case *message.RecordSegment:
		return &s.Medium
	case *message.VideoSegment:
		return &s.Medium
	}
	return nil
}

// TestSentMedia: the elements of what was uploaded, and their order.
func TestSentMedia(t *testing.T) {
	info := func(source *mediapb.MediaSource) []byte {
		return mustMarshal(t, &mediapb.MsgInfo{Body: []*mediapb.MsgInfoBody{{Index: &mediapb.IndexNode{FileUuid: "u"}, Source: source}}})
	}
	group := info(&mediapb.MediaSource{Troop: &mediapb.TroopSource{GroupUin: proto.Uint32(5)}})
	private := info(&mediapb.MediaSource{C2C: &mediapb.C2CSource{}})
	neither := info(nil)
	flags := &messagepb.Elem{GeneralFlags: &messagepb.GeneralFlags{}}
	ptt := &messagepb.Ptt{FileName: "n"}
	voice := mustMarshal(t, &messagepb.RichText{Elems: []*messagepb.Elem{flags}, Ptt: ptt})
	is := func(business uint32, info []byte) *messagepb.Elem {
		return common(serviceMedia, business, string(info))
	}
	nothing := &messagepb.Elem{}
	for _, tt := range []struct {
		name    string
		seg     message.Segment
		stored  Stored
		inGroup bool
		want    []*messagepb.Elem
		ptt     *messagepb.Ptt
	}{
		{"picture in a group", &message.ImageSegment{}, Stored{group, mustMarshal(t, face(someMD5).CustomFace)}, true, []*messagepb.Elem{face(someMD5), is(20, group)}, nil},
		{"picture in a private chat", &message.ImageSegment{}, Stored{private, mustMarshal(t, notOnline(someMD5).NotOnlineImage)}, false, []*messagepb.Elem{notOnline(someMD5), is(10, private)}, nil},
		{"picture without its old form", &message.ImageSegment{}, Stored{group, nil}, true, []*messagepb.Elem{nothing, is(20, group)}, nil},
		{"picture with an old form that is none", &message.ImageSegment{}, Stored{private, []byte{0xff}}, false, []*messagepb.Elem{nothing, is(10, private)}, nil},
		{"picture of the other scene", &message.ImageSegment{}, Stored{private, nil}, true, []*messagepb.Elem{nothing, is(10, private)}, nil},
		{"picture of no scene", &message.ImageSegment{}, Stored{neither, nil}, true, []*messagepb.Elem{nothing, is(20, neither)}, nil},
		{"picture of no scene, private", &message.ImageSegment{}, Stored{neither, nil}, false, []*messagepb.Elem{nothing, is(10, neither)}, nil},
		{"voice in a group", &message.RecordSegment{}, Stored{group, voice}, true, []*messagepb.Elem{is(22, group), flags}, ptt},
		{"voice without its old form", &message.RecordSegment{}, Stored{private, nil}, false, []*messagepb.Elem{is(12, private)}, nil},
		{"voice with an old form that is none", &message.RecordSegment{}, Stored{private, []byte{0xff}}, false, []*messagepb.Elem{is(12, private)}, nil},
		{"video in a group", &message.VideoSegment{}, Stored{group, mustMarshal(t, oldVideo(someMD5, "v").VideoFile)}, true, []*messagepb.Elem{is(21, group), oldVideo(someMD5, "v")}, nil},
		{"video without its old form", &message.VideoSegment{}, Stored{private, nil}, false, []*messagepb.Elem{is(11, private)}, nil},
	} {
		body, err := Encode(message.Content{withStored(t, tt.seg, tt.stored)}, EncodeOptions{Group: tt.inGroup})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(&messagepb.RichText{Elems: tt.want, Ptt: tt.ptt}, body.GetRichText(), protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if mediumIn(tt.seg).Info != nil {
			t.Errorf("%s: the caller's segment was changed", tt.name)
		}
	}
}

// TestMediaNotSent: what was not uploaded, and flash pictures; in quotes they are shown by
// their names, in forwards flash pictures are left out.
func TestMediaNotSent(t *testing.T) {
	flash := &message.ImageSegment{Medium: message.Medium{Info: []byte{10, 0}}, Flash: true, Summary: "[闪照]"}
	for _, tt := range []struct {
		seg   message.Segment
		is    error
		brief string
	}{
		{&message.ImageSegment{}, errNotUploaded, "[图片]"},
		{&message.RecordSegment{}, errNotUploaded, "[语音]"},
		{&message.VideoSegment{}, errNotUploaded, "[视频]"},
		{flash, message.ErrReceivedOnly, "[闪照]"},
	} {
		if _, err := Encode(message.Content{tt.seg}, EncodeOptions{}); !errors.Is(err, tt.is) {
			t.Errorf("%+v: got %v, want %v", tt.seg, err, tt.is)
		}
		elems, err := encodeElems(message.Content{&message.ReplySegment{Sequence: 1, Content: message.Content{tt.seg}}}, EncodeOptions{})
		if err != nil {
			t.Errorf("%+v quoted: %v", tt.seg, err)
			continue
		}
		got := Decode(&messagepb.RichText{Elems: elems}, false)[0].(*message.ReplySegment).Content
		if diff := cmp.Diff(message.Content{message.Text(tt.brief)}, got); diff != "" {
			t.Errorf("%+v quoted (-want +got):\n%s", tt.seg, diff)
		}
	}
	to := &storage{stored: Stored{Info: []byte{10, 0}}}
	ready, err := Upload(t.Context(), to, message.Content{flash})
	if err != nil || ready[0] != message.Segment(flash) {
		t.Errorf("upload of a flash picture: got %v, %v; want it as it is", ready, err)
	}
	payload, err := EncodeForward(message.Forward(message.Node{UIN: 1, Content: message.Content{flash, message.Text("x")}}), Scene{})
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := DecodeForward(payload)
	if err != nil || names(nodes[0].Content) != "text" {
		t.Errorf("a forward of a flash picture: got %v, %v", nodes, err)
	}
}

// TestQuotedMedia: a quote shows a medium by its description, without the empty element
// before it.
func TestQuotedMedia(t *testing.T) {
	picture := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{newElem(t, businessImageGroup, someMD5, "n")}}, true)
	elems, err := encodeElems(message.Content{&message.ReplySegment{Sequence: 1, Content: picture}}, EncodeOptions{Group: true})
	if err != nil || len(elems[0].GetSrcMsg().GetElems()) != 1 {
		t.Fatalf("got %v, %v", elems, err)
	}
	got := Decode(&messagepb.RichText{Elems: elems}, true)[0].(*message.ReplySegment).Content
	if diff := cmp.Diff(picture, got); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
}

// TestForwardedMedia: media in the nodes of a forward come back, those of old forms too.
func TestForwardedMedia(t *testing.T) {
	c := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{
		newElem(t, businessImageGroup, someMD5, "n"), newElem(t, businessVoiceGroup, someMD5, "n"), newElem(t, businessVideoGroup, someMD5, "n"),
	}}, true)
	payload, err := EncodeForward(message.Forward(message.Node{UIN: 1, Group: 5, Content: c}), Scene{Group: 5})
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := DecodeForward(payload)
	if err != nil || len(nodes) != 1 {
		t.Fatalf("got %v, %v", nodes, err)
	}
	if diff := cmp.Diff(c, nodes[0].Content); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
}

// TestNoMediumIsLost: of any elements, each medium in either form is there once, and what
// cannot be read has its bytes.
func TestNoMediumIsLost(t *testing.T) {
	sums := rapid.SampledFrom([][]byte{someMD5, otherMD5, bytes.Repeat([]byte{2}, 16)})
	rapid.Check(t, func(t *rapid.T) {
		var elems []*messagepb.Elem
		newer, older := map[string]int{}, map[string]int{}
		for range rapid.IntRange(0, 8).Draw(t, "elements") {
			sum := sums.Draw(t, "md5")
			switch rapid.IntRange(0, 3).Draw(t, "form") {
			case 0:
				elems = append(elems, face(sum))
				older[string(sum)]++
			case 1:
				elems = append(elems, notOnline(sum))
				older[string(sum)]++
			case 2:
				info := &mediapb.MsgInfo{Body: []*mediapb.MsgInfoBody{{Index: &mediapb.IndexNode{Info: &mediapb.FileInfo{FileMd5: hex.EncodeToString(sum)}}}}}
				raw, err := pb.Marshal(info)
				if err != nil {
					t.Fatal(err)
				}
				elems = append(elems, common(serviceMedia, rapid.SampledFrom([]uint32{10, 20}).Draw(t, "business"), string(raw)))
				newer[string(sum)]++
			case 3:
				elems = append(elems, &messagepb.Elem{})
			}
		}
		got := map[string]int{}
		for _, seg := range Decode(&messagepb.RichText{Elems: elems}, rapid.Bool().Draw(t, "group")) {
			got[string(mediumIn(seg).MD5)]++
		}
		want := newer
		for sum, n := range older {
			if want[sum] == 0 {
				want[sum] = n
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pictures (-want +got):\n%s", diff)
		}
	})
}

package server

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/internal/vectors"
)

// TestVectorsMediaMessages sends the messages of other clients as they sent them: the
// receiver gets each medium once, byte for byte.
func TestVectorsMediaMessages(t *testing.T) {
	h := startMedia(t, Options{})
	c, other := h.dial().login(bot).register(), h.dial().login(alice).register()
	sent := 0
	for i, v := range vectors.Read[struct {
		ID   string
		Args struct{ Group uint64 }
		Body vectors.Hex `json:"message_body"`
	}](t, "media.json") {
		if v.Body == nil || v.Args.Group != 0 && v.Args.Group != uint64(mall) {
			continue
		}
		sent++
		req := &messagepb.PbSendMsgReq{RoutingHead: &messagepb.SendRouting{}, Random: proto.Uint32(uint32(i) + 1)}
		req.Body = &messagepb.MessageBody{}
		must(t, pb.Unmarshal(v.Body, req.Body))
		if v.Args.Group != 0 {
			req.RoutingHead.Group = &messagepb.SendGroup{GroupCode: &v.Args.Group}
		} else {
			uid := h.uidOf(alice)
			req.RoutingHead.C2C = &messagepb.SendC2C{PeerUid: &uid}
		}
		if got := call(c, rpc.SendMessage, req); got.GetResult() != 0 {
			t.Errorf("%s: got %v", v.ID, got)
			continue
		}
		text := pushedText(t, other)
		var media [][]byte
		for _, e := range text.GetElems() {
			if e.CustomFace != nil || e.NotOnlineImage != nil || e.VideoFile != nil || proto.Size(e) == 0 {
				t.Errorf("%s: relayed %v", v.ID, e)
			}
			if isMedia(e) {
				media = append(media, encode(e))
			}
		}
		var want []byte
		for _, e := range req.Body.GetRichText().GetElems() {
			if isMedia(e) {
				want = encode(e)
			}
		}
		if len(media) != 1 || !bytes.Equal(media[0], want) {
			t.Errorf("%s: got %x, want %x", v.ID, media, want)
			continue
		}
		checkVoiceBeside(t, v.ID, text, media, v.Args.Group != 0)
	}
	if sent == 0 {
		t.Skip("no messages in the vectors")
	}
}

// checkVoiceBeside wants the old form of a voice in private chats, and nowhere else.
func checkVoiceBeside(t *testing.T, id string, text *messagepb.RichText, media [][]byte, group bool) {
	t.Helper()
	e, info := &messagepb.Elem{}, &mediapb.MsgInfo{}
	must(t, pb.Unmarshal(media[0], e))
	must(t, pb.Unmarshal(e.GetCommonElem().GetPbElem(), info))
	file := info.GetBody()[0].GetIndex().GetInfo()
	want := file.GetType().GetType() == mediaRecord.fileType && !group
	if (text.GetPtt() != nil) != want || want && text.GetPtt().GetFileName() != file.GetFileName() {
		t.Errorf("%s: beside it: %v", id, text.GetPtt())
	}
}

// pushedText is the content of the next message that a client gets.
func pushedText(t *testing.T, c *client) *messagepb.RichText {
	t.Helper()
	return pushed(t, c.push()).GetBody().GetRichText()
}

// mediaElem is a picture of the new form with these hashes.
func mediaElem(md5, sha1 string) *messagepb.Elem {
	return &messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: serviceMedia, BusinessType: proto.Uint32(20), PbElem: encode(&mediapb.MsgInfo{
		Body: []*mediapb.MsgInfoBody{{Index: &mediapb.IndexNode{Info: &mediapb.FileInfo{FileMd5: md5, FileSha1: sha1, FileName: "a"}}}},
	})}}
}

func TestRelayMedia(t *testing.T) {
	md5, sha1 := strings.Repeat("AB", 16), strings.Repeat("00", 20)
	sum := bytes.Repeat([]byte{0xAB}, 16)
	same := &messagepb.Elem{CustomFace: &messagepb.CustomFace{Md5: sum}}
	samePrivate := &messagepb.Elem{NotOnlineImage: &messagepb.NotOnlineImage{PicMd5: sum}}
	sameVideo := &messagepb.Elem{VideoFile: &messagepb.VideoFile{FileMd5: sum}}
	other := &messagepb.Elem{CustomFace: &messagepb.CustomFace{Md5: []byte("another")}}
	text, empty, medium := textElems("x")[0], &messagepb.Elem{}, mediaElem(md5, sha1)
	nothing := &messagepb.Elem{CommonElem: &messagepb.CommonElem{ServiceType: serviceMedia, PbElem: []byte{0xFF}}}
	type list = []*messagepb.Elem
	for name, tt := range map[string]struct{ in, want list }{
		"old forms alone": {list{same, empty, samePrivate, sameVideo}, list{same, empty, samePrivate, sameVideo}},
		"both forms":      {list{same, medium, samePrivate, sameVideo}, list{medium}},
		"another":         {list{other, medium}, list{other, medium}},
		"empty before":    {list{text, empty, medium, empty}, list{text, medium, empty}},
		"not to be read":  {list{same, nothing}, list{same, nothing}},
		"nil before":      {list{nil, medium}, list{medium}},
		"nil":             {list{nil}, list{nil}},
	} {
		got, err := relayMedia(tt.in)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	for _, bad := range (list{mediaElem("", sha1), mediaElem(md5, ""), mediaElem(md5+"00", sha1), mediaElem(md5, strings.Repeat("x", 40))}) {
		if _, err := relayMedia(list{bad}); err == nil {
			t.Errorf("%v: got no error", bad)
		}
	}
}

// TestOldVoice sends a voice of the old form alone, and to both scenes.
func TestOldVoice(t *testing.T) {
	h := startMedia(t, Options{})
	c, other := h.dial().login(bot).register(), h.dial().login(alice).register()
	ptt := &messagepb.Ptt{FileUuid: []byte("EhSa"), FileName: "a.amr", FileMd5: []byte("0123456789abcdef"), FileSize: 9, FileId: 7, GroupFileKey: []byte("EhSa"), Time: 3, Valid: true}
	for _, group := range []bool{true, false} {
		req := groupText(mall, "", 1)
		if uid := h.uidOf(alice); !group {
			req.RoutingHead = &messagepb.SendRouting{C2C: &messagepb.SendC2C{PeerUid: &uid}}
		}
		req.Body.RichText = &messagepb.RichText{Ptt: ptt}
		if got := call(c, rpc.SendMessage, req); got.GetResult() != 0 {
			t.Fatalf("got %v", got)
		}
		got := pushedText(t, other).GetPtt()
		if string(got.GetFileUuid()) != "EhSa" || got.GetFileName() != "a.amr" || got.GetFileSize() != 9 || got.GetTime() != 3 || (got.GetFileId() != 0) != group && group {
			t.Errorf("in a group %v: got %v", group, got)
		}
	}
	// Beside a picture it is left out.
	req := groupText(mall, "", 2)
	req.Body.RichText = &messagepb.RichText{Ptt: ptt, Elems: []*messagepb.Elem{mediaElem(strings.Repeat("00", 16), strings.Repeat("00", 20))}}
	call(c, rpc.SendMessage, req)
	if got := pushedText(t, other); got.GetPtt() != nil {
		t.Errorf("got %v", got)
	}
	req = groupText(mall, "", 3)
	req.Body.RichText.Elems = []*messagepb.Elem{mediaElem("", "")}
	if got := call(c, rpc.SendMessage, req); got.GetResult() != 55 {
		t.Errorf("without hashes: got %v", got)
	}
}

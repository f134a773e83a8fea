package ntqq

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"libration/internal/elements"
	"libration/internal/highway"
	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/internal/vectors"
	"libration/ntqq/media/picture"
	"libration/ntqq/message"
)

// mediaArgs are the arguments of vectors about media.
type mediaArgs struct {
	TGT       string
	SelfUID   string `json:"self_uid"`
	TargetUID string `json:"target_uid"`
	Node      nodeArg
	Image     *fileArg
	Voice     *fileArg
	Video     *videoArg

	fileBytes []byte // of the vector itself
}

type nodeArg struct {
	FileUUID   string `json:"file_uuid"`
	StoreID    uint32 `json:"store_id"`
	UploadTime uint32 `json:"upload_time"`
	TTL        uint32
	SubType    uint32 `json:"sub_type"`
	Info       struct {
		FileHash      string `json:"file_hash"`
		FileName      string `json:"file_name"`
		FileSHA1      string `json:"file_sha1"`
		FileSize      uint32 `json:"file_size"`
		Height, Width uint32
		Original      uint32
		Time          uint32
		Type          struct {
			PicFormat uint32 `json:"pic_format"`
			Type      uint32
		}
	}
}

func (n nodeArg) node() *mediapb.IndexNode {
	return &mediapb.IndexNode{
		FileUuid: n.FileUUID, StoreId: n.StoreID, UploadTime: n.UploadTime, Ttl: n.TTL, SubType: n.SubType,
		Info: &mediapb.FileInfo{
			FileSize: n.Info.FileSize, FileMd5: n.Info.FileHash, FileSha1: n.Info.FileSHA1, FileName: n.Info.FileName,
			Type: &mediapb.FileType{Type: n.Info.Type.Type, PicFormat: n.Info.Type.PicFormat}, Width: n.Info.Width, Height: n.Info.Height,
			Time: n.Info.Time, Original: n.Info.Original,
		},
	}
}

// fileArg is a file, and what is said of a picture or a voice.
type fileArg struct {
	MD5, SHA1     vectors.Hex
	Size          uint64
	Height, Width uint32
	SubType       uint32 `json:"sub_type"`
	Summary       string
	Duration      uint32
	Bytes         vectors.Hex
	Pattern       uint64
}

type videoArg struct {
	fileArg
	Thumb fileArg
}

func (f *fileArg) medium(name string) message.Medium {
	return message.Medium{Name: name, Size: f.Size, MD5: f.MD5, SHA1: f.SHA1}
}

// picture is a segment of a picture whose head these bytes are.
func (f *fileArg) picture(t *testing.T, b []byte) *message.ImageSegment {
	t.Helper()
	info, err := picture.Read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return &message.ImageSegment{
		Medium: f.medium(hex.EncodeToString(f.MD5) + "." + info.Extension), Width: info.Width, Height: info.Height, Format: info.Format,
		SubType: f.SubType, Summary: f.Summary,
	}
}

func (f *fileArg) voice() *message.RecordSegment {
	return &message.RecordSegment{Medium: f.medium(hex.EncodeToString(f.MD5) + ".amr"), Seconds: f.Duration}
}

func (f *fileArg) video(thumb *fileArg) *message.VideoSegment {
	return &message.VideoSegment{
		Medium: f.medium(videoName), Cover: thumb.medium(coverName), Seconds: f.Duration, Width: thumb.Width, Height: thumb.Height,
	}
}

func urlRow(kind *mediaKind) func(*testing.T, requestArgs) (string, []byte) {
	return func(t *testing.T, a requestArgs) (string, []byte) {
		w := where{kind: kind, node: a.Node.node(), inGroup: a.Group != 0, group: GroupCode(a.Group)}
		return encoded(t, kind.url.in(w.inGroup), urlRequest(w, UID(a.SelfUID)))
	}
}

func reserveRow(kind *mediaKind) func(*testing.T, requestArgs) (string, []byte) {
	return func(t *testing.T, a requestArgs) (string, []byte) {
		var seg message.Segment
		switch kind {
		case imageKind:
			seg = a.Image.picture(t, a.fileBytes)
		case recordKind:
			seg = a.Voice.voice()
		default:
			seg = a.Video.video(&a.Video.Thumb)
		}
		to := target{group: GroupCode(a.Group), peer: UID(a.TargetUID)}
		return encoded(t, kind.reserve.in(a.Group != 0), reserveRequest(kind, to, "", seg, knownFiles(seg), true))
	}
}

func readKeysVector(_ *testing.T, body []byte, first json.RawMessage) (got, want any, err error) {
	resp, err := rpc.MediaKeys.DecodeResponse(body)
	var parsed map[string]struct {
		Created int64  `json:"create_time"`
		Expire  int64  `json:"expire_time"`
		Key     string `json:"r_key"`
		Type    uint32 `json:"r_key_type"`
	}
	_ = json.Unmarshal(first, &parsed)
	var keys []Rkey
	for _, name := range slices.Sorted(maps.Keys(parsed)) {
		k := parsed[name]
		keys = append(keys, Rkey{Type: k.Type, Key: k.Key, Created: k.Created, TTL: uint64(k.Expire - k.Created)})
	}
	return keysOf(resp, time.Unix(0, 0)), keys, err
}

type flowVector struct {
	ID, Kind, Call string
	Args           struct {
		mediaFileArgs
		Group           uint64
		PeerUID         string `json:"peer_uid"`
		ThumbnailWidth  uint32 `json:"thumbnail_width"`
		ThumbnailHeight uint32 `json:"thumbnail_height"`
		Thumbnail       *fileArg
	}
	Requests []struct {
		Command        string
		Body, Response vectors.Hex
		Volatile       []string
	}
	Highway []struct {
		CommandID  uint32      `json:"command_id"`
		ExtendInfo vectors.Hex `json:"extend_info"`
		FileMD5    vectors.Hex `json:"file_md5"`
		FileSize   uint64      `json:"file_size"`
	}
	MessageBody vectors.Hex `json:"message_body"`
	Error       string
}

type mediaFileArgs struct {
	File     fileArg
	Duration uint32
	SubType  uint32 `json:"sub_type"`
	Summary  string
}

// TestVectorsMediaFlows checks whole uploads: the reservation, what goes with the blocks,
// and the body of the message.
func TestVectorsMediaFlows(t *testing.T) {
	for _, v := range vectors.Of[flowVector](t, "media.json") {
		t.Run(v.ID, v.check)
	}
}

func (v *flowVector) check(t *testing.T) {
	seg := v.segment(t)
	kind, _ := mediumOf(seg)
	group := v.Args.Group != 0
	to := target{group: GroupCode(v.Args.Group), peer: UID(v.Args.PeerUID)}
	files := knownFiles(seg)
	command, body := encoded(t, kind.reserve.in(group), reserveRequest(kind, to, "", seg, files, true))
	if command != v.Requests[0].Command {
		t.Errorf("command: got %s, want %s", command, v.Requests[0].Command)
	}
	want := []byte(v.Requests[0].Body)
	for _, path := range append(v.Requests[0].Volatile, v.differs(kind, group)...) {
		body, want = without(t, body, path), without(t, want, path)
	}
	if !slices.Equal(body, want) {
		t.Errorf("request\n got %x\nwant %x", body, want)
	}
	r, err := readReservation(kind.reserve.in(group), v.Requests[0].Response, files)
	if v.Error != "" {
		if err == nil || !strings.Contains(err.Error(), v.Error) {
			t.Errorf("got %v, want %q", err, v.Error)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	v.checkBlocks(t, kind, group, files, r)
	v.checkMessage(t, seg, group, r)
}

// differs are the parts that media.md has otherwise: pictures of private chats have their
// reserve in another field, and voices have no summary.
func (v *flowVector) differs(kind *mediaKind, group bool) []string {
	switch {
	case kind == imageKind && !group:
		return []string{"4.2.6.1.11", "4.2.6.1.12"}
	case kind == recordKind:
		return []string{"4.2.6.1.2"}
	}
	return nil
}

func (v *flowVector) segment(t *testing.T) message.Segment {
	f := v.Args.File
	f.Duration, f.SubType, f.Summary = v.Args.Duration, v.Args.SubType, v.Args.Summary
	switch {
	case v.Args.Thumbnail != nil:
		thumb := *v.Args.Thumbnail
		thumb.Width, thumb.Height = v.Args.ThumbnailWidth, v.Args.ThumbnailHeight
		return f.video(&thumb)
	case strings.Contains(v.Call, "record"):
		return f.voice()
	}
	return f.picture(t, f.Bytes)
}

// checkBlocks compares what goes with the blocks of each file that is uploaded.
func (v *flowVector) checkBlocks(t *testing.T, kind *mediaKind, group bool, files []*uploadFile, r *reservation) {
	t.Helper()
	sent := 0
	for i, p := range r.places {
		if p.ukey == "" {
			if !r.bodies[i].GetFileExist() {
				t.Error("a file that the service has does not exist, by what it says")
			}
			continue
		}
		command := kind.command
		if i > 0 {
			command = kind.cover
		}
		if sent == len(v.Highway) {
			t.Fatalf("file %d would be sent, want %d files", i, sent)
		}
		want := v.Highway[sent]
		sent++
		if command.in(group) != want.CommandID || !slices.Equal(files[i].md5, want.FileMD5) || files[i].size != want.FileSize {
			t.Errorf("file %d: command %d, md5 %x, %d bytes, want %+v", i, command.in(group), files[i].md5, files[i].size, want)
		}
		var ext mediapb.RichMediaHighwayExt
		if err := pb.Unmarshal(want.ExtendInfo, &ext); err != nil {
			t.Fatal(err)
		}
		states := make([][20]byte, len(ext.GetHash().GetFileSha1())) // made elsewhere
		for j, s := range ext.GetHash().GetFileSha1() {
			states[j] = [20]byte(s)
		}
		got, err := highway.Ext{
			FileUUID: r.bodies[i].GetIndex().GetFileUuid(), UKey: p.ukey, Addrs: p.addrs, MsgInfo: r.info, SHA1: states,
		}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var ours mediapb.RichMediaHighwayExt
		if err := pb.Unmarshal(got, &ours); err != nil {
			t.Fatal(err)
		}
		known(ours.GetMsgInfoBody())
		known(ext.GetMsgInfoBody())
		if diff := cmp.Diff(&ext, &ours, protocmp.Transform()); diff != "" {
			t.Errorf("file %d: extra information: want -, got +\n%s", i, diff)
		}
	}
	if sent != len(v.Highway) {
		t.Errorf("%d files are sent, want %d", sent, len(v.Highway))
	}
}

// checkMessage compares what the message has in it: the description as it came.
func (v *flowVector) checkMessage(t *testing.T, seg message.Segment, group bool, r *reservation) {
	t.Helper()
	if len(v.MessageBody) == 0 {
		return
	}
	ready, m := message.CopyMedium(seg)
	m.Info, m.Compat = r.info, r.compat
	body, err := elements.Encode(message.Content{ready}, elements.EncodeOptions{Group: group})
	if err != nil {
		t.Fatal(err)
	}
	var sent messagepb.MessageBody
	if err := pb.Unmarshal(v.MessageBody, &sent); err != nil {
		t.Fatal(err)
	}
	got, want := descriptions(t, body), descriptions(t, &sent)
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("message: want -, got +\n%s", diff)
	}
}

// descriptions are those of the files of the media in a message.
func descriptions(t *testing.T, body *messagepb.MessageBody) (all []*mediapb.MsgInfoBody) {
	t.Helper()
	for _, e := range body.GetRichText().GetElems() {
		if c := e.GetCommonElem(); c.GetServiceType() == 48 {
			var info mediapb.MsgInfo
			if err := pb.Unmarshal(c.GetPbElem(), &info); err != nil {
				t.Fatal(err)
			}
			all = append(all, known(info.GetBody())...)
		}
	}
	return all
}

// known takes away what that client does not know, and so does not hand on: ours hands on
// descriptions as they come.
func known(bodies []*mediapb.MsgInfoBody) []*mediapb.MsgInfoBody {
	for _, b := range bodies {
		b.Source.RequestType, b.Source.BusinessType, b.Source.SceneType = nil, nil, nil
	}
	return bodies
}

package content

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// mediaKinds are our names of the vectors' media, and those of the elements that they are
// when they cannot be understood.
var mediaKinds = map[string]struct {
	segment  string
	elements []string
}{
	"image":       {"image", []string{"custom_face", "not_online_image", "common_elem 48/10", "common_elem 48/20", "common_elem 3/"}},
	"voice":       {"record", []string{"common_elem 48/12", "common_elem 48/22", message.ElementPtt}},
	"short_video": {"video", []string{"common_elem 48/11", "common_elem 48/21", "video_file"}},
}

// fileKind is a file as the vectors write it.
const fileKind = "file"

// File is a file as the vectors write it.
type File struct {
	ID   string `json:"file_id"`   // of groups
	UUID string `json:"file_uuid"` // of private chats
	Hash string `json:"file_hash"`
	Name string `json:"file_name"`
	Size uint64 `json:"file_size"`
	MD5  string `json:"file_md5"` // of a group's file the digits of its hexadecimal form
}

// agrees compares a file with what a vector says of it.
func (f *File) agrees(got *message.FileSegment) bool {
	sum := hex.EncodeToString(got.MD5)
	if got.OfGroup() {
		sum = hex.EncodeToString([]byte(sum))
	}
	return got.ID == f.ID+f.UUID && got.OfGroup() == (f.UUID == "") && got.Hash == f.Hash && got.FileName == f.Name && got.Size == f.Size && sum == f.MD5
}

// Medium is a picture, voice or video as the vectors write it.
type Medium struct {
	FileUUID string `json:"file_uuid"`
	UUID     string `json:"uuid"`
	Flash    bool   `json:"flash"`
	Width    uint32 `json:"width"`
	Height   uint32 `json:"height"`
	ImageID  string `json:"image_id"`
	Name     string `json:"name"`
	MD5      string `json:"md5"`
	SHA1     string `json:"sha1"`
	Size     uint64 `json:"size"`
	SubType  uint32 `json:"sub_type"`
	Summary  string `json:"summary"`
	URL      string `json:"url"`
	Duration uint32 `json:"duration"`
	Node     struct {
		FileUUID string `json:"file_uuid"`
	} `json:"node"`
	Thumb struct {
		MD5    string `json:"md5"`
		SHA1   string `json:"sha1"`
		Size   uint64 `json:"size"`
		Width  uint32 `json:"width"`
		Height uint32 `json:"height"`
	} `json:"thumb"`
}

// differsFromMedium is [Element.differs] for media.
func (e *Element) differsFromMedium(seg message.Segment) string {
	different := fmt.Sprintf("got %s %+v, want %s %+v", seg.Name(), seg, e.Kind, e.medium)
	same := false
	switch s := seg.(type) {
	case *message.ImageSegment:
		same = e.Kind == "image" && e.medium.agrees(&s.Medium) && s.Flash == e.medium.Flash && s.SubType == e.medium.SubType &&
			s.Summary == e.medium.Summary && s.Width == e.medium.Width && s.Height == e.medium.Height && s.Medium.Name == e.medium.ImageID &&
			s.Size == e.medium.Size && (s.URL == e.medium.URL || s.URL == "" && s.ID != "")
	case *message.RecordSegment: // the author reads the length of the new form only
		same = e.Kind == "voice" && e.medium.agrees(&s.Medium) && s.Medium.Name == e.medium.Name && (e.medium.Duration == 0 || s.Seconds == e.medium.Duration)
	case *message.VideoSegment: // the author reads no length
		t := &e.medium.Thumb
		same = e.Kind == "short_video" && e.medium.agrees(&s.Medium) && s.Medium.Name == e.medium.Name && s.Size == e.medium.Size &&
			hex.EncodeToString(s.Cover.MD5) == t.MD5 && hex.EncodeToString(s.Cover.SHA1) == t.SHA1 && s.Cover.Size == t.Size &&
			(t.Width == 0 || s.Width == t.Width && s.Height == t.Height)
	case *message.UnknownSegment: // ours: a hash of another length is none
		same = len(e.medium.MD5) != 32 && slices.ContainsFunc(mediaKinds[e.Kind].elements, func(name string) bool { return strings.HasPrefix(s.Element, name) })
	}
	if same {
		return ""
	}
	return different
}

// agrees compares by what the service knows a medium. The author takes no uuid out of an
// address.
func (m *Medium) agrees(got *message.Medium) bool {
	id := m.FileUUID + m.UUID
	if m.Node.FileUUID != "" {
		id = m.Node.FileUUID
	}
	return hex.EncodeToString(got.MD5) == m.MD5 && hex.EncodeToString(got.SHA1) == m.SHA1 &&
		(got.ID == id || id == "" && got.SHA1 == nil)
}

// checkMedium compares a medium with the message itself: one of the new form has one of its
// payloads, and says what that says.
func (w *Wire) checkMedium(seg message.Segment) string {
	m, kind := mediumIn(seg)
	if m == nil || m.Info == nil {
		return ""
	}
	for _, e := range w.elems {
		if c := e.GetCommonElem(); c.GetServiceType() != 48 || c.GetBusinessType()%10 != kind || !bytes.Equal(c.GetPbElem(), m.Info) {
			continue
		}
		var info mediapb.MsgInfo
		if err := pb.Unmarshal(m.Info, &info); err != nil {
			return err.Error()
		}
		said := []*mediapb.FileInfo{info.GetBody()[0].GetIndex().GetInfo()}
		got := []*message.Medium{m}
		if v, ok := seg.(*message.VideoSegment); ok && len(info.GetBody()) > 1 {
			said, got = append(said, info.GetBody()[1].GetIndex().GetInfo()), append(got, &v.Cover)
		}
		for i, f := range said {
			if got[i].Name != f.GetFileName() || got[i].Size != uint64(f.GetFileSize()) || got[i].ID != info.GetBody()[i].GetIndex().GetFileUuid() ||
				!strings.EqualFold(hex.EncodeToString(got[i].MD5), f.GetFileMd5()) || !strings.EqualFold(hex.EncodeToString(got[i].SHA1), f.GetFileSha1()) {
				return fmt.Sprintf("got %s %+v, the message says %v", seg.Name(), seg, &info)
			}
		}
		return ""
	}
	return fmt.Sprintf("the message has no %s with the payload %x", seg.Name(), m.Info)
}

// mediumIn is nil for another segment; kind is the last digit of its business types.
func mediumIn(seg message.Segment) (m *message.Medium, kind uint32) {
	switch s := seg.(type) {
	case *message.ImageSegment:
		return &s.Medium, 0
	case *message.VideoSegment:
		return &s.Medium, 1
	case *message.RecordSegment:
		return &s.Medium, 2
	}
	return nil, 0
}

// isOlder tells of a medium in a vector that it is of an old form and stands beside its new
// form: we show it once (docs/protocol/media.md 2.6).
func (w *Wire) isOlder(e *Element) bool {
	if e.medium == nil || e.medium.SHA1 != "" {
		return false
	}
	return slices.ContainsFunc(w.elems, func(elem *messagepb.Elem) bool {
		var info mediapb.MsgInfo
		c := elem.GetCommonElem()
		if c.GetServiceType() != 48 || pb.Unmarshal(c.GetPbElem(), &info) != nil || len(info.GetBody()) == 0 {
			return false
		}
		switch c.GetBusinessType() % 10 {
		case 0:
			return e.Kind == "image" && strings.EqualFold(info.GetBody()[0].GetIndex().GetInfo().GetFileMd5(), e.medium.MD5)
		case 1: // whatever the video (docs/protocol/messages.md 7.4)
			return e.Kind == "short_video"
		case 2:
			f := info.GetBody()[0].GetIndex().GetInfo()
			return e.Kind == "voice" && (strings.EqualFold(f.GetFileMd5(), e.medium.MD5) || f.GetFileName() == e.medium.Name)
		}
		return false
	})
}

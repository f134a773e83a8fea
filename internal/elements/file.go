package elements

import (
	"encoding/binary"
	"encoding/hex"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// File is a file that a message announces.
type File struct {
	ID, Name string
	Size     uint64
	BusID    uint32 // of groups
	MD5      string // hexadecimal; of private files perhaps of their beginning only
	Hash     string // of private files: goes with the ID
}

// elemTypeFile is the type of a trans_elem with a group file.
const elemTypeFile = 24

// ReadFile reads the file that a segment stands for; ok is false when it stands for none
// (docs/protocol/messages.md 7.5, 7.6).
func ReadFile(s message.Segment) (f File, ok bool) {
	u, unknown := s.(*message.UnknownSegment)
	switch {
	case !unknown:
		return File{}, false
	case u.Element == message.ElementFileContent:
		return privateFile(u.Raw)
	}
	var e messagepb.Elem
	if u.Element != "trans_elem" || pb.Unmarshal(u.Raw, &e) != nil {
		return File{}, false
	}
	return groupFile(e.GetTransElem())
}

func privateFile(raw []byte) (File, bool) {
	var c messagepb.FileContent
	if pb.Unmarshal(raw, &c) != nil {
		return File{}, false
	}
	f := c.GetFile()
	return File{
		ID: f.GetFileUuid(), Name: f.GetFileName(), Size: f.GetFileSize(), MD5: hex.EncodeToString(f.GetFileMd5()), Hash: f.GetFileHash(),
	}, f.GetFileUuid() != ""
}

func groupFile(t *messagepb.TransElem) (File, bool) {
	v := t.GetElemValue()
	if t.GetElemType() != elemTypeFile || len(v) < 3 || v[0] != 1 {
		return File{}, false
	}
	body := v[3:]
	if n := int(binary.BigEndian.Uint16(v[1:])); n < len(body) {
		body = body[:n]
	}
	var extra messagepb.GroupFileExtra
	if pb.Unmarshal(body, &extra) != nil {
		return File{}, false
	}
	info := extra.GetInner().GetInfo()
	f := File{ID: info.GetFileId(), Name: info.GetFileName(), Size: info.GetFileSize(), BusID: info.GetBusId(), MD5: pb.Text(info.GetFileMd5())}
	if f.Name == "" {
		f.Name = extra.GetFileName()
	}
	return f, f.ID != ""
}

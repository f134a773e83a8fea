package elements

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

const (
	// elemTypeFile is the type of a trans_elem with a group file.
	elemTypeFile = 24
	// typeGroupFile is GroupFileExtra.field1.
	typeGroupFile = 6
	// subCmdFile is NotOnlineFile.sub_cmd.
	subCmdFile = 1

	// maxFileName bounds the names of files, in bytes; those of the service have 255.
	maxFileName = 1024
	// fileLife is how long the message of a private file says that it lives.
	fileLife = 7 * 24 * time.Hour
)

// errFileTooLong is why a file cannot be written whose description is too long for its
// length.
var errFileTooLong = errors.New("its name or id is too long")

// decodeFile reads a file of a group. What is none stays unknown.
func decodeFile(d *decoder, e *messagepb.Elem) {
	if f := groupFile(e.GetTransElem()); f != nil {
		d.add(f)
		return
	}
	d.addUnknown(e)
}

// groupFile reads 01, a length and the description; nil for what has no file.
func groupFile(t *messagepb.TransElem) *message.FileSegment {
	v := t.GetElemValue()
	if t.GetElemType() != elemTypeFile || len(v) < 3 || v[0] != 1 {
		return nil
	}
	body := v[3:]
	if n := int(binary.BigEndian.Uint16(v[1:])); n < len(body) {
		body = body[:n]
	}
	var extra messagepb.GroupFileExtra
	if pb.Unmarshal(body, &extra) != nil {
		return nil
	}
	info := extra.GetInner().GetInfo()
	f := &message.FileSegment{
		ID: fileID(info.GetFileId()), FileName: info.GetFileName(), Size: info.GetFileSize(), BusID: info.GetBusId(),
		MD5: hexHash(string(info.GetFileMd5()), md5.Size),
	}
	if f.FileName == "" {
		f.FileName = extra.GetFileName()
	}
	if f.ID == "" || len(f.FileName) > maxFileName {
		return nil
	}
	if f.BusID == 0 {
		f.BusID = message.BusPermanent
	}
	return f
}

// DecodeFileContent reads the description of a private file, an encoded FileContent. One
// that names no file becomes a [message.UnknownSegment].
func DecodeFileContent(raw []byte) message.Segment {
	var c messagepb.FileContent
	f := &message.FileSegment{}
	if pb.Unmarshal(raw, &c) == nil {
		n := c.GetFile()
		f = &message.FileSegment{
			ID: fileID(n.GetFileUuid()), FileName: n.GetFileName(), Size: n.GetFileSize(), MD5: hash(n.GetFileMd5()), Hash: fileID(n.GetFileHash()),
		}
	}
	if f.ID == "" || len(f.FileName) > maxFileName {
		return &message.UnknownSegment{Element: message.ElementFileContent, Raw: raw}
	}
	return f
}

// file writes a file of a group as an element, one of a private chat beside them. Only
// nodes of forwards and quotes carry what this makes of a group's file: in the group itself
// the service writes the message (docs/protocol/messages.md 7.5).
func (w *encoder) file(f *message.FileSegment) error {
	switch {
	case f.ID == "":
		return errNotUploaded
	case len(f.ID) > maxFileID || len(f.FileName) > maxFileName || len(f.Hash) > maxFileID:
		return errFileTooLong
	case f.OfGroup():
		return w.groupFile(f)
	}
	raw, err := pb.Marshal(&messagepb.FileContent{File: &messagepb.NotOnlineFile{
		FileType: proto.Uint32(0), FileUuid: proto.String(pb.Text(f.ID)), FileMd5: f.MD5,
		FileName: proto.String(pb.Text(f.FileName)), FileSize: proto.Uint64(f.Size),
		SubCmd: proto.Uint32(subCmdFile), DangerLevel: proto.Uint32(0),
		ExpireTime: proto.Uint64(uint64(time.Now().Add(fileLife).Unix())), FileHash: proto.String(pb.Text(f.Hash)),
	}})
	w.body.MsgContent = raw
	return err
}

func (w *encoder) groupFile(f *message.FileSegment) error {
	bus := f.BusID
	if bus == 0 {
		bus = message.BusPermanent
	}
	name := pb.Text(f.FileName)
	body, err := pb.Marshal(&messagepb.GroupFileExtra{
		Field1: typeGroupFile, FileName: name, Display: proto.String(""),
		Inner: &messagepb.GroupFileExtraInner{Info: &messagepb.GroupFileExtraInfo{
			BusId: bus, FileId: pb.Text(f.ID), FileSize: f.Size, FileName: name, Field5: proto.Uint32(0), Ext: proto.String(""),
			FileMd5: []byte(hex.EncodeToString(f.MD5)),
		}},
	})
	if err != nil {
		return err
	}
	value := binary.BigEndian.AppendUint16([]byte{1}, uint16(len(body)))
	w.add(&messagepb.Elem{TransElem: &messagepb.TransElem{ElemType: elemTypeFile, ElemValue: append(value, body...)}})
	return nil
}

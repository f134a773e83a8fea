package server

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// groupFileBus is the kind of storage of files in groups.
const groupFileBus = 102

// SendFile sends a message that announces a file, to a group or, with group 0, to a
// friend. The file has a name and a size, and no content: nobody can download it. The
// error is the world's.
func (s *Server) SendFile(from message.UIN, group message.GroupCode, to message.UIN, name string, size uint64) (*world.Message, error) {
	if name == "" || len(name) > 255 {
		return nil, world.Refuse(world.BadRequest, "a file needs a name of at most 255 bytes")
	}
	sum := md5.Sum(fmt.Appendf(nil, "%s %d", name, size))
	id := hex.EncodeToString(sum[:])
	send := world.Send{From: from, To: to}
	if group == 0 {
		send.File = encode(&messagepb.FileContent{File: &messagepb.NotOnlineFile{
			FileType: proto.Uint32(0), FileUuid: proto.String(id), FileMd5: sum[:], FileName: proto.String(name),
			FileSize: proto.Uint64(size), SubCmd: proto.Uint32(1), DangerLevel: proto.Uint32(0), FileHash: proto.String(id),
		}})
	} else {
		send = world.Send{From: from, Group: group, Parts: world.Parts(groupFile("/"+id, name, size, id))}
	}
	return s.world.Messages().Send(send, nil)
}

// groupFile is the element of a file (docs/protocol/messages.md 7.5).
func groupFile(id, name string, size uint64, md5 string) message.Segment {
	body := encode(&messagepb.GroupFileExtra{
		Field1: 6, FileName: name,
		Inner: &messagepb.GroupFileExtraInner{Info: &messagepb.GroupFileExtraInfo{
			BusId: groupFileBus, FileId: id, FileSize: size, FileName: name, Field5: proto.Uint32(0), FileMd5: []byte(md5),
		}},
	})
	value := binary.BigEndian.AppendUint16([]byte{1}, uint16(len(body)))
	return &message.UnknownSegment{Element: "trans_elem", Raw: encode(&messagepb.Elem{
		TransElem: &messagepb.TransElem{ElemType: 24, ElemValue: append(value, body...)},
	})}
}

package server

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// SendFile sends a message that announces a file, to a group or, with group 0, to a
// friend. The file has a name and a size, and no content: nobody can download it. The
// error is the world's.
func (s *Server) SendFile(from message.UIN, group message.GroupCode, to message.UIN, name string, size uint64) (*world.Message, error) {
	if name == "" || len(name) > 255 {
		return nil, world.Refuse(world.BadRequest, "a file needs a name of at most 255 bytes")
	}
	sum := md5.Sum(fmt.Appendf(nil, "%s %d", name, size))
	id := hex.EncodeToString(sum[:])
	file := &message.FileSegment{ID: id, FileName: name, Size: size, MD5: sum[:], Hash: id}
	if group == 0 {
		return s.world.Messages().Send(world.Send{From: from, To: to, File: &world.Part{Segment: file}}, nil)
	}
	file.ID, file.BusID, file.Hash = "/"+id, message.BusPermanent, ""
	return s.world.Messages().Send(world.Send{From: from, Group: group, Parts: world.Parts(file)}, nil)
}

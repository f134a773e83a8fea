package control

import (
	"encoding/hex"

	"libration/ntqq/message"
)

// fileView is message.FileSegment. Files are sent by POST /api/files.
type fileView struct {
	typed
	ID    string `json:"id"`
	Name  string `json:"name"`
	Size  uint64 `json:"size"`
	BusID uint32 `json:"bus,omitempty"`
	MD5   string `json:"md5,omitempty"`
	Hash  string `json:"hash,omitempty"`
	// Medium is the id of the bytes at the control server, and Address where they are; ""
	// when they are gone, or the group has deleted the file.
	Medium  string `json:"medium,omitempty"`
	Address string `json:"address,omitempty"`
}

func showFile(h contents, s *message.FileSegment) fileView {
	v := fileView{ID: s.ID, Name: s.FileName, Size: s.Size, BusID: s.BusID, MD5: hex.EncodeToString(s.MD5), Hash: s.Hash}
	medium := message.Medium{Size: s.Size, MD5: s.MD5}
	if h.inGroup != 0 && s.OfGroup() {
		f, err := h.world.Files().Find(h.inGroup, 0, s.ID)
		if err != nil {
			return v
		}
		medium.MD5, medium.SHA1 = f.MD5[:], f.SHA1[:]
	}
	if kept, ok := h.bytesOf(&medium); ok {
		v.Medium = mediaID(kept)
		v.Address = uploadPath + "/" + v.Medium
	}
	return v
}

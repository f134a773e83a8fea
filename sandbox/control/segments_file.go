package control

import (
	"encoding/hex"

	"libration/ntqq/message"
)

// fileView is message.FileSegment. Files are sent by uploading them.
type fileView struct {
	typed
	ID    string `json:"id"`
	Name  string `json:"name"`
	Size  uint64 `json:"size"`
	BusID uint32 `json:"bus,omitempty"`
	MD5   string `json:"md5,omitempty"`
	Hash  string `json:"hash,omitempty"`
}

func showFile(_ contents, s *message.FileSegment) fileView {
	return fileView{ID: s.ID, Name: s.FileName, Size: s.Size, BusID: s.BusID, MD5: hex.EncodeToString(s.MD5), Hash: s.Hash}
}

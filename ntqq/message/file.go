package message

import "strings"

// FileSegment is a file of a group's files or of a private chat (docs/protocol/messages.md
// 7.5, 7.6). It stands alone in its message. One that is sent has a Source, or the ID of
// a file that is there already.
type FileSegment struct {
	// ID is how the service knows the file: in a group "/" and a uuid, in a private chat
	// another text.
	ID string
	// FileName is what its sender calls it. It is no path, and must not be used as one.
	FileName string
	Size     uint64 // in bytes
	// BusID is the service's number of where a group keeps it: BusPermanent or
	// BusTemporary. Private files have 0.
	BusID uint32
	// MD5 is 16 bytes long, or nil when it is not known. That of a private file may be the
	// MD5 of its beginning only.
	MD5 []byte
	// Hash goes with the ID of a private file; "" in groups.
	Hash string
	// Group is the group whose file it is; 0 of a private file, and where that is not known.
	Group GroupCode
	// URL is where it can be downloaded now; "" when nobody has asked yet. Addresses die
	// after some hours.
	URL string
	// Source is where the bytes of a file that is sent come from; nil of one that was
	// received.
	Source Source
}

// The values of FileSegment.BusID in groups.
const (
	BusPermanent = 102
	BusTemporary = 104
)

// OfGroup tells whether it is one of a group's files; else it is one of a private chat, or
// is nowhere yet.
func (f *FileSegment) OfGroup() bool { return f.BusID != 0 || strings.HasPrefix(f.ID, "/") }

// Name implements Segment.
func (*FileSegment) Name() string { return "file" }

func (f *FileSegment) size() int {
	return len(f.ID) + len(f.FileName) + len(f.MD5) + len(f.Hash) + len(f.URL)
}

func (f *FileSegment) brief() string {
	if f.FileName == "" {
		return briefFile
	}
	return briefFile + " " + f.FileName
}

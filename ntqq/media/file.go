package media

import (
	"errors"
	"fmt"

	"libration/ntqq/message"
)

// File is a medium that is ready to be uploaded: its bytes can be read again, also by
// several at a time, and are measured. Close it when it was uploaded.
type File struct {
	message.Source
	Name string // "<md5>.<extension>"
	Size uint64 // in bytes
	MD5  [16]byte
	SHA1 [20]byte
	// States are, of a video, the SHA-1 states that its upload names
	// (docs/protocol/media.md 3.6); the last one is SHA1.
	States [][20]byte
}

// Close closes what was opened for the file, and removes what was written to disk for it.
// Its Source cannot be read after that.
func (f *File) Close() error {
	if o, ok := f.Source.(*opened); ok {
		return o.Close()
	}
	return nil
}

func (f *File) name(extension string) { f.Name = fmt.Sprintf("%x.%s", f.MD5, extension) }

// Picture is a picture that is ready to be uploaded.
type Picture struct {
	File
	Format        uint32 // the service's code, docs/protocol/media.md 6.1
	Width, Height uint32 // in pixels
}

// Voice is a voice message that is ready to be uploaded: SILK of Tencent's form, or AMR.
type Voice struct {
	File
	Seconds uint32
}

// Video is a video that is ready to be uploaded.
type Video struct {
	File
	Seconds uint32 // 0 when it is not known
	Cover   Picture
}

// Close closes the video and its cover, as [File.Close] does.
func (v *Video) Close() error { return errors.Join(v.File.Close(), v.Cover.Close()) }

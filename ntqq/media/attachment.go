package media

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/binary"
	"io"

	"libration/internal/text"
	"libration/ntqq/message"
)

// Attachment is a file of any kind that is ready to be uploaded.
type Attachment struct {
	File
	// Head is the MD5 of the first 10 MiB.
	Head [md5.Size]byte
	// TriSHA1 is the SHA-1 of a sample and of the length (docs/protocol/media.md 4.3).
	TriSHA1 [sha1.Size]byte
}

// headSize is how long the head is, and each of the three parts that TriSHA1 is made of.
const headSize = 10 << 20

// Attachment reads a file, which is sent as it is, whatever it is. What was read is written
// to watch, too, unless that is nil. Its errors are *[StepError].
func (t *Tools) Attachment(ctx context.Context, s message.Source, watch io.Writer) (*Attachment, error) {
	f, err := t.measure(ctx, s, kind{limit: t.limits().File, name: text.T("file", "文件"), key: " (media.limits.file)", watch: watch})
	if err != nil {
		return nil, err
	}
	a := &Attachment{File: f}
	if err := a.sums(ctx, f.Source.(*opened)); err != nil {
		f.Close()
		return nil, at(StepHash, err)
	}
	return a, nil
}

// sums takes the hashes of parts.
func (a *Attachment) sums(ctx context.Context, o *opened) error {
	head, tri := md5.New(), sha1.New()
	if _, err := io.Copy(head, during{ctx, io.NewSectionReader(o.at, 0, min(o.size, headSize))}); err != nil {
		return err
	}
	for _, part := range sampled(o.size) {
		if _, err := io.Copy(tri, during{ctx, io.NewSectionReader(o.at, part.offset, part.size)}); err != nil {
			return err
		}
	}
	tri.Write(binary.LittleEndian.AppendUint64(nil, uint64(o.size)))
	head.Sum(a.Head[:0])
	tri.Sum(a.TriSHA1[:0])
	return nil
}

// part is a part of a file.
type part struct{ offset, size int64 }

// sampled are the parts of a file that TriSHA1 is made of.
func sampled(size int64) []part {
	if size <= 3*headSize {
		return []part{{0, size}}
	}
	return []part{{0, headSize}, {size/2 - headSize/2, headSize}, {size - headSize, headSize}}
}

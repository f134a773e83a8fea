package media

import (
	"context"
	"crypto/md5"
	"hash"
	"io"

	"libration/internal/highway"
)

// hasher takes the hashes of what is written to it.
type hasher struct {
	size uint64
	md5  hash.Hash
	sha1 *highway.States
}

func newHasher() *hasher { return &hasher{md5: md5.New(), sha1: highway.NewStates()} }

// Write implements io.Writer.
func (h *hasher) Write(b []byte) (int, error) {
	h.md5.Write(b)
	h.size += uint64(len(b))
	return h.sha1.Write(b)
}

// file writes down the hashes.
func (h *hasher) file(o *opened, video bool) (f File) {
	f.Source, f.Size, f.SHA1 = o, h.size, h.sha1.Sum()
	h.md5.Sum(f.MD5[:0])
	if video {
		f.States = h.sha1.List()
	}
	return f
}

// during ends reading with ctx.
type during struct {
	ctx context.Context
	r   io.Reader
}

func (d during) Read(b []byte) (int, error) {
	if err := d.ctx.Err(); err != nil {
		return 0, err
	}
	return d.r.Read(b)
}

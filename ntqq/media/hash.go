package media

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding"
	"encoding/binary"
	"hash"
	"io"
)

// stateEvery is how many bytes lie between the SHA-1 states of a video
// (docs/protocol/media.md 3.6).
const stateEvery = 1 << 20

// hasher takes the hashes of what is written to it.
type hasher struct {
	size   uint64
	md5    hash.Hash
	sha1   hash.Hash
	states [][20]byte // at each full stateEvery
	video  bool
}

func newHasher(video bool) *hasher { return &hasher{md5: md5.New(), sha1: sha1.New(), video: video} }

// Write implements io.Writer.
func (h *hasher) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		part := b[:min(uint64(len(b)), stateEvery-h.size%stateEvery)]
		b = b[len(part):]
		h.md5.Write(part)
		h.sha1.Write(part)
		h.size += uint64(len(part))
		if h.video && h.size%stateEvery == 0 {
			if err := h.state(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// state notes the registers of SHA-1, each with its low byte first. The saved form of
// crypto/sha1 has them after four bytes, with the high byte first.
func (h *hasher) state() error {
	saved, err := h.sha1.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return err
	}
	var s [20]byte
	for i := 0; i < len(s); i += 4 {
		binary.LittleEndian.PutUint32(s[i:], binary.BigEndian.Uint32(saved[4+i:]))
	}
	h.states = append(h.states, s)
	return nil
}

// into writes down the hashes.
func (h *hasher) into(f *File) {
	f.Size = h.size
	h.md5.Sum(f.MD5[:0])
	h.sha1.Sum(f.SHA1[:0])
	if h.video {
		f.States = append(h.states, f.SHA1)
	}
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

package world

import (
	"crypto/md5"
	"crypto/sha1"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"
)

// Put keeps what r gives, to its end. The refusal of more than 4 GiB is TooLarge, that of
// a world whose uploads take all its room Quota.
func (m Media) Put(r io.Reader) (Blob, error) {
	u, err := m.Begin(0)
	if err != nil {
		return Blob{}, err
	}
	sums := newSums()
	if _, err := io.Copy(io.MultiWriter((*growing)(u), sums), r); err != nil {
		u.Drop()
		return Blob{}, err
	}
	return u.keep(sums.blob(u.size))
}

// Begin starts an upload of so many bytes, which come by [Upload.WriteAt]. The upload takes
// room until Finish or Drop. The refusal of more than 4 GiB is TooLarge, that of a world
// whose uploads take all its room Quota.
func (m Media) Begin(size uint64) (*Upload, error) {
	path, err := m.reserve(size)
	if err != nil {
		return nil, err
	}
	u := &Upload{store: m.mediaStore, path: path, size: size}
	u.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		m.free(size)
		return nil, fmt.Errorf("keep medium: %w", err)
	}
	if err := u.file.Truncate(int64(size)); err != nil {
		u.Drop()
		return nil, fmt.Errorf("keep medium: %w", err)
	}
	return u, nil
}

// Upload is a medium that comes in pieces, in any order. Its methods may be called by several
// goroutines.
type Upload struct {
	store *mediaStore
	file  *os.File
	path  string
	size  uint64
	once  sync.Once // Finish or Drop

	// pieces is held for reading while a piece is written. It guards sealed, up to where
	// the bytes do not change any more.
	pieces sync.RWMutex
	sealed uint64

	hashing sync.Mutex // guards what follows
	sums    *sums      // of the bytes before hashed; nil of none
	hashed  uint64
}

// hashPiece is how much of an upload is in memory while it is hashed.
const hashPiece = 64 << 10

// WriteAt writes a piece, but for what of it is sealed. One that does not lie within the size
// is refused with BadRequest, and so is any after the end of the upload.
func (u *Upload) WriteAt(p []byte, offset int64) (int, error) {
	if offset < 0 || uint64(offset) > u.size || uint64(len(p)) > u.size-uint64(offset) {
		return 0, Refuse(BadRequest, "%d bytes at %d are not within %d", len(p), offset, u.size)
	}
	u.pieces.RLock()
	defer u.pieces.RUnlock()
	sealed := 0
	if uint64(offset) < u.sealed {
		sealed = int(min(u.sealed-uint64(offset), uint64(len(p))))
	}
	n, err := u.file.WriteAt(p[sealed:], offset+int64(sealed))
	if errors.Is(err, os.ErrClosed) { // it names a file of this machine
		err = errUploadEnded
	}
	return sealed + n, err
}

// Seal says that the first n bytes have come. They do not change any more and are hashed
// now, so that little is left to do at the end.
func (u *Upload) Seal(n uint64) error {
	n = min(n, u.size)
	u.pieces.Lock()
	u.sealed = max(u.sealed, n)
	u.pieces.Unlock()
	u.hashing.Lock()
	defer u.hashing.Unlock()
	if u.sums == nil {
		u.sums = newSums()
	}
	if n <= u.hashed {
		return nil
	}
	read, err := io.CopyBuffer(u.sums, io.NewSectionReader(u.file, int64(u.hashed), int64(n-u.hashed)), make([]byte, hashPiece))
	u.hashed += uint64(read)
	if err == nil && u.hashed < n {
		err = io.ErrUnexpectedEOF // somebody has cut the file
	}
	if err != nil {
		return fmt.Errorf("keep medium: %w", err)
	}
	return nil
}

// Finish ends the upload and keeps the medium, if its bytes have these hashes; a zero hash is
// not compared. Else the refusal is BadRequest, and the bytes are gone. Pieces that nobody
// wrote are zeros.
func (u *Upload) Finish(md5 [16]byte, sha1 [20]byte) (Blob, error) {
	if err := u.Seal(u.size); err != nil {
		u.Drop()
		return Blob{}, err
	}
	u.hashing.Lock()
	b := u.sums.blob(u.size)
	u.hashing.Unlock()
	switch {
	case md5 != [16]byte{} && md5 != b.MD5:
		u.Drop()
		return Blob{}, Refuse(BadRequest, "the MD5 of the bytes is %x, announced was %x", b.MD5, md5)
	case sha1 != [20]byte{} && sha1 != b.SHA1:
		u.Drop()
		return Blob{}, Refuse(BadRequest, "the SHA-1 of the bytes is %x, announced was %x", b.SHA1, sha1)
	}
	return u.keep(b)
}

// Drop ends the upload and forgets its bytes. After Finish it does nothing.
func (u *Upload) Drop() {
	u.once.Do(func() {
		u.file.Close()
		os.Remove(u.path)
		u.store.free(u.size)
	})
}

var errUploadEnded error = Refuse(BadRequest, "the upload has ended")

// keep makes the upload a blob.
func (u *Upload) keep(b Blob) (Blob, error) {
	err := errUploadEnded
	u.once.Do(func() {
		if err = u.file.Close(); err == nil {
			err = u.store.add(&blob{Blob: b, path: u.path})
		}
		if err != nil {
			os.Remove(u.path)
			u.store.free(u.size)
		}
	})
	if err != nil {
		return Blob{}, err
	}
	return b, nil
}

// growing is an upload whose size is what was written.
type growing Upload

func (g *growing) Write(p []byte) (int, error) {
	more := uint64(len(p))
	if g.size+more > maxMedium {
		return 0, tooLargeMedium(g.size + more)
	}
	if err := g.store.room(more); err != nil {
		return 0, err
	}
	g.size += more
	return g.file.Write(p)
}

func tooLargeMedium(size uint64) error {
	return Refuse(TooLarge, "a medium of %d bytes, the limit is %d", size, uint64(maxMedium))
}

// sums hashes what is written to it.
type sums struct {
	io.Writer
	md5, sha1 hash.Hash
}

func newSums() *sums {
	s := &sums{md5: md5.New(), sha1: sha1.New()}
	s.Writer = io.MultiWriter(s.md5, s.sha1)
	return s
}

func (s *sums) blob(size uint64) Blob {
	b := Blob{Size: size}
	s.md5.Sum(b.MD5[:0])
	s.sha1.Sum(b.SHA1[:0])
	return b
}

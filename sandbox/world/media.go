package world

import (
	"container/list"
	"crypto/md5"
	"crypto/sha1"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"libration/internal/filelock"
)

// What is kept of media. Over one of the last two the oldest ones go.
const (
	maxMedium  = 200 << 20 // bytes of one
	mediaCount = 10000
	mediaBytes = 1 << 30
)

// mediaFolder is how the names of folders with media begin.
const mediaFolder = "libration-sandbox-media-"

// CleanMedia removes the media of worlds whose processes were killed.
func CleanMedia() { filelock.CleanTemporary(mediaFolder) }

// Blob names the bytes of a medium that the world keeps.
type Blob struct {
	MD5  [16]byte
	SHA1 [20]byte
	Size uint64 // in bytes
}

// Media keeps the bytes of pictures, voices, videos and files: each content once, 200 MiB of
// one and of all of them the newest 10,000 and 1 GiB. They are in files of a temporary
// folder, which is made when the first one comes and removed by [World.Close].
type Media struct{ *mediaStore }

// Media returns the operations on media.
func (w *World) Media() Media { return Media{&w.media} }

// Close removes the media of the world from the disk. Uploads that go on, and what is
// uploaded afterwards, are refused. Readers keep what they have opened until they close it.
func (w *World) Close() error { return w.media.close() }

// mediaStore is the media that are kept. It has its own mutex, which is not held while
// bytes are read or written.
type mediaStore struct {
	mu      sync.Mutex
	folder  *filelock.Temporary // nil until the first medium comes
	closed  bool
	named   uint64 // the last number that a file got
	bytes   uint64 // of all blobs, and of the uploads that go on
	reading int    // how many readers are open
	bySHA1  map[[20]byte]*list.Element
	byMD5   map[[16]byte]*list.Element
	order   list.List // of *blob, the next to go first
}

// blob is one medium that is kept.
type blob struct {
	Blob
	path    string
	readers int
	dropped bool // the last reader removes the file
}

var errMediaClosed = Refuse(NotFound, "the media of this world are removed")

// Find returns the medium with these hashes and this size, and whether it is kept.
func (m Media) Find(md5 [16]byte, sha1 [20]byte, size uint64) (Blob, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.bySHA1[sha1]
	if e == nil || e.Value.(*blob).Blob != (Blob{md5, sha1, size}) {
		return Blob{}, false
	}
	m.order.MoveToBack(e)
	return e.Value.(*blob).Blob, true
}

// FindMD5 returns the medium with this MD5, and whether it is kept.
func (m Media) FindMD5(md5 [16]byte) (Blob, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.byMD5[md5]
	if e == nil {
		return Blob{}, false
	}
	return e.Value.(*blob).Blob, true
}

// FindSHA1 returns the medium with this SHA-1, and whether it is kept.
func (m Media) FindSHA1(sha1 [20]byte) (Blob, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.bySHA1[sha1]
	if e == nil {
		return Blob{}, false
	}
	return e.Value.(*blob).Blob, true
}

// Open returns the bytes of a medium. They can be read to their end even if the world
// forgets it. The refusal is NotFound.
func (m Media) Open(sha1 [20]byte) (io.ReadSeekCloser, Blob, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.bySHA1[sha1]
	if e == nil {
		return nil, Blob{}, Refuse(NotFound, "no medium with the SHA-1 %x", sha1)
	}
	b := e.Value.(*blob)
	f, err := os.Open(b.path)
	if err != nil {
		return nil, Blob{}, fmt.Errorf("open medium: %w", err)
	}
	b.readers++
	m.reading++
	return &mediaReader{File: f, store: m.mediaStore, blob: b}, b.Blob, nil
}

// mediaReader reads a blob.
type mediaReader struct {
	*os.File
	store *mediaStore
	blob  *blob
	once  sync.Once
}

// Close may be called more than once.
func (r *mediaReader) Close() error {
	err := os.ErrClosed
	r.once.Do(func() {
		err = r.File.Close()
		r.store.released(r.blob)
	})
	return err
}

func (m *mediaStore) released(b *blob) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b.readers--
	m.reading--
	if b.dropped && b.readers == 0 {
		os.Remove(b.path)
	}
	if m.closed && m.reading == 0 && m.folder != nil {
		_ = m.folder.Remove() // the next one to be made tries again
	}
}

// Put keeps what r gives, to its end. The refusal of more than 200 MiB is TooLarge, that of
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
// room until Finish or Drop. The refusal of more than 200 MiB is TooLarge, that of a world
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

// Upload is a medium that comes in pieces. Its methods may be called by several goroutines.
type Upload struct {
	store *mediaStore
	file  *os.File
	path  string
	size  uint64
	once  sync.Once // Finish or Drop
}

// WriteAt writes a piece. One that does not lie within the size is refused with BadRequest.
func (u *Upload) WriteAt(p []byte, offset int64) (int, error) {
	if offset < 0 || uint64(offset) > u.size || uint64(len(p)) > u.size-uint64(offset) {
		return 0, Refuse(BadRequest, "%d bytes at %d are not within %d", len(p), offset, u.size)
	}
	return u.file.WriteAt(p, offset)
}

// Finish ends the upload and keeps the medium, if its bytes have these hashes; a zero hash is
// not compared. Else the refusal is BadRequest, and the bytes are gone. Pieces that nobody
// wrote are zeros.
func (u *Upload) Finish(md5 [16]byte, sha1 [20]byte) (Blob, error) {
	sums := newSums()
	if _, err := io.Copy(sums, io.NewSectionReader(u.file, 0, int64(u.size))); err != nil {
		u.Drop()
		return Blob{}, fmt.Errorf("keep medium: %w", err)
	}
	b := sums.blob(u.size)
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

// keep makes the upload a blob.
func (u *Upload) keep(b Blob) (Blob, error) {
	err := error(Refuse(BadRequest, "the upload has ended"))
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
	return Refuse(TooLarge, "a medium of %d bytes, the limit is %d", size, maxMedium)
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

// reserve takes room for an upload and names its file.
func (m *mediaStore) reserve(size uint64) (path string, err error) {
	if size > maxMedium {
		return "", tooLargeMedium(size)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return "", errMediaClosed
	}
	if m.folder == nil {
		if m.folder, err = filelock.MakeTemporary(mediaFolder); err != nil {
			return "", fmt.Errorf("folder for media: %w", err)
		}
	}
	if err := m.take(size); err != nil {
		return "", err
	}
	m.named++
	return filepath.Join(m.folder.Path(), strconv.FormatUint(m.named, 10)), nil
}

// room takes more room for an upload.
func (m *mediaStore) room(more uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.take(more)
}

// free gives room back.
func (m *mediaStore) free(size uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes -= size
}

// take takes room, if need be that of the oldest blobs; mu is held.
func (m *mediaStore) take(size uint64) error {
	for m.bytes+size > mediaBytes && m.order.Len() > 0 {
		m.drop(m.order.Front())
	}
	if m.bytes+size > mediaBytes {
		return Refuse(Quota, "the uploads that go on take %d bytes, %d more are above the limit of %d", m.bytes, size, mediaBytes)
	}
	m.bytes += size
	return nil
}

// add keeps a blob whose room was taken. One that is there already stays as it is.
func (m *mediaStore) add(b *blob) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errMediaClosed
	}
	if e := m.bySHA1[b.SHA1]; e != nil {
		m.order.MoveToBack(e)
		os.Remove(b.path)
		m.bytes -= b.Size
		return nil
	}
	if m.bySHA1 == nil {
		m.bySHA1, m.byMD5 = map[[20]byte]*list.Element{}, map[[16]byte]*list.Element{}
	}
	e := m.order.PushBack(b)
	m.bySHA1[b.SHA1], m.byMD5[b.MD5] = e, e
	for m.order.Len() > mediaCount {
		m.drop(m.order.Front())
	}
	return nil
}

// drop forgets a blob; mu is held.
func (m *mediaStore) drop(e *list.Element) {
	b := m.order.Remove(e).(*blob)
	delete(m.bySHA1, b.SHA1)
	if m.byMD5[b.MD5] == e {
		delete(m.byMD5, b.MD5)
	}
	m.bytes -= b.Size
	b.dropped = true
	if b.readers == 0 {
		os.Remove(b.path)
	}
}

func (m *mediaStore) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	for m.order.Len() > 0 {
		m.drop(m.order.Front())
	}
	if m.folder == nil || m.reading > 0 { // the last reader removes it
		return nil
	}
	return m.folder.Remove()
}

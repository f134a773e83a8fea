package world

import (
	"container/list"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"libration/internal/filelock"
)

// What is kept of media. Over one of the last two the oldest ones go that nobody holds.
const (
	maxMedium  = 4 << 30 // bytes of one
	mediaCount = 10000
	mediaBytes = 8 << 30
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

// Media keeps the bytes of pictures, voices, videos and files: each content once, 4 GiB of
// one and of all of them the newest 10,000 and 8 GiB, of which those that are held stay.
// They are in files of a temporary folder, which is made when the first one comes and
// removed by [World.Close].
type Media struct{ *mediaStore }

// Media returns the operations on media.
func (w *World) Media() Media { return Media{w.media} }

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
	bySHA1  map[[20]byte]*blob
	byMD5   map[[16]byte]*blob
	order   list.List // of *blob that nobody holds, the next to go first
}

// blob is one medium that is kept.
type blob struct {
	Blob
	path    string
	place   *list.Element // in order; nil while it is held
	holders int
	readers int
	dropped bool // the last reader removes the file
	description
}

var errMediaClosed = Refuse(NotFound, "the media of this world are removed")

// Find returns the medium with these hashes and this size, and whether it is kept.
func (m Media) Find(md5 [16]byte, sha1 [20]byte, size uint64) (Blob, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.bySHA1[sha1]
	if b == nil || b.Blob != (Blob{md5, sha1, size}) {
		return Blob{}, false
	}
	m.used(b)
	return b.Blob, true
}

// FindMD5 returns the medium with this MD5, and whether it is kept.
func (m Media) FindMD5(md5 [16]byte) (Blob, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.byMD5[md5]
	if b == nil {
		return Blob{}, false
	}
	return b.Blob, true
}

// FindSHA1 returns the medium with this SHA-1, and whether it is kept.
func (m Media) FindSHA1(sha1 [20]byte) (Blob, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.bySHA1[sha1]
	if b == nil {
		return Blob{}, false
	}
	return b.Blob, true
}

// Hold keeps a medium that is kept now until as many calls of [Media.Release], however many
// come after it. false: it is gone.
func (m Media) Hold(sha1 [20]byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.bySHA1[sha1]
	if b == nil {
		return false
	}
	b.holders++
	if b.place != nil {
		m.order.Remove(b.place)
		b.place = nil
	}
	return true
}

// Release ends a [Media.Hold].
func (m Media) Release(sha1 [20]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.bySHA1[sha1]
	if b == nil || b.holders == 0 { // the world is closed
		return
	}
	if b.holders--; b.holders == 0 {
		b.place = m.order.PushBack(b)
	}
}

// used puts a medium behind all others that may go; mu is held.
func (m *mediaStore) used(b *blob) {
	if b.place != nil {
		m.order.MoveToBack(b.place)
	}
}

// Open returns the bytes of a medium. They can be read to their end even if the world
// forgets it. The refusal is NotFound.
func (m Media) Open(sha1 [20]byte) (io.ReadSeekCloser, Blob, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.bySHA1[sha1]
	if b == nil {
		return nil, Blob{}, Refuse(NotFound, "no medium with the SHA-1 %x", sha1)
	}
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
		m.drop(m.order.Front().Value.(*blob))
	}
	if m.bytes+size > mediaBytes {
		return Refuse(Quota, "files and the uploads that go on take %d bytes, %d more are above the limit of %d", m.bytes, size, uint64(mediaBytes))
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
	if there := m.bySHA1[b.SHA1]; there != nil {
		m.used(there)
		os.Remove(b.path)
		m.bytes -= b.Size
		return nil
	}
	if m.bySHA1 == nil {
		m.bySHA1, m.byMD5 = map[[20]byte]*blob{}, map[[16]byte]*blob{}
	}
	b.place = m.order.PushBack(b)
	m.bySHA1[b.SHA1], m.byMD5[b.MD5] = b, b
	for m.order.Len() > mediaCount {
		m.drop(m.order.Front().Value.(*blob))
	}
	return nil
}

// drop forgets a blob; mu is held.
func (m *mediaStore) drop(b *blob) {
	if b.place != nil {
		m.order.Remove(b.place)
	}
	delete(m.bySHA1, b.SHA1)
	if m.byMD5[b.MD5] == b {
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
	for _, b := range m.bySHA1 {
		m.drop(b)
	}
	if m.folder == nil || m.reading > 0 { // the last reader removes it
		return nil
	}
	return m.folder.Remove()
}

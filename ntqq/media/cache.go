package media

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"libration/internal/mediatype"
)

// Cache keeps downloads and converted voices in a folder of its own. When it is full,
// what was used least recently goes. Its files have mode 0600 and names that nobody outside
// chooses. It is safe for concurrent use, by one process.
type Cache struct {
	folder string
	limit  uint64

	mu      sync.Mutex // guards what follows
	entries map[string]*entry
	size    uint64
}

// entry is a file of the cache.
type entry struct {
	id   string // hash of the key
	name string // id and extension
	size uint64
	used time.Time
}

var (
	cachedName = regexp.MustCompile(`^([0-9a-f]{32})(\.[a-z0-9]{1,5})?$`)
	unfinished = regexp.MustCompile(`^` + spooled + `.*\.tmp$`)
)

// OpenCache makes the folder when there is none, and removes from it what an earlier run
// did not finish and what is too much. Limit is in bytes; the newest file stays however
// large it is.
func OpenCache(folder string, limit uint64) (*Cache, error) {
	folder, err := filepath.Abs(folder) // bots are told paths, and file:// has no relative ones
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	all, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	c := &Cache{folder: folder, limit: limit, entries: make(map[string]*entry)}
	for _, file := range all {
		if unfinished.MatchString(file.Name()) {
			_ = os.Remove(filepath.Join(folder, file.Name())) // it may stay until the next start
			continue
		}
		part := cachedName.FindStringSubmatch(file.Name())
		info, err := file.Info()
		if part == nil || err != nil || !info.Mode().IsRegular() {
			continue
		}
		c.put(&entry{id: part[1], name: file.Name(), size: uint64(info.Size()), used: info.ModTime()})
	}
	c.evict()
	return c, nil
}

// Folder returns where it keeps its files.
func (c *Cache) Folder() string { return c.folder }

// idOf returns under which name the content of a key is kept.
func idOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

// get opens what is kept under an id; nil when there is nothing.
func (c *Cache) get(id string) *os.File {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[id]
	if e == nil {
		return nil
	}
	path := filepath.Join(c.folder, e.name)
	f, err := openRegular(path)
	if err != nil {
		c.forget(e)
		return nil
	}
	e.used = time.Now()
	_ = os.Chtimes(path, time.Time{}, e.used) // only the order of eviction after a restart depends on it
	return f
}

// create makes a file to write into, which keep takes or the caller removes.
func (c *Cache) create() (*os.File, error) {
	f, err := os.CreateTemp(c.folder, spooled+"*.tmp")
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if err := os.MkdirAll(c.folder, 0o700); err != nil { // the folder was removed
		return nil, err
	}
	return os.CreateTemp(c.folder, spooled+"*.tmp")
}

// keep closes a file of create and keeps it under an id. It is removed on an error.
func (c *Cache) keep(f *os.File, id string) (path string, err error) {
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	e := &entry{id: id, name: id + extensionOf(sniff(f)), used: time.Now()}
	info, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	e.size = uint64(info.Size())
	c.mu.Lock()
	defer c.mu.Unlock()
	if was := c.entries[id]; was != nil {
		c.remove(was)
	}
	path = filepath.Join(c.folder, e.name)
	if err := os.Rename(f.Name(), path); err != nil {
		return "", err
	}
	c.put(e)
	c.evict()
	return path, nil
}

func (c *Cache) put(e *entry) {
	if was := c.entries[e.id]; was != nil { // with another extension
		c.remove(was)
	}
	c.entries[e.id] = e
	c.size += e.size
}

func (c *Cache) forget(e *entry) {
	delete(c.entries, e.id)
	c.size -= e.size
}

// remove removes a file. One that is open stays on Windows, until the next start.
func (c *Cache) remove(e *entry) {
	c.forget(e)
	_ = os.Remove(filepath.Join(c.folder, e.name))
}

// evict removes what was used least recently until the rest fits.
func (c *Cache) evict() {
	if c.size <= c.limit {
		return
	}
	all := make([]*entry, 0, len(c.entries))
	for _, e := range c.entries {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *entry) int { return a.used.Compare(b.used) })
	for _, e := range all[:len(all)-1] {
		if c.size <= c.limit {
			return
		}
		c.remove(e)
	}
}

// cleanAfter is how long a file is unused before clean removes it: whoever got its path, or
// has just opened it, may still need it.
const cleanAfter = time.Minute

// clean removes what is not in use, and returns how much that was.
func (c *Cache) clean() (files int, bytes uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.entries {
		if time.Since(e.used) >= cleanAfter {
			files++
			bytes += e.size
			c.remove(e)
		}
	}
	return files, bytes
}

// sniff returns the MIME type of a file by its first bytes.
func sniff(f io.ReaderAt) string {
	head := make([]byte, mediatype.Head)
	n, _ := f.ReadAt(head, 0) // what cannot be read has no type
	return mediatype.Of(head[:n])
}

// extensionOf returns the extension for a MIME type, with its point; "" for an unknown one.
func extensionOf(mime string) string {
	return map[string]string{
		"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/bmp": ".bmp", "image/tiff": ".tiff", "image/jp2": ".jp2",
		"video/mp4": ".mp4", "video/webm": ".webm", "video/avi": ".avi",
		"audio/silk": ".silk", "audio/amr": ".amr", "audio/flac": ".flac", "audio/wave": ".wav", "audio/mpeg": ".mp3", "audio/ogg": ".ogg", "audio/mp4": ".m4a", "audio/aac": ".aac",
		"application/pdf": ".pdf", "application/zip": ".zip", "application/x-gzip": ".gz", "text/plain": ".txt",
	}[mime]
}

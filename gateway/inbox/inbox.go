package inbox

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"libration/internal/text"
)

// Scheme begins the addresses of files that were handed over.
const Scheme = "upload"

// How much is kept besides what [Options] say.
const (
	mostFiles = 1024
	cleanEach = time.Minute
)

// Why a file is not taken, or not there.
var (
	ErrTooLarge = text.Errorf("the file is larger than media.uploads.max_size allows", "文件超过 media.uploads.max_size 的限制")
	ErrFull     = text.Errorf("no room: other files on their way in take all of media.uploads.max_total", "空间不足：正在接收的其他文件占满了 media.uploads.max_total")
	ErrNoFile   = text.Errorf("there is no such uploaded file: it was removed by age or size, or by a restart; upload it again", "没有该上传文件：已因过期、空间不足或重启被删除，请重新上传")
)

// Options configure an Inbox. All but Log are required.
type Options struct {
	Folder string
	// MaxSize bounds a file, MaxTotal all of them, in bytes on disk. For a new one those go
	// that were used least recently.
	MaxSize, MaxTotal int64
	// Keep is how long a file stays after it was used last.
	Keep time.Duration
	Log  *slog.Logger // discards by default
}

// File is one that was handed over.
type File struct {
	ID     string
	Name   string // as its sender calls it; no path, never empty
	Path   string // on this machine
	Size   int64
	SHA256 [sha256.Size]byte
	Until  time.Time // then it goes, unless it is used

	keep   time.Duration
	used   time.Time
	stream string // that it came by
	// renewed is that another file has begun to come by the same name of a stream.
	renewed bool
}

// URI is the file's address for whoever sends it.
func (f *File) URI() string { return Scheme + "://" + f.ID }

// Inbox keeps files. It is safe for concurrent use.
type Inbox struct {
	o Options

	mu      sync.Mutex // guards what follows
	files   map[string]*File
	streams map[string]*stream
	used    int64 // bytes on disk, with those of files on their way in
}

// Open makes the folder where there is none, and removes what an earlier run left in it.
func Open(o Options) (*Inbox, error) {
	folder, err := filepath.Abs(o.Folder)
	if err != nil {
		return nil, err
	}
	o.Folder = folder
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	all, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, entry := range all {
		if ours.MatchString(entry.Name()) && entry.Type().IsRegular() {
			_ = os.Remove(filepath.Join(folder, entry.Name())) // it may stay until the next start
		}
	}
	return &Inbox{o: o, files: make(map[string]*File), streams: make(map[string]*stream)}, nil
}

// Folder is where the files are.
func (b *Inbox) Folder() string { return b.o.Folder }

// MaxSize is that of [Options].
func (b *Inbox) MaxSize() int64 { return b.o.MaxSize }

// Run removes what has become too old, until ctx ends. It returns nil.
func (b *Inbox) Run(ctx context.Context) error {
	ticker := time.NewTicker(cleanEach)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			b.expire()
		}
	}
}

// Receive takes a whole file from a reader. On an error nothing of it stays.
func (b *Inbox) Receive(name string, from io.Reader) (*File, error) {
	w, err := b.begin(b.o.MaxSize)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(w, from); err != nil {
		w.drop()
		return nil, err
	}
	return b.keep(w, File{Name: name, keep: b.o.Keep})
}

// Find returns a file by its id, and keeps it for longer; nil: there is none.
func (b *Inbox) Find(id string) *File {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.files[id]
	if f == nil || f.Until.Before(time.Now()) {
		return nil
	}
	f.touch()
	found := *f
	return &found
}

// Look returns where a file is and what it is called, and keeps it for longer. The error is
// ErrNoFile.
func (b *Inbox) Look(id string) (path, name string, err error) {
	f := b.Find(id)
	if f == nil {
		return "", "", ErrNoFile
	}
	return f.Path, f.Name, nil
}

// IDOf returns the id of a file by its path; "": the path is none of this folder.
func (b *Inbox) IDOf(path string) string {
	folder, name := filepath.Split(path)
	if filepath.Clean(folder) != b.o.Folder || !ours.MatchString(name) {
		return ""
	}
	id, _, _ := strings.Cut(name, ".")
	return id
}

func (f *File) touch() {
	f.used = time.Now()
	f.Until = f.used.Add(f.keep)
}

// Remove removes a file.
func (b *Inbox) Remove(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := b.files[id]; f != nil {
		b.remove(f)
	}
}

// Clean removes all that came in chunks, or is coming so.
func (b *Inbox) Clean() {
	b.mu.Lock()
	var gone []*stream
	for name, s := range b.streams {
		delete(b.streams, name)
		gone = append(gone, s)
	}
	for _, f := range b.files {
		if f.stream != "" {
			b.remove(f)
		}
	}
	b.mu.Unlock()
	for _, s := range gone {
		s.end()
	}
}

func (b *Inbox) expire() {
	now := time.Now()
	b.mu.Lock()
	var gone []*stream
	for name, s := range b.streams {
		if now.Sub(s.used) > idleStream {
			delete(b.streams, name)
			gone = append(gone, s)
		}
	}
	for _, f := range b.files {
		if f.Until.Before(now) {
			b.remove(f)
		}
	}
	b.mu.Unlock()
	for _, s := range gone {
		b.o.Log.Info("an upload in chunks was given up: no chunk came for long", "received", s.State().Received)
		s.end()
	}
}

// remove removes a file. The caller holds mu. One that is open stays on Windows, until the
// next start.
func (b *Inbox) remove(f *File) {
	delete(b.files, f.ID)
	b.used -= f.Size
	_ = os.Remove(f.Path)
}

// take makes room for n bytes.
func (b *Inbox) take(n int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.used+n > b.o.MaxTotal {
		if !b.evict() {
			return ErrFull
		}
	}
	b.used += n
	return nil
}

// evict removes the file that was used least recently; false when there is none. The caller
// holds mu.
func (b *Inbox) evict() bool {
	var oldest *File
	for _, f := range b.files {
		if oldest == nil || f.used.Before(oldest.used) {
			oldest = f
		}
	}
	if oldest == nil {
		return false
	}
	b.remove(oldest)
	return true
}

func (b *Inbox) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
}

// keep moves what was written to its place; f has what is known of it besides.
func (b *Inbox) keep(w *writing, f File) (*File, error) {
	f.ID, f.Name, f.Size, f.SHA256 = w.id, cleanName(f.Name), w.size, [sha256.Size]byte(w.sum.Sum(nil))
	f.Path = filepath.Join(b.o.Folder, f.ID+extension(f.Name))
	err := w.file.Close()
	if err == nil {
		err = os.Rename(w.file.Name(), f.Path)
	}
	if err != nil {
		w.drop()
		return nil, err
	}
	f.touch()
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.files) >= mostFiles {
		b.evict()
	}
	kept := f
	b.files[f.ID] = &kept
	return &f, nil
}

// create makes a file, under a name that nobody outside chooses.
func (b *Inbox) create() (*os.File, string, error) {
	id := strings.ToLower(rand.Text())
	path := filepath.Join(b.o.Folder, id+".part")
	const flags = os.O_RDWR | os.O_CREATE | os.O_EXCL
	f, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, fs.ErrNotExist) { // the folder was removed
		if err := os.MkdirAll(b.o.Folder, 0o700); err != nil {
			return nil, "", err
		}
		f, err = os.OpenFile(path, flags, 0o600)
	}
	return f, id, err
}

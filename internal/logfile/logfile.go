// Package logfile writes log lines to a file that is renamed when it is full: "x.log"
// becomes "x.log.1", which becomes "x.log.2", and so on; the oldest is removed. A file
// that somebody else removes or renames is created again for the next line. The package
// starts no goroutine; a line waits for nothing but the disk.
package logfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"libration/internal/text"
)

// Options of Open. All are required but Keep.
type Options struct {
	Path string
	// MaxSize in bytes: a line that would make the file larger goes into a new one.
	MaxSize int64
	// Keep is how many old files stay.
	Keep int
}

// File is an open log file. Write is safe for concurrent use.
type File struct {
	o Options

	mu   sync.Mutex // guards what follows
	f    *os.File   // nil when the last try to open it failed, and after Close
	info os.FileInfo
	size int64
	// limit is when to rotate: MaxSize, or more after a rotation that failed.
	limit  int64
	closed bool
}

// Open opens the file for appending. A missing file is created with mode 0600, a
// missing folder with mode 0700. Old files beyond Keep are removed.
func Open(o Options) (*File, error) {
	l := &File{o: o, limit: o.MaxSize}
	if err := l.open(); err != nil {
		return nil, text.Errorf("log file: %v", "日志文件：%v", err)
	}
	for n := o.Keep + 1; ; n++ { // there were more before
		if info, err := os.Lstat(l.old(n)); err != nil || !info.Mode().IsRegular() || os.Remove(l.old(n)) != nil {
			return l, nil
		}
	}
}

// old is the path of the n-th old file.
func (l *File) old(n int) string { return fmt.Sprintf("%s.%d", l.o.Path, n) }

func (l *File) open() error {
	if err := os.MkdirAll(filepath.Dir(l.o.Path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(l.o.Path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	l.f, l.info, l.size = f, info, info.Size()
	return nil
}

// Write appends one line, p as a whole. When the disk refuses, the line is lost
// and the next one is tried again.
func (l *File) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, fs.ErrClosed
	}
	if l.f != nil && !l.there() { // somebody removed it, or set it aside
		_ = l.f.Close()
		l.f = nil
	}
	if l.f != nil && l.size > 0 && l.size+int64(len(p)) > l.limit {
		l.rotate()
	}
	if l.f == nil {
		if err := l.open(); err != nil {
			return 0, err
		}
	}
	n, err := l.f.Write(p)
	l.size += int64(n)
	return n, err
}

// there tells whether the open file is still the one at its path.
func (l *File) there() bool {
	now, err := os.Stat(l.o.Path)
	return err == nil && os.SameFile(now, l.info)
}

// rotate sets the full file aside. If that fails, writing goes on in the same file
// for another MaxSize: a log that is too large is better than none.
func (l *File) rotate() {
	_ = l.f.Close() // some systems do not rename open files
	l.f = nil
	var err error
	if l.o.Keep == 0 {
		err = os.Remove(l.o.Path)
	} else {
		for n := l.o.Keep - 1; n >= 1; n-- { // the last one is overwritten
			_ = os.Rename(l.old(n), l.old(n+1)) // mostly it is not there
		}
		err = os.Rename(l.o.Path, l.old(1))
	}
	l.limit = l.o.MaxSize
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.limit = l.size + l.o.MaxSize
	}
}

// Close closes the file. Later writes fail.
func (l *File) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.f == nil {
		return nil
	}
	err := l.f.Close()
	l.f = nil
	return err
}

package filter

import (
	"crypto/sha256"
	"io"
	"os"
	"sync/atomic"

	"libration/internal/text"
)

// File is the filter in a file, which may be read again. Its methods are safe for
// concurrent use.
type File struct {
	path string
	now  atomic.Pointer[content]
}

// content is a filter and the hash of what it was read from.
type content struct {
	*Filter
	sum [sha256.Size]byte
}

// Load reads the file at a path. The error names it.
func Load(path string) (*File, error) {
	f := &File{path: path}
	_, err := f.Reload()
	return f, err
}

// Reload reads the file again and tells whether it has changed. With an error the filter
// stays as it was.
func (f *File) Reload() (changed bool, err error) {
	read, err := parseFile(f.path)
	if err != nil {
		return false, text.Errorf("event filter %s: %v", "事件过滤器 %s：%v", f.path, err)
	}
	was := f.now.Swap(read)
	return was == nil || was.sum != read.sum, nil
}

// Path is where the file is.
func (f *File) Path() string { return f.path }

// Passes tells whether an event passes, by its JSON.
func (f *File) Passes(event []byte) bool { return f.now.Load().Passes(event) }

func parseFile(path string) (*content, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe might never end
		return nil, text.Errorf("not a file", "不是文件")
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, MaxSize+1))
	if err != nil {
		return nil, err
	}
	parsed, err := Parse(data)
	return &content{parsed, sha256.Sum256(data)}, err
}

package media

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"libration/internal/text"
	"libration/ntqq/message"
)

// local is a file of this machine that somebody outside names.
type local struct {
	files *Files
	path  string
}

func (f *Files) local(path string, err error) (message.Source, error) {
	if err != nil {
		return nil, err
	}
	if f.o.Handed != nil {
		if id := f.o.Handed.IDOf(path); id != "" {
			return f.handed(id)
		}
	}
	return local{f, path}, nil
}

// Open implements message.Source.
func (l local) Open(ctx context.Context) (io.ReadCloser, error) { return open(ctx, l) }

func (l local) random(context.Context, uint64) (*opened, error) {
	f, err := l.files.openLocal(l.path)
	if err != nil {
		return nil, err
	}
	return openedFile(f)
}

// system are folders whose files are the state of processes, with their environment, and
// of the machine.
var system = []string{"/proc", "/sys"}

// openLocal opens a file that may be read. The path is resolved before the file is
// opened, and compared after it, so that links that change meanwhile are found.
func (f *Files) openLocal(path string) (*os.File, error) {
	real, err := f.permitted(path)
	if err != nil {
		return nil, err
	}
	file, err := openRegular(real)
	if err != nil {
		return nil, err
	}
	again, err := f.permitted(path)
	if err == nil && again != real {
		err = text.Errorf("%s was replaced while it was opened", "%s 在打开时被替换", path)
	}
	if err == nil {
		err = unchanged(file, real)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func unchanged(file *os.File, path string) error {
	was, err := file.Stat()
	if err != nil {
		return err
	}
	now, err := os.Lstat(path)
	if err == nil && !os.SameFile(was, now) {
		err = text.Errorf("%s was replaced while it was opened", "%s 在打开时被替换", path)
	}
	return err
}

// permitted returns a path without links, where that may be read.
func (f *Files) permitted(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", text.Errorf("there is no file %s on the machine of libration: when it is elsewhere, send its bytes as base64:// or hand it over by POST /upload", "libration 所在的机器上没有文件 %s：如果文件在别处，请以 base64:// 发送内容，或先用 POST /upload 上传", path)
	}
	if err != nil {
		return "", err
	}
	chain, err := upwards(real)
	switch {
	case err != nil:
		return "", err
	case within(chain, system), within(chain, f.o.Forbidden) && !within(chain, []string{f.o.Cache.Folder()}):
		return "", because(ErrForbidden, text.Errorf("%s is never read: it belongs to libration or to the system", "禁止读取 %s：它属于 libration 或系统", path))
	case len(f.o.Folders) > 0 && !within(chain, f.o.Folders) && !within(chain, []string{f.o.Cache.Folder()}):
		return "", because(ErrForbidden, text.Errorf("%s is in none of the folders of media.files.allow", "%s 不在 media.files.allow 列出的文件夹中", path))
	}
	return real, nil
}

// upwards returns a file and the folders around it. They are compared as what they are,
// as one folder may have several names.
func upwards(path string) ([]fs.FileInfo, error) {
	var chain []fs.FileInfo
	for {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		chain = append(chain, info)
		up := filepath.Dir(path)
		if up == path {
			return chain, nil
		}
		path = up
	}
}

// within tells whether one of the chain is one of these. What does not exist holds
// nothing.
func within(chain []fs.FileInfo, these []string) bool {
	return slices.ContainsFunc(these, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && slices.ContainsFunc(chain, func(c fs.FileInfo) bool { return os.SameFile(c, info) })
	})
}

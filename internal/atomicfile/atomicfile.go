// Package atomicfile replaces files whole: after a crash or a power cut the old or the
// new content is there.
package atomicfile

import (
	"io"
	"os"
	"path/filepath"
)

// Write replaces path with a file of mode 0600. It makes the folder when there is none,
// with mode 0700. The data are on disk when it returns nil.
func Write(path string, data []byte) error {
	return WriteTo(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteTo is [Write] for what write writes. When that fails, path stays as it is.
func WriteTo(path string, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if err = write(tmp); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	SyncFolder(dir) // the new name must outlive a power cut too
	return nil
}

// SyncFolder has the names in a folder outlive a power cut. Not every system can; then they
// are as safe as the system makes them.
func SyncFolder(path string) {
	if d, err := os.Open(path); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

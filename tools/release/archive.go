package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// tarball packs a tree as .tar.gz, with one time and owner 0.
func tarball(file, tree string, when time.Time) error {
	return packed(file, tree, func(w io.Writer, all []entry) error {
		compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		out := tar.NewWriter(compressed)
		for _, e := range all {
			header := &tar.Header{Name: e.name, Mode: int64(e.mode.Perm()), Size: e.size, ModTime: when, Format: tar.FormatPAX, Typeflag: tar.TypeReg}
			if e.mode.IsDir() {
				header.Typeflag = tar.TypeDir
			}
			if err := errors.Join(out.WriteHeader(header), copied(out, e)); err != nil {
				return err
			}
		}
		return errors.Join(out.Close(), compressed.Close())
	})
}

// zipped packs a tree as .zip.
func zipped(file, tree string, when time.Time) error {
	return packed(file, tree, func(w io.Writer, all []entry) error {
		out := zip.NewWriter(w)
		for _, e := range all {
			header := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: when}
			header.SetMode(e.mode)
			f, err := out.CreateHeader(header)
			if err != nil {
				return err
			}
			if err := copied(f, e); err != nil {
				return err
			}
		}
		return out.Close()
	})
}

// packed writes a file by pack.
func packed(file, tree string, pack func(io.Writer, []entry) error) error {
	all, err := entries(tree)
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(pack(f, all), f.Close())
}

// copied writes the bytes of a file.
func copied(w io.Writer, e entry) error {
	if e.mode.Type() == fs.ModeDir {
		return nil
	}
	f, err := os.Open(e.path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// sums writes SHA256SUMS, as sha256sum does, of all files in a folder.
func sums(folder string) error {
	files, err := os.ReadDir(folder) // sorted
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, f := range files {
		if !f.Type().IsRegular() || !strings.HasPrefix(f.Name(), "libration") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(data), f.Name())
	}
	return os.WriteFile(filepath.Join(folder, "SHA256SUMS"), []byte(b.String()), 0o644)
}

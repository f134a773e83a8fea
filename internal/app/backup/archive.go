package backup

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"time"

	"libration/internal/progress"
	"libration/internal/text"
)

// source is what goes into an archive.
type source struct {
	backedFile
	open func() (io.ReadCloser, error)
}

// write writes an archive: the manifest, then the files in its order.
func write(ctx context.Context, w io.Writer, m *manifest, files []source) error {
	zip := gzip.NewWriter(w)
	out := tar.NewWriter(zip)
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := out.WriteHeader(header(manifestName, int64(len(b)), m.Created)); err != nil {
		return err
	}
	if _, err := out.Write(b); err != nil {
		return err
	}
	for _, f := range files {
		if err := out.WriteHeader(header(f.Path, f.Size, m.Created)); err != nil {
			return err
		}
		if err := copyFile(ctx, out, f.open); err != nil {
			return err
		}
	}
	return errors.Join(out.Close(), zip.Close())
}

func header(name string, size int64, at time.Time) *tar.Header {
	return &tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: at.Truncate(time.Second)}
}

func copyFile(ctx context.Context, w io.Writer, open func() (io.ReadCloser, error)) error {
	r, err := open()
	if err != nil {
		return err
	}
	_, err = io.Copy(w, progress.Reader(ctx, stoppable{ctx, r}))
	return errors.Join(err, r.Close())
}

// stoppable ends reading with its context.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s stoppable) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(b)
}

// receiver takes what is read from an archive.
type receiver interface {
	// begin gets the manifest before anything else.
	begin(m *manifest) error
	// file gets the content of each file, of which nothing is certain before end. It may
	// leave some unread.
	file(f *backedFile, content io.Reader) error
	// end is called when all was there, with the right checksums, and nothing else.
	end() error
}

// read reads an archive, which may be anybody's.
func read(ctx context.Context, r io.Reader, to receiver) error {
	zip, err := gzip.NewReader(bufio.NewReader(stoppable{ctx, r}))
	if err != nil {
		return foreign("%v", err)
	}
	in := tar.NewReader(zip)
	if err := next(in, manifestName, -1); err != nil {
		return err
	}
	m, err := readManifest(in)
	if err != nil {
		return err
	}
	if err := to.begin(m); err != nil {
		return err
	}
	progress.Step(ctx, text.T("reading the backup", "读取备份"), m.size())
	for i := range m.Files {
		f := &m.Files[i]
		if err := next(in, f.Path, f.Size); err != nil {
			return err
		}
		sum := sha256.New()
		content := &counted{r: progress.Reader(ctx, io.TeeReader(io.LimitReader(in, f.Size), sum))}
		if err := to.file(f, content); err != nil {
			if ctx.Err() == nil && content.err != nil {
				return foreign("%s: %v", f.Path, content.err)
			}
			return err
		}
		if _, err := io.Copy(io.Discard, content); err != nil {
			return foreign("%s: %v", f.Path, err)
		}
		if content.n != f.Size || hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
			return foreign("%s is not what the manifest says", f.Path)
		}
	}
	if h, err := in.Next(); err == nil {
		return foreign("there is another entry, %q", shorten(h.Name))
	} else if !errors.Is(err, io.EOF) {
		return foreign("%v", err)
	}
	// The checksum of gzip stands at its end. Blocks of a tar file are filled up.
	const filling = 64 << 10
	if n, err := io.Copy(io.Discard, io.LimitReader(zip, filling+1)); err != nil || n > filling {
		return foreign("what follows the last entry (%v)", err)
	}
	return to.end()
}

// next goes on to the entry with this name and, unless it is negative, size.
func next(in *tar.Reader, name string, size int64) error {
	h, err := in.Next()
	switch {
	case err != nil:
		return foreign("%s: %v", name, err)
	case h.Name != name || h.Typeflag != tar.TypeReg || size >= 0 && h.Size != size:
		return foreign("there is %q of type %q with %d bytes in place of %s", shorten(h.Name), h.Typeflag, h.Size, name)
	}
	return nil
}

// counted counts what was read, and keeps the error of reading apart from that of writing.
type counted struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

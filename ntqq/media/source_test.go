package media

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libration/internal/text"
	"libration/ntqq/message"
)

var sample = kind{limit: 1 << 20, name: text.T("picture", "图片")}

// foreign is a source of somebody else's: its bytes come from anywhere.
type foreign struct{ io.Reader }

func (f foreign) Open(context.Context) (io.ReadCloser, error) { return io.NopCloser(f.Reader), nil }

func TestMeasure(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("libration"), 1000)
	folder := t.TempDir()
	path := filepath.Join(folder, "a.png")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, s := range map[string]message.Source{
		"path": Path(path), "bytes": Bytes(data), "reader": Reader(bytes.NewReader(data)),
		"file as a reader": Reader(file), "foreign": foreign{strings.NewReader(string(data))},
	} {
		spools := t.TempDir()
		f, err := (&Tools{Folder: spools}).measure(t.Context(), s, sample)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f.Size != uint64(len(data)) || f.MD5 != md5.Sum(data) || f.SHA1 != sha1.Sum(data) || f.States != nil {
			t.Errorf("%s: got %d bytes, %x, %x, %d states", name, f.Size, f.MD5, f.SHA1, len(f.States))
		}
		one, two := read(t, f), read(t, f) // both are open
		for _, r := range []io.ReadCloser{one, two, one} {
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) && r != one {
				t.Errorf("%s: read again: got %d bytes, %v", name, len(got), err)
			}
		}
		again, err := (&Tools{}).measure(t.Context(), f, sample) // what was measured is a source, too
		if err != nil || again.MD5 != f.MD5 {
			t.Errorf("%s: measured again: %x, %v", name, again.MD5, err)
		}
		if err := errors.Join(again.Close(), f.Close()); err != nil {
			t.Errorf("%s: close: %v", name, err)
		}
		if left, _ := os.ReadDir(spools); len(left) > 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

func TestStatesOfVideos(t *testing.T) {
	t.Parallel()
	film := sample
	film.video, film.limit = true, 4<<20
	f, err := (&Tools{}).measure(t.Context(), Bytes(make([]byte, 1<<20+1)), film)
	if err != nil || len(f.States) != 2 || f.States[1] != f.SHA1 || fmt.Sprintf("%x", f.SHA1) != "a84d35eda74338bd79a432f77d73f8ab5eb91902" {
		t.Errorf("got %x of %x, %v", f.States, f.SHA1, err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func read(t *testing.T, s message.Source) io.ReadCloser {
	t.Helper()
	r, err := s.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// failing reads some bytes and then an error.
type failing struct{}

func (failing) Read(b []byte) (int, error) { return 0, errors.New("unplugged") }

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	used := Reader(strings.NewReader("x"))
	read(t, used)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		s    message.Source
		ctx  context.Context
		want string
	}{
		"nothing":              {nil, nil, "it has no source"},
		"empty bytes":          {Bytes(nil), nil, "the picture is empty"},
		"an empty reader":      {Reader(strings.NewReader("")), nil, "the picture is empty"},
		"large bytes":          {Bytes(make([]byte, 1<<20+1)), nil, "larger than 1 MiB"},
		"a large reader":       {Reader(zeros{}), nil, "larger than 1 MiB"},
		"no file":              {Path(filepath.Join(folder, "none")), nil, "no such file"},
		"a folder":             {Path(folder), nil, "only regular files"},
		"a device":             {Path(os.DevNull), nil, "only regular files"},
		"what was read before": {used, nil, "read before"},
		"a broken reader":      {Reader(io.MultiReader(strings.NewReader("x"), failing{})), nil, "unplugged"},
		"a reader, cancelled":  {Reader(zeros{}), cancelled, "context canceled"},
		"bytes, cancelled":     {Bytes([]byte("x")), cancelled, "context canceled"},
	} {
		spools, ctx := t.TempDir(), c.ctx
		if ctx == nil {
			ctx = t.Context()
		}
		_, err := (&Tools{Folder: spools}).measure(ctx, c.s, sample)
		step, ok := errors.AsType[*StepError](err)
		if !ok || step.Step != StepFetch || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if left, _ := os.ReadDir(spools); len(left) > 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

package media

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libration/ntqq/message"
)

func TestAttachment(t *testing.T) {
	tools := &Tools{Folder: t.TempDir()}
	var seen bytes.Buffer
	a, err := tools.Attachment(t.Context(), Bytes([]byte("abc")), &seen)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(a.TriSHA1[:]); got != "22bf365e786dabc54fd81ee41a6ae4ed23ea5df7" { // docs/protocol/media.md 4.3
		t.Errorf("got %s", got)
	}
	if a.Size != 3 || a.Head != a.MD5 || a.MD5 != md5.Sum([]byte("abc")) || a.SHA1 != sha1.Sum([]byte("abc")) || seen.String() != "abc" {
		t.Errorf("got %+v, seen %q", a, seen.String())
	}
}

// TestSample: of a file of more than 30 MiB the sample is its beginning, its middle and its
// end.
func TestSample(t *testing.T) {
	for _, size := range []int{1, headSize, headSize + 1, 3*headSize - 1, 3 * headSize, 3*headSize + 1, 3*headSize + 12345} {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(i>>3 ^ i>>13)
		}
		want := b
		if size > 3*headSize {
			middle := size/2 - headSize/2
			want = append(append(bytes.Clone(b[:headSize]), b[middle:middle+headSize]...), b[size-headSize:]...)
		}
		want = binary.LittleEndian.AppendUint64(bytes.Clone(want), uint64(size))
		a, err := (&Tools{Folder: t.TempDir()}).Attachment(t.Context(), Reader(bytes.NewReader(b)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if a.TriSHA1 != sha1.Sum(want) || a.Head != md5.Sum(b[:min(size, headSize)]) || a.Size != uint64(size) {
			t.Errorf("%d bytes: got %x, %x", size, a.TriSHA1, a.Head)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

// brokenDisk is a source whose bytes end in an error.
type brokenDisk struct{ after int }

func (f brokenDisk) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(io.MultiReader(strings.NewReader(strings.Repeat("x", f.after)), brokenReader{})), nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the disk is broken") }

// TestAttachmentErrors: they name the step, and nothing stays on disk.
func TestAttachmentErrors(t *testing.T) {
	folder := t.TempDir()
	tools := &Tools{Folder: folder, Limits: Limits{File: 10}}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx    context.Context
		source message.Source
		want   string
	}{
		"none":      {t.Context(), nil, "fetch: there is no file"},
		"empty":     {t.Context(), Bytes(nil), "fetch: the file is empty"},
		"large":     {t.Context(), Bytes(make([]byte, 11)), "fetch: the file is larger than 10 bytes (media.limits.file)"},
		"endless":   {t.Context(), Reader(strings.NewReader(strings.Repeat("x", 1000))), "fetch: the file is larger than 10 bytes"},
		"broken":    {t.Context(), brokenDisk{5}, "fetch: the disk is broken"},
		"missing":   {t.Context(), Path(filepath.Join(folder, "none")), "fetch: "},
		"a folder":  {t.Context(), Path(folder), "is not a file"},
		"cancelled": {cancelled, Reader(strings.NewReader("x")), "fetch: context canceled"},
	} {
		a, err := tools.Attachment(c.ctx, c.source, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %+v, %v, want %q", name, a, err, c.want)
		}
		if _, ok := errors.AsType[*StepError](err); !ok {
			t.Errorf("%s: %v has no step", name, err)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left on disk: %v, %v", left, err)
	}
}

// BenchmarkAttachment takes all hashes of a file of 64 MiB on disk.
func BenchmarkAttachment(b *testing.B) {
	const size = 64 << 20
	path := filepath.Join(b.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
		b.Fatal(err)
	}
	tools := &Tools{Folder: b.TempDir()}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		a, err := tools.Attachment(b.Context(), Path(path), nil)
		if err != nil {
			b.Fatal(err)
		}
		a.Close()
	}
}

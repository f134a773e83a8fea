package store

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// messagePage finds a page with messages, counted from 0. Only reading them shows
// damage there.
func messagePage(t testing.TB, path string) int {
	t.Helper()
	p, err := openPages(path)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	b := make([]byte, p.size)
	for n := p.count / 2; n <= p.count; n++ {
		found := false
		if p.read(n, b) {
			_ = p.leaf(b, func(r foundRow) error {
				found = found || r.shape() == messageShape
				return nil
			})
		}
		if found {
			return int(n - 1)
		}
	}
	t.Fatal("no page has messages")
	return 0
}

func TestVarint(t *testing.T) {
	for in, want := range map[string]struct {
		v uint64
		n int
	}{
		"":                                     {},
		"\x05":                                 {5, 1},
		"\x81":                                 {},
		"\x81\x00":                             {128, 2},
		"\xff\xff\xff\xff\xff\xff\xff\xff":     {},
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff": {1<<64 - 1, 9},
		"\x80\x80\x80\x80\x80\x80\x80\x80\x07": {7, 9},
	} {
		if v, n := varint([]byte(in)); v != want.v || n != want.n {
			t.Errorf("%x: got %d of %d bytes, want %d of %d", in, v, n, want.v, want.n)
		}
	}
	row, ok := decodeRow([]byte("\x08\x00\x01\x02\x05\x08\x09\x11\xff\xff\x00\x80\x00\x00\x00\x00\x00hi"))
	want := []value{nil, int64(-1), int64(-256), int64(-1 << 47), int64(0), int64(1), "hi"}
	if diff := cmp.Diff(want, row); !ok || diff != "" {
		t.Errorf("%t, the row differs (-want +got):\n%s", ok, diff)
	}
}

func FuzzSalvage(f *testing.F) {
	s := open(f, Options{Path: filepath.Join(f.TempDir(), "messages.db")})
	fillStore(f, s, 2)
	wal, err := os.ReadFile(s.o.Path + "-wal")
	if err != nil {
		f.Fatal(err)
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	file, err := os.ReadFile(s.o.Path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file, []byte(nil))
	f.Add(file[:4096], wal)
	f.Add([]byte{}, []byte{})
	// One page that refers to itself.
	loop := make([]byte, 8192)
	page := loop[4096:]
	page[0], page[4] = tableLeaf, 1
	binary.BigEndian.PutUint16(page[8:], 4000)
	copy(page[4000:], "\x84\xff\xff\x7f\x01\x00")
	f.Add(loop, []byte(nil))
	f.Fuzz(func(t *testing.T, file, wal []byte) {
		p := newPageReader(bytes.NewReader(file), int64(len(file)), bytes.NewReader(wal))
		if err := p.rows(func(r foundRow) error { _ = r.shape(); return nil }); err != nil {
			t.Error(err)
		}
	})
}

package packed

import (
	"bytes"
	"errors"
	"testing"
)

// streams are both kinds.
var streams = map[string]struct {
	inflate func(b []byte, limit int) ([]byte, error)
	deflate func(dst, body []byte) []byte
	of      *format
}{
	"zlib": {Inflate, AppendDeflated, ofZlib},
	"gzip": {Gunzip, AppendGzipped, ofGzip},
}

func TestInflateLimit(t *testing.T) {
	for name, s := range streams {
		for _, n := range []int{0, 1, 4095, 4096, 4097, 100_000, 3 << 20} {
			stream := s.deflate(nil, make([]byte, n))
			if got, err := s.inflate(stream, n); err != nil || len(got) != n {
				t.Errorf("%s: inflate of %d bytes with that limit = %d bytes, %v", name, n, len(got), err)
			}
			if n == 0 {
				continue
			}
			if got, err := s.inflate(stream, n-1); !errors.Is(err, ErrLimit) || !errors.Is(err, ErrStream) {
				t.Errorf("%s: inflate of %d bytes with a limit of %d = %d bytes, %v, want ErrLimit", name, n, n-1, len(got), err)
			}
			if got, err := s.inflate(stream[:len(stream)-1], n); !errors.Is(err, ErrStream) || errors.Is(err, ErrLimit) {
				t.Errorf("%s: inflate of a cut stream = %d bytes, %v, want ErrStream", name, len(got), err)
			}
		}
	}
}

// What follows a stream is ignored: another one, too.
func TestInflateOneStream(t *testing.T) {
	for name, s := range streams {
		for range 2 { // the second time with a kept state
			stream := s.deflate([]byte("dst"), []byte("content"))
			if got, err := s.inflate(append(stream, stream[3:]...)[3:], 100); err != nil || string(got) != "content" {
				t.Errorf("%s: got %q, %v", name, got, err)
			}
		}
	}
}

// TestPoolOwnsNoResult: a pooled state does not write into what it returned.
func TestPoolOwnsNoResult(t *testing.T) {
	for name, s := range streams {
		z := s.of.inflaters.New().(*inflater)
		first, err := z.inflate(s.deflate(nil, []byte("first")), 100)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.inflate(s.deflate(nil, []byte("other")), 100); err != nil {
			t.Fatal(err)
		}
		if string(first) != "first" {
			t.Errorf("%s: the first result became %q", name, first)
		}
	}
}

// FuzzInflate: no stream inflates to more than the limit or MaxRatio, and what is deflated
// comes back.
func FuzzInflate(f *testing.F) {
	for _, s := range streams {
		f.Add(s.deflate(nil, []byte("some content, some content")))
		f.Add(s.deflate(nil, make([]byte, 100_000)))
	}
	f.Add([]byte{0x78, 0xbb, 0, 0, 0, 1, 0})
	f.Add([]byte{0x1f, 0x8b, 8, 0x1C, 0, 0, 0, 0, 0, 0xFF, 1, 0, 0}) // a head with fields
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 1 << 17
		for name, s := range streams {
			out, err := s.inflate(b, limit)
			if err != nil && !errors.Is(err, ErrStream) {
				t.Errorf("%s: inflate(%x): got %v, want ErrStream", name, b, err)
			}
			if len(out) > min(limit, MaxRatio*len(b)) {
				t.Errorf("%s: inflate(%x): got %d bytes", name, b, len(out))
			}
			if again, err := s.inflate(s.deflate(nil, b), len(b)); err != nil || !bytes.Equal(again, b) {
				t.Errorf("%s: %x came back as %x, %v", name, b, again, err)
			}
		}
	})
}

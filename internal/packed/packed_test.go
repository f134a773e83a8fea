package packed

import (
	"bytes"
	"errors"
	"testing"
)

func deflated(plain []byte) []byte { return AppendDeflated(nil, plain) }

func TestInflateLimit(t *testing.T) {
	for _, n := range []int{0, 1, 4095, 4096, 4097, 100_000} {
		stream := deflated(make([]byte, n))
		if got, err := Inflate(stream, n); err != nil || len(got) != n {
			t.Errorf("inflate of %d bytes with that limit = %d bytes, %v", n, len(got), err)
		}
		if n == 0 {
			continue
		}
		if got, err := Inflate(stream, n-1); !errors.Is(err, ErrStream) {
			t.Errorf("inflate of %d bytes with a limit of %d = %d bytes, %v, want ErrStream", n, n-1, len(got), err)
		}
	}
}

// TestPoolOwnsNoResult: a pooled state does not write into what it returned.
func TestPoolOwnsNoResult(t *testing.T) {
	z := new(inflater)
	first, err := z.inflate(deflated([]byte("first")), 100)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.inflate(deflated([]byte("other")), 100); err != nil {
		t.Fatal(err)
	}
	if string(first) != "first" {
		t.Errorf("the first result became %q", first)
	}
}

// FuzzInflate: no stream inflates to more than the limit or MaxRatio, and what is deflated
// comes back.
func FuzzInflate(f *testing.F) {
	f.Add(deflated([]byte("some content, some content")))
	f.Add(deflated(make([]byte, 100_000)))
	f.Add([]byte{0x78, 0xbb, 0, 0, 0, 1, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 1 << 17
		out, err := Inflate(b, limit)
		if err != nil && !errors.Is(err, ErrStream) {
			t.Errorf("Inflate(%x): got %v, want ErrStream", b, err)
		}
		if len(out) > min(limit, MaxRatio*len(b)) {
			t.Errorf("Inflate(%x): got %d bytes", b, len(out))
		}
		if again, err := Inflate(deflated(b), len(b)); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x came back as %x, %v", b, again, err)
		}
	})
}

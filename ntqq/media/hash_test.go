package media

import (
	"encoding/hex"
	"io"
	"testing"
)

// The vector of docs/protocol/media.md 3.6.
func TestStatesOfVideos(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		size   int64
		states []string
	}{
		{1<<20 + 1, []string{"99c460eef9b1336489cc206bcde3f3a58b5a6466", "a84d35eda74338bd79a432f77d73f8ab5eb91902"}},
		{1 << 20, []string{"99c460eef9b1336489cc206bcde3f3a58b5a6466", "3b71f43ff30f4b15b5cd85dd9e95ebc7e84eb5a3"}},
		{0, []string{"da39a3ee5e6b4b0d3255bfef95601890afd80709"}},
	} {
		for _, step := range []int{1 << 20, 4<<20 + 3, 1000} {
			h := newHasher(true)
			if _, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{io.LimitReader(zeros{}, c.size)}, make([]byte, step)); err != nil {
				t.Fatal(err)
			}
			var f File
			h.into(&f)
			if f.Size != uint64(c.size) || len(f.States) != len(c.states) {
				t.Fatalf("%d bytes: got size %d, %d states, want %d", c.size, f.Size, len(f.States), len(c.states))
			}
			for i, want := range c.states {
				if got := hex.EncodeToString(f.States[i][:]); got != want {
					t.Errorf("%d bytes in steps of %d: state %d: got %s, want %s", c.size, step, i, got, want)
				}
			}
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

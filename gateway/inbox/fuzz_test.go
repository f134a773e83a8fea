package inbox

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"
)

// FuzzChunks does to one stream what the input says, three bytes a step, up to 15 steps. What is finished is
// what was sent, and what is on disk is counted and bounded.
func FuzzChunks(f *testing.F) {
	f.Add([]byte{0, 0, 5, 0, 1, 5, 9, 2, 0})             // in order
	f.Add([]byte{0, 1, 5, 0, 0, 90, 0, 1, 7, 9, 2, 0})   // out of order, one twice
	f.Add([]byte{0, 0, 5, 9, 2, 0, 7, 0, 0, 0, 0, 3})    // a gap, then begun anew
	f.Add([]byte{0, 0, 99, 0, 0, 99, 0, 0, 99, 0, 1, 1}) // more than there is room for
	f.Fuzz(func(t *testing.T, steps []byte) {
		b, err := Open(Options{Folder: filepath.Join(t.TempDir(), "u"), MaxSize: 200, MaxTotal: 300, Keep: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		sent, steps := map[int][]byte{}, steps[:min(len(steps), 45)]
		for n := byte('a'); len(steps) >= 3; n, steps = n+1, steps[3:] {
			what, index, size := steps[0]%10, int(int8(steps[1])), int(steps[2])
			chunk := Chunk{Stream: "s", Index: index}
			switch {
			case what < 7:
				data := bytes.Repeat([]byte{n}, size)
				if _, err := b.Put(chunk, bytes.NewReader(data)); err == nil {
					sent[index] = data
				}
			case what < 9:
				b.Drop("s")
				clear(sent)
			default:
				file, st, err := b.Finish(Chunk{Stream: "s", Total: index})
				if err != nil || st.Total == 0 {
					break // not finished, or what was finished before
				}
				var want int64
				for i := range st.Total {
					want += int64(len(sent[i]))
				}
				if file.Size != want || len(sent) != st.Total || want > 200 {
					t.Errorf("got %d bytes of %d chunks, want %d of %d", file.Size, st.Total, want, len(sent))
				}
				clear(sent)
			}
			if _, err := b.StreamState("s"); err != nil {
				clear(sent) // a first chunk that is refused begins nothing
			}
			if b.used > 300 {
				t.Errorf("%d bytes are on disk", b.used)
			}
		}
		onDisk(t, b)
	})
}

package ntqq

import (
	"strings"
	"testing"
)

// FuzzAlbumSession: an answer to an announcement has a session and slices of a length that
// can be sent, or is an error.
func FuzzAlbumSession(f *testing.F) {
	f.Add([]byte(`{"ret":0,"msg":"","data":{"session":"s","slice_size":16384}}`))
	f.Add([]byte(`{"ret":0,"data":{"session":"s","slice_size":"99999999999"}}`))
	f.Add([]byte(`{"ret":0,"data":{"session":"s","slice_size":1}}`))
	f.Add([]byte(`{"ret":0,"data":{"session":"s"}}`))
	f.Add([]byte(`{"data":[]}`))
	f.Add([]byte(`{"data":{"session":"` + strings.Repeat("s", 1<<20) + `"}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		session, size, err := readAlbumSession(answer)
		if err == nil && (session == "" || len(session) > maxAlbumSession || size < minAlbumSlice || size > maxAlbumSlice) {
			t.Errorf("%.200q: session %.50q with slices of %d bytes", answer, session, size)
		}
	})
}

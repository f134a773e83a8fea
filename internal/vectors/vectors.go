// Package vectors reads the test vectors: bytes made by independent
// implementations, or captured from the real service, with what they mean. Each
// file explains itself in its "what". For tests only.
package vectors

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"libration/internal/spec"
)

// Hex is a byte string that the files write as hex digits.
type Hex []byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hex) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// Read returns the cases of a vector file, from the folder that LIBRATION_VECTORS
// names, else from testdata/vectors of the repository. Without the file the test is
// skipped.
func Read[T any](tb testing.TB, name string) []T {
	tb.Helper()
	dir := os.Getenv("LIBRATION_VECTORS")
	if dir == "" {
		dir = filepath.Join(spec.Root(tb), "testdata", "vectors")
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		tb.Skipf("no vector file %s", name)
	}
	if err != nil {
		tb.Fatal(err)
	}
	var file struct {
		Cases []T `json:"cases"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return file.Cases
}

package wire

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// hexBytes is a byte string that the vector files write as hex digits.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// readVectors decodes the cases of a vector file and skips the test when there is no such file.
func readVectors[T any](tb testing.TB, name string) []T {
	tb.Helper()
	dir := os.Getenv("LIBRATION_VECTORS")
	if dir == "" {
		dir = filepath.Join("..", "..", "testdata", "vectors")
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		tb.Skipf("no vector file %s", name)
	}
	if err != nil {
		tb.Fatal(err)
	}
	var file struct{ Cases []T }
	if err := json.Unmarshal(text, &file); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return file.Cases
}

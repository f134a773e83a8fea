package media

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRelativeCache: a cache in a folder of the working folder, as data: ./data has it,
// names its files in full. Others read those paths.
func TestRelativeCache(t *testing.T) {
	t.Chdir(t.TempDir())
	cache, err := OpenCache(filepath.Join("data", "media"), 1000)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := NewFiles(FilesOptions{Cache: cache}).Keep(strings.NewReader("bytes"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(kept.Path); err != nil || string(b) != "bytes" || !filepath.IsAbs(kept.Path) {
		t.Errorf("kept at %q: %q, %v", kept.Path, b, err)
	}
}

//go:build endurance

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The program of docs/library.md prints what the page says.
func TestLibraryPage(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	page, err := os.ReadFile("../../docs/library.md")
	if err != nil {
		t.Fatal(err)
	}
	_, program, ok := strings.Cut(string(page), "```go\npackage main\n")
	program, _, _ = strings.Cut(program, "```\n")
	if !ok {
		t.Fatal("the page has no program")
	}
	folder := t.TempDir()
	file, binary := filepath.Join(folder, "main.go"), filepath.Join(folder, "program")
	if err := os.WriteFile(file, []byte("package main\n"+program), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", binary, file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for range 5 {
		out, err := exec.Command(binary).Output() // the log is on stderr
		if err != nil || !strings.HasPrefix(string(out), "true true\n") || !strings.HasSuffix(string(out), "\n<nil> <nil>\n") {
			t.Fatalf("got %q, %v", out, err)
		}
	}
}

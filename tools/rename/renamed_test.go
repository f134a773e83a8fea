//go:build endurance

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRenamed: a copy with another path builds, is vetted, passes the tests that know
// the path, and has generated code that is current.
func TestRenamed(t *testing.T) {
	folder := t.TempDir()
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), "PWD="+folder, "GOFLAGS=-buildvcs=false")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
		return string(out)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	files, err := exec.Command("git", "-C", root, "ls-files", "-z").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(files), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run("git", "init", "-q")
	run("git", "add", "-A")
	if err := rename(folder, "example.org/team/libration"); err != nil {
		t.Fatal(err)
	}
	left, err := exec.Command("git", "-C", folder, "grep", "-nE", `^module libration|"libration/|go_package = "libration|pkg: libration`, "--", ":!tools/rename", ":!*.md").Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 { // 1: nothing found
		t.Errorf("the old path is left (%v):\n%s", err, left)
	}
	run("git", "add", "-A")
	run("go", "build", "./...")
	run("go", "vet", "./...")
	run("go", "test", "./internal/text", "./internal/config", "./internal/network", "./cmd/libration", "./onebot", "./ntqq", "-run", "Language|Text|Generated|Network|Loopback|Scripts|Help|Doc|API|Public")
	run("go", "generate", "./internal/pb", "./internal/config", "./onebot")
	if changed := run("git", "diff", "--stat"); changed != "" {
		t.Errorf("generated code is not current:\n%s", changed)
	}
}

package filelock

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

const (
	prefix  = "libration-test-"
	asOther = "FILELOCK_TEST_OTHER" // this process makes a folder and waits
)

func TestMain(m *testing.M) {
	if os.Getenv(asOther) != "" {
		f, err := MakeTemporary(prefix)
		if err != nil {
			panic(err)
		}
		_, _ = os.Stdout.WriteString(f.Path() + "\n")
		select {}
	}
	os.Exit(m.Run())
}

// TestTemporary: the folder of a process that runs stays, that of one that was killed is
// removed by the next one, and nothing else is.
func TestTemporary(t *testing.T) {
	top := t.TempDir()
	t.Setenv("TMPDIR", top)
	t.Setenv("TMP", top)
	elsewhere := t.TempDir()
	kept := []string{filepath.Join(top, prefix+"file"), filepath.Join(elsewhere, "file"), filepath.Join(top, "libration-other-1")}
	for _, path := range kept[:2] {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink(elsewhere, filepath.Join(top, prefix+"link")), os.Mkdir(kept[2], 0o700)); err != nil {
		t.Fatal(err)
	}
	own, err := MakeTemporary(prefix)
	if err != nil {
		t.Fatal(err)
	}
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), asOther+"=1")
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	line, _, err := bufio.NewReader(out).ReadLine()
	left := string(line)
	if err == nil {
		err = os.WriteFile(filepath.Join(left, "medium"), []byte("x"), 0o600)
	}
	if err != nil {
		t.Fatal(errors.Join(err, other.Process.Kill()))
	}
	CleanTemporary(prefix)
	for _, path := range append(kept, left, own.Path()) {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("while all run: %v", err)
		}
	}
	_ = errors.Join(other.Process.Kill(), ignore(other.Wait()))
	CleanTemporary(prefix)
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a killed process left is there: %v", err)
	}
	for _, path := range append(kept, own.Path()) {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("after the other has ended: %v", err)
		}
	}
	if err := own.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(own.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}
}

func ignore(error) error { return nil }

// TestTemporaryTogether: folders that are made at the same time are not taken for others'.
func TestTemporaryTogether(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("TMP", os.Getenv("TMPDIR"))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				f, err := MakeTemporary(prefix)
				if err != nil {
					t.Error(err)
					return
				}
				if err := os.WriteFile(filepath.Join(f.Path(), "x"), nil, 0o600); err != nil {
					t.Error(err)
				}
				if err := f.Remove(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

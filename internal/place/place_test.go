package place

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	was := Record{ID: "x", Path: "/data/1", Host: "a", Inode: 7, Born: 100, Machine: "m"}
	with := func(change func(*Record)) Record {
		r := was
		change(&r)
		return r
	}
	moved := func(r *Record) { r.Inode, r.Born = 8, 200 }
	inContainer := func(r *Record) { r.Machine = "" }
	for name, tt := range map[string]struct {
		was, now Record
		original bool
		want     Kind
	}{
		"the same, after a restart":                 {was, was, false, 0},
		"the same, moved within its disk":           {was, with(func(r *Record) { r.Path = "/data/2" }), false, 0},
		"a kernel that does not say when made":      {was, with(func(r *Record) { r.Born = 0 }), false, 0},
		"a name of the machine that changed":        {was, with(func(r *Record) { r.Host = "b" }), false, 0},
		"a machine id that is drawn each time":      {was, with(func(r *Record) { r.Machine = "n" }), false, 0},
		"moved to another disk of the machine":      {was, with(moved), false, 0},
		"a file system without lasting numbers":     {with(func(r *Record) { r.Inode, r.Born = 0, 0 }), with(func(r *Record) { r.Inode, r.Born = 0, 0 }), false, 0},
		"such a file system now":                    {was, with(func(r *Record) { r.Inode, r.Born = 0, 0 }), false, 0},
		"a new container with the same volume":      {with(inContainer), with(func(r *Record) { r.Machine, r.Host = "", "c" }), false, 0},
		"first on the machine, then in a container": {was, with(func(r *Record) { r.Machine, r.Host, r.Path = "", "c", "/data" }), false, 0},
		"a copy beside its original":                {was, with(moved), true, Copied},
		"a snapshot beside its original":            {was, was, true, Copied},
		"a copy on another machine":                 {was, with(func(r *Record) { r.Machine, r.Host, r.Inode = "n", "b", 8 }), false, Foreign},
		"an image of the disk on another machine":   {was, with(func(r *Record) { r.Machine, r.Host = "n", "b" }), false, Foreign},
		"a copied volume of a container":            {with(inContainer), with(func(r *Record) { moved(r); r.Machine, r.Host = "", "c" }), false, Changed},
	} {
		if got := judge(&tt.was, &tt.now, tt.original); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

// TestCheck moves and copies a folder.
func TestCheck(t *testing.T) {
	t.Parallel()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := filepath.Join(top, "a"), filepath.Join(top, "b"), filepath.Join(top, "c")
	if err := os.Mkdir(a, 0o700); err != nil {
		t.Fatal(err)
	}
	pass := func(what, folder string) {
		t.Helper()
		if err := Check(folder); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	pass("a new folder", a)
	if err := Settle(a, time.Unix(1700000000, 0)); err != nil {
		t.Fatal(err)
	}
	pass("used again", a)
	if err := os.Symlink(a, c); err == nil {
		pass("by a link", c)
		if err := os.Remove(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(a, b); err != nil {
		t.Fatal(err)
	}
	pass("moved", b)
	if err := Settle(b, time.Unix(1700000001, 0)); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(a, os.DirFS(b)); err != nil {
		t.Fatal(err)
	}
	pass("the original beside its copy", b)
	err = Check(a)
	if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Copied || e.Was.Path != b || e.Was.Used.Unix() != 1700000001 {
		t.Errorf("the copy: %v", err)
	}
	if was, err := Forget(a); err != nil || was == nil || was.Path != b {
		t.Errorf("forgot %v, %v", was, err)
	}
	pass("the copy when that was forgotten", a)
	if err := Settle(a, time.Unix(1700000002, 0)); err != nil {
		t.Fatal(err)
	}
	pass("the copy, used", a)
	pass("its original", b)
	for _, damaged := range []string{"", "{", "null", `{"id":"x"}`} {
		if err := os.WriteFile(filepath.Join(a, Name), []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		pass("a damaged record", a)
	}
}

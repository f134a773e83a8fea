package media

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func cached(t *testing.T, c *Cache, key string, size int) string {
	t.Helper()
	f, err := c.create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(bytes.Repeat([]byte("x"), size)); err != nil {
		t.Fatal(err)
	}
	path, err := c.keep(f, idOf(key))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// has returns which of a, b, c ... are kept.
func has(t *testing.T, c *Cache) string {
	t.Helper()
	var kept string
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		if c.entries[idOf(key)] != nil {
			kept += key
		}
	}
	all, err := os.ReadDir(c.folder)
	if err != nil || len(all) != len(c.entries) {
		t.Errorf("got %d files of %d entries, %v", len(all), len(c.entries), err)
	}
	return kept
}

func TestCacheEviction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		folder := filepath.Join(t.TempDir(), "media")
		c, err := OpenCache(folder, 100)
		if err != nil {
			t.Fatal(err)
		}
		want := func(kept string) {
			t.Helper()
			if got := has(t, c); got != kept {
				t.Errorf("got %q, want %q", got, kept)
			}
			time.Sleep(time.Second)
		}
		cached(t, c, "a", 40)
		want("a")
		cached(t, c, "b", 40)
		want("ab")
		c.get(idOf("a")).Close()
		want("ab")
		cached(t, c, "c", 40) // b was used least recently
		want("ac")
		cached(t, c, "a", 50) // the size is that of the new one
		want("ac")
		cached(t, c, "d", 200) // the newest stays, however large it is
		want("d")
		cached(t, c, "e", 10)
		want("e")
		if c.size != 10 {
			t.Errorf("got the size %d", c.size)
		}
		cached(t, c, "a", 40)
		time.Sleep(time.Second)
		c.get(idOf("e")).Close()
		open := c.get(idOf("a"))
		defer open.Close()
		time.Sleep(time.Second)
		c.get(idOf("e")).Close()

		for _, name := range []string{spooled + "123.tmp", "notes.txt", "../outside.tmp"} {
			write(t, filepath.Join(folder, name), "x")
		}
		if c, err = OpenCache(folder, 30); err != nil { // started again, with less room
			t.Fatal(err)
		}
		if c.entries[idOf("e")] == nil || c.entries[idOf("a")] != nil || c.size != 10 {
			t.Errorf("after a restart: got %v, %d bytes", c.entries, c.size)
		}
		all, _ := filepath.Glob(filepath.Join(folder, "*"))
		names := make([]string, len(all))
		for i := range all {
			names[i] = filepath.Base(all[i])
		}
		slices.Sort(names)
		if !slices.Equal(names, []string{idOf("e"), "notes.txt"}) && !slices.Equal(names, []string{idOf("e") + ".txt", "notes.txt"}) {
			t.Errorf("after a restart: got %v", names)
		}
		if b, err := io.ReadAll(open); err != nil || len(b) != 40 { // who reads it goes on
			t.Errorf("read %d bytes of a removed file, %v", len(b), err)
		}
	})
}

// The folder may be removed while the program runs.
func TestCacheWithoutItsFolder(t *testing.T) {
	t.Parallel()
	c, err := OpenCache(filepath.Join(t.TempDir(), "media"), 100)
	if err != nil {
		t.Fatal(err)
	}
	cached(t, c, "a", 10)
	if err := os.RemoveAll(c.folder); err != nil {
		t.Fatal(err)
	}
	if f := c.get(idOf("a")); f != nil || c.size != 0 {
		t.Errorf("got %v, %d bytes", f, c.size)
	}
	cached(t, c, "b", 10)
	if got := has(t, c); got != "b" {
		t.Errorf("got %q", got)
	}
}

// TestCacheClean: what was just used stays, as does what others keep in the folder.
func TestCacheClean(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := OpenCache(filepath.Join(t.TempDir(), "media"), 100)
		if err != nil {
			t.Fatal(err)
		}
		cached(t, c, "a", 10)
		cached(t, c, "b", 20)
		time.Sleep(cleanAfter)
		cached(t, c, "c", 5)
		f := c.get(idOf("b"))
		if f == nil {
			t.Fatal("b is not there")
		}
		defer f.Close()
		if files, size := c.clean(); files != 1 || size != 10 || has(t, c) != "bc" || c.size != 25 {
			t.Errorf("%d files of %d bytes went, %s of %d bytes are left", files, size, has(t, c), c.size)
		}
		time.Sleep(cleanAfter)
		if files, size := c.clean(); files != 2 || size != 25 || has(t, c) != "" || c.size != 0 {
			t.Errorf("%d files of %d bytes went, %s of %d bytes are left", files, size, has(t, c), c.size)
		}
	})
}

package store

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func putMedium(t testing.TB, s *Store, id, kind, payload string) {
	t.Helper()
	if err := s.PutMedium(id, kind, []byte(payload)); err != nil {
		t.Fatalf("PutMedium(%q): %v", id, err)
	}
}

// checkMedium wants this kind and payload; both "": none.
func checkMedium(t testing.TB, s *Store, id, kind, payload string) {
	t.Helper()
	if gotKind, got, err := s.Medium(id); err != nil || gotKind != kind || string(got) != payload {
		t.Errorf("Medium(%q) gives %q %q, %v, want %q %q", id, gotKind, got, err, kind, payload)
	}
}

func TestMedia(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path, gather: time.Hour}) // it stays in memory
	putMedium(t, s, "a", "image", `{"n":1}`)
	putMedium(t, s, "b", "video", `{"n":2}`)
	putMedium(t, s, "a", "image", `{"n":3}`)
	for _, where := range []string{"memory", "file", "file of a new store", "repaired file"} {
		checkMedium(t, s, "a", "image", `{"n":3}`)
		checkMedium(t, s, "b", "video", `{"n":2}`)
		checkMedium(t, s, "c", "", "")
		if t.Failed() {
			t.Fatal("in the " + where)
		}
		if where == "memory" {
			flush(t, s)
			if s.media.queue != nil || s.media.bytes != 0 {
				t.Errorf("%d bytes stay in memory", s.media.bytes)
			}
			continue
		}
		closeStore(t, s)
		if where == "file of a new store" {
			change(t, path, overwrite(0, 4096))
		}
		s = open(t, Options{Path: path})
	}
	if err := s.PutMedium("a", "image", make([]byte, maxMedium+1)); err == nil || !strings.Contains(err.Error(), "a medium's payload") {
		t.Errorf("a payload that is too large: %v", err)
	}
}

// TestTrimMedia: what is known of media becomes old as messages do.
func TestTrimMedia(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		s := open(t, Options{Clock: trusted(), Log: logTo(&logged), Keep: Keep{Messages: 9 * day}})
		putMedium(t, s, "old", "image", `{}`)
		putMedium(t, s, "seen again", "image", `{}`)
		flush(t, s)
		sleep(6 * day)
		putMedium(t, s, "seen again", "image", `{}`)
		flush(t, s)
		sleep(4 * day)
		checkMedium(t, s, "old", "", "")
		checkMedium(t, s, "seen again", "image", `{}`)
		if !strings.Contains(logged.String(), "media=1") {
			t.Errorf("want one line with the number:\n%s", &logged)
		}

		payload := `"` + strings.Repeat("x", 60<<10) + `"`
		for i := range 50 {
			putMedium(t, s, fmt.Sprint(i), "image", payload)
			time.Sleep(time.Second)
		}
		flush(t, s)
		s.SetKeep(Keep{Size: 2 << 20})
		sleep(trimEvery + time.Minute)
		checkMedium(t, s, "seen again", "", "")
		checkMedium(t, s, "0", "", "")
		checkMedium(t, s, "49", "image", payload)
		closeStore(t, s)
	})
}

package store

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// somePayload is gzip of so many bytes that it does not get smaller.
func somePayload(t testing.TB, n int) []byte {
	t.Helper()
	noise := make([]byte, n)
	for i, r := 0, rand.New(rand.NewPCG(1, uint64(n))); i < n; i++ {
		noise[i] = byte(r.Uint32())
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(noise); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func putForward(t testing.TB, s *Store, id string, payload []byte) {
	t.Helper()
	if err := s.PutForward(id, payload); err != nil {
		t.Fatalf("PutForward(%q): %v", id, err)
	}
}

// checkForward wants this payload; nil: none.
func checkForward(t testing.TB, s *Store, id string, want []byte) {
	t.Helper()
	if got, err := s.Forward(id); err != nil || !bytes.Equal(got, want) || (got == nil) != (want == nil) {
		t.Errorf("Forward(%q) gives %d bytes, %v, want %d", id, len(got), err, len(want))
	}
}

func TestForwards(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path, gather: time.Hour}) // it stays in memory
	all := map[string][]byte{
		"small": somePayload(t, 10), "large": somePayload(t, 100_000),
		strings.Repeat("/", maxBlobID): somePayload(t, 1), "again": somePayload(t, 20),
	}
	putForward(t, s, "again", somePayload(t, 30))
	for id, payload := range all {
		putForward(t, s, id, payload)
	}
	for _, where := range []string{"memory", "file", "file of a new store", "repaired file"} {
		for id, want := range all {
			checkForward(t, s, id, want)
		}
		checkForward(t, s, "another", nil)
		checkForward(t, s, "", nil)
		if t.Failed() {
			t.Fatal("in the " + where)
		}
		if where == "memory" {
			flush(t, s)
			if s.forwards.queue != nil || s.forwards.bytes != 0 {
				t.Errorf("%d bytes stay in memory", s.forwards.bytes)
			}
			continue
		}
		closeStore(t, s)
		if where == "file of a new store" {
			change(t, path, overwrite(0, 4096))
		}
		s = open(t, Options{Path: path})
	}
	putForward(t, s, "small", all["large"]) // replaces one in the file
	flush(t, s)
	checkForward(t, s, "small", all["large"])
	closeStore(t, s)
	if _, err := s.Forward("small"); !errors.Is(err, ErrClosed) {
		t.Errorf("Forward gives %v", err)
	}
	if err := s.PutForward("small", []byte("x")); !errors.Is(err, ErrClosed) {
		t.Errorf("PutForward gives %v", err)
	}
}

func TestForwardTooLarge(t *testing.T) {
	s := open(t, Options{})
	for name, err := range map[string]error{
		"payload":    s.PutForward("x", make([]byte, maxForward+1)),
		"no payload": s.PutForward("x", nil),
		"id":         s.PutForward(strings.Repeat("x", maxBlobID+1), []byte("x")),
		"no id":      s.PutForward("", []byte("x")),
	} {
		if err == nil || !strings.Contains(err.Error(), "bytes") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	largest := make([]byte, maxForward)
	putForward(t, s, "x", largest)
	flush(t, s)
	checkForward(t, s, "x", largest)
}

// TestForwardsOfEarlierFile: a file of a program that knew no forwards gets the table.
func TestForwardsOfEarlierFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path})
	m := groupMessage(t, 1, 1)
	id := put(t, s, m)
	flush(t, s)
	for _, q := range []string{"DROP TABLE forwards", "DROP TABLE media", "DELETE FROM goose_db_version WHERE version_id >= 5"} {
		if _, err := s.db.w.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s)
	s = open(t, Options{Path: path})
	check(t, s, id, m)
	putForward(t, s, "x", []byte("y"))
	flush(t, s)
	checkForward(t, s, "x", []byte("y"))
}

// TestForwardsWhileWritingFails: the newest may be read, the oldest give way, and writing
// goes on when the disk works again.
func TestForwardsWhileWritingFails(t *testing.T) {
	var logged bytes.Buffer
	path := filepath.Join(t.TempDir(), "messages.db")
	o := Options{Path: path, Log: logTo(&logged), retryMin: time.Millisecond, retryMax: 2 * time.Millisecond, pending: 100}
	s := open(t, o)
	if _, err := s.db.w.Exec("PRAGMA query_only = on"); err != nil {
		t.Fatal(err)
	}
	id := func(i int) string { return fmt.Sprint("forward ", i) }
	for i := range 150 {
		putForward(t, s, id(i), []byte(id(i)))
		if i == 0 {
			s.waitFailure(true)
		}
	}
	checkForward(t, s, id(0), nil)
	checkForward(t, s, id(149), []byte(id(149)))
	if _, err := s.db.w.Exec("PRAGMA query_only = off"); err != nil {
		t.Fatal(err)
	}
	s.waitFailure(false)
	flush(t, s)
	closeStore(t, s)
	if !strings.Contains(logged.String(), "lost_forwards=50") {
		t.Errorf("want a line that says 50 are lost:\n%s", &logged)
	}
	s = open(t, o)
	for i := 50; i < 150; i++ {
		checkForward(t, s, id(i), []byte(id(i)))
	}

	if _, err := s.db.w.Exec("PRAGMA query_only = on"); err != nil {
		t.Fatal(err)
	}
	putForward(t, s, "last", []byte("x"))
	s.waitFailure(true)
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "1 forwards") {
		t.Errorf("Close gives %v, want the number of forwards not written", err)
	}
}

// TestFullForwardsWait: the queue is bounded in bytes.
func TestFullForwardsWait(t *testing.T) {
	s := open(t, Options{gather: time.Hour})
	largest := make([]byte, maxForward)
	for i := range maxPendingBytes / maxForward {
		putForward(t, s, fmt.Sprint(i), largest)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		putForward(t, s, "more", largest)
	}()
	select {
	case <-done:
		t.Error("more is kept than allowed")
	case <-time.After(20 * time.Millisecond):
	}
	flush(t, s)
	<-done
	flush(t, s)
	checkForward(t, s, "more", largest)
}

func TestTrimForwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		path := filepath.Join(t.TempDir(), "messages.db")
		o := Options{Clock: trusted(), Path: path, Log: logTo(&logged), Keep: Keep{Messages: 9 * day}}
		s := open(t, o)
		putForward(t, s, "old", somePayload(t, 1000))
		flush(t, s)
		sleep(6 * day)
		putForward(t, s, "young", somePayload(t, 1000))
		flush(t, s)
		sleep(2 * day)
		checkForward(t, s, "old", somePayload(t, 1000))
		sleep(2 * day)
		checkForward(t, s, "old", nil)
		checkForward(t, s, "young", somePayload(t, 1000))
		if !strings.Contains(logged.String(), "forwards=1") {
			t.Errorf("want one line with the number:\n%s", &logged)
		}
		closeStore(t, s)

		// One without a known time goes with those behind it, never alone.
		o.Clock = nil
		s = open(t, o)
		putForward(t, s, "no time", somePayload(t, 1000))
		flush(t, s)
		sleep(10 * day)
		closeStore(t, s)
		o.Clock = trusted()
		s = open(t, o)
		putForward(t, s, "new", somePayload(t, 1000))
		flush(t, s)
		sleep(2 * firstTrim)
		checkForward(t, s, "young", nil)
		checkForward(t, s, "no time", somePayload(t, 1000))
		sleep(10 * day)
		checkForward(t, s, "no time", nil)
		checkForward(t, s, "new", nil)
		closeStore(t, s)
	})
}

// TestTrimForwardsBySize: the file stays as small as it should be, the oldest forwards
// and messages go.
func TestTrimForwardsBySize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, n = 4 << 20, 60
		s := open(t, Options{Clock: trusted(), Keep: Keep{Size: limit}})
		payload := somePayload(t, 100_000)
		var ids []int32
		for i := range n {
			putForward(t, s, fmt.Sprint(i), payload)
			ids = append(ids, put(t, s, messageOf(t, uint64(i+1), 0)))
			time.Sleep(time.Second)
		}
		flush(t, s)
		sleep(2 * firstTrim)
		left := 0
		for i := range n {
			f, err := s.Forward(fmt.Sprint(i))
			if err != nil || f == nil && left > 0 {
				t.Fatalf("forward %d: %v, after %d", i, err, left)
			}
			if f != nil {
				left++
			}
		}
		if left < 20 || left > 40 {
			t.Errorf("%d forwards are left", left)
		}
		if m, err := s.Get(ids[0]); m != nil || err != nil {
			t.Errorf("a message is left that is older than a forward that is not: %v", err)
		}
		if info, err := os.Stat(s.o.Path); err != nil || info.Size() > limit+1<<20 {
			t.Errorf("the file on the disk has %d bytes, %v, want about %d", info.Size(), err, limit)
		}
		s.SetKeep(Keep{Size: 1})
		sleep(trimEvery + time.Minute)
		checkForward(t, s, fmt.Sprint(n-1), nil)
		closeStore(t, s)
	})
}

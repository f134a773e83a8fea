package inbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

func open(t *testing.T, change func(*Options)) *Inbox {
	t.Helper()
	o := Options{Folder: filepath.Join(t.TempDir(), "uploads"), MaxSize: 1000, MaxTotal: 2500, Keep: time.Hour}
	if change != nil {
		change(&o)
	}
	b, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// onDisk returns how many files the folder has, and checks that the sizes are counted.
func onDisk(t *testing.T, b *Inbox) int {
	t.Helper()
	all, err := os.ReadDir(b.Folder())
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	for _, e := range all {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", e.Name(), info.Mode())
		}
		size += info.Size()
	}
	if size != b.used {
		t.Errorf("%d bytes are on disk, %d are counted", size, b.used)
	}
	return len(all)
}

func receive(t *testing.T, b *Inbox, name string, size int) *File {
	t.Helper()
	f, err := b.Receive(name, bytes.NewReader(bytes.Repeat([]byte("x"), size)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestReceive(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	f, err := b.Receive(`C:\dir/../报告.PDF`, strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if f.Name != "报告.PDF" || f.Size != 5 || f.SHA256 != sha256.Sum256([]byte("hello")) || f.URI() != "upload://"+f.ID {
		t.Errorf("got %+v", f)
	}
	if content, err := os.ReadFile(f.Path); err != nil || string(content) != "hello" || filepath.Ext(f.Path) != ".PDF" || filepath.Dir(f.Path) != b.Folder() {
		t.Errorf("got %q at %s, %v", content, f.Path, err)
	}
	if got := b.Find(f.ID); got == nil || got.Path != f.Path {
		t.Errorf("found %+v", got)
	}
	if b.IDOf(f.Path) != f.ID || b.IDOf(filepath.Join(t.TempDir(), filepath.Base(f.Path))) != "" || b.IDOf(b.Folder()) != "" || b.Find("../"+f.ID) != nil {
		t.Error("a path was taken for another")
	}
	broken := errors.New("the caller is gone")
	for name, from := range map[string]io.Reader{
		"broken":    io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)),
		"too large": bytes.NewReader(make([]byte, 1001)),
	} {
		_, err := b.Receive("a", from)
		if want := map[string]error{"broken": broken, "too large": ErrTooLarge}[name]; !errors.Is(err, want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if n := onDisk(t, b); n != 1 {
		t.Errorf("%d files stay", n)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"": "file", "..": "file", "a/..": "file", ".": "file", "/": "file", " a\x00\n.txt ": "a.txt", "a\xff.b": "a.b", `\\x\y`: "y", "..hidden": "..hidden",
		strings.Repeat("长", 200) + ".txt": strings.Repeat("长", 83) + ".txt",
	} {
		if got := cleanName(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
	for given, want := range map[string]string{"a.tar.gz": ".gz", "a": "", "a.": "", "a.p:t": "", "a.图": "", "a.toolongone": "", "a.part": "", "a. ": ""} {
		if got := extension(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

// What was used least recently makes room; what is on its way in does not.
func TestRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := open(t, nil)
		first := receive(t, b, "1", 900)
		time.Sleep(time.Second)
		second := receive(t, b, "2", 900)
		time.Sleep(time.Second)
		b.Find(first.ID)
		time.Sleep(time.Second)
		third := receive(t, b, "3", 900)
		if b.Find(first.ID) == nil || b.Find(second.ID) != nil || b.Find(third.ID) == nil {
			t.Error("another file went than the one used least recently")
		}
		put(t, b, "a", 0, strings.Repeat("a", 1000))
		put(t, b, "b", 0, strings.Repeat("b", 1000))
		if _, err := b.Receive("4", strings.NewReader(strings.Repeat("x", 600))); !errors.Is(err, ErrFull) {
			t.Errorf("got %v, want %v", err, ErrFull)
		}
		if n := onDisk(t, b); n != 2 {
			t.Errorf("%d files", n)
		}
	})
}

// Files go when they were not used for long, those of a stream when it says so; streams when
// no chunk comes. At the next start nothing is left.
func TestAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := open(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx) }()
		whole := receive(t, b, "1", 10)
		put(t, b, "short", 0, "x")
		short, _, err := b.Finish(Chunk{Stream: "short", Keep: 5 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		put(t, b, "idle", 0, "x")
		time.Sleep(4 * time.Minute)
		if b.Find(short.ID) == nil {
			t.Error("a file went too early")
		}
		time.Sleep(4*time.Minute + time.Second)
		if b.Find(short.ID) == nil {
			t.Error("a file that is used went")
		}
		time.Sleep(7 * time.Minute)
		if _, err := b.StreamState("idle"); b.Find(short.ID) != nil || !errors.Is(err, ErrNoStream) || onDisk(t, b) != 1 {
			t.Errorf("something stays: %v, %v, %d", b.Find(short.ID), err, onDisk(t, b))
		}
		if b.Find(whole.ID) == nil {
			t.Error("a file went too early")
		}
		put(t, b, "left", 0, "x")
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		other := filepath.Join(b.Folder(), "notes.txt")
		if err := os.WriteFile(other, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := Open(b.o)
		if err != nil || onDisk(t, again) != 1 || again.Find(whole.ID) != nil {
			t.Errorf("after a start: %d files, %v", onDisk(t, again), err)
		}
		if _, err := os.Stat(other); err != nil {
			t.Error("a file that is none of ours went")
		}
	})
}

func TestCountBounded(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	for range mostFiles + 3 {
		receive(t, b, "", 0)
	}
	if n := onDisk(t, b); n != mostFiles {
		t.Errorf("%d files", n)
	}
	if err := os.RemoveAll(b.Folder()); err != nil {
		t.Fatal(err)
	}
	receive(t, b, "", 1) // the folder is made again
}

func put(t *testing.T, b *Inbox, name string, index int, data string) {
	t.Helper()
	if _, err := b.Put(Chunk{Stream: name, Index: index}, strings.NewReader(data)); err != nil {
		t.Fatal(err)
	}
}

// Chunks come in any order, and again; the file has them in theirs.
func TestChunks(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	content := []byte(strings.Repeat("0123456789", 90) + "end")
	sum := sha256.Sum256(content)
	const size = 100
	total := (len(content) + size - 1) / size
	chunk := func(i int) []byte { return content[i*size : min(len(content), (i+1)*size)] }
	order := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		sequence := order.Perm(total)
		if order.IntN(3) == 0 {
			for i := range sequence {
				sequence[i] = i
			}
		}
		for range order.IntN(3) { // sent again, and wrong before
			i := order.IntN(total)
			if _, err := b.Put(Chunk{Stream: "s", Index: i}, strings.NewReader(strings.Repeat("?", order.IntN(50)))); err != nil {
				t.Fatal(err)
			}
		}
		for n, i := range sequence {
			st, err := b.Put(Chunk{Stream: "s", Index: i, Total: total, Size: int64(len(content)), Name: "a.txt"}, bytes.NewReader(chunk(i)))
			if err != nil || st.Total != total || st.Received < n+1 {
				t.Fatalf("got %+v, %v", st, err)
			}
		}
		f, st, err := b.Finish(Chunk{Stream: "s", SHA256: sum[:]})
		if err != nil || st.Missing != -1 || f.SHA256 != sum || f.Size != int64(len(content)) || f.Name != "a.txt" {
			t.Fatalf("got %+v, %+v, %v", f, st, err)
		}
		if got, err := os.ReadFile(f.Path); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("got %q, %v", got, err)
		}
		if again, _, err := b.Finish(Chunk{Stream: "s"}); err != nil || again.ID != f.ID {
			t.Errorf("asked again: got %+v, %v", again, err)
		}
		onDisk(t, b)
		b.Clean()
		if n := onDisk(t, b); n != 0 {
			t.Fatalf("%d files stay", n)
		}
	}
}

// TestStreamAgain: a stream whose name was there before never ends with the earlier file.
func TestStreamAgain(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	put(t, b, "s", 0, "first")
	first, _, err := b.Finish(Chunk{Stream: "s"})
	if err != nil {
		t.Fatal(err)
	}
	other := sha256.Sum256([]byte("second"))
	for name, about := range map[string]Chunk{"size": {Stream: "s", Size: 6}, "hash": {Stream: "s", SHA256: other[:]}} {
		if f, _, err := b.Finish(about); !errors.Is(err, ErrOther) {
			t.Errorf("another %s: got %+v, %v", name, f, err)
		}
	}
	if f, _, err := b.Finish(Chunk{Stream: "s", Size: 5}); err != nil || f.ID != first.ID {
		t.Errorf("asked again: got %+v, %v", f, err)
	}
	put(t, b, "s", 0, "broken")
	if f, _, err := b.Finish(Chunk{Stream: "s", Size: 7}); !errors.Is(err, ErrOther) {
		t.Errorf("of other bytes: got %+v, %v", f, err)
	}
	if f, _, err := b.Finish(Chunk{Stream: "s"}); !errors.Is(err, ErrNoStream) {
		t.Errorf("asked again after other bytes: got %+v, %v", f, err)
	}
	if b.Find(first.ID) == nil {
		t.Error("the earlier file is gone")
	}
	b.Clean()
	if n := onDisk(t, b); n != 0 {
		t.Errorf("%d files stay", n)
	}
}

func TestChunkRefused(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	broken := errors.New("damaged")
	wrong := func(want error, c Chunk, data io.Reader) {
		t.Helper()
		c.Stream = "s"
		if _, err := b.Put(c, data); !errors.Is(err, want) {
			t.Errorf("%+v: got %v, want %v", c, err, want)
		}
	}
	x := func() io.Reader { return strings.NewReader("x") }
	wrong(ErrTooLarge, Chunk{Size: 1001}, x())
	wrong(broken, Chunk{}, iotest.ErrReader(broken))
	if n := onDisk(t, b); n != 0 || len(b.streams) != 0 {
		t.Errorf("%d files and %d streams that never began", n, len(b.streams))
	}
	put(t, b, "s", 0, "first")
	wrong(ErrChunk, Chunk{Index: -1}, x())
	wrong(ErrChunk, Chunk{Index: 3, Total: 3}, x())
	wrong(ErrChunk, Chunk{Index: mostChunks}, x())
	wrong(ErrChunk, Chunk{Total: mostChunks + 1}, x())
	wrong(ErrTooLarge, Chunk{Index: 1}, bytes.NewReader(make([]byte, 996)))
	wrong(broken, Chunk{Index: 1, Total: 3}, io.MultiReader(x(), iotest.ErrReader(broken)))
	wrong(ErrChunk, Chunk{Index: 1, Total: 4}, x())
	if st, err := b.StreamState("s"); err != nil || st != (State{1, 3, 1}) {
		t.Errorf("got %+v, %v", st, err)
	}
	if f, st, err := b.Finish(Chunk{Stream: "s"}); f != nil || !errors.Is(err, ErrIncomplete) || st.Missing != 1 {
		t.Errorf("incomplete: got %v, %+v, %v", f, st, err)
	}
	put(t, b, "s", 1, "second")
	put(t, b, "s", 2, "third")
	if _, _, err := b.Finish(Chunk{Stream: "s", Size: 5}); !errors.Is(err, ErrOther) {
		t.Errorf("another size: got %v", err)
	}
	put(t, b, "s", 0, "x")
	if _, _, err := b.Finish(Chunk{Stream: "s", SHA256: make([]byte, 32)}); !errors.Is(err, ErrOther) {
		t.Errorf("another hash: got %v", err)
	}
	put(t, b, "s", 5, "x") // how many there are nobody says
	if _, st, err := b.Finish(Chunk{Stream: "s"}); !errors.Is(err, ErrIncomplete) || st.Total != 6 {
		t.Errorf("got %+v, %v", st, err)
	}
	if f, _, err := b.Finish(Chunk{Stream: "s", Total: 1}); !errors.Is(err, ErrChunk) {
		t.Errorf("fewer than came: got %+v, %v", f, err)
	}
	if !b.Drop("s") || b.Drop("s") {
		t.Error("a stream is dropped once")
	}
	for _, name := range []string{"", strings.Repeat("x", mostID+1)} {
		if _, err := b.Put(Chunk{Stream: name}, x()); !errors.Is(err, ErrChunk) {
			t.Errorf("got %v", err)
		}
	}
	for i := range mostStreams {
		put(t, b, strings.Repeat("x", i+1), 0, "x")
	}
	wrong(ErrStreams, Chunk{}, x())
	if _, _, err := b.Finish(Chunk{Stream: "none"}); !errors.Is(err, ErrNoStream) {
		t.Errorf("got %v", err)
	}
	b.Clean()
	if n := onDisk(t, b); n != 0 {
		t.Errorf("%d files stay", n)
	}
}

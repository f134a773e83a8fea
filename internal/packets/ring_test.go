package packets

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func packet(name string, data []byte) Packet {
	return Packet{Time: noon, Source: SourcePush, Name: name, Reason: "unknown", Size: len(data), Data: data}
}

// keep runs a ring over packets until they are written, as one run of the program
// does; no more than queueLength fit.
func keep(t *testing.T, folder string, log *slog.Logger, all ...Packet) *Ring {
	t.Helper()
	r := New(Options{Folder: folder, Log: log})
	for _, p := range all {
		r.Add(p)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // what is in the queue is written all the same
	if err := r.Run(ctx); err != nil {
		t.Errorf("run: %v", err)
	}
	return r
}

func list(t *testing.T, folder string) (entries []Entry, damaged []string) {
	t.Helper()
	entries, damaged, err := List(folder)
	if err != nil {
		t.Fatal(err)
	}
	return entries, damaged
}

func TestKeepOverRestarts(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "packets")
	if entries, damaged := list(t, folder); len(entries)+len(damaged) > 0 {
		t.Errorf("before: got %v, damaged %v, want none", entries, damaged)
	}
	first := packet("a", []byte{8, 1})
	first.Error = "cannot <parse> \x1b"
	second := packet("b", nil)
	keep(t, folder, slog.New(slog.DiscardHandler), first)
	// A crash while writing leaves this.
	if err := os.WriteFile(filepath.Join(folder, "new.tmp"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := keep(t, folder, slog.New(slog.DiscardHandler), second)
	entries, damaged := list(t, folder)
	if diff := cmp.Diff([]Entry{{1, first}, {2, second}}, entries); diff != "" || len(damaged) > 0 {
		t.Errorf("damaged %v; entries (-want +got):\n%s", damaged, diff)
	}
	if got := r.Stats(); got != (Stats{Kept: 1}) {
		t.Errorf("got %+v, want one kept", got)
	}
	if _, err := os.Stat(filepath.Join(folder, "new.tmp")); err == nil {
		t.Error("what the crash left is still there")
	}
	if runtime.GOOS == "windows" {
		return
	}
	for name, want := range map[string]fs.FileMode{folder: 0o700, path(folder, 1): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got mode %v, error %v, want %v", name, info.Mode(), err, want)
		}
	}
}

func TestLimits(t *testing.T) {
	folder := t.TempDir()
	log := slog.New(slog.DiscardHandler)
	// By number.
	n := 0
	for range (MaxEntries + 40) / queueLength {
		var all []Packet
		for range queueLength {
			n++
			all = append(all, packet(fmt.Sprint(n), []byte{8, byte(n)}))
		}
		keep(t, folder, log, all...)
	}
	n++
	keep(t, folder, log, packet(fmt.Sprint(n), nil))
	entries, _ := list(t, folder)
	if len(entries) != MaxEntries || entries[0].Number != uint64(n-MaxEntries+1) || entries[len(entries)-1].Name != fmt.Sprint(n) {
		t.Errorf("got %d entries from %d to %q, want the newest %d of %d",
			len(entries), entries[0].Number, entries[len(entries)-1].Name, MaxEntries, n)
	}
	// By size, of one and of all.
	large := bytes.Repeat([]byte{0xAB}, MaxData+1)
	for range 2 {
		var all []Packet
		for i := range 40 {
			all = append(all, packet("large "+fmt.Sprint(i), large))
		}
		keep(t, folder, log, all...)
	}
	entries, damaged := list(t, folder)
	if len(damaged) > 0 {
		t.Errorf("damaged: %v", damaged)
	}
	last := entries[len(entries)-1]
	if len(last.Data) != MaxData || last.Size != MaxData+1 {
		t.Errorf("got %d bytes of %d, want %d of %d", len(last.Data), last.Size, MaxData, MaxData+1)
	}
	var total int64
	files, err := scan(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		total += f.size
	}
	if total > MaxBytes || total < MaxBytes-3*MaxData {
		t.Errorf("got %d bytes on disk, want little less than %d", total, MaxBytes)
	}
}

func TestQuota(t *testing.T) {
	r := New(Options{})
	add := func(name string, at time.Time) { r.Add(Packet{Time: at, Source: SourceElement, Name: name}) }
	for range 20 {
		add("picture", noon)
	}
	add("other", noon.Add(59*time.Minute))
	add("picture", noon.Add(59*time.Minute))
	add("picture", noon.Add(time.Hour))
	if got, want := r.Stats(), (Stats{Limited: 13}); got != want || len(r.queue) != 10 {
		t.Errorf("got %+v, %d to be written, want %+v, 10", got, len(r.queue), want)
	}
	for i := range 2 * maxKinds {
		add(fmt.Sprint(i), noon)
	}
	if len(r.kinds) > maxKinds+1 {
		t.Errorf("%d kinds told apart, want %d at most", len(r.kinds), maxKinds+1)
	}
	limited := r.Stats().Limited
	for i := range 20 { // those before are forgotten after their hour
		add(fmt.Sprint("new ", i), noon.Add(2*time.Hour))
	}
	if got := r.Stats().Limited; got != limited || len(r.kinds) != 20 {
		t.Errorf("%d new kinds were limited, %d are told apart, want 0 and 20", got-limited, len(r.kinds))
	}
}

// Nobody waits for the disk.
func TestAddDoesNotWait(t *testing.T) {
	r := New(Options{})
	data := []byte{1}
	for i := range queueLength + 5 {
		r.Add(packet(fmt.Sprint(i), data))
	}
	if got := r.Stats(); got != (Stats{Dropped: 5}) {
		t.Errorf("got %+v, want 5 dropped", got)
	}
	data[0] = 2
	if p := <-r.queue; p.Data[0] != 1 {
		t.Error("the data is the caller's, want a copy")
	}
	if p := packet(strings.Repeat("é", maxText), nil); len(cut(p.Name)) > maxText {
		t.Errorf("a name of %d bytes, want %d at most", len(cut(p.Name)), maxText)
	}
}

func TestDiskRefuses(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "packets")
	if err := os.WriteFile(folder, nil, 0o600); err != nil { // in the way
		t.Fatal(err)
	}
	var log bytes.Buffer
	r := New(Options{Folder: folder, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for i := range 3 {
		r.Add(packet(fmt.Sprint(i), nil))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = r.Run(ctx)
	if got := r.Stats(); got != (Stats{Failed: 3}) || strings.Count(log.String(), "cannot be kept") != 1 {
		t.Errorf("got %+v, log %s, want 3 failed and one line", got, &log)
	}
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	r.Add(packet("again", nil))
	_ = r.Run(ctx)
	if got := r.Stats(); got != (Stats{Failed: 3, Kept: 1}) || !strings.Contains(log.String(), "kept again") {
		t.Errorf("got %+v, log %s, want one kept", got, &log)
	}
}

func TestDamagedFiles(t *testing.T) {
	folder := t.TempDir()
	log := slog.New(slog.DiscardHandler)
	keep(t, folder, log, packet("1", []byte{8, 1}), packet("2", []byte{8, 2}), packet("3", []byte{8, 3}), packet("4", []byte{8, 4}))
	whole, err := os.ReadFile(path(folder, 1))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"00000001.json": whole[:len(whole)/2],
		"00000002.json": nil,
		"00000003.json": bytes.Replace(whole, []byte(`"CAE="`), []byte(`"CAI="`), 1), // another byte
		"00000005.json": bytes.Repeat([]byte(" "), maxFile+1),
		"00000006.json": []byte("{}"),
		// Not ours.
		"7.json": whole, "x.json": whole, "00000008.txt": whole, "99999999999999999999.json": whole, "2000000000000.json": whole,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "00000009.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	keep(t, folder, log, packet("new", nil))
	entries, damaged := list(t, folder)
	// A folder is where the ninth would be.
	r := keep(t, folder, log, packet("8", nil), packet("9", nil), packet("10", nil))
	if got, want := r.Stats(), (Stats{Kept: 2, Failed: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if len(entries) != 2 || entries[0].Number != 4 || entries[1].Number != 7 || entries[1].Name != "new" {
		t.Errorf("got %v, want 4 and the new one, 7", entries)
	}
	want := []string{"00000001.json", "00000002.json", "00000003.json", "00000005.json", "00000006.json"}
	if diff := cmp.Diff(want, damaged); diff != "" {
		t.Errorf("damaged (-want +got):\n%s", diff)
	}
}

func FuzzFile(f *testing.F) {
	p := packet("a", []byte{8, 1})
	content, err := encode(&p)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, content []byte) {
		p, err := decode(content)
		if err != nil {
			return
		}
		again, err := encode(p)
		if err != nil {
			t.Skip() // a year beyond 9999
		}
		if _, err := decode(again); err != nil {
			t.Errorf("%q read, and not after writing it: %v", content, err)
		}
	})
}

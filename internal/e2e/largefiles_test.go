//go:build endurance && linux

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	largeFile = 1 << 30
	// largeMemory is how much more memory a process may take for one such file, sharedMemory
	// for any number: uploads share 16 MiB, and what is not collected yet is as much again.
	largeMemory  = 32 << 20
	sharedMemory = 48 << 20
	largeToken   = "the-token-of-the-large-files"
)

// TestLargeFiles: a file of 1 GiB goes into a group and comes back, through the program and
// a sandbox that are processes of their own. The bytes are the same, the memory of both is
// bounded, and the speed stands beside that of a plain copy over a connection.
func TestLargeFiles(t *testing.T) {
	l := newLarge(t, "")
	l.begin()
	began := time.Now()
	source := filepath.Join(l.folder, "large.bin")
	sum := writeLarge(t, source, largeFile, 1)
	speed := func(took time.Duration) string {
		return fmt.Sprintf("%.0f MB/s, %.1f s", largeFile/1e6/took.Seconds(), took.Seconds())
	}
	t.Logf("a plain copy: %s", speed(plainCopy(t, source)))

	l.program.rest()
	l.sandbox.rest()
	upload := time.Now()
	l.call("upload_group_file", map[string]any{"group_id": group, "file": source, "name": "large.bin"}, nil)
	t.Logf("up: %s; at most %s more", speed(time.Since(upload)), l.memory(largeMemory))
	if err := os.Remove(source); err != nil { // room for what comes back
		t.Fatal(err)
	}
	var list struct {
		Files []struct {
			ID   string `json:"file_id"`
			Name string `json:"file_name"`
			Size uint64 `json:"file_size"`
		}
	}
	l.call("get_group_root_files", map[string]any{"group_id": group}, &list)
	if len(list.Files) != 1 || list.Files[0].Name != "large.bin" || list.Files[0].Size != largeFile {
		t.Fatalf("the group has %+v", list.Files)
	}

	var at struct{ URL string }
	l.call("get_group_file_url", map[string]any{"group_id": group, "file_id": list.Files[0].ID}, &at)
	download := time.Now()
	web, err := http.Get(at.URL) //nolint:forbidigo // the test is the bot
	if err != nil {
		t.Fatal(err)
	}
	defer web.Body.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, web.Body); err != nil || [32]byte(hash.Sum(nil)) != sum {
		t.Errorf("by its address: other bytes, %v, %s", err, web.Status)
	}
	t.Logf("down, by its address: %s; at most %s more", speed(time.Since(download)), l.memory(largeMemory))

	var got struct{ File string }
	download = time.Now()
	l.call("get_file", map[string]any{"group_id": group, "file_id": list.Files[0].ID}, &got)
	t.Logf("down, by get_file: %s; at most %s more", speed(time.Since(download)), l.memory(largeMemory))
	f, err := os.Open(got.File)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	hash.Reset()
	if _, err := io.Copy(hash, f); err != nil || [32]byte(hash.Sum(nil)) != sum {
		t.Errorf("by get_file: other bytes, %v", err)
	}
	t.Logf("all of it: %.0f s", time.Since(began).Seconds())
}

// TestFilesAtOnce: several files at once, to a group and to a friend, share their memory.
func TestFilesAtOnce(t *testing.T) {
	const each, count = 96 << 20, 6
	l := newLarge(t, "")
	l.begin()
	var paths []string
	for i := range count {
		paths = append(paths, filepath.Join(l.folder, fmt.Sprint(i, ".bin")))
		writeLarge(t, paths[i], each, byte(i))
	}
	l.program.rest()
	l.sandbox.rest()
	began := time.Now()
	var sending sync.WaitGroup
	for i, path := range paths {
		action, to := "upload_group_file", map[string]any{"group_id": group, "file": path}
		if i%2 == 1 {
			action, to = "upload_private_file", map[string]any{"user_id": alice, "file": path}
		}
		sending.Go(func() {
			if err := l.try(t.Context(), action, to, nil); err != nil {
				t.Errorf("%s %d: %v", action, i, err)
			}
		})
	}
	sending.Wait()
	t.Logf("%d files of %d MiB: %.1f s; at most %s more", count, each>>20, time.Since(began).Seconds(), l.memory(sharedMemory))
	var list struct {
		Files []struct {
			Size uint64 `json:"file_size"`
		}
	}
	l.call("get_group_root_files", map[string]any{"group_id": group}, &list)
	if len(list.Files) != count/2 {
		t.Errorf("the group has %d files, want %d", len(list.Files), count/2)
	}
}

// writeLarge writes a file of so many bytes, which the seed decides, and returns its hash.
func writeLarge(t *testing.T, path string, size int64, seed byte) [32]byte {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, hash), io.LimitReader(rand.NewChaCha8([32]byte{seed}), size))
	if closed := f.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
	return [32]byte(hash.Sum(nil))
}

// plainCopy sends the file over a connection, to be kept in another one.
func plainCopy(t *testing.T, path string) time.Duration {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	kept := path + ".copy"
	defer os.Remove(kept)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	began := time.Now()
	done := make(chan error, 1)
	go func() { done <- take(l, true, kept) }()
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(nc, f)
	nc.Close()
	if took := <-done; err != nil || took != nil {
		t.Fatal(err, took)
	}
	return time.Since(began)
}

// large is the program and a sandbox.
type large struct {
	t                *testing.T
	folder, http     string
	admin, control   string
	program, sandbox *measured
}

// newLarge builds both; the addresses are free again when it returns. cache is that of the
// program's configuration, more goes to the sandbox.
func newLarge(t *testing.T, cache string, more ...string) *large {
	t.Helper()
	l := &large{t: t, folder: t.TempDir()}
	path := buildProgram(t)
	var sso string
	for _, address := range []*string{&sso, &l.control, &l.http, &l.admin} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		*address = ln.Addr().String()
	}
	config := filepath.Join(l.folder, "config.yaml")
	text := fmt.Sprintf(`
data: ./data
log: {format: json, file: {path: ""}}
server: {mode: sandbox, sandbox: {control: "http://%s"}}
admin: {address: %q}
cache: {%s}
media: {cache_size: 2GB, timeout: 5m}
onebot: {connections: [{type: http, address: %q, access_token: %q}]}
`, l.control, l.admin, cache, l.http, largeToken)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l.sandbox = &measured{t: t, Cmd: exec.Command(path, append([]string{"sandbox", "--sso", sso, "--control", l.control, "--auto-approve", fmt.Sprint(bot)}, more...)...)}
	l.program = &measured{t: t, Cmd: exec.Command(path, "run", "-c", config)}
	for _, p := range []*measured{l.sandbox, l.program} { // what they leave when they are killed goes with the test
		p.Env = append(os.Environ(), "TMPDIR="+l.folder)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the program's log:\n%.4000s\nthe sandbox's:\n%.4000s", l.program.log.String(), l.sandbox.log.String())
		}
	})
	return l
}

// begin starts both, and waits until the account is online.
func (l *large) begin() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), processPatience)
	defer cancel()
	l.sandbox.begin()
	for { // a large world takes a while
		nc, err := net.Dial("tcp", l.control)
		if err == nil {
			nc.Close()
			break
		}
		if pause(ctx, 50*time.Millisecond); ctx.Err() != nil {
			l.t.Fatal("the sandbox does not start")
		}
	}
	l.program.begin()
	for {
		var state struct{ Online bool }
		if l.try(ctx, "get_status", nil, &state) == nil && state.Online {
			return
		}
		if pause(ctx, 50*time.Millisecond); ctx.Err() != nil {
			l.t.Fatal("the account does not come online")
		}
	}
}

// call does an action, which must succeed, and reads what it answers.
func (l *large) call(action string, params map[string]any, data any) {
	l.t.Helper()
	if err := l.try(l.t.Context(), action, params, data); err != nil {
		l.t.Fatalf("%s: %v", action, err)
	}
}

func (l *large) try(ctx context.Context, action string, params map[string]any, data any) error {
	body, err := json.Marshal(params)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, "POST", "http://"+l.http+"/"+action, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+largeToken)
	r.Header.Set("Content-Type", "application/json")
	web, err := (&http.Client{Timeout: 5 * time.Minute}).Do(r)
	if err != nil {
		return err
	}
	defer web.Body.Close()
	var answer struct {
		Status, Wording string
		Data            json.RawMessage
	}
	switch err := json.NewDecoder(bufio.NewReader(io.LimitReader(web.Body, 1<<20))).Decode(&answer); {
	case err != nil:
		return fmt.Errorf("%s: %w", web.Status, err)
	case answer.Status != "ok":
		return fmt.Errorf("%s: %s", answer.Status, answer.Wording)
	case data == nil:
		return nil
	}
	return json.Unmarshal(answer.Data, data)
}

// memory is how much more memory both have taken at most since they rested, without pages of
// their own file, which come back when they are used. It must not depend on the size of the
// file.
func (l *large) memory(most int) string {
	l.t.Helper()
	var said []string
	for name, p := range map[string]*measured{"the program": l.program, "the sandbox": l.sandbox} {
		more := p.status("VmHWM:") - p.before - (p.status("RssFile:") - p.ofFile)
		if more > most {
			l.t.Errorf("%s takes %.1f MiB more, want at most %d", name, float64(more)/(1<<20), most>>20)
		}
		said = append(said, fmt.Sprintf("%.1f MiB (%s, %.1f before)", float64(more)/(1<<20), name, float64(p.before)/(1<<20)))
	}
	return strings.Join(said, ", ")
}

// measured is a process whose memory is watched.
type measured struct {
	*exec.Cmd
	t      *testing.T
	log    logRecord
	before int // bytes that were resident at rest
	ofFile int // of these: pages of the program's file
}

func (p *measured) begin() {
	p.t.Helper()
	p.Stdout, p.Stderr = io.Discard, &p.log
	if err := p.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		_ = p.Process.Kill()
		_ = p.Wait()
	})
}

// rest notes the memory of the process, and has its peak begin anew.
func (p *measured) rest() {
	p.t.Helper()
	p.before, p.ofFile = p.status("VmRSS:"), p.status("RssFile:")
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.Process.Pid), []byte("5"), 0); err != nil {
		p.t.Logf("the peak is that since the start: %v", err)
	}
}

// status is a line of the process's status, in bytes.
func (p *measured) status(name string) int {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	if err != nil {
		p.t.Fatalf("the process has ended: %v", err)
	}
	_, rest, _ := strings.Cut(string(status), name)
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return kb << 10
}

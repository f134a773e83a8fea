package backup

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libration/internal/filelock"
	"libration/internal/store"
	"libration/ntqq"
	"libration/ntqq/message"
)

// installation makes a data folder as an account leaves it, and returns the path of the
// configuration.
func installation(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte("language: en\naccount: {uin: 10001}\nserver: {mode: sandbox, sandbox: {control: 'http://127.0.0.1:1'}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(filepath.Dir(path), "data", "10001")
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(folder, storeName)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(&message.Message{Chat: message.Chat{Kind: message.Group, Group: 1}, Sequence: 7, Time: time.Now().Unix()}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := ntqq.FileKeystore(filepath.Join(folder, keystoreName)).Save(&ntqq.Keystore{UIN: 10001, Device: ntqq.NewDevice()}); err != nil {
		t.Fatal(err)
	}
	if err := ntqq.FileProgress(filepath.Join(folder, progressName)).Save(&ntqq.Delivered{UIN: 10001, Chats: []ntqq.ChatDelivered{{Group: 1, Sequence: 7}}}); err != nil {
		t.Fatal(err)
	}
	return path
}

// backedUp makes a backup of an installation.
func backedUp(t *testing.T, config string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "backup.tar.gz")
	if err := Make(t.Context(), MakeOptions{Config: config, Out: out, W: &bytes.Buffer{}}); err != nil {
		t.Fatal(err)
	}
	return out
}

// names are those of the entries of a folder.
func names(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestMakeAndRestore(t *testing.T) {
	t.Parallel()
	from := installation(t)
	archive := backedUp(t, from)
	if info, err := os.Stat(archive); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v", info, err)
	}
	if got := names(t, filepath.Dir(archive)); got != "backup.tar.gz" {
		t.Errorf("beside the backup: %s", got)
	}
	to := filepath.Join(t.TempDir(), "config.yaml")
	var said bytes.Buffer
	if err := Restore(t.Context(), RestoreOptions{Config: to, Archive: archive, W: &said}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"account 10001", "the configuration: " + to, "must not run at its old place"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("said %q, want %q in it", &said, want)
		}
	}
	folder := filepath.Join(filepath.Dir(to), "data", "10001")
	if got := names(t, folder); got != "keystore.json messages.db progress.json" {
		t.Errorf("restored: %s", got)
	}
	if got := names(t, filepath.Dir(folder)); got != "10001" {
		t.Errorf("left beside it: %s", got)
	}
	for _, name := range []string{keystoreName, progressName} {
		was, err := os.ReadFile(filepath.Join(filepath.Dir(from), "data", "10001", name))
		is, errIs := os.ReadFile(filepath.Join(folder, name))
		if err != nil || errIs != nil || !bytes.Equal(was, is) {
			t.Errorf("%s is another one (%v, %v)", name, err, errIs)
		}
	}
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(folder, storeName)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if newest, err := s.Newest(t.Context(), 9); err != nil || len(newest) != 1 || newest[0].Sequence != 7 {
		t.Errorf("messages: %+v, %v", newest, err)
	}
	if last := s.LastEvent(); last < time.Now().UnixMicro() {
		t.Errorf("the newest event is %d: not moved ahead", last)
	}
}

// TestRestoreRefuses: a folder in use and one with a session stay as they are; the second
// is set aside when that was said.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	config := installation(t)
	archive := backedUp(t, config)
	folder := filepath.Join(filepath.Dir(config), "data", "10001")
	before := names(t, folder)
	o := RestoreOptions{Config: config, Archive: archive, W: &bytes.Buffer{}, Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local) }}
	if err := Restore(t.Context(), o); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("libration restore --replace %s -c %s", archive, config)) {
		t.Errorf("a folder with a session: %v", err)
	}
	lock, err := filelock.Lock(filepath.Join(folder, lockName))
	if err != nil {
		t.Fatal(err)
	}
	o.Replace = true
	if err := Restore(t.Context(), o); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("a folder in use: %v", err)
	}
	lock.Close()
	if err := os.Remove(filepath.Join(folder, lockName)); err != nil {
		t.Fatal(err)
	}
	if got := names(t, folder) + names(t, filepath.Dir(folder)); got != before+"10001" {
		t.Errorf("after refusals there are %s", got)
	}
	if err := Restore(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got := names(t, filepath.Dir(folder)); got != "10001 10001.before-restore-20260102-030405" {
		t.Errorf("with --replace: %s", got)
	}
	if got := names(t, folder+".before-restore-20260102-030405"); got != before {
		t.Errorf("set aside: %s", got)
	}
	o.WithConfig = true
	o.Now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 6, 0, time.Local) }
	if err := Restore(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(config + ".before-restore-20260102-030406"); err != nil {
		t.Errorf("the old configuration: %v", err)
	}
}

// TestRestoreDamaged: nothing is made of a backup that ends early, or is of messages that
// are damaged.
func TestRestoreDamaged(t *testing.T) {
	t.Parallel()
	archive := backedUp(t, installation(t))
	whole, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	m, files := good(t)
	for name, content := range map[string][]byte{"half": whole[:len(whole)/2], "without its end": whole[:len(whole)-4], "no messages": archiveOf(t, m, files...), "text": []byte("hello")} {
		if err := os.WriteFile(archive, content, 0o600); err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		if err := Restore(t.Context(), RestoreOptions{Config: filepath.Join(folder, "config.yaml"), Archive: archive, W: &bytes.Buffer{}}); err == nil {
			t.Errorf("%s was restored", name)
		}
		if got := strings.TrimSpace(names(t, folder)); got != "" && got != "data" {
			t.Errorf("%s: left %s", name, got)
		} else if got == "data" && names(t, filepath.Join(folder, got)) != "" {
			t.Errorf("%s: left %s in the data folder", name, names(t, filepath.Join(folder, got)))
		}
	}
}

// TestMakeFails: one clear error, and no file is left.
func TestMakeFails(t *testing.T) {
	t.Parallel()
	config := installation(t)
	data := filepath.Join(filepath.Dir(config), "data")
	out := t.TempDir()
	taken := filepath.Join(out, "taken")
	if err := os.WriteFile(taken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(data, "10001"):     "lies in the data folder",
		taken:                            "is not overwritten",
		filepath.Join(out, "none", "b"):  "is not there",
		filepath.Join(data, "b.tar.gz"):  "lies in the data folder",
		filepath.Join(taken, "b.tar.gz"): "no backup was made",
	} {
		if err := Make(t.Context(), MakeOptions{Config: config, Out: path, W: &bytes.Buffer{}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Make(ctx, MakeOptions{Config: config, Out: out, W: &bytes.Buffer{}}); err == nil {
		t.Error("a backup that was stopped is no error")
	}
	if err := os.WriteFile(filepath.Join(data, "10001", storeName), []byte(strings.Repeat("no database", 99)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Make(t.Context(), MakeOptions{Config: config, Out: out, W: &bytes.Buffer{}}); err == nil || !strings.Contains(err.Error(), "repaired when libration starts") {
		t.Errorf("damaged messages: %v", err)
	}
	if got := names(t, out); got != "taken" {
		t.Errorf("left: %s", got)
	}
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	if err := Make(t.Context(), MakeOptions{Config: config, Out: out, W: &bytes.Buffer{}}); err == nil || !strings.Contains(err.Error(), "nothing to copy") {
		t.Errorf("no data folder: %v", err)
	}
}

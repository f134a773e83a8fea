package backup

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libration/internal/filelock"
	"libration/ntqq"
)

// left makes what a killed process leaves in a folder.
func left(t *testing.T, in, name string) string {
	t.Helper()
	folder := filepath.Join(in, name)
	if err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(filepath.Join(folder, keystoreName), []byte("{}"), 0o600)); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestLeftovers: the session that a killed backup or restore left behind is removed by the
// next one; what another process makes at the moment stays.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	config, out := installation(t), t.TempDir()
	data := filepath.Join(filepath.Dir(config), "data")
	killed, running := left(t, out, ".libration-backup-1"), left(t, out, ".libration-backup-2")
	lock, err := filelock.Lock(filepath.Join(running, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	archive := filepath.Join(out, "backup.tar.gz")
	if err := Make(t.Context(), MakeOptions{Config: config, Out: archive, W: &bytes.Buffer{}}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(killed); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what a killed backup left: %v", err)
	}
	if _, err := os.Stat(filepath.Join(running, keystoreName)); err != nil {
		t.Errorf("what another backup makes: %v", err)
	}
	killed = left(t, data, ".restore-1")
	if err := Restore(t.Context(), RestoreOptions{Config: config, Archive: archive, Replace: true, W: &bytes.Buffer{}}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(killed); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what a killed restore left: %v", err)
	}
}

// TestMakeTwice: a backup that was made meanwhile is not overwritten.
func TestMakeTwice(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	made, out := filepath.Join(folder, "made"), filepath.Join(folder, "out")
	if err := errors.Join(os.WriteFile(made, []byte("new"), 0o600), os.WriteFile(out, []byte("first"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := publish(made, out); err == nil || !strings.Contains(err.Error(), "is not overwritten") {
		t.Errorf("published over another: %v", err)
	}
	if b, err := os.ReadFile(out); err != nil || string(b) != "first" {
		t.Errorf("the first backup: %q, %v", b, err)
	}
}

// TestRestoreUndone: where the second account cannot be put in place, the first one and its
// configuration are as before.
func TestRestoreUndone(t *testing.T) {
	t.Parallel()
	config := installation(t)
	data := filepath.Join(filepath.Dir(config), "data")
	if err := errors.Join(
		os.WriteFile(config, []byte("language: en\naccounts: [{name: one, uin: 10001}, {name: two, uin: 10002}]\nserver: {mode: sandbox, sandbox: {control: 'http://127.0.0.1:1'}}\n"), 0o600),
		ntqq.FileKeystore(filepath.Join(data, "10002", keystoreName)).Save(&ntqq.Keystore{UIN: 10002, Device: ntqq.NewDevice()}),
	); err != nil {
		t.Fatal(err)
	}
	archive := backedUp(t, config)
	mark := filepath.Join(data, "10001", "mark")
	stamp := ".before-restore-20260102-030405"
	if err := errors.Join(os.WriteFile(mark, nil, 0o600), os.Mkdir(filepath.Join(data, "10002"+stamp), 0o700), os.WriteFile(filepath.Join(data, "10002"+stamp, "x"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local) }
	if err := Restore(t.Context(), RestoreOptions{Config: config, Archive: archive, Replace: true, WithConfig: true, W: &bytes.Buffer{}, Now: now}); err == nil {
		t.Fatal("restored over a folder that was set aside before")
	}
	if _, err := os.Stat(mark); err != nil {
		t.Errorf("the first account's folder: %v", err)
	}
	if got, want := names(t, data), "10001 10002 10002"+stamp; got != want {
		t.Errorf("after it there are %s, want %s", got, want)
	}
	if got := names(t, filepath.Dir(config)); got != "config.yaml data" {
		t.Errorf("beside the configuration: %s", got)
	}
}

// TestCreatedFarAhead: the ids of events would go on beyond what bots can read.
func TestCreatedFarAhead(t *testing.T) {
	t.Parallel()
	m, _ := good(t)
	m.Created = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readManifest(bytes.NewReader(b)); err == nil || !strings.Contains(err.Error(), "year 9999") {
		t.Errorf("made in the year 9999: %v", err)
	}
}

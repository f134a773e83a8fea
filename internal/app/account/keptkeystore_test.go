package account

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"libration/internal/config"
	"libration/ntqq"
)

// TestSealsAtStart: a keystore from before there was a key is sealed when it is read, and
// can be unsealed.
func TestSealsAtStart(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.Data, c.Account.UIN, c.KeystoreKey = t.TempDir(), 10001, make(config.Hex, 32)
	f, err := openFolder(PathsOf(c).Folder)
	if err != nil {
		t.Fatal(err)
	}
	path := f.file(keystoreName)
	if err := ntqq.FileKeystore(path).Save(&ntqq.Keystore{UIN: 10001, Device: ntqq.NewDevice()}); err != nil {
		t.Fatal(err)
	}
	k := &keptKeystore{KeystoreFile: KeystoreFile(c, path), folder: f, log: slog.New(slog.DiscardHandler)}
	if ks, err := k.Load(); err != nil || ks.UIN != 10001 {
		t.Fatalf("got %v, %v", ks, err)
	}
	if _, err := ntqq.FileKeystore(path).Load(); !errors.Is(err, ntqq.ErrSealed) {
		t.Errorf("after the start without the key: %v", err)
	}
	if ks, err := k.Load(); err != nil || ks.UIN != 10001 {
		t.Errorf("sealed: got %v, %v", ks, err)
	}
	if _, err := Unseal(c); err == nil {
		t.Error("the keystore of a folder in use was unsealed")
	}
	f.close()
	if done, err := Unseal(c); !done || err != nil {
		t.Errorf("unsealed %t, %v", done, err)
	}
	if ks, err := ntqq.FileKeystore(path).Load(); err != nil || ks.UIN != 10001 {
		t.Errorf("unsealed: got %v, %v", ks, err)
	}
	c.Data = filepath.Join(c.Data, "none")
	if done, err := Unseal(c); done || err != nil {
		t.Errorf("no keystore: %t, %v", done, err)
	}
}

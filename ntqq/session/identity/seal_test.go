package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sealedFile(t *testing.T) (SealedKeystore, *Keystore) {
	t.Helper()
	f := SealedKeystore{Path: filepath.Join(t.TempDir(), "keystore.json"), Key: NewSealKey()}
	ks := &Keystore{UIN: 10001, UID: "u_self", Device: NewDevice(), A2: []byte("a2"), D2: []byte("d2"), D2Key: make([]byte, 16)}
	if err := f.Save(ks); err != nil {
		t.Fatal(err)
	}
	return f, ks
}

func TestSealedKeystore(t *testing.T) {
	t.Parallel()
	f, want := sealedFile(t)
	got, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	first, _ := os.ReadFile(f.Path)
	for _, secret := range []string{"10001", "u_self", want.Device.Name, HexBytes(want.A2).hex()} {
		if bytes.Contains(first, []byte(secret)) {
			t.Errorf("the sealed file holds %q", secret)
		}
	}
	if err := f.Save(want); err != nil {
		t.Fatal(err)
	}
	if second, _ := os.ReadFile(f.Path); bytes.Equal(first, second) {
		t.Error("two files of the same keystore are the same")
	}
	if sealed, err := IsSealed(f.Path); !sealed || err != nil {
		t.Errorf("sealed %t, %v", sealed, err)
	}
}

func (h HexBytes) hex() string {
	b, _ := h.MarshalText()
	return string(b)
}

// TestSealedKeystoreRefused: without the right key the file is not opened, and stays.
func TestSealedKeystoreRefused(t *testing.T) {
	t.Parallel()
	f, _ := sealedFile(t)
	before, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := FileKeystore(f.Path).Load(); !errors.Is(err, ErrSealed) {
		t.Errorf("without a key: %v", err)
	}
	if _, err := (SealedKeystore{Path: f.Path, Key: NewSealKey()}).Load(); !errors.Is(err, ErrSealKey) {
		t.Errorf("with another key: %v", err)
	}
	if _, err := ImportLagrange(f.Path, ""); err == nil {
		t.Error("it was imported")
	}
	if after, err := os.ReadFile(f.Path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file changed (%v)", err)
	}

	var parts map[string]string
	if err := json.Unmarshal(before, &parts); err != nil {
		t.Fatal(err)
	}
	for name := range parts {
		changed := make(map[string]string)
		for k, v := range parts {
			changed[k] = v
		}
		flip := []byte(changed[name])
		flip[0] ^= 1
		changed[name] = string(flip)
		b, err := json.Marshal(changed)
		if err == nil {
			err = os.WriteFile(f.Path, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Load(); err == nil {
			t.Errorf("%s was changed, and the file opened", name)
		}
	}
	if err := os.WriteFile(f.Path, before[:len(before)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Load(); err == nil || !strings.Contains(err.Error(), f.Path) {
		t.Errorf("half a file: %v", err)
	}
}

// TestSealedKeystoreReadsPlain: a keystore that is not sealed yet is read.
func TestSealedKeystoreReadsPlain(t *testing.T) {
	t.Parallel()
	f, want := sealedFile(t)
	if err := FileKeystore(f.Path).Save(want); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Load(); err != nil || got.UIN != want.UIN {
		t.Errorf("got %v, %v", got, err)
	}
	if sealed, err := IsSealed(f.Path); sealed || err != nil {
		t.Errorf("sealed %t, %v", sealed, err)
	}
	if sealed, err := IsSealed(f.Path + "x"); sealed || err != nil {
		t.Errorf("none: sealed %t, %v", sealed, err)
	}
}

func TestParseSealKey(t *testing.T) {
	t.Parallel()
	key := NewSealKey()
	if got, err := ParseSealKey(" " + strings.ToUpper(key.Text()) + "\n"); err != nil || got != key {
		t.Errorf("got %x, %v", got, err)
	}
	for _, wrong := range []string{"", "password", key.Text()[2:], key.Text() + "00", strings.Repeat("g", 64)} {
		if _, err := ParseSealKey(wrong); err == nil {
			t.Errorf("%q is a key", wrong)
		}
	}
}

func FuzzSealedKeystore(f *testing.F) {
	key := SealKey{1}
	path := filepath.Join(f.TempDir(), "keystore.json")
	if err := (SealedKeystore{Path: path, Key: key}).Save(&Keystore{UIN: 1, Device: NewDevice()}); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-9])
	f.Add([]byte(`{"sealed":"libration-keystore-1","salt":"00","nonce":"","ciphertext":"00"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		plain, err := key.open(b)
		if err == nil && !json.Valid(plain) {
			t.Errorf("opened %q", plain)
		}
	})
}

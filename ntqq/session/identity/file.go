package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"

	"libration/internal/atomicfile"
	"libration/internal/bom"
	"libration/internal/crypto"
)

// KeystoreFile keeps one Keystore. Save must be atomic: after a crash the old or the new
// one is there, whole.
type KeystoreFile interface {
	// Load returns nil and no error when nothing was saved yet.
	Load() (*Keystore, error)
	Save(*Keystore) error
}

// FileKeystore is the path of a JSON file that keeps the keystore. The file has mode 0600
// and is replaced atomically.
type FileKeystore string

// Load implements [KeystoreFile]. The error of a sealed keystore is [ErrSealed].
func (f FileKeystore) Load() (*Keystore, error) { return loadKeystore(string(f), nil) }

// loadKeystore reads a keystore, sealed or not. key is nil where there is none.
func loadKeystore(path string, key *SealKey) (*Keystore, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read keystore: %w", err)
	}
	k := &Keystore{}
	if text, err = bom.Trim(text); err == nil {
		if m, bad := parseMembers(text); bad == nil && m.kind() == SealedKeystoreFile {
			if key == nil {
				return nil, fmt.Errorf("keystore %s: %w", path, ErrSealed)
			}
			text, err = key.open(text)
		}
	}
	if errors.Is(err, ErrSealKey) {
		return nil, fmt.Errorf("keystore %s: %w", path, err)
	}
	if err == nil {
		err = k.parse(text)
	}
	if err != nil {
		return nil, fmt.Errorf("keystore %s cannot be used (%w): move it away to log in anew", path, err)
	}
	return k, nil
}

// parse reads what Save wrote.
func (k *Keystore) parse(text []byte) error {
	m, err := parseMembers(text)
	if err != nil {
		return err
	}
	if kind := m.kind(); kind != OwnKeystoreFile && kind != UnknownFile {
		return &WrongFileError{kind}
	}
	if err := json.Unmarshal(text, k); err != nil {
		return err
	}
	if n := len(k.Device.GUID); n != 16 {
		return fmt.Errorf("device.guid has %d bytes, not 16", n)
	}
	if n := len(k.D2Key); n != len(crypto.Key{}) && (n > 0 || len(k.D2) > 0) {
		return fmt.Errorf("d2_key has %d bytes, not %d", n, len(crypto.Key{}))
	}
	return nil
}

// Save implements [KeystoreFile].
func (f FileKeystore) Save(k *Keystore) error {
	b, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	if err := atomicfile.Write(string(f), append(b, '\n')); err != nil {
		return fmt.Errorf("save keystore: %w", err)
	}
	return nil
}

// MemoryKeystore keeps the keystore for the life of the process, for tests and demos. The
// zero value is empty. It is safe for concurrent use. Two clients must not share one.
type MemoryKeystore struct{ k atomic.Pointer[Keystore] }

// Load implements [KeystoreFile].
func (m *MemoryKeystore) Load() (*Keystore, error) { return m.k.Load(), nil }

// Save implements [KeystoreFile].
func (m *MemoryKeystore) Save(k *Keystore) error {
	m.k.Store(k)
	return nil
}

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
	"libration/internal/text"
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
	body, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, text.Errorf("read keystore: %v", "读取 keystore：%v", err)
	}
	k := &Keystore{}
	if body, err = bom.Trim(body); err == nil {
		if m, bad := parseMembers(body); bad == nil && m.kind() == SealedKeystoreFile {
			if key == nil {
				return nil, fmt.Errorf("keystore %s: %w", path, ErrSealed)
			}
			body, err = key.open(body)
		}
	}
	if errors.Is(err, ErrSealKey) {
		return nil, fmt.Errorf("keystore %s: %w", path, err)
	}
	if err == nil {
		err = k.parse(body)
	}
	if err != nil {
		return nil, text.Errorf("keystore %s cannot be used (%v): move it away to log in anew", "keystore %s 不可用（%v）：移走它即可重新登录", path, err)
	}
	return k, nil
}

// parse reads what Save wrote.
func (k *Keystore) parse(body []byte) error {
	m, err := parseMembers(body)
	if err != nil {
		return err
	}
	if kind := m.kind(); kind != OwnKeystoreFile && kind != UnknownFile {
		return &WrongFileError{kind}
	}
	if err := json.Unmarshal(body, k); err != nil {
		return err
	}
	if n := len(k.Device.GUID); n != 16 {
		return text.Errorf("device.guid has %d bytes, not 16", "device.guid 有 %d 字节，而不是 16", n)
	}
	if n := len(k.D2Key); n != len(crypto.Key{}) && (n > 0 || len(k.D2) > 0) {
		return text.Errorf("d2_key has %d bytes, not %d", "d2_key 有 %d 字节，而不是 %d", n, len(crypto.Key{}))
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
		return text.Errorf("save keystore: %v", "保存 keystore：%v", err)
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

package account

import (
	"io"
	"log/slog"
	"sync"

	"libration/internal/config"
	"libration/ntqq"
)

// KeystoreFile is the keystore at path, sealed by the key of the configuration if that has
// one.
func KeystoreFile(c *config.Config, path string) ntqq.KeystoreFile {
	if key := c.KeystoreKey; len(key) == len(ntqq.SealKey{}) { // else there is none
		return ntqq.SealedKeystore{Path: path, Key: ntqq.SealKey(key)}
	}
	return ntqq.FileKeystore(path)
}

// keptKeystore is the keystore in the data folder. It writes only while the folder is
// ours: another process may use one that was made since.
type keptKeystore struct {
	ntqq.KeystoreFile
	folder *folder
	log    *slog.Logger

	mu   sync.Mutex // guards what follows, and is held while writing
	last *ntqq.Keystore
	// session is this machine's claim on the session, nil while there is none.
	session io.Closer
}

// claim takes the session for this process ([claim]).
func (k *keptKeystore) claim(ks *ntqq.Keystore) (err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.session, err = claim(ks, k.log)
	return err
}

// release gives the session up.
func (k *keptKeystore) release() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.session != nil {
		k.session.Close()
	}
}

// Load implements ntqq.KeystoreFile. A keystore that has a key now and is not sealed yet
// is sealed at once.
func (k *keptKeystore) Load() (*ntqq.Keystore, error) {
	ks, err := k.KeystoreFile.Load()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = ks
	file, seals := k.KeystoreFile.(ntqq.SealedKeystore)
	if err != nil || ks == nil || !seals {
		return ks, err
	}
	done, err := ntqq.IsSealed(file.Path)
	if err != nil || done {
		return ks, err
	}
	if err := k.save(); err != nil {
		return nil, err
	}
	k.log.Info("the keystore is sealed from now on", "path", file.Path)
	return ks, nil
}

// Save implements ntqq.KeystoreFile.
func (k *keptKeystore) Save(ks *ntqq.Keystore) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = ks
	if k.session == nil { // the first login: the device is a new one, and nobody else's
		held, err := claim(ks, k.log)
		if err != nil {
			k.log.Error("another process runs the same session", "err", err)
		}
		k.session = held
	}
	return k.save()
}

// again writes the newest keystore, if there is one.
func (k *keptKeystore) again() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last == nil {
		return nil
	}
	return k.save()
}

func (k *keptKeystore) save() error {
	if err := k.folder.ours(); err != nil {
		return err
	}
	return k.KeystoreFile.Save(k.last)
}

// uin is the account, 0 before the first login.
func (k *keptKeystore) uin() ntqq.UIN {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last == nil {
		return 0
	}
	return k.last.UIN
}

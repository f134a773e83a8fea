package account

import (
	"sync"

	"libration/ntqq"
)

// keptKeystore is the keystore in the data folder. It writes only while the folder is
// ours: another process may use one that was made since.
type keptKeystore struct {
	ntqq.KeystoreFile
	folder *folder

	mu   sync.Mutex // guards last, and is held while writing
	last *ntqq.Keystore
}

// Load implements ntqq.KeystoreFile.
func (k *keptKeystore) Load() (*ntqq.Keystore, error) {
	ks, err := k.KeystoreFile.Load()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = ks
	return ks, err
}

// Save implements ntqq.KeystoreFile.
func (k *keptKeystore) Save(ks *ntqq.Keystore) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = ks
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

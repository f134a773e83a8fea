package account

import (
	"libration/internal/config"
	"libration/ntqq"
)

// Unseal writes the keystore of an account as a plain one, by the key of its configuration.
// It returns false when the keystore is not sealed, or there is none. It refuses a folder
// that a process uses.
func Unseal(c *config.Config) (done bool, err error) {
	path := PathsOf(c).Keystore
	if sealed, err := ntqq.IsSealed(path); err != nil || !sealed {
		return false, err
	}
	folder, err := openFolder(PathsOf(c).Folder)
	if err != nil {
		return false, err
	}
	defer folder.close()
	ks, err := KeystoreFile(c, path).Load()
	if err != nil {
		return false, err
	}
	return true, ntqq.FileKeystore(path).Save(ks)
}

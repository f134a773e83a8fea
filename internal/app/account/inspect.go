package account

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"libration/internal/config"
	"libration/internal/filelock"
	"libration/internal/network"
	"libration/ntqq"
)

// Paths are the files of an account's data folder, whether they exist or not.
type Paths struct {
	Folder, Keystore, Progress, Store, Packets, LinkKey, Lock string
	// DefaultKeystore is the keystore of the folder that is used while the account's
	// number is not configured.
	DefaultKeystore string
}

// PathsOf returns where Run keeps things.
func PathsOf(c *config.Config) Paths {
	folder := filepath.Join(c.Data, c.Account.Folder())
	return Paths{
		Folder: folder, Keystore: filepath.Join(folder, keystoreName), Store: filepath.Join(folder, storeName),
		Packets: filepath.Join(folder, packetsName), Progress: filepath.Join(folder, progressName), LinkKey: filepath.Join(folder, linkKeyName),
		Lock: filepath.Join(folder, lockName), DefaultKeystore: filepath.Join(c.Data, config.DefaultName, keystoreName),
	}
}

// InUse tells whether a process holds the lock file. It makes no file; for a moment
// it holds the lock itself.
func InUse(lock string) (bool, error) {
	if _, err := os.Stat(lock); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	f, err := filelock.Lock(lock)
	if errors.Is(err, filelock.ErrLocked) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, f.Close()
}

// AskSandbox asks the sandbox at control, once, where its service is.
func AskSandbox(ctx context.Context, n network.Network, control string) (ntqq.Servers, error) {
	client := n.Client()
	client.Timeout = sandboxTimeout
	defer client.CloseIdleConnections()
	return askSandbox(ctx, client, control)
}

// NoSandbox tells of an error of AskSandbox whether nobody answered; otherwise the
// answer was not a sandbox's.
func NoSandbox(err error) bool { return errors.Is(err, errNotYet) }

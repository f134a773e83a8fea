package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"libration/ntqq"
)

// The files of an account's data folder.
const (
	keystoreName = "keystore.json"
	progressName = "progress.json"
	storeName    = "messages.db"
	packetsName  = "packets"
	qrName       = "qr.png"
	lockName     = "lock"
)

// defaultFolder is the name of the folder of an account whose number is not known
// before the login.
const defaultFolder = "default"

var errLocked = errors.New("file is locked")

// folder is the data folder of one account, locked for this process.
type folder struct {
	path string
	lock *os.File
}

// openFolder makes, checks and locks <data>/<uin>. Its errors name the folder and
// what to do.
func openFolder(data string, uin ntqq.UIN) (*folder, error) {
	name := defaultFolder
	if uin != 0 {
		name = strconv.FormatUint(uint64(uin), 10)
	}
	f := &folder{path: filepath.Join(data, name)}
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return nil, explainFolder(f.path, err)
	}
	// Whoever can list the folder learns nothing, but secrets deserve two doors.
	if err := os.Chmod(f.path, 0o700); err != nil {
		return nil, explainFolder(f.path, err)
	}
	lock, err := lockFile(f.file(lockName))
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("the data folder %s is used by another process of libration: stop it, "+
			"or give this account another folder (data: in the config)", f.path)
	}
	if err != nil {
		return nil, explainFolder(f.path, err)
	}
	f.lock = lock
	f.removeLeftovers()
	if err := f.tryWrite(); err != nil {
		f.close()
		return nil, explainFolder(f.path, err)
	}
	return f, nil
}

// removeLeftovers removes files that a killed program was about to rename: some hold
// the session.
func (f *folder) removeLeftovers() {
	entries, _ := os.ReadDir(f.path) // openFolder will tell
	for _, e := range entries {
		for _, name := range []string{keystoreName, progressName, qrName} {
			if strings.HasPrefix(e.Name(), name+".") && strings.HasSuffix(e.Name(), ".tmp") {
				_ = os.Remove(f.file(e.Name())) // it may stay
			}
		}
	}
}

func (f *folder) file(name string) string { return filepath.Join(f.path, name) }

// tryWrite finds a full disk before a login is lost to it.
func (f *folder) tryWrite() error {
	if err := f.lock.Truncate(0); err != nil {
		return err
	}
	if _, err := f.lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return err
	}
	return f.lock.Sync()
}

// hasKeystore tells whether there is a keystore of our own.
func (f *folder) hasKeystore() (bool, error) {
	_, err := os.Stat(f.file(keystoreName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// close unlocks the folder. The lock file stays: removing it would race with
// another process that has just opened it.
func (f *folder) close() { f.lock.Close() }

func explainFolder(path string, err error) error {
	remedy := "give another folder (data: in the config)"
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		remedy = "give this user write access, or give another folder (data: in the config)"
	case errors.Is(err, syscall.ENOSPC):
		remedy = "the disk is full: free some space"
	}
	return fmt.Errorf("the data folder %s cannot be used: %w: %s", path, err, remedy)
}

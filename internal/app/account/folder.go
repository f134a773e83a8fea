package account

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"libration/internal/filelock"
	"libration/internal/place"
	"libration/internal/text"
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

// folder is the data folder of one account, locked for this process.
type folder struct {
	path string

	mu sync.Mutex // guards what follows
	// open keeps the identity of the folder: while it is open, no other has it.
	open *os.File
	lock *os.File
	// former is the lock in the folder that was here before: where that was moved to,
	// nobody else shall use it.
	former *os.File
}

// openFolder makes, checks and locks the folder at path. Its errors name the folder and
// what to do.
func openFolder(path string) (*folder, error) {
	f := &folder{path: path}
	if err := f.take(); err != nil {
		return nil, err
	}
	f.removeLeftovers()
	return f, nil
}

// take makes and locks the folder at path. On an error nothing has changed.
func (f *folder) take() error {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return explainFolder(f.path, err)
	}
	// Whoever can list the folder learns nothing, but secrets deserve two doors.
	if err := os.Chmod(f.path, 0o700); err != nil {
		return explainFolder(f.path, err)
	}
	open, err := os.Open(f.path)
	if err != nil {
		return explainFolder(f.path, err)
	}
	lock, err := filelock.Lock(f.file(lockName))
	if errors.Is(err, filelock.ErrLocked) {
		open.Close()
		return text.Errorf("the data folder %s is used by another process of libration: stop it, or give this account another folder (data: in the config)",
			"数据文件夹 %s 正被另一个 libration 进程使用：请停止它，或为该账号换一个文件夹（配置项 data）", f.path)
	}
	if err == nil {
		err = tryWrite(lock)
	}
	if err != nil {
		open.Close()
		lock.Close()
		return explainFolder(f.path, err)
	}
	closeAll(f.former, f.open)
	f.former, f.open, f.lock = f.lock, open, lock
	return nil
}

// ours tells whether the folder at path is still the locked one; nil means yes.
func (f *folder) ours() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !same(f.lock, f.file(lockName)) {
		return text.Errorf("the data folder %s was removed, moved or replaced while libration runs", "数据文件夹 %s 在 libration 运行时被删除、移动或替换", f.path)
	}
	return nil
}

// same tells whether a name is that of an open file.
func same(open *os.File, path string) bool {
	was, err := open.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(was, now)
}

// hold makes and locks the folder again where it is gone, and returns anew then. A
// folder that somebody put in its place stays as it is when it has an account's files.
func (f *folder) hold() (anew bool, err error) {
	if f.ours() == nil {
		return false, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !same(f.open, f.path) {
		for _, name := range []string{keystoreName, storeName} {
			if _, err := os.Lstat(f.file(name)); err == nil {
				return false, text.Errorf("the data folder %s was replaced by another one while libration runs: stop libration, keep the folder that you want under this name, and start it again",
					"数据文件夹 %s 在 libration 运行时被换成了另一个：请停止 libration，在该名称下保留需要的文件夹，再重新启动", f.path)
			}
		}
	}
	if err := f.take(); err != nil {
		return false, err
	}
	return true, nil
}

// removeLeftovers removes files that a killed program was about to rename: some hold
// the session.
func (f *folder) removeLeftovers() {
	entries, _ := os.ReadDir(f.path) // openFolder will tell
	for _, e := range entries {
		for _, name := range []string{keystoreName, progressName, qrName, place.Name} {
			if strings.HasPrefix(e.Name(), name+".") && strings.HasSuffix(e.Name(), ".tmp") {
				_ = os.Remove(f.file(e.Name())) // it may stay
			}
		}
	}
}

func (f *folder) file(name string) string { return filepath.Join(f.path, name) }

// tryWrite finds a full disk before a login is lost to it.
func tryWrite(lock *os.File) error {
	if err := lock.Truncate(0); err != nil {
		return err
	}
	if _, err := lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return err
	}
	return lock.Sync()
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
func (f *folder) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	closeAll(f.former, f.open, f.lock)
}

// closeAll closes what is open; nil is not.
func closeAll(files ...*os.File) {
	for _, f := range files {
		_ = f.Close() // nothing waits to be written
	}
}

func explainFolder(path string, err error) error {
	remedy := text.T("give another folder (data: in the config)", "请换一个文件夹（配置项 data）")
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		remedy = text.T("give this user write access, or give another folder (data: in the config)", "请给予当前用户写权限，或换一个文件夹（配置项 data）")
	case errors.Is(err, syscall.ENOSPC):
		remedy = text.T("the disk is full: free some space", "磁盘已满：请清理")
	}
	return text.Errorf("the data folder %s cannot be used: %v: %s", "数据文件夹 %s 不可用：%v：%s", path, err, remedy)
}

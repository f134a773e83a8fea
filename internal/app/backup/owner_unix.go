//go:build linux || darwin

package backup

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ownAs gives what root made to the user that has another folder: the service runs as that
// user. What cannot be given stays, and the start says so.
func ownAs(path, like string) {
	info, err := os.Stat(like)
	if err != nil || os.Geteuid() != 0 {
		return
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return
	}
	_ = filepath.WalkDir(path, func(p string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = os.Lchown(p, int(owner.Uid), int(owner.Gid))
		}
		return err
	})
}

// makeFolder makes a folder and those above it. What root makes has the owner of the folder
// that they are in.
func makeFolder(path string) error {
	above, first := filepath.Dir(path), path
	for {
		if _, err := os.Stat(above); err == nil || above == filepath.Dir(above) {
			break
		}
		above, first = filepath.Dir(above), above
	}
	_, missing := os.Stat(path)
	err := os.MkdirAll(path, 0o700)
	if err == nil && missing != nil {
		ownAs(first, above)
	}
	return err
}

// freeSpace returns how many bytes this user can still write at path.
func freeSpace(path string) (uint64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}

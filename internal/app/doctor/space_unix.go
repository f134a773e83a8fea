//go:build linux || darwin

package doctor

import "syscall"

// freeSpace returns how many bytes this user can still write at path.
func freeSpace(path string) (uint64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}

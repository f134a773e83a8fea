//go:build linux || darwin

package account

import "syscall"

// diskSpace returns how many bytes of a folder's disk are free for this user, and how
// many it has.
func diskSpace(path string) (free, total uint64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, 0, err
	}
	size := uint64(s.Bsize)
	return s.Bavail * size, s.Blocks * size, nil
}

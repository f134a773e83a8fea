//go:build unix

package inbound

import "syscall"

// OpenFiles returns how many files this process may have open; 0 when that is not
// known. Go's runtime has raised the soft limit to the hard one before.
func OpenFiles() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return uint64(limit.Cur)
}

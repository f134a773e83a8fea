package app

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// forgetProgram takes the pages of the program's code and constants out of this process.
// They stay in the system's cache of files, which may give them up when memory is scarce.
// Those that are used again come back from there, 16 at a time and without reading the
// disk. A start touches nearly all of them, what follows few.
func forgetProgram() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return
	}
	for _, s := range unchanged(string(smaps), program) {
		// What is lost when it fails is memory that the system takes by itself.
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, s.start, s.end-s.start, syscall.MADV_DONTNEED)
	}
}

// span is a range of addresses.
type span struct{ start, end uintptr }

// unchanged returns where a file is in memory for reading only, with all pages as they are
// in the file (proc(5), smaps): nothing is lost with them.
func unchanged(smaps, path string) (all []span) {
	var s span
	readable := false
	for line := range strings.Lines(smaps) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		if start, end, ok := strings.Cut(f[0], "-"); ok {
			low, err1 := strconv.ParseUint(start, 16, strconv.IntSize)
			high, err2 := strconv.ParseUint(end, 16, strconv.IntSize)
			s = span{uintptr(low), uintptr(high)}
			readable = err1 == nil && err2 == nil && len(f) == 6 && f[5] == path && (f[1] == "r-xp" || f[1] == "r--p")
		} else if readable && f[0] == "Anonymous:" && f[1] == "0" {
			all = append(all, s)
		}
	}
	return all
}

//go:build !linux && !darwin

package doctor

// freeSpace is not known here.
func freeSpace(string) (uint64, bool) { return 0, false }

//go:build !linux

package app

// forgetProgram does nothing: these systems do not count such pages, or take them back by
// themselves.
func forgetProgram() {}

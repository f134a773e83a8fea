// Package completion completes command lines in shells: it owns the scripts for bash,
// zsh, fish and PowerShell, and finds in the commands' model what may stand at a
// place. The scripts ask the program itself, so that they never name what it no longer
// has. It must not know what commands do.
package completion

// Package inbox keeps the files that bots elsewhere hand over, for a while, in a folder of its
// own on disk: whole ones, and such that come in chunks. Its sizes are bounded: of a file, of
// all of them, of how many there are. It knows no dialects and no transports.
package inbox

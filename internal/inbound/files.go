package inbound

// How the file descriptors of the program are shared out. A connection takes one.
const (
	// MostConnections is how many connections bots may open to all listeners together,
	// where there are file descriptors enough.
	MostConnections = 1024
	// OwnerConnections is how many connections the owner's HTTP server takes.
	OwnerConnections = 8
	// reservedFiles are for the session, the store, the log, the owner's service, and
	// connections that the program opens itself.
	reservedFiles = 48
	// fewConnections are left in any case.
	fewConnections = 4
	// EnoughFiles is the limit of file descriptors below which the owner is warned.
	EnoughFiles = 256
)

// Connections returns how many connections bots may open when the process may have this
// many files open. files is 0 when no limit is known.
func Connections(files uint64) int {
	if files == 0 || files >= MostConnections+reservedFiles {
		return MostConnections
	}
	return max(fewConnections, int(files)-reservedFiles)
}

package inbound

// How the files that the program may have open are shared out. A connection is one.
const (
	// MostConnections is how many connections bots may open, all listeners together,
	// where files allow it.
	MostConnections = 1024
	// OwnerConnections is how many the owner's service takes.
	OwnerConnections = 8
	// reservedFiles are for the session, the store, the log, the owner's service, and
	// connections that the program opens itself.
	reservedFiles = 48
	// fewConnections are left in any case.
	fewConnections = 4
	// EnoughFiles is the least limit that nobody needs to be warned of.
	EnoughFiles = 256
)

// Connections is how many connections bots may open when files may be open, 0 when
// there is no limit that is known.
func Connections(files uint64) int {
	if files == 0 || files >= MostConnections+reservedFiles {
		return MostConnections
	}
	return max(fewConnections, int(files)-reservedFiles)
}

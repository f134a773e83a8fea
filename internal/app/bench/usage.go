package bench

import "time"

// usage is what a process has used so far. The zero value means unknown.
type usage struct {
	known          bool
	cpu            time.Duration
	resident, peak int64 // bytes
	anonymous      int64 // of resident, what no file has
	written        int64 // bytes to the disk so far
}

package session

import "sync/atomic"

// Stats count what a session did since it was made.
type Stats struct {
	PacketsReceived uint64
	PacketsSent     uint64
	PacketsDropped  uint64 // could not be decrypted or parsed
	Disconnects     uint64
}

type stats struct {
	packetsReceived, packetsSent, packetsDropped atomic.Uint64
	disconnects                                  atomic.Uint64
	unproven                                     unproven
}

// Stats returns the counters.
func (s *Session) Stats() Stats {
	n := &s.stats
	return Stats{
		PacketsReceived: n.packetsReceived.Load(), PacketsSent: n.packetsSent.Load(),
		PacketsDropped: n.packetsDropped.Load(), Disconnects: n.disconnects.Load(),
	}
}

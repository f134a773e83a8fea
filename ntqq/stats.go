package ntqq

import (
	"sync/atomic"

	"libration/ntqq/event"
)

// Stats count what a session did since it was made.
type Stats struct {
	PacketsReceived  uint64
	PacketsSent      uint64
	PacketsDropped   uint64 // could not be decrypted or parsed
	MessagesReceived uint64
	MessagesSent     uint64
	Disconnects      uint64
	SendsWaiting     int    // messages that wait for their turn now
	SendsDelayed     uint64 // messages that had to wait for it
	SendsRefused     uint64 // messages that would have had to wait too long
	LastMessageTime  int64  // Unix seconds of the last received message, 0 for none
}

type stats struct {
	packetsReceived, packetsSent, packetsDropped atomic.Uint64
	messagesReceived, messagesSent, disconnects  atomic.Uint64
	lastMessage                                  atomic.Int64
	unproven                                     unproven
}

// Stats returns the counters.
func (c *Client) Stats() Stats {
	s, sending := &c.stats, c.sending.stats()
	return Stats{
		PacketsReceived: s.packetsReceived.Load(), PacketsSent: s.packetsSent.Load(),
		PacketsDropped: s.packetsDropped.Load(), MessagesReceived: s.messagesReceived.Load(),
		MessagesSent: s.messagesSent.Load(), Disconnects: s.disconnects.Load(),
		SendsWaiting: sending.waiting, SendsDelayed: sending.delayed, SendsRefused: sending.refused,
		LastMessageTime: s.lastMessage.Load(),
	}
}

// Undecoded returns how many pushes gave no event, by reason.
func (c *Client) Undecoded() event.Counters { return c.decoder.Counters() }

// QueuedPushes is how many received packets and events of own messages wait for
// the event handler.
func (c *Client) QueuedPushes() int { return c.pushes.Len() + c.own.Len() }

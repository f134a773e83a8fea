package ntqq

import (
	"sync/atomic"

	"libration/ntqq/event"
)

// Stats count what a Client did since it was made.
type Stats struct {
	PacketsReceived  uint64
	PacketsSent      uint64
	PacketsDropped   uint64 // could not be decrypted or parsed
	MessagesReceived uint64
	MessagesSent     uint64
	Disconnects      uint64
	SendsWaiting     int    // messages that wait for their turn now
	SendsDelayed     uint64 // messages that had to wait for their turn
	SendsRefused     uint64 // messages that would have had to wait too long
	MemberLists      int    // lists of members in memory now
	MemberBytes      int    // what they take, as Options.MemberMemory counts
	MembersForgotten uint64 // lists of members that were forgotten to make room
	LastMessageTime  int64  // when the last message was received, Unix seconds; 0: none was
}

type stats struct {
	messagesReceived, messagesSent atomic.Uint64
	lastMessage                    atomic.Int64
}

// Stats returns the counters.
func (c *Client) Stats() Stats {
	s, packets, sending := &c.stats, c.session.Stats(), c.sending.stats()
	lists, bytes, forgotten := c.cache.memberStats()
	return Stats{
		PacketsReceived: packets.PacketsReceived, PacketsSent: packets.PacketsSent, PacketsDropped: packets.PacketsDropped,
		MessagesReceived: s.messagesReceived.Load(), MessagesSent: s.messagesSent.Load(), Disconnects: packets.Disconnects,
		SendsWaiting: sending.waiting, SendsDelayed: sending.delayed, SendsRefused: sending.refused,
		MemberLists: lists, MemberBytes: bytes, MembersForgotten: forgotten,
		LastMessageTime: s.lastMessage.Load(),
	}
}

// Unproven returns how many packets did not come under the session's key while no login
// waited for them. Nothing followed from them.
func (c *Client) Unproven() Unproven { return c.session.Unproven() }

// Undecoded returns how many pushes gave no event, by reason.
func (c *Client) Undecoded() event.Counters { return c.decoder.Counters() }

// QueuedPushes returns how many received packets and events of own messages wait for the
// handler.
func (c *Client) QueuedPushes() int { return c.pushes.Len() + c.own.Len() + int(c.lanes.waits.Load()) }

package world

import "libration/ntqq/message"

// MarkRead notes that uin has read a group up to a sequence. An older sequence, and a uin
// that is no member, change nothing.
func (w Messages) MarkRead(code message.GroupCode, uin message.UIN, seq uint64) {
	w.mu.Lock()
	defer w.done()
	if _, _, err := w.member(code, uin); err == nil {
		read := w.users[uin].read
		read[code] = max(read[code], seq)
	}
}

// ReadUpTo returns the newest sequence of a group that uin has marked as read, 0 for
// none.
func (w Messages) ReadUpTo(code message.GroupCode, uin message.UIN) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.users[uin]; a != nil {
		return a.read[code]
	}
	return 0
}

// MarkPrivateRead notes that uin has read the private chat with peer up to a sequence. An
// older sequence, and a uin that is nobody's, change nothing.
func (w Messages) MarkPrivateRead(uin, peer message.UIN, seq uint64) {
	w.mu.Lock()
	defer w.done()
	if a := w.users[uin]; a != nil {
		a.readPrivate[peer] = max(a.readPrivate[peer], seq)
	}
}

// PrivateReadUpTo returns the newest sequence of the private chat with peer that uin has
// marked as read, 0 for none.
func (w Messages) PrivateReadUpTo(uin, peer message.UIN) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.users[uin]; a != nil {
		return a.readPrivate[peer]
	}
	return 0
}

package world

import "libration/ntqq/message"

// Publish shows a file in the chat of its group: all members get a message from by, who is
// the file's uploader, the owner or an admin. random is the sender's own number, 0 draws
// one. A number that has shown the file already answers the message of that time. The
// refusals are NotFound, NotMember, NoPermission, and those of [Messages.Send].
func (w Files) Publish(code message.GroupCode, by message.UIN, id string, random uint32) (*Message, error) {
	w.mu.Lock()
	defer w.done()
	g, who, f, err := w.changing(code, by, id, "")
	if err != nil {
		return nil, err
	}
	if seq, shown := f.shown[random]; shown && random != 0 {
		if r := g.history.find(seq); r != nil {
			return &r.Message, nil
		}
	}
	s := Send{From: who.UIN, Group: code, Parts: Parts(f.segment()), Random: random}
	if err := Messages(w).checkSend(&s, w.now()); err != nil {
		return nil, err
	}
	m := w.post(&s, nil)
	if f.shown == nil || len(f.shown) >= maxShown {
		f.shown = map[uint32]uint64{}
	}
	f.shown[m.Random] = m.Sequence
	return m, nil
}

// segment is the file as a message shows it.
func (f *groupFile) segment() *message.FileSegment {
	s := &message.FileSegment{ID: f.ID, FileName: f.Name, Size: f.Size, BusID: message.BusPermanent, MD5: f.MD5[:]}
	if f.Temporary() {
		s.BusID = message.BusTemporary
	}
	return s
}

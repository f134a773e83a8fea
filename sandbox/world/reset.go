package world

import (
	"time"

	"libration/ntqq/message"
)

// beginning is how a world was made: what [World.Reset] returns to.
type beginning struct {
	build func(*World) error // nil: by hand
	began time.Time
}

// numbers are those that must not come again: of chats that are no more.
type numbers struct {
	groups map[message.GroupCode]groupNumbers
	pairs  map[pairKey]uint64 // the next sequence
}

type groupNumbers struct {
	sequence uint64 // the next one
	changes  uint32 // group.changeSeq
}

func (n *numbers) group(g *group) { n.groups[g.Code] = groupNumbers{g.history.next, g.changeSeq} }

func (n *numbers) pair(key pairKey, p *pair) { n.pairs[key] = p.history.next }

// Make returns the world that build makes of an empty one. [World.Reset] returns to it.
// The time stands still while build runs. The error is that of build.
func Make(seed uint64, build func(*World) error) (*World, error) {
	w := New(seed)
	if err := w.begin(beginning{build, time.Now()}); err != nil {
		_ = w.Close() // of what there is of it
		return nil, err
	}
	return w, nil
}

// begin fills an empty world.
func (w *World) begin(b beginning) error {
	w.beginning = b
	w.now = func() time.Time { return b.began }
	if err := b.build(w); err != nil {
		return err
	}
	for _, a := range w.users { // how it was made is no news
		a.notices = nil
	}
	w.now = time.Now
	return nil
}

// WorldReset is sent when the world is as it was at its beginning.
type WorldReset struct{}

// Activity implements Happening.
func (h *WorldReset) Activity() Activity { return Activity{Kind: ActivityReset} }

// Reset returns to the beginning of a world that was made by [Make]. What was drawn since
// then goes on, and so do the sequences of each chat: none comes twice. Media are kept.
// Clients get no push. The refusal is BadRequest, of a world that was made by hand.
func (w *World) Reset() error {
	if w.build == nil {
		return Refuse(BadRequest, "this world has no beginning: it was made by hand")
	}
	fresh := New(w.seed)
	fresh.media = w.media
	if err := fresh.begin(w.beginning); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.done()
	for _, g := range w.groups {
		w.spent.group(g)
		w.releaseMedia(g)
	}
	for _, a := range w.users {
		w.releaseFaces(a)
	}
	for key, p := range w.pairs {
		w.spent.pair(key, p)
	}
	w.scene = fresh.scene
	for code, g := range w.groups {
		before := w.spent.groups[code]
		g.history.next = max(g.history.next, before.sequence)
		g.changeSeq += before.changes
	}
	w.happened(&WorldReset{})
	return nil
}

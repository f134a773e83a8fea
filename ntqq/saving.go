package ntqq

import (
	"cmp"
	"context"
	"slices"
	"time"

	"libration/ntqq/internal/order"
)

// progressEvery is the time from a change to its save. A new chat, and what was
// fetched, wait for progressNew only: a crash before that would cost all that is
// missed in the chat, or fetch everything again.
const (
	progressEvery = 3 * time.Second
	progressNew   = 100 * time.Millisecond
)

// journal is the dispatcher's side of Options.Progress.
type journal struct {
	dirty bool
	due   time.Time
	saves chan *Delivered // to the goroutine that writes; one may wait
}

// account starts anew when another account has logged in, with what was saved of it.
func (o *ordering) account() {
	uin := o.c.Self().UIN
	if uin == o.self {
		return
	}
	o.self = uin
	book := order.New(o.limits())
	var notices *NoticesDelivered
	if d := o.load(); d != nil {
		book.Restore(o.at(), savedChats(d), d.Since)
		notices = d.Notices
	}
	o.noticed.restore(notices)
	o.mu.Lock()
	o.book = book
	o.mu.Unlock()
}

// load reads what was saved of this account; nil: nothing.
func (o *ordering) load() *Delivered {
	if o.c.opts.Progress == nil {
		return nil
	}
	d, err := o.c.opts.Progress.Load()
	if err != nil {
		o.c.log.Error("not known what was delivered before: messages missed meanwhile are not fetched", "err", err)
		return nil
	}
	if d == nil || d.UIN != o.self {
		return nil
	}
	return d
}

func savedChats(d *Delivered) []order.Saved {
	saved := make([]order.Saved, 0, len(d.Chats))
	for _, ch := range d.Chats {
		s := order.Saved{
			Chat: friendChat(ch.Peer), Peer: ch.PeerUID,
			Sequence: ch.Sequence, Time: ch.Time, Missing: ch.Missing, Since: ch.Since,
		}
		if ch.Group != 0 {
			s.Chat = groupChat(ch.Group)
		}
		saved = append(saved, s)
	}
	return saved
}

// changed notes that there is something to save, at the latest after a while.
func (o *ordering) changed(within time.Duration) {
	j := &o.journal
	if o.c.opts.Progress == nil || j.dirty && within == progressEvery {
		return
	}
	due := time.Now().Add(within)
	if !j.dirty || due.Before(j.due) {
		j.dirty, j.due = true, due
		o.wake(due)
	}
}

// keep saves when it is time; while the last save is under way it waits.
func (o *ordering) keep(now time.Time) {
	j := &o.journal
	switch {
	case !j.dirty:
		return
	case j.due.After(now):
	case len(j.saves) > 0:
		j.due = now.Add(progressEvery)
	default:
		j.saves <- o.snapshot()
		j.dirty = false
		return
	}
	o.wake(j.due)
}

func (o *ordering) snapshot() *Delivered {
	saved, presence := o.book.Snapshot(o.c.now().Unix())
	d := &Delivered{UIN: o.self, Since: presence, Chats: make([]ChatDelivered, 0, len(saved)), Notices: o.noticed.snapshot()}
	for _, s := range saved {
		s.Without(o.c.lanes.held(s.Chat))
		ch := ChatDelivered{Sequence: s.Sequence, Time: s.Time, Missing: s.Missing, Since: s.Since}
		if s.Chat.Group {
			ch.Group = GroupCode(s.Chat.Code)
		} else {
			ch.Peer, ch.PeerUID = UIN(s.Chat.Code), s.Peer
		}
		d.Chats = append(d.Chats, ch)
	}
	slices.SortFunc(d.Chats, func(a, b ChatDelivered) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Peer, b.Peer))
	})
	return d
}

// write saves what comes, until the channel is closed. What could not be saved is
// tried again until something newer comes: that may take hours.
func (o *ordering) write(saves <-chan *Delivered) {
	for d := range saves {
		for !o.save(d) {
			pause := time.NewTimer(progressEvery)
			select {
			case newer, more := <-saves:
				pause.Stop()
				if !more {
					o.save(d)
					return
				}
				d = newer
			case <-pause.C:
			}
		}
	}
}

func (o *ordering) save(d *Delivered) bool {
	err := o.c.opts.Progress.Save(d)
	if err != nil {
		o.c.notes.Warn("progress", "progress not saved yet: until it is, a restart brings messages twice", "err", err)
	}
	return err == nil
}

// begin is called before the dispatcher's first event.
func (o *ordering) begin() {
	if o.c.opts.Progress == nil {
		return
	}
	saves := make(chan *Delivered, 1)
	o.journal.saves = saves
	o.wg.Go(func() { o.write(saves) })
}

// end is called after the last one. Messages that still wait are fetched the next
// time; without Options.Progress nothing would say so, and they are delivered.
func (o *ordering) end(ctx context.Context) {
	if o.c.opts.Progress == nil {
		o.step(ctx, order.Closed{})
	}
	if saves := o.journal.saves; saves != nil {
		if o.journal.dirty {
			saves <- o.snapshot()
			o.journal.dirty = false
		}
		close(saves)
		o.journal.saves = nil
	}
	o.wg.Wait()
	o.step(ctx, order.Forgotten{}) // the questions have ended with the context
}

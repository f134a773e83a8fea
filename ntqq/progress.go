package ntqq

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"
)

// Delivered says, for one account, up to which message each chat was delivered.
type Delivered struct {
	UIN   UIN             `json:"uin"`
	Chats []ChatDelivered `json:"chats"`
}

// ChatDelivered is one chat of a Delivered: Group, or Peer and PeerUID are set.
type ChatDelivered struct {
	Group    GroupCode `json:"group,omitempty"`
	Peer     UIN       `json:"peer,omitempty"`
	PeerUID  UID       `json:"peer_uid,omitempty"`
	Sequence uint64    `json:"sequence"`
	// Time is that of the last message, Unix seconds, at most the server's time then.
	Time int64 `json:"time,omitempty"`
	// Missing are sequences below it that could not be fetched yet, ascending.
	Missing []uint64 `json:"missing,omitempty"`
}

// Progress keeps one Delivered. Save must be atomic; it is called every few
// seconds at most, and at the end of Run. After a crash, messages delivered since
// the last Save are delivered again.
type Progress interface {
	// Load returns nil and no error when nothing was saved yet.
	Load() (*Delivered, error)
	Save(*Delivered) error
}

// FileProgress keeps it as a JSON file, mode 0600, replaced atomically.
type FileProgress string

// Load implements Progress.
func (f FileProgress) Load() (*Delivered, error) {
	b, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read progress: %w", err)
	}
	d := &Delivered{}
	if err := json.Unmarshal(b, d); err != nil {
		return nil, fmt.Errorf("progress %s is damaged: %w", string(f), err)
	}
	return d, nil
}

// Save implements Progress.
func (f FileProgress) Save(d *Delivered) error {
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if err := writeAtomic(string(f), append(b, '\n')); err != nil {
		return fmt.Errorf("save progress: %w", err)
	}
	return nil
}

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

// load takes up what was saved of this account.
func (o *order) load() {
	p := o.c.opts.Progress
	o.self = o.c.keys().UIN
	if p == nil || o.self == 0 {
		return
	}
	d, err := p.Load()
	if err != nil {
		o.c.log.Error("not known what was delivered before: messages missed meanwhile are not fetched", "err", err)
		return
	}
	if d == nil || d.UIN != o.self {
		return
	}
	for _, ch := range d.Chats {
		id := chatID{false, uint64(ch.Peer)}
		if ch.Group != 0 {
			id = chatID{true, uint64(ch.Group)}
		}
		if id.code == 0 || len(o.chats) >= chatsMost {
			continue
		}
		missing := slices.Sorted(slices.Values(ch.Missing[max(0, len(ch.Missing)-o.c.opts.CatchUp.Messages):]))
		o.chats[id] = &chatOrder{
			id: id, peer: ch.PeerUID, last: ch.Sequence, begun: true, lastTime: ch.Time,
			owed: missing, owedSince: time.Now(),
		}
	}
}

// account starts anew when another account has logged in.
func (o *order) account() {
	uin := o.c.keys().UIN
	if uin == o.self {
		return
	}
	if o.self != 0 {
		o.mu.Lock()
		clear(o.chats)
		o.mu.Unlock()
		clear(o.waiting)
		o.held = held{}
	}
	o.self = uin
}

// changed notes that there is something to save, at the latest after a while.
func (o *order) changed(within time.Duration) {
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
func (o *order) keep(now time.Time) {
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

func (o *order) snapshot() *Delivered {
	d := &Delivered{UIN: o.self, Chats: make([]ChatDelivered, 0, len(o.chats))}
	now := o.c.now().Unix()
	for id, st := range o.chats {
		if !st.begun {
			continue
		}
		ch := ChatDelivered{Sequence: st.last, Time: past(st.lastTime, now), Missing: slices.Clone(st.owed)}
		if id.group {
			ch.Group = GroupCode(id.code)
		} else {
			ch.Peer, ch.PeerUID = UIN(id.code), st.peer
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
func (o *order) write(saves <-chan *Delivered) {
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

func (o *order) save(d *Delivered) bool {
	err := o.c.opts.Progress.Save(d)
	if err != nil {
		o.c.notes.Warn("progress", "progress not saved yet: until it is, a restart brings messages twice", "err", err)
	}
	return err == nil
}

// begin is called before the dispatcher's first event.
func (o *order) begin() {
	if o.c.opts.Progress == nil {
		return
	}
	saves := make(chan *Delivered, 1)
	o.journal.saves = saves
	o.wg.Go(func() { o.write(saves) })
}

// end is called after the last one. Messages that still wait are fetched the next
// time; without Options.Progress nothing would say so, and they are delivered.
func (o *order) end(ctx context.Context) {
	if o.c.opts.Progress == nil {
		for _, st := range o.chats {
			if len(st.held) > 0 || len(st.doubted) > 0 {
				o.giveUp(ctx, st)
			}
		}
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
	o.asks = 0
	for _, st := range o.chats { // their fetches have ended with the context
		if st.fetching {
			st.fetching, st.stalled = false, true
		}
	}
}

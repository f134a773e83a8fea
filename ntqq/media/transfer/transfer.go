// Package transfer lists uploads and downloads: how far they are, and what became of them.
// Each can be cancelled.
//
// Nothing of it is needed to upload or download. A nil [*Registry] takes transfers, too,
// and forgets them.
package transfer

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"libration/ntqq/message"
)

// ErrCancelled is the error of a transfer that was cancelled by [Registry.Cancel].
var ErrCancelled = errors.New("cancelled by the owner")

// Direction says which way the bytes go.
type Direction string

// The directions.
const (
	Upload   Direction = "upload"
	Download Direction = "download"
)

// Kept is how many transfers that have ended are listed.
const Kept = 64

// maxName is how many bytes of a name are listed.
const maxName = 200

// Status is a transfer as it is now.
type Status struct {
	ID        uint64
	Direction Direction
	Kind      string        // the segment: "image", "record" or "video"; "file" for others
	Name      string        // of the file, as far as it is known
	Chat      *message.Chat // where it goes; nil: no chat
	// Step is what is being done: "wait" for a place among the uploads, or a Step of
	// package media.
	Step string
	// Done and Total are the bytes of the step. Total is 0 when it is not known.
	Done, Total uint64
	Began       time.Time
	Ended       time.Time // zero while it runs
	Err         error     // why it failed; nil while it runs, and after success
}

// Registry lists the transfers that run, and the last [Kept] that have ended. The zero value
// is ready to use. It is safe for concurrent use.
type Registry struct {
	mu      sync.Mutex // guards what follows
	last    uint64     // id
	version uint64     // of the last change
	running map[uint64]*Transfer
	ended   []entry // oldest first
	changed chan struct{}
	totals  map[Total]sum
}

// entry is a status with the version of its last change.
type entry struct {
	Status
	version uint64
}

// Transfer reports one transfer. Its methods are safe for concurrent use, and do nothing
// when it is nil.
type Transfer struct {
	r      *Registry
	cancel context.CancelCauseFunc
	entry         // r.mu guards it, and what follows
	moved  uint64 // bytes of the moving steps that are over
}

// Begin lists a transfer. Its work must use the returned context, which ends when the
// transfer is cancelled, and call [Transfer.End]. s says what it is; ID and times are set
// here.
func (r *Registry) Begin(ctx context.Context, s Status) (context.Context, *Transfer) {
	if r == nil {
		return ctx, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	s.ID, s.Began, s.Ended, s.Err, s.Name = r.last, time.Now(), time.Time{}, nil, shown(s.Name)
	t := &Transfer{r: r, cancel: cancel, entry: entry{Status: s}}
	if r.running == nil {
		r.running = map[uint64]*Transfer{}
	}
	r.running[s.ID] = t
	r.note(&t.entry)
	return ctx, t
}

// note marks an entry as changed. It is called with mu held.
func (r *Registry) note(e *entry) {
	r.version++
	e.version = r.version
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// Changes returns the transfers that changed after a version, in the order in which they
// began, and the present version. 0 stands for all that are listed. wait is closed at the
// next change.
func (r *Registry) Changes(after uint64) (changed []Status, version uint64, wait <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.ended {
		if e.version > after {
			changed = append(changed, e.Status)
		}
	}
	for _, t := range r.running {
		if t.version > after {
			changed = append(changed, t.Status)
		}
	}
	slices.SortFunc(changed, func(a, b Status) int { return cmp.Compare(a.ID, b.ID) })
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return changed, r.version, r.changed
}

// List returns all transfers that are listed, in the order in which they began.
func (r *Registry) List() []Status {
	list, _, _ := r.Changes(0)
	return list
}

// Cancel ends a transfer that runs. It reports whether there was one with this id. The
// transfer is listed as running until its work has stopped.
func (r *Registry) Cancel(id uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, ok := r.running[id]
	if ok {
		t.cancel(ErrCancelled)
	}
	return ok
}

// edit changes the status.
func (t *Transfer) edit(f func(*Status)) {
	if t == nil {
		return
	}
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	if t.Ended.IsZero() {
		f(&t.Status)
		t.r.note(&t.entry)
	}
}

// Step begins a step of total bytes; 0: not known.
func (t *Transfer) Step(step string, total uint64) {
	t.edit(func(s *Status) {
		t.leave()
		s.Step, s.Done, s.Total = step, 0, total
	})
}

// Named says what the file is called.
func (t *Transfer) Named(name string) { t.edit(func(s *Status) { s.Name = shown(name) }) }

// shown is the beginning of a name: senders of messages name their files as they like, and
// what has ended stays listed.
func shown(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "") + "..."
}

// Set says how many bytes are done.
func (t *Transfer) Set(n uint64) { t.edit(func(s *Status) { s.Done = n }) }

// Add adds bytes to those that are done.
func (t *Transfer) Add(n uint64) { t.edit(func(s *Status) { s.Done += n }) }

// Write adds the bytes of b, so that a Transfer can be given to [io.MultiWriter].
func (t *Transfer) Write(b []byte) (int, error) {
	t.Add(uint64(len(b)))
	return len(b), nil
}

var _ io.Writer = (*Transfer)(nil)

// End says what became of the transfer: nil is success. Of several calls the first counts.
func (t *Transfer) End(err error) {
	if t == nil {
		return
	}
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	if !t.Ended.IsZero() {
		return
	}
	t.cancel(err)
	t.leave()
	t.Ended, t.Err = time.Now(), err
	t.r.note(&t.entry)
	t.r.count(t)
	delete(t.r.running, t.ID)
	if len(t.r.ended) == Kept {
		t.r.ended = slices.Delete(t.r.ended, 0, 1)
	}
	t.r.ended = append(t.r.ended, t.entry)
}

// Cause returns [ErrCancelled] in place of err when ctx, which Begin returned, was
// cancelled by [Registry.Cancel].
func Cause(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), ErrCancelled) {
		return ErrCancelled
	}
	return err
}

package packets

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"libration/internal/text"
)

// The limits of a ring. A packet beyond MaxEntries or MaxBytes replaces the oldest
// ones.
const (
	MaxEntries = 256
	MaxBytes   = 4 << 20  // of all files together
	MaxData    = 64 << 10 // bytes of one packet that are kept

	// One kind must not push out all others: pictures, for example, may come every
	// second.
	maxPerHour = 8
	maxKinds   = 1024 // told apart; the rest counts as one

	queueLength = 64
	maxText     = 512 // bytes of a name, reason or error
)

// Source says what kind of input a packet is.
type Source string

// The sources.
const (
	SourcePush    Source = "push"    // a push of the service, whole
	SourceFrame   Source = "frame"   // a frame that could not be read, its beginning
	SourceElement Source = "element" // an element of a message
)

// Packet is input that was not understood.
type Packet struct {
	Time   time.Time `json:"time"`
	Source Source    `json:"source"`
	Name   string    `json:"name"`            // which push or element; "" when not known
	Reason string    `json:"reason"`          // why it was not understood
	Error  string    `json:"error,omitempty"` // in the decoder's words
	// Size is the length in bytes of the input. Data may be its beginning only.
	Size int    `json:"size"`
	Data []byte `json:"data"`
}

func (p *Packet) kind() string { return string(p.Source) + " " + p.Name + " " + p.Reason }

// Options of New.
type Options struct {
	// Folder is the folder of the files. It is created, with mode 0700, with the first
	// packet.
	Folder string
	Log    *slog.Logger
}

// Stats counts packets by what became of them. The numbers only grow.
type Stats struct {
	Kept    uint64 // written
	Limited uint64 // not written: there were enough of their kind in this hour
	Dropped uint64 // not written: the disk was too slow
	Failed  uint64 // not written: the disk refused
}

// Ring writes packets to a folder. Add and Stats are safe for concurrent use.
type Ring struct {
	o     Options
	queue chan Packet

	kept, limited, dropped, failed atomic.Uint64

	mu    sync.Mutex // guards kinds
	kinds map[string]*quota

	// What follows is Run's.
	loaded bool   // the folder has been looked through
	files  []file // oldest first
	bytes  int64
	next   uint64
	sick   bool // the last packet could not be written
}

type quota struct {
	since time.Time
	n     int
}

// New returns a ring. It touches nothing on disk.
func New(o Options) *Ring {
	return &Ring{o: o, queue: make(chan Packet, queueLength), kinds: map[string]*quota{}}
}

// Stats returns the counters.
func (r *Ring) Stats() Stats {
	return Stats{Kept: r.kept.Load(), Limited: r.limited.Load(), Dropped: r.dropped.Load(), Failed: r.failed.Load()}
}

// Add hands over a packet to be written, with at most MaxData bytes of its data. It
// copies the data and never waits: when the queue is full, the packet is dropped and
// counted.
func (r *Ring) Add(p Packet) {
	p.Name, p.Reason, p.Error = cut(p.Name), cut(p.Reason), cut(p.Error)
	if !r.allow(p.kind(), p.Time) {
		r.limited.Add(1)
		return
	}
	p.Data = append([]byte(nil), p.Data[:min(len(p.Data), MaxData)]...)
	select {
	case r.queue <- p:
	default:
		r.dropped.Add(1)
	}
}

// allow counts a packet of a kind, and tells whether it is to be kept.
func (r *Ring) allow(kind string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	over := func(q *quota) bool {
		age := now.Sub(q.since)
		return age >= time.Hour || age < 0
	}
	q := r.kinds[kind]
	if q == nil && len(r.kinds) >= maxKinds {
		maps.DeleteFunc(r.kinds, func(_ string, q *quota) bool { return over(q) })
	}
	if q == nil && len(r.kinds) >= maxKinds {
		kind = ""
		q = r.kinds[kind]
	}
	if q == nil {
		q = &quota{}
		r.kinds[kind] = q
	}
	if over(q) {
		*q = quota{since: now}
	}
	q.n++
	return q.n <= maxPerHour
}

// Run writes the packets that Add hands over, until ctx ends and the queue is empty. A
// packet that the disk refuses is lost and logged. The error is always nil.
func (r *Ring) Run(ctx context.Context) error {
	for {
		select {
		case p := <-r.queue:
			r.write(&p)
		case <-ctx.Done():
			for {
				select {
				case p := <-r.queue:
					r.write(&p)
				default:
					return nil
				}
			}
		}
	}
}

// load finds what earlier runs left.
func (r *Ring) load() error {
	files, err := scan(r.o.Folder)
	if err != nil {
		return err
	}
	r.next = 1
	for _, f := range files {
		r.bytes += f.size
		r.next = f.number + 1
	}
	r.files, r.loaded = files, true
	return nil
}

// write logs the first failure of a series, and its end.
func (r *Ring) write(p *Packet) {
	err := r.tryWrite(p)
	if err != nil {
		r.failed.Add(1)
		if !r.sick {
			r.o.Log.Warn("packets that were not understood cannot be kept; nothing else is affected",
				"folder", r.o.Folder, "err", err)
		}
	} else {
		r.kept.Add(1)
		if r.sick {
			r.o.Log.Info("packets are kept again", "folder", r.o.Folder)
		}
	}
	r.sick = err != nil
}

// tryWrite makes room and then one file, whole or not at all.
func (r *Ring) tryWrite(p *Packet) error {
	if err := os.MkdirAll(r.o.Folder, 0o700); err != nil {
		return err
	}
	if !r.loaded {
		if err := r.load(); err != nil {
			return err
		}
	}
	content, err := encode(p)
	if err != nil {
		return err
	}
	f := file{number: r.next, size: int64(len(content))}
	if err := r.makeRoom(f.size); err != nil {
		return err
	}
	r.next++                                          // also when it fails: something may be in the way
	temporary := filepath.Join(r.o.Folder, "new.tmp") // a crash may leave it to the next one
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		_ = os.Remove(temporary) // perhaps half of it is there
		return err
	}
	if err := os.Rename(temporary, path(r.o.Folder, f.number)); err != nil {
		return err
	}
	r.files, r.bytes = append(r.files, f), r.bytes+f.size
	return nil
}

// makeRoom removes the oldest files until one of size bytes fits.
func (r *Ring) makeRoom(size int64) error {
	for len(r.files) > 0 && (len(r.files) >= MaxEntries || r.bytes+size > MaxBytes) {
		f := r.files[0]
		if err := os.Remove(path(r.o.Folder, f.number)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return text.Errorf("remove the oldest: %v", "删除最旧的文件：%v", err)
		}
		r.files, r.bytes = r.files[1:], r.bytes-f.size
	}
	return nil
}

func cut(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxText)], "")
}

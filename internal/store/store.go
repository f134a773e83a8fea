package store

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"libration/internal/text"
	"libration/ntqq/clock"
)

// Limits of what waits to be written.
const (
	maxPending      = 8192
	maxPendingBytes = 16 << 20
	maxRaw          = 8 << 20 // of one message, bytes
	// These many more messages that were sent may wait: who sends one waits for its id.
	sentReserve      = 1024
	sentReserveBytes = 4 << 20
)

// Options of Open.
type Options struct {
	// Path of the file; it and its folder are made when they are missing. Required.
	// -wal and -shm files stand beside it.
	Path string
	// Log defaults to discarding.
	Log *slog.Logger
	// Clock says how old things are. nil: one that is never trusted.
	Clock *clock.Clock
	// Keep bounds what stays in the file.
	Keep Keep

	// Replaced by tests.
	slot     func(block, int) uint32 // block.nth
	hash     func([]byte) uint32     // that of an earlier version
	piece    int                     // movePiece
	moved    func() error            // called before each piece of rows that are moved
	gather   time.Duration           // how long a batch gathers after its first message
	retryMin time.Duration           // the first wait after a failed write
	retryMax time.Duration
	pending  int // maxPending

	checkAtOnce int64 // up to which size a file is checked before it is used
}

func (o *Options) setDefaults() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = clock.New(nil)
	}
	if o.slot == nil {
		o.slot = block.nth
	}
	if o.piece == 0 {
		o.piece = movePiece
	}
	if o.hash == nil {
		o.hash = crc
	}
	if o.gather == 0 {
		o.gather = 10 * time.Millisecond
	}
	if o.retryMin == 0 {
		o.retryMin = time.Second
	}
	if o.retryMax == 0 {
		o.retryMax = 30 * time.Second
	}
	if o.pending == 0 {
		o.pending = maxPending
	}
	if o.checkAtOnce == 0 {
		o.checkAtOnce = checkAtOnce
	}
}

// Store keeps the messages of one account. All methods are safe for concurrent
// use. Two programs must not use one file at a time.
type Store struct {
	o    Options
	keep atomic.Pointer[Keep] // Options.Keep, until SetKeep
	log  *slog.Logger

	wake  chan struct{} // needed has risen; capacity 1
	stop  chan struct{} // closed by Close
	ended sync.WaitGroup
	// quit ends upkeep and repairs when the store closes.
	quit context.CancelFunc

	rows rowWriter

	// mu guards what follows. It is never held across a query.
	mu     sync.Mutex
	db     *database // nil while the file is repaired
	damage error     // why it must be repaired
	room   sync.Cond // signalled after each try to write, and by Close
	runs   runs
	former formerIDs // the table former
	// suspects are the places of blocks whose messages may be removed ones of an earlier
	// version.
	suspects map[block]bits
	usedUp   bool // a message had no id, and the log says so
	// pending has the newest version of each message that is not written yet, queue
	// all versions in the order of Put.
	pending map[int32]*entry
	queue   []*entry
	bytes   int      // of the queue
	urgent  []*entry // of the queue: those that are written before the others
	journal journal
	// These wait to be written; those in the file are asked for there.
	forwards, media blobs
	needed          urgency
	order           uint64 // of the newest message, event, cursor, forward or medium handed over
	done            uint64 // all up to this order is written
	commits         uint64 // how often entries left pending for the file
	failure         error  // why the last try to write failed, nil when it did not
	lost            uint64 // messages given up since writing failed
	refused         uint64 // tries to write that failed, since Open
	gone            uint64 // messages given up, since Open
	trimmed         uint64 // messages that retention took away, since Open
	stubs           int64  // rows of the tables trimmed and blocks; -1: not counted yet
	repairs         uint64 // of the file, since Open
	// repaired: the file is, but could not be opened yet.
	repaired bool
	moved    bool // the open file is to be copied to Path
	// checkLater: the file is to be checked while it is used; stopCheck ends that.
	checkLater bool
	stopCheck  context.CancelFunc
	closed     bool
}

// entry is one message waiting to be written.
type entry struct {
	id       int32
	order    uint64
	batch    uint64 // the newest batch that it was in
	urgentIn uint64 // the newest batch that it was to be in before others
	// written: it is in the file, before others that came before it.
	written bool
	run     *run // of its id; nil: that is one of an earlier version
	key     key
	record
}

func (e *entry) size() int { return len(e.message.Raw) + 512 }

// Open opens the store and makes, updates or repairs the file; the context bounds
// only that. A damaged file is no error: what can be read is saved, and the file is
// set aside. Errors are of type *Error and name the path and what to do. The store
// must be closed.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Path == "" {
		return nil, text.Errorf("message store: no path", "消息库：没有路径")
	}
	o.setDefaults()
	if err := finishRepair(o.Path); err != nil {
		return nil, explain("open", o.Path, err)
	}
	if err := prepareFile(o.Path, o.Log); err != nil {
		return nil, explain("open", o.Path, err)
	}
	s := &Store{
		o: o, log: o.Log,
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		pending: make(map[int32]*entry), stubs: -1,
	}
	s.SetKeep(o.Keep)
	s.room.L = &s.mu
	if err := s.openSound(ctx); err != nil {
		return nil, explain("open", o.Path, err)
	}

	// Not the caller's context: that one ends with the opening.
	life, quit := context.WithCancel(context.WithoutCancel(ctx))
	s.quit = quit
	s.ended.Go(func() { s.writeLoop(life) })
	s.ended.Go(func() { s.maintain(life) })
	return s, nil
}

// Err returns why messages cannot be written at the moment, nil when they can.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}

// Flush writes what waits at once, and returns when everything that was handed over
// before is written. It gives the failure when writing fails or has failed last
// time, and ErrClosed when the store closes meanwhile.
func (s *Store) Flush(ctx context.Context) error {
	upTo := uint64(0)
	return s.await(ctx, func() bool {
		if upTo == 0 {
			upTo = s.order
		}
		return s.done >= upTo
	})
}

// FlushMessage is Flush for one message, which PutSent has stored.
func (s *Store) FlushMessage(ctx context.Context, id int32) error {
	var first *entry // its echo may come while it is written
	return s.await(ctx, func() bool {
		e := s.pending[id]
		if first == nil {
			first = e
		}
		return e == nil || e.written || first.written
	})
}

// await has what waits written until written, which is called with mu held, returns true.
func (s *Store) await(ctx context.Context, written func() bool) error {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.room.Broadcast()
	})
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !written() {
		switch {
		case s.closed:
			return ErrClosed
		case s.failure != nil:
			return s.failure
		case ctx.Err() != nil:
			return ctx.Err()
		}
		s.need(atOnce)
		s.room.Wait()
	}
	return nil
}

// Sync is Flush, and then has the system move what was written to the disk, so that
// not even a power cut takes it back.
func (s *Store) Sync(ctx context.Context) error {
	if err := s.Flush(ctx); err != nil {
		return err
	}
	// Commits only write to this file (synchronous=NORMAL); SQLite syncs it before it
	// moves anything to the main one.
	wal, err := os.OpenFile(s.o.Path+"-wal", os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = errors.Join(wal.Sync(), wal.Close())
	}
	return explain("sync", s.o.Path, err)
}

// Close writes what waits, once, and closes the file. Blocked and later calls
// give ErrClosed. The error says how many messages could not be written.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.stop)
	s.room.Broadcast()
	s.mu.Unlock()
	s.quit()
	s.ended.Wait()

	var err error
	s.mu.Lock()
	if m, e, f := len(s.pending), s.journal.unwritten, len(s.forwards.queue); m+e+f > 0 {
		err = text.Errorf("%d messages not written, %d events, %d forwards: %v", "有 %d 条消息、%d 个事件、%d 个合并转发尚未写入：%v", m, e, f, s.failure)
	}
	s.mu.Unlock()
	if s.db == nil {
		return err
	}
	return errors.Join(err, explain("close", s.o.Path, s.db.close()))
}

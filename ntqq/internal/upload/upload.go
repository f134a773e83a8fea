package upload

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"libration/internal/highway"
	"libration/internal/network"
	"libration/internal/text"
)

// Upload is a file to be sent.
type Upload struct {
	// CommandID says what it is, 1001 to 1008 (docs/protocol/media.md 1).
	CommandID uint32
	Size      uint64 // in bytes; of an empty file nothing is sent
	MD5       [16]byte
	// Ext is the extra information that goes with each block, as by [highway.Ext].
	Ext []byte
	// Open returns the bytes from their start. It is called once; ctx bounds the reading.
	Open func(ctx context.Context) (io.ReadCloser, error)
	// Progress, when set, gets how many bytes the service has taken. The numbers rise. It is
	// called by one goroutine at a time and must return quickly.
	Progress func(done uint64)
}

// Session is what the service gave the account for its uploads, and who it is.
type Session struct {
	Addrs    []string // host:port, the best first
	Ticket   []byte   // sig_session
	UIN      string   // decimal
	AppID    uint32
	SubAppID uint32
	LoginSig []byte // the TGT; may be empty
}

// Options configures how uploads are sent. The zero value is right but for tests.
type Options struct {
	// Dial replaces the network. nil: the system's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// TCP sends frames without HTTP around them. The last attempt of a block takes the
	// other way.
	TCP bool
	// Parallel is how many blocks are sent at the same time at most, each with its connection
	// and 1 MiB of memory. Default: 4.
	Parallel int
	// Attempts is how often a block is sent. Default: 3.
	Attempts int
	// BlockTimeout bounds one attempt. Default: 30 s.
	BlockTimeout time.Duration
	// Pause is how long the second attempt waits after a broken connection, and each further
	// one longer by as much. Default: 1 s.
	Pause time.Duration
	// Budget is what this upload shares with others; nil: nothing.
	Budget *Budget
}

func (o *Options) setDefaults() {
	if o.Dial == nil {
		o.Dial = network.Network{}.Dial
	}
	if o.Parallel <= 0 {
		o.Parallel = 4
	}
	if o.Attempts <= 0 {
		o.Attempts = 3
	}
	if o.BlockTimeout <= 0 {
		o.BlockTimeout = 30 * time.Second
	}
	if o.Pause <= 0 {
		o.Pause = time.Second
	}
	if o.Budget == nil {
		o.Budget = NewBudget()
	}
}

// sending is an upload that runs.
type sending struct {
	Upload
	session Session
	opts    Options
	plan    highway.Plan
	seq     atomic.Uint32

	mu     sync.Mutex
	ticket []byte // the service may replace it
	done   uint64
}

// block is a part of the file with its bytes.
type block struct {
	highway.Block
	index int // from 0
	body  []byte
	md5   [md5.Size]byte
	last  bool // of the file
}

// Send sends a file: several blocks at the same time, the last one alone and last. A block
// that fails goes again over a new connection. It returns when every goroutine has ended.
// The error is a *[BlockError], a *[SourceError], or that of ctx.
func Send(ctx context.Context, u Upload, session Session, o Options) error {
	o.setDefaults()
	s := &sending{
		Upload: u, session: session, opts: o, ticket: session.Ticket,
		plan: highway.Plan{Size: u.Size, Block: highway.BlockSize},
	}
	n := s.plan.Blocks()
	switch {
	case n == 0:
		return nil
	case len(session.Addrs) == 0:
		return &BlockError{Block: 1, Blocks: n, Err: text.Errorf("the service named no address", "服务器没有给出地址")}
	}
	r, err := u.Open(ctx)
	if err != nil {
		return sourceError(ctx, err)
	}
	defer r.Close()
	return s.send(ctx, r, n)
}

// send sends n blocks, each by a lane that is free.
func (s *sending) send(ctx context.Context, r io.Reader, n int) error {
	free := make(chan *lane, max(1, min(s.opts.Parallel, n-1)))
	for range cap(free) {
		l := &lane{s: s}
		defer l.end()
		free <- l
	}
	workers, working := errgroup.WithContext(ctx)
	if err := s.all(working, r, n-1, free, workers.Go); err != nil {
		workers.Go(func() error { return err }) // the others end
	}
	err := workers.Wait()
	if err == nil {
		l := <-free
		if err = l.take(ctx, r, n-1); err == nil {
			err = l.send(ctx)
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// all reads the first n blocks and has each sent in a goroutine of its own.
func (s *sending) all(ctx context.Context, r io.Reader, n int, free chan *lane, work func(func() error)) error {
	for i := range n {
		var l *lane
		select {
		case l = <-free:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := l.take(ctx, r, i); err != nil {
			return err
		}
		work(func() error {
			err := l.send(ctx)
			if err == nil { // else nothing is sent any more
				l.free()
				free <- l
			}
			return err
		})
	}
	return nil
}

// take reads the block with the index i, when there is memory for it.
func (l *lane) take(ctx context.Context, r io.Reader, i int) error {
	at := l.s.plan.At(i)
	body, err := l.s.opts.Budget.buffer(ctx, at.Length)
	if err != nil {
		return err
	}
	l.block = block{body: body}
	if _, err := io.ReadFull(r, body); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("it has fewer than its %d bytes: %w", l.s.Size, io.ErrUnexpectedEOF)
		}
		return sourceError(ctx, err)
	}
	l.block = block{Block: at, index: i, body: body, last: i == l.s.plan.Blocks()-1}
	return nil
}

// taken notes that the service has a block.
func (s *sending) taken(n uint32, ticket []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(ticket) > 0 {
		s.ticket = ticket
	}
	s.done += uint64(n)
	if s.Progress != nil {
		s.Progress(s.done)
	}
}

func (s *sending) currentTicket() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ticket
}

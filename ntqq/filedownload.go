package ntqq

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"libration/internal/atomicfile"
	"libration/ntqq/media"
	"libration/ntqq/media/transfer"
	"libration/ntqq/message"
)

const (
	// maxFile bounds a file whose size is not known, in bytes.
	maxFile = 64 << 30
	// unknownFile is how large a file is taken for whose size is not known, in bytes.
	unknownFile = 1 << 30
	// leastRate is how many bytes a second a file must come with on average. Otherwise a
	// server could keep a download for good.
	leastRate = 16 << 10
	// fetchAgain is how often a download goes on after its connection broke, without
	// leastProgress bytes having come in between.
	fetchAgain    = 3
	leastProgress = 64 << 10
)

// Download writes a file of a chat to w. Where the connection breaks, the download goes on
// with the next byte. Bytes that come before an error were written; the memory that it takes
// does not grow with the file.
//
// The errors are those of [Files.URL] and [Files.PrivateURL], [ErrNoFile] of a file without
// an ID, and those of [Media.Download].
func (f Files) Download(ctx context.Context, chat message.Chat, file *message.FileSegment, w io.Writer) error {
	r, err := f.Open(ctx, chat, file)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, r.Close())
}

// Save is [Files.Download] to a file of this machine, which is replaced as a whole, and has
// the mode 0600. After an error nothing is left.
func (f Files) Save(ctx context.Context, chat message.Chat, file *message.FileSegment, path string) error {
	return atomicfile.WriteTo(path, func(w io.Writer) error { return f.Download(ctx, chat, file, w) })
}

// Open is [Files.Download] for a reader. Reading to the end checks size and MD5. The caller
// closes it; until then, or an error, the download is listed as running.
func (f Files) Open(ctx context.Context, chat message.Chat, file *message.FileSegment) (io.ReadCloser, error) {
	if file == nil || file.ID == "" {
		return nil, ErrNoFile
	}
	ctx, list := f.c.transfers.Begin(ctx, transfer.Status{
		Direction: transfer.Download, Kind: "file", Name: file.FileName, Step: string(media.StepFetch), Total: file.Size,
	})
	within := downloadTimeout + time.Duration(min(cmp.Or(file.Size, unknownFile), maxFile)/leastRate)*time.Second
	ctx, stop := context.WithTimeoutCause(ctx, within, fmt.Errorf("not done after %v: %w", within, ErrTimeout))
	r := &fetching{ctx: ctx, stop: stop, within: within, f: f, chat: chat, file: file, list: list, sums: sumsOf(file)}
	if err := r.reopen(); err != nil {
		return nil, r.ended(err)
	}
	return r, nil
}

// address is where a file of a chat can be downloaded from now.
func (f Files) address(ctx context.Context, chat message.Chat, file *message.FileSegment) (string, error) {
	if chat.Kind == message.Group {
		return f.URL(ctx, chat.Group, file.ID, file.BusID)
	}
	return f.PrivateURL(ctx, file.ID, file.Hash)
}

// fetching reads a file, over several connections if need be. One goroutine at a time may
// use it.
type fetching struct {
	ctx    context.Context
	stop   context.CancelFunc
	within time.Duration // all connections together
	f      Files
	chat   message.Chat
	file   *message.FileSegment
	list   *transfer.Transfer
	sums   []prefixSum

	body io.ReadCloser // nil: none is open
	done uint64        // bytes that were read
	came uint64        // of them by this connection
	lost int           // connections in a row that gave less than leastProgress
	err  error         // of the end
}

// reopen goes on with the next byte.
func (r *fetching) reopen() error {
	address, err := r.f.address(r.ctx, r.chat, r.file)
	if err != nil {
		return err
	}
	r.came = 0
	r.body, err = r.f.c.openURL(r.ctx, address, portion{size: r.file.Size, from: r.done, most: maxFile, within: r.within}, r.list)
	return err
}

// Read implements [io.Reader].
func (r *fetching) Read(b []byte) (int, error) {
	for r.err == nil {
		n, err := r.body.Read(b)
		for i := range r.sums {
			r.sums[i].write(b[:n])
		}
		r.done += uint64(n)
		if r.came += uint64(n); r.came >= leastProgress {
			r.lost = 0
		}
		switch {
		case errors.Is(err, io.EOF):
			if err = r.check(); err == nil {
				r.ended(nil)
				r.err = io.EOF
				return n, io.EOF
			}
		case err != nil && r.again(err):
			err = r.goOn(err)
		}
		if err != nil {
			return n, r.ended(err)
		}
		if n > 0 || len(b) == 0 {
			return n, nil
		}
	}
	return 0, r.err
}

// again tells whether another connection may have what this one lost.
func (r *fetching) again(err error) bool {
	return r.ctx.Err() == nil && r.lost < fetchAgain && !errors.Is(err, errTooLong)
}

// goOn opens connections until one gives the next byte, or returns why there is none.
func (r *fetching) goOn(cause error) error {
	for r.lost++; ; r.lost++ {
		r.body.Close()
		r.f.c.log.Debug("a download goes on", "file", r.file.FileName, "at", r.done, "err", cause)
		pause := time.NewTimer(time.Duration(r.lost) * time.Second)
		select {
		case <-pause.C:
		case <-r.ctx.Done():
			pause.Stop()
			return context.Cause(r.ctx)
		}
		body := r.body
		err := r.reopen()
		if err == nil {
			return nil
		}
		r.body = body // for Close
		status, answered := errors.AsType[*StatusError](err)
		if _, refused := errors.AsType[*ServerError](err); refused || errors.Is(err, errNoRange) || answered && status.Status < 500 || r.lost >= fetchAgain {
			return fmt.Errorf("%w; then: %w", cause, err)
		}
	}
}

// check is the error of a file that has come to its end.
func (r *fetching) check() error {
	for _, s := range r.sums {
		if bytes.Equal(s.hash.Sum(nil), r.file.MD5) {
			return nil
		}
	}
	if len(r.sums) > 0 {
		return ErrOtherMedium
	}
	return nil
}

// ended notes the end of the download, and returns its error.
func (r *fetching) ended(err error) error {
	if r.err == nil && err != nil {
		r.err = transfer.Cause(r.ctx, err)
	}
	r.list.End(r.err)
	r.stop()
	return r.err
}

// Close implements [io.Closer].
func (r *fetching) Close() error {
	r.ended(context.Canceled)
	return r.body.Close()
}

// prefixSum is the MD5 of the beginning of a file.
type prefixSum struct {
	hash hash.Hash
	left uint64
}

func (s *prefixSum) write(b []byte) {
	n := min(uint64(len(b)), s.left)
	s.hash.Write(b[:n])
	s.left -= n
}

// sumsOf are the sums of which one must be the file's. That of a private file may be that of
// its first 10 MiB, or of its first 10,002,432 bytes (docs/protocol/media.md 4.2).
func sumsOf(file *message.FileSegment) []prefixSum {
	if len(file.MD5) != md5.Size {
		return nil
	}
	sums := []prefixSum{{md5.New(), 1 << 63}}
	if !file.OfGroup() {
		sums = append(sums, prefixSum{md5.New(), 10 << 20}, prefixSum{md5.New(), 10002432})
	}
	return sums
}

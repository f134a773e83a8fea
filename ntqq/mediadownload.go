package ntqq

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"libration/internal/redact"
	"libration/internal/text"
	"libration/ntqq/media"
	"libration/ntqq/media/transfer"
	"libration/ntqq/message"
)

const (
	// maxDownload bounds a medium whose size is not known, in bytes.
	maxDownload = 256 << 20
	// stallTimeout bounds the waiting for the first bytes, and for more.
	stallTimeout = 30 * time.Second
	// downloadTimeout bounds a download whose bytes keep coming.
	downloadTimeout = 20 * time.Minute
)

// ErrIncomplete: a download had more or fewer bytes than the medium.
var ErrIncomplete = errors.New("the download does not have the size of the medium")

// errTooLong is an [ErrIncomplete].
var errTooLong = fmt.Errorf("%w: there are more bytes", ErrIncomplete)

// errNoRange: a server gives a file from its beginning only.
var errNoRange = errors.New("the server does not go on in the middle of a file")

// ErrOtherMedium: a download has another MD5 than the message says. Who sends a message
// writes both the MD5 and the id of the file in it.
var ErrOtherMedium = errors.New("the download is not the medium that the message says: its MD5 is another")

// StatusError is the answer of the server that has a medium, when it does not give it.
type StatusError struct{ Status int }

func (e *StatusError) Error() string { return e.text().EN }

// Unwrap returns the error in English and Chinese.
func (e *StatusError) Unwrap() error { return text.Errorf("%v", "%v", e.text()) }

func (e *StatusError) text() text.Text {
	return text.T("the server of the medium answered with HTTP status %d", "媒体服务器返回 HTTP 状态码 %d").Fill(e.Status)
}

// Download writes a medium to w. An address that has died is asked for again. Bytes that
// come before an error were written. The medium has as many bytes as its Size; where that
// is 0, up to 256 MiB.
//
// The errors are those of [Media.URL], [*StatusError], [ErrIncomplete], [ErrOtherMedium], those of the
// network, [*media.AddressError] among them, and of w, and [transfer.ErrCancelled].
func (m Media) Download(ctx context.Context, seg message.Segment, w io.Writer) error {
	kind, medium := mediumOf(seg)
	if kind == nil {
		return ErrNoMedium
	}
	ctx, list := m.c.transfers.Begin(ctx, transfer.Status{
		Direction: transfer.Download, Kind: kind.name, Name: medium.Name, Step: string(media.StepFetch), Total: medium.Size,
	})
	err := transfer.Cause(ctx, m.c.download(ctx, seg, w, list))
	list.End(err)
	return err
}

func (c *Client) download(ctx context.Context, seg message.Segment, w io.Writer, list *transfer.Transfer) error {
	r, err := c.open(ctx, seg, list)
	if err != nil {
		return err
	}
	sum := md5.New()
	_, err = io.Copy(io.MultiWriter(w, sum), r)
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	if _, m := mediumOf(seg); len(m.MD5) == md5.Size && !bytes.Equal(m.MD5, sum.Sum(nil)) {
		return ErrOtherMedium
	}
	return nil
}

// receivedSource are the bytes of a medium that was received, at the service.
type receivedSource struct {
	c    *Client
	seg  message.Segment
	list *transfer.Transfer
}

// Open implements [message.Source].
func (s *receivedSource) Open(ctx context.Context) (io.ReadCloser, error) {
	return s.c.open(ctx, s.seg, s.list)
}

// open begins a download. Only the service says where from: the address in a segment may
// have been written by anybody, but for the old forms, which name no other host.
func (c *Client) open(ctx context.Context, seg message.Segment, list *transfer.Transfer) (io.ReadCloser, error) {
	kind, m := mediumOf(seg)
	address, err := c.Media().URL(ctx, seg)
	if err != nil {
		return nil, err
	}
	want := portion{size: m.Size, most: maxDownload, within: downloadTimeout}
	r, err := c.openURL(ctx, address, want, list)
	if dead, ok := errors.AsType[*StatusError](err); ok && dead.Status < 500 && m.ID != "" {
		c.rkeys.forget()
		if address, err = c.askURL(ctx, whereOf(kind, m)); err != nil {
			return nil, err
		}
		return c.openURL(ctx, address, want, list)
	}
	return r, err
}

// portion are the bytes that a download should have.
type portion struct {
	size   uint64 // of the whole; 0: it is not known
	from   uint64 // the first byte; what is before it is there already
	most   uint64 // of a size that is not known
	within time.Duration
}

// openURL begins a download.
func (c *Client) openURL(ctx context.Context, address string, want portion, list *transfer.Transfer) (io.ReadCloser, error) {
	ctx, late := context.WithTimeoutCause(ctx, want.within, fmt.Errorf("not done after %v: %w", want.within, ErrTimeout))
	ctx, cancel := context.WithCancelCause(ctx)
	stalled := time.AfterFunc(stallTimeout, func() { cancel(fmt.Errorf("no bytes for %v: %w", stallTimeout, ErrTimeout)) })
	end := func() {
		stalled.Stop()
		cancel(nil)
		late()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		end()
		return nil, redact.Err(err)
	}
	if want.from > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", want.from))
	}
	resp, err := c.reach().Client().Do(req)
	if err != nil {
		err = redact.Err(err)
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		} else if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
			err = fmt.Errorf("%w: %w", ErrTimeout, err)
		}
		end()
		return nil, err
	}
	if err := want.check(resp); err != nil {
		resp.Body.Close()
		end()
		return nil, err
	}
	d := &downloading{ctx: ctx, body: resp.Body, stalled: stalled, end: end, size: want.size, left: want.most - min(want.from, want.most), list: list}
	if want.size > 0 {
		d.left = want.size - min(want.from, want.size)
	}
	if want.from == 0 {
		list.Step(string(media.StepFetch), max(want.size, uint64(max(resp.ContentLength, 0))))
	}
	return d, nil
}

// check returns an error where an answer does not begin with the wanted byte.
func (w portion) check(resp *http.Response) error {
	if w.from == 0 {
		if resp.StatusCode != http.StatusOK {
			return &StatusError{resp.StatusCode}
		}
		return nil
	}
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent && !strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", w.from)) {
		return errNoRange
	}
	if resp.StatusCode != http.StatusPartialContent {
		return &StatusError{resp.StatusCode}
	}
	return nil
}

// downloading reads a medium, and fails where it has another size than it should.
type downloading struct {
	ctx     context.Context
	body    io.ReadCloser
	stalled *time.Timer
	end     func()
	size    uint64 // 0: not known
	left    uint64
	list    *transfer.Transfer
}

// Read implements [io.Reader].
func (d *downloading) Read(b []byte) (int, error) {
	n, err := d.body.Read(b)
	if d.ctx.Err() != nil {
		return 0, context.Cause(d.ctx)
	}
	d.stalled.Reset(stallTimeout)
	if uint64(n) > d.left {
		return 0, errTooLong
	}
	d.left -= uint64(n)
	d.list.Add(uint64(n))
	switch {
	case errors.Is(err, io.EOF) && d.size > 0 && d.left > 0:
		return n, ErrIncomplete
	case err != nil && !errors.Is(err, io.EOF):
		return n, redact.Err(err)
	}
	return n, err
}

// Close implements [io.Closer].
func (d *downloading) Close() error {
	d.end()
	return d.body.Close()
}

// reach is where media are downloaded from and uploaded to: not where the service, or a
// redirect, has no business to send the client.
func (c *Client) reach() media.Reach {
	return media.Reach{
		AllowPrivate: c.opts.PrivateMedia || c.session.MediaServer() != "", Proxy: c.opts.Proxy, Dial: c.opts.Dial, Lookup: c.opts.Lookup,
	}
}

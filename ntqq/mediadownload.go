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
	r, err := c.openURL(ctx, address, m.Size, list)
	if dead, ok := errors.AsType[*StatusError](err); ok && dead.Status < 500 && m.ID != "" {
		c.rkeys.forget()
		if address, err = c.askURL(ctx, whereOf(kind, m)); err != nil {
			return nil, err
		}
		return c.openURL(ctx, address, m.Size, list)
	}
	return r, err
}

// openURL begins a download of size bytes; 0: the size is not known.
func (c *Client) openURL(ctx context.Context, address string, size uint64, list *transfer.Transfer) (io.ReadCloser, error) {
	ctx, late := context.WithTimeoutCause(ctx, downloadTimeout, fmt.Errorf("not done after %v: %w", downloadTimeout, ErrTimeout))
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
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		end()
		return nil, &StatusError{resp.StatusCode}
	}
	d := &downloading{ctx: ctx, body: resp.Body, stalled: stalled, end: end, size: size, left: maxDownload, list: list}
	if size > 0 {
		d.left = size
	}
	list.Step(string(media.StepFetch), max(size, uint64(max(resp.ContentLength, 0))))
	return d, nil
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
		return 0, ErrIncomplete
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
		AllowPrivate: c.opts.PrivateMedia || c.session.MediaServer() != "", Dial: c.opts.Dial, Lookup: c.opts.Lookup,
	}
}

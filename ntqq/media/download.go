package media

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"libration/internal/redact"
	"libration/internal/text"
	"libration/ntqq/media/transfer"
)

// stallTimeout bounds the waiting for more bytes.
const stallTimeout = 20 * time.Second

// flight is a download that several wait for.
type flight struct {
	waiting int // guarded by Files.mu
	cancel  context.CancelFunc
	done    chan struct{}
	path    string // when done
	err     error  // when done
}

// together downloads what others may be downloading already. The download ends with the
// last one who waits for it.
func (f *Files) together(ctx context.Context, u *url.URL, id string, o FetchOptions) (string, error) {
	key := fmt.Sprint(id, o.MaxSize, o.Timeout, o.NoProxy)
	f.mu.Lock()
	fl := f.flights[key]
	if fl == nil {
		flying, cancel := context.WithCancel(context.WithoutCancel(ctx))
		fl = &flight{cancel: cancel, done: make(chan struct{})}
		f.flights[key] = fl
		go func() {
			file, err := f.download(flying, u, id, o)
			if err == nil {
				fl.path, err = file.Name(), file.Close()
			}
			cancel()
			f.mu.Lock()
			if f.flights[key] == fl {
				delete(f.flights, key)
			}
			f.mu.Unlock()
			fl.err = err
			close(fl.done)
		}()
	}
	fl.waiting++
	f.mu.Unlock()
	select {
	case <-fl.done:
		return fl.path, fl.err
	case <-ctx.Done():
	}
	f.mu.Lock()
	fl.waiting--
	last := fl.waiting == 0
	if last && f.flights[key] == fl { // who comes now begins anew
		delete(f.flights, key)
	}
	f.mu.Unlock()
	if last {
		fl.cancel()
		<-fl.done
	}
	return "", ctx.Err()
}

// download gets an address and keeps it under id, or under a name that nobody finds when
// the server or the caller does not want it to be kept.
func (f *Files) download(ctx context.Context, u *url.URL, id string, o FetchOptions) (kept *os.File, err error) {
	late := text.Errorf("the download took longer than %v", "下载超过 %v", o.Timeout)
	ctx, cancelLate := context.WithTimeoutCause(ctx, o.Timeout, late)
	defer cancelLate()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ctx, watched := f.o.Transfers.Begin(ctx, transfer.Status{
		Direction: transfer.Download, Kind: "file", Name: nameOf(u.String(), u.Host), Step: string(StepFetch),
	})
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		watched.End(err)
	}()
	r, err := request(ctx, u, o.Header)
	if err != nil {
		return nil, err
	}
	answer, err := f.http.client(o.NoProxy).Do(r)
	if err != nil {
		return nil, redact.Err(err)
	}
	defer answer.Body.Close()
	if err := refused(answer, o.MaxSize); err != nil {
		return nil, err
	}
	if control := answer.Header.Get("Cache-Control"); o.NoCache || strings.Contains(control, "no-store") || strings.Contains(control, "no-cache") {
		id = idOf(rand.Text())
	}
	stalled := time.AfterFunc(stallTimeout, func() {
		cancel(text.Errorf("no bytes came for %v", "%v 内没有收到数据", stallTimeout))
	})
	defer stalled.Stop()
	watched.Step(string(StepFetch), uint64(max(answer.ContentLength, 0)))
	body := &counted{r: io.LimitReader(answer.Body, int64(o.MaxSize)+1), watched: watched, stalled: stalled}
	return f.save(body, id, o.MaxSize)
}

// save writes a download to the cache. Of one that breaks off nothing stays.
func (f *Files) save(body *counted, id string, limit uint64) (*os.File, error) {
	file, err := f.o.Cache.create()
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(file, body)
	if err == nil && body.done > limit {
		err = tooLarge(limit)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(file.Name()))
	}
	path, err := f.o.Cache.keep(file, id)
	if err != nil {
		return nil, err
	}
	return openRegular(path)
}

// request is what a browser would send that shows a medium of the same site.
func request(ctx context.Context, u *url.URL, header http.Header) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, redact.Err(err)
	}
	r.Header.Set("User-Agent", browser)
	r.Header.Set("Accept", "*/*")
	r.Header.Set("Referer", u.Scheme+"://"+u.Host+"/")
	for name, values := range header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	r.Header.Set("Accept-Encoding", "identity") // what is small here is small there
	return r, nil
}

// refused says why an answer cannot be used.
func refused(answer *http.Response, limit uint64) error {
	encoding := answer.Header.Get("Content-Encoding")
	switch {
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		return text.Errorf("the server answered HTTP %d", "服务器返回 HTTP %d", answer.StatusCode)
	case encoding != "" && !strings.EqualFold(encoding, "identity"):
		return text.Errorf("the server compresses (%s) what was asked for as it is", "服务器返回了压缩内容（%s）", encoding)
	case answer.ContentLength > 0 && uint64(answer.ContentLength) > limit:
		return tooLarge(limit)
	}
	return nil
}

// counted counts what is read, and keeps the stall timer from firing.
type counted struct {
	r       io.Reader
	done    uint64
	watched *transfer.Transfer
	stalled *time.Timer
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if n > 0 {
		c.stalled.Reset(stallTimeout)
		c.done += uint64(n)
		c.watched.Add(uint64(n))
	}
	return n, err
}

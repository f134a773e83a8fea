package transport

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"libration/gateway"
	"libration/internal/text"
)

// errTooSlowFile is errTooSlow for files: each part of one has a deadline of its own.
var errTooSlowFile = text.Errorf("the file comes too slowly: each %d bytes must come within %v", "文件发送过慢：每 %d 字节必须在 %v 内到达", paceStep, partTime(defaultTiming()))

// partTime is how long paceStep bytes of a file may take.
func partTime(t timing) time.Duration { return t.read + paceStep*time.Second/leastRate }

// noUploads answers a file at a listener without a token. That comes before what the guard
// says of its type.
var noUploads = text.T("there are no uploads without a token: set an access_token for this connection and send it", "没有令牌时不提供上传：请为此连接设置 access_token 并发送它")

// take has a file taken as it comes. Of the budget it has what it keeps in memory.
func (h *HTTP) take(w http.ResponseWriter, r *http.Request, take func(io.Reader) gateway.Answer) {
	select {
	case h.taking <- struct{}{}:
	default:
		h.busy(w, text.T("too many files are being uploaded: try again later", "正在上传的文件过多：请稍后再试"))
		return
	}
	defer func() { <-h.taking }()
	hold, ok := h.dialect.Gateway().Budget().TryTake(gateway.TakeMemory, false)
	if !ok {
		h.busy(w, text.Of(errBusy))
		return
	}
	defer hold.Release()
	body := &flow{from: r.Body, conn: connOf(r.Context()), time: h.time}
	answer := take(body)
	if body.late { // else the deadline stays: the rest of the body must not be waited for
		answer = h.dialect.Refuse(http.StatusRequestTimeout, text.Of(errTooSlowFile))
	}
	reply(w, answer)
}

// flow reads a body of any size. There is no deadline for all of it, but one for each part.
type flow struct {
	from io.Reader
	conn net.Conn
	time timing
	left int // bytes until the next deadline
	late bool
}

// Read implements io.Reader.
func (f *flow) Read(p []byte) (int, error) {
	if f.left <= 0 {
		f.left = paceStep
		if err := f.conn.SetReadDeadline(time.Now().Add(partTime(f.time))); err != nil {
			return 0, err
		}
	}
	n, err := f.from.Read(p)
	f.left -= n
	if errors.Is(err, os.ErrDeadlineExceeded) {
		f.late, err = true, errTooSlowFile
	}
	return n, err
}

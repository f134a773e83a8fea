package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"libration/gateway"
	"libration/internal/text"
)

// How fast a large request has to come.
const (
	firstRead = 4 << 10   // bytes to make room for when the size is not known
	leastRate = 32 << 10  // bytes a second, on average
	paceStep  = 256 << 10 // bytes from one deadline to the next
)

// Why a request could not be read.
var (
	errBusy     = text.Errorf("too many large requests are under way: try again later", "正在处理的大请求过多：请稍后再试")
	errTooSlow  = text.Errorf("the request comes too slowly: at least %d bytes a second are needed", "请求发送过慢：至少每秒 %d 字节", leastRate)
	errTooLarge = text.Errorf("the request is too large", "请求过大")
)

// incoming is a request on its way in. A small one is read first and counted then. Of
// a large one the first bytes are read, then it waits for its part of the budget, and
// the rest has a deadline that moves on with what comes.
type incoming struct {
	from   io.Reader
	conn   net.Conn // nil: something else sees to its time
	size   int64    // as announced; -1 when it was not
	most   int64    // larger ones are refused
	budget *gateway.Budget
	// several: the connection has others under way.
	several bool
	room    time.Duration // it waits for the budget at most; 0: as long as its context
	waits   func(bool)    // is told before and after that; nil: nobody is
	time    timing
}

// read reads the request. scratch is memory for the beginning, of which the result
// may be a part.
func (in *incoming) read(ctx context.Context, scratch []byte) ([]byte, gateway.Hold, error) {
	body, err := in.fill(scratch[:0], gateway.SmallRequest, nil)
	if err != nil {
		return nil, gateway.Hold{}, err
	}
	if in.from == nil { // that was all
		hold, err := in.take(ctx, int64(len(body)))
		return body, hold, err
	}
	size, first := in.size, in.size
	if size < 0 {
		size, first = in.most, 4*gateway.SmallRequest
	}
	hold, err := in.take(ctx, size)
	if err != nil {
		return nil, hold, err
	}
	large := make([]byte, len(body), first)
	copy(large, body)
	pace := &pace{conn: in.conn, start: time.Now(), time: in.time}
	body, err = in.fill(large, in.most, pace)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errTooSlow
	}
	if err != nil {
		hold.Release()
		return nil, gateway.Hold{}, err
	}
	hold.Shrink(int64(len(body)))
	return body, hold, nil
}

// fill reads into b until the request ends, which sets from to nil, or b is longer
// than limit.
func (in *incoming) fill(b []byte, limit int64, p *pace) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			if in.size >= 0 && int64(len(b)) == in.size {
				in.from = nil
				return b, nil
			}
			grown := make([]byte, len(b), min(2*int64(cap(b)), in.most+1))
			copy(grown, b)
			b = grown
		}
		if err := p.moved(len(b)); err != nil {
			return nil, err
		}
		n, err := in.from.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > in.most:
			return nil, errTooLarge
		case err == io.EOF:
			in.from = nil
			return b, nil
		case err != nil:
			return nil, err
		case int64(len(b)) > limit:
			return b, nil
		}
	}
}

// take takes a part of the budget, and waits for it when it has to.
func (in *incoming) take(ctx context.Context, n int64) (gateway.Hold, error) {
	if hold, ok := in.budget.TryTake(n, in.several); ok {
		return hold, nil
	}
	if in.waits != nil {
		in.waits(true)
		defer in.waits(false)
	}
	if in.room > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, in.room)
		defer cancel()
	}
	hold, err := in.budget.Take(ctx, n, in.several)
	if err != nil {
		return hold, errBusy
	}
	return hold, nil
}

// pace sets the deadlines of a large request. A nil one sets none.
type pace struct {
	conn  net.Conn
	start time.Time
	time  timing
	next  int // bytes at which the next deadline is due
}

// moved notes how many bytes have come.
func (p *pace) moved(n int) error {
	if p == nil || p.conn == nil || n < p.next {
		return nil
	}
	p.next = n + paceStep
	allowed := p.time.read + time.Duration(n)*time.Second/leastRate
	return p.conn.SetReadDeadline(p.start.Add(min(allowed, requestTimeout)))
}

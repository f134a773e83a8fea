package upload

import (
	"bufio"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"libration/internal/highway"
	"libration/internal/pb"
	"libration/internal/pb/mediapb"
)

// dialTimeout bounds making a connection, answerLimit the bytes of one answer with what is
// around it.
const (
	dialTimeout = 10 * time.Second
	answerLimit = 256 << 10
)

// lane sends one block after the other over a connection of its own.
type lane struct {
	s     *sending
	block block // its body is nil when there is none

	at    int // the address that is used
	nc    net.Conn
	in    *bufio.Reader
	limit *io.LimitedReader // below in
	tcp   bool              // how nc is used
}

// send sends the block, as often as is allowed.
func (l *lane) send(ctx context.Context) error {
	l.block.md5 = md5.Sum(l.block.body) // not in take: the next block is read meanwhile
	for attempt := 1; ; {
		if err := l.s.opts.Budget.depart(ctx); err != nil {
			return err
		}
		kept, began := l.nc != nil, time.Now()
		err := l.try(ctx, attempt)
		if err == nil {
			l.s.opts.Budget.arrived(time.Since(began), l.s.opts.BlockTimeout)
			return nil
		}
		l.s.opts.Budget.arrived(notTaken, l.s.opts.BlockTimeout)
		answered := l.limit != nil && l.limit.N < answerLimit
		l.close()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if kept && !answered && !errors.Is(err, errNoAnswer) {
			continue // the service may close a connection after an answer
		}
		var refused *BlockError
		if !errors.As(err, &refused) {
			refused = &BlockError{Err: err}
		}
		refused.Block, refused.Blocks = l.block.index+1, l.s.plan.Blocks()
		if refused.Final() || attempt >= l.s.opts.Attempts {
			return refused
		}
		if refused.Err != nil {
			l.at = (l.at + 1) % len(l.s.session.Addrs)
			if err := pause(ctx, time.Duration(attempt)*l.s.opts.Pause); err != nil {
				return err
			}
		}
		attempt++
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// try sends the block once. A refusal is a *BlockError.
func (l *lane) try(ctx context.Context, attempt int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, l.s.opts.BlockTimeout, errNoAnswer)
	defer cancel()
	err := l.attempt(ctx, attempt)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (l *lane) attempt(ctx context.Context, attempt int) error {
	if l.nc == nil {
		l.tcp = l.s.opts.TCP != (attempt > 1 && attempt == l.s.opts.Attempts)
		if err := l.dial(ctx); err != nil {
			return err
		}
	}
	defer endWith(ctx, l.nc)()
	head, err := highway.AppendStart(nil, l.s.head(&l.block), len(l.block.body))
	if err != nil {
		return err
	}
	l.limit.N = answerLimit
	answer, keep, err := l.exchange(head)
	if err != nil {
		return err
	}
	if err := refusal(answer); err != nil {
		return err
	}
	if !keep {
		l.close()
	}
	l.s.taken(l.block.Length, answer.GetSeg().GetServiceTicket())
	return nil
}

// refusal is the answer as an error; nil: the block was taken.
func refusal(answer *mediapb.HighwayRespHead) error {
	if code, ret := answer.GetErrorCode(), answer.GetSeg().GetRetCode(); code != 0 || ret != 0 {
		return &BlockError{Code: code, RetCode: ret}
	}
	text := &mediapb.HighwayRefusal{}
	if pb.Unmarshal(answer.GetExtendInfo(), text) == nil && printable(text.GetReason()) {
		return &BlockError{Text: shortened(text.GetReason())}
	}
	return nil
}

// shortened is the beginning of a text that may be as long as an answer: errors are listed.
func shortened(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}

// printable tells a text from bytes that happen to look like one field.
func printable(s string) bool {
	for _, r := range s {
		if r < ' ' || r == 0x7F || r == 0xFFFD {
			return false
		}
	}
	return s != ""
}

// dial makes a connection; one for frames alone begins with an echo.
func (l *lane) dial(ctx context.Context) error {
	dialing, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	nc, err := l.s.opts.Dial(dialing, "tcp", l.s.session.Addrs[l.at])
	if err != nil {
		return err
	}
	l.nc = nc
	l.limit = &io.LimitedReader{R: nc, N: answerLimit}
	l.in = bufio.NewReader(l.limit)
	if !l.tcp {
		return nil
	}
	defer endWith(ctx, nc)()
	echo, err := highway.Append(nil, l.s.echo(), nil)
	if err != nil {
		return err
	}
	if _, err := nc.Write(echo); err != nil {
		return err
	}
	if _, err := readAnswer(l.in); err != nil {
		return fmt.Errorf("echo: %w", err)
	}
	return nil
}

// endWith ends what waits for nc when ctx ends, unless stop is called before.
func endWith(ctx context.Context, nc net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) }) // long ago
}

func (l *lane) close() {
	if l.nc != nil {
		l.nc.Close()
		l.nc = nil
	}
}

// free gives back the memory of the block.
func (l *lane) free() {
	if l.block.body != nil {
		l.s.opts.Budget.free(l.block.body)
		l.block.body = nil
	}
}

// end closes the lane.
func (l *lane) end() {
	l.close()
	l.free()
}

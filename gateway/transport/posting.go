package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/cenkalti/backoff/v5"

	"libration/gateway"
	"libration/internal/text"
)

// posting is one run of a webhook.
type posting struct {
	*Webhook
	log        *slog.Logger
	client     *http.Client
	pause      *backoff.ExponentialBackOff
	operations chan operation
	feed       *feed
	told       string // the reason in the last log line, "" while posts work
	answers    bool   // the last post worked
	there      bool   // it was answered
}

// operation is what the bot's answer to an event asks for, waiting to be carried out.
type operation struct {
	run  func(context.Context, gateway.Hold) *gateway.Failure
	hold gateway.Hold
}

// run posts until ctx ends. A post that is under way then may end, until calls does.
func (p *posting) run(ctx, calls context.Context) error {
	if err := p.open(); err != nil {
		return fmt.Errorf("%s: %w", p.Name(), err)
	}
	defer p.close()
	p.Webhook.set(Condition{State: StateConnecting})
	select {
	case <-p.dialect.Gateway().Known():
	case <-ctx.Done():
		return nil
	}
	first := p.dialect.First()
	if first == nil {
		p.Webhook.set(Condition{State: StateConnected}) // until a post fails
	}
	for first != nil && !p.tell(calls, first) {
		if !p.wait(ctx) {
			return nil
		}
	}
	defer p.goodbye(ctx)
	if t := p.feed.ticker; t != nil {
		t.Reset(p.o.Heartbeat)
	}
	for {
		due, ok := p.next(ctx, calls)
		if !ok {
			return nil
		}
		for _, frame := range due {
			done, ok := p.deliver(ctx, calls, frame)
			if !ok {
				return nil
			}
			if !done {
				break
			}
		}
	}
}

// open begins to read events.
func (p *posting) open() (err error) {
	p.feed, err = openFeed(p.dialect, feedOptions{p.o.Events, p.o.Heartbeat, p.o.Journal}, nil)
	return err
}

func (p *posting) close() {
	if p.feed.journaled() {
		p.feed.cursor.Rewind(p.there)
	}
	p.feed.close()
}

// next waits for the frames of the next event and posts heartbeats meanwhile; false when
// ctx ends.
func (p *posting) next(ctx, calls context.Context) (due []gateway.JournaledEvent, ok bool) {
	for {
		select {
		case <-ctx.Done():
			return nil, false
		case <-p.feed.beats():
			p.beat(calls)
		case <-p.feed.ready():
			due, err := p.feed.take(calls, 1)
			if err != nil {
				p.log.Warn("events for the bot dropped: too many were waiting for it")
				p.feed.sub = p.dialect.Gateway().Subscribe(p.o.Events)
			}
			if len(due) > 0 {
				return due, true
			}
		}
	}
}

func (p *posting) beat(calls context.Context) {
	if b := p.feed.beat(); b != nil && !p.tell(calls, b) {
		p.Webhook.set(Condition{State: StateWaiting, Err: errors.New(p.told), Retry: time.Now().Add(p.o.Heartbeat)})
	}
}

// deliver posts a frame until the bot has it, which is done, or it is to be read again; not
// ok when ctx ends.
func (p *posting) deliver(ctx, calls context.Context, due gateway.JournaledEvent) (done, ok bool) {
	for !p.tell(calls, due.Data) {
		if !p.wait(ctx) {
			return false, false
		}
		if p.feed.journaled() { // it may have become too old meanwhile
			p.feed.cursor.Rewind(p.there)
			return false, true
		}
		if p.feed.sub.Ended() {
			return false, true // next tells of it
		}
	}
	if p.feed.journaled() {
		p.feed.cursor.Ack(due.ID)
	}
	return true, true
}

// wait pauses after a post that failed; false when ctx ends.
func (p *posting) wait(ctx context.Context) bool {
	d := p.pause.NextBackOff()
	p.Webhook.set(Condition{State: StateWaiting, Err: errors.New(p.told), Retry: time.Now().Add(d)})
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// goodbye posts the dialect's last event, once, to a bot that answers.
func (p *posting) goodbye(ctx context.Context) {
	last := p.dialect.Last()
	if !p.answers || last == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.time.grace)
	defer cancel()
	answer, _, _ := p.try(ctx, last)
	answer.hold.Release()
}

// tell posts an event, once, and takes the bot's answer; true when it was received.
// The log gets one line per change.
func (p *posting) tell(ctx context.Context, event []byte) bool {
	answer, fault, reused := p.try(ctx, event)
	if fault != nil && fault.result == PostNoAnswer && reused && !errors.Is(fault.err, context.DeadlineExceeded) {
		answer, fault, _ = p.try(ctx, event) // the bot had closed the connection since the last post
	}
	p.answers = fault == nil
	p.there = fault == nil || fault.result != PostNoAnswer
	if fault != nil {
		p.o.OnPost(fault.result)
		if reason := fault.err.Error(); reason != p.told {
			p.log.Warn("the bot did not take an event", "reason", reason, "next", "post it again, until it works")
			p.told = reason
		}
		return false
	}
	p.o.OnPost(PostOK)
	p.pause.Reset()
	if state, _ := p.Watch(); state.State != StateConnected {
		p.log.Info("the bot takes events")
		p.Webhook.set(Condition{State: StateConnected})
	}
	p.told = ""
	if run := p.dialect.Answered(event, answer.body); run != nil {
		p.queue(operation{run, answer.hold})
	} else {
		answer.hold.Release()
	}
	return true
}

// queue leaves a quick operation to the goroutine that carries them out.
func (p *posting) queue(op operation) {
	select {
	case p.operations <- op:
	default:
		op.hold.Release()
		p.log.Warn("quick operation failed", "reason", fmt.Sprintf("too many are waiting: %d", operationQueue))
	}
}

// operate carries out a quick operation.
func (p *posting) operate(ctx context.Context, op operation) {
	_ = guarded(p.log, func() error {
		if failed := op.run(ctx, op.hold); failed != nil {
			p.log.Warn("quick operation failed", "code", failed.Code, "reason", failed.Reason)
		}
		return nil
	})
}

// fault is why an event was not received.
type fault struct {
	result string
	err    error
}

// answer is what the bot said to an event, and what it takes of the Budget.
type answer struct {
	body []byte
	hold gateway.Hold
}

// try posts a body. reused tells that the connection was an older one.
func (p *posting) try(ctx context.Context, body []byte) (said answer, f *fault, reused bool) {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(c httptrace.GotConnInfo) { reused = c.Reused },
	})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return answer{}, &fault{PostNoAnswer, dialReason(err, 0)}, false
	}
	r.Header = p.dialect.PostHeader(p.o.Secret, body)
	response, err := p.client.Do(r)
	if err != nil {
		return answer{}, &fault{PostNoAnswer, dialReason(err, 0)}, reused
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, gateway.SmallRequest)) // so that the connection can be kept
		return answer{}, postFault(response.StatusCode), reused
	}
	return p.answered(ctx, response), nil, reused
}

// answered reads the answer to an event that was received, as the status says: one that
// breaks off is none.
func (p *posting) answered(ctx context.Context, response *http.Response) (said answer) {
	err := errTooLarge
	if response.ContentLength <= gateway.MaxRequest {
		in := incoming{
			from: response.Body, size: response.ContentLength, most: gateway.MaxRequest,
			budget: p.dialect.Gateway().Budget(), room: p.time.room,
		}
		said.body, said.hold, err = in.read(ctx, make([]byte, 0, firstRead))
	}
	if err != nil {
		said.body = nil
	}
	switch {
	case errors.Is(err, errTooLarge):
		p.log.Warn("quick operation failed", "reason", fmt.Sprintf("the answer is larger than %d bytes", gateway.MaxRequest))
	case errors.Is(err, errBusy):
		p.log.Warn("quick operation failed", "reason", err)
	}
	return said
}

// postFault explains a status that is not 2xx.
func postFault(status int) *fault {
	f := &fault{PostRefused, nil}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		f.err = text.Errorf("the bot refused the signature (HTTP status %d): compare secret with the bot's configuration", "机器人拒绝了签名（HTTP 状态 %d）：请与机器人的配置核对 secret", status)
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		f.err = text.Errorf("the bot does not know this path (HTTP status %d): compare the url with the bot's documentation", "机器人没有这个路径（HTTP 状态 %d）：请对照机器人的文档检查 url", status)
	case status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		f.result = PostFailed
		f.err = text.Errorf("the bot could not handle the event (HTTP status %d): its own log may say why", "机器人未能处理事件（HTTP 状态 %d）：请查看机器人的日志", status)
	case status/100 == 3:
		f.err = text.Errorf("the bot redirects (HTTP status %d), which is not followed: enter the final url", "机器人要求重定向（HTTP 状态 %d），本程序不会跟随：请填写最终的 url", status)
	default:
		f.err = text.Errorf("the bot refused the event (HTTP status %d): its own log may say why", "机器人拒绝了事件（HTTP 状态 %d）：请查看机器人的日志", status)
	}
	return f
}

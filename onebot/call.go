package onebot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"libration/gateway"
	"libration/gateway/table"
	"libration/internal/text"
)

// actions carries out requests by the rows of the table.
type actions struct {
	account  *account
	sources  sync.Pool // of *args
	log      *slog.Logger
	onAction func(action string, retcode int, took time.Duration)
}

// working returns the row of an action that has a function, nil for other names.
func (d *actions) working(name string) *row {
	if r := d.account.table.Find(name); r != nil && r.Works() {
		return r
	}
	return nil
}

// Lane returns the lane of an action. Those that are answered before they run are
// Local.
func (d *actions) Lane(action string) Lane {
	if r := d.working(action); r != nil {
		return r.Lane
	}
	return Local
}

// Changes reports whether an action may change something, with or without one of the
// suffixes of Call. One that does not exist changes nothing.
func (d *actions) Changes(action string) bool {
	name, _ := cutSuffix(action)
	r := d.working(name)
	return r != nil && !r.ReadOnly()
}

// Call runs one action and returns its result, never nil. It never panics: a panic
// in an action is logged and becomes a failed response. An action with the suffix
// _async is answered at once and runs in the background, by [gateway.Gateway.Later]. So
// does one with _rate_limited, one by one. Call takes over r.Hold: it is given back when
// the action has ended.
func (d *actions) Call(ctx context.Context, r Request) *Response {
	if a := d.working(r.Action); a != nil {
		defer r.Hold.Release()
		var send func(any) error
		if r.Send != nil && a.Several() {
			send = func(data any) error {
				return r.Send(&Response{Status: StatusOK, RetCode: RetOK, Data: data, Echo: r.Echo, Stream: true})
			}
		}
		resp := d.run(ctx, a, r.Params, send)
		resp.Echo = r.Echo
		return resp
	}
	name, suffix := cutSuffix(r.Action)
	pace := gateway.AtOnce
	if suffix == pacedSuffix {
		pace = gateway.Paced
	}
	var resp *Response
	params := r.Params // r itself would go to the heap, whichever action it is
	if a := d.working(name); a == nil {
		resp = failed(d.account.language, unknownAction(d.account.table, r.Action), apiError)
		d.onAction("unknown", resp.RetCode, 0)
	} else if err := d.later(pace, r.Hold, func(ctx context.Context) { d.run(ctx, a, params, nil) }); err != nil {
		resp = failed(d.account.language, err, a.Failure)
	} else {
		return &Response{Status: StatusAsync, RetCode: RetAsync, Echo: r.Echo}
	}
	r.Hold.Release()
	resp.Echo = r.Echo
	return resp
}

// later leaves an action to the gateway. The error is for the caller.
func (d *actions) later(p gateway.Pace, hold gateway.Hold, run func(context.Context)) error {
	switch err := d.account.gateway.Later(p, hold, run); {
	case errors.Is(err, gateway.ErrStopping):
		return failure(stopping)
	case err != nil:
		return failure(tooManyWait)
	}
	return nil
}

// run carries out one action. send takes what it answers in several frames, but for the last
// one; nil: there is no way for that.
func (d *actions) run(ctx context.Context, a *row, p Params, send func(any) error) (r *Response) {
	began := time.Now()
	defer func() { d.onAction(a.Name, r.RetCode, time.Since(began)) }()
	if streams(a.Name) {
		defer func() { r.ofStream() }()
	}
	defer func() {
		if v := recover(); v != nil {
			d.log.Error("action panicked", "action", a.Name, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			e := failure(apiError)
			e.text = text.T("internal error in %s; the log has details", "%s 内部错误，详情见日志").Fill(a.Name)
			r = failed(d.account.language, e, apiError)
		}
	}()
	from := d.sources.Get().(*args)
	from.params = p
	data, err := a.Run(ctx, d.account, from)
	*from = args{}
	d.sources.Put(from)
	if several, ok := data.(table.Several); ok && err == nil {
		if data, err = nil, failure(oneFrame); send != nil {
			data, err = several.Each(ctx, send)
		}
	}
	if err != nil {
		e := explain(err, a.Failure)
		e.text = d.account.hinted(e.code, e.text)
		d.log.Debug("action failed", "action", a.Name, "code", e.code, "text", e.text.EN, "err", err)
		return failed(d.account.language, e, a.Failure)
	}
	if a.Name == restartName { // the standard has it so
		return &Response{Status: StatusAsync, RetCode: RetAsync}
	}
	return &Response{Status: StatusOK, RetCode: RetOK, Data: data}
}

// badRequest is the response to a frame that ParseRequest refused with err. It has
// the frame's echo when that can be read, so that the caller need not wait for its
// timeout.
func (d *actions) badRequest(frame []byte, err error) *Response {
	r := failed(d.account.language, badParams(text.T("bad request: %v", "请求无效：%v").Fill(err)), apiError)
	r.Echo = recoverEcho(frame)
	return r
}

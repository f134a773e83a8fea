package bench

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"libration/internal/app/bot"
	"libration/internal/text"
)

// The first sends after a burst: so many bursts of so many events, after each of them so
// many messages at once.
const (
	bursts     = 4
	burstSends = 25
)

// echoMark stands before the number of an answer.
var echoMark = []byte(`"echo":"`)

// echoed reads the number of an answer.
func echoed(frame []byte) (int, bool) {
	at := bytes.LastIndex(frame, echoMark)
	if at < 0 {
		return 0, false
	}
	number, _, _ := bytes.Cut(frame[at+len(echoMark):], []byte(`"`))
	n, err := strconv.Atoi(string(number))
	return n, err == nil
}

// askAll asks for an action n times over a connection, rate a second or with 0 all at once,
// without waiting for answers, and reads the answers.
func askAll(ctx context.Context, c *bot.Conn, action string, n, rate int) (*result, error) {
	params := paramsOf(action)
	ctx, cancel := context.WithCancelCause(ctx)
	alive := time.AfterFunc(patient+time.Duration(n)*time.Second/time.Duration(max(rate, 1)), func() { cancel(text.Errorf("no answer for %v", "%v 内没有应答", patient)) })
	defer alive.Stop()
	var mu sync.Mutex // guards at
	at := make([]time.Time, n)
	began := time.Now()
	var sending sync.WaitGroup
	defer sending.Wait()
	defer cancel(nil)
	sending.Go(func() {
		timer := time.NewTimer(0)
		defer timer.Stop()
		for number := range n {
			if rate > 0 { // by the plan: a late one is made up for
				timer.Reset(time.Until(began.Add(time.Duration(number) * time.Second / time.Duration(rate))))
				select {
				case <-timer.C:
				case <-ctx.Done():
					return
				}
			}
			mu.Lock()
			at[number] = time.Now()
			mu.Unlock()
			if _, err := c.Send(ctx, action, params, strconv.Itoa(number)); err != nil {
				cancel(err)
				return
			}
		}
	})
	r := &result{}
	for r.received < n {
		frame, err := c.Read(ctx)
		if err != nil {
			return nil, text.Errorf("after %d answers: %v", "收到 %d 个应答后：%v", r.received, cmp.Or(context.Cause(ctx), err))
		}
		number, ok := echoed(frame)
		if !ok {
			continue
		}
		now := time.Now()
		if number < 0 || number >= n || !bytes.Contains(frame, []byte(`"retcode":0`)) {
			return nil, text.Errorf("it failed: %.500s", "动作失败：%.500s", frame)
		}
		mu.Lock()
		r.latencies = append(r.latencies, now.Sub(at[number]))
		mu.Unlock()
		r.received++
	}
	r.lasted = time.Since(began)
	slices.Sort(r.latencies)
	return r, nil
}

// afterBursts measures the first messages that are sent when a burst of n events has come:
// what the burst has left to do must not be in their way.
func (i *installation) afterBursts(ctx context.Context, n int) (*result, error) {
	all := &result{}
	for range bursts {
		conns, err := i.dial(ctx, 1)
		if err != nil {
			return nil, err
		}
		// In one request: the sandbox does not wait for the client.
		_, err = i.receive(ctx, conns, plan{count: n, rate: maxRate, clients: 1})
		var r *result
		if err == nil {
			r, err = askAll(ctx, conns[0], measured[1].name, burstSends, 0)
		}
		drop(conns)
		if err != nil {
			return nil, err
		}
		all.latencies = append(all.latencies, r.latencies...)
	}
	slices.Sort(all.latencies)
	return all, nil
}

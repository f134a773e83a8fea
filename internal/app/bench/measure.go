package bench

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"libration/internal/app/bot"
	"libration/internal/network"
	"libration/internal/text"
)

// The sandbox's limits of one load request.
const (
	maxCount = 10_000_000
	maxRate  = 1_000_000
)

// As fast as possible means: as fast as the events arrive. So many are on the way
// at most, in batches; more would only measure how long the queues may be.
const (
	batch   = 500
	window  = 4
	patient = 20 * time.Second // without any event
)

// result of one run.
type result struct {
	received  int
	lasted    time.Duration
	latencies []time.Duration // sorted
}

// quantile p, 0 to 1000, by the nearest rank: 990 is the 99th percentile.
func (r *result) quantile(p int) time.Duration {
	if len(r.latencies) == 0 {
		return 0
	}
	return r.latencies[max(0, (len(r.latencies)*p+999)/1000-1)]
}

// measure plays a plan.
func (i *installation) measure(ctx context.Context, p plan) (*result, error) {
	if p.action != "" {
		return i.act(ctx, p)
	}
	conns, err := i.dial(ctx, p.clients)
	if err != nil {
		return nil, err
	}
	defer drop(conns)
	return i.receive(ctx, conns, p)
}

// receive sends the messages of a plan; each of the clients receives all their events.
func (i *installation) receive(ctx context.Context, conns []*bot.Conn, p plan) (*result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	feed := newFeeder(i.control, p, len(conns))
	var feeding sync.WaitGroup
	feeding.Go(func() {
		if err := feed.run(ctx); err != nil {
			cancel(err)
		}
	})
	defer feeding.Wait()
	defer cancel(nil)
	// One watchdog for all frames: a deadline each would cost more than the reading.
	alive := time.AfterFunc(patient, func() { cancel(text.Errorf("no event for %v", "%v 内没有事件", patient)) })
	defer alive.Stop()

	began := time.Now()
	return gather(len(conns), func(n int) (*result, error) {
		r := &result{latencies: make([]time.Duration, 0, min(p.count, 1<<20/len(conns)))}
		for total := p.count; r.received < total; {
			frame, err := conns[n].Read(ctx)
			if err != nil {
				return nil, text.Errorf("after %d events: %v", "收到 %d 个事件后：%v", r.received, cmp.Or(context.Cause(ctx), err))
			}
			counted, err := r.take(frame, time.Now(), feed.size)
			switch {
			case err != nil:
				cancel(err)
				return nil, err
			case !counted:
				continue
			}
			if r.received%batch == 0 {
				alive.Reset(patient)
			}
			if r.received%feed.size == 0 {
				feed.arrived(r.received / feed.size)
				total = feed.total()
			}
		}
		return r, nil
	}, began)
}

// gather runs something for each of n clients at once, and puts the results together. Its
// error is the first one.
func gather(n int, do func(int) (*result, error), began time.Time) (*result, error) {
	all, errs := make([]*result, n), make([]error, n)
	var running sync.WaitGroup
	var once sync.Once
	var first error
	for c := range n {
		running.Go(func() {
			if all[c], errs[c] = do(c); errs[c] != nil {
				once.Do(func() { first = errs[c] })
			}
		})
	}
	running.Wait()
	if first != nil {
		return nil, first
	}
	r := &result{lasted: time.Since(began)}
	for _, one := range all {
		r.received += one.received
		r.latencies = append(r.latencies, one.latencies...)
	}
	slices.Sort(r.latencies)
	return r, nil
}

// take counts a frame that came at now. Frames that are not messages of the load, a
// heartbeat for instance, do not count. The error says that the message was not the
// next one; the messages of each request to the sandbox are numbered from 0 to size.
func (r *result) take(frame []byte, now time.Time, size int) (counted bool, err error) {
	index, sent, ok := parseLoad(frame)
	if !ok {
		return false, nil
	}
	if want := r.received % size; index != want {
		return false, text.Errorf("event %d: message %d came, %d was due: events were lost or reordered", "事件 %d：收到的是消息 %d，应为 %d：事件丢失或顺序错乱", r.received, index, want)
	}
	r.latencies = append(r.latencies, now.Sub(time.Unix(0, sent)))
	r.received++
	return true, nil
}

// feeder asks the sandbox for messages, at most window batches ahead of what all clients
// have received.
type feeder struct {
	control string
	plan    plan
	size    int
	tokens  chan struct{} // one for each batch on the way
	ended   atomic.Int64  // how many are sent in all, when the time was over first; 0: it was not

	mu      sync.Mutex  // guards waiting
	waiting map[int]int // how many clients still wait for a batch that others have
	clients int
}

// newFeeder returns the feeder of a plan: in batches, or with a rate all in one
// request, as the sandbox keeps the rate.
func newFeeder(control string, p plan, clients int) *feeder {
	size := batch
	switch {
	case p.rate > 0:
		size = p.count
	case p.many:
		size = batch / 10 // so that the groups mix
	}
	return &feeder{
		control: control, plan: p, size: size, clients: clients,
		tokens: make(chan struct{}, max(1, window*batch/size)), waiting: make(map[int]int),
	}
}

// arrived notes that a client has received a batch.
func (f *feeder) arrived(number int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	left, others := f.waiting[number]
	if !others {
		left = f.clients
	}
	f.waiting[number] = left - 1
	if left == 1 {
		delete(f.waiting, number)
		<-f.tokens
	}
}

// total returns how many events there will be in all, as far as it is known.
func (f *feeder) total() int {
	if ended := f.ended.Load(); ended > 0 {
		return int(ended)
	}
	return f.plan.count
}

// run asks until all have been sent, the time of the plan is over, or ctx ends, which
// is no error.
func (f *feeder) run(ctx context.Context) error {
	client := network.Network{}.Client()
	defer client.CloseIdleConnections()
	began := time.Now()
	for sent := 0; sent < f.plan.count; {
		select {
		case f.tokens <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		n := min(f.size, f.plan.count-sent)
		to := group
		if f.plan.many {
			to = manyGroups + sent/f.size%groupCount
		}
		last := f.plan.most > 0 && time.Since(began) > f.plan.most
		if last {
			f.ended.Store(int64(sent + n)) // known before its last event can arrive
		}
		if err := f.send(ctx, client, to, n); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if sent += n; last {
			return nil
		}
	}
	return nil
}

// send asks for n messages to a group and waits until they have been sent.
func (f *feeder) send(ctx context.Context, client *http.Client, to, n int) error {
	body, err := json.Marshal(map[string]int{"group": to, "count": n, "rate": f.plan.rate})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.control+"/api/load", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return text.Errorf("the sandbox refuses the load: HTTP %s: %s", "沙盒拒绝了负载请求：HTTP %s：%s", response.Status, bytes.TrimSpace(said))
	}
	return nil
}

// loadMark begins the text of a load message in an event.
var loadMark = []byte(`"raw_message":"load `)

// parseLoad reads "load <i> <unix nanoseconds> ..." without decoding the event.
func parseLoad(frame []byte) (index int, sent int64, ok bool) {
	_, rest, ok := bytes.Cut(frame, loadMark)
	if !ok {
		return 0, 0, false
	}
	number, rest, ok := bytes.Cut(rest, []byte(" "))
	if !ok {
		return 0, 0, false
	}
	stamp, _, _ := bytes.Cut(rest, []byte(" "))
	stamp, _, _ = bytes.Cut(stamp, []byte(`"`))
	index, err := strconv.Atoi(string(number))
	if err != nil {
		return 0, 0, false
	}
	sent, err = strconv.ParseInt(string(stamp), 10, 64)
	return index, sent, err == nil
}

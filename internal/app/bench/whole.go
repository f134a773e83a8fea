package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"libration/internal/network"
	"libration/internal/text"
)

// How long parts of a round last when nobody says.
const (
	rateTime  = 5 * time.Second
	wholeTime = 1500 * time.Millisecond // of each action
	restTime  = 3 * time.Second         // until an idle service is looked at
	starts    = 5                       // of which the median counts
	burst     = 20_000
	firstLoad = 50_000 // messages by which growth is measured, at both ends
)

// section is one part of a round, on an installation of its own.
type section struct {
	name text.Text
	setup
	play func(*round, context.Context, *installation) error
}

func sections() []section {
	all := []section{
		{text.T("one account", "一个账号"), setup{}, (*round).single},
		{text.T("with a journal", "有事件日志"), setup{journal: true}, (*round).journaled},
		{text.T("signed", "签名"), setup{signed: true}, (*round).signed},
		{text.T("growth", "增长"), setup{}, (*round).growth},
	}
	for _, n := range []int{1, 10, 100} {
		all = append(all, section{text.T("accounts: %d", "%d 个账号").Fill(n), setup{accounts: n}, (*round).accounts})
	}
	return all
}

// round measures one binary once.
type round struct {
	o *Options
	figures
}

// whole measures everything, --runs times, each part by one binary after the other, and
// prints the medians.
func (o *Options) whole(ctx context.Context, folder string) (err error) {
	if o.Runs == 0 {
		if o.Runs = 1; o.Against != "" {
			o.Runs = 5
		}
	}
	o.Stored = cmp.Or(o.Stored, 200_000)
	binaries := []string{o.Executable}
	t := &table{columns: []text.Text{text.T("now", "现在")}}
	if o.Against != "" {
		before, err := filepath.Abs(o.Against)
		if err != nil {
			return err
		}
		if _, err := os.Stat(before); err != nil {
			return text.Errorf("--against: %v", "--against：%v", err)
		}
		binaries = []string{before, o.Executable}
		t.columns = append([]text.Text{text.T("before", "之前")}, t.columns...)
	}
	fmt.Fprintln(o.Out, text.T("%s/%s, %d CPUs, %s; sandbox, service and client are three processes; runs: %d, medians",
		"%s/%s，%d 个 CPU，%s；沙盒、服务和客户端是三个进程；运行 %d 次，取中位数").Fill(runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), o.Runs).In(o.Language))
	defer func() { // also of what there is when something failed
		if len(t.rows) > 0 {
			t.write(o.Out, o.Language)
		}
	}()
	all, done := sections(), 0
	for n := range o.Runs {
		for _, s := range all {
			for k := range binaries {
				column := (k + n) % len(binaries) // neither is always the first
				done++
				o.progress(text.T("%d of %d: run %d, %s, %s", "第 %d / %d 步：第 %d 次，%s，%s").Fill(done, o.Runs*len(all)*len(binaries), n+1, s.name, t.columns[column]))
				r := &round{o: o}
				if err := r.section(ctx, s, folder, binaries[column]); err != nil {
					return text.Errorf("run %d, %s, %s: %v", "第 %d 次，%s，%s：%v", n+1, s.name, t.columns[column], err)
				}
				t.add(column, r.figures)
			}
		}
	}
	return nil
}

func (o *Options) progress(what text.Text) {
	if o.Progress != nil {
		o.Progress(what)
	}
}

// section plays one part in a folder of its own.
func (r *round) section(ctx context.Context, s section, in, binary string) (err error) {
	folder, err := os.MkdirTemp(in, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	s.program, s.service = r.o.Executable, binary
	i, err := start(ctx, folder, s.setup)
	if err != nil {
		return err
	}
	defer i.stop()
	if err := i.await(ctx); err != nil {
		return err
	}
	return s.play(r, ctx, i)
}

// single is most of it: one account, nothing kept for bots that are away.
func (r *round) single(ctx context.Context, i *installation) error {
	if err := r.atRest(ctx, i); err != nil {
		return err
	}
	for _, n := range []int{1, 10, 50} {
		p := plan{count: max(1, r.o.Count/n), clients: n}
		if err := r.fast(ctx, i, p, text.T("events a second, WebSocket x%d", "每秒事件，WebSocket x%d").Fill(n), n == 1); err != nil {
			return err
		}
	}
	for _, rate := range []int{1000, steadyRate} {
		if err := r.steady(ctx, i, rate); err != nil {
			return err
		}
	}
	if err := r.actions(ctx, i, measured[0].name, measured[1].name); err != nil {
		return err
	}
	if err := r.sends(ctx, i); err != nil {
		return err
	}
	u := i.service.usage()
	r.addKnown(u.peak > 0, text.T("memory, peak", "内存，峰值"), mega, float64(u.peak))
	return nil
}

// atRest measures the start of an account that has logged in before, and what the service
// takes when nothing happens.
func (r *round) atRest(ctx context.Context, i *installation) error {
	client := network.Network{}.Client()
	defer client.CloseIdleConnections()
	var took []float64
	for range starts {
		i.service.stop()
		began := time.Now()
		if err := i.startService(ctx); err != nil {
			return err
		}
		if err := i.answers(ctx, client); err != nil {
			return err
		}
		took = append(took, float64(time.Since(began))/float64(time.Millisecond))
	}
	r.add(text.T("start to the first answer", "从启动到首次应答"), millis, median(took))
	used := i.service.usage()
	r.addKnown(used.known, text.T("CPU of a start", "启动用的 CPU"), millis, float64(used.cpu)/float64(time.Millisecond))
	if err := r.memory(ctx, i, text.T("memory, idle", "内存，空闲")); err != nil {
		return err
	}
	info, err := os.Stat(i.setup.service)
	if err != nil {
		return err
	}
	r.add(text.T("the program's file", "程序文件"), mega, float64(info.Size()))
	return nil
}

// answers waits for the first answer, looking as often as matters to the figure.
func (i *installation) answers(ctx context.Context, client *http.Client) error {
	return i.service.await(ctx, startTimeout, pause/100, func(ctx context.Context) error { return i.ask(ctx, client, account) })
}

// memory is that of an idle service.
func (r *round) memory(ctx context.Context, i *installation, name text.Text) error {
	select {
	case <-time.After(cmp.Or(r.o.Duration, restTime)):
	case <-ctx.Done():
		return ctx.Err()
	}
	u := i.service.usage()
	r.addKnown(u.resident > 0, name, mega, float64(u.resident))
	r.addKnown(u.anonymous > 0, text.T("%s, without the program's file", "%s，不含程序文件").Fill(name), mega, float64(u.anonymous))
	return nil
}

// fast measures events as fast as they go, with the CPU that they take.
func (r *round) fast(ctx context.Context, i *installation, p plan, name text.Text, withCPU bool) error {
	before := i.service.usage()
	got, err := i.measure(ctx, p)
	if err != nil {
		return err
	}
	r.add(name, each, float64(got.received)/got.lasted.Seconds())
	if withCPU {
		r.spent(before, i.settled(ctx), got, text.T("%s, CPU for 100,000", "%s，每 100,000 个的 CPU").Fill(name))
	}
	return nil
}

// spent adds a row of CPU seconds for 100,000.
func (r *round) spent(before, after usage, got *result, name text.Text) {
	r.addKnown(before.known && after.known, name, cpu, (after.cpu-before.cpu).Seconds()*1e5/float64(got.received))
}

// steady measures latencies at a rate.
func (r *round) steady(ctx context.Context, i *installation, rate int) error {
	lasts := cmp.Or(r.o.Duration, rateTime)
	before := i.service.usage()
	got, err := i.measure(ctx, plan{count: max(1, int(lasts.Seconds()*float64(rate))), rate: rate, clients: 1})
	if err != nil {
		return err
	}
	name := text.T("an event at %d/s", "事件，%d/秒").Fill(rate)
	if i.journal {
		name = text.T("an event at %d/s, journal", "事件，%d/秒，有事件日志").Fill(rate)
	}
	r.addLatencies(name, got)
	r.spent(before, i.settled(ctx), got, text.T("%s, CPU for 100,000", "%s，每 100,000 个的 CPU").Fill(name))
	return nil
}

func (r *round) actions(ctx context.Context, i *installation, names ...string) error {
	lasts := cmp.Or(r.o.Duration, wholeTime)
	for _, name := range names {
		for _, socket := range []bool{false, true} {
			for _, n := range actionConnections {
				before := i.service.usage()
				got, err := i.measure(ctx, plan{count: maxCount, most: lasts, clients: n, action: name, socket: socket})
				if err != nil {
					return err
				}
				way := "HTTP"
				if socket {
					way = "WebSocket"
				}
				title := text.T("%s a second, %s x%d", "每秒 %s，%s x%d").Fill(name, way, n)
				if i.signed {
					title = text.T("signed %s a second, %s x%d", "每秒签名的 %s，%s x%d").Fill(name, way, n)
				}
				r.add(title, each, float64(got.received)/got.lasted.Seconds())
				r.spent(before, i.settled(ctx), got, text.T("%s, CPU for 100,000", "%s，每 100,000 个的 CPU").Fill(title))
			}
		}
	}
	return nil
}

// sends measures messages at a rate, and those after a burst of events.
func (r *round) sends(ctx context.Context, i *installation) error {
	lasts := cmp.Or(r.o.Duration, rateTime)
	conns, err := i.dial(ctx, 1)
	if err != nil {
		return err
	}
	got, err := askAll(ctx, conns[0], measured[1].name, max(1, int(lasts.Seconds()*1000)), 1000)
	drop(conns)
	if err != nil {
		return err
	}
	r.addLatencies(text.T("a message sent at 1000/s", "发送消息，1000/秒"), got)
	if got, err = i.afterBursts(ctx, min(burst, r.o.Count)); err != nil {
		return err
	}
	r.addTime(text.T("first %d messages sent after bursts of %d events, p99", "先发的 %d 条消息，在 %d 个事件的突发之后，p99").Fill(len(got.latencies), min(burst, r.o.Count)), got.quantile(990))
	return nil
}

func (r *round) journaled(ctx context.Context, i *installation) error {
	if err := r.fast(ctx, i, plan{count: r.o.Count, clients: 1}, text.T("events a second, journal", "每秒事件，有事件日志"), true); err != nil {
		return err
	}
	return r.steady(ctx, i, steadyRate)
}

func (r *round) signed(ctx context.Context, i *installation) error {
	return r.actions(ctx, i, measured[1].name)
}

func (r *round) accounts(ctx context.Context, i *installation) error {
	return r.memory(ctx, i, text.T("memory, idle, accounts: %d", "内存，空闲，%d 个账号").Fill(i.setup.accounts))
}

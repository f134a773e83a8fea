// Package bench is `libration bench`: it measures the whole way of an event, from
// a virtual user's message in a sandbox to a OneBot client, with sandbox and
// service as processes of their own, and checks that nothing is lost or reordered.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"libration/internal/filelock"
	"libration/internal/text"
)

// The second of the two runs of the default: a busy account's day, condensed.
const (
	steadyRate    = 5000
	steadySeconds = 10
)

// How long each run of actions lasts when nobody says, and what it is asked with.
const actionTime = 5 * time.Second

// actionConnections are how many connections the runs of actions have.
var actionConnections = []int{1, 16}

// maxClients bounds the clients of a run, maxRuns the runs of everything.
const (
	maxClients = 1000
	maxRuns    = 1000
)

// Options of Run.
type Options struct {
	// Count of events or actions of a run, at least 1.
	Count int
	// Rate in events a second. With 0 there are two runs: Count events as fast as
	// possible, then 5,000 events a second for ten seconds.
	Rate int
	// Duration replaces Count. A run with a Rate lasts so long; a run without one stops
	// sending after it. A run of actions ends after it; 0: 5 s.
	Duration time.Duration
	// Journal keeps the events for bots that are away, as connections can.
	Journal bool
	// Clients are how many clients get the events at once: a run for each number. None: one
	// client, in the two runs of Rate.
	Clients []int
	// Actions measures actions in place of events.
	Actions bool
	// All measures everything, in place of events, and prints one table. Duration is then how
	// long each part lasts that has no end of its own.
	All bool
	// Against is the program of another version, to be measured in turns; "": none. It implies
	// All.
	Against string
	// Runs are how often everything is measured, at least 1; 0: once, with Against 5 times.
	Runs int
	// Stored is how many messages the store has when growth is measured; 0: 200,000.
	Stored int
	Out    io.Writer
	// Progress hears what is measured now; nil: nobody does.
	Progress func(text.Text)
	// Language is that of the output.
	Language text.Language
	// Executable is the program that has the commands sandbox and run; "" for
	// os.Executable().
	Executable string
}

// plan is one run.
type plan struct {
	name    text.Text
	count   int           // 0: until the time is over
	rate    int           // 0: as fast as possible
	most    time.Duration // of sending, 0 for no limit
	clients int           // or connections
	action  string        // "": events
	socket  bool          // the action comes by WebSocket, not HTTP
	many    bool          // the events are of many groups, in turns
}

func (o *Options) plans() ([]plan, error) {
	switch {
	case o.Count < 1 || o.Count > maxCount:
		return nil, text.Errorf("--count must be from 1 to %d", "--count 应为 1 到 %d", maxCount)
	case o.Rate < 0 || o.Rate > maxRate:
		return nil, text.Errorf("--rate must be from 0 to %d", "--rate 应为 0 到 %d", maxRate)
	case o.Duration < 0 || o.Duration > time.Hour:
		return nil, text.Errorf("--duration must be from 0 to 1h", "--duration 应为 0 到 1h")
	case o.Runs < 0 || o.Runs > maxRuns:
		return nil, text.Errorf("--runs must be from 1 to %d", "--runs 应为 1 到 %d", maxRuns)
	case o.Stored < 0 || o.Stored > maxCount:
		return nil, text.Errorf("--stored must be from 1 to %d", "--stored 应为 1 到 %d", maxCount)
	case o.All && (o.Rate > 0 || o.Journal || len(o.Clients) > 0 || o.Actions):
		return nil, text.Errorf("--all has its own --rate, --journal, --clients and --actions: leave them out", "--all 自带 --rate、--journal、--clients 和 --actions：请去掉它们")
	case !o.All && (o.Runs > 0 || o.Stored > 0):
		return nil, text.Errorf("--runs and --stored are for --all", "--runs 和 --stored 用于 --all")
	case o.All:
		return nil, nil
	case o.Actions && (o.Rate > 0 || o.Journal || len(o.Clients) > 0):
		return nil, text.Errorf("--rate, --journal and --clients are for events, not for --actions", "--rate、--journal 和 --clients 用于事件，不能与 --actions 同时使用")
	case o.Journal && len(o.Clients) > 0:
		return nil, text.Errorf("--journal is for one client: leave out --clients", "--journal 只用于一个客户端：请去掉 --clients")
	case o.Actions:
		return o.actionPlans(), nil
	}
	one := plan{count: o.Count, rate: o.Rate, clients: 1, name: text.T("as fast as possible", "尽可能快")}
	if o.Rate > 0 {
		one.name = text.Same(fmt.Sprintf("%d/s", o.Rate))
		if o.Duration > 0 {
			one.count = max(1, int(o.Duration.Seconds()*float64(o.Rate)))
		}
		if one.count > maxCount {
			return nil, text.Errorf("--rate for --duration makes %d events: at most %d", "--rate 与 --duration 相乘得到 %d 个事件：最多 %d 个", one.count, maxCount)
		}
	} else if o.Duration > 0 {
		one.count, one.most = maxCount, o.Duration
	}
	var all []plan
	for _, n := range o.Clients {
		p := one
		p.clients, p.name = n, text.T("clients: %d, %s", "客户端 %d 个，%s").Fill(n, one.name)
		switch {
		case n < 1 || n > maxClients:
			return nil, text.Errorf("--clients are numbers from 1 to %d", "--clients 应为 1 到 %d 的数字", maxClients)
		case one.most > 0:
			p.count = maxCount / n
		case p.count > maxCount/n:
			return nil, text.Errorf("--count for %d clients makes more than %d events", "%d 个客户端的 --count 超过 %d 个事件", n, maxCount)
		}
		all = append(all, p)
	}
	switch {
	case len(all) > 0:
		return all, nil
	case o.Rate > 0:
		return []plan{one}, nil
	}
	return []plan{one, {name: text.Same(fmt.Sprintf("%d/s", steadyRate)), count: steadyRate * steadySeconds, rate: steadyRate, clients: 1}}, nil
}

// Run starts the processes, plays the runs and prints the figures. The error says
// what did not start, that events were lost or came in another order, or that an action
// failed. Stopped by
// ctx it returns nil.
func Run(ctx context.Context, o Options) (err error) {
	o.All = o.All || o.Against != ""
	plans, err := o.plans()
	if err != nil {
		return err
	}
	if o.Executable == "" {
		if o.Executable, err = os.Executable(); err != nil {
			return text.Errorf("find this program: %v", "查找本程序：%v", err)
		}
	}
	folder, err := filelock.MakeTemporary("libration-bench-data-")
	if err != nil {
		return text.Errorf("folder for the benchmark: %v", "测试用的文件夹：%v", err)
	}
	defer func() {
		if removeErr := folder.Remove(); removeErr != nil {
			err = errors.Join(err, removeErr)
		}
		if ctx.Err() != nil {
			err = nil
		}
	}()
	if o.All {
		return o.whole(ctx, folder.Path())
	}
	i, err := start(ctx, folder.Path(), setup{program: o.Executable, service: o.Executable, journal: o.Journal})
	if err != nil {
		return err
	}
	defer i.stop()
	return i.playAll(ctx, plans, o.Out, o.Language)
}

// playAll plays the runs and prints the table.
func (i *installation) playAll(ctx context.Context, plans []plan, out io.Writer, l text.Language) error {
	if err := i.await(ctx); err != nil {
		return err
	}
	idle, peak := i.service.usage(), int64(0)
	fmt.Fprintln(out, text.T("%s/%s, %d CPUs, %s; sandbox, service and client are three processes",
		"%s/%s，%d 个 CPU，%s；沙盒、服务和客户端是三个进程").Fill(runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version()).In(l))
	var head []string
	for _, t := range []text.Text{
		text.T("run", "测试"), text.T("number", "数量"), text.T("seconds", "秒数"), text.T("per second", "每秒"), text.Same("p50"), text.Same("p99"),
		text.T("max", "最大"), text.T("service CPU", "服务 CPU"), text.T("each", "每个"), text.T("memory", "内存"), text.T("peak", "峰值"),
	} {
		head = append(head, t.In(l))
	}
	fmt.Fprintln(out, line(head))
	for _, p := range plans {
		i.service.resetPeak()
		before := i.service.usage()
		r, err := i.measure(ctx, p)
		if err != nil {
			return text.Errorf("run %q: %v", "运行 %q：%v", p.name, err)
		}
		after := i.service.usage()
		peak = max(peak, after.peak)
		fmt.Fprintln(out, line(p.cells(r, before, after, l)))
	}
	fmt.Fprintln(out, text.T("\nmemory of the service: %s idle, %s at its peak", "\n服务的内存：空闲 %s，峰值 %s").Fill(megabytes(idle.resident), megabytes(peak)).In(l))
	if plans[0].action != "" {
		fmt.Fprintln(out, text.T("no action failed", "没有动作失败").In(l))
	} else {
		fmt.Fprintln(out, text.T("no event was lost or reordered", "没有事件丢失或乱序").In(l))
	}
	return nil
}

// cells are the figures of a run, as the table has them.
func (p *plan) cells(r *result, before, after usage, l text.Language) []string {
	cpu, each := "n/a", "n/a"
	if before.known && after.known {
		used := after.cpu - before.cpu
		cpu = fmt.Sprintf("%.2f s", used.Seconds())
		each = fmt.Sprintf("%.1f us", float64(used.Microseconds())/float64(r.received))
	}
	return []string{
		p.name.In(l), fmt.Sprint(r.received), fmt.Sprintf("%.2f", r.lasted.Seconds()), fmt.Sprintf("%.0f", float64(r.received)/r.lasted.Seconds()),
		short(r.quantile(500)), short(r.quantile(990)), short(r.quantile(1000)), cpu, each, megabytes(before.resident), megabytes(after.peak),
	}
}

// line is a line of the table, its first cell to the left.
func line(cells []string) string {
	var b strings.Builder
	for n, cell := range cells {
		space := strings.Repeat(" ", max(0, columns[n]-wide(cell)))
		if n == 0 {
			b.WriteString(cell + space)
		} else {
			b.WriteString(" " + space + cell)
		}
	}
	return b.String()
}

// columns are the widths of the table's columns.
var columns = []int{32, 8, 7, 10, 9, 9, 9, 11, 9, 9, 9}

// short rounds a latency to what can be told apart.
func short(d time.Duration) string {
	if d < time.Millisecond {
		return d.Round(time.Microsecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

func megabytes(bytes int64) string {
	if bytes == 0 {
		return "n/a"
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}

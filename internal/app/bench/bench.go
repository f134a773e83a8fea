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
	"time"

	"libration/internal/app/bot"
	"libration/internal/filelock"
	"libration/internal/text"
)

// What the sandbox's default scenario has.
const (
	account = 10001
	group   = 730000001
)

// The second of the two runs of the default: a busy account's day, condensed.
const (
	steadyRate    = 5000
	steadySeconds = 10
)

// Options of Run.
type Options struct {
	// Count of events, at least 1.
	Count int
	// Rate in events a second. With 0 there are two runs: Count events as fast as
	// possible, then 5,000 events a second for ten seconds.
	Rate int
	// Duration replaces Count. A run with a Rate lasts so long; a run without one stops
	// sending after it.
	Duration time.Duration
	// Journal keeps the events for bots that are away, as connections can.
	Journal bool
	Out     io.Writer
	// Language is that of the output.
	Language text.Language
	// Executable is the program that has the commands sandbox and run; "" for
	// os.Executable().
	Executable string
}

// plan is one run.
type plan struct {
	name  string
	count int           // 0: until the time is over
	rate  int           // 0: as fast as possible
	most  time.Duration // of sending, 0 for no limit
}

func (o *Options) plans() ([]plan, error) {
	switch {
	case o.Count < 1 || o.Count > maxCount:
		return nil, text.Errorf("--count must be from 1 to %d", "--count 应为 1 到 %d", maxCount)
	case o.Rate < 0 || o.Rate > maxRate:
		return nil, text.Errorf("--rate must be from 0 to %d", "--rate 应为 0 到 %d", maxRate)
	case o.Duration < 0 || o.Duration > time.Hour:
		return nil, text.Errorf("--duration must be from 0 to 1h", "--duration 应为 0 到 1h")
	case o.Rate > 0:
		p := plan{name: fmt.Sprintf("%d/s", o.Rate), count: o.Count, rate: o.Rate}
		if o.Duration > 0 {
			p.count = max(1, int(o.Duration.Seconds()*float64(o.Rate)))
		}
		if p.count > maxCount {
			return nil, text.Errorf("--rate for --duration makes %d events: at most %d", "--rate 与 --duration 相乘得到 %d 个事件：最多 %d 个", p.count, maxCount)
		}
		return []plan{p}, nil
	}
	fast := plan{name: "as fast as possible", count: o.Count}
	if o.Duration > 0 {
		fast.count, fast.most = maxCount, o.Duration
	}
	return []plan{fast, {name: fmt.Sprintf("%d/s", steadyRate), count: steadyRate * steadySeconds, rate: steadyRate}}, nil
}

// Run starts the processes, plays the runs and prints the figures. The error says
// what did not start, or that events were lost or came in another order. Stopped by
// ctx it returns nil.
func Run(ctx context.Context, o Options) (err error) {
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
	i, err := start(ctx, o.Executable, folder.Path(), o.Journal)
	if err != nil {
		return err
	}
	defer i.stop()
	return i.playAll(ctx, plans, o.Out, o.Language)
}

// playAll plays the runs over one connection and prints the table.
func (i *installation) playAll(ctx context.Context, plans []plan, out io.Writer, l text.Language) error {
	conn, err := i.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Drop()
	if _, err := conn.Read(ctx); err != nil { // lifecycle
		return err
	}
	idle := i.service.usage()
	fmt.Fprintln(out, text.T("%s/%s, %d CPUs, %s; sandbox, service and client are three processes\n",
		"%s/%s，%d 个 CPU，%s；沙盒、服务和客户端是三个进程\n").Fill(runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version()).In(l))
	fmt.Fprintln(out, text.T("run                     events  seconds  events/s       p50       p99       max  service CPU per event",
		"测试                      事件     秒数    事件/秒       p50       p99      最大      服务 CPU  每事件").In(l))
	for _, p := range plans {
		if err := i.play(ctx, conn, p, out, l); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, text.T("\nmemory of the service: %s idle, %s at its peak\nno event was lost or reordered",
		"\n服务的内存：空闲 %s，峰值 %s\n没有事件丢失或乱序").Fill(megabytes(idle.resident), megabytes(i.service.usage().peak)).In(l))
	return nil
}

// play runs one plan and prints its line.
func (i *installation) play(ctx context.Context, conn *bot.Conn, p plan, out io.Writer, l text.Language) error {
	before := i.service.usage()
	r, err := i.measure(ctx, conn, p)
	if err != nil {
		return text.Errorf("run %q: %v", "运行 %q：%v", p.name, err)
	}
	after := i.service.usage()
	cpu, each := "n/a", "n/a"
	if before.known && after.known {
		used := after.cpu - before.cpu
		cpu = fmt.Sprintf("%.2f s", used.Seconds())
		each = fmt.Sprintf("%.1f us", float64(used.Microseconds())/float64(r.received))
	}
	name := fmt.Sprintf("%-20s", p.name)
	if p.rate == 0 {
		name = text.T("as fast as possible ", "尽可能快            ").In(l) // each as wide as the column
	}
	fmt.Fprintf(out, "%s %9d %8.2f %9.0f %9s %9s %9s %12s %9s\n",
		name, r.received, r.lasted.Seconds(), float64(r.received)/r.lasted.Seconds(),
		short(r.percentile(50)), short(r.percentile(99)), short(r.percentile(100)), cpu, each)
	return nil
}

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

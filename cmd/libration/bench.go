package main

import (
	"context"
	"fmt"
	"time"

	"libration/internal/app"
	"libration/internal/app/bench"
	"libration/internal/progress"
	"libration/internal/text"
)

type benchCommand struct {
	Count    int           `placeholder:"N" default:"100000" help:"How many events, or actions of a run at most. Default ${default}." zh:"事件数量，或每次运行最多的动作数，默认 ${default}。"`
	Rate     int           `placeholder:"N" help:"Events a second. Default: two runs, as fast as possible and 5000/s." zh:"每秒事件数。默认运行两次：尽可能快，以及 5000/秒。"`
	Duration time.Duration `placeholder:"TIME" help:"How long to send, instead of --count. Of actions: how long a run lasts, 5s by default." zh:"发送时长，代替 --count。测量动作时为每次运行的时长，默认 5s。"`
	Clients  []int         `placeholder:"N,..." help:"To how many clients at once the events go: a run for each number, such as 1,10,100." zh:"同时接收事件的客户端数，每个数字运行一次，如 1,10,100。"`
	Actions  bool          `help:"Measure actions in place of events: over HTTP and WebSocket, by 1 and 16 connections." zh:"测量动作而不是事件：通过 HTTP 和 WebSocket，1 个和 16 个连接。"`
	All      bool          `help:"Measure everything, with memory, start and growth, and print one table; --duration is for each part." zh:"测量全部项目，包括内存、启动和增长，输出一个表格；--duration 为每部分的时长。"`
	Against  string        `placeholder:"PROGRAM" help:"Measure everything in turns with this earlier program, and compare." zh:"与这个较早的程序轮流测量全部项目并比较。"`
	Runs     int           `placeholder:"N" help:"How often everything is measured; medians count. Default 1, with --against 5." zh:"全部项目测量的次数，取中位数。默认 1，使用 --against 时为 5。"`
	Stored   int           `placeholder:"N" help:"At how many stored messages growth is measured. Default 200000." zh:"在存有多少条消息时测量增长，默认 200000。"`
	Journal  bool          `help:"Keep the events for bots that are away, too." zh:"同时为离线的机器人保存事件。"`
}

// Run measures.
func (c *benchCommand) Run(ctx context.Context, std streams) error {
	ctx, shown, stop := showing(ctx, std)
	defer stop()
	l := app.EnvironmentLocale()
	return bench.Run(ctx, bench.Options{
		Count: c.Count, Rate: c.Rate, Duration: c.Duration, Journal: c.Journal, Clients: c.Clients, Actions: c.Actions,
		All: c.All, Against: c.Against, Runs: c.Runs, Stored: c.Stored, Out: shown.out, Language: l,
		Progress: func(what text.Text) {
			if progress.Step(ctx, what, 0); !isTerminal(std.err) || plainTerminal() {
				fmt.Fprintln(std.err, what.In(l))
			}
		},
	})
}

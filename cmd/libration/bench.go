package main

import (
	"context"
	"time"

	"libration/internal/app"
	"libration/internal/app/bench"
)

type benchCommand struct {
	Count    int           `placeholder:"N" default:"100000" help:"How many events, or actions of a run at most. Default ${default}." zh:"事件数量，或每次运行最多的动作数，默认 ${default}。"`
	Rate     int           `placeholder:"N" help:"Events a second. Default: two runs, as fast as possible and 5000/s." zh:"每秒事件数。默认运行两次：尽可能快，以及 5000/秒。"`
	Duration time.Duration `placeholder:"TIME" help:"How long to send, instead of --count. Of actions: how long a run lasts, 5s by default." zh:"发送时长，代替 --count。测量动作时为每次运行的时长，默认 5s。"`
	Clients  []int         `placeholder:"N,..." help:"To how many clients at once the events go: a run for each number, such as 1,10,100." zh:"同时接收事件的客户端数，每个数字运行一次，如 1,10,100。"`
	Actions  bool          `help:"Measure actions in place of events: over HTTP and WebSocket, by 1 and 16 connections." zh:"测量动作而不是事件：通过 HTTP 和 WebSocket，1 个和 16 个连接。"`
	Journal  bool          `help:"Keep the events for bots that are away, too." zh:"同时为离线的机器人保存事件。"`
}

// Run measures.
func (c *benchCommand) Run(ctx context.Context, std streams) error {
	return bench.Run(ctx, bench.Options{Count: c.Count, Rate: c.Rate, Duration: c.Duration, Journal: c.Journal, Clients: c.Clients, Actions: c.Actions, Out: std.out, Language: app.EnvironmentLocale()})
}

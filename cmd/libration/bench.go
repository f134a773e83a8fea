package main

import (
	"context"
	"time"

	"libration/internal/app"
	"libration/internal/app/bench"
)

type benchCommand struct {
	Count    int           `placeholder:"N" default:"100000" help:"How many events. Default ${default}." zh:"事件数量，默认 ${default}。"`
	Rate     int           `placeholder:"N" help:"Events a second. Default: two runs, as fast as possible and 5000/s." zh:"每秒事件数。默认运行两次：尽可能快，以及 5000/秒。"`
	Duration time.Duration `placeholder:"TIME" help:"How long to send, instead of --count." zh:"发送时长，代替 --count。"`
	Journal  bool          `help:"Keep the events for bots that are away, too." zh:"同时为离线的机器人保存事件。"`
}

// Run measures.
func (c *benchCommand) Run(ctx context.Context, std streams) error {
	return bench.Run(ctx, bench.Options{Count: c.Count, Rate: c.Rate, Duration: c.Duration, Journal: c.Journal, Out: std.out, Language: app.EnvironmentLocale()})
}

package main

import (
	"context"
	"time"

	"libration/internal/app/bench"
)

type benchCommand struct {
	Count    int           `default:"100000" help:"How many events. Default ${default}."`
	Rate     int           `help:"Events a second. Default: two runs, as fast as possible and 5000/s."`
	Duration time.Duration `help:"How long to send, instead of --count."`
}

// Run measures.
func (c *benchCommand) Run(ctx context.Context, std streams) error {
	return bench.Run(ctx, bench.Options{Count: c.Count, Rate: c.Rate, Duration: c.Duration, Out: std.out})
}

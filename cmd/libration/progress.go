package main

import (
	"context"

	"libration/internal/app"
	"libration/internal/progress"
)

// showing has a command that may take long show on a terminal what it does; what it prints
// takes the place of that. The caller must call stop.
func showing(ctx context.Context, std streams) (_ context.Context, _ streams, stop func()) {
	if !isTerminal(std.err) || plainTerminal() {
		return ctx, std, func() {}
	}
	ctx, line := progress.Start(ctx, std.err, app.EnvironmentLocale())
	return ctx, streams{line.Before(std.out), line.Before(std.err)}, line.Stop
}

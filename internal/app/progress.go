package app

import (
	"context"
	"fmt"
	"time"

	"libration/ntqq"
)

// settleWait bounds how long saving waits for the disk of the store.
const settleWait = 10 * time.Second

// settledProgress saves what was delivered once that is on disk: were it ahead of
// the store, a crash or a power cut would lose the events in between.
type settledProgress struct {
	ntqq.Progress
	sync func(context.Context) error // of the store
}

// Save implements ntqq.Progress. While the store cannot write it fails, and the
// older progress stays.
func (p settledProgress) Save(d *ntqq.Delivered) error {
	ctx, cancel := context.WithTimeout(context.Background(), settleWait)
	defer cancel()
	if err := p.sync(ctx); err != nil {
		return fmt.Errorf("messages and events are not on disk yet: %w", err)
	}
	return p.Progress.Save(d)
}

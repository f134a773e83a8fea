package ntqq

import (
	"log/slog"
	"runtime/debug"
	"sync"
)

// crash keeps the first panic of the goroutines of a Run. Run panics with it itself, where
// the caller can recover: elsewhere it would end the program.
type crash struct {
	stop func() // ends the Run
	log  *slog.Logger

	once  sync.Once
	value any // of the panic; read when the goroutines have ended
}

// guard runs a part of a goroutine.
func (c *crash) guard(run func()) {
	defer func() {
		if v := recover(); v != nil {
			c.once.Do(func() {
				c.log.Error("the client panicked", "panic", v, "stack", string(debug.Stack()))
				c.value = v
				c.stop()
			})
		}
	}()
	run()
}

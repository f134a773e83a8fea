package app

import (
	"context"
	"runtime/debug"
	"time"
)

// restAfter is how long after an account has come online the memory is given back that only
// its start needed: later than the lists that are fetched then, and what a bot asks first.
const restAfter = time.Second

// rest gives memory back whenever more accounts are online than before. Without it that
// happens when as much again was allocated, and an account that is quiet allocates next to
// nothing. It costs a collection, and the pages of the program that are touched again.
func (a *App) rest(ctx context.Context) {
	most := 0
	for {
		a.mu.Lock()
		changed := a.changed
		a.mu.Unlock()
		online := 0
		for _, m := range a.now() {
			if m.account().Status().Account.Online() {
				online++
			}
		}
		if online > most {
			most, changed = online, nil
		}
		if changed != nil {
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-time.After(restAfter):
			debug.FreeOSMemory()
			forgetProgram()
		case <-ctx.Done():
			return
		}
	}
}

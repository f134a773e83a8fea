package ntqq

import (
	"testing"
	"testing/synctest"
)

// The reader waits when the pushes take much memory, however few they are.
func TestLargePushesMakeTheServerWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t)
		k := pipeConn(t, c)
		queued := 0
		go func() {
			for k.queue(push{payload: make([]byte, 1<<20)}) {
				queued++
			}
		}()
		synctest.Wait()
		if want := pushBytes/(1<<20) - 1; queued != want || !k.held.Load() {
			t.Errorf("%d pushes of 1 MiB are queued, the reader waits: %v; want %d and true", queued, k.held.Load(), want)
		}
		c.pushes.Take(<-c.pushes.Items())
		synctest.Wait()
		if want := pushBytes / (1 << 20); queued != want {
			t.Errorf("%d pushes were queued after one was taken, want %d", queued, want)
		}
		k.fail(ErrConnectionLost)
		synctest.Wait()
	})
}

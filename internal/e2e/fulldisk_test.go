package e2e

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"libration/ntqq"
	"libration/sandbox"
)

// fullDisk is a keystore that can be written only while there is room.
type fullDisk struct {
	ntqq.MemoryKeystore
	room atomic.Bool
}

func (d *fullDisk) Save(k *ntqq.Keystore) error {
	if !d.room.Load() {
		return errors.New("no space left on device")
	}
	return d.MemoryKeystore.Save(k)
}

func TestKeystoreIsSavedWhenTheDiskHasRoomAgain(t *testing.T) {
	for _, stop := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			s := startService(t, sandbox.Options{AutoApprove: bot})
			disk := &fullDisk{}
			a := s.account(t, disk)
			a.until(ntqq.Online)
			disk.room.Store(true)
			if stop {
				a.stop()
			} else {
				time.Sleep(2 * time.Minute)
				synctest.Wait()
			}
			if ks, err := disk.Load(); err != nil || ks == nil || len(ks.D2) == 0 {
				t.Errorf("stop %t: got keystore %v, error %v, want the session saved", stop, ks, err)
			}
		})
	}
}

package account

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"libration/internal/store"
	"libration/internal/text"
)

const (
	// watchEvery is the time between two looks at the data folder.
	watchEvery = 2 * time.Second
	// restoreWait bounds how long stopping waits for the store to be copied back.
	restoreWait = 30 * time.Second
	// Space is low when less than lowSpace and less than a lowPart of the disk is free.
	lowSpace = 256 << 20
	lowPart  = 10
)

// errRestoring: the store is on its way into the folder.
var errRestoring = text.Errorf("the data folder was made anew: the message store is being copied into it", "数据文件夹已重新创建：正在把消息库复制进去")

// folderWatch looks after the data folder while the program runs. A folder that was
// removed or moved is made again, with everything that the program still knows.
type folderWatch struct {
	folder   *folder
	keys     *keptKeystore
	progress *settledProgress
	messages *store.Store
	log      *slog.Logger
	change   func() // wakes those who wait for a status
	space    func(path string) (free, total uint64, err error)

	// owed: a new folder lacks files. It is look's.
	owed bool

	mu   sync.Mutex // guards what follows
	err  error      // why the folder cannot be used, nil when it can
	free uint64     // bytes; 0 while it is not known
	low  error      // not nil while little space is left
}

// Run looks every few seconds until ctx ends, and once more. It returns nil.
func (w *folderWatch) Run(ctx context.Context) error {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		w.look(ctx)
		select {
		case <-ticker.C:
			continue
		case <-ctx.Done():
		}
		// What is not copied before the store closes is lost.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreWait)
		defer cancel()
		w.look(last)
		return nil
	}
}

func (w *folderWatch) look(ctx context.Context) {
	w.set(w.mend(ctx))
	free, total, err := w.space(w.folder.path)
	var low error
	if err == nil && free < lowSpace && free < total/lowPart {
		low = text.Errorf("%d MiB are free on the disk of the data folder %s", "数据文件夹 %[2]s 所在磁盘仅剩 %[1]d MiB", free>>20, w.folder.path)
	}
	w.mu.Lock()
	was := w.low
	w.free, w.low = free, low
	w.mu.Unlock()
	switch {
	case low != nil && was == nil:
		w.log.Warn("little space is left: free some, or nothing can be stored soon", "folder", w.folder.path, "free_mib", free>>20)
	case low == nil && was != nil:
		w.log.Info("there is space again", "folder", w.folder.path, "free_mib", free>>20)
	}
	if (low == nil) != (was == nil) {
		w.change()
	}
}

// set notes whether the folder can be used.
func (w *folderWatch) set(err error) {
	w.mu.Lock()
	was := w.err
	w.err = err
	w.mu.Unlock()
	switch {
	case err != nil && (was == nil || was.Error() != err.Error()):
		w.log.Error("the data folder cannot be used", "err", err)
	case err == nil && was != nil:
		w.log.Info("the data folder can be used again", "folder", w.folder.path)
	}
	if (err == nil) != (was == nil) {
		w.change()
	}
}

// mend has the folder hold what it should.
func (w *folderWatch) mend(ctx context.Context) error {
	anew, err := w.folder.hold()
	if err != nil {
		return err
	}
	if anew {
		w.log.Warn("the data folder was removed, moved or unlocked while the program runs: it is made anew", "folder", w.folder.path)
		w.owed = true
	}
	if w.owed {
		if err := w.keys.again(); err != nil {
			return err
		}
	}
	if w.messages.Moved() {
		w.set(errRestoring) // it may take a while
		if err := w.messages.Restore(ctx); err != nil {
			return err
		}
	}
	if w.owed {
		if err := w.progress.again(); err != nil {
			return err
		}
		w.owed = false
	}
	return nil
}

// Err is why the folder cannot be used, nil when it can.
func (w *folderWatch) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Space returns the free bytes, 0 when they are not known, and an error while they are
// few.
func (w *folderWatch) Space() (free uint64, low error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.free, w.low
}

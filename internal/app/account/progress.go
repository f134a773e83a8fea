package account

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"libration/internal/store"
	"libration/internal/text"
	"libration/ntqq"
)

// settleWait bounds how long saving waits for the disk of the store.
const settleWait = 10 * time.Second

// settledProgress saves what was delivered once that is on disk: were it ahead of
// the store, a crash or a power cut would lose the events in between.
type settledProgress struct {
	ntqq.Progress
	sync func(context.Context) error // of the store
	// ours tells, with nil, whether the folder is still ours.
	ours func() error
	// newest is what the store says was delivered, where the file is damaged, missing or
	// empty.
	newest func() (*ntqq.Delivered, error)
	log    *slog.Logger

	mu   sync.Mutex // guards last, and is held while writing
	last *ntqq.Delivered
}

// Load implements ntqq.Progress.
func (p *settledProgress) Load() (*ntqq.Delivered, error) {
	d, err := p.Progress.Load()
	if err != nil || d == nil || len(d.Chats) == 0 {
		rebuilt, errNewest := p.newest()
		switch {
		case errNewest != nil && err != nil:
			return nil, text.Errorf("%v; and not rebuilt from the messages: %v", "%v；且无法从消息中重建：%v", err, errNewest)
		case errNewest != nil:
			return nil, text.Errorf("nothing in the progress file, and not rebuilt from the messages: %v", "进度文件为空，且无法从消息中重建：%v", errNewest)
		case err != nil || len(rebuilt.Chats) > 0: // else nothing was delivered yet
			p.log.Warn("not known what was delivered before: rebuilt from the stored messages", "err", err, "chats", len(rebuilt.Chats))
			d = rebuilt
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = d
	return d, nil
}

// Save implements ntqq.Progress. While the store cannot write it fails, and the
// older progress stays.
func (p *settledProgress) Save(d *ntqq.Delivered) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = d
	return p.save()
}

// again saves the newest one, if there is one.
func (p *settledProgress) again() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		return nil
	}
	return p.save()
}

func (p *settledProgress) save() error {
	if err := p.ours(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleWait)
	defer cancel()
	if err := p.sync(ctx); err != nil {
		return text.Errorf("messages and events are not on disk yet: %v", "消息和事件尚未写入磁盘：%v", err)
	}
	return p.Progress.Save(p.last)
}

// maxRebuilt bounds the chats of a progress that is rebuilt.
const maxRebuilt = 8192

// deliveredOf is what the stored messages say was delivered to an account.
func deliveredOf(ctx context.Context, uin ntqq.UIN, messages *store.Store) (*ntqq.Delivered, error) {
	newest, err := messages.Newest(ctx, maxRebuilt)
	d := &ntqq.Delivered{UIN: uin}
	for _, n := range newest {
		d.Chats = append(d.Chats, ntqq.ChatDelivered{
			Group: n.Chat.Group, Peer: n.Chat.Peer, PeerUID: n.Chat.PeerUID, Sequence: n.Sequence, Time: n.Time,
		})
	}
	return d, err
}

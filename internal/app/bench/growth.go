package bench

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver

	"libration/internal/text"
)

// How long the service may take to write down what it has received, and between two looks.
const (
	settleTime = 10 * time.Second
	settleLook = 100 * time.Millisecond
)

// settled waits until the service has done what was left, which belongs to what it has cost.
func (i *installation) settled(ctx context.Context) usage {
	last := i.service.usage()
	if !last.known {
		return last
	}
	until := time.Now().Add(settleTime)
	for time.Now().Before(until) {
		select {
		case <-time.After(settleLook):
		case <-ctx.Done():
			return last
		}
		u := i.service.usage()
		if u.cpu-last.cpu < settleLook/50 {
			return u
		}
		last = u
	}
	return last
}

// growth compares an empty store with one that has --stored messages, of many groups.
func (r *round) growth(ctx context.Context, i *installation) error {
	n := min(firstLoad, r.o.Count)
	stored := max(n, r.o.Stored)
	for _, have := range []int{0, stored} {
		if have > n {
			if _, err := i.measure(ctx, plan{count: have - n, clients: 1, many: true}); err != nil {
				return err
			}
		}
		before := i.settled(ctx)
		got, err := i.measure(ctx, plan{count: n, clients: 1, many: true})
		if err != nil {
			return err
		}
		after := i.settled(ctx)
		name := text.T("%d groups, %d messages stored", "%d 个群，已存 %d 条消息").Fill(groupCount, have)
		r.spent(before, after, got, text.T("%s, CPU for 100,000", "%s，每 100,000 个的 CPU").Fill(name))
		r.addKnown(after.written > before.written, text.T("%s, written for each", "%s，每条写入").Fill(name), octets, float64(after.written-before.written)/float64(n))
		r.add(text.T("%s, events a second", "%s，每秒事件").Fill(name), each, float64(got.received)/got.lasted.Seconds())
	}
	i.service.stop()
	return r.stored(ctx, filepath.Join(i.folder, "data", fmt.Sprint(account), "messages.db"))
}

// stored adds what the file of the messages takes for each, and that without their content.
func (r *round) stored(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		return err
	}
	defer db.Close()
	// It may be a file of another version: what cannot be asked of it is not known.
	var count, content float64
	known := db.QueryRowContext(ctx, "SELECT count(*), sum(length(raw)) FROM messages").Scan(&count, &content) == nil && count > 0
	r.addKnown(known, text.T("on the disk for each message", "每条消息占用的磁盘"), octets, float64(info.Size())/count)
	r.addKnown(known, text.T("on the disk for each message besides its content", "每条消息占用的磁盘，不含内容"), octets, (float64(info.Size())-content)/count)
	return nil
}

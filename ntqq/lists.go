package ntqq

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/wire"
)

// maxPages bounds lists that come in pages: a server that never ends is refused.
const maxPages = 1000

// pages adds up a list that comes in pages. Together they may have as much as one
// packet.
type pages struct{ entries, bytes int }

func (p *pages) add(entries int, page proto.Message) error {
	p.entries += entries
	p.bytes += proto.Size(page)
	if p.entries > pb.MaxEntries || p.bytes > wire.MaxInflated {
		return fmt.Errorf("more than %d entries or %d bytes", pb.MaxEntries, wire.MaxInflated)
	}
	return nil
}

// cached returns a list from the cache, or fetches it, once for all who ask at the
// same time; and once more when a push made it old before it came.
func cached[T any](ctx context.Context, c *Client, key string, refresh bool, get func() ([]T, bool), fetch func(context.Context) error) ([]T, error) {
	list, ok := get()
	for tries := 0; tries < 2 && (!ok || refresh); tries++ {
		done := c.cache.fetch.DoChan(key, func() (any, error) {
			c.cache.begin(key)
			defer c.cache.end(key)
			// Not the caller's context: others may be waiting for the same answer. Every
			// request has its own time limit.
			return nil, fetch(context.WithoutCancel(ctx))
		})
		select {
		case r := <-done:
			if r.Err != nil {
				return nil, r.Err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		refresh = false
		list, ok = get()
	}
	return list, nil
}

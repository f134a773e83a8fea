package ntqq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/singleflight"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/wire"
)

// maxPages bounds lists that come in pages: a server that never ends is refused.
const maxPages = 1000

// pages adds up a list that comes in pages. Together they may have as much as one
// packet.
type pages struct {
	entries, bytes int
	cookie         []byte // of the page that is asked for; nil: the first one
}

// add takes a page, which says what the next one is asked for by, if there is one.
func (p *pages) add(entries int, page proto.Message, next []byte) error {
	p.entries += entries
	p.bytes += proto.Size(page)
	if p.entries > pb.MaxEntries || p.bytes > wire.MaxInflated {
		return fmt.Errorf("more than %d entries or %d bytes", pb.MaxEntries, wire.MaxInflated)
	}
	if len(next) > 0 && bytes.Equal(next, p.cookie) {
		return errors.New("a page is followed by itself")
	}
	p.cookie = next
	return nil
}

// fetchedList is what a fetch has brought.
type fetchedList[T any] struct {
	list []T
	ok   bool // not stale
}

// cached returns a list from the cache, or fetches it, once for all who ask at the
// same time; and once more when a push made it old before it came.
func cached[T any](ctx context.Context, c *Client, key string, refresh bool, get func() ([]T, bool), fetch func(context.Context) error) ([]T, error) {
	var list []T
	ok := false
	if !refresh {
		list, ok = get()
	}
	for tries := 0; tries < 2 && !ok; tries++ {
		done := c.cache.fetch.DoChan(key, func() (any, error) {
			c.cache.begin(key)
			defer c.cache.end(key)
			// Not the caller's context: others may be waiting for the same answer. Every
			// request has its own time limit.
			if err := fetch(context.WithoutCancel(ctx)); err != nil {
				return nil, err
			}
			var got fetchedList[T] // now: it may be forgotten at once
			got.list, got.ok = get()
			return got, nil
		})
		var r singleflight.Result
		select {
		case r = <-done:
			if r.Err != nil {
				return nil, r.Err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		got, _ := r.Val.(fetchedList[T])
		if list, ok = got.list, got.ok; r.Shared {
			list = slices.Clone(list)
		}
	}
	return list, nil
}

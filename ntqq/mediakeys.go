package ntqq

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"libration/internal/pb/mediapb"
	"libration/internal/rpc"
)

const (
	// keyMargin is how long before its end a key is not used any more; of a short one a
	// tenth.
	keyMargin = 2 * time.Minute
	// maxKeyAge bounds what the service says of the age of keys.
	maxKeyAge = 24 * time.Hour
	// keyPause is how long keys are not asked for again: neither those that are not to be
	// had, nor those that are said to have expired already. Each message would ask.
	keyPause = 30 * time.Second
)

// Rkey is a key that addresses of pictures end with (docs/protocol/media.md 5.2).
type Rkey struct {
	Type    uint32 // 10: pictures of private chats, 20: of groups
	Key     string // it begins with "&rkey="; a secret while it lives
	Created int64  // Unix seconds, by the server's clock
	TTL     uint64 // in seconds
}

// Types of keys.
const (
	rkeyPrivate = 10
	rkeyGroup   = 20
)

// rkeys keeps the keys of addresses. It is safe for concurrent use.
type rkeys struct {
	mu    sync.Mutex // guards what follows
	keys  []Rkey
	asked time.Time // when there was an answer, or none
	none  bool      // then
}

// Rkeys returns the keys that addresses of pictures need. They come from memory until
// shortly before one of them expires. The errors are those of [Client.Call].
func (m Media) Rkeys(ctx context.Context) ([]Rkey, error) {
	if keys := m.c.rkeys.fresh(m.c.now()); keys != nil {
		return keys, nil
	}
	return once(ctx, m.c, "rkeys", func(ctx context.Context) ([]Rkey, error) {
		if keys := m.c.rkeys.fresh(m.c.now()); keys != nil { // they came since
			return keys, nil
		}
		resp, err := call(ctx, m.c, rpc.MediaKeys, keysRequest())
		keys := keysOf(resp, m.c.now())
		m.c.rkeys.put(keys, err)
		if err != nil {
			return nil, fmt.Errorf("keys of media: %w", err)
		}
		return slices.Clone(keys), nil
	})
}

func keysRequest() *mediapb.RichMediaReq {
	return &mediapb.RichMediaReq{
		Head:         mediaHead(1, mediaKeys, &mediapb.SceneInfo{RequestType: 2, BusinessType: 1}),
		DownloadRkey: &mediapb.DownloadRkeyReq{Types: []int32{rkeyPrivate, rkeyGroup, 2}},
	}
}

func keysOf(resp *mediapb.RichMediaResp, now time.Time) []Rkey {
	keys := []Rkey{}
	for _, k := range resp.GetDownloadRkey().GetRkeys() {
		created := int64(k.GetCreateTime())
		if created == 0 {
			created = now.Unix()
		}
		keys = append(keys, Rkey{Type: k.GetType(), Key: k.GetRkey(), Created: created, TTL: min(k.GetTtl(), uint64(maxKeyAge/time.Second))})
	}
	return keys
}

// until is when a key is replaced.
func (k Rkey) until() time.Time {
	ttl := time.Duration(k.TTL) * time.Second
	return time.Unix(k.Created, 0).Add(ttl - min(keyMargin, ttl/10))
}

// fresh returns all keys; nil: they are to be asked for.
func (r *rkeys) fresh(now time.Time) []Rkey {
	r.mu.Lock()
	defer r.mu.Unlock()
	dying := func(k Rkey) bool { return !now.Before(k.until()) }
	if len(r.keys) == 0 || slices.ContainsFunc(r.keys, dying) && time.Since(r.asked) >= keyPause {
		return nil
	}
	return slices.Clone(r.keys)
}

// put notes an answer.
func (r *rkeys) put(keys []Rkey, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys, r.asked, r.none = keys, time.Now(), err != nil || len(keys) == 0
}

// forget makes the next address ask anew.
func (r *rkeys) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = nil
}

// paused reports whether keys could not be had a moment ago.
func (r *rkeys) paused() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.none && time.Since(r.asked) < keyPause
}

// known reports whether an address needs no question for keys now.
func (r *rkeys) known(now time.Time) bool { return r.paused() || r.fresh(now) != nil }

// rkey returns the key of a type; "": there is none.
func (c *Client) rkey(ctx context.Context, typ uint32) string {
	if c.rkeys.paused() {
		return ""
	}
	keys, err := c.Media().Rkeys(ctx)
	if err != nil {
		c.log.Debug("no keys of media", "err", err)
	}
	for _, k := range keys {
		if k.Type == typ {
			return k.Key
		}
	}
	return ""
}

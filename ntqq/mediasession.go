package ntqq

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/highway"
	"libration/internal/pb/mediapb"
	"libration/internal/rpc"
	"libration/internal/text"
)

// highwayFor is how long a session of the highway is used.
const highwayFor = 12 * time.Hour

// highwayServers is the kind of servers that take uploads (docs/protocol/media.md 3.1).
const highwayServers = 1

var errNoHighway = text.Errorf("the answer names no ticket for uploads, or no server", "应答中没有上传凭证或服务器地址")

// highwaySession is a ticket for uploads, and where they go.
type highwaySession struct {
	ticket []byte   // a secret
	addrs  []string // host:port
	until  time.Time
}

// highways keeps the session of the highway: for 12 hours, until the connection is a new
// one, or an upload fails. It is safe for concurrent use.
type highways struct {
	mu      sync.Mutex // guards current
	current *highwaySession
}

// forget makes the next upload ask anew; nil: whatever there is. A session that has been
// replaced already is not asked for again.
func (h *highways) forget(s *highwaySession) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s == nil || h.current == s {
		h.current = nil
	}
}

func (h *highways) get() *highwaySession {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.current != nil && time.Now().Before(h.current.until) {
		return h.current
	}
	return nil
}

// highwaySession returns the session, which is asked for once for all who want it at the
// same time.
func (c *Client) highwaySession(ctx context.Context) (*highwaySession, error) {
	if s := c.highways.get(); s != nil {
		return s, nil
	}
	s, err := once(ctx, c, "highway", func(ctx context.Context) (*highwaySession, error) {
		resp, err := call(ctx, c, rpc.HighwaySession, highwayRequest(c.session.Ticket()))
		if err != nil {
			return nil, err
		}
		s, err := readHighway(resp)
		if err == nil {
			err = c.keepReachable(s)
		}
		if err != nil {
			return nil, err
		}
		c.highways.mu.Lock()
		c.highways.current = s
		c.highways.mu.Unlock()
		return s, nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask for the highway: %w", err)
	}
	return s, nil
}

// keepReachable leaves the addresses that uploads may go to. The error is that of one that
// they may not, when no other is there.
func (c *Client) keepReachable(s *highwaySession) (err error) {
	s.addrs = slices.DeleteFunc(s.addrs, func(addr string) bool {
		refused := c.reach().Check(netip.MustParseAddrPort(addr).Addr())
		err = cmp.Or(err, refused)
		return refused != nil
	})
	if len(s.addrs) > 0 {
		return nil
	}
	return err
}

func highwayRequest(ticket []byte) *mediapb.HighwaySessionReq {
	return &mediapb.HighwaySessionReq{Body: &mediapb.HighwaySessionReqBody{
		AppId: 16, LoginSigType: proto.Uint32(1), LoginSigTicket: []byte(hex.EncodeToString(ticket)),
		RequestFlag: 3, ServiceTypes: []uint32{1, 5, 10, 21}, Field9: 2, Field10: 9, Field11: 8, Version: "1.0.1",
	}}
}

func readHighway(resp *mediapb.HighwaySessionResp) (*highwaySession, error) {
	s := &highwaySession{ticket: resp.GetBody().GetSigSession(), until: time.Now().Add(highwayFor)}
	for _, servers := range resp.GetBody().GetServers() {
		if servers.GetServiceType() != highwayServers {
			continue
		}
		for _, a := range servers.GetAddrs() {
			if port := a.GetPort(); port > 0 && port < 1<<16 {
				s.addrs = append(s.addrs, netip.AddrPortFrom(highway.IPv4(a.GetIp()), uint16(port)).String())
			}
		}
	}
	if len(s.ticket) == 0 || len(s.addrs) == 0 {
		return nil, errNoHighway
	}
	return s, nil
}

// once runs f once for all who ask for key at the same time.
func once[T any](ctx context.Context, c *Client, key string, f func(context.Context) (T, error)) (T, error) {
	done := c.cache.fetch.DoChan(key, func() (any, error) {
		// Not the caller's context: others may be waiting for the same answer. Every
		// request has its own time limit.
		return f(context.WithoutCancel(ctx))
	})
	select {
	case r := <-done:
		v, _ := r.Val.(T)
		return v, r.Err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

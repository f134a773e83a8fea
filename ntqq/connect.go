package ntqq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	lookupTimeout = 5 * time.Second
	probeTimeout  = 3 * time.Second
	dialTimeout   = 5 * time.Second
)

// errNoServer: no address could be found or dialled.
var errNoServer = errors.New("no server can be reached")

// connect chooses a server by latency and dials it, the next best when it fails.
func (s *session) connect(ctx context.Context) (net.Conn, string, error) {
	c := s.c
	c.setState(State{Stage: Probing}, nil)
	if err := c.findServers(ctx); err != nil {
		return nil, "", errors.Join(errNoServer, err)
	}
	addrs, err := c.addresses(ctx)
	if err != nil {
		return nil, "", err
	}
	if len(addrs) > 1 {
		addrs = c.probe(ctx, addrs)
	}
	c.setState(State{Stage: Connecting}, nil)
	errs := []error{errNoServer}
	for _, a := range addrs {
		dialCtx, cancel := context.WithTimeout(ctx, dialTimeout)
		nc, err := c.opts.Dial(dialCtx, "tcp", a)
		cancel()
		if err == nil {
			return nc, a, nil
		}
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		c.log.Debug("server not reached", "server", a, "err", err)
		errs = append(errs, err)
	}
	return nil, "", errors.Join(errs...)
}

// findServers asks Options.FindServers. Servers is only used by the session's
// goroutine.
func (c *Client) findServers(ctx context.Context) error {
	if c.opts.FindServers == nil {
		return nil
	}
	servers, err := c.opts.FindServers(ctx)
	if err != nil {
		return err
	}
	servers.setDefaults()
	if err := servers.validate(); err != nil {
		return err
	}
	c.opts.Servers = servers
	return nil
}

// addresses are the configured ones, or what the host names resolve to.
func (c *Client) addresses(ctx context.Context) ([]string, error) {
	s := c.opts.Servers
	if len(s.Addresses) > 0 {
		return s.Addresses, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	var (
		addrs []string
		errs  = []error{errNoServer}
	)
	for _, h := range s.Hosts {
		ips, err := c.opts.Lookup(ctx, h)
		if err != nil {
			errs = append(errs, fmt.Errorf("look up %s: %w", h, err))
			continue
		}
		for _, ip := range ips {
			addrs = append(addrs, net.JoinHostPort(ip, strconv.Itoa(int(s.Port))))
		}
	}
	if len(addrs) == 0 {
		return nil, errors.Join(errs...)
	}
	return addrs, nil
}

// probe sorts addresses by the time a TCP connection takes; those that fail come
// last, in their old order.
func (c *Client) probe(ctx context.Context, addrs []string) []string {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	type result struct {
		addr string
		took time.Duration
	}
	results := make([]result, len(addrs))
	var wg sync.WaitGroup
	for i, a := range addrs {
		wg.Go(func() {
			start := time.Now()
			results[i] = result{a, probeTimeout}
			nc, err := c.opts.Dial(ctx, "tcp", a)
			if err != nil {
				return
			}
			nc.Close()
			results[i].took = min(time.Since(start), probeTimeout-1)
		})
	}
	wg.Wait()
	slices.SortStableFunc(results, func(a, b result) int { return cmp.Compare(a.took, b.took) })
	sorted := make([]string, len(results))
	for i, r := range results {
		sorted[i] = r.addr
	}
	return sorted
}

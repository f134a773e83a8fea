package ntqq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
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
	// badFirst is how long a server that failed goes behind the others, doubling up to
	// badMost.
	badFirst = time.Minute
	badMost  = 30 * time.Minute
)

// errNoServer: no address could be found or dialled.
var errNoServer = errors.New("no server can be reached")

// errSilent: the connection stood, and nothing came.
var errSilent = fmt.Errorf("%w: the server is silent", ErrConnectionLost)

// badServer is one that failed lately.
type badServer struct {
	until time.Time
	pause time.Duration
}

// connect chooses a server and dials it, the next best one when it fails.
func (s *session) connect(ctx context.Context) (net.Conn, string, error) {
	c := s.c
	c.setState(State{Stage: Probing}, nil)
	if err := c.findServers(ctx); err != nil {
		return nil, "", errors.Join(errNoServer, err)
	}
	addrs, err := s.addresses(ctx)
	if err != nil {
		return nil, "", err
	}
	choices := s.choices(ctx, addrs)
	s.several = len(choices) > 1
	errs := []error{errNoServer}
	for i, a := range choices {
		c.server = a.address
		c.setState(State{Stage: Connecting}, nil)
		dialCtx, cancel := context.WithTimeout(ctx, dialTimeout)
		nc, err := c.opts.Dial(dialCtx, "tcp", a.address)
		cancel()
		if err == nil {
			c.log.Info("connected", "server", a.address, "choice", i+1, "of", len(choices), "latency", a.latency.Round(time.Millisecond))
			return nc, a.address, nil
		}
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		s.blame(a.address, err)
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

// addresses are the configured ones, or what the host names resolve to; of a name
// that cannot be looked up, what it resolved to the last time; and when there are
// none, the built-in ones.
func (s *session) addresses(ctx context.Context) ([]string, error) {
	c := s.c
	servers := &c.opts.Servers
	if len(servers.Addresses) > 0 {
		return servers.Addresses, nil
	}
	limited, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	found, failed := make([][]string, len(servers.Hosts)), make([]error, len(servers.Hosts))
	var wg sync.WaitGroup
	for i, h := range servers.Hosts {
		wg.Go(func() { found[i], failed[i] = c.opts.Lookup(limited, h) })
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var addrs []string
	errs := []error{errNoServer}
	for i, h := range servers.Hosts {
		if failed[i] != nil {
			errs = append(errs, fmt.Errorf("look up %s: %w", h, failed[i]))
		} else {
			s.lookedUp[h] = found[i]
		}
		for _, ip := range s.lookedUp[h] {
			addrs = append(addrs, net.JoinHostPort(ip, strconv.Itoa(int(servers.Port))))
		}
	}
	err := errors.Join(errs...)
	switch {
	case len(addrs) == 0 && len(servers.Fallback) == 0:
		return nil, err
	case len(addrs) == 0:
		c.notes.Warn("lookup", "no server name can be looked up: using the built-in addresses", "err", err)
		return servers.Fallback, nil
	case len(errs) > 1:
		c.log.Debug("server names not looked up", "err", err)
	}
	return addrs, nil
}

// choice is a server that may be dialled.
type choice struct {
	address string
	// latency is how long a TCP connection took; probeTimeout when there was none, 0
	// when it is the only choice and was not tried.
	latency time.Duration
	bad     time.Time // until when it goes behind the others
}

// choices are the servers in the order in which they are tried: those that answer,
// those first that have not failed lately, by latency. None is left out.
func (s *session) choices(ctx context.Context, addrs []string) []choice {
	now := time.Now()
	maps.DeleteFunc(s.bad, func(_ string, b badServer) bool { return now.After(b.until.Add(badMost)) })
	all := make([]choice, len(addrs))
	for i, a := range addrs {
		all[i].address = a
		if b := s.bad[a]; now.Before(b.until) {
			all[i].bad = b.until
		}
	}
	if len(all) == 1 {
		return all
	}
	s.c.probe(ctx, all)
	slices.SortStableFunc(all, func(a, b choice) int {
		return cmp.Or(
			cmp.Compare(a.latency/probeTimeout, b.latency/probeTimeout), // 1 for those that did not answer
			a.bad.Compare(b.bad), // zero for the good ones
			cmp.Compare(a.latency, b.latency),
		)
	})
	return all
}

// probe measures how long TCP connections to all of them take.
func (c *Client) probe(ctx context.Context, all []choice) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for i := range all {
		a := &all[i]
		wg.Go(func() {
			start := time.Now()
			a.latency = probeTimeout
			nc, err := c.opts.Dial(ctx, "tcp", a.address)
			if err != nil {
				return
			}
			nc.Close()
			a.latency = min(time.Since(start), probeTimeout-1)
		})
	}
	wg.Wait()
}

// blame puts a server behind the others for a while.
func (s *session) blame(address string, err error) {
	b := s.bad[address]
	b.pause = min(max(badFirst, 2*b.pause), badMost)
	b.until = time.Now().Add(b.pause)
	s.bad[address] = b
	if s.several {
		s.c.log.Info("server failed: others come first for a while", "server", address, "for", b.pause, "err", err)
	}
}

// judge remembers how a connection to a server ended.
func (s *session) judge(address string, onlineFor time.Duration, err error) {
	steady := onlineFor >= steadyAfter
	if steady {
		delete(s.bad, address)
	}
	lost := errors.Is(err, ErrConnectionLost) || errors.Is(err, ErrTimeout)
	if errors.Is(err, errSilent) || lost && !steady {
		s.blame(address, err)
	}
}

package session

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"libration/internal/network"
	"libration/internal/text"
	"libration/ntqq/session/link"
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
var errNoServer = text.Errorf("no server can be reached", "无法连接任何服务器")

// badServer is one that failed lately.
type badServer struct {
	until time.Time
	pause time.Duration
}

// connect chooses a server and dials it, the next best one when it fails.
func (l *loop) connect(ctx context.Context) (net.Conn, string, error) {
	s := l.s
	s.setState(State{Stage: Probing}, nil)
	if err := s.findServers(ctx); err != nil {
		return nil, "", errors.Join(errNoServer, err)
	}
	addrs, err := l.addresses(ctx)
	if err != nil {
		return nil, "", err
	}
	choices := l.choices(ctx, addrs)
	l.several = len(choices) > 1
	errs := []error{errNoServer}
	for i, a := range choices {
		s.server = a.address
		s.setState(State{Stage: Connecting}, nil)
		dialCtx, cancel := context.WithTimeout(ctx, dialTimeout)
		nc, err := s.network().Dial(dialCtx, "tcp", a.address)
		cancel()
		if err == nil {
			s.log.Info("connected", "server", a.address, "choice", i+1, "of", len(choices), "latency", a.latency.Round(time.Millisecond))
			return nc, a.address, nil
		}
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		if errors.Is(err, network.ErrProxy) { // no fault of the server, and others would not do better
			return nil, "", errors.Join(errNoServer, err)
		}
		l.blame(a.address, err)
		errs = append(errs, err)
	}
	return nil, "", errors.Join(errs...)
}

// network is what the session's connections are made by.
func (s *Session) network() network.Network {
	return network.Network{DialFunc: s.opts.Dial, Proxy: s.proxy}
}

// findServers asks Options.FindServers. Servers is only used by the session's
// goroutine.
func (s *Session) findServers(ctx context.Context) error {
	if s.opts.FindServers == nil {
		return nil
	}
	servers, err := s.opts.FindServers(ctx)
	if err != nil {
		return err
	}
	servers.setDefaults()
	if err := servers.validate(); err != nil {
		return err
	}
	s.opts.Servers = servers
	s.media.Store(&servers.Media)
	s.web.Store(&servers.Web)
	return nil
}

// addresses are the configured ones, or what the host names resolve to; of a name
// that cannot be looked up, what it resolved to the last time; and when there are
// none, the built-in ones. A proxy looks names up itself.
func (l *loop) addresses(ctx context.Context) ([]string, error) {
	s := l.s
	servers := &s.opts.Servers
	if len(servers.Addresses) > 0 {
		return servers.Addresses, nil
	}
	var addrs []string
	for _, h := range servers.Hosts {
		if address := net.JoinHostPort(h, strconv.Itoa(int(servers.Port))); s.proxy.For(address) != nil {
			addrs = append(addrs, address)
		}
	}
	if len(addrs) > 0 {
		return append(addrs, servers.Fallback...), nil
	}
	limited, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	found, failed := make([][]string, len(servers.Hosts)), make([]error, len(servers.Hosts))
	var wg sync.WaitGroup
	for i, h := range servers.Hosts {
		wg.Go(func() { found[i], failed[i] = s.opts.Lookup(limited, h) })
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	errs := []error{errNoServer}
	for i, h := range servers.Hosts {
		if failed[i] != nil {
			errs = append(errs, text.Errorf("look up %s: %v", "查询 %s：%v", h, failed[i]))
		} else {
			l.lookedUp[h] = found[i]
		}
		for _, ip := range l.lookedUp[h] {
			addrs = append(addrs, net.JoinHostPort(ip, strconv.Itoa(int(servers.Port))))
		}
	}
	err := errors.Join(errs...)
	switch {
	case len(addrs) == 0 && len(servers.Fallback) == 0:
		return nil, err
	case len(addrs) == 0:
		s.notes.Warn("lookup", "no server name can be looked up: using the built-in addresses", "err", err)
		return servers.Fallback, nil
	case len(errs) > 1:
		s.log.Debug("server names not looked up", "err", err)
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
func (l *loop) choices(ctx context.Context, addrs []string) []choice {
	now := time.Now()
	maps.DeleteFunc(l.bad, func(_ string, b badServer) bool { return now.After(b.until.Add(badMost)) })
	all := make([]choice, len(addrs))
	for i, a := range addrs {
		all[i].address = a
		if b := l.bad[a]; now.Before(b.until) {
			all[i].bad = b.until
		}
	}
	if len(all) == 1 {
		return all
	}
	l.s.probe(ctx, all)
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
func (s *Session) probe(ctx context.Context, all []choice) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for i := range all {
		a := &all[i]
		wg.Go(func() {
			start := time.Now()
			a.latency = probeTimeout
			nc, err := s.network().Dial(ctx, "tcp", a.address)
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
func (l *loop) blame(address string, err error) {
	b := l.bad[address]
	b.pause = min(max(badFirst, 2*b.pause), badMost)
	b.until = time.Now().Add(b.pause)
	l.bad[address] = b
	if l.several {
		l.s.log.Info("server failed: others come first for a while", "server", address, "for", b.pause, "err", err)
	}
}

// judge remembers how a connection to a server ended.
func (l *loop) judge(address string, onlineFor time.Duration, err error) {
	steady := onlineFor >= steadyAfter
	if steady {
		delete(l.bad, address)
	}
	lost := errors.Is(err, ErrConnectionLost) || errors.Is(err, ErrTimeout)
	if errors.Is(err, link.ErrSilent) || lost && !steady {
		l.blame(address, err)
	}
}

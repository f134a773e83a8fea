package media

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"libration/internal/network"
	"libration/internal/text"
)

const (
	maxRedirects = 5
	// dialTimeout bounds the connecting to one address of a host, headTimeout the waiting
	// for the head of an answer.
	dialTimeout = 10 * time.Second
	headTimeout = 30 * time.Second
	maxHead     = 64 << 10
	// browser is what sites that refuse programs let in.
	browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)

// Reach says what of the network is reached. Its zero value reaches public addresses only.
type Reach struct {
	// AllowPrivate opens loopback, private and carrier-grade NAT addresses. Link-local ones,
	// metadata services and multicast are never reached.
	AllowPrivate bool
	// Proxy is what connections to public addresses go through, as in [FilesOptions]. "": they
	// are direct.
	Proxy string
	// Dial connects as net.Dialer.DialContext does, Lookup resolves a name; nil: the system does.
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Lookup func(ctx context.Context, host string) ([]string, error)
}

// Client returns an HTTP client that stays within reach, redirects included: another address
// gives an [AddressError]. It keeps no connections.
func (r Reach) Client() *http.Client {
	return newGuarded(&FilesOptions{AllowPrivate: r.AllowPrivate, Proxy: r.Proxy, Dial: r.Dial, lookup: r.Lookup}).client(false)
}

// Check returns an [AddressError] for an address that is not within reach.
func (r Reach) Check(a netip.Addr) error {
	if of := reachOf(a); of != public && (of != private || !r.AllowPrivate) {
		return &AddressError{Host: a.String(), Address: a, Private: of == private}
	}
	return nil
}

// guarded makes HTTP requests to addresses that may be reached. Each is checked after its
// name was resolved here, and that very address is connected to, by the proxy, too. A name
// that cannot be resolved here is left to the proxy only with allowPrivate, as nobody can
// check what it stands for.
type guarded struct {
	allowPrivate     bool
	allow            func(host string, address netip.AddrPort) bool
	lookup           func(ctx context.Context, host string) ([]string, error)
	network          network.Network
	unusable         error // of the proxy's URL
	direct, proxying *http.Transport
}

func newGuarded(o *FilesOptions) *guarded {
	g := &guarded{allowPrivate: o.AllowPrivate, allow: o.Allow, lookup: o.lookup, network: network.Network{DialFunc: o.Dial}}
	if g.lookup == nil {
		g.lookup = network.Lookup
	}
	g.network.Proxy, g.unusable = network.ParseProxy(o.Proxy)
	// Connections are not kept: no goroutine outlives its request.
	transport := func(by network.Network) *http.Transport {
		return &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return g.connect(ctx, by, network, address)
			},
			DisableKeepAlives: true, DisableCompression: true, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: headTimeout, MaxResponseHeaderBytes: maxHead,
		}
	}
	g.direct, g.proxying = transport(network.Network{DialFunc: o.Dial}), transport(g.network)
	return g
}

// client returns a client that follows redirects.
func (g *guarded) client(noProxy bool) *http.Client {
	return &http.Client{
		Transport: tripper{g, noProxy},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return text.Errorf("more than %d redirects", "重定向超过 %d 次", maxRedirects)
			}
			if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
				return text.Errorf("a redirect to %s: only http and https are followed", "重定向到 %s：只支持 http 和 https", r.URL.Scheme)
			}
			return nil
		},
	}
}

// tripper sends one request, with or without a proxy.
type tripper struct {
	*guarded
	noProxy bool
}

// RoundTrip implements http.RoundTripper.
func (t tripper) RoundTrip(r *http.Request) (*http.Response, error) {
	switch {
	case t.noProxy:
		return t.direct.RoundTrip(r)
	case t.unusable != nil:
		return nil, t.unusable
	}
	return t.proxying.RoundTrip(r)
}

// endsInNumber tells of a host that systems may read as an IPv4 address, such as 127.1,
// 0x7f000001 or 2130706433.
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	digits := strings.TrimLeft(last, "0123456789")
	if hex, ok := strings.CutPrefix(strings.ToLower(last), "0x"); ok {
		digits = strings.TrimLeft(hex, "0123456789abcdef")
	}
	return last != "" && digits == ""
}

// connect connects to a host at an address that may be reached.
func (g *guarded) connect(ctx context.Context, by network.Network, network, asked string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(asked)
	if err != nil {
		return nil, err
	}
	all, err := g.reachable(ctx, host, port)
	if _, unknown := errors.AsType[*net.DNSError](err); unknown && by.Proxy.For(asked) != nil {
		switch {
		case endsInNumber(host): // the proxy may read it as an address
			return nil, text.Errorf("%q is no address: write it as 192.0.2.1", "%q 不是地址：请写成 192.0.2.1 的形式", shortened(host))
		case !g.allowPrivate:
			return nil, text.Errorf("%v: what the proxy would make of the name cannot be checked", "%v：无法检查代理会把该域名解析到哪里", err)
		}
		return by.Dial(ctx, network, asked)
	}
	if err != nil {
		return nil, err
	}
	var failed []error
	for _, to := range all {
		dialing, cancel := context.WithTimeout(ctx, dialTimeout)
		conn, err := by.DialAs(dialing, network, asked, to.String())
		cancel()
		if err == nil {
			return conn, nil
		}
		failed = append(failed, err)
	}
	return nil, errors.Join(failed...)
}

// reachable returns the addresses of a host that may be reached, at least one.
func (g *guarded) reachable(ctx context.Context, host, port string) (all []netip.AddrPort, err error) {
	names := []string{host}
	if _, err := netip.ParseAddr(host); err != nil {
		if names, err = g.lookup(ctx, host); err != nil {
			return nil, err
		}
	}
	var refused error
	for _, name := range names {
		to, err := netip.ParseAddrPort(net.JoinHostPort(name, port))
		if err != nil {
			return nil, fmt.Errorf("look up %s: %w", host, err)
		}
		if err := g.check(net.JoinHostPort(host, port), to); err != nil {
			refused = err
			continue
		}
		all = append(all, to)
	}
	if len(all) == 0 {
		return nil, cmp.Or(refused, text.Errorf("%s has no address", "%s 没有地址", host))
	}
	return all, nil
}

func (g *guarded) check(host string, to netip.AddrPort) error {
	refused, ok := errors.AsType[*AddressError](Reach{AllowPrivate: g.allowPrivate}.Check(to.Addr()))
	if !ok || g.allow != nil && g.allow(host, to) {
		return nil
	}
	refused.Host, _, _ = net.SplitHostPort(host)
	return refused
}

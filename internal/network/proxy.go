package network

import (
	"cmp"
	"crypto/x509"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"libration/internal/text"
)

// Words that stand for a proxy.
const (
	// Direct: there is no proxy.
	Direct = "direct"
	// Environment: the proxy of the environment's variables.
	Environment = "environment"
)

// Proxy is where connections are made through. The nil one is none. It is safe for
// concurrent use.
type Proxy struct {
	url         *url.URL // nil: environment says
	environment func(*url.URL) (*url.URL, error)
	roots       *x509.CertPool // of the certificates of https:// proxies; nil: the system's
}

// ParseProxy reads what somebody wrote: "" or [Direct] for none, [Environment], or
// socks5://, http:// or https:// with host and port, and user and password before them
// where the proxy wants them. Its error does not repeat it, as it may hold a password.
//
// Of the environment, the first of HTTPS_PROXY, ALL_PROXY and HTTP_PROXY counts, with
// NO_PROXY, in capitals or not. They are read once, here.
func ParseProxy(written string) (*Proxy, error) {
	switch written {
	case "", Direct:
		return nil, nil
	case Environment:
		return environment(os.Getenv)
	}
	u, err := proxyURL(written)
	if err != nil {
		return nil, err
	}
	return &Proxy{url: u}, nil
}

// environment returns the proxy of the environment; nil where it names none.
func environment(getenv func(string) string) (*Proxy, error) {
	value := func(name string) string { return cmp.Or(getenv(name), getenv(strings.ToLower(name))) }
	for _, name := range []string{"HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY"} {
		written := value(name)
		if written == "" {
			continue
		}
		if !strings.Contains(written, "://") { // as other programs read it
			written = "http://" + written
		}
		u, err := proxyURL(written)
		if err != nil {
			return nil, text.Errorf("%s of the environment: %v", "环境变量 %s：%v", name, err)
		}
		c := httpproxy.Config{HTTPSProxy: u.String(), NoProxy: value("NO_PROXY")}
		return &Proxy{environment: c.ProxyFunc()}, nil
	}
	return nil, nil
}

// proxyURL reads the URL of a proxy, and puts its port where it has none.
func proxyURL(written string) (*url.URL, error) {
	ports := map[string]string{"socks5": "1080", "socks5h": "1080", "http": "80", "https": "443"}
	u, err := url.Parse(written)
	if err != nil || u.Hostname() == "" || strings.ContainsAny(u.Hostname(), " %") {
		return nil, text.Errorf("not the URL of a proxy: write socks5://HOST:PORT, http://HOST:PORT or https://HOST:PORT, and user:password@ before the host where it wants them",
			"不是代理的网址：请写 socks5://HOST:PORT、http://HOST:PORT 或 https://HOST:PORT，需要用户名和密码时在主机前加 user:password@")
	}
	if ports[u.Scheme] == "" {
		return nil, text.Errorf("proxies are socks5://, http:// and https://, not %q", "代理须为 socks5://、http:// 或 https://，而不是 %q", u.Scheme+"://")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, text.Errorf("the port of a proxy is a number from 1 to 65535", "代理的端口为 1 到 65535")
		}
	}
	if strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment != "" {
		return nil, text.Errorf("nothing follows the port of a proxy", "代理的端口之后不能有其他内容")
	}
	password, _ := u.User.Password()
	if len(u.User.Username()) > 255 || len(password) > 255 || u.User.Username() == "" && password != "" {
		return nil, text.Errorf("user and password of a proxy have 1 to 255 bytes each", "代理的用户名和密码各为 1 到 255 字节")
	}
	u.Host = net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), ports[u.Scheme]))
	u.Scheme, u.Path = strings.TrimSuffix(u.Scheme, "h"), ""
	return u, nil
}

// For returns the proxy for a connection to host:port; nil: it is direct. Addresses of this
// machine and of private networks, and names without a dot, are reached directly: a proxy
// elsewhere has others of the same name.
func (p *Proxy) For(address string) *url.URL {
	host, _, err := net.SplitHostPort(address)
	if p == nil || err != nil || near(host) {
		return nil
	}
	if p.url != nil {
		return p.url
	}
	u, err := p.environment(&url.URL{Scheme: "https", Host: address})
	if err != nil {
		return nil
	}
	return u
}

// Shown returns the proxy as it may be shown, without user and password; "" for none.
func (p *Proxy) Shown() string {
	if p == nil {
		return ""
	}
	if p.url == nil {
		return Environment
	}
	return shown(p.url)
}

func shown(u *url.URL) string { return u.Scheme + "://" + u.Host }

// Address returns the host:port of the proxy that a connection to some public address
// goes through; "" for none.
func (p *Proxy) Address() string {
	if u := p.For("libration.example:443"); u != nil {
		return u.Host
	}
	return ""
}

// near reports whether a host is this machine or in a network of its own.
func near(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		a = a.Unmap()
		return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified()
	}
	host = strings.TrimSuffix(host, ".")
	return !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost")
}

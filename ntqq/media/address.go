package media

import (
	"net/netip"

	"libration/internal/text"
)

// AddressError is a place in the network that media are not fetched from.
type AddressError struct {
	Host    string // as in the address that was asked for
	Address netip.Addr
	// Private: [FilesOptions.AllowPrivate] opens it. Others are never reached.
	Private bool
}

func (e *AddressError) Error() string { return e.text().EN }

// Unwrap returns the error in English and Chinese.
func (e *AddressError) Unwrap() error { return text.Errorf("%v", "%v", e.text()) }

func (e *AddressError) text() text.Text {
	where := text.Same(e.Host)
	if e.Host != e.Address.String() {
		where = text.T("%s (%s)", "%s（%s）").Fill(e.Host, e.Address)
	}
	if !e.Private {
		return text.T("%s is an address of this network itself (link-local, metadata, multicast ...), which is never reached", "%s 属于网络本身（链路本地、元数据、组播等），禁止访问").Fill(where)
	}
	return text.T("%s is an address of this machine or of a private network: to fetch from there set media.allow_private to true in the configuration, and start libration again", "%s 属于本机或内网：如需访问，请在配置中把 media.allow_private 设为 true，并重新启动 libration").Fill(where)
}

// reach is who may fetch from an address.
type reach uint8

const (
	public  reach = iota // everybody
	private              // who was allowed to
	never
)

// ranges are the addresses that are not public; the first that fits decides.
var ranges = []struct {
	reach
	prefixes []netip.Prefix
}{
	{never, prefixes(
		"0.0.0.0/8", "::/128", // this host, which systems take for loopback
		"169.254.0.0/16", "fe80::/10", // link-local, with the metadata services of most clouds
		"100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::/32", "fd20:ce::/64", // those of others
		"192.0.0.0/24", "64:ff9b:1::/48", "2001::/32", // protocols, local NAT64, Teredo
		"224.0.0.0/4", "ff00::/8", "240.0.0.0/4", // multicast, reserved, broadcast
	)},
	{private, prefixes(
		"127.0.0.0/8", "::1/128",
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10",
		"100.64.0.0/10", // carrier-grade NAT
	)},
}

// carriers hold an IPv4 address, from this byte on.
var carriers = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("::ffff:0:0/96"), 12},
	{netip.MustParsePrefix("::/96"), 12},
	{netip.MustParsePrefix("64:ff9b::/96"), 12}, // NAT64
	{netip.MustParsePrefix("2002::/16"), 2},     // 6to4
}

func prefixes(all ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(all))
	for i, s := range all {
		parsed[i] = netip.MustParsePrefix(s)
	}
	return parsed
}

// reachOf says who may fetch from an address.
func reachOf(a netip.Addr) reach {
	a = a.WithZone("")
	for _, r := range ranges {
		for _, p := range r.prefixes {
			if p.Contains(a) {
				return r.reach
			}
		}
	}
	for _, c := range carriers {
		if c.prefix.Contains(a) {
			b := a.As16()
			return reachOf(netip.AddrFrom4([4]byte(b[c.at:])))
		}
	}
	return public
}

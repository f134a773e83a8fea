package media

import (
	"net/netip"
	"testing"

	"libration/internal/text"
)

func TestReachOf(t *testing.T) {
	t.Parallel()
	for want, all := range map[reach][]string{
		public: {"1.1.1.1", "203.0.113.7", "198.18.0.5", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"},
		private: {
			"127.0.0.1", "127.255.0.9", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.0.1",
			"::1", "fc00::1", "fd12::1", "fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::c0a8:101", "2002:7f00:1::",
		},
		never: {
			"0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
			"::", "fe80::1", "fe80::1%eth0", "febf::1", "ff02::1", "fd00:ec2::254", "fd20:ce::254", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:a9fe:a9fe::", "2001:0:1::1",
		},
	} {
		for _, a := range all {
			if got := reachOf(netip.MustParseAddr(a)); got != want {
				t.Errorf("%s: got %d, want %d", a, got, want)
			}
		}
	}
}

func TestAddressErrorIsInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, e := range []*AddressError{{"a.example", netip.MustParseAddr("10.0.0.1"), true}, {"a.example", netip.MustParseAddr("169.254.0.1"), false}} {
		if said := text.Of(e); said.EN != e.Error() || said.ZH == said.EN {
			t.Errorf("got %+v", said)
		}
	}
}

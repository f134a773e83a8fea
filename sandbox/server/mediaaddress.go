package server

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/mediapb"
)

// mediaAddress is where the bytes of media go to and come from: an IPv4 address, as
// uploads know no other.
type mediaAddress netip.AddrPort

// memoryMedia stands for the address of a listener without sockets.
var memoryMedia = mediaAddress(netip.MustParseAddrPort("127.0.0.1:8080"))

// parseMediaAddress reads [Options.MediaAddress].
func parseMediaAddress(text string) (mediaAddress, error) {
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		return mediaAddress{}, err
	}
	if !a.Addr().Unmap().Is4() || a.Port() == 0 {
		return mediaAddress{}, fmt.Errorf("%s is no IPv4 address with a port", text)
	}
	return mediaAddress(netip.AddrPortFrom(a.Addr().Unmap(), a.Port())), nil
}

// reached is the address that a client has connected to. Of an IPv6 one the port counts:
// the loopback has it too.
func reached(local net.Addr) mediaAddress {
	tcp, ok := local.(*net.TCPAddr)
	if !ok {
		return memoryMedia
	}
	a := tcp.AddrPort()
	ip := a.Addr().Unmap()
	if !ip.Is4() || ip.IsUnspecified() {
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return mediaAddress(netip.AddrPortFrom(ip, a.Port()))
}

func (a mediaAddress) String() string { return netip.AddrPort(a).String() }
func (a mediaAddress) port() uint32   { return uint32(netip.AddrPort(a).Port()) }

// number is the address with the first octet in the low byte.
func (a mediaAddress) number() uint32 {
	ip := netip.AddrPort(a).Addr().As4()
	return binary.LittleEndian.Uint32(ip[:])
}

// storage is the address in answers to reservations.
func (a mediaAddress) storage() []*mediapb.MediaIpv4 {
	return []*mediapb.MediaIpv4{{
		OutIp: proto.Uint32(a.number()), OutPort: proto.Uint32(a.port()),
		InIp: proto.Uint32(0), InPort: proto.Uint32(0), IpType: proto.Uint32(0),
	}}
}

// storage6 is the same address, mapped to IPv6: one client cannot read an answer without
// (docs/protocol/media.md 10.3).
func (a mediaAddress) storage6() []*mediapb.MediaIpv6 {
	ip := netip.AddrPort(a).Addr().As16()
	return []*mediapb.MediaIpv6{{
		OutIp: ip[:], OutPort: proto.Uint32(a.port()), InPort: proto.Uint32(0), IpType: proto.Uint32(0),
	}}
}

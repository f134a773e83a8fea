package highway

import (
	"fmt"
	"net/netip"

	"google.golang.org/protobuf/encoding/protowire"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
)

// Ext is the extra information of the media uploads 1001 to 1008, the same in each block
// (docs/protocol/media.md 3.6).
type Ext struct {
	FileUUID string
	UKey     string
	Addrs    []*mediapb.MediaIpv4 // as the service named them
	MsgInfo  []byte               // the encoded MsgInfo of the answer: all its bodies go along
	// SHA1 is the hash of the file; of a video the whole list of its states.
	SHA1 [][20]byte
}

// Encode returns the bytes. The error means that MsgInfo cannot be read.
func (e Ext) Encode() ([]byte, error) {
	first := &mediapb.RichMediaHighwayExt{FileUuid: e.FileUUID, Ukey: e.UKey, Network: &mediapb.HighwayNetwork{}}
	for _, a := range e.Addrs {
		first.Network.Ipv4S = append(first.Network.Ipv4S, &mediapb.HighwayIpv4{
			Domain: &mediapb.HighwayDomain{IsEnable: true, Ip: IPv4(a.GetOutIp()).String()}, Port: a.GetOutPort(),
		})
	}
	last := &mediapb.RichMediaHighwayExt{BlockSize: BlockSize, Hash: &mediapb.HighwayHash{}}
	for _, sum := range e.SHA1 {
		last.Hash.FileSha1 = append(last.Hash.FileSha1, sum[:])
	}
	b, err := pb.Marshal(first)
	if err != nil {
		return nil, fmt.Errorf("encode upload information: %w", err)
	}
	if b, err = appendBodies(b, e.MsgInfo); err != nil {
		return nil, fmt.Errorf("encode upload information: description of the file: %w", err)
	}
	hashes, err := pb.Marshal(last)
	if err != nil {
		return nil, fmt.Errorf("encode upload information: %w", err)
	}
	return append(b, hashes...), nil
}

// Fields of MsgInfo and of RichMediaHighwayExt that hold the bodies.
const (
	bodyInMsgInfo = 1
	bodyInExt     = 6
)

// appendBodies copies the bodies as they came: the service may write what is not known
// here.
func appendBodies(dst, msgInfo []byte) ([]byte, error) {
	for len(msgInfo) > 0 {
		num, typ, tag := protowire.ConsumeTag(msgInfo)
		if tag < 0 {
			return nil, protowire.ParseError(tag)
		}
		size := protowire.ConsumeFieldValue(num, typ, msgInfo[tag:])
		if size < 0 {
			return nil, protowire.ParseError(size)
		}
		if num == bodyInMsgInfo && typ == protowire.BytesType {
			dst = protowire.AppendTag(dst, bodyInExt, protowire.BytesType)
			dst = append(dst, msgInfo[tag:tag+size]...)
		}
		msgInfo = msgInfo[tag+size:]
	}
	return dst, nil
}

// IPv4 is an address as uploads name it: the first octet is in the low byte of ip.
func IPv4(ip uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(ip), byte(ip >> 8), byte(ip >> 16), byte(ip >> 24)})
}

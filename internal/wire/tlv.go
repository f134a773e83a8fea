package wire

import (
	"encoding/binary"
	"fmt"
)

// TLV is one tagged value of a login packet; the value is at most 65535 bytes.
type TLV struct {
	Tag   uint16
	Value []byte
}

// TLVs is a TLV list in the order of the packet. Receivers must not depend on the order and skip what they do not know
// (docs/protocol/login.md 3).
type TLVs []TLV

// Get returns the value of the first TLV with the tag.
func (l TLVs) Get(tag uint16) ([]byte, bool) {
	for i := range l {
		if l[i].Tag == tag {
			return l[i].Value, true
		}
	}
	return nil, false
}

// key returns a value that must be a 16-byte key; false when it is absent or of another size.
func (l TLVs) key(tag uint16) (k [16]byte, ok bool) {
	v, ok := l.Get(tag)
	if !ok || len(v) != len(k) {
		return k, false
	}
	return [16]byte(v), true
}

// AppendTLVs appends the count and the TLVs. More than 65535 TLVs and a longer value are errors; dst is then returned
// unchanged.
func AppendTLVs(dst []byte, l TLVs) ([]byte, error) {
	if len(l) > 0xFFFF {
		return dst, fmt.Errorf("tlv list of %d items, at most 65535 can be sent", len(l))
	}
	b := binary.BigEndian.AppendUint16(dst, uint16(len(l)))
	for i := range l {
		if len(l[i].Value) > 0xFFFF {
			return dst, fmt.Errorf("tlv %#x of %d bytes, at most 65535 can be sent", l[i].Tag, len(l[i].Value))
		}
		b = binary.BigEndian.AppendUint16(b, l[i].Tag)
		b = appendL2(b, l[i].Value)
	}
	return b, nil
}

// ParseTLVs reads a count and that many TLVs; rest is what follows them. Values and rest alias b. The error wraps
// ErrTruncated.
func ParseTLVs(b []byte) (l TLVs, rest []byte, err error) {
	rd := &reader{b: b}
	count := int(rd.u16())
	// Each TLV takes at least four bytes, which bounds what a lying count can make us reserve.
	l = make(TLVs, 0, min(count, rd.remaining()/4))
	for range count {
		t := TLV{Tag: rd.u16(), Value: rd.l2()}
		if rd.err != nil {
			return nil, nil, fmt.Errorf("tlv %d of %d: %w", len(l)+1, count, rd.err)
		}
		l = append(l, t)
	}
	if rd.err != nil {
		return nil, nil, fmt.Errorf("tlv list: %w", rd.err)
	}
	return l, rd.rest(), nil
}

package wire

import (
	"encoding/binary"
	"fmt"
)

// Sub commands of the code-2d envelope (docs/protocol/login.md 4.1).
const (
	code2DFetch uint16 = 0x31
	code2DPoll  uint16 = 0x12
)

const (
	code2DRole    = 0x72
	code2DVersion = 50
	// code2DOverhead is the size of the inner packet without its data, from its 02 to its 03.
	code2DOverhead = 44
	// code2DReplyData is where the data of a reply begins.
	code2DReplyData = 55
	// code2DReplyLayer is where the layer of a reply begins, which its length words count from.
	code2DReplyLayer = 5
)

// Code2D is the envelope of the requests of the QR login. SubCommand 0x31 asks for a code (ParseQRFetch), 0x12 for its
// state (ParseQRPoll).
type Code2D struct {
	AppID      uint32
	SubCommand uint16
	Time       uint32 // Unix seconds
	Data       []byte
}

// Encode returns the plain oicq body of command OicqTransEmp. Data too long for the length word is an error.
func (c *Code2D) Encode() ([]byte, error) {
	inner := code2DOverhead + len(c.Data)
	if inner+4 > 0xFFFF {
		return nil, fmt.Errorf("code-2d request with %d bytes of data", len(c.Data))
	}
	f := make(fields, 0, 16+inner)
	f = f.u8(0).u16(uint16(inner + 4)).u32(c.AppID).u32(code2DRole).u16(0).u8(0)
	f = f.u32(c.Time).u8(oicqStart).u16(uint16(inner)).u16(c.SubCommand)
	f = append(f, make([]byte, 21)...)
	f = f.u8(3).u16(0).u16(code2DVersion).u32(0).u64(0).raw(c.Data).u8(oicqEnd)
	return f, nil
}

// ParseCode2D reads a plain oicq body of command OicqTransEmp; Data aliases it. The form that Android devices use to
// confirm codes gives ErrUnsupported.
func ParseCode2D(body []byte) (*Code2D, error) {
	rd := &reader{b: body}
	if sealed := rd.u8(); sealed != 0 {
		return nil, fmt.Errorf("%w: code-2d request under a service ticket", ErrUnsupported)
	}
	rd.u16()
	c := &Code2D{AppID: rd.u32()}
	rd.u32() // role
	rd.l2()  // service ticket
	rd.l1()
	c.Time = rd.u32()
	inner := rd.rest()
	if rd.err != nil {
		return nil, fmt.Errorf("code-2d request: %w", rd.err)
	}
	if len(inner) < code2DOverhead {
		return nil, fmt.Errorf("%w: code-2d request with %d inner bytes", ErrTruncated, len(inner))
	}
	n := int(binary.BigEndian.Uint16(inner[1:]))
	if n < code2DOverhead || n > len(inner) {
		return nil, fmt.Errorf("%w: code-2d request of length %d, %d left", ErrTruncated, n, len(inner))
	}
	c.SubCommand = binary.BigEndian.Uint16(inner[3:])
	// The end mark differs between clients: not checked.
	c.Data = inner[code2DOverhead-1 : n-1]
	return c, nil
}

// code2DReply is the envelope of the replies of the QR login.
type code2DReply struct {
	appID      uint32
	subCommand uint16
	code       uint8
	data       []byte
}

func (c *code2DReply) encode() ([]byte, error) {
	layer := code2DReplyData - code2DReplyLayer + len(c.data) + 1
	if layer > 0xFFFF {
		return nil, fmt.Errorf("code-2d reply with %d bytes of data", len(c.data))
	}
	f := make(fields, 0, code2DReplyLayer+layer)
	f = f.u8(0).u8(0).u16(uint16(layer)).u8(0)
	f = f.u8(oicqStart).u16(uint16(layer)).u16(c.subCommand)
	f = append(f, make([]byte, 21)...)
	f = f.u8(3).u16(0).u16(code2DVersion).u32(0).u64(0).u16(0).u32(c.appID).u8(c.code).raw(c.data).u8(oicqEnd)
	return f, nil
}

func parseCode2DReply(body []byte) (*code2DReply, error) {
	if len(body) < code2DReplyData+1 {
		return nil, fmt.Errorf("%w: code-2d reply of %d bytes", ErrTruncated, len(body))
	}
	if body[1] != 0 {
		return nil, fmt.Errorf("%w: code-2d reply under a service ticket", ErrUnsupported)
	}
	return &code2DReply{
		subCommand: binary.BigEndian.Uint16(body[8:]),
		appID:      binary.BigEndian.Uint32(body[50:]),
		code:       body[54],
		data:       body[code2DReplyData : len(body)-1],
	}, nil
}

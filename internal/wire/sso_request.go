package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"libration/internal/crypto"
)

// defaultLocale is simplified Chinese, what every client sends.
const defaultLocale = 2052

// fixedPart is an upper bound of what a frame has besides the contents of its fields: integers, lengths and the padding of TEA.
const fixedPart = 128

// requestConstant is what third-party clients send as the constant of the head.
var requestConstant = [12]byte{2}

// Request is a packet from client to server (docs/protocol/wire.md 2 and 3). Protocol 13 carries only Protocol, Flag, UIN, Sequence,
// Command, Cookie, Reserve and Body.
type Request struct {
	Protocol uint32 // Protocol12 or Protocol13
	Flag     Flag
	D2       []byte // the ticket; written with FlagD2 only
	UIN      string // decimal; "0" before the number is known
	Sequence uint32

	SubAppID uint32
	Locale   uint32   // when writing, 0 means 2052
	Constant [12]byte // when writing, zeros mean 02 00 ... 00
	A2       []byte   // the TGT; empty before the login
	Command  string
	Cookie   []byte
	GUID     []byte // as on the wire: 32 hex digits as text or 16 raw bytes
	Version  string // of the client, up to 65533 bytes
	Reserve  []byte // an encoded ssopb.SsoReserveFields
	Body     []byte
}

// AppendRequest appends the whole frame of r, with its length word, to dst. key is used with FlagD2. An error wraps ErrProtocol
// (unknown protocol or flag, or a version that is too long) or is a *FrameError (MaxFrame or more); dst is then returned as it was.
func AppendRequest(dst []byte, r *Request, key crypto.Key) ([]byte, error) {
	start := len(dst)
	if len(r.Version) > math.MaxUint16-2 {
		return dst, fmt.Errorf("%w: client version of %d bytes", ErrProtocol, len(r.Version))
	}
	b := beginP4(slices.Grow(dst, r.sizeHint()))
	b = binary.BigEndian.AppendUint32(b, r.Protocol)
	b = append(b, byte(r.Flag))
	switch r.Protocol {
	case Protocol12:
		if r.Flag == FlagD2 {
			b = appendP4(b, r.D2)
		} else {
			b = appendP4(b, "")
		}
	case Protocol13:
		b = binary.BigEndian.AppendUint32(b, r.Sequence)
	default:
		return dst, badProtocol(r.Protocol)
	}
	b = append(b, 0)
	b = appendP4(b, r.UIN)

	at := len(b) // of the SSO frame and the head
	b = beginP4(b)
	if r.Protocol == Protocol12 {
		b = r.appendHead12(b)
	} else {
		b = appendP4(b, r.Command)
		b = appendP4(b, r.Cookie)
		b = appendP4(b, r.Reserve)
	}
	endP4(b, at)
	b = appendP4(b, r.Body)
	b, err := seal(b, at, r.Flag, key)
	if err == nil {
		b, err = endFrame(b, start)
	}
	if err != nil {
		return dst, err
	}
	return b, nil
}

// sizeHint is a little over the size of the frame, so that writing one allocates at most once.
func (r *Request) sizeHint() int {
	return len(r.D2) + len(r.UIN) + len(r.A2) + len(r.Command) + len(r.Cookie) + len(r.GUID) + len(r.Version) + len(r.Reserve) +
		len(r.Body) + fixedPart
}

func (r *Request) appendHead12(b []byte) []byte {
	locale, constant := r.Locale, r.Constant
	if locale == 0 {
		locale = defaultLocale
	}
	if constant == ([12]byte{}) {
		constant = requestConstant
	}
	b = binary.BigEndian.AppendUint32(b, r.Sequence)
	b = binary.BigEndian.AppendUint32(b, r.SubAppID)
	b = binary.BigEndian.AppendUint32(b, locale)
	b = append(b, constant[:]...)
	b = appendP4(b, r.A2)
	b = appendP4(b, r.Command)
	b = appendP4(b, r.Cookie)
	b = appendP4(b, r.GUID)
	b = appendP4(b, "")
	b = appendP2(b, r.Version)
	return appendP4(b, r.Reserve)
}

// ParseRequest reads a frame without its length word and decrypts it in place: the byte slices of the result alias frame. keyFor is asked
// for the key of the ticket of a packet with FlagD2 and must not be nil. An error wraps ErrTruncated, ErrProtocol, ErrDecrypt or the error of keyFor. When
// keyFor fails or the packet does not decrypt, the result is not nil and has what stands outside the encrypted part: Protocol, Flag, D2
// and UIN, with protocol 13 also Sequence. With other errors it is nil.
func ParseRequest(frame []byte, keyFor func(d2 []byte) (crypto.Key, error)) (*Request, error) {
	in := reader{b: frame}
	r := &Request{Protocol: in.u32(), Flag: Flag(in.u8())}
	if in.err == nil {
		switch r.Protocol {
		case Protocol12:
			r.D2 = in.p4()
		case Protocol13:
			r.Sequence = in.u32()
		default:
			return nil, badProtocol(r.Protocol)
		}
		if r.Flag > FlagEmpty {
			return nil, badFlag(r.Flag)
		}
	}
	in.u8()
	uin := in.p4()
	if in.err != nil || len(uin) > maxUIN {
		return nil, badServicePacket(in.err, len(uin))
	}
	r.UIN = string(uin)
	var key crypto.Key
	if r.Flag == FlagD2 {
		var err error
		if key, err = keyFor(r.D2); err != nil {
			return r, fmt.Errorf("key of a ticket of %d bytes: %w", len(r.D2), err)
		}
	}
	plain, err := open(in.rest(), r.Flag, key)
	if err != nil {
		return r, err
	}
	if err := r.parseSSO(plain); err != nil {
		return nil, err
	}
	return r, nil
}

// parseSSO reads a decrypted SSO frame, P4(head) P4(body). What stands behind the last field of the head and behind the body is ignored.
func (r *Request) parseSSO(b []byte) error {
	in := reader{b: b}
	head := reader{b: in.p4()}
	if in.err != nil {
		return fmt.Errorf("request head: %w", in.err)
	}
	if len(head.b) > maxHead {
		return fmt.Errorf("%w: request head of %d bytes", ErrProtocol, len(head.b))
	}
	if r.Protocol == Protocol12 {
		r.parseHead12(&head)
	} else {
		r.Command = string(head.p4())
		r.Cookie = head.p4()
		r.Reserve = head.p4()
	}
	if head.err != nil {
		return fmt.Errorf("request head: %w", head.err)
	}
	r.Body = in.p4()
	if in.err != nil {
		return fmt.Errorf("body of %q: %w", r.Command, in.err)
	}
	return nil
}

func (r *Request) parseHead12(head *reader) {
	r.Sequence = head.u32()
	r.SubAppID = head.u32()
	r.Locale = head.u32()
	copy(r.Constant[:], head.bytes(len(r.Constant)))
	r.A2 = head.p4()
	r.Command = string(head.p4())
	r.Cookie = head.p4()
	r.GUID = head.p4()
	head.p4()
	r.Version = string(head.p2())
	r.Reserve = head.p4()
}

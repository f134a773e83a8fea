package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"libration/internal/crypto"
)

// pushCommand is the command of nearly all pushes.
const pushCommand = "trpc.msg.olpush.OlPushService.MsgPush"

// Response is a packet from server to client: an answer or a push (docs/protocol/wire.md 4).
type Response struct {
	Protocol    uint32 // of the request; Protocol12 in pushes
	Flag        Flag
	UIN         string // as in the request
	Sequence    int32  // of the request; negative in pushes, 0 in errors that belong to no request
	Code        int32  // 0, or why the request failed: docs/protocol/wire.md 5
	Extra       string // text for people, with a Code
	Command     string
	Cookie      []byte
	Compression uint32 // one of the Compression constants
	Reserve     []byte // an encoded ssopb.SsoReserveFields
	ServerTime  uint32 // Unix seconds; 0 when absent
	Body        []byte // inflated
}

// AppendResponse appends the whole frame of r, with its length word and all fields of the head, to dst. The body is packed as Compression
// says. key is used with FlagD2. An error wraps ErrProtocol or ErrCompression or is a *FrameError (MaxFrame or more); dst is then returned as it was.
func AppendResponse(dst []byte, r *Response, key crypto.Key) ([]byte, error) {
	if !responseProtocol(r.Protocol) {
		return dst, badProtocol(r.Protocol)
	}
	start := len(dst)
	b := beginP4(slices.Grow(dst, len(r.UIN)+len(r.Extra)+len(r.Command)+len(r.Cookie)+len(r.Reserve)+len(r.Body)+fixedPart))
	b = binary.BigEndian.AppendUint32(b, r.Protocol)
	b = append(b, byte(r.Flag), 0)
	b = appendP4(b, r.UIN)

	at := len(b) // of the SSO frame and the head
	b = beginP4(b)
	b = binary.BigEndian.AppendUint32(b, uint32(r.Sequence))
	b = binary.BigEndian.AppendUint32(b, uint32(r.Code))
	b = appendP4(b, r.Extra)
	b = appendP4(b, r.Command)
	b = appendP4(b, r.Cookie)
	b = binary.BigEndian.AppendUint32(b, r.Compression)
	b = appendP4(b, r.Reserve)
	b = binary.BigEndian.AppendUint32(b, r.ServerTime)
	endP4(b, at)

	body := len(b)
	b, err := appendCompressed(beginP4(b), r.Body, r.Compression)
	if err != nil {
		return dst, err
	}
	endP4(b, body)
	if b, err = seal(b, at, r.Flag, key); err == nil {
		b, err = endFrame(b, start)
	}
	if err != nil {
		return dst, err
	}
	return b, nil
}

func responseProtocol(protocol uint32) bool {
	return protocol == Protocol12 || protocol == Protocol13 || protocol == protocol11 || protocol == protocol10
}

// spare is how many bytes more than its own a body may keep in memory.
const spare = 1 << 10

// ParseResponse reads a frame without its length word into *r and decrypts it in place: the byte slices of *r alias frame, except for a
// body that was inflated or is much smaller than the frame: who keeps it keeps little more. The old contents of *r are replaced; texts that stay the same are not allocated again, so that using one Response for a
// whole connection saves memory. A return code is no error, and what carries one needs no readable body. An error wraps
// ErrTruncated, ErrProtocol, ErrDecrypt or ErrCompression; *r is then not to be used.
func ParseResponse(frame []byte, d2Key crypto.Key, r *Response) error {
	*r = Response{UIN: r.UIN, Extra: r.Extra, Command: r.Command}
	in := reader{b: frame}
	r.Protocol = in.u32()
	r.Flag = Flag(in.u8())
	if in.err == nil && !responseProtocol(r.Protocol) {
		return badProtocol(r.Protocol)
	}
	in.u8()
	uin := in.p4()
	if in.err != nil || len(uin) > maxUIN {
		return badServicePacket(in.err, len(uin))
	}
	setText(&r.UIN, uin)
	plain, err := open(in.rest(), r.Flag, d2Key)
	if err != nil {
		return err
	}
	if err := r.parseSSO(plain); err != nil {
		return err
	}
	if r.Compression != CompressionZlib && len(frame)-len(r.Body) > spare {
		r.Body = bytes.Clone(r.Body)
	}
	return nil
}

// parseSSO reads a decrypted SSO frame, P4(head) P4(body). What stands behind the body is ignored.
func (r *Response) parseSSO(b []byte) error {
	in := reader{b: b}
	head := in.p4()
	if in.err != nil {
		return fmt.Errorf("response head: %w", in.err)
	}
	if len(head) > maxHead {
		return fmt.Errorf("%w: response head of %d bytes", ErrProtocol, len(head))
	}
	if err := r.parseHead(head); err != nil {
		return err
	}
	body := in.p4()
	err := in.err
	if err == nil {
		body, err = decompress(body, r.Compression)
	}
	if err != nil {
		// The references do not look at the body in these two cases, so nobody would notice that a server leaves it out.
		if r.Code != 0 || r.Command == heartbeatCommand {
			return nil
		}
		return fmt.Errorf("body of %q: %w", r.Command, err)
	}
	r.Body = body
	return nil
}

// parseHead reads the head without its length. It may end early after the command; bytes behind the last field are ignored.
func (r *Response) parseHead(b []byte) error {
	head := reader{b: b}
	r.Sequence = int32(head.u32())
	r.Code = int32(head.u32())
	setText(&r.Extra, head.p4())
	r.setCommand(head.p4())
	if head.remaining() > 0 {
		r.Cookie = head.p4()
	}
	if head.remaining() > 0 {
		r.Compression = head.u32()
	}
	// Length words below 4 have been seen in place of an empty field.
	if rest := head.b; len(rest) >= 4 && binary.BigEndian.Uint32(rest) < 4 {
		head.u32()
	} else if len(rest) >= 4 {
		r.Reserve = head.p4()
	}
	if head.remaining() >= 4 {
		r.ServerTime = head.u32()
	}
	if head.err != nil {
		return fmt.Errorf("response head: %w", head.err)
	}
	return nil
}

// setCommand is setText that keeps a push from allocating its command.
func (r *Response) setCommand(b []byte) {
	if string(b) == pushCommand {
		r.Command = pushCommand
		return
	}
	setText(&r.Command, b)
}

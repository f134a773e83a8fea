package wire

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"

	"libration/internal/crypto"
	"libration/internal/pb"
)

// Flag says how the SSO frame of a packet is encrypted.
type Flag uint8

// The encryption flags of docs/protocol/wire.md 2.1.
const (
	FlagNone  Flag = 0 // plain
	FlagD2    Flag = 1 // with the key that belongs to the D2 ticket
	FlagEmpty Flag = 2 // with the empty key
)

// The protocol numbers of docs/protocol/wire.md 2.
const (
	Protocol12 uint32 = 12 // every command except those of protocol 13
	Protocol13 uint32 = 13 // of the connection: Heartbeat.Alive, Client.CorrectTime
	// A client takes these two from a server for Protocol12.
	protocol10 uint32 = 10
	protocol11 uint32 = 11
)

const heartbeatCommand = "Heartbeat.Alive"

// seal encrypts what dst holds from at on, in place, as the flag says.
func seal(dst []byte, at int, flag Flag, key crypto.Key) ([]byte, error) {
	switch flag {
	case FlagNone:
		return dst, nil
	case FlagEmpty:
		key = crypto.Key{}
	case FlagD2:
	default:
		return dst, badFlag(flag)
	}
	return crypto.TEASeal(dst[:at], dst[at:], key), nil
}

// open decrypts b in place as the flag says.
func open(b []byte, flag Flag, key crypto.Key) ([]byte, error) {
	switch flag {
	case FlagNone:
		return b, nil
	case FlagEmpty:
		key = crypto.Key{}
	case FlagD2:
	default:
		return nil, badFlag(flag)
	}
	plain, err := crypto.TEAOpen(b, key)
	if err != nil {
		return nil, fmt.Errorf("%w: encryption flag %d: %w", ErrDecrypt, flag, err)
	}
	return plain, nil
}

// Who keeps texts of a packet keeps little: real heads have some hundred bytes.
const (
	maxUIN  = 64
	maxHead = 64 << 10
)

// badServicePacket is the error of a part in front of the SSO frame that is truncated or has a uin of so many bytes.
func badServicePacket(truncated error, uin int) error {
	if truncated == nil {
		truncated = fmt.Errorf("%w: uin of %d bytes", ErrProtocol, uin)
	}
	return fmt.Errorf("service packet: %w", truncated)
}

func badFlag(flag Flag) error { return fmt.Errorf("%w: encryption flag %d", ErrProtocol, flag) }

func badProtocol(protocol uint32) error {
	return fmt.Errorf("%w: protocol number %d", ErrProtocol, protocol)
}

// setText sets *s to b, made valid UTF-8, and allocates only when it is another text.
func setText(s *string, b []byte) {
	if *s != string(b) {
		*s = pb.Text(b)
	}
}

// NewTrace returns a new trace for the reserve field: 01-<32 hex digits>-<16 hex digits>-01 (docs/protocol/wire.md 3).
func NewTrace() string {
	var id [24]byte
	for i := 0; i < len(id); i += 8 {
		binary.LittleEndian.PutUint64(id[i:], rand.Uint64())
	}
	trace := make([]byte, 0, 55)
	trace = append(trace, "01-"...)
	trace = hex.AppendEncode(trace, id[:16])
	trace = append(trace, '-')
	trace = hex.AppendEncode(trace, id[16:])
	return string(append(trace, "-01"...))
}

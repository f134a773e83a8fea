package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"libration/internal/crypto"
)

// Commands of the oicq packet (docs/protocol/login.md 3).
const (
	OicqLogin    uint16 = 0x0810 // wtlogin.login
	OicqTransEmp uint16 = 0x0812 // wtlogin.trans_emp
)

// Key types of the oicq packet: which curve the client's public key lies on.
const (
	KeyTypeSecp192k1 uint16 = 0x0102
	KeyTypeP256      uint16 = 0x0131
)

// ErrUnsupported means a variant of a login packet that exists in the field but that this package leaves out.
var ErrUnsupported = errors.New("unsupported login variant")

const (
	oicqStart   = 0x02
	oicqEnd     = 0x03
	oicqVersion = 8001
	// oicqRandomState in a reply of encryption type 0 means: the key is the random key of the request.
	oicqRandomState = 180

	methodShareKey      = 0x87
	methodShareKeyOld   = 0x07
	methodSessionTicket = 0x45
)

// OicqRequest is the packet that carries the payload of a wtlogin command to the server.
type OicqRequest struct {
	Command  uint16
	Sequence uint16
	UIN      uint32 // 0 when unknown
	PubID    uint8
	// ClientType is the app's AppClientVersion.
	ClientType uint16
	// KeyType selects the form of the encryption head; KeyVersion is sent with KeyTypeP256 only.
	KeyType    uint16
	KeyVersion uint16
	// RandomKey may be used by the server for its reply instead of the agreed key.
	RandomKey crypto.Key
	PublicKey []byte
	Body      []byte // plain
}

// AppendOicqRequest appends the packet of r, its body encrypted with the agreed key share. A packet is at most 65535 bytes;
// an unknown key type and a longer packet are errors. dst is returned unchanged with an error.
func AppendOicqRequest(dst []byte, r *OicqRequest, share crypto.Key) ([]byte, error) {
	if r.KeyType != KeyTypeSecp192k1 && r.KeyType != KeyTypeP256 {
		return dst, fmt.Errorf("%w: oicq key type %#04x", ErrUnsupported, r.KeyType)
	}
	if len(r.PublicKey) > 0xFFFF {
		return dst, fmt.Errorf("oicq public key of %d bytes", len(r.PublicKey))
	}
	start := len(dst)
	b := beginOicq(dst, r.Command, r.Sequence, r.UIN)
	b = append(b, 3, methodShareKey, 0, 0, 0, 0, r.PubID, 0, 0)
	b = binary.BigEndian.AppendUint16(b, r.ClientType)
	b = append(b, 0, 0, 0, 0) // retry
	if r.KeyType == KeyTypeSecp192k1 {
		b = append(b, 1, 1)
		b = append(b, r.RandomKey[:]...)
		b = binary.BigEndian.AppendUint16(b, r.KeyType)
	} else {
		b = append(b, 2, 1)
		b = append(b, r.RandomKey[:]...)
		b = binary.BigEndian.AppendUint16(b, r.KeyType)
		b = binary.BigEndian.AppendUint16(b, r.KeyVersion)
	}
	b = appendL2(b, r.PublicKey)
	b = crypto.TEASeal(b, r.Body, share)
	if err := endOicq(&b, start); err != nil {
		return dst, err
	}
	return b, nil
}

// ParseOicqRequest reads a packet of either key type. agree gives the key for a client's public key, or an error that
// is passed on. The returned body is decrypted into memory of its own; PublicKey aliases b.
func ParseOicqRequest(b []byte, agree func(keyType uint16, clientPublic []byte) (crypto.Key, error)) (*OicqRequest, crypto.Key, error) {
	in, err := openOicq(b)
	if err != nil {
		return nil, crypto.Key{}, err
	}
	rd := &reader{b: in}
	r := &OicqRequest{Command: rd.u16(), Sequence: rd.u16(), UIN: rd.u32()}
	rd.u8() // extension version
	method := rd.u8()
	rd.u32()
	r.PubID = rd.u8()
	rd.u16() // ins id
	r.ClientType = rd.u16()
	rd.u32() // retry
	if rd.err == nil && method != methodShareKey && method != methodShareKeyOld {
		if method == methodSessionTicket {
			return nil, crypto.Key{}, fmt.Errorf("%w: oicq session ticket", ErrUnsupported)
		}
		return nil, crypto.Key{}, fmt.Errorf("%w: oicq method %#02x", ErrProtocol, method)
	}
	rd.u16() // repeats the variant: 01 01 or 02 01
	copy(r.RandomKey[:], rd.bytes(len(r.RandomKey)))
	r.KeyType = rd.u16()
	switch r.KeyType {
	case KeyTypeSecp192k1:
	case KeyTypeP256:
		r.KeyVersion = rd.u16()
	default:
		if rd.err == nil {
			return nil, crypto.Key{}, fmt.Errorf("%w: oicq key type %#04x", ErrUnsupported, r.KeyType)
		}
	}
	r.PublicKey = rd.l2()
	if rd.err != nil {
		return nil, crypto.Key{}, fmt.Errorf("oicq request: %w", rd.err)
	}
	share, err := agree(r.KeyType, r.PublicKey)
	if err != nil {
		return nil, crypto.Key{}, fmt.Errorf("oicq key agreement: %w", err)
	}
	if r.Body, err = openTEA("oicq request", rd.rest(), share); err != nil {
		return nil, crypto.Key{}, err
	}
	return r, share, nil
}

// OicqResponse is the packet that carries the server's answer to a wtlogin command.
type OicqResponse struct {
	Command  uint16
	Sequence uint16
	UIN      uint32
	// EncryptionType 0 is the agreed key, the only one that a server of ours sends.
	EncryptionType uint8
	State          uint8
	Body           []byte // plain
}

// AppendOicqResponse appends the packet of r, its body encrypted with key. A packet is at most 65535 bytes; dst is
// returned unchanged with an error.
func AppendOicqResponse(dst []byte, r *OicqResponse, key crypto.Key) ([]byte, error) {
	start := len(dst)
	b := beginOicq(dst, r.Command, r.Sequence, r.UIN)
	b = append(b, 0, r.EncryptionType, r.State)
	b = crypto.TEASeal(b, r.Body, key)
	if err := endOicq(&b, start); err != nil {
		return dst, err
	}
	return b, nil
}

// ParseOicqResponse reads an answer. share is the agreed key and random the random key of the request; servers use
// either of them. Other encryption types give ErrUnsupported. The body is decrypted into memory of its own.
func ParseOicqResponse(b []byte, share, random crypto.Key) (*OicqResponse, error) {
	in, err := openOicq(b)
	if err != nil {
		return nil, err
	}
	rd := &reader{b: in}
	r := &OicqResponse{Command: rd.u16(), Sequence: rd.u16(), UIN: rd.u32()}
	rd.u8()
	r.EncryptionType = rd.u8()
	r.State = rd.u8()
	if rd.err != nil {
		return nil, fmt.Errorf("oicq response: %w", rd.err)
	}
	if r.EncryptionType != 0 {
		return nil, fmt.Errorf("%w: oicq response of encryption type %d", ErrUnsupported, r.EncryptionType)
	}
	first, second := share, random
	if r.State == oicqRandomState {
		first, second = random, share
	}
	cipher := rd.rest()
	if r.Body, err = openTEA("oicq response", cipher, first); err == nil {
		return r, nil
	}
	// Older servers answer with the other key without saying so (docs/protocol/login.md 3).
	if body, other := openTEA("oicq response", cipher, second); other == nil {
		r.Body = body
		return r, nil
	}
	return nil, err
}

// beginOicq appends the fields that both directions begin with; the length is filled in by endOicq.
func beginOicq(dst []byte, command, sequence uint16, uin uint32) []byte {
	dst = append(dst, oicqStart, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, oicqVersion)
	dst = binary.BigEndian.AppendUint16(dst, command)
	dst = binary.BigEndian.AppendUint16(dst, sequence)
	return binary.BigEndian.AppendUint32(dst, uin)
}

// endOicq closes the packet that begins at start.
func endOicq(b *[]byte, start int) error {
	*b = append(*b, oicqEnd)
	n := len(*b) - start
	if n > 0xFFFF {
		return fmt.Errorf("oicq packet of %d bytes, at most 65535 can be sent", n)
	}
	binary.BigEndian.PutUint16((*b)[start+1:], uint16(n))
	return nil
}

// openOicq checks the marks at both ends and returns what lies between the version and the end. The length word is not
// looked at: the packet is already delimited by the SSO frame, and no reference relies on it.
func openOicq(b []byte) ([]byte, error) {
	if len(b) < 6 {
		return nil, fmt.Errorf("%w: oicq packet of %d bytes", ErrTruncated, len(b))
	}
	if b[0] != oicqStart || b[len(b)-1] != oicqEnd {
		return nil, fmt.Errorf("%w: oicq packet from %#02x to %#02x", ErrProtocol, b[0], b[len(b)-1])
	}
	return b[5 : len(b)-1], nil
}

// openTEA decrypts a copy of cipher. Login packets are rare, so the copy costs nothing and callers keep their input.
func openTEA(what string, cipher []byte, key crypto.Key) ([]byte, error) {
	plain, err := crypto.TEAOpen(bytes.Clone(cipher), key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", what, ErrDecrypt, err)
	}
	return plain, nil
}

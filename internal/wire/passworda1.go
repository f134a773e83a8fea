package wire

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strconv"

	"libration/internal/crypto"
)

// passwordA1Version is the version of the client-made A1.
const passwordA1Version = 4

// PasswordA1 is the credential that a client makes of its password for a password login (docs/protocol/login.md 6.2).
type PasswordA1 struct {
	AppID       uint32
	UIN         uint32
	Time        uint32   // Unix seconds
	PasswordMD5 [16]byte // MD5 of the password's UTF-8 bytes
	TgtgtKey    crypto.Key
	GUID        [16]byte
}

// Encode returns the credential, sealed with a key made of the password and the uin. An error means that the system has
// no random numbers.
func (a *PasswordA1) Encode() ([]byte, error) {
	var random [4]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, fmt.Errorf("password a1: %w", err)
	}
	plain := a.plain(binary.BigEndian.Uint32(random[:]))
	return crypto.TEASeal(nil, plain, passwordKey(a.PasswordMD5, a.UIN)), nil
}

// plain returns the credential before sealing.
func (a *PasswordA1) plain(random uint32) []byte {
	return fields(nil).u16(passwordA1Version).u32(random).u32(0).u32(a.AppID).u32(oldClientVersion).
		u64(uint64(a.UIN)).u32(a.Time).u32(0).u8(1).raw(a.PasswordMD5[:]).raw(a.TgtgtKey[:]).
		u32(0).u8(1).raw(a.GUID[:]).u32(1).u32(1).l2(strconv.FormatUint(uint64(a.UIN), 10))
}

// ParsePasswordA1 opens a credential with the MD5 of the account's password. A wrong password gives ErrDecrypt. The
// caller compares uin, password, time and device with what it expects. One client puts the length before it, leaves out
// the tgtgt key, which is then zero, and has other constants.
func ParsePasswordA1(b []byte, passwordMD5 [16]byte, uin uint32) (*PasswordA1, error) {
	if len(b) >= 4 && uint64(binary.BigEndian.Uint32(b)) == uint64(len(b)) {
		b = b[4:]
	}
	plain, err := openTEA("password a1", b, passwordKey(passwordMD5, uin))
	if err != nil {
		return nil, err
	}
	rd := &reader{b: plain}
	if v := rd.u16(); rd.err == nil && v != passwordA1Version {
		return nil, fmt.Errorf("%w: password a1 of version %d", ErrUnsupported, v)
	}
	a := &PasswordA1{}
	rd.u32() // random
	rd.u32()
	a.AppID = rd.u32()
	rd.u32() // a constant of older clients, or the client's version
	number := rd.u64()
	a.UIN = uint32(number)
	a.Time = rd.u32()
	rd.u32() // address
	rd.u8()  // save the password
	copy(a.PasswordMD5[:], rd.bytes(len(a.PasswordMD5)))
	// Without the key exactly this is left: two numbers, a flag, the device id, two numbers and the uin's text.
	if shortest := 31 + len(strconv.FormatUint(number, 10)); rd.remaining() != shortest {
		copy(a.TgtgtKey[:], rd.bytes(len(a.TgtgtKey)))
	}
	rd.u32()
	rd.u8() // device id present
	copy(a.GUID[:], rd.bytes(len(a.GUID)))
	if rd.err != nil {
		return nil, fmt.Errorf("password a1: %w", rd.err)
	}
	if number > 0xFFFFFFFF {
		return nil, fmt.Errorf("%w: password a1 of uin %d", ErrProtocol, number)
	}
	return a, nil
}

// passwordKey is the key of a credential.
func passwordKey(passwordMD5 [16]byte, uin uint32) crypto.Key {
	return md5.Sum(fields(nil).raw(passwordMD5[:]).u32(0).u32(uin))
}

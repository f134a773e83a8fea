package crypto

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Key is a TEA key. The zero Key is the protocol's "empty key" of 16 zero bytes.
type Key [16]byte

const (
	teaBlock = 8
	teaDelta = 0x9E3779B9
	teaTail  = 7  // zero bytes behind the data
	teaMin   = 16 // the cipher of an empty plain
)

// teaFill returns the number of bytes in front of n plain bytes, 3 to 10.
func teaFill(n int) int { return 10 - (n+1)&7 }

// TEASize returns the size of the ciphertext of n plaintext bytes: a multiple of 8, at
// least 16 and at most n+17.
func TEASize(n int) int { return teaFill(n) + n + teaTail }

// TEASeal appends the ciphertext of plain to dst and returns the extended slice. The
// filler is random, so the same plaintext gives another ciphertext each time. plain may
// lie anywhere in the spare capacity of dst: it is moved before anything is written.
func TEASeal(dst, plain []byte, key Key) []byte {
	n := len(plain)
	fill := teaFill(n)
	dst = slices.Grow(dst, TEASize(n))
	out := dst[len(dst) : len(dst)+TEASize(n)]
	copy(out[fill:], plain)
	clear(out[fill+n:])
	// The filler need not be secret: it only makes equal plains look different.
	var random [teaMin]byte
	binary.LittleEndian.PutUint64(random[:], rand.Uint64())
	binary.LittleEndian.PutUint64(random[8:], rand.Uint64())
	random[0] = 0xF8 | byte(fill-3)
	copy(out, random[:fill])
	teaEncrypt(out, key)
	return dst[:len(dst)+len(out)]
}

// TEAOpen decrypts cipher in place and returns the plaintext, which is a part of
// cipher. It checks the length, the filler and the zero tail (docs/protocol/wire.md 6);
// a wrong key passes these checks with a probability of 2^-56. An error wraps ErrOpen;
// the contents of cipher are then lost.
func TEAOpen(cipher []byte, key Key) ([]byte, error) {
	n := len(cipher)
	if n < teaMin || n%teaBlock != 0 {
		return nil, fmt.Errorf("%w: TEA cipher of %d bytes", ErrOpen, n)
	}
	teaDecrypt(cipher, key)
	start, end := int(cipher[0]&7)+3, n-teaTail
	var tail byte
	for _, b := range cipher[end:] {
		tail |= b
	}
	if tail != 0 || start > end {
		return nil, fmt.Errorf("%w: TEA padding of a %d-byte cipher is wrong", ErrOpen, n)
	}
	return cipher[start:end:end], nil
}

// teaEncrypt encrypts b, whole blocks, in place: x(i) = p(i) ^ c(i-1), c(i) = E(x(i)) ^ x(i-1).
func teaEncrypt(b []byte, key Key) {
	k := teaSchedule(key)
	var x, c uint64
	for len(b) >= teaBlock {
		next := binary.BigEndian.Uint64(b) ^ c
		c = k.encrypt(next) ^ x
		x = next
		binary.BigEndian.PutUint64(b, c)
		b = b[teaBlock:]
	}
}

// teaDecrypt decrypts b, whole blocks, in place: x(i) = D(c(i) ^ x(i-1)), p(i) = x(i) ^ c(i-1).
func teaDecrypt(b []byte, key Key) {
	k := teaSchedule(key)
	var x, c uint64
	for len(b) >= teaBlock {
		next := binary.BigEndian.Uint64(b)
		x = k.decrypt(next ^ x)
		binary.BigEndian.PutUint64(b, x^c)
		c = next
		b = b[teaBlock:]
	}
}

// teaKey is a key as its four words. It is passed by value so that the words stay in registers.
type teaKey struct{ k0, k1, k2, k3 uint32 }

func teaSchedule(key Key) teaKey {
	return teaKey{
		binary.BigEndian.Uint32(key[0:]), binary.BigEndian.Uint32(key[4:]),
		binary.BigEndian.Uint32(key[8:]), binary.BigEndian.Uint32(key[12:]),
	}
}

// encrypt is E of one block: 16 rounds.
func (k teaKey) encrypt(v uint64) uint64 {
	v0, v1 := uint32(v>>32), uint32(v)
	for sum := uint32(teaDelta); ; sum += teaDelta {
		v0 += (v1 + sum) ^ (v1<<4 + k.k0) ^ (v1>>5 + k.k1)
		v1 += (v0 + sum) ^ (v0<<4 + k.k2) ^ (v0>>5 + k.k3)
		if sum == teaLastSum {
			return uint64(v0)<<32 | uint64(v1)
		}
	}
}

// decrypt is D of one block, the inverse of encrypt.
func (k teaKey) decrypt(v uint64) uint64 {
	v0, v1 := uint32(v>>32), uint32(v)
	for sum := uint32(teaLastSum); sum != 0; sum -= teaDelta {
		v1 -= (v0 + sum) ^ (v0<<4 + k.k2) ^ (v0>>5 + k.k3)
		v0 -= (v1 + sum) ^ (v1<<4 + k.k0) ^ (v1>>5 + k.k1)
	}
	return uint64(v0)<<32 | uint64(v1)
}

// teaLastSum is 16 * teaDelta in 32 bits.
const teaLastSum = 0xE3779B90

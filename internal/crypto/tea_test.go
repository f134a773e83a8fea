package crypto

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"testing"
)

// countingKey is the key 00 01 .. 0f of docs/protocol/wire.md 6.
var countingKey = Key{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestTEABlock(t *testing.T) {
	plain, want := uint64(0x0001020304050607), uint64(0x6328a50896bde3c8)
	k := teaSchedule(countingKey)
	if got := k.encrypt(plain); got != want {
		t.Errorf("encrypt(%016x) = %016x, want %016x", plain, got, want)
	}
	if got := k.decrypt(want); got != plain {
		t.Errorf("decrypt(%016x) = %016x, want %016x", want, got, plain)
	}
}

func TestTEAOpenDocumented(t *testing.T) {
	for _, c := range []struct {
		key           Key
		cipher, plain string
	}{
		{countingKey, "67bbcd9d73fcad98ef93c02c15f0d39e", ""},
		{countingKey, "804d65e8aee910671ecfd84f72ef628e", "68656c6c6f"},
		{countingKey, "67bbcd9d73fcad9822c516e43e7de31faae21bf1c7867cf48b143e3734c7a6bc", "0102030405060708090a0b0c0d0e0f10"},
		{Key{}, "b3f8cf5e42c5863720617b4c4132b9f2", "616263"},
	} {
		got, err := TEAOpen(unhex(t, c.cipher), c.key)
		if err != nil || hex.EncodeToString(got) != c.plain {
			t.Errorf("TEAOpen(%s) = %x, %v, want %s", c.cipher, got, err, c.plain)
		}
	}
}

func TestTEASealSizes(t *testing.T) {
	plain := bytes.Repeat([]byte("libration"), 20)
	for n := range len(plain) {
		sealed := TEASeal([]byte("head"), plain[:n], countingKey)
		if !bytes.HasPrefix(sealed, []byte("head")) {
			t.Fatalf("TEASeal of %d bytes changed what was in dst: %q", n, sealed[:4])
		}
		sealed = sealed[4:]
		if len(sealed) != TEASize(n) || len(sealed)%8 != 0 || len(sealed) < 16 {
			t.Fatalf("TEASeal of %d bytes gave %d, want TEASize = %d", n, len(sealed), TEASize(n))
		}
		got, err := TEAOpen(sealed, countingKey)
		if err != nil || !bytes.Equal(got, plain[:n]) {
			t.Fatalf("TEAOpen(TEASeal(%d bytes)) = %x, %v, want %x", n, got, err, plain[:n])
		}
		if len(got) > 0 && &got[0] != &sealed[len(sealed)-7-n] {
			t.Fatalf("TEAOpen of %d bytes did not work in place", n)
		}
	}
}

// TestTEASealInPlace seals a plain that already stands behind dst in the same array.
func TestTEASealInPlace(t *testing.T) {
	for _, spare := range []int{0, 5, 64} {
		dst := make([]byte, 0, 40+spare)
		dst = append(dst, "head"...)
		plain := bytes.Repeat([]byte{7}, 36)
		all := append(dst, plain...)
		sealed := TEASeal(all[:4], all[4:], Key{})
		got, err := TEAOpen(sealed[4:], Key{})
		if err != nil || !bytes.Equal(got, plain) || !bytes.HasPrefix(sealed, []byte("head")) {
			t.Errorf("with %d spare bytes: TEAOpen = %x, %v, want %x", spare, got, err, plain)
		}
	}
}

func TestTEASealRandomFiller(t *testing.T) {
	if a, b := TEASeal(nil, []byte("x"), Key{}), TEASeal(nil, []byte("x"), Key{}); bytes.Equal(a, b) {
		t.Errorf("two seals of the same plain are equal: %x", a)
	}
}

// TestTEAOpenFiller makes a cipher of two blocks whose filler length leaves no room for the tail.
func TestTEAOpenFiller(t *testing.T) {
	block := make([]byte, 16)
	binary.BigEndian.PutUint64(block, 7<<56) // filler of 10 > 16 - 7
	teaEncrypt(block, countingKey)
	if got, err := TEAOpen(block, countingKey); !errors.Is(err, ErrOpen) {
		t.Errorf("TEAOpen with a filler of 10 in 16 bytes = %x, %v, want ErrOpen", got, err)
	}
}

func TestTEAOpenWrongKey(t *testing.T) {
	if got, err := TEAOpen(TEASeal(nil, []byte("secret"), countingKey), Key{}); !errors.Is(err, ErrOpen) {
		t.Errorf("TEAOpen with another key = %x, %v, want ErrOpen", got, err)
	}
}

func FuzzTEAOpen(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add(TEASeal(nil, []byte("hello"), Key{}), []byte{})
	f.Add(TEASeal(nil, make([]byte, 100), countingKey), countingKey[:])
	f.Fuzz(func(t *testing.T, cipher, keyBytes []byte) {
		var key Key
		copy(key[:], keyBytes)
		size := len(cipher)
		plain, err := TEAOpen(bytes.Clone(cipher), key)
		if err != nil {
			return
		}
		if n := len(plain); n > size-10 {
			t.Fatalf("plain of %d bytes out of %d", n, size)
		}
		if got, err := TEAOpen(TEASeal(nil, plain, key), key); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("round trip of %x = %x, %v", plain, got, err)
		}
	})
}

var teaSizes = []struct {
	name string
	n    int
}{{"64B", 64}, {"1KiB", 1 << 10}, {"16KiB", 16 << 10}}

func BenchmarkTEASeal(b *testing.B) {
	for _, s := range teaSizes {
		b.Run(s.name, func(b *testing.B) {
			plain := make([]byte, s.n)
			dst := make([]byte, 0, TEASize(s.n))
			b.ReportAllocs()
			b.SetBytes(int64(s.n))
			for b.Loop() {
				TEASeal(dst, plain, countingKey)
			}
		})
	}
}

func BenchmarkTEAOpen(b *testing.B) {
	for _, s := range teaSizes {
		b.Run(s.name, func(b *testing.B) {
			sealed := TEASeal(nil, make([]byte, s.n), countingKey)
			buffer := make([]byte, len(sealed))
			b.ReportAllocs()
			b.SetBytes(int64(s.n))
			for b.Loop() {
				copy(buffer, sealed)
				if _, err := TEAOpen(buffer, countingKey); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

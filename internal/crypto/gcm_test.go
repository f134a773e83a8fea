package crypto

import (
	"bytes"
	"errors"
	"testing"
)

func TestGCMRoundTrip(t *testing.T) {
	for _, keySize := range []int{16, 24, 32} {
		key := bytes.Repeat([]byte{3}, keySize)
		for _, plain := range [][]byte{nil, []byte("x"), make([]byte, 1000)} {
			sealed, err := GCMSeal(key, plain)
			if err != nil || len(sealed) != len(plain)+28 {
				t.Fatalf("GCMSeal of %d bytes with a key of %d = %d bytes, %v", len(plain), keySize, len(sealed), err)
			}
			before := bytes.Clone(sealed)
			got, err := GCMOpen(key, sealed)
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("GCMOpen(GCMSeal(%x)) = %x, %v", plain, got, err)
			}
			if !bytes.Equal(sealed, before) {
				t.Errorf("GCMOpen changed its input")
			}
			for i := range sealed {
				if i > 40 {
					break
				}
				sealed[i] ^= 1
				if got, err := GCMOpen(key, sealed); !errors.Is(err, ErrOpen) {
					t.Errorf("GCMOpen with byte %d changed = %x, %v, want ErrOpen", i, got, err)
				}
				sealed[i] ^= 1
			}
		}
	}
}

// TestGCMKnown opens the published test case 3 of the GCM paper without additional data, with its nonce in front.
func TestGCMKnown(t *testing.T) {
	key := unhex(t, "feffe9928665731c6d6a8f9467308308")
	sealed := unhex(t, "cafebabefacedbaddecaf888"+
		"42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"+
		"4d5c2af327cd64a62cf35abd2ba6fab4")
	want := unhex(t, "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255")
	if got, err := GCMOpen(key, sealed); err != nil || !bytes.Equal(got, want) {
		t.Errorf("GCMOpen = %x, %v, want %x", got, err, want)
	}
}

func TestGCMRefusals(t *testing.T) {
	key := make([]byte, 16)
	if _, err := GCMSeal(key[:15], nil); !errors.Is(err, ErrKey) {
		t.Errorf("GCMSeal with a key of 15 bytes: %v, want ErrKey", err)
	}
	if _, err := GCMOpen(nil, make([]byte, 28)); !errors.Is(err, ErrKey) {
		t.Errorf("GCMOpen without a key: %v, want ErrKey", err)
	}
	for _, n := range []int{0, 11, 12, 27} {
		if _, err := GCMOpen(key, make([]byte, n)); !errors.Is(err, ErrOpen) {
			t.Errorf("GCMOpen of %d bytes: %v, want ErrOpen", n, err)
		}
	}
}

func FuzzGCMOpen(f *testing.F) {
	sealed, err := GCMSeal(make([]byte, 32), []byte("plain"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(make([]byte, 32), sealed)
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, key, sealed []byte) {
		plain, err := GCMOpen(key, sealed)
		if err == nil && len(plain) != len(sealed)-gcmOverhead {
			t.Fatalf("plain of %d bytes out of %d", len(plain), len(sealed))
		}
	})
}

package wire

import (
	"crypto/md5"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/internal/crypto"
)

func testPasswordA1() *PasswordA1 {
	return &PasswordA1{
		AppID: 1600001615, UIN: 3000000001, Time: 1700000000, PasswordMD5: md5.Sum([]byte("secret")),
		TgtgtKey: crypto.Key{4}, GUID: testGUID(),
	}
}

func TestPasswordA1(t *testing.T) {
	sent := testPasswordA1()
	b, err := sent.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParsePasswordA1(b, sent.PasswordMD5, sent.UIN)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("(-sent +got):\n%s", diff)
	}
	if a, err := ParsePasswordA1(b, md5.Sum([]byte("wrong")), sent.UIN); !errors.Is(err, ErrDecrypt) {
		t.Errorf("wrong password: %+v, %v, want ErrDecrypt", a, err)
	}
	if a, err := ParsePasswordA1(b, sent.PasswordMD5, sent.UIN+1); !errors.Is(err, ErrDecrypt) {
		t.Errorf("wrong uin: %+v, %v, want ErrDecrypt", a, err)
	}
}

func TestPasswordA1Refusals(t *testing.T) {
	a := testPasswordA1()
	plain := a.plain(7)
	version, uin := append([]byte(nil), plain...), append([]byte(nil), plain...)
	version[1] = 5
	uin[18] = 1 // the upper half of the uin
	for _, c := range []struct {
		name  string
		plain []byte
		want  error
	}{
		{"empty", nil, ErrTruncated},
		{"cut", plain[:80], ErrTruncated},
		{"version", version, ErrUnsupported},
		{"uin", uin, ErrProtocol},
	} {
		sealed := crypto.TEASeal(nil, c.plain, passwordKey(a.PasswordMD5, a.UIN))
		if got, err := ParsePasswordA1(sealed, a.PasswordMD5, a.UIN); !errors.Is(err, c.want) {
			t.Errorf("%s: ParsePasswordA1 = %+v, %v, want %v", c.name, got, err, c.want)
		}
	}
}

// TestPasswordA1OfAnotherClient is made as one client makes it: with a length before it, without a tgtgt key, with
// its own version and another constant after the device id.
func TestPasswordA1OfAnotherClient(t *testing.T) {
	want := testPasswordA1()
	want.TgtgtKey = crypto.Key{}
	plain := fields(nil).u16(passwordA1Version).u32(7).u32(0).u32(want.AppID).u32(46494).u64(uint64(want.UIN)).
		u32(want.Time).u32(0).u8(1).raw(want.PasswordMD5[:]).u32(0).u8(1).raw(want.GUID[:]).u32(0).u32(1).l2("3000000001")
	sealed := crypto.TEASeal(nil, plain, passwordKey(want.PasswordMD5, want.UIN))
	prefixed := append(fields(nil).u32(uint32(len(sealed)+4)), sealed...)
	for name, b := range map[string][]byte{"prefixed": prefixed, "bare": sealed} {
		got, err := ParsePasswordA1(b, want.PasswordMD5, want.UIN)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	prefixed[3]++ // not its length
	if a, err := ParsePasswordA1(prefixed, want.PasswordMD5, want.UIN); err == nil {
		t.Errorf("wrong length: got %+v, want an error", a)
	}
}

func FuzzParsePasswordA1(f *testing.F) {
	a := testPasswordA1()
	sealed, err := a.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, false)
	f.Add(a.plain(7), true)
	f.Add([]byte{0, 0, 0, 4}, false)
	f.Fuzz(func(t *testing.T, b []byte, seal bool) {
		if seal { // b is what lies inside
			b = crypto.TEASeal(nil, b, passwordKey(a.PasswordMD5, a.UIN))
		}
		_, _ = ParsePasswordA1(b, a.PasswordMD5, a.UIN)
	})
}

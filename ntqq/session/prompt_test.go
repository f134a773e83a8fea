package session

import (
	"net/url"
	"strings"
	"testing"

	"libration/ntqq/session/identity"
)

func FuzzCaptchaSID(f *testing.F) {
	f.Add("https://captcha.example/x?sid=1&a=b")
	f.Add("javascript:alert(1)")
	f.Add("//host?sid=%zz")
	f.Fuzz(func(t *testing.T, address string) {
		if _, err := captchaSID(address); err != nil {
			return
		}
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || !strings.HasPrefix(u.Scheme, "http") {
			t.Errorf("%q was taken for the address of a page", address)
		}
	})
}

func FuzzVerification(f *testing.F) {
	f.Add("https://ti.example/x?sig=a%2Bb&uin-token=c")
	f.Add("?sig=a")
	f.Add("%")
	f.Fuzz(func(t *testing.T, jump string) {
		sig, token, err := verification(jump)
		if (err == nil) != (sig != "" && token != "") {
			t.Errorf("%q: got %q, %q, error %v", jump, sig, token, err)
		}
	})
}

func TestPasswordOptions(t *testing.T) {
	if got := PasswordMD5("secret"); len(got) != 16 {
		t.Errorf("got %d bytes", len(got))
	}
	for name, o := range map[string]Options{
		"without an account": {PasswordMD5: PasswordMD5("x")},
		"too short":          {UIN: 1, PasswordMD5: identity.HexBytes{1}},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), "PasswordMD5") {
			t.Errorf("%s: got %v, want an error that names the option", name, err)
		}
	}
	if _, err := New(Options{UIN: 1, PasswordMD5: PasswordMD5("x")}); err != nil {
		t.Error(err)
	}
}

// What belongs to a sandbox must not be verified by the real service.
func TestNewDeviceURL(t *testing.T) {
	for name, c := range map[string]struct {
		servers Servers
		want    string
	}{
		"real":    {Servers{Addresses: []string{"a:1"}}, realNewDevice},
		"sandbox": {Servers{OicqKey: []byte{1}}, ""},
		"given":   {Servers{OicqKey: []byte{1}, NewDeviceURL: "http://x"}, "http://x"},
	} {
		if c.servers.setDefaults(); c.servers.NewDeviceURL != c.want {
			t.Errorf("%s: got %q, want %q", name, c.servers.NewDeviceURL, c.want)
		}
	}
}

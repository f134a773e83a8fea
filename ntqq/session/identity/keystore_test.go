package identity

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/internal/bom"
)

func TestFileKeystore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "keystore.json")
	f := FileKeystore(path)
	if k, err := f.Load(); k != nil || err != nil {
		t.Fatalf("nothing saved: got %v, %v", k, err)
	}
	want := &Keystore{
		UIN: 10001, UID: "u_self", Nickname: "bot", Device: NewDevice(),
		A1: []byte("a1"), A2: []byte("a2"), D2: []byte("d2"), D2Key: make([]byte, 16), TicketTime: 1700000000,
	}
	for range 2 { // the second one replaces
		if err := f.Save(want); err != nil {
			t.Fatal(err)
		}
	}
	got, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode().Perm())
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("temporary files left: %v", left)
	}
}

func TestFileKeystoreDamaged(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON": "{", "no guid": `{"uin":1}`, "short guid": `{"device":{"guid":"00"}}`, "no hex": `{"a1":"xy"}`,
		"short key": `{"uin":1,"device":{"guid":"000102030405060708090a0b0c0d0e0f"},"d2":"00","d2_key":"000102030405060708090a0b0c0d0e"}`,
		"no key":    `{"uin":1,"device":{"guid":"000102030405060708090a0b0c0d0e0f"},"d2":"00"}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keystore.json")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := FileKeystore(path).Load()
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "move it away") {
				t.Errorf("got %v, want an error with the path and a remedy", err)
			}
		})
	}
}

const (
	lagrangeKeystore = `{"Uin":10001,"Uid":"u_selfselfselfselfselfAA","PasswordMd5":"","Session":{
		"D2Key":"AAECAwQFBgcICQoLDA0ODw==","D2":"ZDI=","Tgt":"dGd0","SessionDate":"2024-05-06T07:08:09.1234567+08:00",
		"TempPassword":"YTE="},"Info":{"Age":1,"Gender":1,"Name":"bot"},"New":{"unknown":true}}`
	lagrangeDevice = `{"Guid":"01234567-89ab-cdef-0123-456789abcdef","MacAddress":"AAECAwQF",
		"DeviceName":"Lagrange-52D02F","SystemKernel":"Windows 10.0.19042","KernelVersion":"10.0.19042.0"}`
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestImportLagrange(t *testing.T) {
	got, err := ImportLagrange(write(t, "keystore.json", lagrangeKeystore), write(t, "device.json", lagrangeDevice))
	if err != nil {
		t.Fatal(err)
	}
	guid, _ := hex.DecodeString("67452301ab89efcd0123456789abcdef")
	key, _ := hex.DecodeString("000102030405060708090a0b0c0d0e0f")
	want := &Keystore{
		UIN: 10001, UID: "u_selfselfselfselfselfAA", Nickname: "bot",
		Device: Device{GUID: guid, Name: "Lagrange-52D02F", SystemKernel: "Windows 10.0.19042", KernelVersion: "10.0.19042.0"},
		A1:     []byte("a1"), A2: []byte("tgt"), D2: []byte("d2"), D2Key: key, TicketTime: 1714950489,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if !got.HasSession() {
		t.Error("the session cannot be used")
	}
}

// TestImportLagrangeGoDevice: its guid is the bytes in order.
func TestImportLagrangeGoDevice(t *testing.T) {
	got, err := ImportLagrange("", write(t, "device.json", lagrangeGoDevice))
	if err != nil {
		t.Fatal(err)
	}
	guid, _ := hex.DecodeString("0123456789abcdef0123456789abcdef")
	want := Device{GUID: guid, Name: "d", SystemKernel: "linux amd64", KernelVersion: "amd64"}
	if diff := cmp.Diff(want, got.Device); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

// TestImportWithMark: editors write byte order marks, and UTF-16.
func TestImportWithMark(t *testing.T) {
	const mark = "\xef\xbb\xbf"
	k, err := ImportLagrange(write(t, "k.json", mark+lagrangeKeystore), write(t, "d.json", mark+lagrangeDevice))
	if err != nil || !k.HasSession() || k.Device.Name != "Lagrange-52D02F" {
		t.Errorf("got %+v, %v", k, err)
	}
	app, err := LoadApp(write(t, "app.json", mark+appInfo), AppInfo{})
	if err != nil || app.SubAppId != 2 {
		t.Errorf("got %+v, %v", app, err)
	}
	path := write(t, "own.json", "")
	if err := FileKeystore(path).Save(k); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := FileKeystore(write(t, "own.json", mark+string(text))).Load(); err != nil || got.UIN != k.UIN {
		t.Errorf("got %+v, %v", got, err)
	}

	wide := write(t, "wide.json", "\xff\xfe{\x00}\x00")
	for name, read := range map[string]func() error{
		"keystore": func() error { _, err := ImportLagrange(wide, ""); return err },
		"device":   func() error { _, err := ImportLagrange("", wide); return err },
		"app info": func() error { _, err := LoadApp(wide, AppInfo{}); return err },
		"own":      func() error { _, err := FileKeystore(wide).Load(); return err },
	} {
		if err := read(); !errors.Is(err, bom.ErrUTF16) || !strings.Contains(err.Error(), "save it as UTF-8") {
			t.Errorf("%s in UTF-16: got %v", name, err)
		}
	}
}

const (
	lagrangeGoDevice = `{"guid":"0123456789abcdef0123456789abcdef","device_name":"d","system_kernel":"linux amd64","kernel_version":"amd64"}`
	keystoreV2       = `{"Uin":10001,"Uid":"u_x","WLoginSigs":{"A2":"YQ==","D2":"YQ==","D2Key":"AAECAwQFBgcICQoLDA0ODw=="},"Guid":"AAECAwQFBgcICQoLDA0ODw==","DeviceName":"d"}`
	appInfo          = `{"AppId":1,"SubAppId":2,"CurrentVersion":"3"}`
)

// TestForeignFiles: a file that is not what it was given for is refused and named.
func TestForeignFiles(t *testing.T) {
	own := `{"uin":10001,"device":{"guid":"000102030405060708090a0b0c0d0e0f"}}`
	for _, tt := range []struct{ name, text, keystore, device, app, own string }{
		{"null", "null", "null", "null", "null", "null"},
		{"nothing", "{}", "this is no file of a known layout", "this is no file of a known layout", "must be set", "device.guid has 0 bytes"},
		{"list", "[]", "not a JSON object", "not a JSON object", "not a JSON object", "not a JSON object"},
		{"empty", "", "not a JSON object", "not a JSON object", "not a JSON object", "not a JSON object"},
		{"device", lagrangeDevice, "a device file of Lagrange.OneBot V1", "", "a device file of Lagrange.OneBot V1", "a device file of Lagrange.OneBot V1"},
		{"device of LagrangeGo", lagrangeGoDevice, "a device file of LagrangeGo", "", "a device file of LagrangeGo", "a device file of LagrangeGo"},
		{"keystore", lagrangeKeystore, "", "a keystore of Lagrange.OneBot V1", "a keystore of Lagrange.OneBot V1", "a keystore of Lagrange.OneBot V1"},
		{"second generation", keystoreV2, "a keystore of Lagrange V2", "a keystore of Lagrange V2", "a keystore of Lagrange V2", "a keystore of Lagrange V2"},
		{"app info", appInfo, "an app info file", "an app info file", "", "an app info file"},
		{"ours", own, "a keystore of Libration", "a keystore of Libration", "a keystore of Libration", ""},
	} {
		path := write(t, "file.json", tt.text)
		for _, use := range []struct {
			as, want string
			read     func() error
		}{
			{"keystore", tt.keystore, func() error { _, err := ImportLagrange(path, ""); return err }},
			{"device", tt.device, func() error { _, err := ImportLagrange("", path); return err }},
			{"app info", tt.app, func() error { _, err := LoadApp(path, AppInfo{}); return err }},
			{"own keystore", tt.own, func() error { _, err := FileKeystore(path).Load(); return err }},
		} {
			err := use.read()
			if use.want == "" && err != nil || use.want != "" && (err == nil || !strings.Contains(err.Error(), use.want) || !strings.Contains(err.Error(), path)) {
				t.Errorf("%s as %s: got %v, want %q and the path", tt.name, use.as, err, use.want)
			}
		}
	}
}

// TestIncompleteImports: all that makes an identity must be there.
func TestIncompleteImports(t *testing.T) {
	for _, tt := range []struct{ text, old, new, want string }{
		{lagrangeKeystore, `"Uin":10001,`, ``, "Uin is missing"},
		{lagrangeKeystore, `"Uin":10001`, `"Uin":0`, "no session"},
		{lagrangeKeystore, `"Uin":10001`, `"Uin":"x"`, "Uin"},
		{lagrangeKeystore, `"D2Key":"AAECAwQFBgcICQoLDA0ODw=="`, `"D2Key":""`, "D2Key has 0 bytes, not 16"},
		{lagrangeKeystore, `"D2Key":"AAECAwQFBgcICQoLDA0ODw=="`, `"D2Key":"AAECAwQFBgcICQoLDA0O"`, "D2Key has 15 bytes, not 16"},
		{lagrangeKeystore, `"D2Key":"AAECAwQFBgcICQoLDA0ODw=="`, `"D2Key":"AAAAAAAAAAAAAAAAAAAAAA=="`, "D2Key is zero"},
		{lagrangeKeystore, `"D2Key":"AAECAwQFBgcICQoLDA0ODw=="`, `"D2Key":null`, "D2Key is missing"},
		{lagrangeKeystore, `"D2":"ZDI=",`, ``, "D2 is missing"},
		{lagrangeKeystore, `"D2":"ZDI="`, `"D2":""`, "one is empty"},
		{lagrangeKeystore, `"Tgt":"dGd0"`, `"Tgt":""`, "one is empty"},
		{lagrangeKeystore, `"Tgt":"dGd0"`, `"Tgt":"?"`, "Tgt"},
		{lagrangeKeystore, `"Session":{`, `"Session":null,"X":{`, "member Session: not a JSON object"},
		// As it is before a login.
		{`{"Uin":10001,"Uid":null,"Session":{"D2Key":"AAAAAAAAAAAAAAAAAAAAAA==","D2":"","Tgt":"","SessionDate":"0001-01-01T00:00:00","TempPassword":null},"Info":null}`,
			"", "", "before a login"},
		{lagrangeDevice, `"01234567-89ab-cdef-0123-456789abcdef"`, `"0123456789abcdef0123456789abcdef"`, "not of the form"},
		{lagrangeDevice, `"01234567-89ab-cdef-0123-456789abcdef"`, `"0123"`, "not of the form"},
		{lagrangeDevice, `"01234567-89ab-cdef-0123-456789abcdef"`, `"01234567-89ab-cdef-0123-456789abcdeg"`, "not of the form"},
		{lagrangeDevice, `"DeviceName"`, `"Name"`, "DeviceName is missing"},
		{lagrangeDevice, `"KernelVersion"`, `"Version"`, "KernelVersion is missing"},
		{lagrangeGoDevice, `"0123456789abcdef0123456789abcdef"`, `"01234567-89ab-cdef-0123-456789abcdef"`, "32 hexadecimal digits"},
		{lagrangeGoDevice, `"0123456789abcdef0123456789abcdef"`, `"0123456789abcdef"`, "32 hexadecimal digits"},
		{lagrangeGoDevice, `"device_name"`, `"DeviceName"`, "device_name is missing"},
	} {
		path := write(t, "file.json", strings.Replace(tt.text, tt.old, tt.new, 1))
		keystore, device := path, ""
		if tt.text == lagrangeDevice || tt.text == lagrangeGoDevice {
			keystore, device = "", path
		}
		k, err := ImportLagrange(keystore, device)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s for %s: got %+v, %v, want %q and the path", tt.new, tt.old, k, err, tt.want)
		}
	}
	if _, err := ImportLagrange("/nonexistent/keystore.json", ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a keystore that is not there: got %v", err)
	}
	if _, err := ImportLagrange(write(t, "large.json", strings.Repeat(" ", maxFile+1)), ""); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a large file: got %v", err)
	}
}

func FuzzImportLagrange(f *testing.F) {
	f.Add([]byte(lagrangeKeystore), []byte(lagrangeDevice))
	f.Add([]byte(keystoreV2), []byte(lagrangeGoDevice))
	f.Fuzz(func(t *testing.T, keystore, device []byte) {
		k, err := ImportLagrange(write(t, "k.json", string(keystore)), write(t, "d.json", string(device)))
		if err == nil && (len(k.Device.GUID) != 16 || k.UIN == 0 || !k.HasSession() && len(k.A1) == 0) {
			t.Errorf("imported %+v", k)
		}
	})
}

package ntqq

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
			if _, err := New(Options{Keystore: FileKeystore(path)}); err == nil {
				t.Error("New took a damaged keystore")
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
	if !got.hasSession() {
		t.Error("the session cannot be used")
	}
}

func TestImportLagrangeWithoutSession(t *testing.T) {
	got, err := ImportLagrange(write(t, "k.json", `{"Uin":0,"Uid":null,"Session":{"D2Key":"AAAAAAAAAAAAAAAAAAAAAA==","D2":"","Tgt":"",
		"SessionDate":"0001-01-01T00:00:00","TempPassword":null},"Info":null}`), "")
	if err != nil {
		t.Fatal(err)
	}
	if got.hasSession() || got.TicketTime != 0 || len(got.A1) != 0 || len(got.Device.GUID) != 16 {
		t.Errorf("got %+v, want an empty keystore with a new device", got)
	}
}

func TestImportLagrangeErrors(t *testing.T) {
	good := write(t, "keystore.json", lagrangeKeystore)
	for name, paths := range map[string][2]string{
		"missing keystore": {"/nonexistent/keystore.json", ""},
		"damaged keystore": {write(t, "k.json", "{"), ""},
		"damaged device":   {good, write(t, "d.json", "[]")},
		"short guid":       {good, write(t, "d.json", `{"Guid":"0123"}`)},
	} {
		if k, err := ImportLagrange(paths[0], paths[1]); err == nil {
			t.Errorf("%s: got %+v, want an error", name, k)
		}
	}
}

func FuzzImportLagrange(f *testing.F) {
	f.Add([]byte(lagrangeKeystore), []byte(lagrangeDevice))
	f.Fuzz(func(t *testing.T, keystore, device []byte) {
		k, err := ImportLagrange(write(t, "k.json", string(keystore)), write(t, "d.json", string(device)))
		if err == nil && len(k.Device.GUID) != 16 {
			t.Errorf("guid of %d bytes", len(k.Device.GUID))
		}
	})
}

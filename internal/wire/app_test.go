package wire

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestAppJSON(t *testing.T) {
	// The layout of appinfo.json; unknown members are ignored.
	const text = `{"Os":"Linux","VendorOs":"linux","Kernel":"Linux","CurrentVersion":"3.2.15-30366","MiscBitmap":32764,
"PtVersion":"2.0.0","SsoVersion":19,"PackageName":"com.tencent.qq","WtLoginSdk":"nt.wtlogin.0.0.1","AppId":1600001615,
"SubAppId":537258424,"AppIdQrCode":13697054,"AppClientVersion":30366,"MainSigMap":169742560,"SubSigMap":0,"NTLoginType":1,
"Unknown":true}`
	var app App
	if err := json.Unmarshal([]byte(text), &app); err != nil {
		t.Fatal(err)
	}
	want := BuiltinApp("Linux")
	want.CurrentVersion, want.SubAppId, want.AppIdQrCode, want.AppClientVersion = "3.2.15-30366", 537258424, 13697054, 30366
	want.Qua, want.Platform = "", 0
	if app != want {
		t.Errorf("got %+v, want %+v", app, want)
	}
	if got := app.platform(); got != 7 {
		t.Errorf("platform() = %d, want 7", got)
	}
	out, err := json.Marshal(app)
	if err != nil || strings.Contains(string(out), "Qua") || strings.Contains(string(out), "Platform") {
		t.Errorf("Marshal = %s, %v, want no empty additions", out, err)
	}
}

func TestBuiltinApp(t *testing.T) {
	for _, c := range []struct {
		protocol, os string
		platform     uint32
		appID        int
	}{
		{"Linux", "Linux", 7, 1600001615},
		{"", "Linux", 7, 1600001615},
		{"MacOs", "Mac", 5, 1600001602},
		{"mac", "Mac", 5, 1600001602},
		{"Windows", "Windows", 4, 1600001604},
	} {
		app := BuiltinApp(c.protocol)
		if app.Os != c.os || app.Platform != c.platform || app.AppId != c.appID || app.PackageName == "" || app.MainSigMap == 0 {
			t.Errorf("BuiltinApp(%q) = %+v", c.protocol, app)
		}
		app.Platform = 0
		if got := app.platform(); got != c.platform {
			t.Errorf("platform() of %s = %d, want %d", app.Os, got, c.platform)
		}
	}
}

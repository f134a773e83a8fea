package wire

import "strings"

// App names the official client version that a session claims to be. The numbers must belong together and to the sign
// provider in use: a mixture is refused at login (state 45 or 140022017).
//
// The JSON form is that of appinfo.json and of a sign server's /appinfo (docs/protocol/login.md 1.2), plus Qua and Platform.
// An App is plain data: copy it freely; it is safe for concurrent reading.
type App struct {
	Os             string // "Linux", "Mac", "Windows"
	VendorOs       string // "linux", "mac", "win32"
	Kernel         string
	CurrentVersion string // version-build, for example "3.2.26-46494"
	MiscBitmap     int
	PtVersion      string
	SsoVersion     int
	PackageName    string
	WtLoginSdk     string
	AppId          int
	SubAppId       int
	// AppIdQrCode is kept for files that have it; the QR login sends SubAppId.
	AppIdQrCode      int
	AppClientVersion uint16
	// MainSigMap and SubSigMap are bit sets of the tickets that a login asks for.
	MainSigMap uint32
	SubSigMap  uint32
	// NTLoginType is the platform number of older clients in NT logins: Linux 1, Mac and Windows 5.
	NTLoginType uint16
	// Qua is the package sign; empty when unknown, and then not sent.
	Qua string `json:"Qua,omitempty"`
	// Platform is the platform number of newer clients in NT logins: Linux 7, Mac 5, Windows 4. Zero when a file
	// does not have it; then it follows from Os.
	Platform uint32 `json:"Platform,omitempty"`
}

// BuiltinApp returns the app info of a protocol name as in Lagrange's Account:Protocol: "Windows", "MacOs" (or "Mac"),
// without regard to case; anything else is Linux (docs/protocol/login.md 2).
func BuiltinApp(protocol string) App {
	app := App{
		Os: "Linux", VendorOs: "linux", Kernel: "Linux",
		CurrentVersion: "3.2.26-46494", SubAppId: 537345891, AppClientVersion: 46494,
		Qua:   "V1_LNX_NQ_3.2.26_46494_GW_B",
		AppId: 1600001615, SsoVersion: 19, NTLoginType: 1, Platform: platformLinux,
	}
	switch strings.ToLower(protocol) {
	case "macos", "mac":
		app = App{
			Os: "Mac", VendorOs: "mac", Kernel: "Darwin",
			CurrentVersion: "6.9.23-20139", SubAppId: 537200848, AppIdQrCode: 537200848, AppClientVersion: 13172,
			AppId: 1600001602, SsoVersion: 23, NTLoginType: 5, Platform: platformMac,
		}
	case "windows":
		app = App{
			Os: "Windows", VendorOs: "win32", Kernel: "Windows_NT",
			CurrentVersion: "9.9.19-35184", SubAppId: 537291048, AppClientVersion: 35184,
			AppId: 1600001604, SsoVersion: 23, NTLoginType: 5, Platform: platformWindows,
		}
	}
	app.PtVersion = "2.0.0"
	app.PackageName = "com.tencent.qq"
	app.WtLoginSdk = "nt.wtlogin.0.0.1"
	app.MiscBitmap = 32764
	app.MainSigMap = 169742560
	return app
}

// Platform numbers of NT logins (docs/protocol/login.md 2, "NT platform").
const (
	platformWindows = 4
	platformMac     = 5
	platformLinux   = 7
)

// platform is Platform, or the number that goes with Os when it is not set.
func (a *App) platform() uint32 {
	if a.Platform != 0 {
		return a.Platform
	}
	switch strings.ToLower(a.Os) {
	case "windows":
		return platformWindows
	case "mac":
		return platformMac
	}
	return platformLinux
}

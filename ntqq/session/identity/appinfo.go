package identity

import (
	"encoding/json"
	"fmt"

	"libration/internal/text"
	"libration/internal/wire"
)

// AppInfo names the official client version that a session claims to be. The numbers
// must belong together and to the signer: the service refuses the login of a mixture.
//
// Its JSON form is that of Lagrange's appinfo.json and of a signer's /appinfo
// (docs/protocol/login.md 1.2), with Qua and Platform in addition.
type AppInfo struct {
	Os             string // "Linux", "Mac" or "Windows"
	VendorOs       string // "linux", "mac" or "win32"
	Kernel         string
	CurrentVersion string // version-build, for example "3.2.26-46494"
	MiscBitmap     int
	PtVersion      string
	SsoVersion     int
	PackageName    string
	WtLoginSdk     string
	AppId          int
	SubAppId       int
	// AppIdQrCode is kept for files that have it. The QR login sends SubAppId.
	AppIdQrCode      int
	AppClientVersion uint16
	// MainSigMap and SubSigMap are bit sets of the tickets that a login asks for.
	MainSigMap uint32
	SubSigMap  uint32
	// NTLoginType is the platform number of older clients in NT logins.
	NTLoginType uint16
	// Qua is the package sign. An empty one is not sent.
	Qua string `json:"Qua,omitempty"`
	// Platform is the platform number of newer clients in NT logins. 0: it follows from Os.
	Platform uint32 `json:"Platform,omitempty"`
}

// App returns the built-in version for "linux" (also ""), "macos" or "windows".
func App(protocol string) (AppInfo, error) {
	switch protocol {
	case "", "linux", "macos", "windows":
		return AppInfo(wire.BuiltinApp(protocol)), nil
	}
	return AppInfo{}, text.Errorf("unknown protocol %q: use linux, macos or windows", "未知的协议 %q：可用 linux、macos 或 windows", protocol)
}

// LoadApp reads a Lagrange appinfo.json. It must have AppId, SubAppId and CurrentVersion.
// Other members that it lacks are taken from base. Errors name the path: a file that
// cannot be read, an incomplete one, or a [*WrongFileError].
func LoadApp(path string, base AppInfo) (AppInfo, error) {
	body, m, err := readMembers(path)
	if err != nil {
		return AppInfo{}, err
	}
	if kind := m.kind(); kind != AppInfoFile && kind != UnknownFile {
		return AppInfo{}, fmt.Errorf("%s: %w", path, &WrongFileError{kind})
	}
	base.Qua, base.AppId, base.SubAppId, base.CurrentVersion = "", 0, 0, "" // these belong together
	if err := json.Unmarshal(body, &base); err != nil {
		return AppInfo{}, fmt.Errorf("%s: %w", path, err)
	}
	if base.AppId == 0 || base.SubAppId == 0 || base.CurrentVersion == "" {
		return AppInfo{}, text.Errorf("%s: AppId, SubAppId and CurrentVersion must be set", "%s：必须有 AppId、SubAppId 和 CurrentVersion", path)
	}
	return base, nil
}

package ntqq

import (
	"encoding/json"
	"fmt"

	"libration/internal/wire"
)

// AppInfo describes the client version that the session claims to be. Its
// version, its sub app id and the signer must belong together.
type AppInfo = wire.App

// App returns the built-in version for "linux" (also ""), "macos" or "windows".
func App(protocol string) (AppInfo, error) {
	switch protocol {
	case "", "linux", "macos", "windows":
		return wire.BuiltinApp(protocol), nil
	}
	return AppInfo{}, fmt.Errorf("unknown protocol %q: use linux, macos or windows", protocol)
}

// LoadApp reads a Lagrange appinfo.json. It must have AppId, SubAppId and
// CurrentVersion; other members that it lacks are taken from base.
func LoadApp(path string, base AppInfo) (AppInfo, error) {
	text, m, err := readMembers(path)
	if err != nil {
		return AppInfo{}, err
	}
	if l := m.layout(); l != layoutAppInfo && l != layoutUnknown {
		return AppInfo{}, fmt.Errorf("%s: %w", path, l.unexpected())
	}
	base.Qua, base.AppId, base.SubAppId, base.CurrentVersion = "", 0, 0, "" // these belong together
	if err := json.Unmarshal(text, &base); err != nil {
		return AppInfo{}, fmt.Errorf("%s: %w", path, err)
	}
	if base.AppId == 0 || base.SubAppId == 0 || base.CurrentVersion == "" {
		return AppInfo{}, fmt.Errorf("%s: AppId, SubAppId and CurrentVersion must be set", path)
	}
	return base, nil
}

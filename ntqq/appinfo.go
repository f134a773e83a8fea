package ntqq

import (
	"encoding/json"
	"fmt"
	"os"

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

// LoadApp reads a Lagrange appinfo.json. Members it lacks are taken from base.
func LoadApp(path string, base AppInfo) (AppInfo, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return AppInfo{}, err
	}
	base.Qua = "" // belongs to base's version
	if err := json.Unmarshal(b, &base); err != nil {
		return AppInfo{}, fmt.Errorf("%s: %w", path, err)
	}
	if base.AppId == 0 || base.SubAppId == 0 || base.CurrentVersion == "" {
		return AppInfo{}, fmt.Errorf("%s: AppId, SubAppId and CurrentVersion must be set", path)
	}
	return base, nil
}

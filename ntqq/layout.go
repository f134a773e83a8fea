package ntqq

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"libration/internal/bom"
)

// members is a JSON object as written: names count in their case, because layouts
// of different programs differ in nothing else.
type members map[string]json.RawMessage

// maxIdentity bounds these files, in bytes: they have a few KB.
const maxIdentity = 1 << 20

// readMembers reads a file with one JSON object, of which it also returns the text.
func readMembers(path string) (text []byte, m members, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	text, err = io.ReadAll(io.LimitReader(f, maxIdentity+1))
	switch {
	case err != nil:
		return nil, nil, err // it has the path
	case len(text) > maxIdentity:
		return nil, nil, fmt.Errorf("%s: larger than %d bytes: is it the right file?", path, maxIdentity)
	}
	if text, err = bom.Trim(text); err == nil {
		m, err = parseMembers(text)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return text, m, nil
}

func parseMembers(text []byte) (members, error) {
	var m members
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("not a JSON object: %w", err)
	}
	if m == nil {
		return nil, errors.New("not a JSON object: null")
	}
	return m, nil
}

func (m members) has(names ...string) bool {
	for _, name := range names {
		if _, ok := m[name]; !ok {
			return false
		}
	}
	return true
}

// read decodes a member that must be there and must not be null.
func (m members) read(name string, into any) error {
	raw, ok := m[name]
	if !ok || string(raw) == "null" {
		return fmt.Errorf("%s is missing", name)
	}
	return m.readOptional(name, into)
}

// readOptional decodes a member that may be missing or null.
func (m members) readOptional(name string, into any) error {
	raw, ok := m[name]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// layout is the kind of a file with an identity in it.
type layout string

// The layouts (docs/protocol/login.md 1.2). Their texts complete "this is ...".
const (
	layoutUnknown     layout = "no file of a known layout"
	layoutOwnKeystore layout = "a keystore of Libration"
	layoutKeystore    layout = "a keystore of Lagrange.OneBot V1"
	layoutKeystoreV2  layout = "a keystore of Lagrange V2"
	layoutDevice      layout = "a device file of Lagrange.OneBot V1"
	layoutDeviceGo    layout = "a device file of LagrangeGo"
	layoutAppInfo     layout = "an app info file"
)

// layout recognises a file by members that no other layout has.
func (m members) layout() layout {
	switch {
	case m.has("WLoginSigs"):
		return layoutKeystoreV2
	case m.has("Session"):
		return layoutKeystore
	case m.has("device", "uin"):
		return layoutOwnKeystore
	case m.has("Guid"):
		return layoutDevice
	case m.has("guid"):
		return layoutDeviceGo
	case m.has("AppId", "SubAppId"):
		return layoutAppInfo
	}
	return layoutUnknown
}

// remedy says what to do with a file that was given for another.
func (l layout) remedy() string {
	switch l {
	case layoutOwnKeystore:
		return "it is not imported: put it into the account's data folder as keystore.json"
	case layoutKeystore:
		return "it belongs to account.keystore"
	case layoutKeystoreV2:
		return "it is not supported: log in by QR code or password"
	case layoutDevice, layoutDeviceGo:
		return "it belongs to account.device"
	case layoutAppInfo:
		return "it belongs to account.app_info"
	}
	return "is it the right file?"
}

// unexpected is the error for a file that is not what it was given for.
func (l layout) unexpected() error { return fmt.Errorf("this is %s: %s", l, l.remedy()) }

package ntqq

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

// ImportLagrange makes a Keystore from the keystore.json and device.json of
// Lagrange.OneBot (docs/protocol/login.md 1.2). Without a keystore path only the
// device is taken; without a device path a new device is made up, which the
// service may answer by refusing the tickets.
func ImportLagrange(keystorePath, devicePath string) (*Keystore, error) {
	k := &Keystore{Device: NewDevice()}
	if devicePath != "" {
		var d struct {
			Guid, DeviceName, SystemKernel, KernelVersion string
		}
		if err := readJSON(devicePath, &d); err != nil {
			return nil, err
		}
		guid, err := parseNetGUID(d.Guid)
		if err != nil {
			return nil, fmt.Errorf("%s: Guid %q: %w", devicePath, d.Guid, err)
		}
		k.Device = Device{GUID: guid, Name: d.DeviceName, SystemKernel: d.SystemKernel, KernelVersion: d.KernelVersion}
	}
	if keystorePath == "" {
		return k, nil
	}
	var l struct {
		Uin     uint64
		Uid     *string
		Session struct {
			D2Key, D2, Tgt, TempPassword []byte
			SessionDate                  string
		}
		Info *struct{ Name string }
	}
	if err := readJSON(keystorePath, &l); err != nil {
		return nil, err
	}
	k.UIN = UIN(l.Uin)
	if l.Uid != nil {
		k.UID = UID(*l.Uid)
	}
	if l.Info != nil {
		k.Nickname = l.Info.Name
	}
	s := l.Session
	k.A1 = s.TempPassword
	if len(s.D2) > 0 { // without one the key is 16 zero bytes
		k.A2, k.D2, k.D2Key = s.Tgt, s.D2, s.D2Key
	}
	if t, err := time.Parse(time.RFC3339Nano, s.SessionDate); err == nil && t.Year() > 1 {
		k.TicketTime = t.Unix()
	}
	return k, nil
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// parseNetGUID reads a .NET Guid text: on the wire its first three groups are
// byte-reversed.
func parseNetGUID(text string) ([]byte, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil {
		return nil, err
	}
	if len(b) != 16 {
		return nil, fmt.Errorf("%d bytes, not 16", len(b))
	}
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5] = b[5], b[4]
	b[6], b[7] = b[7], b[6]
	return b, nil
}

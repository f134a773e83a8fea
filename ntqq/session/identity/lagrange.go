package identity

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"libration/internal/crypto"
	"libration/internal/text"
	"libration/ntqq/message"
)

// ImportLagrange makes a Keystore from the keystore.json and the device.json of
// Lagrange.OneBot V1 (docs/protocol/login.md 1.2). The device.json may also be one of
// LagrangeGo. An empty keystorePath takes the device alone. An empty devicePath makes up
// a new device, for which the service may refuse the tickets. Errors name the path: a
// file that cannot be read, an incomplete one, or a [*WrongFileError].
func ImportLagrange(keystorePath, devicePath string) (*Keystore, error) {
	k := &Keystore{Device: NewDevice()}
	if devicePath != "" {
		_, m, err := readMembers(devicePath)
		if err != nil {
			return nil, err
		}
		if k.Device, err = m.device(); err != nil {
			return nil, fmt.Errorf("%s: %w", devicePath, err)
		}
	}
	if keystorePath != "" {
		_, m, err := readMembers(keystorePath)
		if err != nil {
			return nil, err
		}
		if err := m.session(k); err != nil {
			return nil, fmt.Errorf("%s: %w", keystorePath, err)
		}
	}
	return k, nil
}

// device reads a device file.
func (m members) device() (Device, error) {
	var d Device
	var guid string
	var err error
	switch kind := m.kind(); kind {
	case LagrangeDeviceFile:
		err = errors.Join(m.read("Guid", &guid), m.read("DeviceName", &d.Name),
			m.read("SystemKernel", &d.SystemKernel), m.read("KernelVersion", &d.KernelVersion))
		if err == nil {
			if d.GUID, err = parseNetGUID(guid); err != nil {
				err = text.Errorf("device guid %q: %v", "设备 guid %q：%v", guid, err)
			}
		}
	case LagrangeGoDeviceFile: // its guid is the bytes in order
		err = errors.Join(m.read("guid", &guid), m.read("device_name", &d.Name),
			m.read("system_kernel", &d.SystemKernel), m.read("kernel_version", &d.KernelVersion))
		if err == nil {
			if d.GUID, err = hex.DecodeString(guid); err != nil || len(d.GUID) != 16 {
				err = text.Errorf("guid %q: not 32 hexadecimal digits", "guid %q：不是 32 位十六进制数字", guid)
			}
		}
	default:
		return d, &WrongFileError{kind}
	}
	return d, err
}

// session reads a keystore of Lagrange.OneBot V1 into k.
func (m members) session(k *Keystore) error {
	if kind := m.kind(); kind != LagrangeKeystoreFile {
		return &WrongFileError{kind}
	}
	var uid, date string
	var info struct{ Name string }
	var key, d2, a2, a1 []byte
	s, err := parseMembers(m["Session"])
	if err != nil {
		return text.Errorf("member Session: %v", "Session 项：%v", err)
	}
	if err := errors.Join(
		m.read("Uin", &k.UIN), m.readOptional("Uid", &uid), m.readOptional("Info", &info),
		s.read("D2Key", &key), s.read("D2", &d2), s.read("Tgt", &a2), s.readOptional("TempPassword", &a1),
		s.readOptional("SessionDate", &date),
	); err != nil {
		return err
	}
	switch {
	case len(key) != len(crypto.Key{}):
		return text.Errorf("Session.D2Key has %d bytes, not %d", "Session.D2Key 有 %d 字节，而不是 %d", len(key), len(crypto.Key{}))
	case (len(d2) > 0) != (len(a2) > 0):
		return text.Errorf("of Session.D2 and Session.Tgt one is empty", "Session.D2 和 Session.Tgt 中有一项为空")
	case len(d2) > 0 && bytes.Equal(key, make([]byte, len(key))): // as without a session
		return text.Errorf("Session.D2Key is zero, but there is a D2", "有 D2，但 Session.D2Key 为零")
	case k.UIN == 0 || len(d2) == 0 && len(a1) == 0:
		return text.Errorf("the keystore has no session: it was saved before a login", "keystore 中没有登录会话：它保存于登录之前")
	}
	k.UID, k.Nickname, k.A1 = message.UID(uid), info.Name, a1
	if len(d2) > 0 {
		k.A2, k.D2, k.D2Key = a2, d2, key
	}
	if t, err := time.Parse(time.RFC3339Nano, date); err == nil && t.Year() > 1 {
		k.TicketTime = t.Unix()
	}
	return nil
}

// parseNetGUID reads a .NET Guid text: on the wire its first three groups are
// byte-reversed.
func parseNetGUID(body string) ([]byte, error) {
	groups := strings.Split(body, "-")
	b, err := hex.DecodeString(strings.Join(groups, ""))
	if err != nil || len(groups) != 5 || len(groups[0]) != 8 || len(groups[1]) != 4 || len(groups[2]) != 4 ||
		len(groups[3]) != 4 || len(groups[4]) != 12 {
		return nil, text.Errorf("not of the form 01234567-89ab-cdef-0123-456789abcdef", "不是 01234567-89ab-cdef-0123-456789abcdef 的形式")
	}
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5] = b[5], b[4]
	b[6], b[7] = b[7], b[6]
	return b, nil
}

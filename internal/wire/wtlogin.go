package wire

import (
	"errors"
	"fmt"

	"libration/internal/crypto"
	"libration/internal/pb"
)

// wtLoginSub is the sub command at the head of wtlogin.login bodies after a scan.
const wtLoginSub = 0x0009

// ErrBadLogin means a wtlogin.login that cannot be trusted: an unknown A1, a part that does not open with the key given
// out for it, or one without the parts that a login needs.
var ErrBadLogin = errors.New("login refused")

// WtLogin exchanges a confirmed login code for tickets (docs/protocol/login.md 4.4).
type WtLogin struct {
	App        App
	UIN        uint32
	GUID       [16]byte
	DeviceName string
	A1         []byte     // of the QRPollReply
	TgtgtKey   crypto.Key // likewise; seals what the server checks and opens its answer
	NoPicSig   crypto.Key
}

// Encode returns the plain oicq body of command OicqLogin. An error means a field over 65535 bytes.
func (l *WtLogin) Encode() ([]byte, error) {
	app := &l.App
	sealed, err := tlvSealed144(l.TgtgtKey, TLVs{
		tlvDeviceName(l.DeviceName),
		tlvApp147(uint32(app.AppId), app.PtVersion, app.PackageName),
		tlvDevice128(app.Os, l.GUID[:], 0),
		tlvZero124(),
	})
	if err != nil {
		return nil, fmt.Errorf("wtlogin: %w", err)
	}
	body, err := AppendTLVs(fields(nil).u16(wtLoginSub), TLVs{
		tlvA1(l.A1),
		sealed,
		tlvBitmaps(uint32(app.MiscBitmap), app.SubSigMap),
		tlvPackage(0, app.PackageName),
		tlvGUID(l.GUID[:]),
		tlvAccount(0, 5, 0, oldClientVersion, l.UIN),
		tlvNetwork("Unknown", ""),
		tlvSDK(0, app.WtLoginSdk),
		tlvWebVerify(0),
		tlvSigMap(0, 5, uint32(app.AppId), uint32(app.SubAppId), uint32(app.AppClientVersion), app.MainSigMap),
		tlvPicture(1, 0x0D, 0, 1),
		tlvTgtQR(nil),
		tlvNoPicSig(l.NoPicSig[:]),
		tlvImageType(5),
		tlvProduct(0x13, "basicim"),
	})
	if err != nil {
		return nil, fmt.Errorf("wtlogin: %w", err)
	}
	return body, nil
}

// ParseWtLogin reads a plain oicq body of command OicqLogin. tgtgt gives the key that was handed out with an A1; an
// unknown A1 and a sealed part that does not open give ErrBadLogin. A login of another kind (password, captcha) gives
// ErrUnsupported. A1 aliases body.
func ParseWtLogin(body []byte, tgtgt func(a1 []byte) (crypto.Key, bool)) (*WtLogin, error) {
	rd := &reader{b: body}
	sub := rd.u16()
	if rd.err != nil {
		return nil, fmt.Errorf("wtlogin: %w", rd.err)
	}
	if sub != wtLoginSub {
		return nil, fmt.Errorf("%w: wtlogin sub command %#x", ErrUnsupported, sub)
	}
	list, _, err := ParseTLVs(rd.rest())
	if err != nil {
		return nil, fmt.Errorf("wtlogin: %w", err)
	}
	l := &WtLogin{}
	a1, okA1 := list.Get(0x106)
	sealed, okSealed := list.Get(0x144)
	if !okA1 || !okSealed {
		return nil, fmt.Errorf("%w: tlv 0x106 or 0x144 is missing", ErrBadLogin)
	}
	key, known := tgtgt(a1)
	if !known {
		return nil, fmt.Errorf("%w: unknown A1", ErrBadLogin)
	}
	l.A1, l.TgtgtKey = a1, key
	plain, err := openTEA("tlv 0x144", sealed, key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadLogin, err)
	}
	inner, _, err := ParseTLVs(plain)
	if err != nil {
		return nil, fmt.Errorf("%w: tlv 0x144: %w", ErrBadLogin, err)
	}
	if err := l.readInner(inner); err != nil {
		return nil, err
	}
	if err := l.readOuter(list); err != nil {
		return nil, err
	}
	return l, nil
}

// readInner takes what the client sealed with the tgtgt key.
func (l *WtLogin) readInner(list TLVs) error {
	return readTLVs(list, map[uint16]func(*reader){
		0x16E: func(rd *reader) { l.DeviceName = pb.Text(rd.rest()) },
		0x147: func(rd *reader) {
			l.App.AppId = int(rd.u32())
			l.App.PtVersion = string(rd.l2())
			l.App.PackageName = string(rd.l2())
		},
		0x128: func(rd *reader) {
			rd.bytes(9)
			l.App.Os = string(rd.l2())
			if guid, ok := parseGUID(rd.l2()); ok {
				l.GUID = guid
			}
		},
	})
}

// readOuter takes what stands in the open; the device id of TLV 0x145 wins over the sealed one, which not every client
// fills.
func (l *WtLogin) readOuter(list TLVs) error {
	var version18, version100 uint32
	err := readTLVs(list, map[uint16]func(*reader){
		0x18: func(rd *reader) {
			rd.bytes(10)
			version18 = rd.u32()
			l.UIN = rd.u32()
		},
		0x100: func(rd *reader) {
			rd.bytes(10)
			l.App.SubAppId = int(rd.u32())
			version100 = rd.u32()
			l.App.MainSigMap = rd.u32()
		},
		0x116: func(rd *reader) {
			rd.u8()
			l.App.MiscBitmap = int(rd.u32())
			l.App.SubSigMap = rd.u32()
		},
		0x145: func(rd *reader) {
			if guid, ok := parseGUID(rd.rest()); ok {
				l.GUID = guid
			}
		},
		0x177: func(rd *reader) {
			rd.bytes(5)
			l.App.WtLoginSdk = string(rd.l2())
		},
	})
	if err != nil {
		return err
	}
	// Clients disagree which of the two TLVs carries the real version; the other one has 8001.
	version := version100
	if version == oldClientVersion {
		version = version18
	}
	if version <= 0xFFFF {
		l.App.AppClientVersion = uint16(version)
	}
	l.NoPicSig, _ = list.key(0x16A)
	return nil
}

// readTLVs calls the function of each tag that the list has; a value too short for its function is ErrBadLogin.
func readTLVs(list TLVs, read map[uint16]func(*reader)) error {
	for _, t := range list {
		fn, ok := read[t.Tag]
		if !ok {
			continue
		}
		rd := &reader{b: t.Value}
		fn(rd)
		if rd.err != nil {
			return fmt.Errorf("%w: tlv %#x: %w", ErrBadLogin, t.Tag, rd.err)
		}
	}
	return nil
}

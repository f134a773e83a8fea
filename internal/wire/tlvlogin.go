package wire

import (
	"encoding/binary"
	"fmt"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/loginpb"
)

// The functions of this file make the single TLVs of the QR login and of wtlogin.login
// (docs/protocol/login.md 4.2 and 4.4). The two numberings overlap: 0x16 of the one has nothing to do with 0x116 of the
// other. A text too long for its length word makes the whole value too long, which AppendTLVs refuses.

// oldMiscBitmap is the bitmap that older clients send in TLV 0x116 whatever their app info says.
const oldMiscBitmap = 12058620

// oldClientVersion stands in one of TLV 0x18 and 0x100 in place of the app's client version.
const oldClientVersion = 8001

// fields builds a value; the methods chain.
type fields []byte

func (f fields) u8(v uint8) fields   { return append(f, v) }
func (f fields) u16(v uint16) fields { return binary.BigEndian.AppendUint16(f, v) }
func (f fields) u32(v uint32) fields { return binary.BigEndian.AppendUint32(f, v) }
func (f fields) u64(v uint64) fields { return binary.BigEndian.AppendUint64(f, v) }
func (f fields) raw(v []byte) fields { return append(f, v...) }
func (f fields) l2(v string) fields  { return appendL2(f, v) }

func tlv(tag uint16, f fields) TLV { return TLV{Tag: tag, Value: f} }

// QR numbering.

// tlvUnusual (0x11) binds a code to an account whose device is unusual.
func tlvUnusual(sig []byte) TLV { return TLV{Tag: 0x11, Value: sig} }

func tlvQRApp(app *App, guid [16]byte) TLV {
	return tlv(0x16, fields(nil).u32(0).u32(uint32(app.AppId)).u32(uint32(app.SubAppId)).raw(guid[:]).
		l2(app.PackageName).l2(app.PtVersion).l2(app.PackageName))
}

// qrImage is the form of the picture that the server is asked for.
type qrImage struct{ micro, version, size, margin, dpi, ecLevel, hint uint32 }

var defaultQRImage = qrImage{size: 3, margin: 4, dpi: 72, ecLevel: 2, hint: 2}

func tlvQRImage(i qrImage) TLV {
	return tlv(0x1B, fields(nil).u32(i.micro).u32(i.version).u32(i.size).u32(i.margin).u32(i.dpi).
		u32(i.ecLevel).u32(i.hint).u16(0))
}

func tlvQRBitmap(misc uint32) TLV {
	return tlv(0x1D, fields(nil).u8(1).u32(misc).u32(0).u8(0))
}

func tlvQRGUID(guid []byte) TLV { return TLV{Tag: 0x33, Value: guid} }

// tlvQRVersion is TLV 0x35 and, with the same value, 0x66.
func tlvQRVersion(tag uint16, ssoVersion uint32) TLV { return tlv(tag, fields(nil).u32(ssoVersion)) }

func tlvQRDevice(os, deviceName string) (TLV, error) {
	field6 := uint32(1)
	v, err := pb.Marshal(&loginpb.QrExtInfo{
		DevInfo: &loginpb.QrDevInfo{DevType: &os, DevName: &deviceName},
		GenInfo: &loginpb.QrGenInfo{Field6: &field6},
	})
	if err != nil {
		return TLV{}, fmt.Errorf("tlv 0xd1: %w", err)
	}
	return TLV{Tag: 0xD1, Value: v}, nil
}

// Login numbering.

func tlvAccount(pingVersion uint16, ssoVersion, appID, clientVersion, uin uint32) TLV {
	return tlv(0x18, fields(nil).u16(pingVersion).u32(ssoVersion).u32(appID).u32(clientVersion).u32(uin).u16(0).u16(0))
}

func tlvSigMap(dbVersion uint16, ssoVersion, appID, subAppID, clientVersion, sigMap uint32) TLV {
	return tlv(0x100, fields(nil).u16(dbVersion).u32(ssoVersion).u32(appID).u32(subAppID).u32(clientVersion).u32(sigMap))
}

func tlvA1(a1 []byte) TLV { return TLV{Tag: 0x106, Value: a1} }

func tlvPicture(picType uint16, capType uint8, picSize uint16, retType uint8) TLV {
	return tlv(0x107, fields(nil).u16(picType).u8(capType).u16(picSize).u8(retType))
}

func tlvBitmaps(misc, subSigMap uint32) TLV {
	return tlv(0x116, fields(nil).u8(0).u32(misc).u32(subSigMap).u8(0))
}

func tlvZero124() TLV { return TLV{Tag: 0x124, Value: make([]byte, 12)} }

func tlvDevice128(os string, guid []byte, guidAvailable uint8) TLV {
	return tlv(0x128, fields(nil).u16(0).u8(0).u8(guidAvailable).u8(0).u32(0).l2(os).l2(string(guid)).l2(""))
}

func tlvNetwork(sim, apn string) TLV {
	return tlv(0x141, fields(nil).u16(0).l2(sim).u16(0).l2(apn))
}

func tlvPackage(version uint16, name string) TLV {
	return tlv(0x142, fields(nil).u16(version).l2(name))
}

// tlvSealed144 holds what only the holder of the tgtgt key can have written.
func tlvSealed144(tgtgt crypto.Key, inner TLVs) (TLV, error) {
	plain, err := AppendTLVs(nil, inner)
	if err != nil {
		return TLV{}, fmt.Errorf("tlv 0x144: %w", err)
	}
	return TLV{Tag: 0x144, Value: crypto.TEASeal(nil, plain, tgtgt)}, nil
}

func tlvGUID(guid []byte) TLV { return TLV{Tag: 0x145, Value: guid} }

func tlvApp147(appID uint32, ptVersion, packageName string) TLV {
	return tlv(0x147, fields(nil).u32(appID).l2(ptVersion).l2(packageName))
}

func tlvImageType(t uint8) TLV { return tlv(0x166, fields(nil).u8(t)) }

func tlvNoPicSig(sig []byte) TLV { return TLV{Tag: 0x16A, Value: sig} }

func tlvDeviceName(name string) TLV { return TLV{Tag: 0x16E, Value: []byte(name)} }

func tlvSDK(buildTime uint32, sdk string) TLV {
	return tlv(0x177, fields(nil).u8(1).u32(buildTime).l2(sdk))
}

func tlvWebVerify(v uint8) TLV { return tlv(0x191, fields(nil).u8(v)) }

func tlvTgtQR(v []byte) TLV { return TLV{Tag: 0x318, Value: v} }

func tlvProduct(productType uint32, description string) TLV {
	return tlv(0x521, fields(nil).u32(productType).l2(description))
}
